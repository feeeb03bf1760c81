//! What the classic protocol keeps: its chain by height and by hash, the queue of waiting transactions, peers, and blocks
//! that a longer chain displaced.

mod audit;
mod queue;
mod snapshot;
mod state;
mod tables;
mod travelling;
mod upgrade;

pub use audit::{Audit, ChainFault, Fault};
pub use snapshot::{BlockRef, DisplacedBlock, Snapshot, StoredBlock, WaitingTransaction};
pub use state::{State, Travels};
pub use tables::{Tables, Waiting};
pub use travelling::{KeptTags, Page};

use std::path::Path;

use redb::{ReadTransaction, WriteTransaction};

use super::{Layout, StoreError};
use crate::protocol::classic::block::Block;

/// The tables of the classic protocol.
#[derive(Debug, Clone, Copy)]
pub struct Classic;

impl Layout for Classic {
    /// In version 3 transactions travel: it is written once they begin to, since the queue then has vacant places.
    const FORMAT_VERSION: u32 = 3;
    const NEW_STORE_VERSION: u32 = 2;
    /// Its blocks are numbered and chained, its rows counted: a page of an earlier commit does not fit among the others.
    const CHECKED_AT_START_BYTES: u64 = 0;

    type First = Block;
    type Tables<'t> = Tables<'t>;
    type Snapshot = Snapshot;

    fn create(transaction: &WriteTransaction, path: &Path, first: Block) -> Result<(), StoreError> {
        tables::create(transaction, &first).map_err(|error| StoreError::from_database(path, error))
    }

    fn upgrade(transaction: &WriteTransaction, path: &Path, _from: u32) -> Result<(), StoreError> {
        upgrade::seal_under_keys(transaction, path)
    }

    fn open_tables<'t>(
        transaction: &'t WriteTransaction,
        path: &Path,
    ) -> Result<Tables<'t>, StoreError> {
        Tables::open(transaction, path)
    }

    fn finish(mut tables: Tables<'_>) -> Result<(), StoreError> {
        tables.write_state()
    }

    fn snapshot(transaction: ReadTransaction, path: &Path) -> Result<Snapshot, StoreError> {
        Ok(Snapshot::of(transaction, path))
    }

    fn check(snapshot: &Snapshot) -> Result<(), StoreError> {
        snapshot.state().map(drop)
    }
}
