//! What is left of all that a block did: the places of the state that are not as they were.

use alloy_consensus::constants::EMPTY_ROOT_HASH;
use alloy_primitives::{Address, U256};

use super::super::state::{Account, BlockChange};
use super::working::{Held, Working};
use super::{Environment, ExecutionError, Unsound};

/// The change that a block makes, but for roots and nodes; and the units that contracts destroyed in it.
///
/// # Errors
/// [`Unsound`] when coins came from nowhere.
pub(super) fn settle(
    environment: &Environment,
    subsidy: U256,
    working: &Working<'_>,
) -> Result<(BlockChange, U256), ExecutionError> {
    let mut change = BlockChange::default();
    // None of the two sums gets beyond all there is, which is below 2^127.
    let (mut before_all, mut after_all) = (subsidy, U256::ZERO);
    let mut all: Vec<(&Address, &Held)> = working.accounts.iter().collect();
    // So that equal blocks give equal changes, undo and all.
    all.sort_unstable_by_key(|(address, _)| *address);
    for (address, held) in all {
        let after = remains(held);
        let balance = |account: Option<Account>| account.map_or(U256::ZERO, |of| of.balance);
        before_all = before_all.saturating_add(balance(held.before));
        after_all = after_all.saturating_add(balance(after));
        if after.is_none() && held.storage_root() != EMPTY_ROOT_HASH {
            // Only what a block makes ends in it (EIP-6780), and nothing is made where there is code or a nonce, as wherever storage is.
            return Err(Unsound::StorageOfNobody(*address).into());
        }
        let changed = set_slots(&mut change, *address, held);
        if changed || after != held.before {
            change.set_account(*address, held.before, after);
        }
        if let Some(after) = after
            && held
                .before
                .is_none_or(|before| before.code_hash != after.code_hash)
            && let Some(code) = working.seen_code(after.code_hash)
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
fn remains(held: &Held) -> Option<Account> {
    let account = Account {
        nonce: held.nonce,
        balance: held.balance,
        code_hash: held.code_hash,
        storage_root: held.storage_root(),
    };
    (!account.is_empty()).then_some(account)
}

/// Whether any word of the account's storage has changed.
fn set_slots(change: &mut BlockChange, address: Address, held: &Held) -> bool {
    let words = held.words.iter().flat_map(|words| words.iter());
    let mut changed: Vec<_> = words.filter(|(_, word)| word.before != word.now).collect();
    changed.sort_unstable_by_key(|(slot, _)| *slot);
    for (slot, word) in &changed {
        change.set_slot(address, **slot, word.before, word.now);
    }
    !changed.is_empty()
}
