//! What contracts wrote down, looked for by block, contract and topics.

use alloy_eips::BlockNumberOrTag;
use alloy_rpc_types_eth::{Filter, FilterBlockOption, Log};

use super::super::Rpc;
use super::super::at::{Chain, unknown_block};
use super::super::error::RpcError;
use super::super::methods::Methods;
use super::super::shape::{self, In};
use crate::limits::{RPC_LOG_BLOCKS, RPC_LOG_BYTES, RPC_LOGS};
use crate::store::coin::Ledger;

pub fn register(methods: &mut Methods) {
    methods.reading("eth_getLogs", |rpc, mut arguments| {
        let filter: Filter = arguments.required("filter")?;
        arguments.end()?;
        matching(rpc, &filter)
    });
}

/// All logs of the chain that a filter lets through, oldest first.
///
/// # Errors
/// [`RpcError::Limit`] when that are too many.
pub fn matching(rpc: &Rpc, filter: &Filter) -> Result<Vec<Log>, RpcError> {
    let chain = rpc.chain()?;
    let (first, last) = match &filter.block_option {
        FilterBlockOption::AtBlockHash(hash) => {
            let number = chain.by_hash(*hash)?;
            let number = number.ok_or_else(|| unknown_block((*hash).into()))?;
            (number, number)
        }
        FilterBlockOption::Range {
            from_block,
            to_block,
        } => {
            let end = |tag: &Option<BlockNumberOrTag>| number(rpc, &chain, *tag);
            (end(from_block)?, end(to_block)?)
        }
    };
    if first > last {
        let why = format!("it begins at block {first} and ends at {last}");
        return Err(RpcError::parameter("filter", why));
    }
    within(rpc, &chain, filter, first, last)
}

/// A place in the chain; one beyond its end is allowed.
fn number(rpc: &Rpc, chain: &Chain, tag: Option<BlockNumberOrTag>) -> Result<u64, RpcError> {
    match tag.unwrap_or_default() {
        BlockNumberOrTag::Number(number) => Ok(number),
        // What waits has no logs yet.
        BlockNumberOrTag::Pending => Ok(chain.tip.number),
        tag => {
            let number = chain.number_of(tag.into(), rpc.depths())?;
            number.ok_or_else(|| unknown_block(tag.into()))
        }
    }
}

/// The logs of these blocks that a filter lets through.
///
/// # Errors
/// [`RpcError::Limit`].
pub fn within(
    rpc: &Rpc,
    chain: &Chain,
    filter: &Filter,
    first: u64,
    last: u64,
) -> Result<Vec<Log>, RpcError> {
    let last = last.min(chain.tip.number);
    let asked = (last + 1).saturating_sub(first);
    if asked > RPC_LOG_BLOCKS as u64 {
        let why =
            format!("{asked} blocks are asked for, and {RPC_LOG_BLOCKS} are the most in one call");
        return Err(RpcError::Limit(why));
    }
    let mut found = Vec::new();
    for number in first..=last {
        let receipts = chain.snapshot.receipts(number)?;
        let written = receipts.iter().flat_map(|receipt| receipt.logs());
        // Most blocks have nothing to offer: they are not read.
        if !written.into_iter().any(|log| filter.matches(log)) {
            continue;
        }
        let block = chain.block(number, rpc.node().parameters())?;
        let (place, mut before) = (In::of(&block), 0);
        for (index, (one, receipt)) in block.transactions().iter().zip(&receipts).enumerate() {
            let logs = shape::logs(place, one.hash(), index, before, receipt);
            found.extend(logs.filter(|log| filter.matches(&log.inner)));
            before += receipt.logs().len();
        }
        let bytes: usize = found.iter().map(|log| log.inner.data.data.len()).sum();
        if found.len() > RPC_LOGS || bytes > RPC_LOG_BYTES {
            let why = format!(
                "more than {RPC_LOGS} logs, or {RPC_LOG_BYTES} bytes of their data, up to block {number}: ask for blocks {first} to {}, or for fewer topics",
                number.saturating_sub(1).max(first)
            );
            return Err(RpcError::Limit(why));
        }
    }
    Ok(found)
}
