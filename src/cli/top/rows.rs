//! A node's row as texts, and which columns a width has room for.

use std::time::Instant;

use super::super::terminal::short_hash;
use super::answers::{Block, Report};
use super::model::{Lag, Model, Node, State};
use super::tree::{Place, short};

/// The columns: name, whether numbers stand in it, and its rank: the highest goes first where room is short.
pub const COLUMNS: [(&str, bool, u8); 13] = [
    ("NODE", false, 0),
    ("NETWORK", false, 8),
    ("HEIGHT", true, 1),
    ("TIP", false, 4),
    ("LAG", true, 2),
    ("WAITING", true, 5),
    ("PEERS", true, 6),
    ("BLOCKS/MIN", true, 7),
    ("HASHES/S", true, 11),
    ("DIFFICULTY", true, 12),
    ("UP", true, 10),
    ("SYNC", false, 9),
    ("HEALTH", false, 3),
];

/// Between two columns.
const GAP: usize = 2;

/// A node as its row shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub cells: [String; COLUMNS.len()],
    /// In place of the cells behind the first, where the node does not answer.
    pub down: Option<String>,
    pub mood: Mood,
}

/// How a row reads at a glance; its text says the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    Good,
    /// Behind, beside, or not ready.
    Watch,
    Bad,
}

/// All rows, in order.
pub fn rows(model: &Model, now: Instant) -> Vec<Row> {
    model
        .nodes
        .iter()
        .map(|node| row(model, node, now))
        .collect()
}

fn row(model: &Model, node: &Node, now: Instant) -> Row {
    let name = node.address.clone();
    let without = |down: String, mood| {
        let mut cells: [String; COLUMNS.len()] = Default::default();
        let [first, ..] = &mut cells;
        first.clone_from(&name);
        Row {
            cells,
            down: Some(down),
            mood,
        }
    };
    let report = match (&node.state, &node.report) {
        (State::Down { why, since }, report) => {
            let age = now.saturating_duration_since(*since).as_secs();
            let last = match report {
                Some(report) => format!("; last at {} {}", report.height, short(&report.tip)),
                None => String::new(),
            };
            return without(format!("down {}: {why}{last}", span(age)), Mood::Bad);
        }
        (State::Up, Some(report)) => report,
        _ => return without("asking".to_owned(), Mood::Watch),
    };
    let lag = model.lag(node, &model.tree_of(&report.chain));
    let good = report.not_ready.is_none()
        && lag.is_none_or(|lag| lag.behind == 0 && !matches!(lag.place, Place::Beside(_)));
    Row {
        cells: [
            name,
            report.chain.network.clone(),
            report.height.to_string(),
            short(&report.tip),
            lag.map_or_else(dash, lag_in_words),
            report.waiting.to_string(),
            report.connected.unwrap_or(report.peers).to_string(),
            per_minute(&report.blocks).map_or_else(dash, |rate| format!("{rate:.1}")),
            report.hash_rate.as_deref().map_or_else(dash, human),
            report.difficulty.as_deref().map_or_else(dash, human),
            span(report.uptime_seconds),
            sync(report),
            health(report),
        ],
        down: None,
        mood: if good { Mood::Good } else { Mood::Watch },
    }
}

fn dash() -> String {
    "-".to_owned()
}

/// Blocks behind, and whether the node stands beside the best chain.
fn lag_in_words(lag: Lag) -> String {
    match lag.place {
        Place::Beside(_) => format!("{} fork", lag.behind),
        Place::On | Place::Unknown => lag.behind.to_string(),
    }
}

fn sync(report: &Report) -> String {
    match report.syncs.first() {
        Some((at, to)) => format!("{at}/{to}"),
        None => report.sync.clone(),
    }
}

fn health(report: &Report) -> String {
    match (&report.not_ready, report.missing.is_empty()) {
        (Some(_), _) => "not ready".to_owned(),
        (None, true) => "ready".to_owned(),
        (None, false) => "ready, in part".to_owned(),
    }
}

/// Blocks a minute, over the last blocks whose times can be read. The chain's first block says nothing about when mining
/// began, and is left out.
pub fn per_minute(blocks: &[Block]) -> Option<f64> {
    let last = blocks.first()?;
    let first = blocks.iter().rev().find(|block| block.height > 1)?;
    let passed = last.seconds? - first.seconds?;
    let made = last.height.checked_sub(first.height)?;
    (made > 0 && passed > 0.0).then(|| made as f64 * 60.0 / passed)
}

/// A number as people say it: `1.2M`.
pub fn human(decimal: &str) -> String {
    let Ok(number) = decimal.parse::<f64>() else {
        return dash();
    };
    let mut number = number;
    let mut units = ["", "k", "M", "G", "T", "P", "E", "Z", "Y"]
        .into_iter()
        .peekable();
    while let Some(unit) = units.next() {
        if number < 999.5 {
            return match unit {
                "" => format!("{number:.0}"),
                _ if number < 99.95 => format!("{number:.1}{unit}"),
                _ => format!("{number:.0}{unit}"),
            };
        }
        if units.peek().is_some() {
            number /= 1000.0;
        }
    }
    format!("{number:.0e}Y")
}

/// Seconds in one short word: `59s`, `12m`, `3h`, `4d`.
pub fn span(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..86_400 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// Which columns are shown in `width`, and how wide each is; `measure` gives the columns that a text takes.
pub fn fit(rows: &[Row], width: usize, measure: impl Fn(&str) -> usize) -> Vec<(usize, usize)> {
    let widest = |column: usize, title: &str| {
        let cells = rows.iter().filter_map(|row| row.cells.get(column));
        let widest = cells.map(|cell| measure(cell)).max().unwrap_or(0);
        widest.max(title.len())
    };
    let mut columns: Vec<(usize, usize, u8)> = COLUMNS
        .iter()
        .enumerate()
        // What no node has is no column.
        .filter(|(at, _)| {
            let mut cells = rows.iter().filter_map(|row| row.cells.get(*at));
            cells.any(|cell| !cell.is_empty() && cell != "-")
        })
        .map(|(at, (title, _, rank))| (at, widest(at, title), *rank))
        .collect();
    let total = |columns: &[(usize, usize, u8)]| -> usize {
        columns.iter().map(|(_, width, _)| width + GAP).sum()
    };
    while total(&columns) > width + GAP && columns.len() > 4 {
        let last = columns.iter().map(|(.., rank)| *rank).max();
        columns.retain(|(.., rank)| Some(*rank) != last);
    }
    // Still too wide: the node's name gives way, of which the end says most.
    let over = total(&columns).saturating_sub(width + GAP);
    if let Some((0, name, _)) = columns.first_mut() {
        *name = name.saturating_sub(over).max(6).min(*name);
    }
    columns
        .into_iter()
        .map(|(at, width, _)| (at, width))
        .collect()
}

/// What the node's pane says of it beside its row.
pub fn in_full(report: &Report) -> String {
    let miner = report.miner.as_deref().unwrap_or("nobody");
    let Report { id, version, .. } = report;
    let id = short_hash(id);
    format!("node {id} · version {version} · mines for {miner}")
}

#[cfg(test)]
#[path = "rows_tests.rs"]
mod tests;
