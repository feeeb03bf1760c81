//! What is left of all that a block did: the places of the state that are not as they were.

use alloy_consensus::constants::EMPTY_ROOT_HASH;
use alloy_primitives::{Address, B256, U256};
use revm::state::{Account as Journaled, EvmState};

use super::super::state::{Account, BlockChange};
use super::evm::Source;
use super::{Environment, ExecutionError, Unsound};

/// The change that a block makes, but for roots and nodes; and the units that contracts destroyed in it.
///
/// # Errors
/// [`Unsound`] when coins came from nowhere.
pub(super) fn settle(
    environment: &Environment,
    subsidy: U256,
    state: EvmState,
    source: &Source<'_>,
) -> Result<(BlockChange, U256), ExecutionError> {
    let mut change = BlockChange::default();
    // None of the two sums gets beyond all there is, which is below 2^127.
    let (mut before_all, mut after_all) = (subsidy, U256::ZERO);
    let mut touched: Vec<(Address, Journaled)> = state
        .into_iter()
        .filter(|(_, account)| account.is_touched())
        .collect();
    // So that equal blocks give equal changes, undo and all.
    touched.sort_unstable_by_key(|(address, _)| *address);
    for (address, journaled) in touched {
        let before = source.accounts.get(&address).copied().flatten();
        let kept_root = before.map_or(EMPTY_ROOT_HASH, |before| before.storage_root);
        let after = remains(&journaled, kept_root);
        let balance = |account: Option<Account>| account.map_or(U256::ZERO, |of| of.balance);
        before_all = before_all.saturating_add(balance(before));
        after_all = after_all.saturating_add(balance(after));
        let changed = if after.is_some() {
            set_slots(&mut change, source, address, &journaled)
        } else if kept_root == EMPTY_ROOT_HASH {
            false
        } else {
            // Only what a block makes ends in it (EIP-6780), and nothing is made where there is code or a nonce, as wherever storage is.
            return Err(Unsound::StorageOfNobody(address).into());
        };
        if changed || after != before {
            change.set_account(address, before, after);
        }
        if let Some(after) = after
            && before.is_none_or(|before| before.code_hash != after.code_hash)
            && let Some(code) = journaled.info.code
            && !code.is_empty()
        {
            change.codes.insert(after.code_hash, code.original_bytes());
        }
    }
    let destroyed = before_all
        .checked_sub(after_all)
        .ok_or(Unsound::Inflation {
            number: environment.number,
            more: after_all.saturating_sub(before_all),
        })?;
    Ok((change, destroyed))
}

/// What there is of an account at the end of the block, its storage root not yet brought up to date.
fn remains(journaled: &Journaled, storage_root: B256) -> Option<Account> {
    // One that ended in an earlier transaction, and was seen again since, has been emptied already.
    if journaled.is_selfdestructed_locally() {
        return None;
    }
    let account = Account {
        nonce: journaled.info.nonce,
        balance: journaled.info.balance,
        code_hash: journaled.info.code_hash,
        storage_root,
    };
    (!account.is_empty()).then_some(account)
}

/// Whether any word of the account's storage has changed.
fn set_slots(
    change: &mut BlockChange,
    source: &Source<'_>,
    address: Address,
    journaled: &Journaled,
) -> bool {
    let mut slots: Vec<(U256, U256, U256)> = journaled
        .storage
        .iter()
        .map(|(slot, word)| {
            // Words of accounts that the block made are not asked for: they were zero.
            let before = source.slots.get(&(address, *slot)).copied();
            (*slot, before.unwrap_or_default(), word.present_value)
        })
        .filter(|(_, before, after)| before != after)
        .collect();
    slots.sort_unstable();
    for (slot, before, after) in &slots {
        change.set_slot(address, *slot, *before, *after);
    }
    !slots.is_empty()
}
