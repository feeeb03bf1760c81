//! Taking a transaction in.

use std::collections::HashSet;
use std::sync::Arc;

use alloy_consensus::Transaction as _;

use super::Mempool;
use super::entry::{Added, Entry, Place, Taken};
use super::refused::Refused;
use super::row::{Facts, Row};
use crate::limits::POOL_REPLACEMENT_PERCENT;
use crate::protocol::coin::amount::Amount;
use crate::protocol::coin::state::{StateView, ViewError};
use crate::protocol::coin::transaction::Transaction;

/// Bytes of a block beside the envelope of its only transaction, at most: what a template keeps free, and the length of the envelope.
const BLOCK_FRAME_BYTES: u64 = 1_024 + 4;

impl Mempool {
    /// Takes a transaction in, if policy allows it. `state` is that of the last [`Mempool::chain_changed`]; it is asked only for senders of whom nothing waits.
    ///
    /// # Errors
    /// [`Refused`] says why it may not wait, and what to do; [`ViewError`] that the state could not be read. Neither changes anything.
    pub fn add(
        &mut self,
        transaction: Arc<Transaction>,
        now: u64,
        state: &dyn StateView,
    ) -> Result<Result<Taken, Refused>, ViewError> {
        if self.contains(&transaction.hash()) {
            return Ok(Ok(Taken::AlreadyKnown));
        }
        if let Err(refused) = self.form_fits(&transaction) {
            return Ok(Err(refused));
        }
        let sender = transaction.sender();
        let facts = match self.rows.get(&sender) {
            Some(row) => row.facts,
            None => Facts::of(state.account(sender)?),
        };
        Ok(self.add_to(transaction, facts, now).map(Taken::Added))
    }

    fn add_to(
        &mut self,
        transaction: Arc<Transaction>,
        facts: Facts,
        now: u64,
    ) -> Result<Added, Refused> {
        let none = Row::new(facts);
        let row = self.rows.get(&transaction.sender()).unwrap_or(&none);
        let nonce = transaction.nonce();
        sender_may_send(&transaction, row, self.limits.per_account)?;
        let replaced = row.entries.get(&nonce);
        if let Some(waiting) = replaced {
            replacement_pays_more(&transaction, &waiting.transaction)?;
        }
        sender_affords(&transaction, row)?;

        let (sender, order) = (transaction.sender(), self.next_order);
        let place = (sender, nonce);
        self.learn(sender, facts);
        let replaced = self.remove(place);
        self.insert(Entry {
            transaction,
            order,
            since: now,
        });
        self.settle(sender);
        let (ready, victims) = match self.make_room(place) {
            Ok(room) => room,
            Err(refused) => {
                self.remove(place);
                replaced.into_iter().for_each(|entry| self.insert(entry));
                self.settle(sender);
                return Err(refused);
            }
        };
        self.next_order += 1;
        let evicted = victims
            .iter()
            .filter_map(|victim| self.remove(*victim))
            .collect();
        for (address, _) in victims {
            self.settle(address);
        }
        Ok(Added {
            ready,
            order,
            replaced,
            evicted,
        })
    }

    /// The rules that need nothing but the transaction.
    fn form_fits(&self, transaction: &Transaction) -> Result<(), Refused> {
        let room = usize::try_from(self.network.byte_limit.saturating_sub(BLOCK_FRAME_BYTES))
            .unwrap_or(usize::MAX);
        let most = self.limits.envelope_bytes.min(self.limits.bytes).min(room);
        let found = transaction.bytes().len();
        if found > most {
            return Err(Refused::Bytes { found, most });
        }
        let (found, most) = (transaction.gas_limit(), self.network.gas_limit);
        if found > most {
            return Err(Refused::GasLimit { found, most });
        }
        let (found, base_fee) = (transaction.greatest_fee(), self.network.base_fee);
        if found < base_fee.into() {
            return Err(Refused::FeeBelowBase { found, base_fee });
        }
        Ok(())
    }

    /// Whether the newcomer, which stands in its place already, is ready, and which must leave so that all the others fit, with what depends on them.
    fn make_room(&self, newcomer: Place) -> Result<(bool, Vec<Place>), Refused> {
        let base_fee = self.network.base_fee;
        let (sender, nonce) = newcomer;
        let Some(row) = self.rows.get(&sender) else {
            return Ok((false, Vec::new()));
        };
        let ready = nonce < row.ready_until;
        let own = row.rate_of(nonce, base_fee).unwrap_or_default();
        let before = row.cheapest_before(nonce, base_fee);
        let counts_for = before.map_or(own, |(rate, _)| rate.min(own));

        let (mut count, mut bytes) = (self.len(), self.bytes);
        let mut victims = Vec::new();
        let mut leaving: HashSet<Place> = HashSet::new();
        // The dearest of those that would have to leave, of the newcomer's kind.
        let mut least = None;
        for (worth, place) in &self.by_worth {
            if count <= self.limits.transactions && bytes <= self.limits.bytes {
                break;
            }
            if *place == newcomer || leaving.contains(place) {
                continue;
            }
            if worth.ready && !ready {
                let missing = row.ready_until;
                return Err(Refused::FullBehindGap { sender, missing });
            }
            least = (worth.ready == ready).then_some(worth.rate);
            let dependent = self.rows.get(&place.0).into_iter().flat_map(|row| {
                let behind = row.entries.range(place.1..).rev();
                behind.map(|(nonce, entry)| ((place.0, *nonce), entry.bytes()))
            });
            for (victim, its_bytes) in dependent {
                if victim != newcomer && leaving.insert(victim) {
                    victims.push(victim);
                    count -= 1;
                    bytes -= its_bytes;
                }
            }
        }
        match (least, before) {
            (Some(least), Some((found, nonce))) if counts_for <= least && own > least => {
                Err(Refused::FullBehindCheaper {
                    sender,
                    nonce,
                    found,
                    needed: least.saturating_add(1),
                })
            }
            (Some(least), _) if counts_for <= least => Err(Refused::Full {
                found: own,
                least,
                needed: least.saturating_add(1),
                base_fee,
            }),
            // Whatever stands before the newcomer counts for no less than it: none of that is a victim.
            _ => Ok((ready, victims)),
        }
    }
}

fn sender_may_send(transaction: &Transaction, row: &Row, most: usize) -> Result<(), Refused> {
    let (sender, found) = (transaction.sender(), transaction.nonce());
    let next = row.facts.nonce;
    if row.facts.has_code && !transaction.is_impersonated() {
        return Err(Refused::SenderHasCode { sender });
    }
    if found < next {
        return Err(Refused::NonceUsed {
            sender,
            found,
            next,
        });
    }
    // A nonce that is taken may be ahead of that, since a displaced block moved the account back.
    let ahead = found - next;
    if ahead >= most as u64 && !row.entries.contains_key(&found) {
        return Err(Refused::TooManyInARow {
            sender,
            found,
            next,
            most,
            last: next.saturating_add((most as u64).saturating_sub(1)),
        });
    }
    Ok(())
}

fn replacement_pays_more(newcomer: &Transaction, waiting: &Transaction) -> Result<(), Refused> {
    let priority = |transaction: &Transaction| transaction.envelope().priority_fee_or_price();
    let needed_greatest = raised(waiting.greatest_fee());
    let needed_priority = raised(priority(waiting));
    let (greatest, priority) = (newcomer.greatest_fee(), priority(newcomer));
    if greatest < needed_greatest || priority < needed_priority {
        return Err(Refused::ReplacementPaysTooLittle {
            nonce: newcomer.nonce(),
            greatest,
            priority,
            needed_greatest,
            needed_priority,
        });
    }
    Ok(())
}

/// So much more, rounded up, and at least one unit more.
fn raised(fee: u128) -> u128 {
    const PERCENT: u128 = POOL_REPLACEMENT_PERCENT as u128;
    let more = (fee / 100)
        .saturating_mul(PERCENT)
        .saturating_add((fee % 100 * PERCENT).div_ceil(100));
    fee.saturating_add(more.max(1))
}

fn sender_affords(newcomer: &Transaction, row: &Row) -> Result<(), Refused> {
    let replaced = row.entries.get(&newcomer.nonce());
    let others = row
        .cost
        .saturating_sub(replaced.map(Entry::cost).unwrap_or_default());
    let needed = newcomer
        .greatest_cost()
        .and_then(|cost| cost.checked_add(others));
    if needed.is_none_or(|needed| needed > row.facts.balance) {
        return Err(Refused::Unaffordable {
            sender: newcomer.sender(),
            balance: Amount::from_units(row.facts.balance),
            needed: needed.map(Amount::from_units),
            others: row.entries.len() - usize::from(replaced.is_some()),
        });
    }
    Ok(())
}
