//! A tree of blocks brought into lanes and rows: newest on top, a lane a branch. Pure.

use std::collections::BTreeMap;

/// Branches side by side; more are listed and not drawn.
pub const LANES: usize = 12;
/// Rows from the top, and from the bottom, that are always shown one by one.
const NEVER_FOLDED: usize = 3;
/// As many rows in which nothing happens become one.
const FOLDED_FROM: usize = 4;

/// A block as far as its place goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Knot {
    pub height: u64,
    /// Its parent, one height below, if that is here.
    pub parent: Option<usize>,
    /// Whether it has a parent that is not here.
    pub is_cut: bool,
    /// Whether it is on the chain that gets the first lane.
    pub is_main: bool,
    /// Whether it is to be seen in any case.
    pub is_held: bool,
}

/// Where a block went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    At {
        lane: usize,
        row: usize,
    },
    /// Into a row that stands for several.
    Folded {
        lane: usize,
        row: usize,
    },
    /// Nowhere: there is no lane left.
    Left,
}

/// What a row shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// The blocks of this height.
    Blocks(u64),
    /// As many heights in which each branch goes straight on; and the lanes that pass.
    Folded { heights: usize, lanes: Vec<usize> },
    /// As many heights of which nothing is here.
    Gap(u64),
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// One a block, in the order of the blocks.
    pub places: Vec<Place>,
    /// Newest first.
    pub rows: Vec<Row>,
    pub lanes: usize,
}

impl Layout {
    /// Brings blocks into their places; `folds` is whether straight stretches become short.
    pub fn of(knots: &[Knot], folds: bool) -> Self {
        let lanes = lanes(knots);
        let mut by_height: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
        for (at, (knot, lane)) in knots.iter().zip(&lanes).enumerate() {
            if lane.is_some() {
                by_height.entry(knot.height).or_default().push(at);
            }
        }
        let is_dull = dull(knots, &lanes);
        let heights: Vec<(u64, Vec<usize>)> = by_height.into_iter().rev().collect();
        let mut layout = Self {
            places: vec![Place::Left; knots.len()],
            rows: Vec::new(),
            lanes: lanes.iter().flatten().max().map_or(0, |most| most + 1),
        };
        let mut above: Option<u64> = None;
        let mut at = 0;
        while let Some((height, blocks)) = heights.get(at) {
            if let Some(gap) = above
                .and_then(|above| above.checked_sub(height + 1))
                .filter(|gap| *gap > 0)
            {
                layout.rows.push(Row::Gap(gap));
            }
            let run = match folds && at >= NEVER_FOLDED {
                true => run_from(&heights, at, &is_dull),
                false => 0,
            };
            if run >= FOLDED_FROM {
                let row = layout.rows.len();
                let folded = heights.iter().skip(at).take(run);
                for block in folded.flat_map(|(_, blocks)| blocks) {
                    layout.put(*block, &lanes, |lane| Place::Folded { lane, row });
                }
                let passing = blocks
                    .iter()
                    .filter_map(|block| lanes.get(*block).copied()?);
                layout.rows.push(Row::Folded {
                    heights: run,
                    lanes: passing.collect(),
                });
                at += run;
            } else {
                let row = layout.rows.len();
                for block in blocks {
                    layout.put(*block, &lanes, |lane| Place::At { lane, row });
                }
                layout.rows.push(Row::Blocks(*height));
                at += 1;
            }
            above = heights.get(at - 1).map(|(height, _)| *height);
        }
        layout
    }

    fn put(&mut self, block: usize, lanes: &[Option<usize>], place: impl Fn(usize) -> Place) {
        if let (Some(Some(lane)), Some(slot)) = (lanes.get(block), self.places.get_mut(block)) {
            *slot = place(*lane);
        }
    }
}

/// How many rows from `at` on have nothing to show, one height below the other.
fn run_from(heights: &[(u64, Vec<usize>)], at: usize, is_dull: &[bool]) -> usize {
    let rest = heights.get(at..heights.len().saturating_sub(NEVER_FOLDED));
    let mut expected = None;
    let run = rest
        .unwrap_or_default()
        .iter()
        .take_while(|(height, blocks)| {
            let follows = expected.is_none_or(|expected| expected == *height);
            expected = height.checked_sub(1);
            follows
                && blocks
                    .iter()
                    .all(|block| is_dull.get(*block) == Some(&true))
        });
    run.count()
}

/// Which blocks merely stand between their parent and their only child, in one lane with both.
fn dull(knots: &[Knot], lanes: &[Option<usize>]) -> Vec<bool> {
    let mut children = vec![0_usize; knots.len()];
    let mut child_in_lane = vec![false; knots.len()];
    for (knot, lane) in knots.iter().zip(lanes) {
        let Some(parent) = knot.parent else { continue };
        if let Some(count) = children.get_mut(parent) {
            *count += 1;
        }
        if let Some(beneath) = child_in_lane.get_mut(parent) {
            *beneath |= lanes.get(parent) == Some(lane);
        }
    }
    let each = knots
        .iter()
        .zip(lanes)
        .zip(children.iter().zip(&child_in_lane));
    each.map(|((knot, lane), (children, child_in_lane))| {
        let on_parent = knot
            .parent
            .is_some_and(|parent| lanes.get(parent) == Some(lane));
        on_parent && *children == 1 && *child_in_lane && !knot.is_held
    })
    .collect()
}

/// The lane of each block; none for those beyond the last lane.
fn lanes(knots: &[Knot]) -> Vec<Option<usize>> {
    let mut has_child = vec![false; knots.len()];
    for parent in knots.iter().filter_map(|knot| knot.parent) {
        if let Some(slot) = has_child.get_mut(parent) {
            *slot = true;
        }
    }
    let main_tip = knots.iter().enumerate().filter(|(_, knot)| knot.is_main);
    let main_tip = main_tip
        .max_by_key(|(_, knot)| knot.height)
        .map(|(at, _)| at);
    let mut tips: Vec<(usize, &Knot)> = knots
        .iter()
        .enumerate()
        .filter(|(at, _)| has_child.get(*at) == Some(&false))
        .collect();
    tips.sort_by_key(|(at, knot)| (!knot.is_held, std::cmp::Reverse(knot.height), *at));
    let ends = main_tip
        .into_iter()
        .chain(tips.into_iter().map(|(at, _)| at));

    let mut lanes: Vec<Option<usize>> = vec![None; knots.len()];
    let mut is_seen = vec![false; knots.len()];
    let mut taken: Vec<Vec<(u64, u64)>> = vec![Vec::new(); LANES];
    for end in ends {
        let mut strand = Vec::new();
        let mut next = Some(end);
        while let Some(at) = next.filter(|at| is_seen.get(*at) == Some(&false)) {
            if let Some(slot) = is_seen.get_mut(at) {
                *slot = true;
            }
            strand.push(at);
            next = knots.get(at).and_then(|knot| knot.parent);
        }
        let (Some(top), Some(bottom)) = (
            strand.first().and_then(|at| knots.get(*at)),
            strand.last().and_then(|at| knots.get(*at)),
        ) else {
            continue;
        };
        let parent_lane = next.and_then(|parent| lanes.get(parent).copied().flatten());
        // A branch leaves a place below itself for the line that leads there.
        let below = bottom.height
            - u64::from(bottom.height > 0 && (bottom.parent.is_some() || bottom.is_cut));
        let is_free = |lane: usize, low: u64| {
            let strands = taken.get(lane).map_or(&[][..], Vec::as_slice);
            strands
                .iter()
                .all(|(from, to)| *to < low || *from > top.height)
        };
        let first = usize::from(!top.is_main);
        let lane = parent_lane.filter(|lane| is_free(*lane, bottom.height));
        let lane = lane.or_else(|| (first..LANES).find(|lane| is_free(*lane, below)));
        let Some(lane) = lane else { continue };
        let low = if parent_lane == Some(lane) {
            bottom.height
        } else {
            below
        };
        if let Some(strands) = taken.get_mut(lane) {
            strands.push((low, top.height));
        }
        for at in strand {
            if let Some(slot) = lanes.get_mut(at) {
                *slot = Some(lane);
            }
        }
    }
    lanes
}

#[cfg(test)]
#[path = "lanes_tests.rs"]
mod tests;
