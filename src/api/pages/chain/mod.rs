//! The chain: rows of blocks, as many as a page has.

pub(super) mod classic;
pub(super) mod coin;

use chrono::NaiveDateTime;

/// A block in a line.
#[derive(Debug)]
pub(super) struct Row {
    /// On coin its number.
    pub height: u64,
    pub hash: String,
    /// As the block has it; UTC on coin.
    pub time: String,
    pub transactions: usize,
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
        _ => super::short::number(value.round()),
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
            transactions: 0,
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
}
