//! The tree of recent blocks over all nodes of one network, as lines of text: the best chain first, beside it every branch
//! that a node knows, and who stands where. Nodes may say what they like: parents that are not there or stand no lower end a
//! branch, and there are no more lanes than fit.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::answers::{Report, TreeBlock};

/// Branches beside each other, the best chain counted. Those beyond are counted only.
const MOST_LANES: usize = 6;

/// Blocks of all nodes together: nodes that agree have some thirty.
const MOST_BLOCKS: usize = 512;

/// The blocks that the nodes of one network know.
#[derive(Debug, Default)]
pub struct Tree<'a> {
    blocks: HashMap<&'a str, &'a TreeBlock>,
    /// The chain with the most weight, by height.
    best: BTreeMap<u64, &'a str>,
}

/// Where a block stands, seen from the best chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    On,
    /// Beside it; the last height that both have, where that is known.
    Beside(Option<u64>),
    Unknown,
}

/// One line of the drawing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    pub art: String,
    pub block: Option<TreeBlock>,
    pub on_best: bool,
    pub standing: Vec<String>,
    /// What is said in place of a block.
    pub remark: String,
}

impl<'a> Tree<'a> {
    /// The tree of what nodes of one network reported; the first is the one whose chain is the best.
    pub fn of(reports: &[&'a Report]) -> Self {
        let mut tree = Self::default();
        for block in reports.iter().flat_map(|report| &report.tree) {
            if tree.blocks.len() < MOST_BLOCKS {
                tree.blocks.entry(&block.hash).or_insert(block);
            }
        }
        let Some(first) = reports.first() else {
            return tree;
        };
        let known = tree.blocks.get(first.tip.as_str());
        let theirs = first.tree.iter();
        let theirs = theirs.filter_map(|block| tree.blocks.get(block.hash.as_str()));
        // The tree may have been read a moment before or after the tip.
        let start = known
            .or_else(|| theirs.max_by_key(|block| block.height))
            .copied();
        tree.best = start
            .map(|start| {
                tree.down_from(start)
                    .map(|block| (block.height, &*block.hash))
            })
            .into_iter()
            .flatten()
            .collect();
        tree
    }

    /// A block and what stands under it.
    fn down_from(&self, start: &'a TreeBlock) -> impl Iterator<Item = &'a TreeBlock> {
        std::iter::successors(Some(start), |block| self.parent(block))
    }

    /// The block below; heights fall, so that nobody walks in a circle.
    fn parent(&self, block: &TreeBlock) -> Option<&'a TreeBlock> {
        let parent = self.blocks.get(block.parent.as_deref()?).copied()?;
        (parent.height < block.height).then_some(parent)
    }

    fn is_best(&self, block: &TreeBlock) -> bool {
        self.best.get(&block.height) == Some(&&*block.hash)
    }

    pub fn place(&self, height: u64, hash: &str) -> Place {
        match self.best.get(&height) {
            Some(best) if *best == hash => Place::On,
            Some(_) => {
                let block = self.blocks.get(hash).copied();
                let mut below = block.into_iter().flat_map(|block| self.down_from(block));
                let fork = below.find(|block| self.is_best(block));
                Place::Beside(fork.map(|block| block.height))
            }
            None => Place::Unknown,
        }
    }

    /// The drawing, highest blocks first. `standing` says who stands on which block.
    pub fn lines(&self, mut standing: BTreeMap<String, Vec<String>>) -> Vec<Line> {
        let (branches, left_out) = self.branches();
        let mut by_height: BTreeMap<u64, Vec<(usize, &TreeBlock)>> = BTreeMap::new();
        for branch in &branches {
            for block in &branch.blocks {
                let row = by_height.entry(block.height).or_default();
                row.push((branch.lane, block));
            }
        }
        let mut lines = Vec::new();
        for (height, mut row) in by_height.into_iter().rev() {
            row.sort_by_key(|(lane, _)| *lane);
            for (at, (lane, block)) in row.iter().enumerate() {
                let drawn: Vec<usize> = row.iter().take(at).map(|(lane, _)| *lane).collect();
                lines.push(Line {
                    art: art(&branches, height, &drawn, Mark::Block(*lane)),
                    on_best: *lane == 0,
                    standing: standing.remove(&block.hash).unwrap_or_default(),
                    block: Some((*block).clone()),
                    remark: String::new(),
                });
            }
            // Branches that end here are led into the one that they grow from.
            let mut drawn: Vec<usize> = row.iter().map(|(lane, _)| *lane).collect();
            let ending = branches.iter().filter(|branch| branch.low == height);
            for branch in ending {
                if let Some(onto) = branch.grows_from {
                    let art = art(&branches, height, &drawn, Mark::Join(branch.lane, onto));
                    lines.push(Line {
                        art,
                        ..Line::default()
                    });
                }
                drawn.retain(|lane| *lane != branch.lane);
                drawn.push(GONE + branch.lane);
            }
        }
        let remark = |remark: String| Line {
            remark,
            ..Line::default()
        };
        if left_out > 0 {
            lines.push(remark(format!("and {left_out} more branches")));
        }
        let elsewhere = standing.into_iter().map(|(hash, who)| {
            remark(format!(
                "on {}, further back: {}",
                short(&hash),
                who.join(" ")
            ))
        });
        lines.extend(elsewhere);
        lines
    }

    /// The best chain, then every other branch down to where it meets one before it; and how many found no lane.
    fn branches(&self) -> (Vec<Branch<'a>>, usize) {
        let tips = self
            .best
            .values()
            .rev()
            .filter_map(|hash| self.blocks.get(hash));
        let best: Vec<&TreeBlock> = tips.copied().collect();
        let mut placed: HashMap<&str, usize> = best.iter().map(|block| (&*block.hash, 0)).collect();
        let mut branches: Vec<Branch> = Branch::new(0, best, None).into_iter().collect();
        let mut others: Vec<&TreeBlock> = self.blocks.values().copied().collect();
        others.sort_by(|one, other| {
            let by_height = other.height.cmp(&one.height);
            by_height.then_with(|| one.hash.cmp(&other.hash))
        });
        let (mut left_out, mut skipped) = (0, HashSet::new());
        for tip in others {
            if placed.contains_key(&*tip.hash) || skipped.contains(&*tip.hash) {
                continue;
            }
            let free = |block: &&TreeBlock| {
                !placed.contains_key(&*block.hash) && !skipped.contains(&*block.hash)
            };
            let blocks: Vec<&TreeBlock> = self.down_from(tip).take_while(free).collect();
            let low = blocks.last().copied().unwrap_or(tip);
            let lane = (1..MOST_LANES).find(|lane| {
                let mut there = branches.iter().filter(|branch| branch.lane == *lane);
                there.all(|branch| branch.low > tip.height || branch.high < low.height)
            });
            let Some(lane) = lane else {
                left_out += 1;
                skipped.extend(blocks.iter().map(|block| &*block.hash));
                continue;
            };
            // Only what stands right below can be met without a gap in the drawing.
            let parent = self
                .parent(low)
                .filter(|block| block.height + 1 == low.height);
            let onto = parent.and_then(|block| placed.get(&*block.hash).copied());
            placed.extend(blocks.iter().map(|block| (&*block.hash, lane)));
            branches.extend(Branch::new(lane, blocks, onto));
        }
        (branches, left_out)
    }
}

/// The beginning of a hash, as the tree shows it.
pub fn short(hash: &str) -> String {
    hash.chars().take(8).collect()
}

/// Marks a lane whose branch has ended within the height that is being drawn.
const GONE: usize = MOST_LANES;

/// Blocks that are drawn under each other.
#[derive(Debug)]
struct Branch<'a> {
    lane: usize,
    blocks: Vec<&'a TreeBlock>,
    high: u64,
    low: u64,
    /// The lane of the block under its lowest.
    grows_from: Option<usize>,
}

impl<'a> Branch<'a> {
    fn new(lane: usize, blocks: Vec<&'a TreeBlock>, grows_from: Option<usize>) -> Option<Self> {
        let high = blocks.first()?.height;
        let low = blocks.last()?.height;
        Some(Self {
            lane,
            blocks,
            high,
            low,
            grows_from,
        })
    }
}

/// What a line is for.
#[derive(Clone, Copy)]
enum Mark {
    Block(usize),
    /// One lane led into another.
    Join(usize, usize),
}

/// The lanes of one line at a height; `drawn` are those whose block of this height stands above.
fn art(branches: &[Branch], height: u64, drawn: &[usize], mark: Mark) -> String {
    let runs = |lane: usize| {
        let mut there = branches.iter().filter(|branch| branch.lane == lane);
        if drawn.contains(&(GONE + lane)) {
            return false;
        }
        there.any(|branch| match drawn.contains(&lane) {
            // Its block stands above: does it go on below, or is it still to be led into another?
            true => {
                branch.high >= height
                    && (branch.low < height
                        || (branch.low == height && branch.grows_from.is_some()))
            }
            false => branch.high > height && branch.low <= height,
        })
    };
    let most = branches.iter().map(|branch| branch.lane).max().unwrap_or(0);
    let signs = (0..=most).map(|lane| match mark {
        Mark::Block(own) if own == lane => {
            if lane == 0 {
                "● "
            } else {
                "○ "
            }
        }
        Mark::Join(from, onto) => {
            let (left, right) = (from.min(onto), from.max(onto));
            match lane {
                _ if lane == from && from > onto => "╯ ",
                _ if lane == from => "╰─",
                _ if lane == onto && from > onto => "├─",
                _ if lane == onto => "┤ ",
                _ if left < lane && lane < right && runs(lane) => "┼─",
                _ if left < lane && lane < right => "──",
                _ if runs(lane) => "│ ",
                _ => "  ",
            }
        }
        Mark::Block(_) if runs(lane) => "│ ",
        Mark::Block(_) => "  ",
    });
    signs.collect::<String>().trim_end().to_owned()
}

#[cfg(test)]
#[path = "tree_tests.rs"]
mod tests;
