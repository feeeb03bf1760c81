//! What the coin protocol keeps: all known blocks, the current chain and its state, receipts and indexes, and what undoes each block; transactions that
//! wait, and peers.
//!
//! A block, the state after it, its receipts, its index entries and what undoes it are one commit. Accounts and storage stand flat, as execution reads them; the
//! nodes of the trees over them stand beside, by hash.

mod audit;
mod definitions;
mod gaps;
mod ledger;
mod records;
mod snapshot;
mod tables;
mod view;

pub use audit::{Audit, Fault};
pub use ledger::{Ledger, Rooms};
pub use records::{Body, ChainEntry, KnownBlock, Position, SourceRecord, State, WaitingRecord};
pub use snapshot::Snapshot;
pub use tables::{REWARD, Tables};
pub use view::{Flat, store_error};

use std::path::Path;

use redb::{ReadTransaction, WriteTransaction};

use super::{Layout, OpenError, StoreError, StoreOf, StoreOptions};
use crate::protocol::coin::genesis::Genesis;

/// The tables of the coin protocol.
#[derive(Debug, Clone, Copy)]
pub struct Coin;

/// The store of a coin node.
pub type CoinStore = StoreOf<Coin>;

impl Layout for Coin {
    const FORMAT_VERSION: u32 = 1;
    /// About a quarter of a second's reading; beyond that a start would become slow, and the audit finds it.
    const CHECKED_AT_START_BYTES: u64 = 64 << 20;

    type First = Genesis;
    type Tables<'t> = Tables<'t>;
    type Snapshot = Snapshot;

    fn create(
        transaction: &WriteTransaction,
        path: &Path,
        genesis: Genesis,
    ) -> Result<(), StoreError> {
        tables::create(transaction, path, &genesis)
    }

    fn upgrade(_: &WriteTransaction, path: &Path, from: u32) -> Result<(), StoreError> {
        let detail = format!("no program wrote version {from}");
        Err(StoreError::damaged(path, "the store's identity", detail))
    }

    fn open_tables<'t>(
        transaction: &'t WriteTransaction,
        path: &Path,
    ) -> Result<Tables<'t>, StoreError> {
        Tables::open(transaction, path)
    }

    /// Whatever changed is written already.
    fn finish(tables: Tables<'_>) -> Result<(), StoreError> {
        drop(tables);
        Ok(())
    }

    fn snapshot(transaction: ReadTransaction, path: &Path) -> Result<Snapshot, StoreError> {
        Snapshot::of(transaction, path)
    }

    fn check(snapshot: &Snapshot) -> Result<(), StoreError> {
        let tip = snapshot.place_of(snapshot.state()?.tip)?;
        snapshot.entry_at(tip.place.number).map(drop)
    }
}

impl CoinStore {
    /// Opens the store of a network in `folder`, made if it is not there.
    ///
    /// # Errors
    /// [`OpenError`] as [`StoreOf::open`] has it, and where the folder belongs to a network of the same name with another genesis block.
    pub fn open_network(
        folder: &Path,
        cache_bytes: usize,
        genesis: &Genesis,
    ) -> Result<Self, OpenError> {
        let options = StoreOptions {
            cache_bytes,
            network: genesis.parameters.name.clone(),
        };
        let store = Self::open(folder, options, || genesis.clone())?;
        let found = store
            .snapshot()
            .and_then(|snapshot| snapshot.entry_at(0))
            .map_err(|error| OpenError::from_store(store.path(), error))?
            .hash();
        if found != genesis.hash() {
            let named = |hash| format!("{} (genesis {hash})", genesis.parameters.name);
            return Err(OpenError::OtherNetwork {
                path: store.path().to_owned(),
                found: named(found),
                wanted: named(genesis.hash()),
            });
        }
        Ok(store)
    }
}
