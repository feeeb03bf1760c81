//! Who gets a place among the new and the tried, and who has to leave for it.

use super::{Book, CONTEST_MS, Contest, Known, Moment, NotKept, Source, Table};
use crate::limits::BOOK_CONTESTS;
use crate::peers::address::{PeerAddress, PeerHost, Scheme};
use crate::peers::reach::Reach;

impl Book {
    /// The rules for what others than the operator tell.
    pub(super) fn may_keep(
        &self,
        address: &PeerAddress,
        source: Source,
        now: Moment,
    ) -> Result<(), NotKept> {
        let PeerHost::Ip(ip) = address.host() else {
            return Err(NotKept::NotPlain);
        };
        if address.scheme() != Scheme::Http {
            return Err(NotKept::NotPlain);
        }
        let theirs = match source {
            Source::Peer(from) => Reach::of(from, false),
            _ => Reach::Loopback,
        };
        if self.reach.min(theirs).allows(*ip).is_err() {
            return Err(NotKept::OutOfReach);
        }
        if self.is_left_alone(address, now) {
            return Err(NotKept::LeftAlone);
        }
        Ok(())
    }

    /// Gives an address its place among the new; false if one that is not given up holds it.
    pub(super) fn place_new(
        &mut self,
        address: PeerAddress,
        mut known: Known,
        now: Moment,
    ) -> bool {
        let source = known.source.group(&address);
        let slot = self.secret.new_slot(&source, &address);
        if let Some(holder) = self.new.at(slot).cloned() {
            let keeps = |known: &Known| !known.is_given_up(now);
            if self.known.get(&holder).is_some_and(keeps) {
                return false;
            }
            self.forget(&holder);
        }
        known.table = Table::New;
        self.new.put(slot, address.clone());
        self.known.insert(address, known);
        true
    }

    /// Moves an address that answered to its place among the tried, or has it wait until the holder was called.
    pub(super) fn enter_tried(&mut self, address: &PeerAddress, now: Moment) {
        let Some(known) = self.known.get(address) else {
            return;
        };
        if known.table != Table::New {
            return;
        }
        let known = known.clone();
        let slot = self.secret.tried_slot(address);
        if let Some(holder) = self.tried.at(slot).cloned() {
            let holds = self.known.get(&holder);
            if holds.is_some_and(|holder| !holder.is_given_up(now)) {
                if !holds.is_some_and(|holder| holder.was_just_there(now)) {
                    self.contest(address, holder, now);
                }
                return;
            }
            self.displace(&holder, now);
        }
        self.clear_place(address, &known);
        self.tried.put(slot, address.clone());
        if let Some(known) = self.known.get_mut(address) {
            known.table = Table::Tried;
        }
    }

    fn contest(&mut self, newcomer: &PeerAddress, holder: PeerAddress, now: Moment) {
        self.contests
            .retain(|contest| now.running_ms.saturating_sub(contest.since_ms) < CONTEST_MS);
        let stands = |contest: &Contest| contest.holder == holder || contest.newcomer == *newcomer;
        if self.contests.len() < BOOK_CONTESTS && !self.contests.iter().any(stands) {
            self.contests.push(Contest {
                newcomer: newcomer.clone(),
                holder,
                since_ms: now.running_ms,
            });
        }
    }

    /// Takes an address out of the tried ones; among the new it may find a free place.
    pub(super) fn displace(&mut self, address: &PeerAddress, now: Moment) {
        if let Some(known) = self.known.get(address).cloned() {
            self.forget(address);
            self.place_new(address.clone(), known, now);
        }
    }

    pub(super) fn clear_place(&mut self, address: &PeerAddress, known: &Known) {
        match known.table {
            Table::Operator => {
                self.operators.remove(address);
            }
            Table::New => {
                let source = known.source.group(address);
                self.new.clear(self.secret.new_slot(&source, address));
            }
            Table::Tried => self.tried.clear(self.secret.tried_slot(address)),
        }
        self.contests
            .retain(|contest| contest.newcomer != *address && contest.holder != *address);
    }
}
