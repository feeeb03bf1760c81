//! What gas costs.

use alloy_eips::BlockNumberOrTag;
use alloy_primitives::{U64, U256};
use alloy_rpc_types_eth::FeeHistory;

use super::super::Rpc;
use super::super::arguments::Arguments;
use super::super::at::unknown_block;
use super::super::error::RpcError;
use super::super::methods::Methods;
use crate::limits::RPC_FEE_HISTORY_BLOCKS;
use crate::protocol::coin::block::CheckedBlock;
use crate::protocol::coin::execution::Receipt;
use crate::store::coin::Ledger;

/// Percentiles in one call.
const MOST_PERCENTILES: usize = 100;

pub fn register(methods: &mut Methods) {
    methods.reading("eth_gasPrice", |rpc, arguments| {
        arguments.end()?;
        let base_fee = rpc.node().parameters().base_fee;
        Ok(U256::from(rpc.app.suggested_fees()?.normal) + U256::from(base_fee))
    });
    methods.reading("eth_maxPriorityFeePerGas", |rpc, arguments| {
        arguments.end()?;
        Ok(U256::from(rpc.app.suggested_fees()?.normal))
    });
    methods.quick("eth_blobBaseFee", |_, arguments| {
        arguments.end()?;
        Ok(U64::from(1))
    });
    methods.reading("eth_feeHistory", history);
}

fn history(rpc: &Rpc, mut arguments: Arguments) -> Result<FeeHistory, RpcError> {
    let count: U64 = arguments.required("blocks")?;
    let newest: BlockNumberOrTag = arguments.required("newest")?;
    let percentiles: Option<Vec<f64>> = arguments.optional("percentiles")?;
    arguments.end()?;
    if let Some(asked) = &percentiles {
        percentiles_are_in_order(asked)?;
    }
    let (chain, parameters) = (rpc.chain()?, rpc.node().parameters());
    let last = match chain.number_of(newest.into(), rpc.depths())? {
        Some(number) => number.min(chain.tip.number),
        None => return Err(unknown_block(newest.into())),
    };
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    let count = count.min(RPC_FEE_HISTORY_BLOCKS as u64).min(last + 1);
    let base_fee = u128::from(parameters.base_fee);
    let first = (last + 1).saturating_sub(count);
    let mut answer = FeeHistory {
        oldest_block: first,
        ..FeeHistory::default()
    };
    if count == 0 {
        return Ok(answer);
    }
    let mut rewards = Vec::new();
    for number in first..=last {
        let block = chain.block(number, parameters)?;
        let used = block.record().gas_used as f64 / block.record().gas_limit as f64;
        answer.gas_used_ratio.push(used);
        if let Some(asked) = &percentiles {
            let receipts = match block.transactions().is_empty() {
                true => Vec::new(),
                false => chain.snapshot.receipts(number)?,
            };
            rewards.push(priority_fees(&block, &receipts, base_fee, asked));
        }
    }
    // The next block's is known too: it never changes.
    let entries = answer.gas_used_ratio.len();
    answer.base_fee_per_gas = vec![base_fee; entries + 1];
    answer.base_fee_per_blob_gas = vec![1; entries + 1];
    answer.blob_gas_used_ratio = vec![0.0; entries];
    answer.reward = percentiles.map(|_| rewards);
    Ok(answer)
}

fn percentiles_are_in_order(asked: &[f64]) -> Result<(), RpcError> {
    let wrong = |why: &str| Err(RpcError::parameter("percentiles", why));
    if asked.len() > MOST_PERCENTILES {
        return wrong("there are more than 100 of them");
    }
    if asked.iter().any(|one| !(0.0..=100.0).contains(one)) {
        return wrong("each is from 0 to 100");
    }
    if asked.windows(2).any(|pair| matches!(pair, [a, b] if a > b)) {
        return wrong("they rise from one to the next");
    }
    Ok(())
}

/// What a gas cost above the base fee, at each percentile of the block's gas.
fn priority_fees(
    block: &CheckedBlock,
    receipts: &[Receipt],
    base_fee: u128,
    percentiles: &[f64],
) -> Vec<u128> {
    let paid = receipts
        .iter()
        .map(|receipt| (receipt.price.saturating_sub(base_fee), receipt.gas_used));
    let mut paid: Vec<(u128, u64)> = paid.collect();
    paid.sort_unstable();
    let total = block.record().gas_used as f64;
    let at = |percentile: &f64| {
        let wanted = total * percentile / 100.0;
        let mut gas = 0.0;
        let reached = paid.iter().find(|(_, used)| {
            gas += *used as f64;
            gas >= wanted
        });
        let found = reached.or(paid.last());
        found.map_or(0, |(price, _)| *price)
    };
    percentiles.iter().map(at).collect()
}
