//! Whose chain is brought in, where more are offered than may come at once: one who promises much and sends nothing keeps nobody waiting.

use std::cmp::Reverse;

use super::blocks::A_PEER;
use super::fetch::{Fetch, FetchId};
use super::input::{LinkId, Question};
use super::session::Place;
use super::{Asked, Engine};
use crate::limits;

impl Engine {
    /// Begins to bring in a peer's chain, if it is better than what is here or on its way.
    pub(super) fn consider(&mut self, link: LinkId) {
        let now = self.now;
        let Some(peer) = self.sessions.get(&link).and_then(|session| session.peer()) else {
            return;
        };
        let (target, turns) = (peer.stand, peer.record.turns);
        let failed = peer
            .failed
            .is_some_and(|(id, again)| now < again && (id == target.id || peer.failures > 2));
        let at_once = self.fetches.values();
        let at_once = at_once.filter(|fetch| fetch.target.id == target.id).count();
        let is_coming = |fetch: &Fetch| fetch.from == link || fetch.brings(target.id, at_once, now);
        if self.ending
            || failed
            || peer.record.owes_headers(now)
            || peer.owes_for_long() >= A_PEER
            || target.weight <= self.own.weight
            || self.fetches.values().any(is_coming)
            || !self.has_a_slot(link, turns)
        {
            return;
        }
        self.last_number = self.last_number.saturating_add(1);
        let id = FetchId(self.last_number);
        self.fetches.insert(id, Fetch::of(link, target, now));
        if let Some(peer) = self.sessions.get_mut(&link).and_then(|s| s.peer_mut()) {
            peer.record.tried = Some(now);
        }
        self.ask(Asked::Fetch(id), Question::Begin);
    }

    /// Looks whether any peer has a better chain: first those that this node called, and of these the ones that were not asked for theirs
    /// for longest. Whoever has just come counts as just asked: else new keys without end would always come first.
    pub(super) fn consider_all(&mut self) {
        let mut waiting: Vec<_> = self
            .settled()
            .filter_map(|session| {
                let peer = session.peer()?;
                let is_guest = session.place == Place::Inbound;
                let weight = Reverse(peer.stand.weight);
                let attended = peer.record.tried.unwrap_or(peer.settled);
                let order = (is_guest, attended, weight, session.link);
                (peer.stand.weight > self.own.weight).then_some(order)
            })
            .collect();
        waiting.sort();
        for (_, _, _, link) in waiting {
            self.consider(link);
        }
    }

    fn is_guest(&self, link: LinkId) -> bool {
        let session = self.sessions.get(&link);
        session.is_none_or(|session| session.place == Place::Inbound)
    }

    /// Whether one more chain may be brought in, this peer's. Where all places are taken, the one that holds up others worst gives way; the
    /// one that has brought most stays, so that something always comes in. Who calls this node gets some of the places alone, and waits
    /// behind whom this node called: anybody can call, with any number of keys.
    fn has_a_slot(&mut self, link: LinkId, turns: u32) -> bool {
        let guest = self.is_guest(link);
        let from_guests = |engine: &Self| {
            let fetches = engine.fetches.values();
            fetches.filter(|fetch| engine.is_guest(fetch.from)).count()
        };
        let is_full = self.fetches.len() >= limits::SYNCS;
        let is_full_of_guests = guest && from_guests(self) >= limits::SYNCS_OF_GUESTS;
        if !is_full && !is_full_of_guests {
            return true;
        }
        let now = self.now;
        let brings_most = self
            .fetches
            .iter()
            .filter(|(_, fetch)| fetch.brought() > 0)
            .max_by_key(|(id, fetch)| (fetch.brought(), Reverse(**id)))
            .map(|(id, _)| *id);
        let worst = self
            .fetches
            .iter()
            .filter(|(id, _)| Some(**id) != brings_most)
            .filter_map(|(id, fetch)| {
                let is_guests = self.is_guest(fetch.from);
                let gives_way = fetch.holds_up(turns, now);
                let gives_way = match (guest, is_guests) {
                    (true, false) if is_full_of_guests => None,
                    (false, true) => gives_way.or(fetch.is_empty_so_far(now)),
                    _ => gives_way,
                };
                Some((is_guests, gives_way?, *id, fetch.from))
            })
            .max();
        let Some((_, _, id, from)) = worst else {
            return false;
        };
        if let Some(peer) = self.sessions.get_mut(&from).and_then(|s| s.peer_mut()) {
            peer.record.turns = peer.record.turns.saturating_add(1);
        }
        self.leave_fetch(id, Some("another peer's chain has waited for its place"));
        true
    }
}
