//! What happens between this node and others, as people are told of it. It is told live and kept nowhere.

use serde::Serialize;

use crate::peers::blame::Offence;
use crate::peers::engine::event::{Direction, Event};
use crate::peers::message::{BlockId, Stand};

/// Something that people watch for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum News {
    /// A session with another node stands.
    PeerJoined {
        peer: String,
        direction: Direction,
        tip: TipShown,
    },
    /// It has ended.
    PeerLeft { peer: String, why: String },
    /// A peer did what it should not.
    PeerBlamed {
        peer: String,
        offence: Offence,
        score: u32,
        why: String,
    },
    /// A peer's chain is being brought in.
    Sync {
        state: SyncState,
        #[serde(skip_serializing_if = "Option::is_none")]
        peer: Option<String>,
        at: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        to: Option<u64>,
        /// Why it went no further, if it did not end well.
        #[serde(skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    /// A peer stands on a block that is not on this node's chain, and has no more weight than it.
    Split {
        peer: String,
        here: TipShown,
        there: TipShown,
    },
    /// This node gave way to a better chain, or peers that stood apart stand on its chain.
    Healed {
        peers: Vec<String>,
        tip: TipShown,
        /// Blocks of this node that gave way.
        displaced: u64,
        /// Transactions of theirs that wait again.
        returned: usize,
    },
}

/// How far a sync is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SyncState {
    Began,
    At,
    Ended,
}

/// The end of a chain, its hash as people know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TipShown {
    pub height: u64,
    pub hash: String,
    /// Decimal text: it may have more than 64 bits.
    pub weight: String,
}

impl TipShown {
    pub fn of(stand: &Stand, shown: impl Fn(&BlockId) -> String) -> Self {
        Self {
            height: stand.height,
            hash: shown(&stand.id),
            weight: stand.weight.to_string(),
        }
    }
}

impl News {
    /// What people are told of an event; of calls that came to nothing they are not.
    pub fn of(event: &Event, shown: impl Fn(&BlockId) -> String) -> Option<Self> {
        Some(match event {
            // Two nodes that call each other at the same time keep one of their sessions.
            Event::Joined { again: true, .. } | Event::Left { stays: true, .. } => return None,
            Event::Joined {
                name,
                direction,
                stand,
                ..
            } => Self::PeerJoined {
                peer: name.clone(),
                direction: *direction,
                tip: TipShown::of(stand, shown),
            },
            Event::Left { name, why, .. } => Self::PeerLeft {
                peer: name.clone(),
                why: why.clone(),
            },
            Event::Blamed {
                name,
                offence,
                score,
                why,
                ..
            } => Self::PeerBlamed {
                peer: name.clone(),
                offence: *offence,
                score: *score,
                why: why.clone(),
            },
            Event::SyncBegan { name, from, to } => Self::Sync {
                state: SyncState::Began,
                peer: Some(name.clone()),
                at: *from,
                to: Some(*to),
                why: None,
            },
            Event::SyncAt { at, to } => Self::Sync {
                state: SyncState::At,
                peer: None,
                at: *at,
                to: Some(*to),
                why: None,
            },
            Event::SyncEnded { name, at, why } => Self::Sync {
                state: SyncState::Ended,
                peer: Some(name.clone()),
                at: *at,
                to: None,
                why: why.clone(),
            },
            Event::Banned { .. } | Event::NotReached { .. } | Event::HasNoSessions { .. } => {
                return None;
            }
        })
    }

    /// The event's name in an event stream.
    pub fn name(&self) -> &'static str {
        match self {
            Self::PeerJoined { .. } => "peer_joined",
            Self::PeerLeft { .. } => "peer_left",
            Self::PeerBlamed { .. } => "peer_blamed",
            Self::Sync { .. } => "sync",
            Self::Split { .. } => "split",
            Self::Healed { .. } => "healed",
        }
    }
}
