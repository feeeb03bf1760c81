//! The last reorganisations, one after the other: what gave way, what took its place, and what became of the transactions.

use std::collections::BTreeMap;

use super::forest::{Block, Forest, Kind};
use super::picture::Picture;
use crate::store::StoreError;

/// Reorganisations that can be chosen, of those that the node remembers.
pub const CHOICES: usize = 50;
/// Blocks of each side that are read and drawn, newest first.
const BLOCKS: u64 = 12;
/// Transactions that are listed.
const MOVES: usize = 40;
/// Bytes of blocks that are read for one reorganisation: a block may have megabytes.
const READ_BYTES: usize = 8 * 1024 * 1024;

/// A reorganisation as the node told of it.
#[derive(Debug, Clone)]
pub struct Reorg {
    /// Of its event.
    pub number: u64,
    /// The last height that both chains have; none if they have nothing in common.
    pub fork: Option<u64>,
    /// The ends of the chain before and after.
    pub was: String,
    pub hash: String,
    pub displaced: u64,
    pub connected: u64,
    pub returned: usize,
    /// The first of those, by what tells transactions apart.
    pub named: Vec<String>,
}

/// A block as far as a replay needs it.
#[derive(Debug, Clone)]
pub struct Replayed {
    pub height: u64,
    pub hash: String,
    pub parent: Option<String>,
    /// Without the reward.
    pub payments: Vec<Payment>,
    pub bytes: usize,
}

/// A transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// What tells it from others: its text on classic, its hash on coin.
    pub id: String,
    pub sender: String,
    pub receiver: String,
    pub amount: String,
    /// Where its page is, if it has one wherever it is.
    pub link: Option<String>,
}

/// What became of a transaction of a displaced block, at that moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It waits again.
    Waits,
    /// The new chain has it already, in the block with this height and hash.
    InNewChain(u64, String),
    /// It fits no longer.
    Gone,
    /// More happened than is remembered.
    Unknown,
}

impl Fate {
    /// For scripts and tests.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Waits => "waits",
            Self::InNewChain(..) => "new-chain",
            Self::Gone => "gone",
            Self::Unknown => "unknown",
        }
    }
}

/// A transaction that fell out.
#[derive(Debug)]
pub struct Move {
    pub payment: Payment,
    /// The displaced block that had it.
    pub height: u64,
    pub hash: String,
    pub fate: Fate,
}

/// The reorganisations that can be chosen, and the one that is.
#[derive(Debug)]
pub struct Replay {
    /// Numbers of events, oldest first.
    pub numbers: Vec<u64>,
    /// Which is shown, counted from 1.
    pub at: usize,
    pub step: Step,
}

/// One reorganisation, before and after.
#[derive(Debug)]
pub struct Step {
    pub reorg: Reorg,
    pub before: Picture,
    pub after: Picture,
    /// Those that were found, newest first.
    pub displaced: Vec<Replayed>,
    pub connected: Vec<Replayed>,
    pub moves: Vec<Move>,
    /// Transactions beyond those.
    pub more: usize,
}

impl Replay {
    /// The reorganisation that is to be shown: the chosen one, or the last.
    pub fn choose(reorgs: &[Reorg], chosen: Option<u64>) -> Option<(usize, &Reorg)> {
        let at = reorgs.iter().position(|reorg| Some(reorg.number) == chosen);
        let at = at.or_else(|| reorgs.len().checked_sub(1))?;
        Some((at + 1, reorgs.get(at)?))
    }

    /// Reads the chosen one; `block` finds blocks by their hashes, on the chain or beside it.
    pub fn read(
        reorgs: &[Reorg],
        chosen: Option<u64>,
        block: impl FnMut(&str) -> Result<Option<Replayed>, StoreError>,
    ) -> Result<Option<Self>, StoreError> {
        let Some((at, reorg)) = Self::choose(reorgs, chosen) else {
            return Ok(None);
        };
        Ok(Some(Self {
            numbers: reorgs.iter().map(|reorg| reorg.number).collect(),
            at,
            step: Step::read(reorg, block)?,
        }))
    }

    pub fn older(&self) -> Option<u64> {
        self.numbers.get(self.at.checked_sub(2)?).copied()
    }

    pub fn newer(&self) -> Option<u64> {
        self.numbers.get(self.at).copied()
    }

    /// For scripts, which go by it without asking.
    pub fn steps(&self) -> String {
        let numbers: Vec<String> = self.numbers.iter().map(u64::to_string).collect();
        numbers.join(" ")
    }
}

impl Step {
    fn read(
        reorg: &Reorg,
        mut block: impl FnMut(&str) -> Result<Option<Replayed>, StoreError>,
    ) -> Result<Self, StoreError> {
        let displaced = branch(&reorg.was, reorg.displaced, &mut block)?;
        let connected = branch(&reorg.hash, reorg.connected, &mut block)?;
        let mut moves = moves(reorg, &displaced, &connected);
        let more = moves.len().saturating_sub(MOVES);
        moves.truncate(MOVES);
        let (before, after) = pictures(reorg, &displaced, &connected);
        Ok(Self {
            reorg: reorg.clone(),
            before,
            after,
            displaced,
            connected,
            moves,
            more,
        })
    }

    /// Both pictures, and whether it is the one before.
    pub fn sides(&self) -> [(bool, &Picture); 2] {
        [(true, &self.before), (false, &self.after)]
    }

    /// Whether there were more blocks than are shown.
    pub fn is_cut(&self) -> bool {
        let count = |blocks: &[Replayed]| blocks.len() as u64;
        let is_cut = |shown: u64, all: u64| shown > 0 && shown < all;
        is_cut(count(&self.displaced), self.reorg.displaced)
            || is_cut(count(&self.connected), self.reorg.connected)
    }

    /// How many of the listed transactions wait again, and how many the new chain has.
    pub fn counts(&self) -> (usize, usize) {
        let count = |is: fn(&Fate) -> bool| self.moves.iter().filter(|fell| is(&fell.fate)).count();
        (
            count(|fate| *fate == Fate::Waits),
            count(|fate| matches!(fate, Fate::InNewChain(..))),
        )
    }
}

/// The last blocks up to `tip`, newest first, as many as belong to the branch and are found.
fn branch(
    tip: &str,
    length: u64,
    block: &mut impl FnMut(&str) -> Result<Option<Replayed>, StoreError>,
) -> Result<Vec<Replayed>, StoreError> {
    let mut found: Vec<Replayed> = Vec::new();
    let mut next = Some(tip.to_owned());
    let mut bytes = 0_usize;
    for _ in 0..length.min(BLOCKS) {
        let Some(hash) = next.take().filter(|_| bytes < READ_BYTES) else {
            break;
        };
        let Some(block) = block(&hash)? else { break };
        bytes = bytes.saturating_add(block.bytes);
        next.clone_from(&block.parent);
        found.push(block);
    }
    Ok(found)
}

/// What became of each transaction of the displaced blocks, in the order of their chain. Equal ones are counted.
fn moves(reorg: &Reorg, displaced: &[Replayed], connected: &[Replayed]) -> Vec<Move> {
    let mut returned: BTreeMap<&str, usize> = BTreeMap::new();
    for id in &reorg.named {
        *returned.entry(id).or_default() += 1;
    }
    let mut held: BTreeMap<&str, Vec<&Replayed>> = BTreeMap::new();
    for block in connected {
        for payment in &block.payments {
            held.entry(&payment.id).or_default().push(block);
        }
    }
    let is_all_named = reorg.named.len() >= reorg.returned;
    let is_all_read = connected.len() as u64 >= reorg.connected;
    let mut moves = Vec::new();
    for block in displaced.iter().rev() {
        for payment in &block.payments {
            let waits = returned
                .get_mut(payment.id.as_str())
                .filter(|left| **left > 0);
            let fate = if let Some(left) = waits {
                *left -= 1;
                Fate::Waits
            } else if let Some(new) = held.get_mut(payment.id.as_str()).and_then(Vec::pop) {
                Fate::InNewChain(new.height, new.hash.clone())
            } else if is_all_named && is_all_read {
                Fate::Gone
            } else {
                Fate::Unknown
            };
            moves.push(Move {
                payment: payment.clone(),
                height: block.height,
                hash: block.hash.clone(),
                fate,
            });
        }
    }
    moves
}

/// The same blocks in the same places, before and after.
fn pictures(reorg: &Reorg, displaced: &[Replayed], connected: &[Replayed]) -> (Picture, Picture) {
    let draw = |old: Kind, new: Kind, tip: &str| {
        let mut forest = Forest::default();
        let both = displaced.iter().map(|block| (block, old));
        for (block, kind) in both.chain(connected.iter().map(|block| (block, new))) {
            forest.add(shown(block, kind));
        }
        let fork = displaced
            .iter()
            .chain(connected)
            .filter(|block| Some(block.height) == reorg.fork.map(|fork| fork + 1));
        if let Some((parent, height)) = fork
            .filter_map(|block| block.parent.clone())
            .next()
            .zip(reorg.fork)
        {
            forest.add(Block {
                height,
                link: format!("/block/{parent}"),
                hash: parent,
                parent: None,
                transactions: None,
                kind: Kind::Chain,
                nodes: Vec::new(),
            });
        }
        forest.sort();
        forest.stand("A", tip);
        let main = if displaced.is_empty() { new } else { old };
        Picture::with_main(&forest, main, true)
    };
    (
        draw(Kind::Chain, Kind::Elsewhere, &reorg.was),
        draw(Kind::Beside, Kind::Chain, &reorg.hash),
    )
}

fn shown(block: &Replayed, kind: Kind) -> Block {
    Block {
        height: block.height,
        hash: block.hash.clone(),
        parent: block.parent.clone(),
        transactions: Some(block.payments.len() as u64),
        kind,
        nodes: Vec::new(),
        link: format!("/block/{}", block.hash),
    }
}

#[cfg(test)]
#[path = "replay_tests.rs"]
mod tests;
