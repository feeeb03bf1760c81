//! Blocks, transactions, receipts and logs as Ethereum's clients know them.

use alloy_consensus::transaction::Recovered;
use alloy_consensus::{ReceiptWithBloom, Transaction as _, TxEnvelope};
use alloy_primitives::{Address, B256, U256};
use alloy_rpc_types_eth::{Block, BlockTransactions, Header, Log, Transaction, TransactionReceipt};

use crate::protocol::coin::block::CheckedBlock;
use crate::protocol::coin::execution::Receipt;
use crate::protocol::coin::transaction::Transaction as Signed;

/// A receipt with its logs in their places.
pub type ReceiptAnswer = TransactionReceipt<alloy_consensus::ReceiptEnvelope<Log>>;

/// A block with its transactions, or their hashes alone.
pub fn block(block: &CheckedBlock, whole: bool) -> Block {
    let transactions = if whole {
        let all = block.transactions().iter().enumerate();
        BlockTransactions::Full(all.map(|(index, one)| mined(block, index, one)).collect())
    } else {
        BlockTransactions::Hashes(block.transactions().iter().map(|one| one.hash()).collect())
    };
    Block {
        header: header(block),
        uncles: Vec::new(),
        transactions,
        withdrawals: None,
    }
}

/// A block's record as a header; its size is that of the encoded block.
pub fn header(block: &CheckedBlock) -> Header {
    Header {
        hash: block.record_hash(),
        inner: block.record().clone(),
        total_difficulty: None,
        size: Some(U256::from(block.encode().len())),
    }
}

/// A transaction of a block.
pub fn mined(block: &CheckedBlock, index: usize, transaction: &Signed) -> Transaction {
    let base_fee = block.record().base_fee_per_gas.unwrap_or_default();
    Transaction {
        inner: recovered(transaction),
        block_hash: Some(block.record_hash()),
        block_number: Some(block.number()),
        transaction_index: Some(index as u64),
        effective_gas_price: Some(transaction.fee_a_gas(base_fee)),
        block_timestamp: Some(block.record().timestamp),
    }
}

/// A transaction that waits.
pub fn waiting(transaction: &Signed) -> Transaction {
    unmined(transaction.envelope().clone(), transaction.sender())
}

/// A transaction that no block has.
pub fn unmined(envelope: TxEnvelope, sender: Address) -> Transaction {
    let most = envelope.max_fee_per_gas();
    Transaction {
        inner: Recovered::new_unchecked(envelope, sender),
        block_hash: None,
        block_number: None,
        transaction_index: None,
        // What it may cost at most: what it will cost nobody knows yet.
        effective_gas_price: Some(most),
        block_timestamp: None,
    }
}

fn recovered(transaction: &Signed) -> Recovered<TxEnvelope> {
    Recovered::new_unchecked(transaction.envelope().clone(), transaction.sender())
}

/// A block's place, for what stands in it.
#[derive(Debug, Clone, Copy)]
pub struct In {
    pub number: u64,
    pub hash: B256,
    pub time: u64,
}

impl In {
    pub fn of(block: &CheckedBlock) -> Self {
        Self {
            number: block.number(),
            hash: block.record_hash(),
            time: block.record().timestamp,
        }
    }
}

/// The logs of one transaction; `first` is the place of the first of them among the block's.
pub fn logs(
    block: In,
    hash: B256,
    index: usize,
    first: usize,
    receipt: &Receipt,
) -> impl Iterator<Item = Log> {
    receipt
        .logs()
        .iter()
        .enumerate()
        .map(move |(place, log)| Log {
            inner: log.clone(),
            block_hash: Some(block.hash),
            block_number: Some(block.number),
            block_timestamp: Some(block.time),
            transaction_hash: Some(hash),
            transaction_index: Some(index as u64),
            log_index: Some((first + place) as u64),
            removed: false,
        })
}

/// All logs of a block, in their order.
pub fn block_logs(block: &CheckedBlock, receipts: &[Receipt]) -> Vec<Log> {
    let (place, mut all) = (In::of(block), Vec::new());
    for (index, (one, receipt)) in block.transactions().iter().zip(receipts).enumerate() {
        let first = all.len();
        all.extend(logs(place, one.hash(), index, first, receipt));
    }
    all
}

/// The receipt of transaction `index`.
pub fn receipt(block: &CheckedBlock, receipts: &[Receipt], index: usize) -> Option<ReceiptAnswer> {
    let (transaction, found) = (block.transactions().get(index)?, receipts.get(index)?);
    let before = receipts.iter().take(index);
    let first = before.map(|receipt| receipt.logs().len()).sum();
    let hash = transaction.hash();
    let logs = logs(In::of(block), hash, index, first, found).collect();
    let envelope = ReceiptWithBloom {
        receipt: alloy_consensus::Receipt {
            status: found.succeeded().into(),
            cumulative_gas_used: found.envelope.cumulative_gas_used(),
            logs,
        },
        logs_bloom: *found.envelope.logs_bloom(),
    };
    Some(TransactionReceipt {
        inner: typed(found, envelope),
        transaction_hash: hash,
        transaction_index: Some(index as u64),
        block_hash: Some(block.record_hash()),
        block_number: Some(block.number()),
        gas_used: found.gas_used,
        effective_gas_price: found.price,
        blob_gas_used: None,
        blob_gas_price: None,
        from: transaction.sender(),
        to: transaction.receiver(),
        contract_address: found.created,
    })
}

fn typed(
    receipt: &Receipt,
    with_bloom: ReceiptWithBloom<alloy_consensus::Receipt<Log>>,
) -> alloy_consensus::ReceiptEnvelope<Log> {
    use alloy_consensus::{ReceiptEnvelope, TxType};
    match receipt.envelope.tx_type() {
        TxType::Eip2930 => ReceiptEnvelope::Eip2930(with_bloom),
        TxType::Eip1559 => ReceiptEnvelope::Eip1559(with_bloom),
        // The chain takes no others.
        _ => ReceiptEnvelope::Legacy(with_bloom),
    }
}
