//! The state that a network begins with.

use alloy_consensus::constants::{EMPTY_ROOT_HASH, KECCAK_EMPTY};
use alloy_primitives::{B256, U256, keccak256};

use super::super::parameters::Parameters;
use super::change::BlockChange;
use super::commitment::commit;
use super::memory::MemoryState;
use super::view::Account;

/// What the genesis block puts into a state that was empty, and its root.
pub fn first_state(parameters: &Parameters) -> (BlockChange, B256) {
    let mut change = BlockChange::default();
    for first in &parameters.accounts {
        let mut account = Account {
            nonce: 0,
            balance: U256::from(first.balance),
            code_hash: KECCAK_EMPTY,
            storage_root: EMPTY_ROOT_HASH,
        };
        if !first.code.is_empty() {
            account.nonce = 1;
            account.code_hash = keccak256(&first.code);
            change.codes.insert(account.code_hash, first.code.clone());
        }
        change.set_account(first.address, None, Some(account));
    }
    let root = commit(&mut change, &MemoryState::default(), EMPTY_ROOT_HASH)
        .expect("an empty state in memory can be read");
    (change, root)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::coin::genesis::Genesis;

    #[test]
    fn the_first_state_has_the_root_of_the_genesis_block() {
        for parameters in [Parameters::main(), Parameters::dev()] {
            let (change, root) = first_state(&parameters);
            assert_eq!(change.accounts.len(), parameters.accounts.len());
            assert_eq!(root, Genesis::of(parameters).block.record.state_root);
        }
        let nobody = Parameters {
            accounts: Vec::new(),
            ..Parameters::main()
        };
        assert_eq!(
            first_state(&nobody),
            (BlockChange::default(), EMPTY_ROOT_HASH)
        );
    }
}
