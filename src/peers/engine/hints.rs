//! Tips that peers name in short: whoever knows the block needs no more, and of the others one asks.

use super::Engine;
use super::input::LinkId;
use super::session::{Hint, Place};
use crate::limits;
use crate::peers::blame::Offence;
use crate::peers::message::{Mark, Message, Stand};

impl Engine {
    /// A peer says in short where it stands.
    pub(super) fn peer_hints(&mut self, link: LinkId, mark: Mark) {
        let known = [self.own, self.announced]
            .into_iter()
            .find(|stand| stand.id.mark() == mark);
        if let Some(stand) = known {
            return self.peer_stands(link, stand);
        }
        if let Some(peer) = self.sessions.get_mut(&link).and_then(|s| s.peer_mut()) {
            if peer.stand.id.mark() == mark {
                peer.hint = None;
                return;
            }
            let asked = peer.hint.and_then(|hint| hint.asked);
            peer.hint = Some(Hint { mark, asked });
        }
        self.ask_hinted();
    }

    /// The node knows this block now: whoever named it in short stands there.
    pub(super) fn take_hints(&mut self, stand: Stand) {
        for session in self.sessions.values_mut() {
            if let Some(peer) = session.peer_mut()
                && peer.hint.is_some_and(|hint| hint.mark == stand.id.mark())
            {
                peer.stand = stand;
                peer.hint = None;
            }
        }
    }

    /// Asks for tips that were named in short and that nobody else brings: one peer for each, and the next where that one is slow.
    pub(super) fn ask_hinted(&mut self) {
        let now = self.now;
        let mut asked: Vec<Mark> = Vec::new();
        let mut open: Vec<(bool, LinkId, Mark)> = Vec::new();
        let mut silent = Vec::new();
        for session in self.sessions.values() {
            let Some(hint) = session.peer().and_then(|peer| peer.hint) else {
                continue;
            };
            match hint.asked {
                Some(at) if now.since(at) > limits::SYNC_ANSWER => silent.push(session.link),
                Some(at) => {
                    if now.since(at) <= limits::SESSION_TIP_ANSWER {
                        asked.push(hint.mark);
                    }
                }
                None => {
                    open.push((session.place == Place::Inbound, session.link, hint.mark));
                }
            }
        }
        open.sort_unstable();
        for (_, link, mark) in open {
            let is_coming = |fetch: &super::Fetch| fetch.target.id.mark() == mark;
            if asked.contains(&mark) || self.fetches.values().any(is_coming) {
                continue;
            }
            asked.push(mark);
            if let Some(peer) = self.sessions.get_mut(&link).and_then(|s| s.peer_mut()) {
                peer.hint = Some(Hint {
                    mark,
                    asked: Some(now),
                });
            }
            self.send(link, &Message::GetTip);
        }
        for link in silent {
            if let Some(peer) = self.sessions.get_mut(&link).and_then(|s| s.peer_mut()) {
                peer.hint = None;
            }
            self.blame(link, Offence::Timeout, "it does not say where it stands");
        }
    }
}
