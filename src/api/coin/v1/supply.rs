//! How many coins there are, and how many there will be.

use std::sync::Arc;

use alloy_primitives::U256;
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::super::problem::Problem;
use super::super::super::v1::answer::json_of_the_moment;
use super::super::super::v1::parameters::NoParameters;
use super::super::CoinApp;
use super::reading;
use crate::protocol::coin::amount::Amount;
use crate::protocol::coin::parameters::Parameters;
use crate::protocol::coin::place::Place;
use crate::protocol::coin::subsidy::{issued, next_halving, subsidy};
use crate::store::StoreError;
use crate::store::coin::{Ledger, Snapshot};

/// Blocks over which the present rate is measured: a day of `main`.
const RATE_BLOCKS: u64 = 144;

/// All coins of the network, after the block `height`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CoinSupply)]
pub struct SupplyAnswer {
    #[schema(minimum = 0)]
    pub height: u64,
    /// What accounts had at the beginning.
    #[schema(value_type = String, example = "100000")]
    pub first_balances: Amount,
    /// Created for miners so far.
    #[schema(value_type = String, example = "50")]
    pub issued: Amount,
    /// Destroyed by contracts so far.
    #[schema(value_type = String, example = "0")]
    pub destroyed: Amount,
    /// All balances together: first ones and issued ones, less destroyed ones.
    #[schema(value_type = String, example = "100050")]
    pub total: Amount,
    /// More than this will never be issued, first balances included.
    #[schema(value_type = String, example = "21099999.9999999999979")]
    pub most: Amount,
    pub schedule: Schedule,
    /// Null once nothing is left to halve.
    #[schema(required = true)]
    pub next_halving: Option<NextHalving>,
}

/// How coins are created.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CoinSchedule)]
pub struct Schedule {
    /// Of block 1.
    #[schema(value_type = String, example = "50")]
    pub first_subsidy: Amount,
    /// Of the next block.
    #[schema(value_type = String, example = "50")]
    pub subsidy: Amount,
    /// Blocks between halvings.
    #[schema(minimum = 1, example = 210_000)]
    pub halving: u64,
    /// Seconds wished between blocks.
    #[schema(minimum = 1, example = 600)]
    pub spacing: u32,
}

/// When the subsidy becomes smaller.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CoinNextHalving)]
pub struct NextHalving {
    /// The first block with the smaller subsidy.
    #[schema(example = 210_001)]
    pub block: u64,
    #[schema(value_type = String, example = "25")]
    pub subsidy: Amount,
    pub blocks_left: u64,
    /// When that will be at the rate of the last blocks, in seconds since 1970; null where there is no rate yet, or it is beyond all clocks.
    #[schema(required = true)]
    pub expected_at: Option<u64>,
}

/// How many coins there are: issued, destroyed, in all; and the schedule of what comes.
#[utoipa::path(get, path = "/v1/supply", tag = "v1", responses((status = 200, description = "The supply in coins.", body = SupplyAnswer)))]
pub(in super::super) async fn supply(
    State(app): State<Arc<CoinApp>>,
    _: NoParameters,
) -> Result<Response, Problem> {
    let answer = reading(&app, |app, snapshot| of(snapshot, app.node.parameters()));
    Ok(json_of_the_moment(&answer.await?))
}

/// The supply at the tip.
pub(in crate::api) fn of(
    snapshot: &Snapshot,
    parameters: &Parameters,
) -> Result<SupplyAnswer, StoreError> {
    let tip = snapshot.place_of(snapshot.state()?.tip)?.place;
    let destroyed = snapshot.entry_at(tip.number)?.destroyed;
    let first = parameters.first_balances();
    let issued_now = issued(parameters, tip.number);
    let next = tip.number.saturating_add(1);
    // All of it stays below 2^127 units.
    let total = first.saturating_add(issued_now).saturating_sub(destroyed);
    let most = first.saturating_add(issued(parameters, u64::MAX));
    let halving = next_halving(parameters, next)
        .map(|block| -> Result<NextHalving, StoreError> {
            let blocks_left = block - next;
            let expected_at = seconds_for(snapshot, &tip, block - tip.number)?
                .and_then(|seconds| u64::from(tip.time).checked_add(seconds));
            Ok(NextHalving {
                block,
                subsidy: Amount::from_units(subsidy(parameters, block)),
                blocks_left,
                expected_at,
            })
        })
        .transpose()?;
    Ok(SupplyAnswer {
        height: tip.number,
        first_balances: Amount::from_units(first),
        issued: Amount::from_units(issued_now),
        destroyed: Amount::from_units(destroyed),
        total: Amount::from_units(total),
        most: Amount::from_units(most),
        schedule: Schedule {
            first_subsidy: Amount::from_units(U256::from(parameters.subsidy)),
            subsidy: Amount::from_units(subsidy(parameters, next)),
            halving: parameters.halving,
            spacing: parameters.spacing,
        },
        next_halving: halving,
    })
}

/// How long so many blocks take at the rate of the last ones.
fn seconds_for(snapshot: &Snapshot, tip: &Place, blocks: u64) -> Result<Option<u64>, StoreError> {
    // The genesis block's time says nothing about when mining began.
    let first = tip.number.saturating_sub(RATE_BLOCKS).max(1);
    let Some(measured) = tip
        .number
        .checked_sub(first)
        .filter(|measured| *measured > 0)
    else {
        return Ok(None);
    };
    let since = snapshot
        .place_of(snapshot.entry_at(first)?.hash())?
        .place
        .time;
    let took = u128::from(tip.time.saturating_sub(since));
    let seconds = took * u128::from(blocks) / u128::from(measured);
    Ok(u64::try_from(seconds).ok())
}
