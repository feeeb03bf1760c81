//! One peer's chain on its way in: which stretches are asked of whom, what has arrived, and what comes next. Decides nothing about
//! peers: [`super::follow`] does, and hands over what came.

use std::collections::{BTreeSet, VecDeque};

use super::input::{LinkId, Moment};
use crate::limits;
use crate::peers::ledger::{Import, Plan, Stretch};
use crate::peers::message::{BlockId, BlockItem, Stand};

/// Stretches of one import that are asked for or have arrived at the same time: bounds its memory.
pub const STRETCHES: usize = 8;

/// Blocks that are checked and wait for one commit.
pub const CONNECT_BLOCKS: u64 = 4_096;

/// An import under way.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct FetchId(pub u64);

pub struct Fetch {
    /// Whose chain it is.
    pub from: LinkId,
    /// Where that peer said that it ends.
    pub target: Stand,
    /// While the ledger has it there is none here.
    pub import: Option<Box<dyn Import>>,
    pub stage: Stage,
    /// The height at which blocks began to come, and when progress was last told of.
    pub base: u64,
    pub told: Moment,
}

pub enum Stage {
    /// The ledger makes the import.
    Beginning,
    /// The peer was asked for headers.
    AskedHeaders {
        at: Moment,
    },
    /// The ledger looks at them.
    Outlining,
    Bodies(Box<Bodies>),
}

/// Blocks that are being fetched.
pub struct Bodies {
    /// Where the whole of them ends.
    pub end: Stand,
    /// Stretches that nobody was asked for yet: the first begins at `next_after`.
    pub rest: VecDeque<Stretch>,
    pub next_after: BlockId,
    /// In order; the first is checked next.
    pub parts: VecDeque<Part>,
    /// Peers that do not have these blocks, or sent others.
    pub unsuited: BTreeSet<LinkId>,
    /// Blocks that are checked and not yet durable, roughly, and since when.
    pub unconnected: u64,
    pub unconnected_since: Moment,
    /// The last height that was checked.
    pub at: u64,
    /// Since when nobody could be asked for the next blocks.
    pub stuck_since: Option<Moment>,
    /// Whether headers led here: then a peer that has them not has changed its mind; else it is to show them.
    pub outlined: bool,
}

/// A stretch that was asked for.
pub struct Part {
    /// Blocks are wanted behind this one.
    pub after: BlockId,
    pub to: Stretch,
    pub asked: Vec<Asked>,
    /// Who sent the first blocks of it, where more are wanted: what does not lead to `to` then is that peer's doing alone.
    pub begun_by: Option<LinkId>,
    pub arrived: Option<Arrived>,
    /// The ledger looks at what has arrived: nothing is asked for meanwhile.
    pub checking: bool,
}

#[derive(Clone, Copy)]
pub struct Asked {
    pub link: LinkId,
    pub ticket: u32,
    pub at: Moment,
}

pub struct Arrived {
    pub from: LinkId,
    pub blocks: Vec<BlockItem>,
    pub last: BlockId,
}

impl Bodies {
    pub fn of(plan: Plan, outlined: bool, now: Moment) -> Box<Self> {
        Box::new(Self {
            end: plan.end,
            rest: plan.stretches.into(),
            next_after: plan.base.id,
            parts: VecDeque::new(),
            unsuited: BTreeSet::new(),
            unconnected: 0,
            unconnected_since: now,
            at: plan.base.height,
            stuck_since: None,
            outlined,
        })
    }

    /// Opens stretches until enough are open.
    pub fn open(&mut self) {
        while self.parts.len() < STRETCHES
            && let Some(to) = self.rest.pop_front()
        {
            let after = std::mem::replace(&mut self.next_after, to.id);
            self.parts.push_back(Part {
                after,
                to,
                asked: Vec::new(),
                begun_by: None,
                arrived: None,
                checking: false,
            });
        }
    }

    /// Whether every block has been checked.
    pub fn all_checked(&self) -> bool {
        self.parts.is_empty() && self.rest.is_empty()
    }

    /// The part that a ticket was given for.
    pub fn part_of(&mut self, link: LinkId, ticket: u32) -> Option<&mut Part> {
        let is_asked = |part: &&mut Part| {
            part.asked
                .iter()
                .any(|a| a.link == link && a.ticket == ticket)
        };
        self.parts.iter_mut().find(is_asked)
    }

    /// Whether the next blocks have been without anybody to ask for too long.
    pub fn is_stuck(&mut self, now: Moment) -> bool {
        let waits = self.parts.front().is_some_and(|first| {
            first.asked.is_empty() && first.arrived.is_none() && !first.checking
        });
        let since = self.stuck_since.unwrap_or(now);
        self.stuck_since = waits.then_some(since);
        waits && now.since(since) > limits::SYNC_SECOND_PEER
    }

    /// Blocks of the first stretch that have arrived.
    pub fn take_arrived(&mut self) -> Option<Arrived> {
        let first = self.parts.front_mut()?;
        let arrived = first.arrived.take()?;
        first.checking = true;
        Some(arrived)
    }

    /// The blocks up to `last`, which `from` sent, are checked; the next are wanted behind it.
    pub fn checked_up_to(&mut self, last: BlockId, at: u64, from: LinkId, now: Moment) {
        if self.unconnected == 0 {
            self.unconnected_since = now;
        }
        self.unconnected = self
            .unconnected
            .saturating_add(at.saturating_sub(self.at).max(1));
        self.at = at;
        if let Some(first) = self.parts.front_mut() {
            first.checking = false;
            if first.to.id == last {
                self.parts.pop_front();
            } else {
                first.after = last;
                first.begun_by = Some(from);
            }
        }
    }
}
