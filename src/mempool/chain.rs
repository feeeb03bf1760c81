//! What becomes of the pool when the chain changes, when time passes, and after a restart.

use std::collections::{BTreeMap, HashSet, btree_map};
use std::sync::Arc;

use alloy_primitives::{Address, B256};

use super::entry::{Entry, Left, Place, Why};
use super::row::Facts;
use super::{MIDDLE, Mempool};
use crate::protocol::coin::state::{StateView, ViewError};
use crate::protocol::coin::transaction::Transaction;

/// What a change of the chain did to the pool.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Those that wait no more; of displaced ones those that could not come back.
    pub left: Vec<Left>,
    /// Displaced ones that wait again, in the order in which the chain had them.
    pub returned: Vec<Entry>,
}

impl Mempool {
    /// Follows a change of the chain: `connected` are the transactions of blocks that are in the chain now, `disconnected` those of blocks that are not any more, both
    /// in the order of their chain, `touched` all accounts that the change may have altered otherwise, and `state` what is now. Whoever lists an account too many does no harm; of one that is
    /// missing the pool would believe what was.
    ///
    /// # Errors
    /// [`ViewError`] when the state cannot be read; nothing has changed then.
    pub fn chain_changed(
        &mut self,
        connected: &[Arc<Transaction>],
        disconnected: &[Arc<Transaction>],
        touched: impl IntoIterator<Item = Address>,
        now: u64,
        state: &dyn StateView,
    ) -> Result<Changes, ViewError> {
        let included: HashSet<B256> = connected.iter().map(|one| one.hash()).collect();
        let displaced: Vec<_> = disconnected
            .iter()
            .filter(|one| !included.contains(&one.hash()) && !self.contains(&one.hash()))
            .collect();
        let senders = connected.iter().map(|one| one.sender());
        let mut known = BTreeMap::new();
        for address in senders.chain(touched) {
            if self.rows.contains_key(&address) {
                known.insert(address, Facts::of(state.account(address)?));
            }
        }
        for address in displaced.iter().map(|one| one.sender()) {
            known.insert(address, Facts::of(state.account(address)?));
        }

        let mut changes = Changes::default();
        for hash in connected.iter().map(|one| one.hash()) {
            if let Some(place) = self.by_hash.get(&hash) {
                let entry = self.remove(*place);
                changes.left.extend(entry.map(because(Why::Included)));
            }
        }
        for (address, facts) in &known {
            self.learn(*address, *facts);
        }
        let mut displaced_hashes = Vec::new();
        for transaction in displaced.into_iter().rev() {
            self.first_order -= 1;
            displaced_hashes.push(transaction.hash());
            let entry = Entry {
                transaction: Arc::clone(transaction),
                order: self.first_order,
                since: now,
            };
            changes.left.extend(self.insert_if_free(entry).err());
        }
        self.hold(known.into_keys(), &mut changes.left);
        let waiting_again = displaced_hashes
            .iter()
            .rev()
            .filter_map(|hash| self.get(hash));
        changes.returned = waiting_again.cloned().collect();
        Ok(changes)
    }

    /// Lets go of what waits for too long. What its sender has behind it stays until its own time is up.
    pub fn expire(&mut self, now: u64) -> Vec<Entry> {
        let limit = self.limits.expiry.as_secs();
        let old = self.ages.iter();
        let places: Vec<Place> = old
            .take_while(|(since, _)| now.saturating_sub(*since) >= limit)
            .filter_map(|(_, order)| self.arrivals.get(order).copied())
            .collect();
        let expired: Vec<Entry> = places
            .iter()
            .filter_map(|place| self.remove(*place))
            .collect();
        for (address, _) in places {
            self.settle(address);
        }
        expired
    }

    /// Lets go of one, whatever waits behind it.
    pub fn take_out(&mut self, hash: &B256) -> Option<Entry> {
        let place = *self.by_hash.get(hash)?;
        let entry = self.remove(place);
        self.settle(place.0);
        entry
    }

    /// Begins anew with what was kept over a restart, in any order, as far as it still holds. Whatever waited is forgotten, and an open journal is closed.
    ///
    /// # Errors
    /// [`ViewError`] when the state cannot be read; nothing has changed then.
    pub fn restore(
        &mut self,
        entries: impl IntoIterator<Item = Entry>,
        now: u64,
        state: &dyn StateView,
    ) -> Result<Vec<Left>, ViewError> {
        let mut entries: Vec<Entry> = entries.into_iter().collect();
        entries.sort_by_key(|entry| entry.order);
        let mut known = BTreeMap::new();
        for address in entries.iter().map(Entry::sender) {
            if let btree_map::Entry::Vacant(unknown) = known.entry(address) {
                unknown.insert(Facts::of(state.account(address)?));
            }
        }
        *self = Self::empty(self.network, self.limits);
        let orders = (entries.first(), entries.last());
        if let (Some(first), Some(last)) = orders {
            self.first_order = first.order.min(MIDDLE);
            self.next_order = last.order.saturating_add(1).max(MIDDLE);
        }
        let mut left = Vec::new();
        for (address, facts) in &known {
            self.learn(*address, *facts);
        }
        for entry in entries {
            left.extend(self.insert_if_free(entry).err());
        }
        self.hold(known.into_keys(), &mut left);
        left.extend(self.expire(now).into_iter().map(because(Why::Expired)));
        Ok(left)
    }

    fn insert_if_free(&mut self, entry: Entry) -> Result<(), Left> {
        let (address, nonce) = entry.place();
        let row = self.rows.get(&address);
        let at_place = row.and_then(|row| row.entries.get(&nonce));
        let at_order = self.arrivals.get(&entry.order);
        let taken = at_place.or_else(|| self.at(*at_order?)).map(Entry::hash);
        match taken {
            Some(by) => Err(because(Why::PlaceTaken { by })(entry)),
            None => {
                self.insert(entry);
                Ok(())
            }
        }
    }

    /// Lets go of what does not hold any more of these accounts, then of what there is no room for.
    fn hold(&mut self, accounts: impl Iterator<Item = Address>, left: &mut Vec<Left>) {
        for address in accounts {
            for (nonce, why) in self.rows.get(&address).map(unfit).unwrap_or_default() {
                left.extend(self.remove((address, nonce)).map(because(why)));
            }
            self.settle(address);
        }
        while self.len() > self.limits.transactions || self.bytes > self.limits.bytes {
            let Some((_, place)) = self.by_worth.first_key_value() else {
                break;
            };
            let evicted = self.remove_from(*place).into_iter();
            left.extend(evicted.map(because(Why::Evicted)));
        }
    }
}

/// Which of an account's transactions can be in no block any more: those whose nonce is used, or all once it is a contract.
fn unfit(row: &super::row::Row) -> Vec<(u64, Why)> {
    let Facts {
        nonce: next,
        has_code,
        ..
    } = row.facts;
    let why = |nonce, entry: &Entry| {
        if nonce < next {
            Some(Why::NonceUsed { next })
        } else {
            let may_send = !has_code || entry.transaction.is_impersonated();
            (!may_send).then_some(Why::SenderHasCode)
        }
    };
    let entries = row.entries.iter();
    entries
        .filter_map(|(nonce, entry)| Some((*nonce, why(*nonce, entry)?)))
        .collect()
}

fn because(why: Why) -> impl Fn(Entry) -> Left {
    move |entry| Left {
        entry,
        why: why.clone(),
    }
}
