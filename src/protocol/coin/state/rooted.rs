//! A state read through the tree that a record commits to.

use std::cell::RefCell;
use std::collections::HashMap;

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_rlp::Decodable;
use alloy_trie::TrieAccount;

use super::tree::{self, BrokenTree};
use super::view::{Account, StateView, Tree, ViewError};

/// Accounts that are remembered, so that memory stays flat.
const MOST_KNOWN: usize = 4_096;

/// The state that a block left, by its root alone: every account and word is walked to through nodes that hash to what names them, however old the block is.
/// Only nodes, codes and record hashes are asked of the keeper.
pub struct RootedState<'v> {
    keeper: &'v dyn StateView,
    root: B256,
    number: u64,
    /// Accounts that were walked to: their storage is often asked for next.
    known: RefCell<HashMap<Address, Option<Account>>>,
}

impl<'v> RootedState<'v> {
    /// The state with this root, which block `number` left.
    pub fn new(keeper: &'v dyn StateView, root: B256, number: u64) -> Self {
        Self {
            keeper,
            root,
            number,
            known: RefCell::default(),
        }
    }
}

impl StateView for RootedState<'_> {
    fn account(&self, address: Address) -> Result<Option<Account>, ViewError> {
        if let Some(known) = self.known.borrow().get(&address) {
            return Ok(*known);
        }
        let found = tree::value(self.keeper, Tree::Accounts, self.root, keccak256(address))?;
        let account = match found {
            None => None,
            Some(value) => {
                let stored: TrieAccount = read(Tree::Accounts, self.root, &value)?;
                Some(Account {
                    nonce: stored.nonce,
                    balance: stored.balance,
                    code_hash: stored.code_hash,
                    storage_root: stored.storage_root,
                })
            }
        };
        let mut known = self.known.borrow_mut();
        if known.len() >= MOST_KNOWN {
            known.clear();
        }
        known.insert(address, account);
        Ok(account)
    }

    fn slot(&self, address: Address, slot: U256) -> Result<U256, ViewError> {
        let Some(account) = self.account(address)? else {
            return Ok(U256::ZERO);
        };
        let (tree, root) = (Tree::Storage(address), account.storage_root);
        let key = keccak256(slot.to_be_bytes::<32>());
        match tree::value(self.keeper, tree, root, key)? {
            None => Ok(U256::ZERO),
            Some(value) => read(tree, root, &value),
        }
    }

    fn code(&self, hash: B256) -> Result<Bytes, ViewError> {
        self.keeper.code(hash)
    }

    fn record_hash(&self, number: u64) -> Result<Option<B256>, ViewError> {
        if number > self.number {
            return Ok(None);
        }
        self.keeper.record_hash(number)
    }

    fn node(&self, tree: Tree, hash: B256) -> Result<Option<Bytes>, ViewError> {
        self.keeper.node(tree, hash)
    }

    fn state_root(&self) -> Result<B256, ViewError> {
        Ok(self.root)
    }
}

/// What a leaf of a tree holds.
fn read<T: Decodable>(tree: Tree, root: B256, value: &[u8]) -> Result<T, ViewError> {
    T::decode(&mut &*value).map_err(|error| {
        ViewError::new(BrokenTree::Unreadable {
            tree,
            hash: root,
            detail: error.to_string(),
        })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::change::BlockChange;
    use super::super::commitment::commit;
    use super::super::memory::MemoryState;
    use super::*;
    use alloy_consensus::constants::{EMPTY_ROOT_HASH, KECCAK_EMPTY};

    /// An account of few, so that they meet, and one that may have storage.
    fn address(index: u8) -> Address {
        Address::repeat_byte(index % 8)
    }

    proptest! {
        /// Each block's state reads through its root as it was kept flat, also after later blocks.
        #[test]
        fn every_former_state_reads_as_it_was(blocks in prop::collection::vec(prop::collection::vec((any::<u8>(), 0_u64..5, 0_u64..4, 0_u64..3), 1..6), 1..6)) {
            let mut state = MemoryState::default();
            let mut former = Vec::new();
            let mut root = EMPTY_ROOT_HASH;
            for block in &blocks {
                let mut change = BlockChange::default();
                for (index, balance, slot, value) in block {
                    let (address, slot) = (address(*index), U256::from(*slot));
                    let before = state.account(address).expect("memory reads");
                    if change.accounts.contains_key(&address) {
                        continue;
                    }
                    let storage_root = before.map_or(EMPTY_ROOT_HASH, |account| account.storage_root);
                    let after = Account { nonce: 1, balance: U256::from(*balance), code_hash: KECCAK_EMPTY, storage_root };
                    change.set_account(address, before, Some(after));
                    let was = state.slot(address, slot).expect("memory reads");
                    let value = U256::from(*value);
                    if was != value {
                        change.set_slot(address, slot, was, value);
                    }
                }
                root = commit(&mut change, &state, root).expect("memory reads");
                state.connect(B256::ZERO, root, &change);
                former.push((root, state.clone()));
            }
            for (number, (root, was)) in former.iter().enumerate() {
                let rooted = RootedState::new(&state, *root, number as u64);
                for index in 0..8 {
                    let address = address(index);
                    prop_assert_eq!(rooted.account(address).expect("it reads"), was.account(address).expect("it reads"));
                    for slot in 0..4 {
                        let slot = U256::from(slot);
                        prop_assert_eq!(rooted.slot(address, slot).expect("it reads"), was.slot(address, slot).expect("it reads"));
                    }
                }
                prop_assert_eq!(rooted.record_hash(number as u64 + 1).expect("it reads"), None);
            }
        }
    }
}
