//! The few ways in which the pool changes. Everything goes through them, so that the indexes agree and each change can be taken back.
//!
//! What waits is put in and taken out first; [`Mempool::settle`] then says anew which of an account's are ready. Between the two an account's indexes are those of before.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use alloy_primitives::Address;

use super::Mempool;
use super::entry::{Entry, Head, Place, Worth};
use super::row::{Facts, Row};

/// How to take back one step.
#[derive(Debug, Clone)]
pub(super) enum Undo {
    Inserted(Place),
    Removed(Entry),
    /// An account's facts were these, or it had nothing waiting.
    Facts(Address, Option<Facts>),
}

/// What has changed since [`Mempool::begin`].
#[derive(Debug, Clone)]
pub(super) struct Journal {
    steps: Vec<Undo>,
    next_order: u64,
    first_order: u64,
}

impl Mempool {
    /// From here on every change can be taken back, until [`Mempool::keep`] or [`Mempool::roll_back`]. Within a journal that is open already, nothing.
    pub fn begin(&mut self) {
        if self.journal.is_none() {
            self.journal = Some(Journal {
                steps: Vec::new(),
                next_order: self.next_order,
                first_order: self.first_order,
            });
        }
    }

    /// What changed since [`Mempool::begin`] stays.
    pub fn keep(&mut self) {
        self.journal = None;
    }

    /// Everything is as it was at [`Mempool::begin`]. The cost is that of the changes. Without a `begin`, nothing.
    pub fn roll_back(&mut self) {
        let Some(journal) = self.journal.take() else {
            return;
        };
        self.next_order = journal.next_order;
        self.first_order = journal.first_order;
        let mut touched = BTreeSet::new();
        for step in journal.steps.into_iter().rev() {
            match step {
                Undo::Inserted(place) => {
                    self.remove(place);
                    touched.insert(place.0);
                }
                Undo::Removed(entry) => {
                    touched.insert(entry.sender());
                    self.insert(entry);
                }
                Undo::Facts(address, facts) => {
                    touched.insert(address);
                    if let Some(facts) = facts {
                        self.learn(address, facts);
                    }
                }
            }
        }
        touched.into_iter().for_each(|address| self.settle(address));
    }

    fn note(&mut self, step: Undo) {
        if let Some(journal) = &mut self.journal {
            journal.steps.push(step);
        }
    }

    /// Sets what is known of an account, and makes its row if need be.
    pub(super) fn learn(&mut self, address: Address, facts: Facts) {
        let before = self.rows.get(&address).map(|row| row.facts);
        if before == Some(facts) {
            return;
        }
        self.note(Undo::Facts(address, before));
        let row = self.rows.entry(address).or_insert_with(|| Row::new(facts));
        row.facts = facts;
    }

    /// Puts an entry into a free place of an account that is known.
    pub(super) fn insert(&mut self, entry: Entry) {
        let (address, nonce) = entry.place();
        let rate = self.rate(&entry);
        let Some(row) = self.rows.get_mut(&address) else {
            debug_assert!(false, "the account is known");
            return;
        };
        let worth = Worth {
            ready: nonce < row.ready_until,
            rate,
            order: Reverse(entry.order),
        };
        row.cost = row.cost.saturating_add(entry.cost());
        self.bytes += entry.bytes();
        self.by_hash.insert(entry.hash(), (address, nonce));
        self.arrivals.insert(entry.order, (address, nonce));
        self.ages.insert((entry.since, entry.order));
        self.by_worth.insert(worth, (address, nonce));
        let former = row.entries.insert(nonce, entry);
        debug_assert!(former.is_none(), "the place is free");
        self.note(Undo::Inserted((address, nonce)));
    }

    /// Takes an entry out.
    pub(super) fn remove(&mut self, (address, nonce): Place) -> Option<Entry> {
        let row = self.rows.get_mut(&address)?;
        let entry = row.entries.remove(&nonce)?;
        let worth = Worth {
            ready: nonce < row.ready_until,
            rate: entry.transaction.fee_a_gas(self.network.base_fee),
            order: Reverse(entry.order),
        };
        row.cost = row.cost.saturating_sub(entry.cost());
        self.bytes -= entry.bytes();
        self.by_hash.remove(&entry.hash());
        self.arrivals.remove(&entry.order);
        self.ages.remove(&(entry.since, entry.order));
        let indexed = self.by_worth.remove(&worth);
        debug_assert!(indexed.is_some(), "what waits is indexed");
        self.note(Undo::Removed(entry.clone()));
        Some(entry)
    }

    /// Says anew which of an account's transactions are ready, and forgets an account that has none.
    pub(super) fn settle(&mut self, address: Address) {
        let base_fee = self.network.base_fee;
        let Some(row) = self.rows.get_mut(&address) else {
            return;
        };
        let (was, is) = (row.ready_until, row.ready_end());
        for (nonce, entry) in row.entries.range(was.min(is)..was.max(is)) {
            let worth = |ready| Worth {
                ready,
                rate: entry.transaction.fee_a_gas(base_fee),
                order: Reverse(entry.order),
            };
            self.by_worth.remove(&worth(*nonce < was));
            self.by_worth.insert(worth(*nonce < is), (address, *nonce));
        }
        row.ready_until = is;
        let head: Option<Head> = row.first(base_fee);
        if row.head != head {
            if let Some(former) = row.head {
                self.heads.remove(&former);
            }
            if let Some(head) = head {
                self.heads.insert(head, address);
            }
            row.head = head;
        }
        if row.entries.is_empty() {
            let facts = row.facts;
            self.rows.remove(&address);
            self.note(Undo::Facts(address, Some(facts)));
        }
    }

    /// Takes out what stands here and all that depends on it, the last first.
    pub(super) fn remove_from(&mut self, (address, nonce): Place) -> Vec<Entry> {
        let nonces: Vec<u64> = self.rows.get(&address).map_or_else(Vec::new, |row| {
            row.entries
                .range(nonce..)
                .map(|(nonce, _)| *nonce)
                .collect()
        });
        let removed = nonces
            .into_iter()
            .rev()
            .filter_map(|nonce| self.remove((address, nonce)))
            .collect();
        self.settle(address);
        removed
    }
}
