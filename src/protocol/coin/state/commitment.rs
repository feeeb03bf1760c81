//! What a changed state is committed to by.

use alloy_primitives::map::HashSet;
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_trie::TrieAccount;

use super::change::{Before, BlockChange};
use super::tree::{self, Entry};
use super::view::{Account, StateView, Tree, ViewError};

/// The state root after `change`, whose parent's is `root`. Gives `change` the nodes that this makes, and its accounts their storage roots. What the change was made on is
/// held against the tree on the way.
///
/// # Errors
/// [`ViewError`] when the state cannot be read, or its tree says otherwise.
pub(in super::super) fn commit(
    change: &mut BlockChange,
    view: &dyn StateView,
    root: B256,
) -> Result<B256, ViewError> {
    let BlockChange {
        accounts,
        slots,
        nodes,
        undo,
        ..
    } = change;
    // Places that something stood in before.
    let mut stood = HashSet::new();
    for before in undo.iter() {
        match *before {
            Before::Account(address, Some(_)) => stood.insert((address, None)),
            Before::Slot(address, slot, value) if !value.is_zero() => {
                stood.insert((address, Some(slot)))
            }
            Before::Account(..) | Before::Slot(..) => false,
        };
    }
    let mut made = tree::Nodes::new();
    let slots: Vec<(Address, Entry)> = slots
        .iter()
        .map(|((address, slot), value)| {
            let stood = stood.contains(&(*address, Some(*slot)));
            (*address, entry_of_slot(*slot, stood, *value))
        })
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
        .map(|(address, account)| {
            let stood = stood.contains(&(*address, None));
            entry_of_account(*address, stood, account.as_ref())
        })
        .collect();
    let root = tree::update(view, Tree::Accounts, root, entries, &mut made)?;
    *nodes = made.into_iter().collect();
    Ok(root)
}

fn entry_of_slot(slot: U256, stood: bool, value: U256) -> Entry {
    Entry {
        key: keccak256(slot.to_be_bytes::<32>()),
        stood,
        value: (!value.is_zero()).then(|| alloy_rlp::encode(value)),
    }
}

fn entry_of_account(address: Address, stood: bool, account: Option<&Account>) -> Entry {
    let value = account.map(|account| {
        alloy_rlp::encode(TrieAccount {
            nonce: account.nonce,
            balance: account.balance,
            storage_root: account.storage_root,
            code_hash: account.code_hash,
        })
    });
    Entry {
        key: keccak256(address),
        stood,
        value,
    }
}
