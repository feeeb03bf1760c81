//! Peers that lie: honest engines whose words are replaced on their way out.

use std::collections::{BTreeMap, VecDeque};

use bcoin::peers::engine::input::LinkId;
use bcoin::peers::message::{Message, codec};
use bytes::Bytes;

use super::model::Model;

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
    /// Seconds by which all that it says after its greeting is late.
    pub late: u64,
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
}

impl Liar {
    pub fn playing(script: Script) -> Self {
        Self {
            script,
            said: 0,
            links: BTreeMap::new(),
            proof: None,
            waiting: VecDeque::new(),
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
        let said = (self.script.instead)(&message, own).unwrap_or_else(|| vec![frame.clone()]);
        if self.script.late == 0 || greets {
            return said;
        }
        let at = now + self.script.late * 1_000_000;
        self.waiting
            .extend(said.into_iter().map(|frame| (at, link, frame)));
        Vec::new()
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

    pub fn hears(&self, frame: &Bytes) -> bool {
        codec::decode(frame).is_ok_and(|message| !(self.script.is_deaf_to)(&message))
    }

    pub fn reads(&self) -> bool {
        self.script.reads
    }
}
