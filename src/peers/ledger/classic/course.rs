//! The blocks of a plan, checked in order as they come.

use std::collections::VecDeque;

use super::super::{Refusal, Stretch};
use super::kept::{OnDisk, Tagged};
use super::{BranchRoom, hash_of, id_of};
use crate::peers::blame::Offence;
use crate::peers::message::{BlockId, BlockItem};
use crate::protocol::classic::block::{Block, Link, MAX_BLOCK_BYTES, transactions_of};
use crate::protocol::classic::rules::{ChainChecker, Rule};
use crate::protocol::classic::tag::BlockTags;

/// The blocks behind one that this node has, as they come.
pub(super) struct Course {
    promised: VecDeque<Stretch>,
    /// The last block that came and was promised, or the one that they began behind.
    reached: Option<BlockId>,
    pub(super) checker: ChainChecker,
    /// The last that this node's chain has too.
    pub(super) fork: Option<Link>,
    pub(super) has_parted: bool,
    pub(super) on_disk: Option<OnDisk>,
    /// Checked, and not yet connected.
    pub(super) fresh: Vec<Tagged>,
}

impl Course {
    pub(super) fn behind(base: Option<Link>, promised: VecDeque<Stretch>) -> Course {
        Course {
            promised,
            reached: base.map(|base| id_of(base.hash)),
            checker: behind(base),
            fork: base,
            has_parted: false,
            on_disk: None,
            fresh: Vec::new(),
        }
    }

    /// Whether the last block that was promised has come.
    pub(super) fn is_done(&self) -> bool {
        self.promised.is_empty()
    }

    /// Whether the last block that came is one that was promised.
    fn is_at_promised(&self) -> bool {
        self.checker.tip().map(|tip| id_of(tip.hash)) == self.reached
    }

    /// Checks the next block: its form and place, and that it is the one promised.
    pub(super) fn step(&mut self, item: &BlockItem) -> Result<Tagged, Refusal> {
        let position = self.checker.position();
        let invalid = |why: String| Refusal::blaming(Offence::Invalid, why);
        if item.block.len() > MAX_BLOCK_BYTES {
            let bytes = item.block.len();
            return Err(invalid(format!(
                "block {position} has {bytes} bytes, {MAX_BLOCK_BYTES} are the most"
            )));
        }
        let text = std::str::from_utf8(&item.block)
            .map_err(|_| invalid(format!("block {position} is not UTF-8 text")))?;
        let stands_on_another = !self.is_at_promised();
        let before = self.checker.tip();
        let block = self.checker.check(text).map_err(|broken| {
            // Whoever sent what stands before did not have to send what was promised.
            if stands_on_another && matches!(broken.rule, Rule::PreviousHash { .. }) {
                Refusal::of_nobody(broken)
            } else {
                Refusal::blaming(Offence::Invalid, broken)
            }
        })?;
        let id = id_of(block.hash());
        let promised = self.promised.front().copied();
        let promised = promised.filter(|next| next.height == position.0);
        let tags = tags_beside(&block, item);
        let why = match promised {
            _ if block.text() != text => Some("is not in its canonical text".to_owned()),
            Some(next) if next.id != id => {
                let (found, promised) = (block.hash(), hash_of(next.id));
                Some(format!("is {found}, where {promised} was promised"))
            }
            _ => None,
        };
        if let Some(why) = why {
            self.checker = behind(before);
            return Err(invalid(format!("block {position} {why}")));
        }
        let Some(tags) = tags else {
            self.checker = behind(before);
            let why = format!("beside block {position} are no tags of its transactions");
            return Err(Refusal::blaming(Offence::Malformed, why));
        };
        if promised.is_some() {
            self.promised.pop_front();
            self.reached = Some(id);
        }
        Ok((block, tags))
    }

    /// Keeps what is fresh on disk.
    pub(super) fn put_on_disk(&mut self, room: &BranchRoom) -> Result<(), Refusal> {
        let on_disk = self.on_disk.get_or_insert_with(|| OnDisk::new(room));
        for tagged in self.fresh.drain(..) {
            on_disk.push(&tagged, room).map_err(Refusal::of_nobody)?;
        }
        Ok(())
    }
}

/// The tags beside a block, if there are no more than transactions in it.
fn tags_beside(block: &Block, item: &BlockItem) -> Option<BlockTags> {
    if item.beside.is_empty() {
        return Some(BlockTags::default());
    }
    let tags = BlockTags::from_bytes(&item.beside)?;
    let transactions = transactions_of(block.text()).ok()?;
    (tags.len() <= transactions.len()).then_some(tags)
}

/// A checker of the blocks behind `base`.
fn behind(base: Option<Link>) -> ChainChecker {
    base.map_or_else(ChainChecker::new, ChainChecker::after)
}
