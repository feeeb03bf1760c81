//! Peers that lie: honest engines whose words are replaced on their way out.

use std::collections::{BTreeMap, VecDeque};

use bcoin::peers::engine::input::LinkId;
use bcoin::peers::message::{BlockId, Headers, Message, codec};
use bytes::Bytes;

use super::model::{Header, MOST_HEADERS, Model};

/// What a liar does, table by table in [`super::kinds`]. What is left out it does honestly.
#[derive(Clone, Copy)]
pub struct Script {
    /// What is sent instead of a message, or nothing to be said: then the truth is sent.
    pub instead: fn(&Message, &Model) -> Option<Vec<Bytes>>,
    /// What is sent to everyone ten times a second, counted.
    pub unasked: fn(u64, &Model) -> Vec<Bytes>,
    /// Which messages its engine is not to hear.
    pub is_deaf_to: fn(&Message) -> bool,
    /// Whether it takes what it is sent off the line.
    pub reads: bool,
    /// Milliseconds by which all that it says after its greeting is late, or what of it this holds for.
    pub late: u64,
    pub is_late: fn(&Message) -> bool,
    /// Whether its headers have no end, each answer as full as can be.
    pub endless: bool,
    /// Whether it says again the first proof that it ever gave.
    pub replays: bool,
    /// Whether its own chain ends in a block that fails when it is carried out.
    pub fails: bool,
}

/// A node that lies about nothing.
pub const HONEST: Script = Script {
    instead: |_, _| None,
    unasked: |_, _| Vec::new(),
    is_deaf_to: |_| false,
    reads: true,
    late: 0,
    is_late: |_| true,
    endless: false,
    replays: false,
    fails: false,
};

/// A script on its stage.
pub struct Liar {
    script: Script,
    said: u64,
    /// When each link was first seen.
    links: BTreeMap<LinkId, u64>,
    proof: Option<Bytes>,
    waiting: VecDeque<(u64, LinkId, Bytes)>,
    /// Headers that it made up last, with their heights, and the block that it was last asked to go on behind.
    made_up: BTreeMap<BlockId, u64>,
    asked_behind: Option<BlockId>,
}

impl Liar {
    pub fn playing(script: Script) -> Self {
        Self {
            script,
            said: 0,
            links: BTreeMap::new(),
            proof: None,
            waiting: VecDeque::new(),
            made_up: BTreeMap::new(),
            asked_behind: None,
        }
    }

    /// What is sent instead of this frame.
    pub fn instead(&mut self, link: LinkId, frame: &Bytes, own: &Model, now: u64) -> Vec<Bytes> {
        let Ok(message) = codec::decode(frame) else {
            return vec![frame.clone()];
        };
        let greets = matches!(message, Message::Hello(_) | Message::Proof(_));
        if self.script.replays && matches!(message, Message::Proof(_)) {
            let before = self.proof.replace(frame.clone());
            return vec![before.unwrap_or_else(|| frame.clone())];
        }
        let mut said = (self.script.instead)(&message, own).unwrap_or_else(|| vec![frame.clone()]);
        if let (true, Message::Headers(headers)) = (self.script.endless, &message) {
            said = vec![self.endless_headers(headers)];
        }
        if self.script.late == 0 || greets || !(self.script.is_late)(&message) {
            return said;
        }
        let at = now + self.script.late * 1_000;
        self.waiting
            .extend(said.into_iter().map(|frame| (at, link, frame)));
        Vec::new()
    }

    /// As many headers as fit into a message, which prove what they say and lead nowhere.
    fn endless_headers(&mut self, truth: &Headers) -> Bytes {
        let known = self
            .asked_behind
            .and_then(|id| Some((id, *self.made_up.get(&id)?)));
        let (after_id, after) = known.unwrap_or((truth.after_id, truth.after));
        let (mut id, mut items) = (after_id, Vec::new());
        for number in 0..MOST_HEADERS as u64 {
            let header = Header::over(id, &[], 1, number);
            items.extend(header.to_bytes());
            id = header.id();
        }
        self.made_up.insert(id, after + MOST_HEADERS as u64);
        let mut headers = truth.clone();
        headers.end.height = u64::MAX / 2;
        (headers.after, headers.after_id, headers.items) = (after, after_id, items.into());
        codec::encode(&Message::Headers(headers))
    }

    /// What is sent on this link without a reason.
    pub fn unasked(&mut self, link: LinkId, own: &Model, now: u64) -> Vec<Bytes> {
        let since = *self.links.entry(link).or_insert(now);
        let mut said = Vec::new();
        // The greeting is over by then.
        if now >= since + 1_000_000 {
            self.said += 1;
            said = (self.script.unasked)(self.said, own);
        }
        let (due, rest): (VecDeque<_>, VecDeque<_>) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition(|(at, on, _)| *at <= now && *on == link);
        self.waiting = rest;
        said.extend(due.into_iter().map(|(_, _, frame)| frame));
        said
    }

    pub fn hears(&mut self, frame: &Bytes) -> bool {
        let Ok(message) = codec::decode(frame) else {
            return false;
        };
        if let Message::GetHeaders(locator) = &message {
            self.asked_behind = locator.first().copied();
        }
        !(self.script.is_deaf_to)(&message)
    }

    pub fn reads(&self) -> bool {
        self.script.reads
    }
}
