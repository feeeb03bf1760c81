//! Why a coin node did not do what it was asked.

use thiserror::Error;

use super::DevRefused;
use crate::mempool::Refused;
use crate::node::{CommandError, ShuttingDown};
use crate::protocol::coin::broken::Fault;
use crate::protocol::coin::execution::{ExecutionError, Unsound};
use crate::protocol::coin::header::PowHash;
use crate::protocol::coin::state::ViewError;
use crate::protocol::coin::target::Work;
use crate::store::StoreError;
use crate::store::coin::store_error;

/// Why the node did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum CoinError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the node is shutting down")]
    ShuttingDown,
    /// Policy: the transaction does not wait here.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Consensus: the block can be on no chain.
    #[error("block {hash} is invalid: {fault}")]
    Invalid { hash: PowHash, fault: Fault },
    #[error(transparent)]
    Unsound(#[from] Unsound),
    #[error("block {hash} was found invalid before, or stands on one that was")]
    KnownInvalid { hash: PowHash },
    #[error(
        "block {hash} is on a side chain of work {work}, too far behind the current chain's {tip_work} to be kept"
    )]
    LowWork {
        hash: PowHash,
        work: Work,
        tip_work: Work,
    },
    #[error(
        "the branch of block {tip} has more work, but leaves the current chain {depth} blocks behind its tip; this network switches by itself up to {most}. Whoever runs this node decides: start it with --switch-to {tip}, or leave it"
    )]
    TooDeep { tip: PowHash, depth: u64, most: u32 },
    #[error("this node would know {wanted} peers, {max} is the most")]
    TooManyPeers { wanted: usize, max: usize },
    #[error("this node keeps the sources of {most} contracts, which is the most")]
    TooManySources { most: u64 },
    #[error("the search for a proof was given up")]
    SearchStopped,
    #[error(transparent)]
    Dev(#[from] DevRefused),
}

impl From<ShuttingDown> for CoinError {
    fn from(_: ShuttingDown) -> Self {
        Self::ShuttingDown
    }
}

impl From<ViewError> for CoinError {
    fn from(error: ViewError) -> Self {
        Self::Store(store_error(&error))
    }
}

impl CoinError {
    /// An execution's failure, of the block with this hash.
    pub(super) fn of_execution(hash: PowHash, error: ExecutionError) -> Self {
        match error {
            ExecutionError::Fault(fault) => Self::Invalid { hash, fault },
            ExecutionError::View(error) => error.into(),
            ExecutionError::Unsound(unsound) => unsound.into(),
        }
    }
}

impl CommandError for CoinError {
    fn of_store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}
