//! The terminal that a person types into: silent while a secret is typed or checked, and as it was once a command ends.

/// How the terminal was when this was made; nothing where there is none.
pub struct TerminalState {
    #[cfg(unix)]
    was: Option<(std::fs::File, rustix::termios::Termios)>,
}

impl TerminalState {
    #[cfg(unix)]
    pub fn read() -> Self {
        let read = || {
            let tty = std::fs::File::options()
                .read(true)
                .write(true)
                .open("/dev/tty")
                .ok()?;
            let was = rustix::termios::tcgetattr(&tty).ok()?;
            Some((tty, was))
        };
        Self { was: read() }
    }

    #[cfg(not(unix))]
    pub fn read() -> Self {
        Self {}
    }

    /// Sets the terminal back.
    pub fn restore(&self) {
        #[cfg(unix)]
        if let Some((tty, was)) = &self.was
            && let Ok(now) = rustix::termios::tcgetattr(tty)
            // Who is in the background and changed nothing would only be stopped for touching the terminal.
            && now.local_modes != was.local_modes
        {
            let _ = rustix::termios::tcsetattr(tty, rustix::termios::OptionalActions::Now, was);
        }
    }
}

/// While it lives, the terminal does not show what is typed.
pub struct Silence(TerminalState);

impl Silence {
    pub fn begin() -> Self {
        let state = TerminalState::read();
        #[cfg(unix)]
        if let Some((tty, was)) = &state.was {
            use rustix::termios::{LocalModes, OptionalActions, tcsetattr};
            let mut silent = was.clone();
            silent.local_modes.remove(LocalModes::ECHO);
            // A terminal that stays loud is no reason not to ask.
            let _ = tcsetattr(tty, OptionalActions::Now, &silent);
        }
        Self(state)
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        self.0.restore();
    }
}
