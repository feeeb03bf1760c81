//! Classic blocks for the pages.

use std::ops::RangeInclusive;

use super::Row;
use crate::protocol::classic::block::{Height, transactions_of};
use crate::protocol::classic::json::{Grammar, Value};
use crate::store::{Snapshot, StoreError};

/// Rows of these heights, newest first.
pub(in super::super) fn rows(
    snapshot: &Snapshot,
    heights: RangeInclusive<u64>,
) -> Result<Vec<Row>, StoreError> {
    let mut rows = Vec::new();
    let heights = Height(*heights.start())..=Height(*heights.end());
    snapshot.for_each_block(heights, |block| {
        rows.push(Row {
            height: block.height.0,
            hash: block.hash.to_string(),
            time: timestamp(block.text),
            transactions: transactions_of(block.text).map_or(0, |all| all.len()),
        });
        Ok::<_, StoreError>(())
    })?;
    rows.reverse();
    Ok(rows)
}

/// The block's timestamp as it stands there, which its miner may have chosen freely.
fn timestamp(block: &str) -> String {
    let Ok(Value::Object(members)) = Value::parse(block, Grammar::PYTHON) else {
        return String::new();
    };
    let timestamp = members
        .into_iter()
        .find(|(name, _)| name.as_str() == Some("timestamp"));
    match timestamp {
        Some((_, Value::String(text))) => text.to_string_lossy(),
        _ => String::new(),
    }
}
