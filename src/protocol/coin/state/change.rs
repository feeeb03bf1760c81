//! What a block changes in the state: what to keep, and what undoes it.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes, U256};

use super::view::{Account, Tree};

/// What stood in one place of the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Before {
    Account(Address, Option<Account>),
    Slot(Address, U256, U256),
}

/// A place of the state.
pub type StateKey = (Address, U256);

/// What one block changes. Only real changes are in it: no entry is what it was.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BlockChange {
    /// What accounts become; `None`: there is none any more.
    pub accounts: BTreeMap<Address, Option<Account>>,
    /// What words of storage become; zero: nothing is written there any more.
    pub slots: BTreeMap<StateKey, U256>,
    /// Codes of contracts made here, by hash. Other contracts may have had the same.
    pub codes: BTreeMap<B256, Bytes>,
    /// Nodes that the trees get, by hash. A state before the parent's may have had the same.
    pub nodes: BTreeMap<(Tree, B256), Bytes>,
    /// What undoes it: each changed account and word as it was, once.
    pub undo: Vec<Before>,
}

impl BlockChange {
    /// Says what an account becomes, once for each account. What has not changed may be said too, where the words of its storage have: its storage root will differ.
    pub(in super::super) fn set_account(
        &mut self,
        address: Address,
        before: Option<Account>,
        after: Option<Account>,
    ) {
        self.accounts.insert(address, after);
        self.undo.push(Before::Account(address, before));
    }

    /// Says what a word of storage becomes, once for each word that changes.
    pub(in super::super) fn set_slot(
        &mut self,
        address: Address,
        slot: U256,
        before: U256,
        after: U256,
    ) {
        self.slots.insert((address, slot), after);
        self.undo.push(Before::Slot(address, slot, before));
    }
}
