//! The one writer. One thread owns all changes; everyone else holds a [`NodeHandle`].
//!
//! The writer takes what has queued up, applies it in order, commits once, and only then answers each caller, moves the tip
//! and tells of events: an acknowledgement is durable, and throughput is not bound by one sync a request. Reading goes to
//! [`NodeHandle::snapshot`] and never waits for it. The writer decides nothing about validity: blocks reach it checked.

mod apply;
mod clock;
mod events;
mod handle;
mod measures;
mod writer;

pub use apply::{Adoption, Branch, BranchBlocks, BranchError};
pub use clock::{Clock, python_timestamp, system_clock};
pub use events::{Event, EventLog, NumberedEvent, Subscription};
pub use handle::{NodeHandle, Tip};
pub use writer::{Settings, Writer, start};

use thiserror::Error;

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
    #[error("the search for a proof was given up")]
    SearchStopped,
    #[error("the node is shutting down")]
    ShuttingDown,
    #[error("the branch could not be read: {0}")]
    Branch(#[from] BranchError),
}
