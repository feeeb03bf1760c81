//! Transactions: in the chain, waiting, and handed in.

use std::sync::Arc;

use alloy_eips::BlockNumberOrTag;
use alloy_primitives::{B256, Bytes, U64};
use alloy_rpc_types_eth::Transaction;

use super::super::Rpc;
use super::super::arguments::Arguments;
use super::super::error::RpcError;
use super::super::methods::Methods;
use super::super::shape::{self, ReceiptAnswer};
use super::blocks::found;
use crate::node::coin::{StoredTransaction, stored_transaction};
use crate::protocol::coin::block::CheckedBlock;
use crate::protocol::coin::transaction::Transaction as Signed;

pub fn register(methods: &mut Methods) {
    methods.reading("eth_getTransactionByHash", by_hash);
    methods.reading("eth_getTransactionReceipt", receipt);
    methods.reading("eth_getRawTransactionByHash", raw_by_hash);
    methods.reading(
        "eth_getTransactionByBlockNumberAndIndex",
        |rpc, mut arguments| {
            let tag: BlockNumberOrTag = arguments.required("block")?;
            let index: U64 = arguments.required("index")?;
            arguments.end()?;
            Ok(at_index(found(rpc, tag.into())?, index))
        },
    );
    methods.reading(
        "eth_getTransactionByBlockHashAndIndex",
        |rpc, mut arguments| {
            let hash: B256 = arguments.required("hash")?;
            let index: U64 = arguments.required("index")?;
            arguments.end()?;
            Ok(at_index(found(rpc, hash.into())?, index))
        },
    );
    methods.asking("eth_sendRawTransaction", |rpc, mut arguments| {
        let read = arguments.required("transaction").and_then(|raw: Bytes| {
            arguments.end()?;
            Ok(raw)
        });
        async move { send(&rpc, read?).await }
    });
}

fn at_index(block: Option<CheckedBlock>, index: U64) -> Option<Transaction> {
    let (block, index) = (block?, usize::try_from(index).ok()?);
    let transaction = block.transactions().get(index)?;
    Some(shape::mined(&block, index, transaction))
}

fn stored(rpc: &Rpc, hash: B256) -> Result<Option<StoredTransaction>, RpcError> {
    let chain = rpc.chain()?;
    let parameters = rpc.node().parameters();
    Ok(stored_transaction(&chain.snapshot, hash, parameters)?)
}

/// What waits under this hash. Looked for after the chain, so that one that is just being mined is found here or there.
fn waits(rpc: &Rpc, hash: B256) -> Option<Arc<Signed>> {
    let mempool = rpc.node().mempool();
    mempool
        .get(&hash)
        .map(|entry| Arc::clone(&entry.transaction))
}

fn by_hash(rpc: &Rpc, mut arguments: Arguments) -> Result<Option<Transaction>, RpcError> {
    let hash: B256 = arguments.required("hash")?;
    arguments.end()?;
    let waiting = waits(rpc, hash);
    Ok(match stored(rpc, hash)? {
        Some(found) => {
            let index = found.index as usize;
            Some(shape::mined(&found.block, index, found.transaction()))
        }
        None => waiting.map(|transaction| shape::waiting(&transaction)),
    })
}

fn raw_by_hash(rpc: &Rpc, mut arguments: Arguments) -> Result<Option<Bytes>, RpcError> {
    let hash: B256 = arguments.required("hash")?;
    arguments.end()?;
    let waiting = waits(rpc, hash);
    Ok(match stored(rpc, hash)? {
        Some(found) => Some(found.transaction().bytes().clone()),
        None => waiting.map(|transaction| transaction.bytes().clone()),
    })
}

fn receipt(rpc: &Rpc, mut arguments: Arguments) -> Result<Option<ReceiptAnswer>, RpcError> {
    let hash: B256 = arguments.required("hash")?;
    arguments.end()?;
    let found = stored(rpc, hash)?;
    Ok(found.and_then(|found| shape::receipt(&found.block, &found.receipts, found.index as usize)))
}

/// Has a signed transaction wait, and mines it where blocks come on demand. Answers with its hash.
///
/// # Errors
/// The rule that does not hold.
pub async fn send(rpc: &Rpc, envelope: Bytes) -> Result<B256, RpcError> {
    let node = rpc.node().clone();
    let read = tokio::task::spawn_blocking(move || node.read_transaction(envelope));
    let transaction = read
        .await
        .map_err(|_| RpcError::Internal("the envelope was not read".to_owned()))??;
    handed_in(rpc, Arc::new(transaction)).await
}

/// The same with a transaction that was read.
///
/// # Errors
/// The rule that does not hold.
pub async fn handed_in(rpc: &Rpc, transaction: Arc<Signed>) -> Result<B256, RpcError> {
    let added = rpc.node().add_transaction(transaction).await?;
    if added.was_known {
        let (hash, waits) = (added.hash, rpc.node().mempool().contains(&added.hash));
        return Err(RpcError::Failed(match waits {
            true => format!("already known: transaction {hash} waits already"),
            false => format!("nonce too low: transaction {hash} is in the chain already"),
        }));
    }
    rpc.mine_what_waits().await;
    Ok(added.hash)
}
