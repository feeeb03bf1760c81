//! What happens on a coin node.

use alloy_primitives::B256;
use serde::Serialize;

#[cfg(doc)]
use crate::limits::EVENT_RETURNED;
use crate::protocol::coin::header::PowHash;

/// Something that became durable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum CoinEvent {
    /// The current chain grew by a block.
    Block {
        number: u64,
        #[serde(serialize_with = "shown")]
        hash: PowHash,
        transactions: usize,
    },
    /// A branch with more work took the place of blocks of the current chain; or, on the network `dev`, the node went back as it was told, and nothing connected.
    Reorg {
        /// The last number that both chains have.
        fork: u64,
        number: u64,
        #[serde(serialize_with = "shown")]
        hash: PowHash,
        /// The end of the chain before it.
        #[serde(skip)]
        was: PowHash,
        /// Blocks that left the chain, and blocks that came.
        displaced: u64,
        connected: u64,
        /// Transactions of displaced blocks that wait again.
        returned: usize,
        /// The first of them, at most [`EVENT_RETURNED`].
        returned_transactions: Vec<B256>,
    },
    /// A transaction waits.
    Transaction { hash: B256 },
    /// A transaction waits no more, without being in a block.
    Dropped { hash: B256, why: String },
    /// A peer became known.
    Peer { address: String },
}

fn shown<S: serde::Serializer>(hash: &PowHash, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(hash)
}

impl CoinEvent {
    /// The event's name in an event stream.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Block { .. } => "block",
            Self::Reorg { .. } => "reorg",
            Self::Transaction { .. } => "transaction",
            Self::Dropped { .. } => "dropped",
            Self::Peer { .. } => "peer",
        }
    }
}
