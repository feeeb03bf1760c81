//! Telling peers where this node stands.

use std::collections::VecDeque;

use rand_chacha::rand_core::Rng;

use super::input::{LinkId, Question};
use super::serve::Relayed;
use super::session::{Peer, Place};
use super::{Asked, Engine};
use crate::limits;
use crate::peers::message::{BlockId, Message, Stand};

/// Blocks that peers showed and this node lacked.
#[derive(Debug, Default)]
pub struct Shown(VecDeque<BlockId>);

impl Shown {
    /// Blocks that are remembered: whoever claims more pushes out the oldest claims.
    const MOST: usize = 256;

    pub fn note(&mut self, id: BlockId) {
        if self.0.contains(&id) {
            return;
        }
        self.0.push_back(id);
        if self.0.len() > Self::MOST {
            self.0.pop_front();
        }
    }

    fn take(&mut self, id: BlockId) -> Option<BlockId> {
        let at = self.0.iter().position(|shown| *shown == id)?;
        self.0.remove(at)
    }
}

impl Engine {
    /// A block that peers showed holds, and joins the chain: what that says of each of them. Nobody was told of it yet.
    fn note_brought(&mut self, stand: Stand) {
        if self.shown.take(stand.id).is_none() {
            return;
        }
        self.joined = Some(stand.id);
        for session in self.sessions.values_mut() {
            let Some(peer) = session.peer_mut() else {
                continue;
            };
            if peer.stand.id == stand.id {
                peer.has_shown();
            } else {
                peer.silent_blocks = peer.silent_blocks.saturating_add(1);
            }
        }
    }

    /// A peer showed a block: if it joined a moment ago and the peer was not told of it, that counts for the peer.
    pub(super) fn note_shown(&mut self, link: LinkId, id: BlockId) {
        let joined = self.joined == Some(id);
        if let Some(peer) = self.sessions.get_mut(&link).and_then(|s| s.peer_mut())
            && joined
            && peer.told != id
            && peer.last_shown != id
        {
            peer.has_shown();
            peer.last_shown = id;
        }
    }

    /// The node's chain ends elsewhere now.
    pub(super) fn tip_moved(&mut self, stand: Stand, reorged: bool) {
        self.own = stand;
        self.take_hints(stand);
        self.note_brought(stand);
        if stand.weight >= self.announced.weight {
            self.announced = stand;
        }
        self.announce(stand, None);
        if reorged {
            // What fell out of the chain may wait again, and others may not know it.
            self.ask(Asked::Waiting(None), Question::Waiting);
        }
        self.consider_all();
        let links: Vec<LinkId> = self.settled().map(|session| session.link).collect();
        for link in links {
            self.tell_what_waits_to(link);
        }
    }

    /// A block was checked and is better than this node's tip: it goes on before it is durable here.
    pub(super) fn relay(&mut self, relayed: Relayed) {
        let stand = relayed.stand;
        if stand.weight <= self.announced.weight {
            return;
        }
        // What is too large to be kept here cannot be served before the disk has it.
        if relayed.block.bytes() > limits::SESSION_RELAYED_BYTES {
            return;
        }
        let after = relayed.after;
        self.relayed.push_back(relayed);
        while self.relayed.len() > limits::SESSION_RELAYED {
            self.relayed.pop_front();
        }
        self.announced = stand;
        self.take_hints(stand);
        self.note_brought(stand);
        // Who stands elsewhere asks for headers, which the disk answers: those are told when it has the block.
        self.announce(stand, Some(after));
    }

    /// Tells those who do not know it and have nothing better; `below` is where those stand that are told at all. A few are told all, who
    /// are most likely to lack it, and the others in short: most of them hear it from others at the same time.
    fn announce(&mut self, stand: Stand, below: Option<BlockId>) {
        let is_unaware = |peer: &Peer| {
            peer.told != stand.id
                && !peer.stands_on(stand.id)
                && peer.stand.weight <= stand.weight
                && below.is_none_or(|below| peer.stand.id == below)
        };
        let mut unaware: Vec<(bool, u32, LinkId)> = self
            .settled()
            .filter(|session| session.told_after().is_zero())
            .filter(|session| session.peer().is_some_and(is_unaware))
            .map(|session| (session.place == Place::Inbound, 0, session.link))
            .collect();
        // Those that this node chose come first, since nobody can choose for it; then chance decides.
        for (_, chance, _) in &mut unaware {
            *chance = self.random.next_u32();
        }
        unaware.sort_unstable();
        for (at, (_, _, link)) in unaware.into_iter().enumerate() {
            if at < limits::SESSION_TOLD_ALL {
                self.tell_stand(link, stand);
            } else {
                self.hint_stand(link, stand);
            }
        }
    }

    /// Tells one peer where this node stands.
    pub(super) fn tell_stand(&mut self, link: LinkId, stand: Stand) {
        if let Some(peer) = self.sessions.get_mut(&link).and_then(|s| s.peer_mut()) {
            peer.told = stand.id;
        }
        self.send(link, &Message::Tip(stand));
    }

    /// Tells one peer in short.
    fn hint_stand(&mut self, link: LinkId, stand: Stand) {
        if let Some(peer) = self.sessions.get_mut(&link).and_then(|s| s.peer_mut()) {
            peer.told = stand.id;
        }
        self.send(link, &Message::Stands(stand.id.mark()));
    }

    /// Tells those who stand there too, or are further, where this node stands: it steers nothing, and shows them who lags. And guests, which had time to
    /// show whether they have the block by themselves.
    pub(super) fn announce_slowly(&mut self) {
        let (stand, now) = (self.own, self.now);
        let mut unaware = Vec::new();
        for session in self.sessions.values_mut() {
            let (link, patience) = (session.link, session.told_after());
            let Some(peer) = session.peer_mut() else {
                continue;
            };
            if peer.told == stand.id {
                continue;
            }
            if peer.owed.is_none_or(|(id, _)| id != stand.id) {
                peer.owed = Some((stand.id, now));
            }
            if peer
                .owed
                .is_some_and(|(_, since)| now.since(since) >= patience)
            {
                unaware.push((link, peer.stands_on(stand.id)));
            }
        }
        for (link, knows) in unaware {
            if knows {
                self.hint_stand(link, stand);
            } else {
                self.tell_stand(link, stand);
            }
        }
    }
}
