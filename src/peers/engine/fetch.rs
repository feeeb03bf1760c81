//! One peer's chain on its way in: which stretches are asked of whom, what has arrived, and what comes next. Decides nothing about
//! peers: [`super::follow`] does, and hands over what came.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use super::input::{LinkId, Moment};
use super::record::at_least_pace;
use crate::limits;
use crate::peers::ledger::{Import, Plan, Stretch};
use crate::peers::message::{BlockId, BlockItem, Stand, Weight};

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
    /// When it began, when it last came forward, and by how many bytes in all.
    pub began: Moment,
    pub moved: Moment,
    pub gained: u64,
}

pub enum Stage {
    /// The ledger makes the import.
    Beginning,
    /// The peer was asked for headers.
    AskedHeaders {
        at: Moment,
    },
    /// The ledger looks at them.
    Outlining {
        /// What the chain weighs at the least, by what its owner has on its disk.
        promised: Weight,
    },
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
    /// Peers that a second one had to be asked beside: others come first.
    pub held_up: BTreeSet<LinkId>,
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
    /// Since when it is asked for, or enough of it last came.
    pub wanted_since: Option<Moment>,
    /// Who sent the first blocks of it, where more are wanted. Whoever does not have those is not to blame for that.
    pub begun_by: Option<LinkId>,
    pub arrived: Option<Arrived>,
    /// Bytes of what was last looked at, and who left off there.
    pub looked_at: usize,
    pub left_off: Option<LinkId>,
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

impl Fetch {
    pub fn of(from: LinkId, target: Stand, now: Moment) -> Self {
        Self {
            from,
            target,
            import: None,
            stage: Stage::Beginning,
            base: 0,
            told: now,
            began: now,
            moved: now,
            gained: 0,
        }
    }

    /// How long what has come may have taken at the least pace.
    fn earned(&self) -> Duration {
        at_least_pace(self.gained)
    }

    /// Whether nobody else need be asked for the chain that ends in this block, where so many are asked at once.
    pub fn brings(&self, tip: BlockId, at_once: usize, now: Moment) -> bool {
        match &self.stage {
            Stage::Bodies(bodies) if bodies.end.id == tip => true,
            // Its headers led elsewhere.
            Stage::Bodies(_) => {
                self.target.id == tip && now.since(self.moved) <= limits::SYNC_SECOND_PEER
            }
            // Headers without an end would keep out whoever has that block.
            _ => {
                let went_on_for = now.since(self.began);
                let doublings = u32::try_from(at_once).unwrap_or(8).min(8);
                let turn = limits::SYNC_TURN.saturating_mul(1 << doublings) / 2;
                self.target.id == tip
                    && went_on_for <= turn
                    && went_on_for.saturating_sub(self.earned()) <= limits::SYNC_SECOND_PEER
            }
        }
    }

    /// Blocks of it that were checked.
    pub fn brought(&self) -> u64 {
        match &self.stage {
            Stage::Bodies(bodies) => bodies.at.saturating_sub(self.base),
            _ => 0,
        }
    }

    /// For how long nothing has come of it, if nothing has; while the ledger has it, something may.
    pub fn is_empty_so_far(&self, now: Moment) -> Option<Duration> {
        (self.brought() == 0 && self.import.is_some()).then(|| now.since(self.began))
    }

    /// How badly it holds up another that waits for its place, whose owner has waited out `turns` before; nothing if it does not.
    pub fn holds_up(&self, turns: u32, now: Moment) -> Option<Duration> {
        let turn = limits::SYNC_TURN.saturating_mul(1 << turns.min(5));
        let went_on_for = now.since(self.began);
        let is_long = !matches!(self.stage, Stage::Bodies(_)) && went_on_for > turn;
        // While the ledger has it, nobody else is to blame.
        let is_still = self.import.is_some() && now.since(self.moved) > limits::SYNC_SECOND_PEER;
        let is_slow = went_on_for.saturating_sub(self.earned()) > 2 * limits::SYNC_SECOND_PEER;
        (is_long || is_still && is_slow).then_some(went_on_for)
    }
}

impl Arrived {
    pub fn bytes(&self) -> usize {
        self.blocks.iter().map(BlockItem::bytes).sum()
    }
}

impl Bodies {
    pub fn of(plan: Plan, outlined: bool, now: Moment) -> Box<Self> {
        Box::new(Self {
            end: plan.end,
            rest: plan.stretches.into(),
            next_after: plan.base.id,
            parts: VecDeque::new(),
            unsuited: BTreeSet::new(),
            held_up: BTreeSet::new(),
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
                wanted_since: None,
                begun_by: None,
                arrived: None,
                looked_at: 0,
                left_off: None,
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
        first.looked_at = arrived.bytes();
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
                first.goes_on(last, from, now);
                first.left_off = Some(from);
            }
        }
    }
}

impl Part {
    /// More is wanted behind `last`, which `from` sent. What was asked for behind another block is of no use any more.
    pub fn goes_on(&mut self, last: BlockId, from: LinkId, now: Moment) {
        self.after = last;
        self.begun_by = Some(from);
        self.asked.clear();
        // Whoever sends a block now and then holds up the others all the same.
        if self.looked_at >= limits::SESSION_BLOCKS_BYTES / 2 {
            self.wanted_since = Some(now);
        }
    }

    /// Whether a peer that goes on with these blocks could have sent them with those before. Twice as much would have fitted, in case
    /// it counts otherwise.
    pub fn was_cut_short(&self, from: LinkId, blocks: &[BlockItem]) -> bool {
        let next = blocks.first().map_or(0, BlockItem::bytes);
        self.left_off == Some(from)
            && self.looked_at.saturating_add(next) <= limits::SESSION_BLOCKS_BYTES / 2
    }
}
