//! The network's questions to a coin node: `import` brings in a peer's chain, `serving` shows this node's, and `transactions`
//! is what waits.

mod import;
mod serving;
mod transactions;

use alloy_primitives::B256;
use bytes::Bytes;

use super::{Import, Ledger, LedgerError, Taken};
use crate::node::coin::{CoinError, CoinHandle};
use crate::peers::message::{BlockId, BlockItem, Headers, Stand, TransactionId, Weight};
use crate::protocol::coin::header::PowHash;
use crate::protocol::coin::place::Place;
use crate::store::StoreError;
use import::CoinImport;

/// A coin node's chain and mempool, as the network sees them.
#[derive(Debug, Clone)]
pub struct CoinLedger {
    node: CoinHandle,
}

impl CoinLedger {
    pub fn new(node: CoinHandle) -> CoinLedger {
        CoinLedger { node }
    }
}

impl Ledger for CoinLedger {
    fn network(&self) -> (String, BlockId) {
        (
            self.node.network().to_owned(),
            id_of(self.node.genesis().hash()),
        )
    }

    fn stand(&self) -> Result<Stand, LedgerError> {
        Ok(stand_at(&self.node.tip().place))
    }

    fn begin(&self) -> Result<Box<dyn Import>, LedgerError> {
        Ok(Box::new(CoinImport::begin(self.node.clone())?))
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
        let (after, to) = (hash_of(after), hash_of(to));
        let read = self
            .node
            .read(|snapshot| serving::blocks(&snapshot, after, to, bytes));
        Ok(read?)
    }

    fn waiting(&self) -> Result<Vec<TransactionId>, LedgerError> {
        Ok(transactions::waiting(&self.node))
    }

    fn lacks(&self, ids: &[TransactionId]) -> Result<Vec<TransactionId>, LedgerError> {
        Ok(transactions::lacks(&self.node, ids)?)
    }

    fn transactions(&self, ids: &[TransactionId], bytes: usize) -> Result<Vec<Bytes>, LedgerError> {
        Ok(transactions::some(&self.node, ids, bytes))
    }

    fn take(&self, items: Vec<Bytes>) -> Result<Vec<Taken>, LedgerError> {
        transactions::take(&self.node, items)
    }

    fn shown(&self, id: &BlockId) -> String {
        hash_of(*id).to_string()
    }
}

fn id_of(hash: PowHash) -> BlockId {
    BlockId(hash.0.0)
}

fn hash_of(id: BlockId) -> PowHash {
    PowHash(B256::new(id.0))
}

/// Where a chain stands that ends at `place`.
pub fn stand_at(place: &Place) -> Stand {
    Stand {
        height: place.number,
        id: id_of(place.hash),
        weight: Weight(place.work.0),
    }
}

impl From<StoreError> for LedgerError {
    fn from(error: StoreError) -> LedgerError {
        LedgerError(error.to_string())
    }
}

impl From<CoinError> for LedgerError {
    fn from(error: CoinError) -> LedgerError {
        LedgerError(error.to_string())
    }
}

#[cfg(test)]
mod lying_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod transactions_tests;
