//! Whom to call, and who may stay: the places for sessions.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use super::Engine;
use super::event::Event;
use super::input::{DialFailure, LinkId, Moment, Output};
use super::session::{Place, Session};
use crate::limits;
use crate::peers::address::PeerAddress;
use crate::peers::book::dialling::{Dialler, Order, Outbound, Role, Why};
use crate::peers::book::{self, End, Fault, Source};
use crate::peers::message::Parting;
use crate::peers::message::identity::NodeKey;

/// What the engine knows of addresses beside the book, forgotten when the node ends.
#[derive(Debug)]
pub struct Dialling {
    /// Calls under way.
    calls: BTreeMap<LinkId, Call>,
    /// Addresses that lead back here.
    itself: BTreeSet<PeerAddress>,
    /// Whose keys were found behind addresses that were dialled.
    keys: BTreeMap<PeerAddress, NodeKey>,
    /// Which keys' owners say that they are behind addresses: nobody has looked.
    claims: BTreeMap<PeerAddress, NodeKey>,
    /// Addresses that asked to be left in peace.
    waits: BTreeMap<PeerAddress, Moment>,
    /// What the operator named, in order.
    pub operator: Vec<PeerAddress>,
    dialler: Dialler,
    next_step: Moment,
    /// Why the last call of an address failed.
    pub errors: BTreeMap<PeerAddress, String>,
}

#[derive(Debug)]
struct Call {
    address: PeerAddress,
    role: Role,
}

/// Entries that each of the little maps here keeps.
const KEPT: usize = 1_024;

impl Dialling {
    pub fn new(now: Moment) -> Self {
        Self {
            calls: BTreeMap::new(),
            itself: BTreeSet::new(),
            keys: BTreeMap::new(),
            claims: BTreeMap::new(),
            waits: BTreeMap::new(),
            operator: Vec::new(),
            dialler: Dialler::new(),
            next_step: now,
            errors: BTreeMap::new(),
        }
    }

    pub fn is_itself(&mut self, address: PeerAddress) {
        if self.itself.len() >= KEPT {
            self.itself.pop_first();
        }
        self.itself.insert(address);
    }

    pub fn belongs_to(&mut self, address: PeerAddress, key: NodeKey) {
        if self.keys.len() >= KEPT && !self.keys.contains_key(&address) {
            self.keys.pop_first();
        }
        self.keys.insert(address, key);
    }

    pub fn is_claimed_by(&mut self, address: PeerAddress, key: NodeKey) {
        if self.claims.len() >= KEPT && !self.claims.contains_key(&address) {
            self.claims.pop_first();
        }
        self.claims.insert(address, key);
    }

    /// The addresses behind which this key was found.
    fn addresses_of(&self, key: NodeKey) -> Vec<PeerAddress> {
        let found = self.keys.iter().filter(|(_, found)| **found == key);
        found.map(|(address, _)| address.clone()).collect()
    }

    pub fn wait_longer(&mut self, address: &PeerAddress, wait: Duration, now: Moment) {
        if self.waits.len() >= KEPT {
            self.waits.retain(|_, until| now < *until);
        }
        self.waits.insert(address.clone(), now.after(wait));
    }

    /// It is of another network, or this node itself: there is no hurry to ask again.
    pub fn parted_for_good(&mut self, address: &PeerAddress, now: Moment) {
        self.wait_longer(address, limits::PEER_OTHER_NETWORK, now);
    }

    fn failed(&mut self, address: &PeerAddress, why: String) {
        if self.errors.len() >= KEPT && !self.errors.contains_key(address) {
            self.errors.pop_first();
        }
        self.errors.insert(address.clone(), why);
    }
}

/// Which of two sessions between the same nodes is kept. Both nodes decide alike: the one that the node with the smaller key
/// opened, unless it has been silent; of two that the same node opened the newer, since it does so only where it has lost the older.
pub fn of_two(
    sessions: &BTreeMap<LinkId, Session>,
    older: LinkId,
    newer: LinkId,
    mine_is_smaller: bool,
    now: Moment,
) -> LinkId {
    let opened_here = |link: &LinkId| sessions.get(link).map(|s| s.place != Place::Inbound);
    let (Some(first), Some(second)) = (opened_here(&older), opened_here(&newer)) else {
        return newer;
    };
    let is_silent = sessions
        .get(&older)
        .is_none_or(|s| now.since(s.heard) > limits::SESSION_PING);
    if is_silent || first == second || first != mine_is_smaller {
        newer
    } else {
        older
    }
}

impl Engine {
    /// Both clocks, as the book wants them.
    pub(super) fn book_now(&self) -> book::Moment {
        book::Moment {
            running_ms: self.now.0,
            unix: self.unix(),
        }
    }

    pub(super) fn follow_addresses(&mut self, addresses: Vec<PeerAddress>) {
        let now = self.book_now();
        for address in addresses {
            self.book.learn(address.clone(), Source::Operator, now);
            if !self.dialling.operator.contains(&address) {
                self.dialling.operator.push(address);
            }
        }
    }

    pub(super) fn found(&mut self, addresses: Vec<PeerAddress>) {
        let now = self.book_now();
        for address in addresses {
            self.book.learn(address, Source::Network, now);
        }
    }

    pub(super) fn dialled(&mut self, link: LinkId, remote: SocketAddr) {
        match self.dialling.calls.remove(&link) {
            Some(call) => {
                self.opened(link, Place::Outbound(call.role), Some(call.address), remote);
            }
            None => self.outputs.push_back(Output::Close { link }),
        }
    }

    pub(super) fn not_dialled(&mut self, link: LinkId, failure: DialFailure) {
        let Some(Call { address, .. }) = self.dialling.calls.remove(&link) else {
            return;
        };
        self.counts.failed_dials = self.counts.failed_dials.saturating_add(1);
        let why = failure.to_string();
        self.dialling.failed(&address, why.clone());
        // Without any session it is as likely this machine's own connection that is down.
        let fault = if self.settled().next().is_some() {
            Fault::Theirs
        } else {
            Fault::PerhapsOurs
        };
        let now = self.book_now();
        self.book.failed(&address, fault, now);
        match failure {
            DialFailure::Unreachable(_) => {}
            DialFailure::NoSessions(_) => {
                self.tell(Event::HasNoSessions {
                    address: address.clone(),
                });
                self.dialling
                    .wait_longer(&address, limits::PEER_NO_SESSIONS, self.now);
            }
            DialFailure::NotAllowed(_) | DialFailure::Refused(_) => {
                self.dialling
                    .wait_longer(&address, Duration::from_secs(30), self.now);
            }
        }
        self.tell(Event::NotReached {
            name: address.to_string(),
            why,
        });
    }

    /// A session is settled.
    pub(super) fn joined(&mut self, link: LinkId) {
        let Some(session) = self.sessions.get(&link) else {
            return;
        };
        let dialled = session.dialled.clone();
        let Some(peer) = session.peer() else {
            return;
        };
        let (key, listens) = (peer.key, peer.listens.clone());
        let now = self.book_now();
        for address in self.dialling.addresses_of(key) {
            self.dialling.errors.remove(&address);
            self.book.succeeded(&address, now);
        }
        if dialled.is_none()
            && let Some(address) = listens
        {
            self.dialling.is_claimed_by(address.clone(), key);
            self.book.learn(address, Source::Itself, now);
        }
    }

    /// A session ended. Who opened it does not matter to where the node can be found again.
    pub(super) fn left(&mut self, session: &Session, end: End, why: &str) {
        if let Some(address) = &session.dialled {
            self.dialling.failed(address, why.to_owned());
        }
        let now = self.book_now();
        match session.peer().map(|peer| peer.key) {
            // It is still here, by another session.
            Some(key) if self.session_of(key).is_some() => {}
            Some(key) => {
                for address in self.dialling.addresses_of(key) {
                    self.book.ended(&address, end, now);
                }
            }
            None => {
                if let Some(address) = &session.dialled
                    && !self.leads_to_a_peer(address)
                {
                    self.book.failed(address, Fault::Theirs, now);
                }
            }
        }
    }

    /// Whether a session or a call leads to whoever is behind this address.
    fn is_connected(&self, address: &PeerAddress) -> bool {
        let by_address = |session: &Session| session.dialled.as_ref() == Some(address);
        let key = self.dialling.keys.get(address);
        self.dialling
            .calls
            .values()
            .any(|call| call.address == *address)
            || self.sessions.values().any(by_address)
            || key.is_some_and(|key| self.session_of(*key).is_some())
    }

    /// Whether a peer says that this is its address. The operator's addresses are called whatever others say.
    fn is_claimed(&self, address: &PeerAddress) -> bool {
        let key = self.dialling.claims.get(address);
        key.is_some_and(|key| self.session_of(*key).is_some())
    }

    /// Whether a settled session leads to whoever is behind this address.
    pub(super) fn leads_to_a_peer(&self, address: &PeerAddress) -> bool {
        let key = self.dialling.keys.get(address);
        self.settled().any(|session| {
            session.dialled.as_ref() == Some(address)
                || session.peer().is_some_and(|peer| Some(&peer.key) == key)
        })
    }

    /// Calls whoever is wanted, and ends the calls that have served their purpose.
    pub(super) fn keep_calling(&mut self) {
        if self.ending || self.now < self.dialling.next_step {
            return;
        }
        self.dialling.next_step = self.now.after(limits::DIALLING_STEP);
        let now = self.book_now();
        let outbound = self.outbound();
        let mut random = self.random.clone();
        let mut dialler = std::mem::take(&mut self.dialling.dialler);
        let orders = dialler.step(&self.book, &outbound, now, &mut random, |address| {
            let waits = self.dialling.waits.get(address);
            self.dialling.itself.contains(address)
                || waits.is_some_and(|until| self.now < *until)
                || self.is_connected(address)
                || self.is_claimed(address)
        });
        self.dialling.dialler = dialler;
        self.random = random;
        for order in orders {
            match order {
                Order::Dial { address, role } => self.call(address, role),
                Order::Keep { address } => {
                    if let Some(session) = self.dialled_session(&address) {
                        session.place = Place::Outbound(Role::Chosen);
                    }
                }
                Order::HangUp { address, why } => {
                    let link = self.dialled_session(&address).map(|session| session.link);
                    if let Some(link) = link {
                        let text = match why {
                            Why::Lags => "it has been behind this node for long",
                            Why::Displaced => "the place goes to a node that shows blocks first",
                            Why::Seen => "this was a call to see who is there",
                        };
                        let end = match why {
                            Why::Lags => End::Lagged,
                            Why::Displaced | Why::Seen => End::Ours,
                        };
                        self.part_as(link, Parting::Replaced, end, text);
                    }
                }
            }
        }
    }

    fn dialled_session(&mut self, address: &PeerAddress) -> Option<&mut Session> {
        self.sessions
            .values_mut()
            .find(|session| session.dialled.as_ref() == Some(address))
    }

    /// The sessions that this node opened, and the calls under way, as the dialler wants them.
    fn outbound(&self) -> Vec<Outbound> {
        let calls = self.dialling.calls.values().map(|call| Outbound {
            address: call.address.clone(),
            role: call.role,
            since: None,
            behind_since: None,
            claims_more: false,
            shown: 0,
            silent_blocks: 0,
        });
        let sessions = self.sessions.values().filter_map(|session| {
            let Place::Outbound(role) = session.place else {
                return None;
            };
            let peer = session.peer();
            Some(Outbound {
                address: session.dialled.clone()?,
                role,
                since: peer.map(|peer| peer.settled.0),
                behind_since: peer.and_then(|peer| peer.behind_since).map(|since| since.0),
                claims_more: peer.is_some_and(|peer| peer.stand.weight > self.own.weight),
                shown: peer.map_or(0, |peer| peer.shown),
                silent_blocks: peer.map_or(0, |peer| peer.silent_blocks),
            })
        });
        calls.chain(sessions).collect()
    }

    fn call(&mut self, address: PeerAddress, role: Role) {
        // The operator's addresses are called whatever else leads there, unless it does already.
        let waits = self.dialling.waits.get(&address);
        if waits.is_some_and(|until| self.now < *until) || self.is_connected(&address) {
            return;
        }
        let link = self.next_link();
        let now = self.book_now();
        self.book.attempted(&address, now);
        self.counts.dials = self.counts.dials.saturating_add(1);
        self.outputs.push_back(Output::Dial {
            link,
            address: address.clone(),
        });
        self.dialling.calls.insert(link, Call { address, role });
    }

    /// The addresses to be called first after the next start: those of the longest standing.
    pub fn note_anchors(&mut self) {
        let mut standing: Vec<(Moment, PeerAddress)> = self
            .settled()
            .filter(|session| session.place == Place::Outbound(Role::Chosen))
            .filter_map(|session| Some((session.opened, session.dialled.clone()?)))
            .collect();
        standing.sort();
        let anchors = standing.into_iter().map(|(_, address)| address);
        self.book.set_anchors(anchors.take(limits::BOOK_ANCHORS));
    }
}
