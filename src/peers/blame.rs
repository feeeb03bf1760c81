//! What a peer can be blamed for, and how much each weighs. Blame goes to the sender of the bytes.

use serde::Serialize;

/// At so many points a peer is parted from, and left alone or kept out for a while.
pub const MOST_POINTS: u32 = 100;

/// What a peer did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Offence {
    /// A proof, a signature, a header or a block that does not hold, or not what was promised.
    Invalid,
    /// Bytes that are no message, or a message out of place.
    Malformed,
    /// More than a peer may send or ask in its time.
    Flood,
    /// A tip that the peer could not show a chain for.
    FalseTip,
    /// An answer that did not come in time.
    Timeout,
}

impl Offence {
    pub const ALL: [Self; 5] = [
        Self::Invalid,
        Self::Malformed,
        Self::Flood,
        Self::FalseTip,
        Self::Timeout,
    ];

    /// Points; one is forgiven a minute.
    pub fn points(self) -> u32 {
        match self {
            Self::Invalid => MOST_POINTS,
            Self::Malformed | Self::Flood | Self::FalseTip => 20,
            Self::Timeout => 5,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Malformed => "malformed",
            Self::Flood => "flood",
            Self::FalseTip => "false_tip",
            Self::Timeout => "timeout",
        }
    }
}
