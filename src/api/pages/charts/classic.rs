//! Charts of a classic chain.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use chrono::NaiveDateTime;

use super::super::super::problem::Problem;
use super::super::super::{App, blocking};
use super::super::shell::{Section, Shell};
use super::super::visit::Visit;
use super::draw::{Plot, Shape};
use super::samples::{Sample, heights, intervals, transactions};
use super::{Chart, Miner, Page, READ_BYTES, blocks_of};
use crate::protocol::classic::block::{Height, transactions_of};
use crate::protocol::classic::json::{Grammar, Value, canonicalize};
use crate::store::{Snapshot, StoreError};

/// Miners that are listed.
const MINERS: usize = 10;
/// Characters of a miner's name that are shown.
const NAME: usize = 60;

pub(in super::super) async fn page(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    visit: Visit,
) -> Response {
    let shell = app.shell(visit, Section::Charts);
    shell.answer(read(&app, &shell, query.as_deref()).await)
}

async fn read<'s>(
    app: &Arc<App>,
    shell: &'s Shell,
    query: Option<&str>,
) -> Result<Page<'s>, Problem> {
    let blocks = blocks_of(query)?;
    let node = app.node.clone();
    let found = blocking(move || node.read(|snapshot| look(&snapshot, blocks))).await??;
    let t = &shell.t.charts;
    let times = Plot {
        points: intervals(&found.samples),
        ..Plot::default()
    };
    let counts = Plot {
        points: transactions(&found.samples),
        shape: Shape::Bars,
        ..Plot::default()
    };
    let first = found
        .samples
        .first()
        .map_or(found.tip, |sample| sample.height);
    Ok(Page {
        shell,
        blocks,
        first,
        last: found.tip,
        sampled: (found.samples.len() as u64) < found.tip - first + 1,
        charts: vec![
            Chart::of_heights("times", t.times, t.seconds, times, shell),
            Chart::of_heights("counts", t.counts, t.transactions, counts, shell),
        ],
        miners: Some(miners(found.paid)),
    })
}

/// What charts are made of.
struct Found {
    tip: u64,
    samples: Vec<Sample>,
    /// Receivers of rewards, one a block.
    paid: Vec<String>,
}

fn look(snapshot: &Snapshot, blocks: u64) -> Result<Found, StoreError> {
    let tip = snapshot.state()?.tip.height.0;
    // The first block's time is when its node was first started.
    let first = tip
        .saturating_sub(blocks - 1)
        .max(Height::FIRST.0 + 1)
        .min(tip);
    let mut samples = Vec::new();
    let mut paid = Vec::new();
    let mut room = READ_BYTES;
    // The newest first, as far as there is room.
    for height in heights(&(first..=tip)).into_iter().rev() {
        let Some(block) = snapshot.block(Height(height))? else {
            break;
        };
        let all = transactions_of(&block.text).unwrap_or_default();
        samples.push(Sample {
            height,
            time: time_of(&block.text),
            transactions: Some(all.len()),
        });
        // A miner puts the reward behind what it gathered.
        paid.extend(all.last().and_then(|reward| receiver(reward)));
        match room.checked_sub(block.text.len()) {
            Some(left) => room = left,
            None => break,
        }
    }
    samples.reverse();
    Ok(Found { tip, samples, paid })
}

/// Seconds since 1970 of a block whose timestamp is as Python prints it, without a zone.
fn time_of(block: &str) -> Option<f64> {
    let block = canonicalize(block, Grammar::PYTHON).ok()?;
    let text: String = serde_json::from_str(block.value("timestamp")?).ok()?;
    let time = NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S%.f").ok()?;
    Some(time.and_utc().timestamp_micros() as f64 / 1e6)
}

fn receiver(transaction: &str) -> Option<String> {
    let transaction = canonicalize(transaction, Grammar::PYTHON).ok()?;
    let receiver = transaction.value("receiver")?;
    let name = match Value::parse(receiver, Grammar::PYTHON) {
        Ok(Value::String(text)) => text.to_string_lossy(),
        _ => receiver.to_owned(),
    };
    Some(match name.char_indices().nth(NAME) {
        Some((end, _)) => format!("{}…", name.get(..end).unwrap_or_default()),
        None => name,
    })
}

fn miners(paid: Vec<String>) -> Vec<Miner> {
    let mut blocks: HashMap<String, usize> = HashMap::new();
    for name in paid {
        *blocks.entry(name).or_default() += 1;
    }
    let mut sorted: Vec<(String, usize)> = blocks.into_iter().collect();
    sorted.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    let most = sorted.first().map_or(1, |(_, most)| *most);
    let listed = sorted.into_iter().take(MINERS);
    listed
        .map(|(name, blocks)| Miner {
            name,
            blocks,
            share: blocks * 100 / most.max(1),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_python_prints_them_and_others_left_out() {
        let of = |timestamp: &str| time_of(&format!(r#"{{"timestamp": {timestamp}}}"#));
        assert_eq!(of(r#""1970-01-02 00:00:00.500000""#), Some(86_400.5));
        assert_eq!(of(r#""1970-01-02 00:00:00""#), Some(86_400.0));
        for odd in [r#""yesterday""#, "7", r#""\ud800""#, "{}"] {
            assert_eq!(of(odd), None, "{odd}");
        }
    }

    #[test]
    fn the_most_paid_come_first_and_long_names_are_cut() {
        let paid = ["b", "a", "b", "c"].map(str::to_owned).to_vec();
        let miners = miners(paid);
        let names: Vec<&str> = miners.iter().map(|miner| miner.name.as_str()).collect();
        assert_eq!(names, ["b", "a", "c"]);
        assert_eq!((miners[0].share, miners[1].share), (100, 50));
        let long = receiver(&format!(r#"{{"receiver": "{}"}}"#, "é".repeat(100)));
        assert_eq!(long.map(|name| name.chars().count()), Some(NAME + 1));
        assert_eq!(receiver(r#"{"receiver": [1]}"#).as_deref(), Some("[1]"));
        assert_eq!(receiver("7"), None);
    }
}
