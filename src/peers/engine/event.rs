//! What the engine tells of: for the log, the metrics and the event stream.

use serde::Serialize;

use super::input::LinkId;
use crate::peers::address::PeerAddress;
use crate::peers::blame::Offence;
use crate::peers::message::Stand;

/// Something that happened between this node and others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A session with another node stands.
    Joined {
        link: LinkId,
        name: String,
        direction: Direction,
        stand: Stand,
        /// It takes the place of another session with the same peer.
        again: bool,
    },
    /// It has ended.
    Left {
        link: LinkId,
        name: String,
        why: String,
        /// There is another session with the same peer.
        stays: bool,
    },
    /// A peer did what it should not.
    Blamed {
        link: LinkId,
        name: String,
        offence: Offence,
        score: u32,
        why: String,
    },
    /// A peer is left alone, or kept out.
    Banned { name: String, seconds: u64 },
    /// A dial came to nothing.
    NotReached { name: String, why: String },
    /// Somebody answered there who has no sessions: a Python node, or one that follows by hand.
    HasNoSessions { address: PeerAddress },
    /// A peer's chain is being brought in.
    SyncBegan { name: String, from: u64, to: u64 },
    /// So far.
    SyncAt { at: u64, to: u64 },
    /// It is done, or given up.
    SyncEnded {
        name: String,
        at: u64,
        why: Option<String>,
    },
}

/// Who opened a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// This node did.
    Outbound,
    /// The other did.
    Inbound,
}
