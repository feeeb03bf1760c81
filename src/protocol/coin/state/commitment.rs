//! What a changed state is committed to by.

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_trie::TrieAccount;

use super::change::BlockChange;
use super::tree::{self, Entry};
use super::view::{Account, StateView, Tree, ViewError};

/// The state root after `change`, whose parent's is `root`. Gives `change` the nodes that this makes, and its accounts their storage roots.
///
/// # Errors
/// [`ViewError`] when the state cannot be read.
pub(in super::super) fn commit(
    change: &mut BlockChange,
    view: &dyn StateView,
    root: B256,
) -> Result<B256, ViewError> {
    let BlockChange {
        accounts,
        slots,
        nodes,
        ..
    } = change;
    let mut made = tree::Nodes::new();
    let slots: Vec<(Address, Entry)> = slots
        .iter()
        .map(|((address, slot), value)| (*address, entry_of_slot(*slot, *value)))
        .collect();
    for of_one in slots.chunk_by(|(a, _), (b, _)| a == b) {
        let Some((address, _)) = of_one.first() else {
            continue;
        };
        if let Some(Some(account)) = accounts.get_mut(address) {
            let entries = of_one.iter().map(|(_, entry)| entry.clone()).collect();
            let tree = Tree::Storage(*address);
            account.storage_root =
                tree::update(view, tree, account.storage_root, entries, &mut made)?;
        }
    }
    let entries = accounts
        .iter()
        .map(|(address, account)| entry_of_account(*address, account.as_ref()))
        .collect();
    let root = tree::update(view, Tree::Accounts, root, entries, &mut made)?;
    *nodes = made.into_iter().collect();
    Ok(root)
}

fn entry_of_slot(slot: U256, value: U256) -> Entry {
    let key = keccak256(slot.to_be_bytes::<32>());
    (key, (!value.is_zero()).then(|| alloy_rlp::encode(value)))
}

fn entry_of_account(address: Address, account: Option<&Account>) -> Entry {
    let value = account.map(|account| {
        alloy_rlp::encode(TrieAccount {
            nonce: account.nonce,
            balance: account.balance,
            storage_root: account.storage_root,
            code_hash: account.code_hash,
        })
    });
    (keccak256(address), value)
}
