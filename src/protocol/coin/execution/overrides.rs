//! A state with some of it changed by hand, for calls that ask "what if".

use std::collections::HashMap;

use alloy_consensus::constants::{EMPTY_ROOT_HASH, KECCAK_EMPTY};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};

use super::super::state::{Account, StateView, Tree, ViewError};

/// What is other than it is of one account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountOverride {
    pub nonce: Option<u64>,
    pub balance: Option<U256>,
    pub code: Option<Bytes>,
    /// Words of its storage.
    pub slots: HashMap<U256, U256>,
    /// Whether all other words are zero.
    pub empties_storage: bool,
}

/// A state behind overrides.
pub struct Overridden<'v> {
    under: &'v dyn StateView,
    accounts: HashMap<Address, AccountOverride>,
    codes: HashMap<B256, Bytes>,
}

impl<'v> Overridden<'v> {
    pub fn new(under: &'v dyn StateView, accounts: HashMap<Address, AccountOverride>) -> Self {
        let codes = accounts.values().filter_map(|account| account.code.clone());
        let codes = codes.map(|code| (keccak256(&code), code)).collect();
        Self {
            under,
            accounts,
            codes,
        }
    }
}

impl StateView for Overridden<'_> {
    fn account(&self, address: Address) -> Result<Option<Account>, ViewError> {
        let found = self.under.account(address)?;
        let Some(other) = self.accounts.get(&address) else {
            return Ok(found);
        };
        let mut account = found.unwrap_or(Account {
            nonce: 0,
            balance: U256::ZERO,
            code_hash: KECCAK_EMPTY,
            storage_root: EMPTY_ROOT_HASH,
        });
        account.nonce = other.nonce.unwrap_or(account.nonce);
        account.balance = other.balance.unwrap_or(account.balance);
        if let Some(code) = &other.code {
            account.code_hash = keccak256(code);
        }
        if !other.slots.is_empty() {
            // Nobody asks an account without storage for its words.
            account.storage_root = B256::repeat_byte(1);
        } else if other.empties_storage {
            account.storage_root = EMPTY_ROOT_HASH;
        }
        Ok(Some(account))
    }

    fn slot(&self, address: Address, slot: U256) -> Result<U256, ViewError> {
        if let Some(other) = self.accounts.get(&address) {
            if let Some(value) = other.slots.get(&slot) {
                return Ok(*value);
            }
            if other.empties_storage {
                return Ok(U256::ZERO);
            }
        }
        self.under.slot(address, slot)
    }

    fn code(&self, hash: B256) -> Result<Bytes, ViewError> {
        match self.codes.get(&hash) {
            Some(code) => Ok(code.clone()),
            None => self.under.code(hash),
        }
    }

    fn record_hash(&self, number: u64) -> Result<Option<B256>, ViewError> {
        self.under.record_hash(number)
    }

    fn node(&self, tree: Tree, hash: B256) -> Result<Option<Bytes>, ViewError> {
        self.under.node(tree, hash)
    }

    fn state_root(&self) -> Result<B256, ViewError> {
        self.under.state_root()
    }
}
