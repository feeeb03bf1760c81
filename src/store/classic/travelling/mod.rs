//! What is kept where transactions travel between nodes: by which tags they wait, and by which they stand in blocks.
//!
//! The tables are made when a store's transactions begin to travel, and kept up from then on. A transaction that entered here waits
//! under a tag that follows from its place in the queue, and costs no record; one that came from elsewhere, or back from a displaced
//! block, has its tag in [`TAGS`]. The two indexes by what an id says are held against the records that they point at.

mod audit;
mod blocks;
mod finding;
mod reading;

pub use reading::{KeptTags, Page};

use std::path::Path;

use redb::{
    ReadableTable, ReadableTableMetadata, StorageError, Table, TableDefinition, WriteTransaction,
};

use super::tables::Tables;
use super::{Classic, queue, state::Travels};
use crate::protocol::classic::tag::{Tag, TransactionId};
use crate::store::opening::raise_format;
use crate::store::{Layout, StoreError, record};

/// Tags of waiting transactions that do not follow from their places.
pub(super) const TAGS: TableDefinition<'_, i64, &[u8]> = TableDefinition::new("tags");
/// The places of those.
pub(super) const TAGS_BY_ID: TableDefinition<'_, [u8; 32], i64> =
    TableDefinition::new("tags_by_id");
/// The same by what equal texts have in common, then by place.
pub(super) const TAGS_BY_TEXT: TableDefinition<'_, (u64, i64), ()> =
    TableDefinition::new("tags_by_text");
/// The tags of a block's transactions, by height, sealed under the block's hash as well.
pub(super) const BLOCK_TAGS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("block_tags");
/// In which block of the current chain a transaction stands first.
pub(super) const MINED_BY_ID: TableDefinition<'_, [u8; 32], u64> =
    TableDefinition::new("mined_by_id");

/// The tables, while writing.
pub(super) struct Travelling<'t> {
    pub(super) tags: Table<'t, i64, &'static [u8]>,
    pub(super) by_id: Table<'t, [u8; 32], i64>,
    pub(super) by_text: Table<'t, (u64, i64), ()>,
    pub(super) of_blocks: Table<'t, u64, &'static [u8]>,
    pub(super) mined: Table<'t, [u8; 32], u64>,
}

impl<'t> Travelling<'t> {
    pub(super) fn open(transaction: &'t WriteTransaction, path: &Path) -> Result<Self, StoreError> {
        let opened = || -> Result<Self, redb::TableError> {
            Ok(Self {
                tags: transaction.open_table(TAGS)?,
                by_id: transaction.open_table(TAGS_BY_ID)?,
                by_text: transaction.open_table(TAGS_BY_TEXT)?,
                of_blocks: transaction.open_table(BLOCK_TAGS)?,
                mined: transaction.open_table(MINED_BY_ID)?,
            })
        };
        opened().map_err(|error| StoreError::from_database(path, error))
    }
}

/// What a tag is called in errors.
fn name(sequence: i64) -> String {
    format!("the tag of waiting transaction {sequence}")
}

fn seal(sequence: i64, tag: Tag) -> Vec<u8> {
    record::seal_under(&sequence.to_le_bytes(), &tag.bytes())
}

/// The tag in a record; what is wrong with it otherwise.
fn open(sequence: i64, stored: &[u8]) -> Result<Tag, String> {
    let bytes = record::open_under(&sequence.to_le_bytes(), stored)?;
    let bytes = bytes.try_into().ok();
    bytes
        .and_then(Tag::from_bytes)
        .ok_or_else(|| "it is no tag".to_owned())
}

impl Tables<'_> {
    /// From here on the store keeps tags; programs that do not know them refuse it. Nothing happens where it does already.
    ///
    /// # Errors
    /// When the database refuses, or a record does not read.
    pub fn begin_travelling(&mut self) -> Result<(), StoreError> {
        if self.state.travels.is_some() {
            return Ok(());
        }
        let node_id = raise_format(&mut self.meta, &self.path, Classic::FORMAT_VERSION)?;
        let node = hex::decode(&node_id)
            .ok()
            .and_then(|bytes| bytes.try_into().ok());
        let node: [u8; 16] = node.ok_or_else(|| {
            self.damaged("the store's identity", format!("{node_id} is no node's id"))
        })?;
        self.travelling = Some(Travelling::open(self.transaction, &self.path)?);
        self.state.travels = Some(Travels { node, vacant: 0 });
        // Places below 1 are given again at every switch, so these tags must be kept.
        for (sequence, text) in self.returned()? {
            let tag = Tag::of_node(node, sequence);
            self.keep_tag(sequence, TransactionId::of(tag, &text), tag)?;
        }
        Ok(())
    }

    /// Puts a transaction of another node at the end of the queue, under its tag; the caller has seen that nobody knows it here.
    pub fn push_travelling(&mut self, text: &str, tag: Tag) -> Result<(), StoreError> {
        let sequence = self.state.next_waiting;
        self.push_waiting(text)?;
        self.keep_tag(sequence, TransactionId::of(tag, text), tag)
    }

    /// By which tag the transaction waits that comes next to the end of the queue, where transactions travel.
    pub fn next_tag(&self) -> Option<Tag> {
        let travels = self.state.travels?;
        Some(Tag::of_node(travels.node, self.state.next_waiting))
    }

    /// Takes out the transactions that came back from displaced blocks before and still wait, with their tags.
    pub fn take_returned_with_tags(&mut self) -> Result<Vec<(Box<str>, Tag)>, StoreError> {
        let mut returned = Vec::new();
        for (sequence, text) in self.returned()? {
            let tag = self.kept_tag(sequence)?;
            let id = tag.map(|tag| TransactionId::of(tag, &text));
            self.remove_waiting(sequence, text.len() as u64, id)?;
            match tag {
                Some(tag) => returned.push((text, tag)),
                None if text.is_empty() => {}
                None => return Err(self.damaged(name(sequence), "it is missing")),
            }
        }
        Ok(returned)
    }

    /// Puts transactions that came back from displaced blocks at the front of the queue, in order, less those that wait already or
    /// stand in the chain; the front must be free of earlier ones ([`Self::take_returned_with_tags`]).
    pub fn put_returned_with_tags(
        &mut self,
        mut returned: Vec<(Box<str>, Tag)>,
    ) -> Result<(), StoreError> {
        let mut seen = std::collections::HashSet::new();
        let mut wanted = Vec::new();
        for (text, tag) in &returned {
            let id = TransactionId::of(*tag, text);
            wanted.push(
                seen.insert(id)
                    && self.waiting_place(&id)?.is_none()
                    && self.mined_at(&id)?.is_none(),
            );
        }
        let mut wanted = wanted.into_iter();
        returned.retain(|_| wanted.next().unwrap_or_default());
        let first = 1 - i64::try_from(returned.len()).unwrap_or(i64::MAX);
        for (sequence, (text, tag)) in (first..=0).zip(returned) {
            self.put_waiting(sequence, &text)?;
            self.keep_tag(sequence, TransactionId::of(tag, &text), tag)?;
        }
        Ok(())
    }

    /// The tag that is kept for a place of the queue.
    pub(super) fn kept_tag(&self, sequence: i64) -> Result<Option<Tag>, StoreError> {
        let Some(travelling) = &self.travelling else {
            return Ok(None);
        };
        finding::kept_tag(&travelling.tags, &self.path, sequence)
    }

    fn keep_tag(&mut self, sequence: i64, id: TransactionId, tag: Tag) -> Result<(), StoreError> {
        self.change(|travelling| {
            let sealed = seal(sequence, tag);
            travelling.tags.insert(sequence, sealed.as_slice())?;
            travelling.by_id.insert(id.0, sequence)?;
            travelling.by_text.insert((id.text_key(), sequence), ())?;
            Ok(())
        })
    }

    pub(super) fn forget_tag(
        &mut self,
        sequence: i64,
        id: TransactionId,
    ) -> Result<(), StoreError> {
        self.change(|travelling| {
            travelling.tags.remove(sequence)?;
            travelling.by_id.remove(id.0)?;
            travelling.by_text.remove((id.text_key(), sequence))?;
            Ok(())
        })
    }

    /// Changes the tables of tags, where there are any.
    fn change(
        &mut self,
        change: impl FnOnce(&mut Travelling<'_>) -> Result<(), StorageError>,
    ) -> Result<(), StoreError> {
        match self.travelling.as_mut().map_or(Ok(()), change) {
            Ok(()) => Ok(()),
            Err(error) => Err(self.failed(error)),
        }
    }

    /// Has a transaction leave the queue from wherever it is. Its place stays, vacant, until it comes to the front: so a place that
    /// is missing is always damage.
    fn leave(&mut self, sequence: i64, text: &str) -> Result<(), StoreError> {
        if let Some(tag) = self.kept_tag(sequence)? {
            self.forget_tag(sequence, TransactionId::of(tag, text))?;
        }
        let vacated = self
            .waiting
            .insert(sequence, queue::seal(sequence, "").as_slice())
            .map(drop);
        vacated.map_err(|error| self.failed(error))?;
        self.state.waiting_bytes = self.state.waiting_bytes.saturating_sub(text.len() as u64);
        if let Some(travels) = self.state.travels.as_mut() {
            travels.vacant += 1;
        }
        Ok(())
    }

    /// Clears vacant places off the front of the queue.
    fn clear_front(&mut self) -> Result<(), StoreError> {
        if self.state.vacant() == 0 {
            return Ok(());
        }
        let mut vacant = Vec::new();
        for row in self.waiting.iter().map_err(|error| self.failed(error))? {
            let (sequence, stored) = row.map_err(|error| self.failed(error))?;
            let (sequence, text) = queue::open(sequence.value(), stored.value())
                .map_err(|detail| self.damaged(queue::name(sequence.value()), detail))?;
            if !text.is_empty() {
                break;
            }
            vacant.push(sequence);
        }
        vacant
            .into_iter()
            .try_for_each(|sequence| self.remove_waiting(sequence, 0, None))
    }

    /// Whether no waiting transaction has a tag of its own.
    fn no_tag_is_kept(&self) -> Result<bool, StoreError> {
        let is_empty = |travelling: &Travelling<'_>| travelling.tags.is_empty();
        let is_empty = self.travelling.as_ref().map_or(Ok(true), is_empty);
        is_empty.map_err(|error| self.failed(error))
    }
}
