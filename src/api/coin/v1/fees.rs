//! What to offer so that a transaction does not wait for long.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::super::problem::Problem;
use super::super::super::v1::answer::json_of_the_moment;
use super::super::super::v1::parameters::NoParameters;
use super::super::CoinApp;
use super::reading;
use crate::mempool::{RecentBlock, Suggestion};
use crate::node::coin::stored_block;
use crate::protocol::coin::header::PowHash;
use crate::protocol::coin::parameters::Parameters;
use crate::store::StoreError;
use crate::store::coin::{Ledger, Snapshot};

/// How many blocks back suggestions look.
const RECENT_BLOCKS: u64 = 20;

/// Fees in units a gas, as decimal text.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CoinFees)]
pub struct FeesAnswer {
    /// What every transaction pays at least: a constant of the network. It goes to the miner.
    #[schema(example = "1")]
    pub base_fee: String,
    /// What to offer above it.
    pub priority_fee: PriorityFees,
}

/// Priority fees in units a gas, as decimal text; at least 10^9, which wallets expect.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CoinPriorityFees)]
pub struct PriorityFees {
    /// Enough within the next few blocks.
    #[schema(example = "1000000000")]
    pub low: String,
    /// Enough for the next block.
    #[schema(example = "1000000000")]
    pub normal: String,
    /// Enough to stand among its first.
    #[schema(example = "1000000000")]
    pub high: String,
}

/// Suggested fees, by what waits and by what recent blocks took; where the mempool has hardly room, even `low` finds some.
#[utoipa::path(get, path = "/v1/fees", tag = "v1", responses((status = 200, description = "Fees in units a gas.", body = FeesAnswer)))]
pub(in super::super) async fn fees(
    State(app): State<Arc<CoinApp>>,
    _: NoParameters,
) -> Result<Response, Problem> {
    let suggested = suggested(&app).await?;
    Ok(json_of_the_moment(&FeesAnswer {
        base_fee: app.node.parameters().base_fee.to_string(),
        priority_fee: PriorityFees {
            low: suggested.low.to_string(),
            normal: suggested.normal.to_string(),
            high: suggested.high.to_string(),
        },
    }))
}

/// Priority fees in units a gas.
pub async fn suggested(app: &Arc<CoinApp>) -> Result<Suggestion, Problem> {
    reading(app, suggested_at).await
}

/// The same at the end of a chain that was read. Blocks.
pub fn suggested_at(app: &CoinApp, snapshot: &Snapshot) -> Result<Suggestion, StoreError> {
    let recent = app
        .recent_blocks
        .up_to_tip(snapshot, app.node.parameters())?;
    Ok(app.node.mempool().suggest(recent))
}

/// What recent blocks took, so that none is read twice.
#[derive(Debug, Default)]
pub struct RecentBlocks {
    read: Mutex<BTreeMap<u64, (PowHash, RecentBlock)>>,
}

impl RecentBlocks {
    fn up_to_tip(
        &self,
        snapshot: &Snapshot,
        parameters: &Parameters,
    ) -> Result<Vec<RecentBlock>, StoreError> {
        let tip = snapshot.place_of(snapshot.state()?.tip)?.place.number;
        // The genesis block takes no transactions.
        let first = tip.saturating_sub(RECENT_BLOCKS - 1).max(1);
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.retain(|number, _| (first..=tip).contains(number));
        let mut recent = Vec::new();
        for number in first..=tip {
            let hash = snapshot.entry_at(number)?.hash();
            let block = match read.get(&number) {
                Some((known, block)) if *known == hash => *block,
                _ => {
                    let block = recent_block(snapshot, hash, parameters)?;
                    read.insert(number, (hash, block));
                    block
                }
            };
            recent.push(block);
        }
        Ok(recent)
    }
}

fn recent_block(
    snapshot: &Snapshot,
    hash: PowHash,
    parameters: &Parameters,
) -> Result<RecentBlock, StoreError> {
    let block = stored_block(snapshot, hash, parameters)?;
    let base_fee = parameters.base_fee;
    let paid = block.transactions().iter().map(|transaction| {
        transaction
            .fee_a_gas(base_fee)
            .saturating_sub(base_fee.into())
    });
    Ok(RecentBlock {
        gas_used: block.record().gas_used,
        bytes: block.encode().len() as u64,
        least_priority_fee: paid.min(),
    })
}
