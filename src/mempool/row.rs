//! What waits of one account.

use std::cmp::Reverse;
use std::collections::{BTreeMap, btree_map};

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
    /// What all of them may cost together; above the balance only when that has fallen since they came.
    pub cost: U256,
    /// Those with a nonce below this are indexed as ready: none is missing before them, and the coins suffice.
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

    /// Where the ready ones end: at the first nonce of which none waits, or for which the coins do not suffice beside those before it.
    pub fn ready_end(&self) -> u64 {
        let mut spent = U256::ZERO;
        for (expected, (nonce, entry)) in (self.facts.nonce..).zip(self.at_turn()) {
            spent = spent.saturating_add(entry.cost());
            if *nonce != expected || spent > self.facts.balance {
                return expected;
            }
        }
        self.first_missing(self.facts.nonce)
    }

    /// Those whose nonces are not used.
    fn at_turn(&self) -> btree_map::Range<'_, u64, Entry> {
        self.entries.range(self.facts.nonce..)
    }

    /// What all up to this nonce may cost.
    pub fn cost_until(&self, nonce: u64) -> U256 {
        let costs = self
            .at_turn()
            .take_while(|(at, _)| **at <= nonce)
            .map(|(_, entry)| entry.cost());
        costs.fold(U256::ZERO, U256::saturating_add)
    }

    /// How its first one is to be indexed, if that is ready.
    pub fn first(&self, base_fee: u64) -> Option<Head> {
        if self.ready_until <= self.facts.nonce {
            return None;
        }
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
