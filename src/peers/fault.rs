//! Whose doing it is that a call or a body came to nothing: one answer for every protocol.

use super::outgoing::FetchError;
use super::pace::PaceError;
use super::resolve::ResolveError;

/// Whose doing it is that a pull gave no chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No answer, or not all of it in time.
    Connection,
    /// An answer that is not a valid chain.
    Answer,
    /// This node's own rules and limits.
    Refusal,
}

impl FetchError {
    pub fn fault(&self) -> Fault {
        match self {
            FetchError::NotCalled(ResolveError::OutOfReach(_) | ResolveError::HttpsNotSpoken) => {
                Fault::Refusal
            }
            FetchError::Redirect { .. }
            | FetchError::Status { .. }
            | FetchError::Encoded { .. } => Fault::Answer,
            FetchError::NotCalled(
                ResolveError::NotResolved { .. } | ResolveError::Timeout { .. },
            )
            | FetchError::NotConnected { .. }
            | FetchError::ConnectTimeout { .. }
            | FetchError::Silent { .. }
            | FetchError::Broken { .. } => Fault::Connection,
        }
    }
}

impl PaceError {
    pub fn fault(&self) -> Fault {
        match self {
            PaceError::Fetch(error) => error.fault(),
            PaceError::TooLarge { .. } | PaceError::ClaimsTooLarge { .. } => Fault::Refusal,
            PaceError::Silent { .. } | PaceError::TooSlow { .. } | PaceError::TooLong { .. } => {
                Fault::Connection
            }
        }
    }
}
