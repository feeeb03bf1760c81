//! Coin blocks for the pages.

use std::ops::RangeInclusive;

use super::super::super::coin::view::timestamp;
use super::Row;
use crate::node::coin::stored_block;
use crate::protocol::coin::parameters::Parameters;
use crate::store::StoreError;
use crate::store::coin::{Ledger, Snapshot};

/// Rows of these numbers, newest first.
pub(in super::super) fn rows(
    snapshot: &Snapshot,
    numbers: RangeInclusive<u64>,
    network: &Parameters,
) -> Result<Vec<Row>, StoreError> {
    numbers
        .rev()
        .map(|number| {
            let block = stored_block(snapshot, snapshot.entry_at(number)?.hash(), network)?;
            Ok(Row {
                height: number,
                hash: block.hash().to_string(),
                time: timestamp(block.header().time),
                transactions: block.transactions().len(),
            })
        })
        .collect()
}
