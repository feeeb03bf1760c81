//! A state kept in memory alone: for tests, and for what has no disk.

use alloy_consensus::constants::EMPTY_ROOT_HASH;
use alloy_primitives::map::{AddressMap, B256Map, HashMap};
use alloy_primitives::{Address, B256, Bytes, U256};
use thiserror::Error;

use super::change::{Before, BlockChange, StateKey};
use super::commitment::commit;
use super::first::first_state;
use super::view::{Account, StateView, Tree, ViewError};
use crate::protocol::coin::genesis::Genesis;

/// The state at the end of a chain of blocks, all in memory. Nodes and codes of blocks that were disconnected stay.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemoryState {
    accounts: AddressMap<Account>,
    /// None of them zero.
    slots: HashMap<StateKey, U256>,
    codes: B256Map<Bytes>,
    nodes: HashMap<(Tree, B256), Bytes>,
    record_hashes: Vec<B256>,
    roots: Vec<B256>,
}

/// What was asked of a [`MemoryState`] that it never had.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("no code has hash {0}")]
pub struct UnknownCode(pub B256);

impl MemoryState {
    /// The state that a network begins with.
    pub fn of(genesis: &Genesis) -> Self {
        let mut state = Self::default();
        let (change, root) = first_state(&genesis.parameters);
        state.connect(genesis.record_hash, root, &change);
        state
    }

    /// A state that came about all at once, by this change to nothing, in a block with this record hash. For states that no chain has led to.
    ///
    /// # Errors
    /// [`ViewError`] when the change speaks of something that stood there before.
    pub fn filled(record_hash: B256, mut change: BlockChange) -> Result<Self, ViewError> {
        let mut state = Self::default();
        let root = commit(&mut change, &state, EMPTY_ROOT_HASH)?;
        state.connect(record_hash, root, &change);
        Ok(state)
    }

    /// Connects the next block, which leaves this state root.
    pub fn connect(&mut self, record_hash: B256, root: B256, change: &BlockChange) {
        for (address, account) in &change.accounts {
            self.set_account(*address, *account);
        }
        for (key, value) in &change.slots {
            self.set_slot(*key, *value);
        }
        let copied = |(at, to): (&B256, &Bytes)| (*at, to.clone());
        self.codes.extend(change.codes.iter().map(copied));
        let nodes = change.nodes.iter().map(|(at, to)| (*at, to.clone()));
        self.nodes.extend(nodes);
        self.record_hashes.push(record_hash);
        self.roots.push(root);
    }

    /// Disconnects the last block.
    pub fn disconnect(&mut self, undo: &[Before]) {
        for before in undo {
            match *before {
                Before::Account(address, account) => self.set_account(address, account),
                Before::Slot(address, slot, value) => self.set_slot((address, slot), value),
            }
        }
        self.record_hashes.pop();
        self.roots.pop();
    }

    fn set_account(&mut self, address: Address, account: Option<Account>) {
        match account {
            Some(account) => self.accounts.insert(address, account),
            None => self.accounts.remove(&address),
        };
    }

    fn set_slot(&mut self, key: StateKey, value: U256) {
        if value.is_zero() {
            self.slots.remove(&key);
        } else {
            self.slots.insert(key, value);
        }
    }

    /// All accounts, in no order.
    pub fn accounts(&self) -> &AddressMap<Account> {
        &self.accounts
    }

    /// All words of storage that are not zero, in no order.
    pub fn slots(&self) -> &HashMap<StateKey, U256> {
        &self.slots
    }

    /// All balances together, in units.
    pub fn supply(&self) -> U256 {
        let balances = self.accounts.values().map(|account| account.balance);
        balances.fold(U256::ZERO, U256::saturating_add)
    }
}

impl StateView for MemoryState {
    fn account(&self, address: Address) -> Result<Option<Account>, ViewError> {
        Ok(self.accounts.get(&address).copied())
    }

    fn slot(&self, address: Address, slot: U256) -> Result<U256, ViewError> {
        let value = self.slots.get(&(address, slot));
        Ok(value.copied().unwrap_or_default())
    }

    fn code(&self, hash: B256) -> Result<Bytes, ViewError> {
        let code = self.codes.get(&hash).cloned();
        code.ok_or_else(|| ViewError::new(UnknownCode(hash)))
    }

    fn record_hash(&self, number: u64) -> Result<Option<B256>, ViewError> {
        let place = usize::try_from(number).ok();
        Ok(place.and_then(|place| self.record_hashes.get(place).copied()))
    }

    fn node(&self, tree: Tree, hash: B256) -> Result<Option<Bytes>, ViewError> {
        Ok(self.nodes.get(&(tree, hash)).cloned())
    }

    fn state_root(&self) -> Result<B256, ViewError> {
        Ok(self.roots.last().copied().unwrap_or(EMPTY_ROOT_HASH))
    }
}
