//! Why a peer's chain was not taken over, or not all of it.

use thiserror::Error;

use super::wire::WireError;
use crate::node::coin::CoinError;
use crate::peers::fault::Fault;
use crate::peers::outgoing::FetchError;
use crate::peers::pace::PaceError;
use crate::peers::turns::TurnError;
use crate::protocol::coin::broken::{self, Broken};
use crate::protocol::coin::header::PowHash;
use crate::store::StoreError;

/// Why a peer's chain was not taken over, or not all of it.
#[derive(Debug, Error)]
pub enum PullError {
    #[error(transparent)]
    Fetch(FetchError),
    #[error(
        "it does not speak the coin protocol (status {status} for its headers): a classic or a Python node, which belongs to a network of its own"
    )]
    NotCoin { status: String },
    #[error(transparent)]
    Pace(#[from] PaceError),
    #[error(transparent)]
    Wire(#[from] WireError),
    #[error(
        "it belongs to another network: its genesis block is {theirs}, this network's is {ours}"
    )]
    OtherNetwork { theirs: PowHash, ours: PowHash },
    #[error("it begins its answer behind block {number}, which this node did not name")]
    ForkNotOffered { number: u64 },
    #[error("its chain changed behind block {number} while it was read")]
    ChainChanged { number: u64 },
    #[error("it sends its chain in more than {most} answers")]
    TooManyAnswers { most: usize },
    #[error("header {number} ({hash}) breaks the rule {}: {rule}", rule.name())]
    Header {
        number: u64,
        hash: PowHash,
        rule: Broken,
    },
    #[error("block {number} breaks the rule {}: {rule}", rule.name())]
    Unreadable { number: u64, rule: Broken },
    #[error("block {number} ({hash}) was found invalid before, and its chain with it")]
    KnownInvalid { number: u64, hash: PowHash },
    #[error("it sends {found} as block {number}, where its headers promised {promised}")]
    OtherBlock {
        number: u64,
        found: PowHash,
        promised: PowHash,
    },
    #[error("block {number} ({hash}) breaks the rule {}: {fault}", fault.rule.name())]
    Block {
        number: u64,
        hash: PowHash,
        fault: broken::Fault,
    },
    #[error("its blocks end behind block {number}, its headers went up to {promised}")]
    EndsEarly { number: u64, promised: u64 },
    #[error("{limit} blocks are the most that are read of a peer at once (--max-pull-blocks)")]
    TooManyBlocks { limit: u64 },
    /// The writer's refusal of a branch that the operator has to decide on.
    #[error(transparent)]
    TooDeep(CoinError),
    /// This node's own failure: no peer's business.
    #[error(transparent)]
    Node(CoinError),
    #[error("the pull was stopped")]
    Stopped,
}

impl From<TurnError> for PullError {
    fn from(error: TurnError) -> PullError {
        match error {
            TurnError::Fetch(error) => PullError::Fetch(error),
            TurnError::Closed => PullError::Stopped,
        }
    }
}

impl From<StoreError> for PullError {
    fn from(error: StoreError) -> PullError {
        PullError::Node(error.into())
    }
}

impl PullError {
    /// Whose doing it is.
    pub fn fault(&self) -> Fault {
        match self {
            PullError::Fetch(error) => error.fault(),
            PullError::Pace(error) => error.fault(),
            PullError::ChainChanged { .. } => Fault::Connection,
            PullError::NotCoin { .. }
            | PullError::Wire(_)
            | PullError::ForkNotOffered { .. }
            | PullError::KnownInvalid { .. }
            | PullError::OtherBlock { .. }
            | PullError::Header { .. }
            | PullError::Unreadable { .. }
            | PullError::Block { .. }
            | PullError::EndsEarly { .. } => Fault::Answer,
            PullError::OtherNetwork { .. }
            | PullError::TooManyAnswers { .. }
            | PullError::TooManyBlocks { .. }
            | PullError::TooDeep(_)
            | PullError::Node(_)
            | PullError::Stopped => Fault::Refusal,
        }
    }

    /// Whether this node stopped at a limit of its own on what is read at once: what was read is good, and the next pull
    /// goes on from there.
    pub fn is_limit(&self) -> bool {
        matches!(
            self,
            PullError::TooManyBlocks { .. } | PullError::Pace(PaceError::TooLarge { .. })
        )
    }
}
