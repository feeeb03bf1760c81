//! The address book: which peers this node has heard of, which of them it has reached, and whom to call next.
//!
//! Pure: clocks, randomness and everything that happens on the network are arguments, so that one seed gives one run.
//! Only [`mod@file`] touches the disk. The engine of peers is the one that calls it.
//!
//! In reading order: [`mod@group`] says what is one neighbourhood, [`entry`] what is known of an address and how long it is
//! left in peace, `buckets` where in the book it may stand and `places` who gets a place there, this file what changes it; `pick` chooses whom to call and
//! whom to tell others of, [`dialling`] what to do with the sessions that come of it, `text` and [`mod@file`] keep the book over
//! a restart.
//!
//! # What one attacker cannot do
//!
//! The book has three parts, after Bitcoin Core's `addrman` and the attacks that shaped it (Heilman and others, "Eclipse
//! Attacks on Bitcoin's Peer-to-Peer Network", USENIX Security 2015):
//!
//! * The **operator's** addresses live apart, and nothing displaces them.
//! * The **new** ones were only heard of. What one group of sources tells reaches an eleventh of the buckets, and a newcomer
//!   gets a taken place only if the one there is given up (see [`Known`]).
//! * The **tried** ones have completed a handshake. One group of addresses reaches a sixteenth of the buckets. A newcomer
//!   whose place is taken waits until a feeler has called the one that holds it ([`Book::pick`] hands that one out first),
//!   and gets the place only if that call failed.
//!
//! Nobody outside knows who shares a bucket with whom: the places follow from a secret of the node's own.

mod buckets;
pub mod dialling;
pub mod entry;
pub mod file;
pub mod group;
mod pick;
mod places;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use buckets::{Secret, Slots};
pub use entry::{End, Fault, Known, Moment, Source, Table};
pub use group::{Group, group};
pub use pick::Want;

use super::address::PeerAddress;
use super::reach::Reach;
use crate::limits::{BOOK_ANCHORS, BOOK_LEFT_ALONE, BOOK_LEFT_ALONE_FOR, BOOK_OPERATORS};

/// The addresses of other nodes, at most [`BOOK_ADDRESSES`](crate::limits::BOOK_ADDRESSES).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Book {
    secret: Secret,
    reach: Reach,
    known: BTreeMap<PeerAddress, Known>,
    /// Those of them that the operator named: the engine asks for these at every step.
    operators: BTreeSet<PeerAddress>,
    new: Slots,
    tried: Slots,
    contests: Vec<Contest>,
    left_alone: BTreeMap<PeerAddress, u64>,
    anchors: Vec<PeerAddress>,
}

/// A new address that has answered, and whose place among the tried another one holds.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Contest {
    newcomer: PeerAddress,
    holder: PeerAddress,
    since_ms: u64,
}

/// A contest that nobody has settled for this long is forgotten: the holder keeps its place.
const CONTEST_MS: u64 = 40 * 60 * 1000;

/// What became of an address that was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Learnt {
    New,
    /// It was there before. What the operator names becomes the operator's, whoever had told of it first.
    Known,
    NotKept(NotKept),
}

/// Why an address was not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotKept {
    /// Gossip is of `IP:port` on plain HTTP; names and `https://` come from the operator alone.
    NotPlain,
    /// This node may not call it, or whoever told of it has no business there: a public peer speaks of public addresses.
    OutOfReach,
    /// It misbehaved, and is not called for now.
    LeftAlone,
    /// Another address holds its place, or the operator has named as many as the book takes.
    NoRoom,
}

impl Book {
    /// An empty book. `secret` has to be random, and the same for as long as the book lives; `reach` says what this node may
    /// call: nothing else gets in, except by the operator, whose addresses were judged where they came in.
    pub fn new(secret: [u8; 32], reach: Reach) -> Book {
        Book {
            secret: Secret(secret),
            reach,
            known: BTreeMap::new(),
            operators: BTreeSet::new(),
            new: Slots::default(),
            tried: Slots::default(),
            contests: Vec::new(),
            left_alone: BTreeMap::new(),
            anchors: Vec::new(),
        }
    }

    /// Takes in what `source` tells. The operator's word ends a time of being left alone, and pauses.
    pub fn learn(&mut self, address: PeerAddress, source: Source, now: Moment) -> Learnt {
        if source.is_operators() {
            return self.learn_from_operator(address, source, now);
        }
        if let Err(why) = self.may_keep(&address, source, now) {
            return Learnt::NotKept(why);
        }
        if let Some(known) = self.known.get_mut(&address) {
            known.heard = known.heard.max(now.unix);
            if source == Source::Itself && known.last_success.is_none() {
                // It lives, so what failed before says nothing.
                known.failures = 0;
            }
            return Learnt::Known;
        }
        let known = Known::heard_of(source, Table::New, now);
        match self.place_new(address, known, now) {
            true => Learnt::New,
            false => Learnt::NotKept(NotKept::NoRoom),
        }
    }

    /// A call of this address begins.
    pub fn attempted(&mut self, address: &PeerAddress, now: Moment) {
        if let Some(known) = self.known.get_mut(address) {
            known.last_attempt = Some(now.unix);
            known.pause.attempted(known.table, now);
        }
    }

    /// The handshake with this address is done, and it is who we called. It belongs to the tried ones now, unless its place
    /// there is held: then it waits until a feeler has called the holder.
    pub fn succeeded(&mut self, address: &PeerAddress, now: Moment) {
        let Some(known) = self.known.get_mut(address) else {
            return;
        };
        known.last_success = Some(now.unix);
        known.heard = known.heard.max(now.unix);
        known.failures = 0;
        known.pause.succeeded(now);
        match known.table {
            Table::New => self.enter_tried(address, now),
            Table::Tried => self.contests.retain(|contest| contest.holder != *address),
            Table::Operator => {}
        }
    }

    /// The call of this address came to nothing.
    pub fn failed(&mut self, address: &PeerAddress, fault: Fault, now: Moment) {
        let Some(known) = self.known.get_mut(address) else {
            return;
        };
        known.pause.failed(known.table, fault, now);
        if fault == Fault::PerhapsOurs {
            return;
        }
        known.failures = known.failures.saturating_add(1);
        let lost = |contest: &Contest| contest.holder == *address;
        if let Some(at) = self.contests.iter().position(lost) {
            let Contest {
                newcomer, since_ms, ..
            } = self.contests.remove(at);
            if now.running_ms.saturating_sub(since_ms) < CONTEST_MS {
                self.displace(address, now);
                self.enter_tried(&newcomer, now);
            }
        }
    }

    /// The session with this address is over, after a handshake that [`succeeded`](Book::succeeded).
    pub fn ended(&mut self, address: &PeerAddress, end: End, now: Moment) {
        if let Some(known) = self.known.get_mut(address) {
            known.last_success = Some(now.unix);
            known.pause.ended(known.table, end, now);
        }
    }

    /// Does not call this address until `until_unix`, or [`BOOK_LEFT_ALONE_FOR`] from now if that is sooner. It loses its
    /// place and is not taken in again before; the operator's keeps its place, and only is not due.
    pub fn leave_alone(&mut self, address: &PeerAddress, until_unix: u64, now: Moment) {
        let latest = now.unix.saturating_add(BOOK_LEFT_ALONE_FOR.as_secs());
        self.left_alone.retain(|_, until| *until > now.unix);
        self.left_alone
            .insert(address.clone(), until_unix.min(latest));
        if self.left_alone.len() > BOOK_LEFT_ALONE {
            let first = self.left_alone.iter().min_by_key(|(_, until)| **until);
            if let Some(first) = first.map(|(address, _)| address.clone()) {
                self.left_alone.remove(&first);
            }
        }
        if !self.operators.contains(address) {
            self.forget(address);
        }
    }

    /// Whether this address misbehaved so that it is not called for now.
    pub fn is_left_alone(&self, address: &PeerAddress, now: Moment) -> bool {
        self.left_alone
            .get(address)
            .is_some_and(|until| *until > now.unix)
    }

    /// The addresses that are left alone, and until when, in seconds since 1970.
    pub fn left_alone(&self) -> impl Iterator<Item = (&PeerAddress, u64)> {
        self.left_alone
            .iter()
            .map(|(address, until)| (address, *until))
    }

    /// Whether the address is known and may be called now.
    pub fn is_due(&self, address: &PeerAddress, now: Moment) -> bool {
        !self.is_left_alone(address, now)
            && self
                .known
                .get(address)
                .is_some_and(|known| known.pause.until <= now.running_ms)
    }

    /// When the address may be called again, by [`Moment::running_ms`]; nothing of unknown ones and those left alone.
    pub fn next_try_ms(&self, address: &PeerAddress, now: Moment) -> Option<u64> {
        match self.is_left_alone(address, now) {
            true => None,
            false => self.known.get(address).map(|known| known.pause.until),
        }
    }

    /// Strikes an address out, wherever it stands.
    pub fn forget(&mut self, address: &PeerAddress) {
        self.anchors.retain(|anchor| anchor != address);
        if let Some(known) = self.known.remove(address) {
            self.clear_place(address, &known);
        }
    }

    /// Peers of the last run that are worth calling first, the best one first.
    pub fn anchors(&self) -> &[PeerAddress] {
        &self.anchors
    }

    /// Remembers the peers that are good now, the best one first; the book keeps [`BOOK_ANCHORS`] of those it knows.
    pub fn set_anchors(&mut self, anchors: impl IntoIterator<Item = PeerAddress>) {
        let known = anchors
            .into_iter()
            .filter(|address| self.known.contains_key(address));
        self.anchors = known.take(BOOK_ANCHORS).collect();
    }

    pub fn get(&self, address: &PeerAddress) -> Option<&Known> {
        self.known.get(address)
    }

    /// All addresses and what is known of each, in the order of the addresses.
    pub fn iter(&self) -> impl Iterator<Item = (&PeerAddress, &Known)> {
        self.known.iter()
    }

    /// The addresses that the operator named.
    pub fn operators(&self) -> impl Iterator<Item = &PeerAddress> {
        self.operators.iter()
    }

    pub fn len(&self) -> usize {
        self.known.len()
    }

    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    fn learn_from_operator(&mut self, address: PeerAddress, source: Source, now: Moment) -> Learnt {
        if !self.operators.contains(&address) && self.operators.len() >= BOOK_OPERATORS {
            return Learnt::NotKept(NotKept::NoRoom);
        }
        self.left_alone.remove(&address);
        let learnt = match self.known.contains_key(&address) {
            true => Learnt::Known,
            false => Learnt::New,
        };
        let mut known = match self.known.remove(&address) {
            Some(known) => {
                self.clear_place(&address, &known);
                known
            }
            None => Known::heard_of(source, Table::Operator, now),
        };
        // What the file keeps is kept until the operator strikes it out, even if the settings name it too.
        if known.source != Source::Operator {
            known.source = source;
        }
        known.table = Table::Operator;
        known.heard = known.heard.max(now.unix);
        known.pause.be_quick(now);
        self.operators.insert(address.clone());
        self.known.insert(address, known);
        learnt
    }
}

#[cfg(test)]
#[path = "eclipse_tests.rs"]
mod eclipse_tests;
#[cfg(test)]
#[path = "file_tests.rs"]
mod file_tests;
#[cfg(test)]
#[path = "gossip_tests.rs"]
mod gossip_tests;
#[cfg(test)]
#[path = "tests.rs"]
mod tests;
