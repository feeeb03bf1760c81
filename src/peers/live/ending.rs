//! How a link ends: what is said at the end ([`Goodbye`]), and what is remembered of it ([`Ending`]).

use std::fmt;
use std::time::Duration;

use thiserror::Error;

/// What a close frame can hold beside its code (RFC 6455, section 5.5).
const REASON_BYTES: usize = 123;

/// The code and the reason of a close frame that this node sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Goodbye {
    /// RFC 6455, section 7.4.1.
    pub code: u16,
    /// Whole characters, 123 bytes at most.
    reason: String,
}

impl Goodbye {
    /// The session has done what it was for.
    pub fn done(reason: &str) -> Self {
        Self::new(1000, reason)
    }

    /// This node ends.
    pub fn node_ends() -> Self {
        Self::new(1001, "the node ends")
    }

    /// The peer did what it may not do.
    pub fn blamed(reason: &str) -> Self {
        Self::new(1008, reason)
    }

    pub(super) fn new(code: u16, reason: &str) -> Self {
        let mut end = reason.len().min(REASON_BYTES);
        while !reason.is_char_boundary(end) {
            end -= 1;
        }
        let reason = reason.get(..end).unwrap_or_default().to_owned();
        Self { code, reason }
    }

    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl fmt::Display for Goodbye {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.reason, self.code)
    }
}

/// Why a link ended.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Ending {
    #[error("ended here: {0}")]
    Here(Goodbye),
    /// The code is 1005 where none was sent; the reason is escaped.
    #[error("ended by the peer: {reason} ({code})")]
    There { code: u16, reason: String },
    #[error("the connection ended without a goodbye")]
    Lost,
    #[error("the connection broke: {reason}")]
    Broken { reason: String },
    #[error("took no byte of what was sent to it for {} s", limit.as_secs_f64())]
    Stalled { limit: Duration },
    #[error("sent {bytes} bytes of a message, slower than {rate} bytes a second")]
    TooSlow { bytes: usize, rate: usize },
    #[error("sent a message of {bytes} bytes or more, the limit is {limit}")]
    TooLong { bytes: u64, limit: usize },
    #[error("sent text, and a session's messages are binary")]
    Text,
    #[error("sent {frames} frames in a row that say nothing, the limit is {limit}")]
    Idling { frames: usize, limit: usize },
    #[error("broke the rules of WebSockets: {what}")]
    Malformed { what: &'static str },
}

impl Ending {
    /// Whether the peer's bytes, or its taking none, broke a rule: it is to be blamed.
    pub fn is_peer_fault(&self) -> bool {
        match self {
            Ending::Here(_) | Ending::There { .. } | Ending::Lost | Ending::Broken { .. } => false,
            Ending::Stalled { .. }
            | Ending::TooSlow { .. }
            | Ending::TooLong { .. }
            | Ending::Text
            | Ending::Idling { .. }
            | Ending::Malformed { .. } => true,
        }
    }

    /// What is said to the peer, where it can still hear it.
    pub(super) fn goodbye(&self) -> Option<Goodbye> {
        let code = match self {
            Ending::Here(goodbye) => return Some(goodbye.clone()),
            // Its own code goes back to it (RFC 6455, section 5.5.1).
            Ending::There { code: 1005, .. } => 1000,
            Ending::There { code, .. } => *code,
            Ending::Malformed { .. } => 1002,
            Ending::Text => 1003,
            Ending::TooSlow { .. } | Ending::Idling { .. } => 1008,
            Ending::TooLong { .. } => 1009,
            Ending::Lost | Ending::Broken { .. } | Ending::Stalled { .. } => return None,
        };
        let reason = match self {
            Ending::There { .. } => String::new(),
            fault => fault.to_string(),
        };
        Some(Goodbye::new(code, &reason))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_cut_between_characters() {
        let goodbye = Goodbye::done(&"ä".repeat(100));
        assert_eq!(goodbye.reason(), "ä".repeat(61));
        assert_eq!(Goodbye::done("short").reason(), "short");
    }

    #[test]
    fn faults_are_the_peers_and_the_rest_is_not() {
        let broken = Ending::Broken {
            reason: "reset".to_owned(),
        };
        assert!(!broken.is_peer_fault());
        assert_eq!(broken.goodbye(), None);
        let too_long = Ending::TooLong { bytes: 9, limit: 8 };
        assert!(too_long.is_peer_fault());
        assert_eq!(too_long.goodbye().map(|said| said.code), Some(1009));
    }
}
