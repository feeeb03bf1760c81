//! Reading a coin chain and its state: the same in a snapshot and within a commit.

use std::path::Path;

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use redb::{Key, ReadableTable, ReadableTableMetadata, Value};

use super::definitions::STATE;
use super::records::{Body, ChainEntry, KnownBlock, Position, Record, State, WaitingRecord};
use crate::protocol::coin::execution::Receipt;
use crate::protocol::coin::header::PowHash;
use crate::protocol::coin::state::{Account, Before, StateView, Tree, ViewError};
use crate::store::StoreError;

type Sealed = &'static [u8];

/// The open tables of a transaction, whichever way it goes.
pub trait Rooms {
    fn path(&self) -> &Path;
    fn meta(&self) -> &impl ReadableTable<&'static str, Sealed>;
    fn known(&self) -> &impl ReadableTable<[u8; 32], Sealed>;
    fn bodies(&self) -> &impl ReadableTable<[u8; 32], Sealed>;
    fn chain(&self) -> &impl ReadableTable<u64, Sealed>;
    fn by_record(&self) -> &impl ReadableTable<[u8; 32], u64>;
    fn receipts_table(&self) -> &impl ReadableTable<u64, Sealed>;
    fn undo_table(&self) -> &impl ReadableTable<u64, Sealed>;
    fn positions(&self) -> &impl ReadableTable<[u8; 32], (u64, u32)>;
    fn history_table(&self) -> &impl ReadableTable<([u8; 20], u64, u32), ()>;
    fn accounts(&self) -> &impl ReadableTable<[u8; 20], Sealed>;
    fn slots(&self) -> &impl ReadableTable<([u8; 20], [u8; 32]), Sealed>;
    fn codes(&self) -> &impl ReadableTable<[u8; 32], Sealed>;
    fn nodes(&self) -> &impl ReadableTable<([u8; 20], [u8; 32]), Sealed>;
    fn waiting_table(&self) -> &impl ReadableTable<u64, Sealed>;
    fn peers_table(&self) -> &impl ReadableTable<u64, Sealed>;
}

/// What a coin store can be asked. Every record is checked as it is read.
pub trait Ledger: Rooms {
    #[doc(hidden)]
    fn failed(&self, error: redb::StorageError) -> StoreError {
        StoreError::from_database(self.path(), error)
    }

    #[doc(hidden)]
    fn damaged(&self, what: impl std::fmt::Display, detail: impl Into<String>) -> StoreError {
        StoreError::damaged(self.path(), what, detail)
    }

    /// The end of the current chain, and counters.
    fn state(&self) -> Result<State, StoreError> {
        let state = read(self.path(), self.meta(), STATE, || "the tip".to_owned())?;
        state.ok_or_else(|| self.damaged("the tip", "it is missing"))
    }

    /// A known block's place and fate, on the current chain or not.
    fn known_block(&self, hash: PowHash) -> Result<Option<KnownBlock>, StoreError> {
        read(self.path(), self.known(), hash.0.0, || {
            format!("the place of block {hash}")
        })
    }

    /// [`Ledger::known_block`] of a block that must be there.
    fn place_of(&self, hash: PowHash) -> Result<KnownBlock, StoreError> {
        self.known_block(hash)?
            .ok_or_else(|| self.damaged(format_args!("the place of block {hash}"), "it is missing"))
    }

    /// A kept block, on the current chain or not.
    fn body(&self, hash: PowHash) -> Result<Option<Body>, StoreError> {
        read(self.path(), self.bodies(), hash.0.0, || {
            format!("block {hash}")
        })
    }

    /// The block with this number on the current chain.
    fn chain_entry(&self, number: u64) -> Result<Option<ChainEntry>, StoreError> {
        read(self.path(), self.chain(), number, || {
            format!("the place of block {number}")
        })
    }

    /// [`Ledger::chain_entry`] of a block that must be there.
    fn entry_at(&self, number: u64) -> Result<ChainEntry, StoreError> {
        self.chain_entry(number)?.ok_or_else(|| {
            self.damaged(format_args!("the place of block {number}"), "it is missing")
        })
    }

    /// The number of a block on the current chain.
    fn number_on_chain(&self, hash: PowHash) -> Result<Option<u64>, StoreError> {
        let Some(known) = self.known_block(hash)? else {
            return Ok(None);
        };
        let number = known.place.number;
        let current = self.chain_entry(number)?;
        Ok(current
            .is_some_and(|entry| entry.hash() == hash)
            .then_some(number))
    }

    /// The number of the block of the current chain with this record hash.
    fn number_by_record(&self, record_hash: B256) -> Result<Option<u64>, StoreError> {
        let stored = self.by_record().get(record_hash.0);
        let stored = stored.map_err(|error| self.failed(error))?;
        Ok(stored.map(|stored| stored.value()))
    }

    /// The block of the current chain with this record hash.
    fn by_record_hash(&self, record_hash: B256) -> Result<Option<PowHash>, StoreError> {
        let Some(number) = self.number_by_record(record_hash)? else {
            return Ok(None);
        };
        let entry = self.entry_at(number)?;
        if entry.record_hash == record_hash {
            return Ok(Some(entry.hash()));
        }
        let detail = format!("block {number} has {}", entry.record_hash);
        Err(self.damaged(format_args!("the index of record {record_hash}"), detail))
    }

    /// The receipts of the block with this number on the current chain.
    fn receipts(&self, number: u64) -> Result<Vec<Receipt>, StoreError> {
        let what = || format!("the receipts of block {number}");
        let receipts = read(self.path(), self.receipts_table(), number, what)?;
        receipts.ok_or_else(|| self.damaged(what(), "they are missing"))
    }

    /// What undoes the block with this number.
    fn undo(&self, number: u64) -> Result<Vec<Before>, StoreError> {
        let what = || format!("what undoes block {number}");
        let undo = read(self.path(), self.undo_table(), number, what)?;
        undo.ok_or_else(|| self.damaged(what(), "it is missing"))
    }

    /// Where a transaction stands in the current chain.
    fn position(&self, transaction: B256) -> Result<Option<Position>, StoreError> {
        let stored = self.positions().get(transaction.0);
        let stored = stored.map_err(|error| self.failed(error))?;
        Ok(stored.map(|stored| {
            let (number, index) = stored.value();
            Position { number, index }
        }))
    }

    /// Places in the current chain that concern an account, newest first, before `before` if that is given.
    fn history(
        &self,
        account: Address,
        before: Option<Position>,
        limit: usize,
    ) -> Result<Vec<Position>, StoreError> {
        let account = account.into_array();
        let end = before.map_or((u64::MAX, u32::MAX), |before| (before.number, before.index));
        let range = self
            .history_table()
            .range((account, 0, 0)..(account, end.0, end.1));
        let mut found = Vec::new();
        for entry in range.map_err(|error| self.failed(error))?.rev().take(limit) {
            let (key, ()) = {
                let (key, value) = entry.map_err(|error| self.failed(error))?;
                (key.value(), value.value())
            };
            found.push(Position {
                number: key.1,
                index: key.2,
            });
        }
        Ok(found)
    }

    /// Transactions that wait, in the order of their arrival.
    fn waiting(&self) -> Result<Vec<(u64, WaitingRecord)>, StoreError> {
        let mut waiting = Vec::new();
        for entry in self
            .waiting_table()
            .iter()
            .map_err(|error| self.failed(error))?
        {
            let (order, record) = entry.map_err(|error| self.failed(error))?;
            let order = order.value();
            let read =
                WaitingRecord::open(&order.to_le_bytes(), record.value()).map_err(|detail| {
                    self.damaged(format_args!("waiting transaction {order}"), detail)
                })?;
            waiting.push((order, read));
        }
        Ok(waiting)
    }

    /// How many transactions wait.
    fn waiting_total(&self) -> Result<u64, StoreError> {
        let total = self.waiting_table().len();
        total.map_err(|error| self.failed(error))
    }

    /// The addresses of known peers, in the order they became known.
    fn peers(&self) -> Result<Vec<String>, StoreError> {
        let mut peers = Vec::new();
        for entry in self
            .peers_table()
            .iter()
            .map_err(|error| self.failed(error))?
        {
            let (number, record) = entry.map_err(|error| self.failed(error))?;
            let number = number.value();
            let read = String::open(&number.to_le_bytes(), record.value());
            peers.push(read.map_err(|detail| self.damaged(format_args!("peer {number}"), detail))?);
        }
        Ok(peers)
    }

    /// How many blocks are known, on the current chain or not.
    fn known_total(&self) -> Result<u64, StoreError> {
        let total = self.known().len();
        total.map_err(|error| self.failed(error))
    }
}

impl<R: Rooms> Ledger for R {}

/// A record of any table, checked; `what` it is, for errors.
fn read<K: Key + 'static, R: Record>(
    path: &Path,
    table: &impl ReadableTable<K, Sealed>,
    key: K::SelfType<'_>,
    what: impl FnOnce() -> String,
) -> Result<Option<R>, StoreError> {
    let bytes = K::as_bytes(&key);
    let stored = table
        .get(&key)
        .map_err(|error| StoreError::from_database(path, error))?;
    let opened = stored.map(|stored| R::open(bytes.as_ref(), stored.value()));
    opened
        .transpose()
        .map_err(|detail| StoreError::damaged(path, what(), detail))
}

/// The bytes of a slot's key, as the database has them.
pub(super) fn slot_key(key: &([u8; 20], [u8; 32])) -> impl AsRef<[u8]> {
    <([u8; 20], [u8; 32])>::as_bytes(key)
}

/// The key of a node of a tree.
pub(super) fn node_key(tree: Tree, hash: B256) -> ([u8; 20], [u8; 32]) {
    let tree = match tree {
        Tree::Accounts => [0; 20],
        Tree::Storage(address) => address.into_array(),
    };
    (tree, hash.0)
}

/// The state at the end of the current chain, out of open tables.
pub(super) mod view {
    use super::*;

    pub(in crate::store::coin) fn account(
        rooms: &impl Rooms,
        address: Address,
    ) -> Result<Option<Account>, StoreError> {
        read(rooms.path(), rooms.accounts(), address.into_array(), || {
            format!("account {address}")
        })
    }

    pub(in crate::store::coin) fn slot(
        rooms: &impl Rooms,
        address: Address,
        slot: U256,
    ) -> Result<U256, StoreError> {
        let key = (address.into_array(), slot.to_be_bytes::<32>());
        let value = read(rooms.path(), rooms.slots(), key, || {
            format!("slot {slot:#x} of {address}")
        })?;
        Ok(value.unwrap_or_default())
    }

    /// What is kept under its own Keccak-256.
    fn sealed_by_key(
        rooms: &impl Rooms,
        what: impl std::fmt::Display,
        hash: B256,
        bytes: &[u8],
    ) -> Result<Bytes, StoreError> {
        let found = keccak256(bytes);
        if found == hash {
            Ok(Bytes::copy_from_slice(bytes))
        } else {
            Err(rooms.damaged(what, format!("it hashes to {found}")))
        }
    }

    pub(in crate::store::coin) fn code(
        rooms: &impl Rooms,
        hash: B256,
    ) -> Result<Bytes, StoreError> {
        let what = || format!("code {hash}");
        let stored = rooms.codes().get(hash.0);
        let stored = stored.map_err(|error| rooms.failed(error))?;
        let stored = stored.ok_or_else(|| rooms.damaged(what(), "it is missing"))?;
        sealed_by_key(rooms, what(), hash, stored.value())
    }

    pub(in crate::store::coin) fn node(
        rooms: &impl Rooms,
        tree: Tree,
        hash: B256,
    ) -> Result<Option<Bytes>, StoreError> {
        let stored = rooms.nodes().get(node_key(tree, hash));
        let stored = stored.map_err(|error| rooms.failed(error))?;
        stored
            .map(|stored| sealed_by_key(rooms, format_args!("node {hash}"), hash, stored.value()))
            .transpose()
    }

    pub(in crate::store::coin) fn state_root(rooms: &impl Rooms) -> Result<B256, StoreError> {
        let tip = rooms.place_of(rooms.state()?.tip)?;
        Ok(rooms.entry_at(tip.place.number)?.state_root)
    }
}

macro_rules! state_view {
    ($kind:ty) => {
        impl StateView for $kind {
            fn account(&self, address: Address) -> Result<Option<Account>, ViewError> {
                view::account(self, address).map_err(ViewError::new)
            }

            fn slot(&self, address: Address, slot: U256) -> Result<U256, ViewError> {
                view::slot(self, address, slot).map_err(ViewError::new)
            }

            fn code(&self, hash: B256) -> Result<Bytes, ViewError> {
                view::code(self, hash).map_err(ViewError::new)
            }

            fn record_hash(&self, number: u64) -> Result<Option<B256>, ViewError> {
                let entry = self.chain_entry(number).map_err(ViewError::new)?;
                Ok(entry.map(|entry| entry.record_hash))
            }

            fn node(&self, tree: Tree, hash: B256) -> Result<Option<Bytes>, ViewError> {
                view::node(self, tree, hash).map_err(ViewError::new)
            }

            fn state_root(&self) -> Result<B256, ViewError> {
                view::state_root(self).map_err(ViewError::new)
            }
        }
    };
}

state_view!(super::Tables<'_>);
state_view!(super::Snapshot);

/// A store's error inside a view's; a view of anything else cannot fail with another.
pub fn store_error(error: &ViewError) -> StoreError {
    let cause = error.cause::<StoreError>();
    cause.cloned().unwrap_or_else(|| StoreError::Io {
        detail: error.to_string(),
    })
}
