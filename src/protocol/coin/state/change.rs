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
    /// Codes that were not there before.
    pub codes: BTreeMap<B256, Bytes>,
    /// Nodes of the trees that were not there before, by hash.
    pub nodes: BTreeMap<(Tree, B256), Bytes>,
    /// What undoes it: each changed account and word as it was, once.
    pub undo: Vec<Before>,
}
