//! What nodes tell each other of others.

use rand_chacha::rand_core::Rng;

use super::Engine;
use super::input::LinkId;
use super::session::Place;
use crate::limits;
use crate::peers::address::{PeerAddress, PeerHost};
use crate::peers::blame::Offence;
use crate::peers::book::{Group, Learnt, Source};
use crate::peers::message::bounded::Few;
use crate::peers::message::{Message, WireAddress};

/// So few addresses in one message are news, which are passed on; more are an answer, which is not.
const NEWS: usize = 4;

/// To so many peers news are passed on.
const PASSED_ON_TO: usize = 2;

impl Engine {
    /// At the beginning of a session: whom this node dialled it asks for others, and who dialled this node is made known.
    pub(super) fn exchange_addresses(&mut self, link: LinkId) {
        let Some(session) = self.sessions.get_mut(&link) else {
            return;
        };
        let is_inbound = session.place == Place::Inbound;
        let Some(peer) = session.peer_mut() else {
            return;
        };
        let listens = peer.listens.clone();
        peer.asked_addresses = true;
        self.send(link, &Message::GetAddresses);
        if is_inbound && let Some(address) = listens.as_ref().and_then(wire) {
            self.pass_on(link, &[address]);
        }
    }

    pub(super) fn asked_for_addresses(&mut self, link: LinkId) {
        let Some(peer) = self
            .sessions
            .get_mut(&link)
            .and_then(|session| session.peer_mut())
        else {
            return;
        };
        if std::mem::replace(&mut peer.gave_addresses, true) {
            // Once a session is enough: more would show the whole book.
            return self.blame(link, Offence::Flood, "it asks for addresses again");
        }
        self.give_addresses(link);
    }

    /// Tells of some nodes that this one knows.
    pub(super) fn give_addresses(&mut self, link: LinkId) {
        let Some(session) = self.sessions.get(&link) else {
            return;
        };
        let asker = session.remote.ip();
        let own = session.peer().and_then(|peer| peer.listens.clone());
        let now = self.book_now();
        let mut random = self.random.clone();
        let sample = self
            .book
            .sample(asker, limits::SESSION_ADDRESSES, now, &mut random);
        self.random = random;
        // Whom this node has a session with is there for certain.
        let connected = self.settled().filter_map(|s| s.peer()?.listens.clone());
        let may_know = |address: &PeerAddress| {
            Group::of(address).is_public() || !crate::peers::book::group(asker).is_public()
        };
        let mut told: Vec<PeerAddress> = connected.filter(may_know).collect();
        told.truncate(limits::SESSION_ADDRESSES / 2);
        for address in sample {
            if !told.contains(&address) {
                told.push(address);
            }
        }
        let told = told.iter().filter(|address| own.as_ref() != Some(*address));
        let addresses = Message::Addresses(Few::first_of(told.filter_map(wire)));
        self.send(link, &addresses);
    }

    pub(super) fn addresses_came(&mut self, link: LinkId, addresses: &[WireAddress]) {
        let (now, book_now) = (self.now, self.book_now());
        let Some(session) = self.sessions.get_mut(&link) else {
            return;
        };
        if !session.rates.addresses.takes(addresses.len() as u64, now) {
            return self.blame(
                link,
                Offence::Flood,
                "more addresses than a peer may tell of",
            );
        }
        let source = Source::Peer(session.remote.ip());
        let mut news = Vec::new();
        for wire in addresses {
            let address = PeerAddress::http(wire.ip, wire.port);
            if wire.port != 0 && matches!(self.book.learn(address, source, book_now), Learnt::New) {
                news.push(*wire);
            }
        }
        if addresses.len() <= NEWS && !news.is_empty() {
            self.pass_on(link, &news);
        }
    }

    /// Passes news on to a few others.
    fn pass_on(&mut self, from: LinkId, news: &[WireAddress]) {
        let mut others: Vec<LinkId> = self
            .settled()
            .map(|session| session.link)
            .filter(|link| *link != from)
            .collect();
        for _ in 0..PASSED_ON_TO {
            if others.is_empty() {
                return;
            }
            let at = self.random.next_u64() % (others.len() as u64);
            let link = others.swap_remove(usize::try_from(at).unwrap_or(0));
            let addresses = Message::Addresses(Few::first_of(news.iter().copied()));
            self.send(link, &addresses);
        }
    }
}

/// An address as it travels: names do not.
fn wire(address: &PeerAddress) -> Option<WireAddress> {
    match address.host() {
        PeerHost::Ip(ip) => Some(WireAddress {
            ip: *ip,
            port: address.port(),
        }),
        PeerHost::Name(_) => None,
    }
}
