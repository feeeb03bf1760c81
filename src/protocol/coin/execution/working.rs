//! The state while a block is executed: what its transactions have made so far of the state that its parent left.

use alloy_consensus::constants::{EMPTY_ROOT_HASH, KECCAK_EMPTY};
use alloy_primitives::map::{AddressMap, B256Map, Entry, HashMap};
use alloy_primitives::{Address, B256, U256};
use revm::Database;
use revm::bytecode::Bytecode;
use revm::database_interface::DBErrorMarker;
use revm::state::{Account as Journaled, AccountInfo};

use super::super::state::{Account, StateView, ViewError};
use super::code::KnownCode;

/// Each place that the EVM has asked for, as it was and as it is. The parent's state is asked for each once.
pub(super) struct Working<'v> {
    parent: &'v dyn StateView,
    pub(super) accounts: AddressMap<Held>,
    codes: B256Map<Bytecode>,
    known: Option<&'v KnownCode>,
}

/// An account, with those of its words that were asked for.
pub(super) struct Held {
    pub(super) before: Option<Account>,
    pub(super) nonce: u64,
    pub(super) balance: U256,
    pub(super) code_hash: B256,
    pub(super) words: Option<Box<HashMap<U256, Word>>>,
}

#[derive(Clone, Copy)]
pub(super) struct Word {
    pub(super) before: U256,
    pub(super) now: U256,
}

impl Held {
    fn of(before: Option<Account>) -> Self {
        Self {
            before,
            nonce: before.map_or(0, |before| before.nonce),
            balance: before.map_or(U256::ZERO, |before| before.balance),
            code_hash: before.map_or(KECCAK_EMPTY, |before| before.code_hash),
            words: None,
        }
    }

    /// The storage tree that the account had before the block.
    pub(super) fn storage_root(&self) -> B256 {
        self.before
            .map_or(EMPTY_ROOT_HASH, |before| before.storage_root)
    }

    fn info(&self) -> Option<AccountInfo> {
        let info = AccountInfo {
            balance: self.balance,
            nonce: self.nonce,
            code_hash: self.code_hash,
            code: None,
            ..AccountInfo::default()
        };
        (!info.is_empty()).then_some(info)
    }

    /// Takes over what a transaction made of the account.
    fn become_of(&mut self, journaled: Journaled) {
        if journaled.is_created() {
            // Whoever was here in an earlier transaction has ended, words and all.
            self.clear_words();
        }
        if journaled.is_selfdestructed() {
            self.clear_words();
            (self.nonce, self.balance) = (0, U256::ZERO);
            self.code_hash = KECCAK_EMPTY;
            return;
        }
        self.nonce = journaled.info.nonce;
        self.balance = journaled.info.balance;
        self.code_hash = journaled.info.code_hash;
        for (slot, word) in journaled.storage {
            if word.is_changed() {
                let words = self.words.get_or_insert_default();
                // Only words of accounts just made have not been asked for, and those were zero.
                let zero = Word {
                    before: U256::ZERO,
                    now: U256::ZERO,
                };
                words.entry(slot).or_insert(zero).now = word.present_value;
            }
        }
    }

    fn clear_words(&mut self) {
        for word in self.words.iter_mut().flat_map(|words| words.values_mut()) {
            word.now = U256::ZERO;
        }
    }
}

impl<'v> Working<'v> {
    pub(super) fn upon(parent: &'v dyn StateView) -> Self {
        Self {
            parent,
            accounts: AddressMap::default(),
            codes: B256Map::default(),
            known: None,
        }
    }

    /// With codes that were read before.
    pub(super) fn knowing(&mut self, known: &'v KnownCode) {
        self.known = Some(known);
    }

    pub(super) fn parent(&self) -> &'v dyn StateView {
        self.parent
    }

    /// The account as the transactions so far have left it.
    pub(super) fn held(&mut self, address: Address) -> Result<&mut Held, ViewError> {
        Ok(match self.accounts.entry(address) {
            Entry::Occupied(held) => held.into_mut(),
            Entry::Vacant(place) => place.insert(Held::of(self.parent.account(address)?)),
        })
    }

    /// Takes over what a transaction has changed.
    pub(super) fn take_over(
        &mut self,
        state: impl Iterator<Item = (Address, Journaled)>,
    ) -> Result<(), ViewError> {
        for (address, mut journaled) in state {
            if !journaled.is_touched() {
                continue;
            }
            let hash = journaled.info.code_hash;
            if journaled.is_created()
                && hash != KECCAK_EMPTY
                && let Some(code) = journaled.info.code.take()
            {
                self.codes.insert(hash, code);
            }
            self.held(address)?.become_of(journaled);
        }
        Ok(())
    }

    /// The code with this hash, if the block has seen it.
    pub(super) fn seen_code(&self, hash: B256) -> Option<&Bytecode> {
        self.codes.get(&hash)
    }
}

impl DBErrorMarker for ViewError {}

impl Database for Working<'_> {
    type Error = ViewError;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, ViewError> {
        Ok(self.held(address)?.info())
    }

    fn code_by_hash(&mut self, hash: B256) -> Result<Bytecode, ViewError> {
        if let Some(code) = self.codes.get(&hash) {
            return Ok(code.clone());
        }
        if let Some(code) = self.known.and_then(|known| known.get(hash)) {
            return Ok(code);
        }
        let code = self.parent.code(hash)?;
        // Code that only begins like a delegation (EIP-7702) is code like any other.
        let code =
            Bytecode::new_raw_checked(code.clone()).unwrap_or_else(|_| Bytecode::new_legacy(code));
        self.codes.insert(hash, code.clone());
        if let Some(known) = self.known {
            known.keep(hash, code.clone());
        }
        Ok(code)
    }

    fn storage(&mut self, address: Address, slot: U256) -> Result<U256, ViewError> {
        let parent = self.parent;
        let held = self.held(address)?;
        let word = held.words.as_ref().and_then(|words| words.get(&slot));
        if let Some(word) = word {
            return Ok(word.now);
        }
        if held.storage_root() == EMPTY_ROOT_HASH {
            return Ok(U256::ZERO);
        }
        let before = parent.slot(address, slot)?;
        let now = before;
        let words = held.words.get_or_insert_default();
        words.insert(slot, Word { before, now });
        Ok(before)
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, ViewError> {
        Ok(self.parent.record_hash(number)?.unwrap_or_default())
    }
}
