//! That the state's trees are whole: whatever leads to a node leads to one that is kept.

use alloy_consensus::constants::EMPTY_ROOT_HASH;
use alloy_primitives::{Address, B256};
use redb::ReadableTable;

use super::super::ledger::{Ledger, Rooms};
use super::super::records::Record;
use super::super::snapshot::Snapshot;
use super::super::store_error;
use super::super::view::node_key;
use crate::protocol::coin::state::{Account, Before, Tree, entries_under, led_to};
use crate::store::StoreError;

impl Snapshot {
    /// That a root is kept, whoever names it. No node is ever taken away, so those of former states are kept as well.
    pub(super) fn root_is_there(
        &self,
        tree: Tree,
        root: B256,
        by: impl std::fmt::Display,
    ) -> Result<(), StoreError> {
        if root == EMPTY_ROOT_HASH {
            return Ok(());
        }
        self.node_is_there(node_key(tree, root), by)
    }

    /// That a node leads to kept ones alone.
    pub(super) fn leads_to_what_is_there(
        &self,
        tree: [u8; 20],
        hash: [u8; 32],
        node: &[u8],
    ) -> Result<(), StoreError> {
        let hash = B256::new(hash);
        let below = led_to(node)
            .map_err(|error| self.damaged(format_args!("node {hash}"), error.to_string()))?;
        for child in below {
            self.node_is_there((tree, child.0), format_args!("node {hash}"))?;
        }
        Ok(())
    }

    /// That the storage to which an undoing goes back is there.
    pub(super) fn undoes_to_roots_there(
        &self,
        number: u64,
        undo: &[Before],
    ) -> Result<(), StoreError> {
        for before in undo {
            if let Before::Account(address, Some(account)) = before {
                let by = format_args!("what undoes block {number}");
                self.root_is_there(Tree::Storage(*address), account.storage_root, by)?;
            }
        }
        Ok(())
    }

    /// That the tree of the tip's state has as many accounts as are kept flat, all of which it has, and their storage as many words: then it has no others.
    pub(super) fn tree_has_no_more(
        &self,
        root: B256,
        accounts: u64,
        slots: u64,
        go_on: &mut impl FnMut() -> bool,
    ) -> Result<(), StoreError> {
        let mut count = |tree, root| {
            let entries = entries_under(self, tree, root, go_on);
            let entries = entries.map_err(|error| store_error(&error))?;
            entries.ok_or(StoreError::Unavailable)
        };
        let as_many = |what: &str, found: u64, flat: u64| {
            if found == flat {
                return Ok(());
            }
            let detail = format!("{flat} are kept, the state's tree has {found}");
            Err(self.damaged(what, detail))
        };
        as_many("the accounts", count(Tree::Accounts, root)?, accounts)?;
        let mut in_trees = 0_u64;
        for entry in self.accounts().iter().map_err(|error| self.failed(error))? {
            let (key, sealed) = entry.map_err(|error| self.failed(error))?;
            let address = Address::new(key.value());
            let account = Account::open(address.as_slice(), sealed.value())
                .map_err(|detail| self.damaged(format_args!("account {address}"), detail))?;
            let words = count(Tree::Storage(address), account.storage_root)?;
            in_trees = in_trees.saturating_add(words);
        }
        as_many("the slots", in_trees, slots)
    }

    fn node_is_there(
        &self,
        key: ([u8; 20], [u8; 32]),
        by: impl std::fmt::Display,
    ) -> Result<(), StoreError> {
        let node = self.nodes().get(key);
        if node.map_err(|error| self.failed(error))?.is_some() {
            return Ok(());
        }
        let what = format!("node {}", B256::new(key.1));
        Err(self.damaged(what, format!("it is missing, and {by} leads to it")))
    }
}
