//! Writing: the tables of one transaction, committed whole or not at all.

use std::path::{Path, PathBuf};

use redb::{
    Database, ReadableDatabase, ReadableTable, ReadableTableMetadata, Table, TableDefinition,
    WriteTransaction,
};

use super::record::{self, Identity, State};
use super::{FORMAT_VERSION, OpenError, StoreError, StoreOptions};
use crate::protocol::classic::block::{Block, BlockHash, Height};

pub(super) const META: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("meta");
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

const IDENTITY: &str = "identity";
pub(super) const STATE: &str = "state";

/// Why a commit did not happen.
pub(super) enum Failed<E> {
    /// The change itself said no.
    Change(E),
    /// The database said no.
    Store(StoreError),
}

/// Runs `change` on the tables and commits.
pub(super) fn commit<T, E>(
    database: &Database,
    path: &Path,
    change: impl FnOnce(&mut Tables<'_>) -> Result<T, E>,
) -> Result<T, Failed<E>> {
    let failed = |error: redb::Error| Failed::Store(StoreError::from_database(path, error));
    let transaction = begin(database).map_err(failed)?;
    let answer = {
        let mut tables = Tables::open(&transaction, path).map_err(Failed::Store)?;
        let answer = change(&mut tables).map_err(Failed::Change)?;
        tables.write_state().map_err(Failed::Store)?;
        answer
    };
    transaction.commit().map_err(|error| failed(error.into()))?;
    Ok(answer)
}

fn begin(database: &Database) -> Result<WriteTransaction, redb::Error> {
    let mut transaction = database.begin_write()?;
    // One-phase commits trust a checksum to tell a torn commit from a whole one, and peers choose part of the bytes.
    transaction.set_two_phase_commit(true);
    Ok(transaction)
}

/// Makes the tables of a new store, or checks that an old one is this program's and this network's.
pub(super) fn prepare(
    database: &Database,
    path: &Path,
    options: &StoreOptions,
    first_block: impl FnOnce() -> Option<Block>,
) -> Result<Identity, OpenError> {
    let from_store = |error| OpenError::from_store(path, error);
    let failed = |error: redb::Error| from_store(StoreError::from_database(path, error));
    if let Some(identity) = read_identity(database, path)? {
        if identity.format > FORMAT_VERSION {
            return Err(OpenError::Newer {
                path: path.to_owned(),
                found: identity.format,
                known: FORMAT_VERSION,
            });
        }
        if identity.network != options.network {
            return Err(OpenError::OtherNetwork {
                path: path.to_owned(),
                found: identity.network,
                wanted: options.network.clone(),
            });
        }
        return Ok(identity);
    }
    let identity = Identity {
        format: FORMAT_VERSION,
        network: options.network.clone(),
        node_id: uuid::Uuid::new_v4().simple().to_string(),
    };
    let transaction = begin(database).map_err(failed)?;
    let first_block = first_block().ok_or_else(|| OpenError::Foreign {
        path: path.to_owned(),
        detail: "it is an empty database".to_owned(),
    })?;
    let state = State {
        tip: first_block.link(),
        waiting_bytes: 0,
        next_waiting: 1,
    };
    let written = (|| -> Result<(), redb::Error> {
        let mut meta = transaction.open_table(META)?;
        let identity = serde_json::to_vec(&identity).expect("three plain members are JSON");
        meta.insert(IDENTITY, record::seal(&identity).as_slice())?;
        meta.insert(STATE, record::seal(state.to_text().as_bytes()).as_slice())?;
        let sealed = record::seal_with(first_block.hash().0, first_block.text().as_bytes());
        transaction
            .open_table(BLOCKS)?
            .insert(Height::FIRST.0, sealed.as_slice())?;
        transaction
            .open_table(HEIGHTS)?
            .insert(first_block.hash().0, Height::FIRST.0)?;
        transaction.open_table(WAITING)?;
        transaction.open_table(PEERS)?;
        transaction.open_table(DISPLACED)?;
        transaction.open_table(DISPLACED_BY_HASH)?;
        Ok(())
    })();
    written.map_err(failed)?;
    transaction.commit().map_err(|error| failed(error.into()))?;
    Ok(identity)
}

fn read_identity(database: &Database, path: &Path) -> Result<Option<Identity>, OpenError> {
    let failed =
        |error: redb::Error| OpenError::from_store(path, StoreError::from_database(path, error));
    let transaction = database
        .begin_read()
        .map_err(|error| failed(error.into()))?;
    if transaction
        .list_tables()
        .map_err(|error| failed(error.into()))?
        .next()
        .is_none()
    {
        return Ok(None);
    }
    let foreign = |detail: &str| OpenError::Foreign {
        path: path.to_owned(),
        detail: detail.to_owned(),
    };
    let meta = transaction
        .open_table(META)
        .map_err(|_| foreign("it is a database of another program"))?;
    let sealed = meta.get(IDENTITY).map_err(|error| failed(error.into()))?;
    let sealed = sealed.ok_or_else(|| foreign("it is a database of another program"))?;
    let damaged = |detail: String| OpenError::Damaged {
        path: path.to_owned(),
        detail: format!("its identity: {detail}"),
    };
    let (_, payload) = record::open(sealed.value()).map_err(damaged)?;
    serde_json::from_slice(payload)
        .map(Some)
        .map_err(|error| damaged(error.to_string()))
}

/// Transactions taken from the queue for a block.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Their canonical texts, in order, joined by `", "`.
    pub joined: String,
    pub count: usize,
}

/// The tables of one write transaction; only the writer holds one.
pub struct Tables<'t> {
    path: PathBuf,
    state: State,
    meta: Table<'t, &'static str, &'static [u8]>,
    blocks: Table<'t, u64, &'static [u8]>,
    heights: Table<'t, [u8; 32], u64>,
    waiting: Table<'t, i64, &'static [u8]>,
    peers: Table<'t, u64, &'static [u8]>,
    displaced: Table<'t, u64, &'static [u8]>,
    displaced_by_hash: Table<'t, [u8; 32], u64>,
}

impl<'t> Tables<'t> {
    fn open(transaction: &'t WriteTransaction, path: &Path) -> Result<Self, StoreError> {
        let failed = |error: redb::TableError| StoreError::from_database(path, error.into());
        let damaged = |detail: String| StoreError::Damaged {
            file: path.to_owned(),
            what: "the tip".to_owned(),
            detail,
        };
        let meta = transaction.open_table(META).map_err(failed)?;
        let state = {
            let stored = meta
                .get(STATE)
                .map_err(|error| StoreError::from_database(path, error.into()))?;
            let stored = stored.ok_or_else(|| damaged("it is missing".to_owned()))?;
            let (_, text) = record::open_text(stored.value()).map_err(damaged)?;
            State::from_text(text).ok_or_else(|| damaged("it does not read as one".to_owned()))?
        };
        Ok(Self {
            path: path.to_owned(),
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

    fn failed(&self, error: redb::StorageError) -> StoreError {
        StoreError::from_database(&self.path, error.into())
    }

    fn damaged(&self, what: impl std::fmt::Display, detail: impl Into<String>) -> StoreError {
        StoreError::Damaged {
            file: self.path.clone(),
            what: what.to_string(),
            detail: detail.into(),
        }
    }

    fn write_state(&mut self) -> Result<(), StoreError> {
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
        let damaged = |detail: String| StoreError::Damaged {
            file: self.path.clone(),
            what: format!("block {height}"),
            detail,
        };
        let (hash, text) = {
            let removed = self
                .blocks
                .remove(height.0)
                .map_err(|error| StoreError::from_database(&self.path, error.into()))?;
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
        let written = self.heights.remove(hash.0).map(drop);
        let written = written.and_then(|()| {
            self.displaced
                .insert(last + 1, record::seal(&payload).as_slice())
                .map(drop)
        });
        let written =
            written.and_then(|()| self.displaced_by_hash.insert(hash.0, last + 1).map(drop));
        written.map_err(|error| self.failed(error))?;
        Ok(text)
    }

    /// The hash of the block at `height`.
    pub fn hash_at(&self, height: Height) -> Result<Option<BlockHash>, StoreError> {
        let stored = self
            .blocks
            .get(height.0)
            .map_err(|error| self.failed(error))?;
        let hash = stored.map(|stored| record::open(stored.value()).map(|(hash, _)| hash));
        hash.transpose()
            .map_err(|detail| self.damaged(format_args!("block {height}"), detail))
    }

    /// How many transactions wait.
    pub fn waiting_total(&self) -> Result<u64, StoreError> {
        self.waiting.len().map_err(|error| self.failed(error))
    }

    /// Puts a transaction at the end of the queue.
    pub fn push_waiting(&mut self, text: &str) -> Result<(), StoreError> {
        let sequence = self.state.next_waiting;
        self.put_waiting(sequence, text)?;
        self.state.next_waiting = sequence + 1;
        Ok(())
    }

    fn put_waiting(&mut self, sequence: i64, text: &str) -> Result<(), StoreError> {
        let written = self
            .waiting
            .insert(sequence, record::seal(text.as_bytes()).as_slice())
            .map(drop);
        written.map_err(|error| self.failed(error))?;
        self.state.waiting_bytes += text.len() as u64;
        Ok(())
    }

    /// Takes transactions from the front of the queue, as long as their texts joined stay within `max_bytes`.
    pub fn take_waiting(&mut self, max_bytes: usize) -> Result<Waiting, StoreError> {
        const SEPARATOR: &str = ", ";
        let mut taken = Waiting::default();
        let mut sequences = Vec::new();
        for row in self.waiting.iter().map_err(|error| self.failed(error))? {
            let (sequence, stored) = row.map_err(|error| self.failed(error))?;
            let (_, text) = record::open_text(stored.value()).map_err(|detail| {
                self.damaged(
                    format_args!("waiting transaction {}", sequence.value()),
                    detail,
                )
            })?;
            let separator = if taken.count == 0 { "" } else { SEPARATOR };
            if taken.joined.len() + separator.len() + text.len() > max_bytes {
                break;
            }
            taken.joined.push_str(separator);
            taken.joined.push_str(text);
            taken.count += 1;
            sequences.push((sequence.value(), text.len() as u64));
        }
        for (sequence, bytes) in sequences {
            self.remove_waiting(sequence, bytes)?;
        }
        Ok(taken)
    }

    fn remove_waiting(&mut self, sequence: i64, bytes: u64) -> Result<(), StoreError> {
        let removed = self.waiting.remove(sequence).map(drop);
        removed.map_err(|error| self.failed(error))?;
        self.state.waiting_bytes = self.state.waiting_bytes.saturating_sub(bytes);
        Ok(())
    }

    /// Takes out the transactions that came back from displaced blocks before and still wait: the front of the queue.
    pub fn take_returned(&mut self) -> Result<Vec<String>, StoreError> {
        let mut returned = Vec::new();
        let mut sequences = Vec::new();
        for row in self
            .waiting
            .range(..1)
            .map_err(|error| self.failed(error))?
        {
            let (sequence, stored) = row.map_err(|error| self.failed(error))?;
            let (_, text) = record::open_text(stored.value()).map_err(|detail| {
                self.damaged(
                    format_args!("waiting transaction {}", sequence.value()),
                    detail,
                )
            })?;
            returned.push(text.to_owned());
            sequences.push((sequence.value(), text.len() as u64));
        }
        for (sequence, bytes) in sequences {
            self.remove_waiting(sequence, bytes)?;
        }
        Ok(returned)
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
        let written = self
            .peers
            .insert(last + 1, record::seal(address.as_bytes()).as_slice())
            .map(drop);
        written.map_err(|error| self.failed(error))
    }
}
