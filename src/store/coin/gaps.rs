//! Misses: that nothing is under a key is believed only where the table is in order around it.
//!
//! One bit that flipped in a key leaves its row where it was, under another name: whoever looks for the old one ends beside it. A search that was led astray higher up ends beside
//! what does not belong there. So the rows on both sides of a gap must lie on their sides of it, and say what they must under the keys that they have.

use std::ops::Range;

use alloy_primitives::Address;
use redb::{ReadableTable, Value};

use super::ledger::{Ledger, Rooms};
use super::records::{Position, Record};
use crate::store::StoreError;

/// A row of the table of histories: account, number, place in the block.
type HistoryRow = ([u8; 20], u64, u32);

/// The rows next to a key under which nothing is.
pub(super) fn beside<V: Value + 'static, T>(
    rooms: &(impl Rooms + ?Sized),
    table: &impl ReadableTable<[u8; 32], V>,
    key: [u8; 32],
    what: impl Fn() -> String,
    read: impl Fn(V::SelfType<'_>) -> T,
) -> Result<Vec<([u8; 32], T)>, StoreError> {
    let failed = |error| StoreError::from_database(rooms.path(), error);
    let mut below = table.range::<[u8; 32]>(..key).map_err(failed)?;
    let mut above = table.range::<[u8; 32]>(key..).map_err(failed)?;
    let mut found = Vec::with_capacity(2);
    for (row, is_below) in [(below.next_back(), true), (above.next(), false)] {
        let Some(row) = row else { continue };
        let (name, value) = row.map_err(failed)?;
        let name = name.value();
        if name == key || (name < key) != is_below {
            return Err(StoreError::damaged(rooms.path(), what(), OUT_OF_ORDER));
        }
        found.push((name, read(value.value())));
    }
    Ok(found)
}

const OUT_OF_ORDER: &str = "its table is out of order";

/// That the records next to a key under which nothing is are whole.
pub(super) fn is_sound<R: Record>(
    rooms: &(impl Rooms + ?Sized),
    table: &impl ReadableTable<[u8; 32], &'static [u8]>,
    key: [u8; 32],
    what: impl Fn() -> String,
) -> Result<(), StoreError> {
    for (name, sealed) in beside(rooms, table, key, &what, <[u8]>::to_vec)? {
        R::open(&name, &sealed).map_err(|detail| {
            let detail = format!("it is missing, and the record beside it is damaged: {detail}");
            StoreError::damaged(rooms.path(), what(), detail)
        })?;
    }
    Ok(())
}

/// The rows of an account's history, before `before` if that is given.
pub(super) fn history_range(account: Address, before: Option<Position>) -> Range<HistoryRow> {
    let account = account.into_array();
    let end = before.map_or((u64::MAX, u32::MAX), |before| (before.number, before.index));
    (account, 0, 0)..(account, end.0, end.1)
}

/// The rows next to that range.
pub(super) fn beside_history(
    ledger: &(impl Ledger + ?Sized),
    account: Address,
    before: Option<Position>,
) -> Result<Vec<(Address, Position)>, StoreError> {
    let table = ledger.history_table();
    let failed = |error| ledger.failed(error);
    let range = history_range(account, before);
    let mut below = table.range(..range.start).map_err(failed)?;
    let mut above = table.range(range.end..).map_err(failed)?;
    let mut found = Vec::with_capacity(2);
    for (row, is_below) in [(below.next_back(), true), (above.next(), false)] {
        let Some(row) = row else { continue };
        let (key, _) = row.map_err(failed)?;
        let row = key.value();
        let is_in_order = if is_below {
            row < range.start
        } else {
            row >= range.end
        };
        if !is_in_order {
            let what = format_args!("the history of {account}");
            return Err(ledger.damaged(what, OUT_OF_ORDER));
        }
        let position = Position {
            number: row.1,
            index: row.2,
        };
        found.push((Address::new(row.0), position));
    }
    Ok(found)
}
