//! The state at the end of the current chain, out of open tables: read flat, and what is not there flat is not in the state's tree either.

use std::path::Path;

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use redb::{ReadableTable, Value};

use super::ledger::{Ledger, Rooms, read};
use crate::protocol::coin::state::{Account, RootedState, StateView, Tree, ViewError};
use crate::store::{CHAIN_FILE, StoreError};

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

fn flat_account(rooms: &impl Rooms, address: Address) -> Result<Option<Account>, StoreError> {
    read(rooms.path(), rooms.accounts(), address.into_array(), || {
        format!("account {address}")
    })
}

fn flat_slot(rooms: &impl Rooms, address: Address, slot: U256) -> Result<U256, StoreError> {
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

fn code_by_hash(rooms: &impl Rooms, hash: B256) -> Result<Bytes, StoreError> {
    let what = || format!("code {hash}");
    let stored = rooms.codes().get(hash.0);
    let stored = stored.map_err(|error| rooms.failed(error))?;
    let stored = stored.ok_or_else(|| rooms.damaged(what(), "it is missing"))?;
    sealed_by_key(rooms, what(), hash, stored.value())
}

fn node_by_hash(rooms: &impl Rooms, tree: Tree, hash: B256) -> Result<Option<Bytes>, StoreError> {
    let stored = rooms.nodes().get(node_key(tree, hash));
    let stored = stored.map_err(|error| rooms.failed(error))?;
    stored
        .map(|stored| sealed_by_key(rooms, format_args!("node {hash}"), hash, stored.value()))
        .transpose()
}

fn root_at_tip(rooms: &impl Rooms) -> Result<B256, StoreError> {
    let tip = rooms.place_of(rooms.state()?.tip)?;
    Ok(rooms.entry_at(tip.place.number)?.state_root)
}

/// That what is not there flat is not in the tree either: a record lost by damage must not read as one that never was, or a good block would fail its execution.
fn is_absent(
    state: &(impl Rooms + StateView),
    what: impl std::fmt::Display,
    in_tree: impl FnOnce(&RootedState<'_>) -> Result<bool, ViewError>,
) -> Result<(), ViewError> {
    let tip = state.place_of(state.state().map_err(ViewError::new)?.tip);
    let number = tip.map_err(ViewError::new)?.place.number;
    if in_tree(&RootedState::new(state, state.state_root()?, number))? {
        let detail = "it is missing, and the state's tree has it";
        return Err(ViewError::new(state.damaged(what, detail)));
    }
    Ok(())
}

/// The state without that care, for executions whose verdict is held against the careful one, and whose changes are held against the tree when they are committed to: what is
/// missing reads as empty, at half the cost.
pub struct Flat<'r, R>(pub &'r R);

impl<R: Rooms> StateView for Flat<'_, R> {
    fn account(&self, address: Address) -> Result<Option<Account>, ViewError> {
        flat_account(self.0, address).map_err(ViewError::new)
    }

    fn slot(&self, address: Address, slot: U256) -> Result<U256, ViewError> {
        flat_slot(self.0, address, slot).map_err(ViewError::new)
    }

    fn code(&self, hash: B256) -> Result<Bytes, ViewError> {
        code_by_hash(self.0, hash).map_err(ViewError::new)
    }

    fn record_hash(&self, number: u64) -> Result<Option<B256>, ViewError> {
        let entry = self.0.chain_entry(number).map_err(ViewError::new)?;
        Ok(entry.map(|entry| entry.record_hash))
    }

    fn node(&self, tree: Tree, hash: B256) -> Result<Option<Bytes>, ViewError> {
        node_by_hash(self.0, tree, hash).map_err(ViewError::new)
    }

    fn state_root(&self) -> Result<B256, ViewError> {
        root_at_tip(self.0).map_err(ViewError::new)
    }
}

macro_rules! careful_view {
    ($kind:ty) => {
        impl StateView for $kind {
            fn account(&self, address: Address) -> Result<Option<Account>, ViewError> {
                let found = Flat(self).account(address)?;
                if found.is_none() {
                    is_absent(self, format_args!("account {address}"), |tree| {
                        Ok(tree.account(address)?.is_some())
                    })?;
                }
                Ok(found)
            }

            fn slot(&self, address: Address, slot: U256) -> Result<U256, ViewError> {
                let found = Flat(self).slot(address, slot)?;
                if found.is_zero() {
                    is_absent(self, format_args!("slot {slot:#x} of {address}"), |tree| {
                        Ok(!tree.slot(address, slot)?.is_zero())
                    })?;
                }
                Ok(found)
            }

            fn code(&self, hash: B256) -> Result<Bytes, ViewError> {
                Flat(self).code(hash)
            }

            fn record_hash(&self, number: u64) -> Result<Option<B256>, ViewError> {
                Flat(self).record_hash(number)
            }

            fn node(&self, tree: Tree, hash: B256) -> Result<Option<Bytes>, ViewError> {
                Flat(self).node(tree, hash)
            }

            fn state_root(&self) -> Result<B256, ViewError> {
                Flat(self).state_root()
            }
        }
    };
}

careful_view!(super::Tables<'_>);
careful_view!(super::Snapshot);

/// A store's error inside a view's; any other says that a state's tree is not whole.
pub fn store_error(error: &ViewError) -> StoreError {
    let cause = error.cause::<StoreError>();
    cause.cloned().unwrap_or_else(|| {
        StoreError::damaged(Path::new(CHAIN_FILE), "the state's tree", error.to_string())
    })
}
