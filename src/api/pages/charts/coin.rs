//! Charts of a coin chain.

use std::sync::Arc;

use alloy_primitives::U256;
use axum::extract::{RawQuery, State};
use axum::response::Response;

use super::super::super::coin::CoinApp;
use super::super::super::coin::v1::reading;
use super::super::super::problem::Problem;
use super::super::shell::{Section, Shell};
use super::super::short;
use super::super::strings::fill;
use super::super::visit::Visit;
use super::draw::{Plot, Shape, draw, label};
use super::samples::{Sample, heights, intervals, transactions};
use super::{Chart, Page, READ_BYTES, blocks_of};
use crate::protocol::coin::amount::Amount;
use crate::protocol::coin::block::Block;
use crate::protocol::coin::parameters::{COIN, Parameters};
use crate::protocol::coin::place::Place;
use crate::protocol::coin::subsidy::{issued, subsidy};
use crate::store::StoreError;
use crate::store::coin::{Ledger, Snapshot};

/// Halvings that the curve shows: behind them the sum hardly grows.
const HALVINGS: u64 = 10;
/// Of the smallest fee step, in units a gas: what wallets offer at least.
const FEE_STEP: u128 = 1_000_000_000;

pub(in super::super) async fn page(
    State(app): State<Arc<CoinApp>>,
    RawQuery(query): RawQuery,
    visit: Visit,
) -> Response {
    let shell = app.shell(visit, Section::Charts);
    shell.answer(read(&app, &shell, query.as_deref()).await)
}

async fn read<'s>(
    app: &Arc<CoinApp>,
    shell: &'s Shell,
    query: Option<&str>,
) -> Result<Page<'s>, Problem> {
    let blocks = blocks_of(query)?;
    let found = reading(app, move |app, snapshot| {
        // The writer may hold the mempool for a moment.
        let mempool = app.node.mempool();
        let fees: Vec<u128> = mempool.iter().map(|entry| mempool.rate(entry)).collect();
        drop(mempool);
        Ok((look(snapshot, app.node.parameters(), blocks)?, fees))
    });
    let (found, fees) = found.await?;
    let network = app.node.parameters();
    let t = &shell.t.charts;
    let spacing = f64::from(network.spacing);
    let has_difficulty = network.half_life > 0;
    let times = Plot {
        points: intervals(&found.samples),
        level: has_difficulty.then_some(spacing),
        ..Plot::default()
    };
    let counts = Plot {
        points: transactions(&found.samples),
        shape: Shape::Bars,
        ..Plot::default()
    };
    let difficulty = Plot {
        points: found.places.iter().map(difficulty_of).collect(),
        ..Plot::default()
    };
    let rates = Plot {
        points: hash_rates(&found.places),
        ..Plot::default()
    };
    let times = Chart::of_heights("times", t.times, t.seconds, times, shell);
    let first = found.places.first().map_or(found.tip, |place| place.number);
    Ok(Page {
        shell,
        blocks,
        first,
        last: found.tip,
        sampled: (found.places.len() as u64) < found.tip - first + 1,
        charts: vec![
            match has_difficulty {
                true => times.with_legend(fill(t.times_level, &[&network.spacing])),
                false => times,
            },
            Chart::of_heights("counts", t.counts, t.transactions, counts, shell),
            Chart::of_heights("difficulty", t.difficulty, t.hashes, difficulty, shell),
            Chart::of_heights("rate", t.rate, t.hashes_a_second, rates, shell),
            supply(network, found.tip, shell),
            fees_waiting(&fees, shell),
        ],
        miners: None,
    })
}

/// What charts are made of.
struct Found {
    tip: u64,
    samples: Vec<Sample>,
    places: Vec<Place>,
}

fn look(snapshot: &Snapshot, network: &Parameters, blocks: u64) -> Result<Found, StoreError> {
    let tip = snapshot.place_of(snapshot.state()?.tip)?.place.number;
    // The genesis block's time says nothing about when mining began.
    let first = tip.saturating_sub(blocks - 1).max(1).min(tip);
    let mut samples = Vec::new();
    let mut places = Vec::new();
    let mut room = READ_BYTES;
    for number in heights(&(first..=tip)).into_iter().rev() {
        let hash = snapshot.entry_at(number)?.hash();
        let place = snapshot.place_of(hash)?.place;
        let body = match room {
            0 => None,
            _ => snapshot.body(hash)?,
        };
        let transactions = body.and_then(|body| {
            room = room.saturating_sub(body.encoded.len());
            let block = Block::decode(&body.encoded, network).ok()?;
            Some(block.envelopes.len())
        });
        samples.push(Sample {
            height: number,
            time: Some(place.time.into()),
            transactions,
        });
        places.push(place);
    }
    samples.reverse();
    places.reverse();
    Ok(Found {
        tip,
        samples,
        places,
    })
}

fn to_float(value: U256) -> f64 {
    value.to_string().parse().unwrap_or(f64::MAX)
}

fn difficulty_of(place: &Place) -> (f64, f64) {
    let work = place
        .bits
        .target()
        .map(|target| target.work())
        .unwrap_or_default();
    (place.number as f64, to_float(work.0))
}

/// Work over time between places some way apart: single blocks jump with the luck of miners.
fn hash_rates(places: &[Place]) -> Vec<(f64, f64)> {
    const APART: usize = 10;
    let pairs = places.iter().zip(places.iter().skip(APART));
    pairs
        .filter_map(|(from, to)| {
            let seconds = to
                .time
                .checked_sub(from.time)
                .filter(|seconds| *seconds > 0)?;
            let work = to.work.0.checked_sub(from.work.0)?;
            Some((to.number as f64, to_float(work) / f64::from(seconds)))
        })
        .collect()
}

/// All coins by height, over the first halvings, and where the chain is.
fn supply(network: &Parameters, tip: u64, shell: &Shell) -> Chart {
    const STEPS: u64 = 8;
    let t = &shell.t.charts;
    let first = network.first_balances();
    let coins = |number: u64| first.saturating_add(issued(network, number));
    let in_coins = |units: U256| to_float(units) / COIN as f64;
    let end = network.halving.saturating_mul(HALVINGS).max(tip);
    // A straight line from halving to halving.
    let heights = (0..=HALVINGS * STEPS)
        .map(|step| (u128::from(end) * u128::from(step) / u128::from(HALVINGS * STEPS)) as u64);
    let plot = Plot {
        points: heights
            .map(|number| (number as f64, in_coins(coins(number))))
            .collect(),
        mark: Some(tip as f64),
        ..Plot::default()
    };
    let rows = (0..HALVINGS).map(|halvings| {
        let from = halvings.saturating_mul(network.halving).saturating_add(1);
        let paid = Amount::from_units(subsidy(network, from));
        vec![
            short::number(from),
            paid.to_string(),
            label(in_coins(coins(from - 1))),
        ]
    });
    let most = label(in_coins(coins(u64::MAX)));
    Chart {
        id: "supply",
        title: t.supply,
        what: fill(t.supply_what, &[&most, &short::number(network.halving)]),
        legend: Some(fill(
            t.supply_mark,
            &[&short::number(tip), &Amount::from_units(coins(tip))],
        )),
        svg: draw(&plot),
        columns: vec![t.height, t.subsidy, t.coins_before],
        rows: rows.collect(),
    }
}

/// What waits, by what it offers: each bar stands for twice the fee of the one before.
fn fees_waiting(fees: &[u128], shell: &Shell) -> Chart {
    const BARS: usize = 12;
    let t = &shell.t.charts;
    let mut counts = [0_u32; BARS];
    for fee in fees {
        let steps = (fee / FEE_STEP)
            .checked_ilog2()
            .map_or(0, |power| power as usize + 1);
        if let Some(count) = counts.get_mut(steps.min(BARS - 1)) {
            *count += 1;
        }
    }
    let name = |bar: usize| match bar {
        0 => "<1".to_owned(),
        _ if bar == BARS - 1 => format!("≥{}", label(2_f64.powi(bar as i32 - 1))),
        _ => label(2_f64.powi(bar as i32 - 1)),
    };
    let plot = Plot {
        points: counts
            .iter()
            .enumerate()
            .map(|(bar, count)| (bar as f64, f64::from(*count)))
            .collect(),
        shape: Shape::Bars,
        names: (0..BARS).map(name).collect(),
        ..Plot::default()
    };
    let rows = counts.iter().enumerate();
    Chart {
        id: "fees",
        title: t.fees,
        what: match fees.len() {
            0 => t.fees_none.to_owned(),
            waiting => fill(t.fees_what, &[&short::number(waiting)]),
        },
        legend: None,
        svg: match fees.is_empty() {
            true => String::new(),
            false => draw(&plot),
        },
        columns: vec![t.fee_from, t.transactions],
        rows: rows
            .map(|(bar, count)| vec![name(bar), count.to_string()])
            .collect(),
    }
}
