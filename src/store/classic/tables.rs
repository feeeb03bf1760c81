//! Writing: the tables of one transaction, committed whole or not at all.

use std::path::{Path, PathBuf};

use redb::{
    ReadableTable, ReadableTableMetadata, Table, TableDefinition, TableError, WriteTransaction,
};

use super::queue;
use super::state::State;
use super::travelling::Travelling;
use crate::protocol::classic::block::{Block, BlockHash, Height};
use crate::protocol::classic::tag::{BlockTags, Tag, TransactionId};
use crate::store::StoreError;
use crate::store::layout::META;
use crate::store::record;

/// The current chain by height: hash and canonical text.
pub(super) const BLOCKS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("blocks");
/// The current chain by hash.
pub(super) const HEIGHTS: TableDefinition<'_, [u8; 32], u64> = TableDefinition::new("heights");
/// Transactions that wait, by place in the queue.
pub(super) const WAITING: TableDefinition<'_, i64, &[u8]> = TableDefinition::new("waiting");
pub(super) const PEERS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("peers");
/// Height and time, both as eight little-endian bytes, then the canonical text.
pub(super) const DISPLACED: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("displaced");
pub(super) const DISPLACED_BY_HASH: TableDefinition<'_, [u8; 32], u64> =
    TableDefinition::new("displaced_by_hash");

/// The state's record in [`META`].
pub(super) const STATE: &str = "state";

/// Makes the tables of a chain of one block.
pub(super) fn create(transaction: &WriteTransaction, first: &Block) -> Result<(), redb::Error> {
    let state = State {
        tip: first.link(),
        waiting_bytes: 0,
        next_waiting: 1,
        travels: None,
    };
    let mut meta = transaction.open_table(META)?;
    meta.insert(STATE, record::seal(state.to_text().as_bytes()).as_slice())?;
    let sealed = record::seal_with(first.hash().0, first.text().as_bytes());
    transaction
        .open_table(BLOCKS)?
        .insert(Height::FIRST.0, sealed.as_slice())?;
    transaction
        .open_table(HEIGHTS)?
        .insert(first.hash().0, Height::FIRST.0)?;
    transaction.open_table(WAITING)?;
    transaction.open_table(PEERS)?;
    transaction.open_table(DISPLACED)?;
    transaction.open_table(DISPLACED_BY_HASH)?;
    Ok(())
}

/// Transactions taken from the queue for a block.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Their canonical texts, in order, joined by `", "`.
    pub joined: String,
    pub count: usize,
    /// Their tags, where transactions travel.
    pub tags: BlockTags,
}

/// The tables of one write transaction; only the writer holds one.
pub struct Tables<'t> {
    pub(super) path: PathBuf,
    pub(super) transaction: &'t WriteTransaction,
    pub(super) state: State,
    pub(super) meta: Table<'t, &'static str, &'static [u8]>,
    blocks: Table<'t, u64, &'static [u8]>,
    pub(super) heights: Table<'t, [u8; 32], u64>,
    pub(super) waiting: Table<'t, i64, &'static [u8]>,
    peers: Table<'t, u64, &'static [u8]>,
    displaced: Table<'t, u64, &'static [u8]>,
    pub(super) displaced_by_hash: Table<'t, [u8; 32], u64>,
    /// Only where transactions travel.
    pub(super) travelling: Option<Travelling<'t>>,
}

impl<'t> Tables<'t> {
    pub(super) fn open(transaction: &'t WriteTransaction, path: &Path) -> Result<Self, StoreError> {
        let failed = |error: TableError| StoreError::from_database(path, error);
        let damaged = |detail: String| StoreError::damaged(path, "the tip", detail);
        let meta = transaction.open_table(META).map_err(failed)?;
        let state = {
            let stored = meta
                .get(STATE)
                .map_err(|error| StoreError::from_database(path, error))?;
            let stored = stored.ok_or_else(|| damaged("it is missing".to_owned()))?;
            let (_, text) = record::open_text(stored.value()).map_err(damaged)?;
            State::from_text(text).ok_or_else(|| damaged("it does not read as one".to_owned()))?
        };
        Ok(Self {
            path: path.to_owned(),
            transaction,
            travelling: match state.travels {
                Some(_) => Some(Travelling::open(transaction, path)?),
                None => None,
            },
            state,
            meta,
            blocks: transaction.open_table(BLOCKS).map_err(failed)?,
            heights: transaction.open_table(HEIGHTS).map_err(failed)?,
            waiting: transaction.open_table(WAITING).map_err(failed)?,
            peers: transaction.open_table(PEERS).map_err(failed)?,
            displaced: transaction.open_table(DISPLACED).map_err(failed)?,
            displaced_by_hash: transaction.open_table(DISPLACED_BY_HASH).map_err(failed)?,
        })
    }

    pub(super) fn failed(&self, error: redb::StorageError) -> StoreError {
        StoreError::from_database(&self.path, error)
    }

    pub(super) fn damaged(
        &self,
        what: impl std::fmt::Display,
        detail: impl Into<String>,
    ) -> StoreError {
        StoreError::damaged(&self.path, what, detail)
    }

    pub(super) fn write_state(&mut self) -> Result<(), StoreError> {
        let sealed = record::seal(self.state.to_text().as_bytes());
        let written = self.meta.insert(STATE, sealed.as_slice()).map(drop);
        written.map_err(|error| self.failed(error))
    }

    /// Tip and sums, as this transaction has them.
    pub fn state(&self) -> State {
        self.state
    }

    /// Puts a block on top of the tip.
    pub fn append_block(&mut self, block: &Block) -> Result<(), StoreError> {
        let sealed = record::seal_with(block.hash().0, block.text().as_bytes());
        let height = block.height().0;
        let written = self.blocks.insert(height, sealed.as_slice()).map(drop);
        written
            .and_then(|()| self.heights.insert(block.hash().0, height).map(drop))
            .map_err(|error| self.failed(error))?;
        self.state.tip = block.link();
        Ok(())
    }

    /// Takes the tip off the chain, as long as it stands above `fork`, and keeps it among the displaced blocks.
    /// Returns its canonical text.
    pub fn displace_block(
        &mut self,
        height: Height,
        displaced_at: u64,
    ) -> Result<String, StoreError> {
        let damaged = |detail: String| {
            StoreError::damaged(&self.path, format_args!("block {height}"), detail)
        };
        let (hash, text) = {
            let removed = self
                .blocks
                .remove(height.0)
                .map_err(|error| StoreError::from_database(&self.path, error))?;
            let removed = removed.ok_or_else(|| damaged("it is missing".to_owned()))?;
            let (hash, text) = record::open_text(removed.value()).map_err(damaged)?;
            (hash, text.to_owned())
        };
        let last = self
            .displaced
            .last()
            .map_err(|error| self.failed(error))?
            .map_or(0, |(sequence, _)| sequence.value());
        let mut payload = Vec::with_capacity(16 + text.len());
        payload.extend_from_slice(&height.0.to_le_bytes());
        payload.extend_from_slice(&displaced_at.to_le_bytes());
        payload.extend_from_slice(text.as_bytes());
        let sealed = record::seal_under(&(last + 1).to_le_bytes(), &payload);
        let written = self.heights.remove(hash).map(drop);
        let written =
            written.and_then(|()| self.displaced.insert(last + 1, sealed.as_slice()).map(drop));
        let written =
            written.and_then(|()| self.displaced_by_hash.insert(hash, last + 1).map(drop));
        written.map_err(|error| self.failed(error))?;
        Ok(text)
    }

    /// The hash of the block at `height`.
    pub fn hash_at(&self, height: Height) -> Result<Option<BlockHash>, StoreError> {
        let stored = self
            .blocks
            .get(height.0)
            .map_err(|error| self.failed(error))?;
        let hash =
            stored.map(|stored| record::open(stored.value()).map(|(hash, _)| BlockHash(hash)));
        hash.transpose()
            .map_err(|detail| self.damaged(format_args!("block {height}"), detail))
    }

    /// The place and the text of the block with this hash, if it stands in the current chain.
    pub(super) fn block_by_hash(
        &self,
        hash: BlockHash,
    ) -> Result<Option<(Height, String)>, StoreError> {
        let height = self.heights.get(hash.0);
        let Some(height) = height.map_err(|error| self.failed(error))? else {
            return Ok(None);
        };
        let height = Height(height.value());
        let stored = self.blocks.get(height.0);
        let Some(stored) = stored.map_err(|error| self.failed(error))? else {
            return Ok(None);
        };
        match record::open_text(stored.value()) {
            Ok((found, text)) if found == hash.0 => Ok(Some((height, text.to_owned()))),
            Ok(_) => Err(self.damaged(
                format_args!("block {height}"),
                "the index by hash takes it for another",
            )),
            Err(detail) => Err(self.damaged(format_args!("block {height}"), detail)),
        }
    }

    /// How many transactions wait.
    pub fn waiting_total(&self) -> Result<u64, StoreError> {
        let records = self.waiting.len().map_err(|error| self.failed(error))?;
        Ok(records.saturating_sub(self.state.vacant()))
    }

    /// Puts a transaction at the end of the queue.
    pub fn push_waiting(&mut self, text: &str) -> Result<(), StoreError> {
        let sequence = self.state.next_waiting;
        self.put_waiting(sequence, text)?;
        self.state.next_waiting = sequence + 1;
        Ok(())
    }

    pub(super) fn put_waiting(&mut self, sequence: i64, text: &str) -> Result<(), StoreError> {
        let written = self
            .waiting
            .insert(sequence, queue::seal(sequence, text).as_slice())
            .map(drop);
        written.map_err(|error| self.failed(error))?;
        self.state.waiting_bytes += text.len() as u64;
        Ok(())
    }

    /// Takes transactions from the front of the queue, as long as their texts joined stay within `max_bytes`.
    pub fn take_waiting(&mut self, max_bytes: usize) -> Result<Waiting, StoreError> {
        const SEPARATOR: &str = ", ";
        let mut taken = Waiting::default();
        let mut last = None;
        let mut rows = Vec::new();
        let mut tags = Vec::new();
        for row in self.waiting.iter().map_err(|error| self.failed(error))? {
            let (sequence, stored) = row.map_err(|error| self.failed(error))?;
            let (sequence, text) = queue::open(sequence.value(), stored.value())
                .and_then(|row| queue::follows(last, row.0).map(|()| row))
                .map_err(|detail| self.damaged(queue::name(sequence.value()), detail))?;
            last = Some(sequence);
            if text.is_empty() {
                rows.push((sequence, 0, None));
                continue;
            }
            let separator = if taken.count == 0 { "" } else { SEPARATOR };
            if taken.joined.len() + separator.len() + text.len() > max_bytes {
                break;
            }
            taken.joined.push_str(separator);
            taken.joined.push_str(text);
            taken.count += 1;
            let kept = self.kept_tag(sequence)?;
            if let Some(travels) = self.state.travels {
                tags.push(Some(kept.unwrap_or(Tag::of_node(travels.node, sequence))));
            }
            let kept = kept.map(|tag| TransactionId::of(tag, text));
            rows.push((sequence, text.len() as u64, kept));
        }
        for (sequence, bytes, kept) in rows {
            self.remove_waiting(sequence, bytes, kept)?;
        }
        taken.tags = tags.into_iter().collect();
        Ok(taken)
    }

    /// Takes a record off the queue, vacant if it has no bytes; `kept` is by what its own tag was kept.
    pub(super) fn remove_waiting(
        &mut self,
        sequence: i64,
        bytes: u64,
        kept: Option<TransactionId>,
    ) -> Result<(), StoreError> {
        let removed = self.waiting.remove(sequence).map(drop);
        removed.map_err(|error| self.failed(error))?;
        self.state.waiting_bytes = self.state.waiting_bytes.saturating_sub(bytes);
        if let Some(travels) = self.state.travels.as_mut().filter(|_| bytes == 0) {
            travels.vacant = travels.vacant.saturating_sub(1);
        }
        match kept {
            Some(id) => self.forget_tag(sequence, id),
            None => Ok(()),
        }
    }

    /// Takes out the transactions that came back from displaced blocks before and still wait: the front of the queue. Where
    /// transactions travel: [`Self::take_returned_with_tags`].
    pub fn take_returned(&mut self) -> Result<Vec<Box<str>>, StoreError> {
        let mut returned = Vec::new();
        for (sequence, text) in self.returned()? {
            self.remove_waiting(sequence, text.len() as u64, None)?;
            returned.push(text);
        }
        Ok(returned)
    }

    /// The transactions that came back from displaced blocks and still wait, by place; vacant places have no text.
    pub(super) fn returned(&self) -> Result<Vec<(i64, Box<str>)>, StoreError> {
        let rows = self.waiting.range(..1);
        rows.map_err(|error| self.failed(error))?
            .map(|row| {
                let (sequence, stored) = row.map_err(|error| self.failed(error))?;
                let (sequence, text) = queue::open(sequence.value(), stored.value())
                    .map_err(|detail| self.damaged(queue::name(sequence.value()), detail))?;
                Ok((sequence, text.into()))
            })
            .collect()
    }

    /// Puts transactions that came back from displaced blocks at the front of the queue, in order; the front must be free of
    /// earlier ones ([`Self::take_returned`]). Their sequence numbers end at 0.
    pub fn put_returned(&mut self, texts: &[Box<str>]) -> Result<(), StoreError> {
        let first = 1 - i64::try_from(texts.len()).unwrap_or(i64::MAX);
        for (sequence, text) in (first..=0).zip(texts) {
            self.put_waiting(sequence, text)?;
        }
        Ok(())
    }

    /// Remembers a peer; the caller has seen that it is new.
    pub fn add_peer(&mut self, address: &str) -> Result<(), StoreError> {
        let last = self
            .peers
            .last()
            .map_err(|error| self.failed(error))?
            .map_or(0, |(number, _)| number.value());
        let sealed = record::seal_under(&(last + 1).to_le_bytes(), address.as_bytes());
        let written = self.peers.insert(last + 1, sealed.as_slice()).map(drop);
        written.map_err(|error| self.failed(error))
    }
}
