//! Answering what peers ask of this node's chain.

use super::input::{LinkId, Question};
use super::{Asked, Engine};
use crate::limits;
use crate::peers::blame::Offence;
use crate::peers::ledger::LedgerError;
use crate::peers::message::bounded::Few;
use crate::peers::message::{BlockId, BlockItem, Headers, Message, Stand, TransactionId};

/// A block that was checked a moment ago.
#[derive(Debug, Clone)]
pub struct Relayed {
    /// Its parent.
    pub after: BlockId,
    pub stand: Stand,
    pub block: BlockItem,
}

impl Engine {
    /// Whether one more question of this peer's is answered; more at once than it may have is a flood.
    pub(super) fn may_ask(&mut self, link: LinkId) -> bool {
        let Some(session) = self.sessions.get_mut(&link) else {
            return false;
        };
        let Some(peer) = session.peer_mut() else {
            return false;
        };
        if peer.serving >= limits::SESSION_SERVING {
            self.blame(
                link,
                Offence::Flood,
                "more questions at once than a peer may ask",
            );
            return false;
        }
        peer.serving = peer.serving.saturating_add(1);
        true
    }

    pub(super) fn served(&mut self, link: LinkId) {
        if let Some(peer) = self.sessions.get_mut(&link).and_then(|s| s.peer_mut()) {
            peer.serving = peer.serving.saturating_sub(1);
        }
    }

    pub(super) fn asked_for_headers(&mut self, link: LinkId, locator: Vec<BlockId>) {
        if self.may_ask(link) {
            self.ask(
                Asked::ServeHeaders(link),
                Question::ServeHeaders { locator },
            );
        }
    }

    pub(super) fn serve_headers(&mut self, link: LinkId, headers: Result<Headers, LedgerError>) {
        self.served(link);
        match headers {
            Ok(headers) => self.send(link, &Message::Headers(headers)),
            Err(error) => tracing::warn!(%error, "a peer's question could not be answered"),
        }
    }

    pub(super) fn asked_for_blocks(
        &mut self,
        link: LinkId,
        ticket: u32,
        after: BlockId,
        to: BlockId,
        bytes: u32,
    ) {
        let fresh = self
            .relayed
            .iter()
            .find(|relayed| relayed.after == after && relayed.stand.id == to);
        let queued = self.sessions.get(&link).map_or(0, |session| session.queued);
        if let Some(relayed) = fresh
            && queued < limits::SESSION_SERVED_BYTES
        {
            let blocks = Few::first_of([relayed.block.clone()]);
            let answer = Message::Blocks {
                ticket,
                blocks,
                last: to,
            };
            return self.send(link, &answer);
        }
        if self.may_ask(link) {
            let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
            let bytes = bytes.min(limits::SESSION_BLOCKS_BYTES);
            let question = Question::ServeBlocks { after, to, bytes };
            if let Some(peer) = self.sessions.get_mut(&link).and_then(|s| s.peer_mut()) {
                peer.held_back.push_back((ticket, question));
            }
            self.serve_held_back(link);
        }
    }

    /// Asks the ledger for the next blocks that a peer wants, once it has taken most of what is on its way: blocks may be large.
    pub(super) fn serve_held_back(&mut self, link: LinkId) {
        let Some(session) = self.sessions.get_mut(&link) else {
            return;
        };
        let has_room = session.queued < limits::SESSION_SERVED_BYTES;
        let Some(peer) = session.peer_mut() else {
            return;
        };
        // One at a time: how large its answer is shows only when it is here.
        if has_room
            && !peer.reading_blocks
            && let Some((ticket, question)) = peer.held_back.pop_front()
        {
            peer.reading_blocks = true;
            self.ask(Asked::ServeBlocks { link, ticket }, question);
        }
    }

    pub(super) fn serve_blocks(
        &mut self,
        link: LinkId,
        ticket: u32,
        blocks: Result<Option<(Vec<BlockItem>, BlockId)>, LedgerError>,
    ) {
        self.served(link);
        let found = blocks.unwrap_or_else(|error| {
            tracing::warn!(%error, "a peer's question could not be answered");
            None
        });
        let (blocks, last) = found.unwrap_or_default();
        let answer = Message::Blocks {
            ticket,
            blocks: Few::first_of(blocks),
            last,
        };
        self.send(link, &answer);
        if let Some(peer) = self.sessions.get_mut(&link).and_then(|s| s.peer_mut()) {
            peer.reading_blocks = false;
        }
        self.serve_held_back(link);
    }

    pub(super) fn serve_transactions(
        &mut self,
        link: LinkId,
        ids: &[TransactionId],
        items: Result<Vec<bytes::Bytes>, LedgerError>,
    ) {
        self.served(link);
        let items = items.unwrap_or_else(|error| {
            tracing::warn!(%error, "a peer's question could not be answered");
            Vec::new()
        });
        if items.len() < ids.len()
            && let Some(peer) = self.sessions.get_mut(&link).and_then(|s| s.peer_mut())
        {
            // What waits here no more it was told of in vain: if it waits again, it is told again.
            for id in ids {
                peer.knows.forget(id);
            }
        }
        self.send(link, &Message::Transactions(Few::first_of(items)));
    }
}
