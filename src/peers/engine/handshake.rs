//! How a session begins: each says who it is and signs the other's challenge.

use std::net::SocketAddr;

use rand_chacha::rand_core::Rng;

use super::event::Event;
use super::input::{LinkId, Output};
use super::session::{Peer, Place, Session, Stage};
use super::{Engine, dialling};
use crate::peers::address::PeerAddress;
use crate::peers::blame::Offence;
use crate::peers::message::bounded::Text;
use crate::peers::message::identity::{NodeKey, proven_key};
use crate::peers::message::{Hello, Message, Parting, VERSION};

impl Engine {
    /// A connection stands, and this node greets.
    pub(super) fn opened(
        &mut self,
        link: LinkId,
        place: Place,
        dialled: Option<PeerAddress>,
        remote: SocketAddr,
    ) {
        let remote = SocketAddr::new(remote.ip().to_canonical(), remote.port());
        let mut challenge = [0; 32];
        self.random.fill_bytes(&mut challenge);
        let own = Hello {
            version: VERSION,
            network: Text::start_of(&self.settings.network),
            genesis: self.settings.genesis,
            agent: Text::start_of(&self.settings.agent),
            key: self.identity.key().to_bytes(),
            challenge,
            listens: self.settings.listens,
            stand: self.own,
        };
        let session = Session::new(link, place, dialled, remote, own.clone(), self.now);
        self.sessions.insert(link, session);
        self.send(link, &Message::Hello(own));
    }

    /// A message before the session is settled.
    pub(super) fn greeted(&mut self, link: LinkId, message: Message) {
        match message {
            Message::Hello(hello) => self.heard_hello(link, hello),
            Message::Proof(proof) => self.heard_proof(link, &proof),
            Message::Goodbye { why, text } => self.said_goodbye(link, why, text.as_str()),
            other => {
                let why = format!("it says `{}` before it has shown its key", other.name());
                self.blame(link, Offence::Malformed, &why);
            }
        }
    }

    fn heard_hello(&mut self, link: LinkId, hello: Hello) {
        let own_key = self.identity.key().to_bytes();
        let Some(session) = self.sessions.get_mut(&link) else {
            return;
        };
        let Stage::Greeting { own, theirs } = &mut session.stage else {
            return;
        };
        if theirs.is_some() {
            return self.blame(link, Offence::Malformed, "it greets twice");
        }
        if hello.key == own_key {
            if let Some(address) = session.dialled.clone() {
                self.dialling.is_itself(address);
            }
            // Its own greetings carry its own challenges.
            let is_itself = self.sessions.values().any(
                |session| matches!(&session.stage, Stage::Greeting { own, .. } if own.challenge == hello.challenge),
            );
            let text = if is_itself {
                "that is this node itself"
            } else {
                "another node has this node's key: delete the file node-key in the copy's folder and start it again"
            };
            return self.part(link, Parting::Itself, text);
        }
        if hello.version == 0 {
            return self.part(link, Parting::OtherVersion, "there is no version 0");
        }
        if hello.network != own.network {
            let text = format!(
                "this network is {}, the other's {}",
                own.network, hello.network
            );
            return self.part(link, Parting::OtherNetwork, &text);
        }
        if hello.genesis != own.genesis {
            let text = format!("another genesis block: this network is {}", own.network);
            return self.part(link, Parting::OtherNetwork, &text);
        }
        let proof = self.identity.prove(own, &hello);
        *theirs = Some(Box::new(hello));
        self.send(link, &Message::Proof(proof.to_vec().into()));
    }

    fn heard_proof(&mut self, link: LinkId, proof: &[u8]) {
        let Some(session) = self.sessions.get(&link) else {
            return;
        };
        let Stage::Greeting { own, theirs } = &session.stage else {
            return;
        };
        let Some(hello) = theirs.clone() else {
            return self.blame(
                link,
                Offence::Malformed,
                "it proves a key before it names one",
            );
        };
        match proven_key(&hello, own, proof) {
            Ok(key) => self.settle(link, key, &hello),
            Err(error) => self.blame(link, Offence::Invalid, &error.to_string()),
        }
    }

    /// The key is the other's: the session stands, unless there is one already or no place is left.
    fn settle(&mut self, link: LinkId, key: NodeKey, hello: &Hello) {
        if self.scores.is_kept_out(key, self.now) {
            return self.part(link, Parting::KeptOut, "this key is kept out for a while");
        }
        let Some(session) = self.sessions.get(&link) else {
            return;
        };
        let (place, remote) = (session.place, session.remote);
        let Stage::Greeting { own, .. } = &session.stage else {
            return;
        };
        let told = own.stand.id;
        if let Some(address) = session.dialled.clone() {
            self.dialling.belongs_to(address, key);
        }
        let older = self.session_of(key);
        if let Some(older) = older {
            let mine_is_smaller = self.identity.key() < key;
            let kept = dialling::of_two(&self.sessions, older, link, mine_is_smaller, self.now);
            if kept == older {
                let text = "there is a session with this node already";
                return self.part(link, Parting::Twice, text);
            }
        }
        if place == Place::Inbound && older.is_none() && !self.has_room_for(link) {
            self.counts.refused_sessions = self.counts.refused_sessions.saturating_add(1);
            self.give_addresses(link);
            return self.part(link, Parting::Full, "all places are taken; try these nodes");
        }
        let listens = hello
            .listens
            .filter(|port| *port != 0)
            .map(|port| PeerAddress::http(remote.ip(), port));
        // Nobody knows at which port a name's other side would be dialled: what was dialled is known.
        let dialled = self.sessions.get(&link).and_then(|s| s.dialled.clone());
        let listens = dialled.or(listens);
        let peer = Peer::new(key, hello, listens, told, self.now);
        let before = older.and_then(|older| self.sessions.get(&older)?.peer());
        let again = before.is_some_and(|before| before.may_be(&peer));
        let Some(session) = self.sessions.get_mut(&link) else {
            return;
        };
        session.stage = Stage::Settled(Box::new(peer));
        let name = session.name();
        if let Some(older) = older {
            let text = if again {
                "a newer session with the same node takes its place"
            } else {
                "a newer session with the same key, of a node with another port, takes its place: two nodes may have one key"
            };
            self.part(older, Parting::Twice, text);
        }
        let event = Event::Joined {
            link,
            name,
            direction: place.direction(),
            stand: hello.stand,
            again,
        };
        self.tell(event);
        self.joined(link);
        if self.sessions.contains_key(&link) {
            self.exchange_addresses(link);
            self.peer_stands(link, hello.stand);
            self.tell_what_waits_to(link);
            self.outputs.push_back(Output::KeepBook);
        }
    }

    /// The settled session with this key.
    pub(super) fn session_of(&self, key: NodeKey) -> Option<LinkId> {
        self.sessions
            .values()
            .find(|session| session.peer().is_some_and(|peer| peer.key == key))
            .map(|session| session.link)
    }
}
