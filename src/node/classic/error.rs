//! Why a classic node did not do what it was asked.

use thiserror::Error;

use super::branch::BranchError;
use crate::node::{CommandError, ShuttingDown};
use crate::store::StoreError;

/// Why the node did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NodeError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(
        "{waiting} transactions wait already, which is as many as this node keeps; mine a block first"
    )]
    QueueFull { waiting: u64 },
    #[error("this node would know {wanted} peers, {max} is the most")]
    TooManyPeers { wanted: usize, max: usize },
    #[error("transactions of this node do not travel")]
    StaysHere,
    #[error("the search for a proof was given up")]
    SearchStopped,
    #[error("the node is shutting down")]
    ShuttingDown,
    #[error("the branch could not be read: {0}")]
    Branch(#[from] BranchError),
}

impl From<ShuttingDown> for NodeError {
    fn from(_: ShuttingDown) -> Self {
        Self::ShuttingDown
    }
}

impl CommandError for NodeError {
    fn of_store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}
