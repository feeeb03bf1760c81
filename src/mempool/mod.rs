//! What waits for a block on a coin network, and policy apart from consensus.
//!
//! The node's writer owns one [`Mempool`], keeps what it says in the store, and asks it what a miner is offered. Pure: `now` and the state are arguments; nothing here
//! reads a clock or a disk.
//!
//! # Policy
//! * A place is a sender and a nonce; one transaction waits for each. To take a place, another must pay 10 % more, of both the greatest fee and the priority fee (rounded
//!   up, so at least one unit). That is the whole rule here: wallets that speed up a transaction multiply by 1.1. The 10^9 units by which `/rpc` raises its own
//!   suggestions are a courtesy to people who read numbers, not a condition.
//! * A nonce may run ahead of the account's, up to so many in a row; what waits behind a gap is kept and not offered.
//! * The *rate* of a transaction is what it pays a gas at the network's base fee, all of which goes to the miner.
//! * When there is no room, what is not ready leaves first, since it earns a miner nothing; then the lowest rate, of equals the last that came; each with all that
//!   its sender has behind it. A newcomer counts as what it or any before it in its sender's row pays least, since a miner comes to it only then; it must count for more than what leaves.
//! * A newcomer's sender has the coins for all of its that waits, at the greatest fees. Where the balance falls later, as when the block goes that filled it, what it does not
//!   suffice for stays and is not offered until it does.
//! * What comes back from a displaced block stands before all others, and is not asked again how many its sender has in a row nor how large it is: a block has held it.
//!
//! # Changes
//! [`Mempool::add`], [`Mempool::chain_changed`], [`Mempool::expire`] and [`Mempool::restore`] change the pool at once; between [`Mempool::begin`] and [`Mempool::keep`]
//! all of that can be taken back by [`Mempool::roll_back`], for a group commit that fails.

mod add;
mod best;
mod chain;
mod entry;
mod index;
mod refused;
mod row;
mod suggest;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use alloy_primitives::{Address, B256};

pub use best::Best;
pub use chain::Changes;
pub use entry::{Added, Entry, Left, Taken, Waits, Why};
pub use refused::Refused;
pub use suggest::{LEAST_SUGGESTION, RecentBlock, Suggestion};

use crate::limits::PoolLimits;
use crate::protocol::coin::amount::Amount;
use crate::protocol::coin::parameters::Parameters;
use entry::{Head, Place, Worth};
use index::Journal;
use row::Row;

/// The first number by arrival; those that come back count down from it.
const MIDDLE: u64 = 1 << 63;

/// What the rules of a network say about single transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Network {
    base_fee: u64,
    gas_limit: u64,
    byte_limit: u64,
}

/// The transactions that wait.
#[derive(Debug, Clone)]
pub struct Mempool {
    network: Network,
    limits: PoolLimits,
    rows: HashMap<Address, Row>,
    by_hash: HashMap<B256, Place>,
    arrivals: BTreeMap<u64, Place>,
    /// When it began to wait, and its order.
    ages: BTreeSet<(u64, u64)>,
    /// From what leaves first.
    by_worth: BTreeMap<Worth, Place>,
    /// The first ready transaction of each account.
    heads: BTreeMap<Head, Address>,
    bytes: usize,
    next_order: u64,
    first_order: u64,
    journal: Option<Journal>,
}

impl Mempool {
    /// An empty pool of a network.
    pub fn new(parameters: &Parameters, limits: PoolLimits) -> Self {
        let network = Network {
            base_fee: parameters.base_fee,
            gas_limit: parameters.gas_limit,
            byte_limit: parameters.byte_limit,
        };
        Self::empty(network, limits)
    }

    fn empty(network: Network, limits: PoolLimits) -> Self {
        Self {
            network,
            limits,
            rows: HashMap::new(),
            by_hash: HashMap::new(),
            arrivals: BTreeMap::new(),
            ages: BTreeSet::new(),
            by_worth: BTreeMap::new(),
            heads: BTreeMap::new(),
            bytes: 0,
            next_order: MIDDLE,
            first_order: MIDDLE,
            journal: None,
        }
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.by_hash.len()
    }

    pub fn is_empty(&self) -> bool {
        self.by_hash.is_empty()
    }

    /// Bytes of all envelopes that wait.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    pub fn limits(&self) -> &PoolLimits {
        &self.limits
    }

    pub fn contains(&self, hash: &B256) -> bool {
        self.by_hash.contains_key(hash)
    }

    pub fn get(&self, hash: &B256) -> Option<&Entry> {
        self.at(*self.by_hash.get(hash)?)
    }

    /// All that wait, in the order of their arrival.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.arrivals.values().filter_map(|place| self.at(*place))
    }

    /// What waits of one account, nonces ascending.
    pub fn by_sender(&self, address: Address) -> impl DoubleEndedIterator<Item = &Entry> {
        let row = self.rows.get(&address);
        row.into_iter().flat_map(|row| row.entries.values())
    }

    /// The nonce that the account's next transaction should have: the first of which none waits, from the account's own on.
    pub fn next_nonce(&self, address: Address, account_nonce: u64) -> u64 {
        let row = self.rows.get(&address);
        row.map_or(account_nonce, |row| row.first_missing(account_nonce))
    }

    /// What a transaction pays a gas, all of which goes to the miner, in units.
    pub fn rate(&self, entry: &Entry) -> u128 {
        entry.transaction.fee_a_gas(self.network.base_fee)
    }

    /// What must come before this waiting transaction can be in a block: another that nobody has sent here, or coins; `None` if it is ready or does not wait. Quick,
    /// unlike [`Mempool::waits_for`].
    pub fn missing_before(&self, hash: &B256) -> Option<Waits> {
        let (sender, nonce) = *self.by_hash.get(hash)?;
        let row = self.rows.get(&sender)?;
        let missing = row.ready_until;
        if nonce < missing {
            return None;
        }
        if row.entries.contains_key(&missing) {
            return Some(Waits::ForCoins {
                sender,
                needed: Amount::from_units(row.cost_until(missing)),
                balance: Amount::from_units(row.facts.balance),
            });
        }
        Some(Waits::ForNonce {
            nonce: missing,
            sender,
        })
    }

    /// What a waiting transaction waits for; `None` if it does not wait. Takes time in proportion to what is offered before it.
    pub fn waits_for(&self, hash: &B256) -> Option<Waits> {
        if !self.contains(hash) {
            return None;
        }
        if let missing @ Some(_) = self.missing_before(hash) {
            return missing;
        }
        let (mut in_front, mut gas_in_front) = (0, 0_u64);
        for entry in self.best().take_while(|entry| entry.hash() != *hash) {
            in_front += 1;
            gas_in_front = gas_in_front.saturating_add(entry.transaction.gas_limit());
        }
        Some(Waits::InLine {
            in_front,
            gas_in_front,
        })
    }

    fn at(&self, (address, nonce): Place) -> Option<&Entry> {
        self.rows.get(&address)?.entries.get(&nonce)
    }
}

/// What waits and how it is indexed; the journal aside.
#[cfg(test)]
impl PartialEq for Mempool {
    fn eq(&self, other: &Self) -> bool {
        self.network == other.network
            && self.limits == other.limits
            && self.rows == other.rows
            && self.by_hash == other.by_hash
            && self.arrivals == other.arrivals
            && self.ages == other.ages
            && self.by_worth == other.by_worth
            && self.heads == other.heads
            && self.bytes == other.bytes
            && self.next_order == other.next_order
            && self.first_order == other.first_order
    }
}

#[cfg(test)]
mod chain_tests;
#[cfg(test)]
mod history_tests;
#[cfg(test)]
mod model_tests;
#[cfg(test)]
mod refusal_tests;
#[cfg(test)]
mod suggest_tests;
#[cfg(test)]
mod tests;
