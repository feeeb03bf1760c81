//! What happens on a classic node.

use serde::Serialize;

#[cfg(doc)]
use crate::limits::{EVENT_RETURNED, EVENT_RETURNED_BYTES};
use crate::protocol::classic::block::{BlockHash, Height};
use crate::protocol::classic::tag::TransactionId;

/// Something that became durable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Event {
    /// The current chain grew; by several blocks at once, this is the last of them.
    Block {
        height: Height,
        hash: BlockHash,
        transactions: usize,
        /// Rather than by a peer.
        #[serde(skip)]
        mined_here: bool,
    },
    /// A longer chain took the place of blocks of the current one.
    Reorg {
        /// The last height that both chains have, 0 if none.
        fork: u64,
        height: Height,
        hash: BlockHash,
        /// The end of the chain before it.
        #[serde(skip)]
        was: BlockHash,
        /// Blocks that left the chain, and blocks that came.
        displaced: u64,
        connected: u64,
        /// Transactions of displaced blocks that wait again.
        returned: usize,
        /// The canonical texts of the first of them, in order: at most [`EVENT_RETURNED`], of [`EVENT_RETURNED_BYTES`] together.
        #[serde(skip)]
        returned_transactions: Vec<Box<str>>,
    },
    /// A transaction waits. Its canonical text.
    Transaction {
        #[serde(skip)]
        text: Box<str>,
        /// What other nodes ask for it by, where it travels.
        #[serde(skip)]
        id: Option<TransactionId>,
    },
    /// A peer became known.
    Peer { address: String },
}

impl Event {
    /// The event's name in an event stream.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Block { .. } => "block",
            Self::Reorg { .. } => "reorg",
            Self::Transaction { .. } => "transaction",
            Self::Peer { .. } => "peer",
        }
    }
}
