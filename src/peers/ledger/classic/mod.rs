//! The network's questions to a classic node: `import` brings in a peer's chain, whose blocks `course` checks and `kept` holds
//! until they are the longer branch, `serving` shows this node's, and `transactions` is what waits.

mod course;
mod import;
mod kept;
mod serving;
mod transactions;

use std::path::PathBuf;
use std::sync::Arc;

use alloy_primitives::U256;
use bytes::Bytes;

use super::{Import, Ledger, LedgerError, Taken};
use crate::limits;
use crate::node::{NodeError, NodeHandle};
use crate::peers::message::{BlockId, BlockItem, Headers, Stand, TransactionId, Weight};
use crate::protocol::classic::block::{BlockHash, Link};
use import::ClassicImport;

/// Where and how much of a branch is kept that is not longer than this node's chain, or not yet.
#[derive(Debug, Clone)]
pub struct BranchRoom {
    /// The folder in which it is kept, nameless.
    pub folder: PathBuf,
    pub bytes: u64,
    pub blocks: u64,
}

impl BranchRoom {
    /// As much as may be pulled by default.
    pub fn in_folder(folder: PathBuf) -> BranchRoom {
        BranchRoom {
            folder,
            bytes: limits::PULL_BYTES as u64,
            blocks: limits::PULL_BLOCKS as u64,
        }
    }
}

/// A classic node's chain and queue, as the network sees them.
#[derive(Debug, Clone)]
pub struct ClassicLedger {
    node: NodeHandle,
    room: Arc<BranchRoom>,
}

impl ClassicLedger {
    pub fn new(node: NodeHandle, room: BranchRoom) -> ClassicLedger {
        ClassicLedger {
            node,
            room: Arc::new(room),
        }
    }
}

impl Ledger for ClassicLedger {
    /// Every first block is valid on classic: zeros.
    fn network(&self) -> (String, BlockId) {
        (self.node.network().to_owned(), BlockId::default())
    }

    fn stand(&self) -> Result<Stand, LedgerError> {
        Ok(stand_at(Some(self.node.tip().link)))
    }

    fn begin(&self) -> Result<Box<dyn Import>, LedgerError> {
        let import = ClassicImport::begin(self.node.clone(), Arc::clone(&self.room))?;
        Ok(Box::new(import))
    }

    fn headers(&self, locator: &[BlockId]) -> Result<Headers, LedgerError> {
        let read = self
            .node
            .read(|snapshot| serving::headers(&snapshot, locator));
        Ok(read?)
    }

    fn blocks(
        &self,
        after: BlockId,
        to: BlockId,
        bytes: usize,
    ) -> Result<Option<(Vec<BlockItem>, BlockId)>, LedgerError> {
        let read = self
            .node
            .read(|snapshot| serving::blocks(&snapshot, after, to, bytes));
        Ok(read?)
    }

    fn waiting(&self) -> Result<Vec<TransactionId>, LedgerError> {
        Ok(transactions::waiting(&self.node)?)
    }

    fn lacks(&self, ids: &[TransactionId]) -> Result<Vec<TransactionId>, LedgerError> {
        Ok(transactions::lacks(&self.node, ids)?)
    }

    fn transactions(&self, ids: &[TransactionId], bytes: usize) -> Result<Vec<Bytes>, LedgerError> {
        Ok(transactions::some(&self.node, ids, bytes)?)
    }

    fn take(&self, items: Vec<Bytes>) -> Result<Vec<Taken>, LedgerError> {
        transactions::take(&self.node, &items)
    }

    fn shown(&self, id: &BlockId) -> String {
        hash_of(*id).to_string()
    }
}

fn id_of(hash: BlockHash) -> BlockId {
    BlockId(hash.0)
}

fn hash_of(id: BlockId) -> BlockHash {
    BlockHash(id.0)
}

/// Where a chain with this last block ends; with none it has yet to begin.
pub fn stand_at(last: Option<Link>) -> Stand {
    last.map_or_else(Stand::default, |link| {
        claimed(link.height.0, id_of(link.hash))
    })
}

/// A block at this height: every block weighs one.
fn claimed(height: u64, id: BlockId) -> Stand {
    Stand {
        height,
        id,
        weight: Weight(U256::from(height)),
    }
}

impl From<NodeError> for LedgerError {
    fn from(error: NodeError) -> LedgerError {
        LedgerError(error.to_string())
    }
}

#[cfg(test)]
mod lying_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod transactions_tests;
