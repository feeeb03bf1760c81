//! Finding a transaction by its id, alike while writing and while reading.

use std::path::Path;

use redb::ReadableTable;

use super::{name, open};
use crate::protocol::classic::block::BlockHash;
use crate::protocol::classic::tag::{Tag, TransactionId};
use crate::store::StoreError;
use crate::store::classic::queue;

/// The tag that is kept for a place of the queue.
pub(super) fn kept_tag(
    tags: &impl ReadableTable<i64, &'static [u8]>,
    path: &Path,
    sequence: i64,
) -> Result<Option<Tag>, StoreError> {
    let stored = tags
        .get(sequence)
        .map_err(|error| StoreError::from_database(path, error))?;
    let tag = stored.map(|stored| open(sequence, stored.value()));
    tag.transpose()
        .map_err(|detail| StoreError::damaged(path, name(sequence), detail))
}

/// Where the transaction waits, and its text.
pub(super) fn waiting_place(
    (tags, by_id, waiting): (
        &impl ReadableTable<i64, &'static [u8]>,
        &impl ReadableTable<[u8; 32], i64>,
        &impl ReadableTable<i64, &'static [u8]>,
    ),
    path: &Path,
    node: [u8; 16],
    id: &TransactionId,
) -> Result<Option<(i64, String)>, StoreError> {
    let failed = |error: redb::StorageError| StoreError::from_database(path, error);
    let Some(tag) = id.tag() else {
        return Ok(None);
    };
    if let Some(sequence) = by_id.get(id.0).map_err(failed)?.map(|found| found.value()) {
        let wrong = |detail: &str| StoreError::damaged(path, name(sequence), detail);
        let text = text_at(waiting, path, sequence)?;
        let text = text.ok_or_else(|| wrong("it is of no transaction"))?;
        if kept_tag(tags, path, sequence)? != Some(tag) || !id.is_of_text(&text) {
            return Err(wrong("the index by id takes it for another"));
        }
        return Ok(Some((sequence, text)));
    }
    let Some(sequence) = tag.place_at(node) else {
        return Ok(None);
    };
    if sequence < 1 || kept_tag(tags, path, sequence)?.is_some() {
        return Ok(None);
    }
    let text = text_at(waiting, path, sequence)?;
    Ok(text
        .filter(|text| id.is_of_text(text))
        .map(|text| (sequence, text)))
}

/// The text of the transaction that waits at a place, if one does.
pub(super) fn text_at(
    waiting: &impl ReadableTable<i64, &'static [u8]>,
    path: &Path,
    sequence: i64,
) -> Result<Option<String>, StoreError> {
    let stored = waiting
        .get(sequence)
        .map_err(|error| StoreError::from_database(path, error))?;
    let Some(stored) = stored else {
        return Ok(None);
    };
    let (_, text) = queue::open(sequence, stored.value())
        .map_err(|detail| StoreError::damaged(path, queue::name(sequence), detail))?;
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

/// Whether the tag names a position of a block in this index by hash. Its transaction is then known, wherever it went since; with
/// another text than the block has there, the tag is a lie, and nothing is lost with it.
pub(super) fn names_block(
    by_hash: &impl ReadableTable<[u8; 32], u64>,
    path: &Path,
    tag: Tag,
) -> Result<bool, StoreError> {
    let failed = |error: redb::StorageError| StoreError::from_database(path, error);
    let Some((first_bytes, position)) = tag.block_and_position() else {
        return Ok(false);
    };
    let bound = |rest: u8| {
        let mut hash = [rest; 32];
        let (first, _) = hash.split_at_mut(first_bytes.len());
        first.copy_from_slice(&first_bytes);
        hash
    };
    for row in by_hash.range(bound(0)..=bound(0xff)).map_err(failed)? {
        let hash = BlockHash(row.map_err(failed)?.0.value());
        if Tag::of_block(hash, position) == tag {
            return Ok(true);
        }
    }
    Ok(false)
}
