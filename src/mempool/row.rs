//! What waits of one account.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use alloy_consensus::constants::KECCAK_EMPTY;
use alloy_primitives::U256;

use super::entry::{Entry, Head};
use crate::protocol::coin::state::Account;

/// What the pool knows of an account that has something waiting, as of the last change of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Facts {
    pub nonce: u64,
    pub balance: U256,
    pub has_code: bool,
}

impl Facts {
    pub fn of(account: Option<Account>) -> Self {
        account.map_or_else(Self::default, |account| Self {
            nonce: account.nonce,
            balance: account.balance,
            has_code: account.code_hash != KECCAK_EMPTY,
        })
    }
}

/// An account's waiting transactions by nonce.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub facts: Facts,
    pub entries: BTreeMap<u64, Entry>,
    /// What all of them may cost together. Never above the balance once a change is complete.
    pub cost: U256,
    /// Those with a nonce below this are indexed as ready.
    pub ready_until: u64,
    /// As which its first one is indexed, if that is ready.
    pub head: Option<Head>,
}

impl Row {
    pub fn new(facts: Facts) -> Self {
        Self {
            facts,
            entries: BTreeMap::new(),
            cost: U256::ZERO,
            ready_until: facts.nonce,
            head: None,
        }
    }

    /// The first nonce from `from` on of which none waits.
    pub fn first_missing(&self, from: u64) -> u64 {
        let waiting = self.entries.range(from..).map(|(nonce, _)| *nonce);
        waiting
            .zip(from..)
            .take_while(|(nonce, expected)| nonce == expected)
            .last()
            .map_or(from, |(nonce, _)| nonce.saturating_add(1))
    }

    /// How its first one is to be indexed.
    pub fn first(&self, base_fee: u64) -> Option<Head> {
        let first = self.entries.get(&self.facts.nonce)?;
        Some(Head {
            rate: Reverse(first.transaction.fee_a_gas(base_fee)),
            order: first.order,
        })
    }

    /// What the one with this nonce pays a gas.
    pub fn rate_of(&self, nonce: u64, base_fee: u64) -> Option<u128> {
        let entry = self.entries.get(&nonce)?;
        Some(entry.transaction.fee_a_gas(base_fee))
    }

    /// The one that pays the least a gas among those before this nonce.
    pub fn cheapest_before(&self, nonce: u64, base_fee: u64) -> Option<(u128, u64)> {
        let before = self.entries.range(..nonce);
        before
            .map(|(nonce, entry)| (entry.transaction.fee_a_gas(base_fee), *nonce))
            .min()
    }
}
