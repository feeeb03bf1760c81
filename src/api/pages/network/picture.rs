//! A tree of blocks as an SVG picture: what stands where, in the picture's own units.

use super::super::short;
use super::forest::{Block, Forest, Kind};
use super::lanes::{Layout, Place, Row};

const LANE: usize = 150;
const BOX: (usize, usize) = (126, 36);
/// Left of the first lane, for heights.
const GUTTER: usize = 84;
const ROW: usize = 58;
const SHORT_ROW: usize = 44;
const MARGIN: usize = 16;
/// Badges on one block; more are counted.
const BADGES: usize = 4;

/// All that is drawn.
#[derive(Debug, Default)]
pub struct Picture {
    pub width: usize,
    pub height: usize,
    pub levels: Vec<Level>,
    pub lines: Vec<Line>,
    pub folds: Vec<Fold>,
    pub boxes: Vec<Drawn>,
    /// Blocks for which there was no lane.
    pub left: usize,
}

/// A height, written at the left.
#[derive(Debug)]
pub struct Level {
    pub y: usize,
    pub height: String,
}

/// From a block to its parent.
#[derive(Debug)]
pub struct Line {
    pub path: String,
    pub class: &'static str,
}

/// Several heights in one row, or heights of which nothing is known.
#[derive(Debug)]
pub struct Fold {
    pub y: usize,
    pub heights: String,
    /// Where lanes pass; none for a gap.
    pub passing: Vec<usize>,
}

/// A block.
#[derive(Debug)]
pub struct Drawn {
    pub x: usize,
    pub y: usize,
    pub name: String,
    pub link: String,
    pub key: String,
    pub class: &'static str,
    /// What says without colour how the block stands.
    pub mark: &'static str,
    pub badges: Vec<Badge>,
}

/// A node that stands on a block.
#[derive(Debug)]
pub struct Badge {
    pub x: usize,
    pub letter: String,
    pub colour: usize,
}

impl Kind {
    pub fn class(self) -> &'static str {
        match self {
            Self::Chain => "chain",
            Self::Beside => "beside",
            Self::Elsewhere => "elsewhere",
            Self::BesideElsewhere => "beside elsewhere",
        }
    }

    pub fn mark(self) -> &'static str {
        match self {
            Self::Chain => "",
            Self::Beside => "✕",
            Self::Elsewhere => "?",
            Self::BesideElsewhere => "✕?",
        }
    }
}

/// Which of six colours a letter has.
pub fn colour(letter: &str) -> usize {
    letter
        .bytes()
        .map(usize::from)
        .sum::<usize>()
        .wrapping_sub(usize::from(b'A'))
        % 6
        + 1
}

impl Picture {
    /// The tree with this node's chain first.
    pub fn of(forest: &Forest, folds: bool) -> Self {
        Self::with_main(forest, Kind::Chain, folds)
    }

    /// The tree with the blocks of one kind first.
    pub fn with_main(forest: &Forest, main: Kind, folds: bool) -> Self {
        let knots = forest.knots(main);
        let layout = Layout::of(&knots, folds);
        let mut tops = Vec::with_capacity(layout.rows.len());
        let mut y = MARGIN;
        for row in &layout.rows {
            tops.push(y);
            y += match row {
                Row::Blocks(_) => ROW,
                Row::Folded { .. } | Row::Gap(_) => SHORT_ROW,
            };
        }
        let mut picture = Self {
            width: GUTTER + layout.lanes.max(1) * LANE,
            height: y,
            ..Self::default()
        };
        for (row, top) in layout.rows.iter().zip(&tops) {
            picture.row(row, *top);
        }
        let spot = |at: usize| match layout.places.get(at) {
            Some(Place::At { lane, row }) => Some((GUTTER + lane * LANE, *tops.get(*row)?, BOX.1)),
            Some(Place::Folded { lane, row }) => {
                Some((GUTTER + lane * LANE, *tops.get(*row)?, SHORT_ROW - 8))
            }
            _ => None,
        };
        let is_folded = |at: usize| matches!(layout.places.get(at), Some(Place::Folded { .. }));
        for (at, (block, knot)) in forest.blocks.iter().zip(&knots).enumerate() {
            let Some((x, y, tall)) = spot(at) else {
                picture.left += 1;
                continue;
            };
            let class = block.kind.class();
            match knot
                .parent
                .filter(|parent| !(is_folded(at) && is_folded(*parent)))
            {
                Some(parent) => picture
                    .lines
                    .extend(spot(parent).map(|to| line((x, y + tall), (to.0, to.1), class))),
                None if knot.is_cut && !is_folded(at) => {
                    picture.lines.push(stub((x, y + tall), class))
                }
                None => {}
            }
            if !is_folded(at) {
                picture.boxes.push(drawn(block, x, y));
            }
        }
        picture
    }

    fn row(&mut self, row: &Row, y: usize) {
        match row {
            Row::Blocks(height) => self.levels.push(Level {
                y: y + BOX.1 / 2 + 5,
                height: short::number(height),
            }),
            Row::Folded { heights, lanes } => self.folds.push(Fold {
                y: y + (SHORT_ROW - 8) / 2 + 5,
                heights: short::number(heights),
                passing: lanes
                    .iter()
                    .map(|lane| GUTTER + lane * LANE + BOX.0 / 2)
                    .collect(),
            }),
            Row::Gap(heights) => self.folds.push(Fold {
                y: y + (SHORT_ROW - 8) / 2 + 5,
                heights: short::number(heights),
                passing: Vec::new(),
            }),
        }
    }
}

fn drawn(block: &Block, x: usize, y: usize) -> Drawn {
    let shown = block.nodes.iter().take(BADGES).cloned();
    let more = block.nodes.len().saturating_sub(BADGES);
    let more = (more > 0).then(|| format!("+{more}"));
    let badges = shown.chain(more).enumerate().map(|(at, letter)| Badge {
        x: (x + BOX.0).saturating_sub(6 + at * 24),
        colour: colour(&letter),
        letter,
    });
    Drawn {
        x,
        y,
        name: block.hash.get(..8).unwrap_or(&block.hash).to_owned(),
        link: block.link.clone(),
        key: block.hash.clone(),
        class: block.kind.class(),
        mark: block.kind.mark(),
        badges: badges.collect(),
    }
}

/// From below a block to the top of its parent; both by their left upper corners' x.
fn line(from: (usize, usize), to: (usize, usize), class: &'static str) -> Line {
    let (x, to_x) = (from.0 + BOX.0 / 2, to.0 + BOX.0 / 2);
    let path = if x == to_x {
        format!("M{x} {}V{}", from.1, to.1)
    } else {
        let middle = (from.1 + to.1) / 2;
        format!(
            "M{x} {}C{x} {middle} {to_x} {middle} {to_x} {}",
            from.1, to.1
        )
    };
    Line { path, class }
}

/// To a parent further back.
fn stub(from: (usize, usize), class: &'static str) -> Line {
    let x = from.0 + BOX.0 / 2;
    Line {
        path: format!("M{x} {}v{}", from.1, ROW - BOX.1 - 4),
        class: match class {
            "chain" => "chain cut",
            _ => "elsewhere cut",
        },
    }
}
