//! `debug_`: what a transaction did, step by step or call by call, and encoded blocks.

use alloy_consensus::constants::EMPTY_ROOT_HASH;
use alloy_eips::eip2718::Encodable2718;
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{B256, Bytes};
use alloy_rpc_types_eth::TransactionRequest;
use alloy_rpc_types_trace::geth::{
    GethDebugTracingCallOptions, GethDebugTracingOptions, GethTrace, TraceResult,
};

use super::Rpc;
use super::arguments::Arguments;
use super::at::Chain;
use super::error::RpcError;
use super::eth::accounts::block;
use super::eth::blocks::found_in;
use super::eth::calls::{call_of, placed};
use super::methods::Methods;
use crate::limits::{RPC_CALL_GAS, RPC_TRACED};
use crate::node::coin::stored_transaction;
use crate::protocol::coin::block::CheckedBlock;
use crate::protocol::coin::execution::{TRACED_STEPS, trace_call, trace_transaction};
use crate::protocol::coin::state::RootedState;
use crate::store::coin::Ledger;

pub fn register(methods: &mut Methods) {
    methods.executing("debug_traceTransaction", transaction);
    methods.executing("debug_traceCall", call);
    methods.executing("debug_traceBlockByNumber", |rpc, mut arguments| {
        let tag: BlockNumberOrTag = arguments.required("block")?;
        whole_block(rpc, tag.into(), arguments)
    });
    methods.executing("debug_traceBlockByHash", |rpc, mut arguments| {
        let hash: B256 = arguments.required("hash")?;
        whole_block(rpc, hash.into(), arguments)
    });
    methods.reading("debug_getRawHeader", |rpc, mut arguments| {
        let id: BlockId = arguments.required("block")?;
        arguments.end()?;
        let block = known(rpc, &*rpc.chain()?, id)?;
        Ok(Bytes::from(alloy_rlp::encode(block.record())))
    });
    methods.reading("debug_getRawBlock", |rpc, mut arguments| {
        let id: BlockId = arguments.required("block")?;
        arguments.end()?;
        let block = known(rpc, &*rpc.chain()?, id)?;
        Ok(as_ethereum_encodes(&block))
    });
    methods.reading("debug_getRawReceipts", |rpc, mut arguments| {
        let id: BlockId = arguments.required("block")?;
        arguments.end()?;
        let chain = rpc.chain()?;
        let block = known(rpc, &chain, id)?;
        let receipts = chain.snapshot.receipts(block.number())?;
        let encoded = receipts
            .iter()
            .map(|receipt| Bytes::from(receipt.envelope.encoded_2718()));
        Ok(encoded.collect::<Vec<Bytes>>())
    });
    methods.reading("debug_getRawTransaction", |rpc, mut arguments| {
        let hash: B256 = arguments.required("hash")?;
        arguments.end()?;
        let chain = rpc.chain()?;
        let found = stored_transaction(&chain.snapshot, hash, rpc.node().parameters())?;
        Ok(found.map(|found| found.transaction().bytes().clone()))
    });
}

fn known(rpc: &Rpc, chain: &Chain, id: BlockId) -> Result<CheckedBlock, RpcError> {
    found_in(rpc, chain, id)?.ok_or_else(|| super::at::unknown_block(id))
}

/// Header, transactions and no uncles, as the list that Ethereum's nodes pass on.
fn as_ethereum_encodes(block: &CheckedBlock) -> Bytes {
    use alloy_consensus::{Block, BlockBody, TxEnvelope};
    let transactions = block.transactions().iter();
    let body: BlockBody<TxEnvelope> = BlockBody {
        transactions: transactions.map(|one| one.envelope().clone()).collect(),
        ommers: Vec::new(),
        withdrawals: None,
    };
    Bytes::from(alloy_rlp::encode(Block::new(block.record().clone(), body)))
}

/// The state that the block before this one left.
fn parent_root(chain: &Chain, number: u64) -> Result<(B256, u64), RpcError> {
    match number.checked_sub(1) {
        Some(parent) => Ok((chain.snapshot.entry_at(parent)?.state_root, parent)),
        None => Ok((EMPTY_ROOT_HASH, 0)),
    }
}

fn transaction(rpc: &Rpc, mut arguments: Arguments) -> Result<GethTrace, RpcError> {
    let hash: B256 = arguments.required("hash")?;
    let options: GethDebugTracingOptions = arguments.optional("options")?.unwrap_or_default();
    arguments.end()?;
    let (chain, parameters) = (rpc.chain()?, rpc.node().parameters());
    let found = stored_transaction(&chain.snapshot, hash, parameters)?;
    let found = found.ok_or_else(|| {
        RpcError::NotFound(format!("transaction not found: {hash} is not in the chain"))
    })?;
    let (root, parent) = parent_root(&chain, found.block.number())?;
    let state = RootedState::new(&chain.snapshot, root, parent);
    let index = found.index as usize;
    Ok(trace_transaction(
        parameters,
        &state,
        &found.block,
        index,
        &options,
    )?)
}

fn whole_block(
    rpc: &Rpc,
    id: BlockId,
    mut arguments: Arguments,
) -> Result<Vec<TraceResult>, RpcError> {
    let mut options: GethDebugTracingOptions = arguments.optional("options")?.unwrap_or_default();
    arguments.end()?;
    let (chain, parameters) = (rpc.chain()?, rpc.node().parameters());
    let block = known(rpc, &chain, id)?;
    let count = block.transactions().len();
    if count > RPC_TRACED {
        let why = format!(
            "the block has {count} transactions, and {RPC_TRACED} are the most in one call: trace them one by one"
        );
        return Err(RpcError::Limit(why));
    }
    // Steps are told of all of them together.
    let shared = TRACED_STEPS / (count as u64).max(1);
    let limit = options.config.limit.filter(|limit| *limit > 0);
    options.config.limit = Some(limit.unwrap_or(shared).min(shared));
    let (root, parent) = parent_root(&chain, block.number())?;
    let state = RootedState::new(&chain.snapshot, root, parent);
    let mut traces = Vec::new();
    for (index, one) in block.transactions().iter().enumerate() {
        let trace = trace_transaction(parameters, &state, &block, index, &options)?;
        traces.push(TraceResult::new_success(trace, Some(one.hash())));
    }
    Ok(traces)
}

fn call(rpc: &Rpc, mut arguments: Arguments) -> Result<GethTrace, RpcError> {
    let request: TransactionRequest = arguments.required("transaction")?;
    let block = block(&mut arguments)?;
    let options: GethDebugTracingCallOptions = arguments.optional("options")?.unwrap_or_default();
    arguments.end()?;
    let call = call_of(
        &request,
        rpc.node().parameters().chain_id,
        RPC_CALL_GAS as u64,
    )?;
    let state = options.state_overrides.unwrap_or_default();
    let around = options.block_overrides.unwrap_or_default();
    placed(rpc, block, state, &around, |place| {
        let options = &options.tracing_options;
        Ok(trace_call(
            &place.parameters,
            place.state,
            &place.environment,
            &call,
            options,
        )?)
    })
}
