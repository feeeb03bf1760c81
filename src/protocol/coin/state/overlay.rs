//! A state that is not kept yet: changes on top of another state.

use std::collections::HashMap;

use alloy_primitives::{Address, B256, Bytes, U256};

use super::change::{Before, BlockChange, StateKey};
use super::view::{Account, StateView, Tree, ViewError};

/// Blocks connected and disconnected on top of `under`, in memory.
pub struct Overlay<'v> {
    under: &'v dyn StateView,
    accounts: HashMap<Address, Option<Account>>,
    slots: HashMap<StateKey, U256>,
    codes: HashMap<B256, Bytes>,
    nodes: HashMap<(Tree, B256), Bytes>,
    /// Record hashes of blocks connected here; those above `below` in `under` do not count any more.
    record_hashes: HashMap<u64, B256>,
    below: u64,
    state_root: Option<B256>,
}

impl<'v> Overlay<'v> {
    /// On top of a state that block `number` ends.
    pub fn over(under: &'v dyn StateView, number: u64) -> Self {
        Self {
            under,
            accounts: HashMap::new(),
            slots: HashMap::new(),
            codes: HashMap::new(),
            nodes: HashMap::new(),
            record_hashes: HashMap::new(),
            below: number,
            state_root: None,
        }
    }

    /// Connects block `number`, which leaves this state root.
    pub fn connect(&mut self, number: u64, record_hash: B256, root: B256, change: &BlockChange) {
        self.accounts
            .extend(change.accounts.iter().map(|(at, to)| (*at, *to)));
        self.slots
            .extend(change.slots.iter().map(|(at, to)| (*at, *to)));
        self.codes
            .extend(change.codes.iter().map(|(at, to)| (*at, to.clone())));
        self.nodes
            .extend(change.nodes.iter().map(|(at, to)| (*at, to.clone())));
        self.record_hashes.insert(number, record_hash);
        self.state_root = Some(root);
    }

    /// Disconnects block `number`, whose parent left this state root. Blocks are disconnected from the end.
    pub fn disconnect(&mut self, number: u64, parent_root: B256, undo: &[Before]) {
        for before in undo {
            match *before {
                Before::Account(address, account) => {
                    self.accounts.insert(address, account);
                }
                Before::Slot(address, slot, value) => {
                    self.slots.insert((address, slot), value);
                }
            }
        }
        self.record_hashes.remove(&number);
        self.below = self.below.min(number.saturating_sub(1));
        self.state_root = Some(parent_root);
    }

    /// What became of the accounts and words that differ from the state beneath, in no order.
    pub fn touched(&self) -> (&HashMap<Address, Option<Account>>, &HashMap<StateKey, U256>) {
        (&self.accounts, &self.slots)
    }
}

impl StateView for Overlay<'_> {
    fn account(&self, address: Address) -> Result<Option<Account>, ViewError> {
        match self.accounts.get(&address) {
            Some(account) => Ok(*account),
            None => self.under.account(address),
        }
    }

    fn slot(&self, address: Address, slot: U256) -> Result<U256, ViewError> {
        match self.slots.get(&(address, slot)) {
            Some(value) => Ok(*value),
            None => self.under.slot(address, slot),
        }
    }

    fn code(&self, hash: B256) -> Result<Bytes, ViewError> {
        match self.codes.get(&hash) {
            Some(code) => Ok(code.clone()),
            None => self.under.code(hash),
        }
    }

    fn record_hash(&self, number: u64) -> Result<Option<B256>, ViewError> {
        match self.record_hashes.get(&number) {
            Some(hash) => Ok(Some(*hash)),
            None if number <= self.below => self.under.record_hash(number),
            None => Ok(None),
        }
    }

    fn node(&self, tree: Tree, hash: B256) -> Result<Option<Bytes>, ViewError> {
        match self.nodes.get(&(tree, hash)) {
            Some(node) => Ok(Some(node.clone())),
            None => self.under.node(tree, hash),
        }
    }

    fn state_root(&self) -> Result<B256, ViewError> {
        match self.state_root {
            Some(root) => Ok(root),
            None => self.under.state_root(),
        }
    }
}
