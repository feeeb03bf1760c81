//! How a command ends: its exit code, a sentence that says what happened, and one that says what to do.
//!
//! Every command answers `Result<(), Failure>`; only `main.rs` turns a [`Failure`] into the end of the process.

/// What an exit code of this program means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// 0: whoever read the output has seen enough of it (`bcoin chain | head`).
    ReaderLeft,
    /// 1: the command failed, or what it checked does not hold.
    Failed,
    /// 2: the command line or the settings cannot be used.
    Usage,
    /// 3: the node does not answer.
    Unreachable,
    /// 4: the data folder is refused: locked, damaged or newer than this program.
    Store,
    /// 130: Ctrl-C; for a node, the second.
    Interrupted,
    /// 143: SIGTERM; for a node, the second.
    Terminated,
}

impl Ending {
    pub fn code(self) -> u8 {
        match self {
            Self::ReaderLeft => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Unreachable => 3,
            Self::Store => 4,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }
}

/// The end of a command that did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    pub ending: Ending,
    message: String,
    /// Full sentences, for the line below the message.
    pub hint: Option<String>,
    /// The rule that a node named when it refused, such as `mempool_full`.
    pub rule: Option<String>,
}

impl Failure {
    pub fn new(ending: Ending, message: impl Into<String>) -> Self {
        Self {
            ending,
            message: message.into(),
            hint: None,
            rule: None,
        }
    }

    /// A failure with exit code 1.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(Ending::Failed, message)
    }

    /// A failure with exit code 2.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Ending::Usage, message)
    }

    /// Adds what the user can do about it.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// A file that could not be used.
    pub fn file(doing: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::failed(format!("cannot {doing} {}: {error}", path.display()))
    }

    /// Output that could not be written. A reader who left early is no failure.
    pub fn output(error: &std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            return Self::new(Ending::ReaderLeft, "");
        }
        Self::failed(format!("cannot write the output: {error}"))
    }

    /// What the user reads on standard error; empty when there is nothing to say.
    pub fn report(&self) -> String {
        if self.message.is_empty() {
            return String::new();
        }
        match &self.hint {
            Some(hint) => format!("error: {}\n  tip: {hint}\n", self.message),
            None => format!("error: {}\n", self.message),
        }
    }
}

impl From<crate::config::ConfigError> for Failure {
    fn from(error: crate::config::ConfigError) -> Self {
        Self::usage(error.to_string())
            .hint("`bcoin config` prints the settings that hold and where each comes from.")
    }
}
