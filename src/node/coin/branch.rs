//! Blocks as they come back from the store.

use alloy_primitives::B256;

use crate::protocol::coin::block::CheckedBlock;
use crate::protocol::coin::execution::Receipt;
use crate::protocol::coin::header::PowHash;
use crate::protocol::coin::parameters::Parameters;
use crate::protocol::coin::transaction::Transaction;
use crate::store::StoreError;
use crate::store::coin::{Ledger, Position};

/// A block that was checked before it was kept.
pub fn stored_block(
    ledger: &impl Ledger,
    hash: PowHash,
    parameters: &Parameters,
) -> Result<CheckedBlock, StoreError> {
    let what = || format!("block {hash}");
    let body = ledger
        .body(hash)?
        .ok_or_else(|| ledger.damaged(what(), "it is missing"))?;
    CheckedBlock::restore(&body.encoded, body.senders, parameters)
        .map_err(|fault| ledger.damaged(what(), fault.to_string()))
}

/// A transaction of the current chain, with what stands around it.
pub struct StoredTransaction {
    pub block: CheckedBlock,
    /// Of the whole block.
    pub receipts: Vec<Receipt>,
    pub index: u32,
}

impl StoredTransaction {
    pub fn transaction(&self) -> &Transaction {
        self.block
            .transactions()
            .get(self.index as usize)
            .expect("it was found there")
    }

    pub fn receipt(&self) -> &Receipt {
        self.receipts
            .get(self.index as usize)
            .expect("there are as many as transactions")
    }
}

/// The transaction of the current chain with this hash, held against the index that names its place; where that names none, against what it says of those beside it.
pub fn stored_transaction(
    ledger: &impl Ledger,
    hash: B256,
    parameters: &Parameters,
) -> Result<Option<StoredTransaction>, StoreError> {
    if let Some(position) = ledger.position(hash)? {
        return at_position(ledger, hash, position, parameters).map(Some);
    }
    for (beside, position) in ledger.positions_beside(hash)? {
        at_position(ledger, beside, position, parameters)?;
    }
    Ok(None)
}

fn at_position(
    ledger: &impl Ledger,
    hash: B256,
    Position { number, index }: Position,
    parameters: &Parameters,
) -> Result<StoredTransaction, StoreError> {
    let damaged =
        |detail: String| ledger.damaged(format_args!("the place of transaction {hash}"), detail);
    let missing = || damaged(format!("there is no block {number}"));
    let entry = ledger.chain_entry(number)?.ok_or_else(missing)?;
    let block = stored_block(ledger, entry.hash(), parameters)?;
    let receipts = ledger.receipts(number)?;
    if receipts.len() != block.transactions().len() {
        let detail = format!("they are {}", receipts.len());
        return Err(ledger.damaged(format_args!("the receipts of block {number}"), detail));
    }
    let there = block.transactions().get(index as usize);
    if there.is_none_or(|there| there.hash() != hash) {
        return Err(damaged(format!(
            "it is not at place {index} of block {number}"
        )));
    }
    Ok(StoredTransaction {
        block,
        receipts,
        index,
    })
}
