//! How hard it is to find a block, and how much the network searches.

use std::sync::Arc;

use alloy_primitives::U256;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::super::problem::{Kind, Problem};
use super::super::super::v1::answer::json_of_the_moment;
use super::super::super::v1::parameters::{Parameters, shown};
use super::super::CoinApp;
use super::reading;
use crate::limits::DIFFICULTY_BLOCKS;
use crate::protocol::coin::parameters::Parameters as Network;
use crate::protocol::coin::place::Place;
use crate::protocol::coin::target::{Bits, Work};
use crate::store::StoreError;
use crate::store::coin::{Ledger, Snapshot};

/// Blocks when nobody says how many.
const BLOCKS_DEFAULT: u64 = 100;

/// The difficulty now and before.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CoinDifficulty)]
pub struct DifficultyAnswer {
    /// What the next block's header must have.
    #[schema(example = "0x207fffff")]
    pub bits: String,
    /// What its hash must not exceed, as Bitcoin shows hashes.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub target: String,
    /// The expected number of hashes for it, as decimal text.
    #[schema(example = "2")]
    pub difficulty: String,
    /// Hashes a second that the whole network makes, estimated from work and time of the listed blocks; null where they have no time between them.
    #[schema(required = true, example = "1200000")]
    pub hash_rate: Option<String>,
    /// Oldest first.
    pub blocks: Vec<DifficultyEntry>,
}

/// The difficulty of one block.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CoinDifficultyEntry)]
pub struct DifficultyEntry {
    pub number: u64,
    /// Seconds since 1970.
    pub time: u32,
    pub bits: String,
    pub difficulty: String,
    /// Work of the last blocks, at most 20, over the time they took; null where they took none.
    #[schema(required = true)]
    pub hash_rate: Option<String>,
}

/// Blocks over which one estimate goes: fewer would jump with the luck of miners.
const ESTIMATE_BLOCKS: usize = 20;

/// Difficulty and estimated hash rate, now and over the last blocks.
#[utoipa::path(
    get,
    path = "/v1/difficulty",
    tag = "v1",
    params(("blocks" = inline(Option<u64>), Query, minimum = 1, maximum = 1000, description = "How many of the last blocks to list; 100 by default.", example = 10)),
    responses((status = 200, description = "Difficulty and hash rate.", body = DifficultyAnswer))
)]
pub(in super::super) async fn difficulty(
    State(app): State<Arc<CoinApp>>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let parameters = Parameters::read(query.as_deref(), &["blocks"])?;
    let blocks = parameters.number("blocks")?.unwrap_or(BLOCKS_DEFAULT);
    if !(1..=DIFFICULTY_BLOCKS as u64).contains(&blocks) {
        let detail = format!(
            "`blocks` is {}, and may be 1 to {DIFFICULTY_BLOCKS}.",
            shown(parameters.text("blocks").unwrap_or_default())
        );
        return Err(Problem::new(Kind::BadParameter, detail)
            .with("parameter", "blocks")
            .with("limit", DIFFICULTY_BLOCKS));
    }
    let answer = reading(&app, move |app, snapshot| {
        of(snapshot, app.node.parameters(), blocks)
    });
    Ok(json_of_the_moment(&answer.await?))
}

/// The last blocks' places, and before them as many as estimates go back.
fn places(snapshot: &Snapshot, blocks: u64) -> Result<Vec<Place>, StoreError> {
    let tip = snapshot.place_of(snapshot.state()?.tip)?.place;
    let first = tip
        .number
        .saturating_sub(blocks - 1 + ESTIMATE_BLOCKS as u64);
    (first..=tip.number)
        .map(|number| Ok(snapshot.place_of(snapshot.entry_at(number)?.hash())?.place))
        .collect()
}

/// The difficulty at the tip, and over the last `blocks`.
pub(in crate::api) fn of(
    snapshot: &Snapshot,
    parameters: &Network,
    blocks: u64,
) -> Result<DifficultyAnswer, StoreError> {
    let places = places(snapshot, blocks)?;
    let next = match places.last() {
        Some(tip) => tip.required_bits_of_child(parameters),
        None => parameters.easiest_bits,
    };
    Ok(answer(&places, next, blocks))
}

fn answer(places: &[Place], next: Bits, blocks: u64) -> DifficultyAnswer {
    let listed = usize::try_from(blocks)
        .unwrap_or(usize::MAX)
        .min(places.len());
    let first = places.len() - listed;
    let entries = places.iter().enumerate().skip(first).map(|(at, place)| {
        let since = places.get(at.saturating_sub(ESTIMATE_BLOCKS));
        DifficultyEntry {
            number: place.number,
            time: place.time,
            bits: place.bits.to_string(),
            difficulty: work_of(place.bits).to_string(),
            hash_rate: since.and_then(|since| rate(since, place)),
        }
    });
    let ends = (places.get(first.saturating_sub(1)), places.last());
    DifficultyAnswer {
        bits: next.to_string(),
        target: next.target().map_or_else(
            |_| String::new(),
            |target| format!("{:064x}", target.value()),
        ),
        difficulty: work_of(next).to_string(),
        hash_rate: match ends {
            (Some(first), Some(last)) => rate(first, last),
            _ => None,
        },
        blocks: entries.collect(),
    }
}

fn work_of(bits: Bits) -> Work {
    bits.target()
        .map(|target| target.work())
        .unwrap_or_default()
}

/// Hashes a second between two blocks of one chain.
fn rate(from: &Place, to: &Place) -> Option<String> {
    // The genesis block's time says nothing about when mining began.
    let seconds = to.time.checked_sub(from.time).filter(|_| from.number > 0)?;
    let work = to.work.0.checked_sub(from.work.0)?;
    let rate = work.checked_div(U256::from(seconds))?;
    Some(rate.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::coin::difficulty::CountedTime;
    use crate::protocol::coin::header::PowHash;

    fn place(number: u64, time: u32, work: u64) -> Place {
        Place {
            hash: PowHash::ZERO,
            number,
            time,
            bits: Bits(0x207f_ffff),
            counted_time: CountedTime(0),
            work: Work(U256::from(work)),
        }
    }

    #[test]
    fn the_rate_is_work_over_time_and_leaves_the_genesis_block_out() {
        let places: Vec<Place> = (0..5)
            .map(|n| place(n, 100 + n as u32 * 10, 2 * (n + 1)))
            .collect();
        let answer = answer(&places, Bits(0x207f_ffff), 2);
        assert_eq!(answer.blocks.len(), 2);
        assert_eq!(answer.blocks[0].number, 3);
        assert_eq!(answer.difficulty, "2");
        assert!(answer.target.starts_with("7fffff00"));
        assert_eq!(
            answer.blocks[0].hash_rate, None,
            "it would reach back to the genesis block"
        );
        assert_eq!(rate(&places[1], &places[3]).as_deref(), Some("0"));
        assert_eq!(
            rate(&place(1, 10, 100), &place(2, 12, 1100)).as_deref(),
            Some("500")
        );
        assert_eq!(rate(&place(1, 10, 100), &place(2, 10, 1100)), None);
    }
}
