//! The chain: rows of blocks, as many as a page has, newest first.

pub(super) mod classic;
pub(super) mod coin;

use std::fmt;
use std::ops::RangeInclusive;

use askama::Template;
use chrono::NaiveDateTime;

use super::super::problem::Problem;
use super::super::v1::parameters::Parameters;
use super::shell::Shell;
use super::short;

/// Rows of a page.
const ROWS: u64 = 50;

/// A block in a line.
#[derive(Debug)]
pub(super) struct Row {
    /// On coin its number.
    pub height: u64,
    pub hash: String,
    /// As the block has it; UTC on coin.
    pub time: String,
    pub transactions: Count,
}

/// How many there are, if somebody has counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Count(pub Option<usize>);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(count) => f.write_str(&short::number(count)),
            None => f.write_str("…"),
        }
    }
}

/// A page of the chain.
#[derive(Template)]
#[template(path = "chain.html")]
struct Page<'s> {
    shell: &'s Shell,
    /// The chain's, from its first block to its tip.
    heights: RangeInclusive<u64>,
    /// The page's.
    shown: RangeInclusive<u64>,
    rows: Vec<Row>,
}

impl Page<'_> {
    fn first(&self) -> u64 {
        *self.heights.start()
    }

    fn tip(&self) -> u64 {
        *self.heights.end()
    }

    fn blocks(&self) -> u64 {
        (self.tip() - self.first()).saturating_add(1)
    }

    /// Whether the page goes up to the tip, and so changes with it.
    fn is_newest(&self) -> bool {
        self.shown.end() == self.heights.end()
    }

    fn is_oldest(&self) -> bool {
        self.shown.start() == self.heights.start()
    }

    fn newer(&self) -> String {
        match self.shown.end().saturating_add(ROWS) {
            from if from >= self.tip() => "/chain".to_owned(),
            from => format!("/chain?from={from}"),
        }
    }

    fn older(&self) -> String {
        let from = self.shown.start().saturating_sub(1).max(self.first());
        format!("/chain?from={from}")
    }

    fn oldest(&self) -> String {
        let from = self.first().saturating_add(ROWS - 1).min(self.tip());
        format!("/chain?from={from}")
    }
}

/// The height of the newest block on the page, if one was named.
fn from(query: Option<&str>) -> Result<Option<u64>, Problem> {
    let parameters = Parameters::read(query, &["from"])?;
    match parameters.text("from").map(str::trim) {
        None | Some("") => Ok(None),
        Some(_) => parameters.number("from"),
    }
}

/// The heights on a page; beyond the chain's ends is its end.
fn shown(heights: &RangeInclusive<u64>, from: Option<u64>) -> RangeInclusive<u64> {
    let (first, tip) = (*heights.start(), *heights.end());
    let newest = from.unwrap_or(tip).clamp(first, tip);
    newest.saturating_sub(ROWS - 1).max(first)..=newest
}

/// How often blocks come.
#[derive(Debug)]
pub(super) struct Rate {
    pub a_minute: String,
    /// Over how many.
    pub blocks: usize,
}

/// The rate of these rows, newest first; the first block's time says nothing about when mining began.
pub(super) fn rate(rows: &[Row], first_height: u64) -> Option<Rate> {
    let mined: Vec<&Row> = rows
        .iter()
        .filter(|row| row.height > first_height)
        .collect();
    let (newest, oldest) = (mined.first()?, mined.last()?);
    let time = |row: &Row| NaiveDateTime::parse_from_str(&row.time, "%Y-%m-%d %H:%M:%S%.f").ok();
    let seconds = (time(newest)? - time(oldest)?).as_seconds_f64();
    let blocks = mined.len().checked_sub(1).filter(|blocks| *blocks > 0)?;
    (seconds > 0.0).then(|| Rate {
        a_minute: rounded(blocks as f64 * 60.0 / seconds),
        blocks,
    })
}

/// Three digits that say something.
fn rounded(value: f64) -> String {
    match value {
        ..10.0 => format!("{value:.2}"),
        ..100.0 => format!("{value:.1}"),
        _ => short::number(value.round()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(height: u64, time: &str) -> Row {
        Row {
            height,
            hash: String::new(),
            time: time.to_owned(),
            transactions: Count(Some(0)),
        }
    }

    #[test]
    fn a_rate_needs_two_mined_blocks_whose_times_are_times() {
        let rows = [
            row(3, "2026-11-21 12:00:30.500000"),
            row(2, "2026-11-21 12:00:00"),
            row(1, "2020-01-01 00:00:00"),
        ];
        let found = rate(&rows, 1).expect("a rate");
        assert_eq!((found.a_minute.as_str(), found.blocks), ("1.97", 1));
        assert!(rate(&rows[1..], 1).is_none() && rate(&[], 1).is_none());
        assert!(rate(&[row(3, "yesterday"), row(2, "<b>")], 1).is_none());
        let backwards = [row(3, "2026-11-21 12:00:00"), row(2, "2026-11-21 13:00:00")];
        assert!(rate(&backwards, 1).is_none());
    }

    #[test]
    fn pages_go_from_the_tip_to_the_very_first_block() {
        let chain = 1..=1_234;
        assert_eq!(shown(&chain, None), 1_185..=1_234);
        assert_eq!(shown(&chain, Some(1_184)), 1_135..=1_184);
        assert_eq!(shown(&chain, Some(50)), 1..=50);
        assert_eq!(shown(&chain, Some(3)), 1..=3);
        assert_eq!(shown(&chain, Some(0)), 1..=1);
        assert_eq!(shown(&chain, Some(u64::MAX)), 1_185..=1_234);
        assert_eq!(shown(&(0..=0), None), 0..=0);
        assert_eq!(shown(&(0..=0), Some(7)), 0..=0);
    }

    #[test]
    fn only_a_height_may_be_named() {
        let from = |query: &str| from(Some(query)).ok();
        assert_eq!(from(""), Some(None));
        assert_eq!(from("from="), Some(None));
        assert_eq!(from("from=7"), Some(Some(7)));
        assert_eq!(
            from(&format!("from={}", "9".repeat(40))),
            Some(Some(u64::MAX))
        );
        for wrong in ["from=x", "from=-1", "from=1&from=2", "page=2"] {
            assert_eq!(from(wrong), None, "{wrong}");
        }
    }
}
