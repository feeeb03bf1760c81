//! The pool's policy once more, by a list that is looked through from end to end every time. `history_tests.rs` holds the pool against it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use alloy_consensus::Transaction as _;
use alloy_primitives::{Address, B256, U256};

use super::tests::{Accounts, sender};
use super::*;
use crate::protocol::coin::transaction::Transaction;

pub(super) const SENDERS: u8 = 4;
const BASE_FEE: u64 = 3;
pub(super) const LIMITS: PoolLimits = PoolLimits {
    transactions: 7,
    bytes: 4_000,
    per_account: 5,
    expiry: Duration::from_secs(100),
    envelope_bytes: 1_000,
};

pub(super) fn parameters() -> &'static Parameters {
    static PARAMETERS: LazyLock<Parameters> = LazyLock::new(|| Parameters {
        base_fee: BASE_FEE,
        gas_limit: 80_000,
        ..Parameters::dev()
    });
    &PARAMETERS
}

#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) transaction: Arc<Transaction>,
    pub(super) order: u64,
    pub(super) since: u64,
}

impl Item {
    pub(super) fn from(&self) -> Address {
        self.transaction.sender()
    }
    pub(super) fn nonce(&self) -> u64 {
        self.transaction.nonce()
    }
    pub(super) fn rate(&self) -> u128 {
        let priority = self.transaction.envelope().priority_fee_or_price();
        (u128::from(BASE_FEE) + priority).min(self.transaction.greatest_fee())
    }
    pub(super) fn cost(&self) -> U256 {
        U256::from(self.transaction.greatest_fee()) * U256::from(self.transaction.gas_limit())
            + self.transaction.value()
    }
    pub(super) fn key(&self) -> (B256, u64, u64) {
        (self.transaction.hash(), self.order, self.since)
    }
}

/// The names of refusals, as the model sees them.
#[derive(Debug, PartialEq)]
pub(super) enum No {
    Bytes,
    GasLimit,
    FeeBelowBase,
    NonceUsed,
    TooManyInARow,
    Replacement,
    Unaffordable,
    /// What would be enough.
    Full(u128),
    BehindCheaper(u64),
    BehindGap(u64),
}

pub(super) fn name(refused: &Refused) -> No {
    match refused {
        Refused::Bytes { .. } => No::Bytes,
        Refused::GasLimit { .. } => No::GasLimit,
        Refused::FeeBelowBase { .. } => No::FeeBelowBase,
        Refused::NonceUsed { .. } => No::NonceUsed,
        Refused::TooManyInARow { .. } => No::TooManyInARow,
        Refused::ReplacementPaysTooLittle { .. } => No::Replacement,
        Refused::Unaffordable { .. } => No::Unaffordable,
        Refused::Full { needed, .. } => No::Full(*needed),
        Refused::FullBehindCheaper { nonce, .. } => No::BehindCheaper(*nonce),
        Refused::FullBehindGap { missing, .. } => No::BehindGap(*missing),
        Refused::SenderHasCode { .. } | Refused::Impersonated { .. } => {
            panic!("no sender has code here, and none is impersonated")
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Model {
    pub(super) waiting: Vec<Item>,
    pub(super) state: Accounts,
    pub(super) next: u64,
    pub(super) first: u64,
}

impl Model {
    pub(super) fn account(&self, address: Address) -> (u64, U256) {
        let account = self.state.0.get(&address);
        account.map_or((0, U256::ZERO), |account| (account.nonce, account.balance))
    }

    pub(super) fn has(&self, from: Address, nonce: u64) -> bool {
        let mut waiting = self.waiting.iter();
        waiting.any(|item| item.from() == from && item.nonce() == nonce)
    }

    pub(super) fn is_ready(&self, item: &Item) -> bool {
        let (next, balance) = self.account(item.from());
        let before = |other: &&Item| {
            other.from() == item.from() && (next..=item.nonce()).contains(&other.nonce())
        };
        let costs = self.waiting.iter().filter(before).map(Item::cost);
        (next..item.nonce()).all(|nonce| self.has(item.from(), nonce))
            && costs.fold(U256::ZERO, |sum, cost| sum + cost) <= balance
    }

    pub(super) fn missing(&self, from: Address) -> u64 {
        let (next, _) = self.account(from);
        (next..).find(|nonce| !self.has(from, *nonce)).unwrap()
    }

    pub(super) fn is_over(&self) -> bool {
        let bytes: usize = self
            .waiting
            .iter()
            .map(|item| item.transaction.bytes().len())
            .sum();
        self.waiting.len() > LIMITS.transactions || bytes > LIMITS.bytes
    }

    /// The first to leave, but for this one, and all that depend on it.
    pub(super) fn evict(&mut self, but: Option<B256>) -> (bool, u128, Vec<B256>) {
        let first = self
            .waiting
            .iter()
            .filter(|item| Some(item.transaction.hash()) != but)
            .min_by_key(|item| (self.is_ready(item), item.rate(), Reverse(item.order)))
            .cloned()
            .expect("something else waits");
        let ready = self.is_ready(&first);
        let mut gone = Vec::new();
        self.waiting.retain(|item| {
            let hash = item.transaction.hash();
            let leaves =
                item.from() == first.from() && item.nonce() >= first.nonce() && Some(hash) != but;
            gone.extend(leaves.then_some(hash));
            !leaves
        });
        (ready, first.rate(), gone)
    }

    /// The replaced one and the evicted ones, and whether it is ready.
    #[expect(clippy::type_complexity, reason = "read in one place")]
    pub(super) fn add(
        &mut self,
        transaction: Arc<Transaction>,
        now: u64,
    ) -> Result<Option<(bool, Option<B256>, BTreeSet<B256>)>, No> {
        let hash = transaction.hash();
        if self
            .waiting
            .iter()
            .any(|item| item.transaction.hash() == hash)
        {
            return Ok(None);
        }
        let item = Item {
            transaction,
            order: self.next,
            since: now,
        };
        let (next, balance) = self.account(item.from());
        if item.transaction.bytes().len() > LIMITS.envelope_bytes {
            return Err(No::Bytes);
        }
        if item.transaction.gas_limit() > parameters().gas_limit {
            return Err(No::GasLimit);
        }
        if item.transaction.greatest_fee() < u128::from(BASE_FEE) {
            return Err(No::FeeBelowBase);
        }
        if item.nonce() < next {
            return Err(No::NonceUsed);
        }
        let mut after = self.clone();
        let at = |other: &Item| other.from() == item.from() && other.nonce() == item.nonce();
        let old = self.waiting.iter().find(|other| at(other));
        if old.is_none() && item.nonce() >= next + LIMITS.per_account as u64 {
            return Err(No::TooManyInARow);
        }
        if let Some(old) = old {
            let more = |new: u128, old: u128| new * 10 >= old * 11 && new > old;
            let priority = |item: &Item| item.transaction.envelope().priority_fee_or_price();
            if !more(
                item.transaction.greatest_fee(),
                old.transaction.greatest_fee(),
            ) || !more(priority(&item), priority(old))
            {
                return Err(No::Replacement);
            }
        }
        let replaced = old.map(|old| old.transaction.hash());
        after.waiting.retain(|other| !at(other));
        after.waiting.push(item.clone());
        after.next += 1;
        let of_sender = |other: &&Item| other.from() == item.from();
        let costs = after.waiting.iter().filter(of_sender).map(Item::cost);
        if costs.fold(U256::ZERO, |sum, cost| sum + cost) > balance {
            return Err(No::Unaffordable);
        }
        let ready = after.is_ready(&item);
        let before = after
            .waiting
            .iter()
            .filter(|other| other.from() == item.from() && other.nonce() < item.nonce())
            .min_by_key(|other| (other.rate(), other.nonce()))
            .cloned();
        let mut evicted = BTreeSet::new();
        let mut least = None;
        while after.is_over() {
            let (victim_ready, rate, gone) = after.evict(Some(hash));
            if victim_ready && !ready {
                return Err(No::BehindGap(self.missing(item.from())));
            }
            if victim_ready == ready {
                least = Some(rate);
            }
            evicted.extend(gone);
        }
        if let Some(least) = least {
            if item.rate() <= least {
                return Err(No::Full(least + 1));
            }
            if let Some(before) = before.filter(|before| before.rate() <= least) {
                return Err(No::BehindCheaper(before.nonce()));
            }
        }
        *self = after;
        Ok(Some((ready, replaced, evicted)))
    }

    pub(super) fn chain_changed(
        &mut self,
        connected: &[Arc<Transaction>],
        disconnected: &[Arc<Transaction>],
        now: u64,
    ) {
        let in_chain: BTreeSet<B256> = connected.iter().map(|one| one.hash()).collect();
        self.waiting
            .retain(|item| !in_chain.contains(&item.transaction.hash()));
        for transaction in disconnected.iter().rev() {
            if !in_chain.contains(&transaction.hash()) {
                self.first -= 1;
                self.waiting.push(Item {
                    transaction: Arc::clone(transaction),
                    order: self.first,
                    since: now,
                });
            }
        }
        self.hold();
    }

    pub(super) fn hold(&mut self) {
        let all = self.clone();
        self.waiting
            .retain(|item| item.nonce() >= all.account(item.from()).0);
        while self.is_over() {
            self.evict(None);
        }
    }

    pub(super) fn expire(&mut self, now: u64) {
        self.waiting.retain(|item| now - item.since < 100);
    }

    pub(super) fn best(&self) -> Vec<B256> {
        let mut next = BTreeMap::new();
        let mut order = Vec::new();
        loop {
            let turn = |item: &&Item| {
                let nonce = next.get(&item.from()).copied();
                item.nonce() == nonce.unwrap_or(self.account(item.from()).0)
            };
            let best = self
                .waiting
                .iter()
                .filter(turn)
                .filter(|item| self.is_ready(item))
                .min_by_key(|item| (Reverse(item.rate()), item.order));
            let Some(best) = best else {
                return order;
            };
            next.insert(best.from(), best.nonce() + 1);
            order.push(best.transaction.hash());
        }
    }
}

/// Takes a transaction into the state, if it can be in a block.
pub(super) fn execute(state: &mut Accounts, transaction: &Transaction) -> bool {
    let Some(account) = state.0.get_mut(&transaction.sender()) else {
        return false;
    };
    let cost = transaction.greatest_cost().unwrap();
    if account.nonce != transaction.nonce() || account.balance < cost {
        return false;
    }
    account.nonce += 1;
    account.balance -= U256::from(transaction.fee_a_gas(BASE_FEE))
        * U256::from(transaction.gas_limit())
        + transaction.value();
    true
}

pub(super) fn everybody() -> Vec<Address> {
    (1..=SENDERS).map(sender).collect()
}
