//! Transactions that nodes pass on to each other.

use thiserror::Error;

use crate::limits::TRAVELLING_TRANSACTION_BYTES;
use crate::protocol::classic::tag::{Tag, TransactionId};
use crate::protocol::classic::transaction::{NotPassedOn, Transaction};

/// A transaction of another node: one that a client could have added there, and its origin's tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TravellingTransaction {
    tag: Tag,
    transaction: Transaction,
}

/// Why a peer's bytes are no transaction to be taken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotTravelling {
    #[error("it has {bytes} bytes, {max} is the most")]
    TooLong { bytes: usize, max: usize },
    #[error(transparent)]
    NotPassedOn(#[from] NotPassedOn),
}

impl TravellingTransaction {
    /// The transaction with this canonical text, if it is one that nodes pass on.
    ///
    /// # Errors
    /// [`NotTravelling`] when no honest node says it.
    pub fn new(tag: Tag, text: &str) -> Result<Self, NotTravelling> {
        let (bytes, max) = (text.len(), TRAVELLING_TRANSACTION_BYTES);
        if bytes > max {
            return Err(NotTravelling::TooLong { bytes, max });
        }
        let transaction = Transaction::passed_on(text)?;
        Ok(Self { tag, transaction })
    }

    pub fn tag(&self) -> Tag {
        self.tag
    }

    /// What it is asked for by.
    pub fn id(&self) -> TransactionId {
        TransactionId::of(self.tag, self.text())
    }

    /// The canonical text.
    pub fn text(&self) -> &str {
        self.transaction.text()
    }

    pub(super) fn into_text(self) -> Box<str> {
        self.transaction.into_text()
    }
}

/// What became of another node's transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakenIn {
    /// It waits now.
    Added,
    /// It waits or stands in a block already.
    AlreadyKnown,
    /// As many wait as this node keeps.
    QueueFull,
}
