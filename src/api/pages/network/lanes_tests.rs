//! Whether every tree, however odd, is laid out so that it can be read.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// A chain of `length` blocks, and branches given by the height they leave it at and their length.
fn tree(length: u64, branches: &[(u64, u64)]) -> Vec<Knot> {
    let knot = |height, parent, is_main| Knot {
        height,
        parent,
        is_cut: false,
        is_main,
        is_held: false,
    };
    let mut knots = Vec::new();
    for height in 1..=length {
        knots.push(knot(height, knots.len().checked_sub(1), true));
    }
    for (fork, length) in branches {
        let mut parent = usize::try_from(*fork).expect("small").checked_sub(1);
        for height in fork + 1..=fork + length {
            knots.push(knot(height, parent, false));
            parent = Some(knots.len() - 1);
        }
    }
    knots
}

fn lane(layout: &Layout, at: usize) -> usize {
    match layout.places[at] {
        Place::At { lane, .. } | Place::Folded { lane, .. } => lane,
        Place::Left => panic!("block {at} is not drawn"),
    }
}

#[test]
fn a_chain_alone_is_one_lane_with_its_newest_block_on_top() {
    let layout = Layout::of(&tree(3, &[]), true);
    assert_eq!(layout.rows, [3, 2, 1].map(Row::Blocks));
    assert_eq!(layout.lanes, 1);
    assert_eq!(layout.places[2], Place::At { lane: 0, row: 0 });
    assert_eq!(Layout::of(&[], true).rows, []);
}

#[test]
fn straight_stretches_fold_and_what_somebody_stands_on_does_not() {
    let mut knots = tree(40, &[]);
    let folded = Layout::of(&knots, true);
    let heights: usize = folded
        .rows
        .iter()
        .map(|row| match row {
            Row::Folded { heights, .. } => *heights,
            _ => 1,
        })
        .sum();
    assert_eq!((folded.rows.len(), heights), (7, 40));
    assert_eq!(Layout::of(&knots, false).rows.len(), 40);
    knots[19].is_held = true;
    let held = Layout::of(&knots, true);
    assert!(
        matches!(held.places[19], Place::At { lane: 0, .. }),
        "{held:?}"
    );
    assert_eq!(held.rows.len(), 9);
}

#[test]
fn a_branch_that_goes_on_from_the_tip_stays_in_its_lane() {
    let knots = tree(3, &[(3, 2), (1, 4)]);
    let layout = Layout::of(&knots, false);
    let lanes: Vec<usize> = (0..knots.len()).map(|at| lane(&layout, at)).collect();
    assert_eq!(lanes, [0, 0, 0, 0, 0, 1, 1, 1, 1]);
}

#[test]
fn chains_without_a_common_block_stand_side_by_side() {
    let knots = tree(2, &[(0, 3), (0, 1)]);
    let layout = Layout::of(&knots, false);
    assert_eq!(
        (lane(&layout, 0), lane(&layout, 2), lane(&layout, 5)),
        (0, 1, 2)
    );
    assert_eq!(layout.rows, [3, 2, 1].map(Row::Blocks));
}

#[test]
fn heights_far_away_cost_one_row() {
    let mut knots = tree(2, &[]);
    knots.push(Knot {
        height: u64::MAX,
        parent: None,
        is_cut: true,
        is_main: false,
        is_held: true,
    });
    let layout = Layout::of(&knots, true);
    assert_eq!(layout.rows.len(), 4);
    assert_eq!(layout.rows[1], Row::Gap(u64::MAX - 3));
}

/// Any forest: each block names one of those before it as its parent, or none; heights follow.
fn forests() -> impl Strategy<Value = Vec<Knot>> {
    let block = (
        any::<prop::sample::Index>(),
        0_u8..10,
        1_u64..30,
        any::<bool>(),
        0_u8..6,
    );
    prop::collection::vec(block, 0..90).prop_map(|blocks| {
        let mut knots: Vec<Knot> = Vec::new();
        let mut main = None;
        for (index, dice, height, is_cut, held) in blocks {
            let parent = (dice > 0 && !knots.is_empty()).then(|| index.index(knots.len()));
            let parent = if dice > 6 {
                knots.len().checked_sub(1)
            } else {
                parent
            };
            let height = parent.map_or(height, |parent| knots[parent].height + 1);
            let is_main = main == parent && (main.is_some() || knots.is_empty());
            if is_main {
                main = Some(knots.len());
            }
            let is_cut = is_cut && parent.is_none();
            knots.push(Knot {
                height,
                parent,
                is_cut,
                is_main,
                is_held: held == 0,
            });
        }
        knots
    })
}

proptest! {
    #[test]
    fn every_tree_can_be_read(knots in forests(), folds in any::<bool>()) {
        let layout = Layout::of(&knots, folds);
        prop_assert_eq!(layout.places.len(), knots.len());
        prop_assert!(layout.lanes <= LANES);
        let mut places = BTreeSet::new();
        for (knot, place) in knots.iter().zip(&layout.places) {
            match *place {
                Place::At { lane, row } => {
                    prop_assert!(places.insert((lane, row)), "two blocks at {lane}/{row}");
                    prop_assert_eq!(&layout.rows[row], &Row::Blocks(knot.height));
                    prop_assert!(lane < layout.lanes);
                }
                Place::Folded { lane, row } => {
                    let is_there = matches!(&layout.rows[row], Row::Folded { lanes, .. } if lanes.contains(&lane));
                    prop_assert!(is_there && !knot.is_held);
                }
                Place::Left => {}
            }
            // The chain of this node is always there, and always first.
            if knot.is_main {
                let is_first = matches!(place, Place::At { lane: 0, .. } | Place::Folded { lane: 0, .. });
                prop_assert!(is_first, "{place:?}");
            }
        }
        // Rows go down, and stand for every height once.
        let mut below = u64::MAX;
        for row in &layout.rows {
            if let Row::Blocks(height) = row {
                prop_assert!(*height < below);
                below = *height;
            }
        }
    }

    /// A line from a parent to a child in another lane ends in a place that is the child's alone.
    #[test]
    fn lines_do_not_run_into_other_blocks(knots in forests()) {
        let layout = Layout::of(&knots, false);
        let at: BTreeSet<(usize, u64)> = knots.iter().zip(&layout.places).filter_map(|(knot, place)| match place {
            Place::At { lane, .. } => Some((*lane, knot.height)),
            _ => None,
        }).collect();
        for (knot, place) in knots.iter().zip(&layout.places) {
            let Place::At { lane, .. } = *place else { continue };
            let is_beside = match knot.parent.map(|parent| layout.places[parent]) {
                Some(Place::At { lane: parent, .. }) => parent != lane,
                Some(_) => continue,
                None => knot.is_cut,
            };
            if is_beside && knot.height > 0 {
                prop_assert!(!at.contains(&(lane, knot.height - 1)), "{knots:?}");
            }
        }
    }
}
