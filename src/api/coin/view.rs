//! Blocks and their transactions as answers show them: the book's members beside the real ones.

use chrono::DateTime;
use serde::Serialize;
use utoipa::ToSchema;

use super::v1::history::HistoryStatus;
use crate::protocol::coin::amount::Amount;
use crate::protocol::coin::block::CheckedBlock;
use crate::protocol::coin::execution::Receipt;
use crate::protocol::coin::parameters::Parameters;
use crate::protocol::coin::subsidy::subsidy;
use crate::protocol::coin::transaction::Transaction;
use crate::store::StoreError;
use crate::store::coin::{Ledger, Snapshot};

/// A block: the book's five members (`index`, `timestamp`, `proof`, `previous_hash`, `transactions`) beside the real ones.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CoinBlock)]
pub struct BlockAnswer {
    /// The target in Bitcoin's compact form.
    #[schema(example = "0x207fffff")]
    pub bits: String,
    /// The expected number of hashes for its proof, as decimal text.
    #[schema(example = "2")]
    pub difficulty: String,
    #[schema(minimum = 0)]
    pub gas_used: u64,
    /// The proof-of-work hash as Bitcoin shows hashes; it identifies the block.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub hash: String,
    /// The book's place in the chain, counted from 1: `number` and one.
    #[schema(minimum = 1)]
    pub index: u64,
    /// There where the block was just mined.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub message: Option<&'static str>,
    /// Who was paid.
    pub miner: String,
    /// Blocks before it.
    #[schema(minimum = 0)]
    pub number: u64,
    /// The parent's `hash`.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub previous_hash: String,
    /// The nonce of the proof of work.
    pub proof: u32,
    /// By which Ethereum's clients know the block.
    #[schema(pattern = "^0x[0-9a-f]{64}$")]
    pub record_hash: String,
    /// What all accounts have after it, in one hash.
    #[schema(pattern = "^0x[0-9a-f]{64}$")]
    pub state_root: String,
    /// Coins that it created for its miner, beside the fees.
    #[schema(value_type = String, example = "50")]
    pub subsidy: Amount,
    /// Seconds since 1970.
    pub time: u32,
    /// The same as text, in UTC.
    #[schema(example = "2026-11-21 10:18:36")]
    pub timestamp: String,
    pub transactions: Vec<TransactionEntry>,
}

/// A transaction in a block, in short; `/v1/transactions/{hash}` says more.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CoinBlockTransaction)]
pub struct TransactionEntry {
    /// In coins.
    #[schema(value_type = String, example = "1.5")]
    pub amount: Amount,
    /// The contract that it made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub created: Option<String>,
    #[schema(pattern = "^0x[0-9a-f]{64}$")]
    pub hash: String,
    /// Null for one that makes a contract.
    #[schema(required = true)]
    pub receiver: Option<String>,
    pub sender: String,
    /// Whether it did what it was to do: a failed one moved no coins and paid its fee all the same. Not there in a block beside
    /// the chain.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub status: Option<HistoryStatus>,
}

impl BlockAnswer {
    /// The answer about a block that is kept, on the chain or beside it.
    ///
    /// # Errors
    /// When the store does not read.
    pub fn kept(
        block: &CheckedBlock,
        snapshot: &Snapshot,
        parameters: &Parameters,
    ) -> Result<Self, StoreError> {
        let receipts = match snapshot.number_on_chain(block.hash())? {
            Some(number) => snapshot.receipts(number)?,
            None => Vec::new(),
        };
        Ok(Self::of(block, &receipts, parameters))
    }

    /// The answer about a block of this network. Its receipts are kept while it is on the chain; without them there are none.
    pub fn of(block: &CheckedBlock, receipts: &[Receipt], parameters: &Parameters) -> Self {
        let (header, record) = (block.header(), block.record());
        Self {
            bits: header.bits.to_string(),
            difficulty: block.work().to_string(),
            gas_used: record.gas_used,
            hash: block.hash().to_string(),
            index: block.number().saturating_add(1),
            message: None,
            miner: record.beneficiary.to_string(),
            number: block.number(),
            previous_hash: header.previous.to_string(),
            proof: header.nonce,
            record_hash: block.record_hash().to_string(),
            state_root: record.state_root.to_string(),
            subsidy: Amount::from_units(subsidy(parameters, block.number())),
            time: header.time,
            timestamp: timestamp(header.time),
            transactions: block
                .transactions()
                .iter()
                .enumerate()
                .map(|(index, transaction)| TransactionEntry::of(transaction, receipts.get(index)))
                .collect(),
        }
    }
}

impl TransactionEntry {
    fn of(transaction: &Transaction, receipt: Option<&Receipt>) -> Self {
        let created = receipt.and_then(|receipt| receipt.created);
        Self {
            amount: Amount::from_units(transaction.value()),
            created: created.map(|address| address.to_string()),
            hash: transaction.hash().to_string(),
            receiver: transaction.receiver().map(|address| address.to_string()),
            sender: transaction.sender().to_string(),
            status: receipt.map(HistoryStatus::of),
        }
    }
}

/// A time as the book's blocks have it, in UTC, so that all nodes show the same.
pub fn timestamp(time: u32) -> String {
    let time = DateTime::from_timestamp(time.into(), 0).unwrap_or_default();
    time.format("%Y-%m-%d %H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_book_in_utc() {
        assert_eq!(timestamp(1_795_219_200), "2026-11-21 00:00:00");
        assert_eq!(timestamp(u32::MAX), "2106-02-07 06:28:15");
    }
}
