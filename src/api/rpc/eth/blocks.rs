//! Blocks, and how many transactions they have.

use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{B256, U64, U256};
use alloy_rpc_types_eth::Block;
use serde_json::{Value, json};

use super::super::Rpc;
use super::super::arguments::Arguments;
use super::super::at::{Chain, pending};
use super::super::error::RpcError;
use super::super::methods::Methods;
use super::super::shape::{self, ReceiptAnswer};
use crate::protocol::coin::block::CheckedBlock;
use crate::store::coin::Ledger;

pub fn register(methods: &mut Methods) {
    methods.quick("eth_blockNumber", |rpc, arguments| {
        arguments.end()?;
        Ok(U64::from(rpc.node().tip().place.number))
    });
    methods.reading("eth_getBlockByNumber", by_number);
    methods.reading("eth_getBlockByHash", by_hash);
    methods.reading("eth_getHeaderByNumber", |rpc, mut arguments| {
        let tag: BlockNumberOrTag = arguments.required("block")?;
        arguments.end()?;
        Ok(found(rpc, tag.into())?.map(|block| shape::header(&block)))
    });
    methods.reading("eth_getHeaderByHash", |rpc, mut arguments| {
        let hash: B256 = arguments.required("hash")?;
        arguments.end()?;
        Ok(found(rpc, hash.into())?.map(|block| shape::header(&block)))
    });
    methods.reading(
        "eth_getBlockTransactionCountByNumber",
        |rpc, mut arguments| {
            let tag: BlockNumberOrTag = arguments.required("block")?;
            arguments.end()?;
            if tag.is_pending() {
                let chain = rpc.chain()?;
                let next = pending(rpc.node(), &chain)?;
                return Ok(Some(U64::from(next.transactions.len())));
            }
            Ok(count(found(rpc, tag.into())?))
        },
    );
    methods.reading(
        "eth_getBlockTransactionCountByHash",
        |rpc, mut arguments| {
            let hash: B256 = arguments.required("hash")?;
            arguments.end()?;
            Ok(count(found(rpc, hash.into())?))
        },
    );
    methods.reading("eth_getBlockReceipts", receipts);
    methods.reading("eth_getUncleCountByBlockNumber", |rpc, mut arguments| {
        let tag: BlockNumberOrTag = arguments.required("block")?;
        arguments.end()?;
        Ok(found(rpc, tag.into())?.map(|_| U64::ZERO))
    });
    methods.reading("eth_getUncleCountByBlockHash", |rpc, mut arguments| {
        let hash: B256 = arguments.required("hash")?;
        arguments.end()?;
        Ok(found(rpc, hash.into())?.map(|_| U64::ZERO))
    });
    // Blocks beside the chain are no uncles here, and nobody is paid for them.
    methods.quick("eth_getUncleByBlockNumberAndIndex", |_, mut arguments| {
        let _: BlockNumberOrTag = arguments.required("block")?;
        let _: U64 = arguments.required("index")?;
        arguments.end()?;
        Ok(None::<Block>)
    });
    methods.quick("eth_getUncleByBlockHashAndIndex", |_, mut arguments| {
        let _: B256 = arguments.required("hash")?;
        let _: U64 = arguments.required("index")?;
        arguments.end()?;
        Ok(None::<Block>)
    });
}

fn count(block: Option<CheckedBlock>) -> Option<U64> {
    block.map(|block| U64::from(block.transactions().len()))
}

/// The block of the chain that is meant.
pub fn found(rpc: &Rpc, id: BlockId) -> Result<Option<CheckedBlock>, RpcError> {
    let chain = rpc.chain()?;
    found_in(rpc, &chain, id)
}

/// The same in a chain that was read already.
pub fn found_in(rpc: &Rpc, chain: &Chain, id: BlockId) -> Result<Option<CheckedBlock>, RpcError> {
    match chain.number_of(id, rpc.depths())? {
        Some(number) if number <= chain.tip.number => {
            Ok(Some(chain.block(number, rpc.node().parameters())?))
        }
        _ => Ok(None),
    }
}

fn by_hash(rpc: &Rpc, mut arguments: Arguments) -> Result<Option<Block>, RpcError> {
    let hash: B256 = arguments.required("hash")?;
    let whole = arguments.optional("full")?.unwrap_or(false);
    arguments.end()?;
    Ok(found(rpc, hash.into())?.map(|block| shape::block(&block, whole)))
}

fn by_number(rpc: &Rpc, mut arguments: Arguments) -> Result<Option<Value>, RpcError> {
    let tag: BlockNumberOrTag = arguments.required("block")?;
    let whole = arguments.optional("full")?.unwrap_or(false);
    arguments.end()?;
    let value = |block: Block| {
        let value = serde_json::to_value(block);
        value.map_err(|error| RpcError::Internal(error.to_string()))
    };
    if tag.is_pending() {
        return pending_block(rpc, whole).map(Some);
    }
    let block = found(rpc, tag.into())?;
    block
        .map(|block| value(shape::block(&block, whole)))
        .transpose()
}

/// The block that would be mined next; what only its proof decides is null.
fn pending_block(rpc: &Rpc, whole: bool) -> Result<Value, RpcError> {
    let chain = rpc.chain()?;
    let next = pending(rpc.node(), &chain)?;
    let transactions: Vec<Value> = next
        .transactions
        .iter()
        .map(|one| match whole {
            true => serde_json::to_value(shape::waiting(one)).unwrap_or_default(),
            false => json!(one.hash()),
        })
        .collect();
    let header = alloy_rpc_types_eth::Header {
        hash: B256::ZERO,
        inner: next.record.clone(),
        total_difficulty: None,
        size: Some(U256::from(next.sealed(0).encode().len())),
    };
    let mut block =
        serde_json::to_value(header).map_err(|error| RpcError::Internal(error.to_string()))?;
    if let Some(members) = block.as_object_mut() {
        for unknown in ["hash", "nonce", "miner"] {
            members.insert(unknown.to_owned(), Value::Null);
        }
        members.insert("transactions".to_owned(), Value::Array(transactions));
        members.insert("uncles".to_owned(), json!([]));
    }
    Ok(block)
}

fn receipts(rpc: &Rpc, mut arguments: Arguments) -> Result<Option<Vec<ReceiptAnswer>>, RpcError> {
    let id: BlockId = arguments.required("block")?;
    arguments.end()?;
    let chain = rpc.chain()?;
    let Some(block) = found_in(rpc, &chain, id)? else {
        return Ok(None);
    };
    let kept = chain.snapshot.receipts(block.number())?;
    let all = 0..block.transactions().len();
    Ok(Some(
        all.filter_map(|index| shape::receipt(&block, &kept, index))
            .collect(),
    ))
}
