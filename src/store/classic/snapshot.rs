//! Reading: the store as one commit left it, every record checked.

use std::ops::RangeInclusive;
use std::path::Path;

use redb::{ReadOnlyTable, ReadTransaction, ReadableTable, ReadableTableMetadata, TableDefinition};

use super::queue;
use super::state::State;
use super::tables::{BLOCKS, DISPLACED, DISPLACED_BY_HASH, HEIGHTS, PEERS, STATE, WAITING};
use crate::protocol::classic::block::{BlockHash, Height};
use crate::store::StoreError;
use crate::store::layout::META;
use crate::store::reading::Reading;
use crate::store::record;

/// A block as it stands in the store, its text checked against its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredBlock {
    pub height: Height,
    pub hash: BlockHash,
    /// Canonical text.
    pub text: String,
}

/// A transaction that waits for a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingTransaction {
    /// Its place in the queue. Those that came back from displaced blocks have numbers below 1, and so come first.
    pub sequence: i64,
    /// Canonical text.
    pub text: String,
}

impl WaitingTransaction {
    /// Whether it stood in a block that a longer chain displaced.
    pub fn returned(&self) -> bool {
        self.sequence < 1
    }
}

/// A block that a longer chain displaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisplacedBlock {
    /// Counts displaced blocks of this store from 1.
    pub sequence: u64,
    pub height: Height,
    pub hash: BlockHash,
    /// Milliseconds since 1970, by this node's clock.
    pub displaced_at: u64,
    /// Canonical text.
    pub text: String,
}

/// The store as one commit left it; later commits do not change it.
#[derive(Debug)]
pub struct Snapshot {
    reading: Reading,
}

impl Snapshot {
    pub(super) fn of(transaction: ReadTransaction, path: &Path) -> Self {
        Self {
            reading: Reading::new(transaction, path),
        }
    }

    /// The file that this is a state of.
    pub fn path(&self) -> &Path {
        self.reading.path()
    }

    pub(super) fn failed(&self, error: impl Into<redb::Error>) -> StoreError {
        self.reading.failed(error)
    }

    pub(super) fn damaged(
        &self,
        what: impl std::fmt::Display,
        detail: impl Into<String>,
    ) -> StoreError {
        self.reading.damaged(what, detail)
    }

    pub(super) fn table<K: redb::Key + 'static, V: redb::Value + 'static>(
        &self,
        definition: TableDefinition<'_, K, V>,
    ) -> Result<ReadOnlyTable<K, V>, StoreError> {
        self.reading.table(definition)
    }

    /// Tip and sums.
    pub fn state(&self) -> Result<State, StoreError> {
        let meta = self.table(META)?;
        let record = meta.get(STATE).map_err(|error| self.failed(error))?;
        let record = record.ok_or_else(|| self.damaged("the tip", "it is missing"))?;
        let (_, text) =
            record::open_text(record.value()).map_err(|detail| self.damaged("the tip", detail))?;
        State::from_text(text).ok_or_else(|| self.damaged("the tip", "it does not read as one"))
    }

    /// The block at `height` of the current chain.
    pub fn block(&self, height: Height) -> Result<Option<StoredBlock>, StoreError> {
        let mut found = None;
        self.for_each_block(height..=height, |block| {
            found = Some(StoredBlock {
                height: block.height,
                hash: block.hash,
                text: block.text.to_owned(),
            });
            Ok::<_, StoreError>(())
        })?;
        Ok(found)
    }

    /// Calls `visit` with each block of the current chain in `heights`, in order, its text checked against its hash.
    pub fn for_each_block<E: From<StoreError>>(
        &self,
        heights: RangeInclusive<Height>,
        mut visit: impl FnMut(BlockRef<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.for_each_record(heights, |height, stored| {
            let (hash, text) = record::open_text(stored)
                .map_err(|detail| self.damaged(format_args!("block {height}"), detail))?;
            let hash = BlockHash(hash);
            visit(BlockRef { height, hash, text })
        })
    }

    /// [`Self::for_each_block`] for a checker that hashes the text itself: the hash is the recorded one, unchecked.
    pub fn for_each_unchecked<E: From<StoreError>>(
        &self,
        heights: RangeInclusive<Height>,
        mut visit: impl FnMut(BlockRef<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.for_each_record(heights, |height, stored| {
            let damaged = |detail: &str| self.damaged(format_args!("block {height}"), detail);
            let (hash, payload) =
                record::split(stored).ok_or_else(|| damaged("the record is too short"))?;
            let text = std::str::from_utf8(payload).map_err(|_| damaged("it is not text"))?;
            let hash = BlockHash(hash);
            visit(BlockRef { height, hash, text })
        })
    }

    fn for_each_record<E: From<StoreError>>(
        &self,
        heights: RangeInclusive<Height>,
        mut visit: impl FnMut(Height, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let blocks = self.table(BLOCKS)?;
        let (first, last) = (heights.start().0, heights.end().0);
        for entry in blocks
            .range(first..=last)
            .map_err(|error| self.failed(error))?
        {
            let (height, stored) = entry.map_err(|error| self.failed(error))?;
            visit(Height(height.value()), stored.value())?;
        }
        Ok(())
    }

    /// The hash of the block at `height` of the current chain.
    pub fn hash_at(&self, height: Height) -> Result<Option<BlockHash>, StoreError> {
        Ok(self.block(height)?.map(|block| block.hash))
    }

    /// Where the block with this hash stands in the current chain.
    pub fn height_of(&self, hash: BlockHash) -> Result<Option<Height>, StoreError> {
        let heights = self.table(HEIGHTS)?;
        let height = heights.get(hash.0).map_err(|error| self.failed(error))?;
        let Some(height) = height.map(|height| Height(height.value())) else {
            return Ok(None);
        };
        if self.hash_at(height)? == Some(hash) {
            return Ok(Some(height));
        }
        let detail = format!("the index by hash takes it for {hash}");
        Err(self.damaged(format_args!("block {height}"), detail))
    }

    /// How many transactions wait.
    pub fn waiting_total(&self) -> Result<u64, StoreError> {
        let records = self
            .table(WAITING)?
            .len()
            .map_err(|error| self.failed(error))?;
        Ok(records.saturating_sub(self.state()?.vacant()))
    }

    /// At most `limit` waiting transactions behind sequence number `after`, in order.
    pub fn waiting(
        &self,
        after: Option<i64>,
        limit: usize,
    ) -> Result<Vec<WaitingTransaction>, StoreError> {
        let waiting = self.table(WAITING)?;
        let from = after.map_or(i64::MIN, |after| after.saturating_add(1));
        let mut read: Vec<WaitingTransaction> = Vec::new();
        let mut last = None;
        for row in waiting.range(from..).map_err(|error| self.failed(error))? {
            if read.len() == limit {
                break;
            }
            let (sequence, stored) = row.map_err(|error| self.failed(error))?;
            let (sequence, text) = queue::open(sequence.value(), stored.value())
                .map_err(|detail| self.damaged(queue::name(sequence.value()), detail))?;
            queue::follows(last, sequence)
                .map_err(|detail| self.damaged(queue::name(sequence), detail))?;
            last = Some(sequence);
            if text.is_empty() {
                continue;
            }
            read.push(WaitingTransaction {
                sequence,
                text: text.to_owned(),
            });
        }
        if read.len() < limit {
            self.queue_ends(after, last, read.len())?;
        }
        Ok(read)
    }

    /// Whether the queue, read from behind `after`, is over at `last`.
    fn queue_ends(
        &self,
        after: Option<i64>,
        last: Option<i64>,
        rows: usize,
    ) -> Result<(), StoreError> {
        let total = self.waiting_total()?;
        if after.is_none() && total != rows as u64 {
            let detail = format!("{rows} are there, {total} are counted");
            return Err(self.damaged("the waiting transactions", detail));
        }
        let next = self.state()?.next_waiting;
        match last.filter(|last| *last > 0 && *last + 1 != next) {
            Some(last) => Err(self.damaged(queue::name(last + 1), "it is missing")),
            None => Ok(()),
        }
    }

    /// The addresses of known peers, in the order they became known.
    pub fn peers(&self) -> Result<Vec<String>, StoreError> {
        let peers = self.table(PEERS)?;
        let mut read = Vec::new();
        for row in peers.iter().map_err(|error| self.failed(error))? {
            let (number, stored) = row.map_err(|error| self.failed(error))?;
            let number = number.value();
            let text = record::open_text_under(&number.to_le_bytes(), stored.value())
                .map_err(|detail| self.damaged(format_args!("peer {number}"), detail))?;
            read.push(text.to_owned());
        }
        let total = peers.len().map_err(|error| self.failed(error))?;
        if read.len() as u64 != total {
            let detail = format!("{} are there, {total} are counted", read.len());
            return Err(self.damaged("the peers", detail));
        }
        Ok(read)
    }

    /// How many displaced blocks are kept.
    pub fn displaced_total(&self) -> Result<u64, StoreError> {
        self.table(DISPLACED)?
            .len()
            .map_err(|error| self.failed(error))
    }

    /// At most `limit` displaced blocks behind sequence number `after`, oldest first.
    pub fn displaced(&self, after: u64, limit: usize) -> Result<Vec<DisplacedBlock>, StoreError> {
        let displaced = self.table(DISPLACED)?;
        let rows = displaced
            .range(after.saturating_add(1)..)
            .map_err(|error| self.failed(error))?;
        let mut read = Vec::new();
        for (row, expected) in rows.take(limit).zip(after.saturating_add(1)..) {
            let (sequence, stored) = row.map_err(|error| self.failed(error))?;
            if sequence.value() != expected {
                return Err(self.no_displaced(expected));
            }
            read.push(self.displaced_block(expected, stored.value())?);
        }
        let next = after.saturating_add(read.len() as u64 + 1);
        if read.len() < limit && next <= self.displaced_total()? {
            return Err(self.no_displaced(next));
        }
        Ok(read)
    }

    fn no_displaced(&self, sequence: u64) -> StoreError {
        self.damaged(format_args!("displaced block {sequence}"), "it is missing")
    }

    /// The displaced block with this hash; if it was displaced more than once, the last time.
    pub fn displaced_by_hash(&self, hash: BlockHash) -> Result<Option<DisplacedBlock>, StoreError> {
        let by_hash = self.table(DISPLACED_BY_HASH)?;
        let Some(sequence) = by_hash.get(hash.0).map_err(|error| self.failed(error))? else {
            return Ok(None);
        };
        let displaced = self.table(DISPLACED)?;
        let stored = displaced
            .get(sequence.value())
            .map_err(|error| self.failed(error))?;
        let stored = stored.ok_or_else(|| self.no_displaced(sequence.value()))?;
        let block = self.displaced_block(sequence.value(), stored.value())?;
        if block.hash == hash {
            return Ok(Some(block));
        }
        let detail = format!("the index by hash takes it for {hash}");
        Err(self.damaged(format_args!("displaced block {}", sequence.value()), detail))
    }

    fn displaced_block(&self, sequence: u64, stored: &[u8]) -> Result<DisplacedBlock, StoreError> {
        let damaged =
            |detail: String| self.damaged(format_args!("displaced block {sequence}"), detail);
        let payload = record::open_under(&sequence.to_le_bytes(), stored).map_err(damaged)?;
        let short = || damaged("the record is too short".to_owned());
        let (height, payload) = payload.split_first_chunk::<8>().ok_or_else(short)?;
        let (displaced_at, payload) = payload.split_first_chunk::<8>().ok_or_else(short)?;
        let text =
            std::str::from_utf8(payload).map_err(|_| damaged("it is not text".to_owned()))?;
        Ok(DisplacedBlock {
            sequence,
            height: Height(u64::from_le_bytes(*height)),
            hash: BlockHash::of(text),
            displaced_at: u64::from_le_bytes(*displaced_at),
            text: text.to_owned(),
        })
    }
}

/// A block in the store's own memory.
#[derive(Debug, Clone, Copy)]
pub struct BlockRef<'a> {
    pub height: Height,
    pub hash: BlockHash,
    /// Canonical text.
    pub text: &'a str,
}
