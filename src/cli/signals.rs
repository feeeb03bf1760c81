//! SIGINT and SIGTERM: the first ends a command cleanly, the second at once.

use std::future::Future;
use std::time::Duration;

use super::exit::{Ending, Failure};
use super::tty::TerminalState;

/// How long a clean end may take. Every part of a node has a shorter limit of its own.
const END_TIME: Duration = Duration::from_secs(5);

/// The signals that end a command, listened to from the moment this is made.
pub struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    #[cfg(unix)]
    pub fn listen() -> Result<Self, Failure> {
        use tokio::signal::unix::{SignalKind, signal};
        let failed = |error| Failure::failed(format!("cannot listen to signals: {error}"));
        Ok(Self {
            interrupt: signal(SignalKind::interrupt()).map_err(failed)?,
            terminate: signal(SignalKind::terminate()).map_err(failed)?,
        })
    }

    #[cfg(not(unix))]
    pub fn listen() -> Result<Self, Failure> {
        Ok(Self {})
    }

    /// Waits for the next signal; how the command ends if it ends by it at once.
    #[cfg(unix)]
    pub async fn next(&mut self) -> Ending {
        tokio::select! {
            _ = self.interrupt.recv() => Ending::Interrupted,
            _ = self.terminate.recv() => Ending::Terminated,
        }
    }

    #[cfg(not(unix))]
    pub async fn next(&mut self) -> Ending {
        let _ = tokio::signal::ctrl_c().await;
        Ending::Interrupted
    }

    /// Runs what may ask a person for secrets. A signal ends it at once and leaves the terminal as it was.
    pub async fn or_leave<T: Send + 'static>(
        &mut self,
        work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let terminal = TerminalState::read();
        // On a thread of its own: reading from a terminal can be waited for, but not called off.
        let working = tokio::task::spawn_blocking(work);
        let ending = tokio::select! {
            ended = working => return ended.unwrap_or_else(|error| {
                Err(Failure::failed(format!("the command ended badly: {error}")))
            }),
            ending = self.next() => ending,
        };
        terminal.restore();
        Err(Failure::new(ending, ""))
    }

    /// Waits for `work` to end cleanly. Another signal, or the end of its time, does not wait any longer.
    pub async fn or_at_once(&mut self, work: impl Future<Output = ()>) -> Result<(), Failure> {
        tokio::select! {
            () = work => Ok(()),
            ending = self.next() => Err(Failure::new(ending, "ended at once by a second signal")
                .hint("What was acknowledged is on disk all the same.")),
            () = tokio::time::sleep(END_TIME) => Err(Failure::failed(format!("did not end within {END_TIME:?}"))
                .hint("What was acknowledged is on disk all the same.")),
        }
    }
}
