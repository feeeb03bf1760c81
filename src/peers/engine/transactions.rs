//! Passing on what waits: announced by identity, asked for once, sent once to a peer.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use super::input::{LinkId, Moment, Question};
use super::{Asked, Engine};
use crate::limits;
use crate::peers::blame::Offence;
use crate::peers::ledger::{LedgerError, Taken};
use crate::peers::message::bounded::Few;
use crate::peers::message::{Message, TransactionId};

/// What is asked of whom.
#[derive(Debug, Default)]
pub struct Gossip {
    requested: BTreeMap<TransactionId, (LinkId, Moment)>,
    /// When the peers are told next of what began to wait.
    pub tell_at: Option<Moment>,
}

impl Gossip {
    /// How many are asked for and not here yet.
    pub fn requested_count(&self) -> usize {
        self.requested.len()
    }
}

impl Engine {
    /// These wait here: one peer, or all, are told soon.
    pub(super) fn tell_waiting(&mut self, link: Option<LinkId>, ids: &[TransactionId]) {
        let now = self.now;
        let mut any = false;
        for id in ids {
            self.gossip.requested.remove(id);
        }
        for session in self.sessions.values_mut() {
            if link.is_some_and(|link| link != session.link) {
                continue;
            }
            let Some(peer) = session.peer_mut() else {
                continue;
            };
            // Who has not been told yet of what waits is told of all at once, when it has caught up.
            if link.is_none() && !peer.told_waiting {
                continue;
            }
            for id in ids {
                if peer.knows.note(*id) {
                    peer.to_tell.push(*id);
                    any = true;
                }
            }
        }
        if any && self.gossip.tell_at.is_none() {
            self.gossip.tell_at = Some(now.after(limits::TRANSACTIONS_TOLD));
        }
    }

    /// A peer that is not ahead is told of all that waits here, once. What waits at a node that is behind may be in blocks already.
    pub(super) fn tell_what_waits_to(&mut self, link: LinkId) {
        let own = self.own;
        let Some(peer) = self.sessions.get_mut(&link).and_then(|s| s.peer_mut()) else {
            return;
        };
        if peer.told_waiting || peer.stand.weight > own.weight {
            return;
        }
        peer.told_waiting = true;
        self.ask(Asked::Waiting(Some(link)), Question::Waiting);
    }

    /// Sends the announcements whose time has come.
    pub(super) fn keep_telling(&mut self) {
        let Some(at) = self.gossip.tell_at else {
            return;
        };
        if self.now < at {
            return;
        }
        self.gossip.tell_at = None;
        let mut messages = Vec::new();
        for session in self.sessions.values_mut() {
            let link = session.link;
            let Some(peer) = session.peer_mut() else {
                continue;
            };
            let ids = std::mem::take(&mut peer.to_tell);
            for some in ids.chunks(limits::SESSION_TRANSACTIONS) {
                messages.push((link, Message::Have(Few::first_of(some.iter().copied()))));
            }
        }
        for (link, message) in messages {
            self.send(link, &message);
        }
    }

    pub(super) fn announced_transactions(&mut self, link: LinkId, ids: &[TransactionId]) {
        let now = self.now;
        let Some(session) = self.sessions.get_mut(&link) else {
            return;
        };
        if !session.rates.transactions.takes(ids.len() as u64, now) {
            return self.blame(
                link,
                Offence::Flood,
                "more transactions than a peer may announce",
            );
        }
        let Some(peer) = session.peer_mut() else {
            return;
        };
        for id in ids {
            peer.knows.note(*id);
        }
        let unasked: Vec<TransactionId> = ids
            .iter()
            .filter(|id| !self.gossip.requested.contains_key(id))
            .copied()
            .collect();
        if !unasked.is_empty() {
            self.ask(Asked::Lacks(link), Question::Lacks(unasked));
        }
    }

    /// This node lacks these, which a peer has.
    pub(super) fn lacked(&mut self, link: LinkId, mut ids: Vec<TransactionId>) {
        if !self.sessions.contains_key(&link) {
            return;
        }
        ids.retain(|id| !self.gossip.requested.contains_key(id));
        let room = limits::TRANSACTIONS_REQUESTED.saturating_sub(self.gossip.requested.len());
        ids.truncate(room);
        if ids.is_empty() {
            return;
        }
        self.request(link, &ids);
    }

    fn request(&mut self, link: LinkId, ids: &[TransactionId]) {
        for id in ids {
            self.gossip.requested.insert(*id, (link, self.now));
        }
        for some in ids.chunks(limits::SESSION_TRANSACTIONS) {
            if let Some(peer) = self.sessions.get_mut(&link).and_then(|s| s.peer_mut()) {
                peer.owes_transactions.push_back(some.to_vec());
            }
            let wanted = Message::GetTransactions(Few::first_of(some.iter().copied()));
            self.send(link, &wanted);
        }
    }

    pub(super) fn asked_for_transactions(&mut self, link: LinkId, ids: Vec<TransactionId>) {
        if self.may_ask(link) {
            let bytes = limits::SESSION_TRANSACTIONS_BYTES;
            let whose = Asked::ServeTransactions {
                link,
                ids: ids.clone(),
            };
            self.ask(whose, Question::ServeTransactions { ids, bytes });
        }
    }

    pub(super) fn transactions_came(&mut self, link: LinkId, items: Vec<Bytes>) {
        let Some(peer) = self.sessions.get_mut(&link).and_then(|s| s.peer_mut()) else {
            return;
        };
        // What nobody asked for is not even read.
        let longest = peer.owes_transactions.iter().map(Vec::len).max();
        if peer.owes_transactions.len() <= peer.taking || longest < Some(items.len()) {
            let why = "it sends transactions that nobody asked for";
            return self.blame(link, Offence::Malformed, why);
        }
        if items.is_empty() {
            // Nobody can tell which question that answers: the longer ones may still be answered in full.
            let lists = peer.owes_transactions.iter().enumerate();
            let shortest = lists
                .min_by_key(|(_, ids)| ids.len())
                .map_or(0, |(at, _)| at);
            let asked = peer.owes_transactions.remove(shortest).unwrap_or_default();
            return self.ask_others(link, asked);
        }
        peer.taking = peer.taking.saturating_add(1);
        let bytes: usize = items.iter().map(Bytes::len).sum();
        let full = bytes >= limits::SESSION_TRANSACTIONS_BYTES;
        let whose = Asked::Take { link, full };
        self.ask(whose, Question::Take(items));
    }

    /// These do not come from this peer: whoever else has announced them is asked.
    pub(super) fn ask_others(&mut self, link: LinkId, ids: Vec<TransactionId>) {
        let mut again: BTreeMap<LinkId, Vec<TransactionId>> = BTreeMap::new();
        for id in ids {
            // Another may have been asked meanwhile.
            let requested = self.gossip.requested.get(&id);
            if requested.is_none_or(|(asked, _)| *asked != link) {
                continue;
            }
            self.gossip.requested.remove(&id);
            let has_it = |session: &&super::session::Session| {
                session.link != link && session.peer().is_some_and(|peer| peer.knows.has(&id))
            };
            if let Some(other) = self.settled().find(has_it) {
                again.entry(other.link).or_default().push(id);
            }
        }
        for (other, ids) in again {
            self.ask(Asked::Lacks(other), Question::Lacks(ids));
        }
    }

    /// What a peer was asked for when it answered with these; its oldest question where that is not to be told.
    fn answered_question(
        &mut self,
        link: LinkId,
        came: &BTreeSet<TransactionId>,
    ) -> Vec<TransactionId> {
        let Some(peer) = self.sessions.get_mut(&link).and_then(|s| s.peer_mut()) else {
            return Vec::new();
        };
        peer.taking = peer.taking.saturating_sub(1);
        let is_answered = |asked: &Vec<TransactionId>| asked.iter().any(|id| came.contains(id));
        let at = peer.owes_transactions.iter().position(is_answered);
        peer.owes_transactions
            .remove(at.unwrap_or(0))
            .unwrap_or_default()
    }

    pub(super) fn taken(
        &mut self,
        link: LinkId,
        full: bool,
        taken: Result<Vec<Taken>, LedgerError>,
    ) {
        let now = self.now;
        let taken = match taken {
            Ok(taken) => taken,
            Err(error) => {
                tracing::warn!(%error, "a peer's transactions could not be kept");
                let asked = self.answered_question(link, &BTreeSet::new());
                return self.ask_others(link, asked);
            }
        };
        let mut broken = None;
        let mut came = BTreeSet::new();
        for one in taken {
            match one {
                Taken::Waits(id) | Taken::Refused(id, _) => {
                    came.insert(id);
                    let was_asked = self.gossip.requested.remove(&id);
                    if was_asked.is_some_and(|(asked, _)| asked == link)
                        && let Some(peer) = self.sessions.get_mut(&link).and_then(|s| s.peer_mut())
                    {
                        peer.last_transaction = Some(now);
                    }
                }
                Taken::Broken(offence, why) => broken = Some((offence, why)),
            }
        }
        let mut asked = self.answered_question(link, &came);
        asked.retain(|id| !came.contains(id));
        let is_owed = |id: &TransactionId| {
            let requested = self.gossip.requested.get(id);
            requested.is_some_and(|(asked, _)| *asked == link)
        };
        match broken {
            Some((offence, why)) => {
                self.ask_others(link, asked);
                self.blame(link, offence, &why);
            }
            // An answer ends where it has its bytes: the rest is asked for again. Of any other answer the rest waits there no more.
            None if full && !came.is_empty() => {
                asked.retain(is_owed);
                if !asked.is_empty() && self.sessions.contains_key(&link) {
                    self.request(link, &asked);
                }
            }
            None => self.ask_others(link, asked),
        }
    }

    /// What was asked for and did not come is asked of another that has it.
    pub(super) fn keep_requesting(&mut self) {
        let now = self.now;
        let late: Vec<(TransactionId, LinkId)> = self
            .gossip
            .requested
            .iter()
            .filter(|(_, (_, at))| now.since(*at) > limits::TRANSACTIONS_ANSWER)
            .map(|(id, (link, _))| (*id, *link))
            .collect();
        let mut blamed: BTreeMap<LinkId, Vec<TransactionId>> = BTreeMap::new();
        for (id, link) in late {
            blamed.entry(link).or_default().push(id);
        }
        for (link, ids) in blamed {
            self.ask_others(link, ids);
            self.blame(
                link,
                Offence::Timeout,
                "it does not send transactions that it announced",
            );
        }
    }

    pub(super) fn abandon_transactions(&mut self, link: LinkId) {
        let requested = self.gossip.requested.iter();
        let owed = requested.filter(|(_, (asked, _))| *asked == link);
        let owed = owed.map(|(id, _)| *id).collect();
        self.ask_others(link, owed);
    }
}
