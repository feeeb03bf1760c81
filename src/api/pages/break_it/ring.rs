//! The loop of proofs as a picture: a way in, and a ring in which it goes round for ever.

use std::f64::consts::TAU;
use std::fmt::Write;

use serde::Serialize;

use crate::protocol::classic::proof::Proof;
use crate::protocol::classic::ring::{LOOP_START, PROOFS, place_of};

/// The picture's size, in its own units.
const WIDTH: f64 = 680.0;
const HEIGHT: f64 = 370.0;
const RADIUS: f64 = 150.0;
/// Of the ring's middle.
const MIDDLE: (f64, f64) = (500.0, 190.0);
/// Where the way in begins.
const LEFT: f64 = 24.0;

/// A place in the picture.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(in super::super) struct Point {
    pub x: f64,
    pub y: f64,
}

impl Point {
    /// Of the proof at a place among [`PROOFS`].
    pub(super) fn of(place: usize) -> Self {
        let top = MIDDLE.1 - RADIUS;
        let (x, y) = match place.checked_sub(LOOP_START) {
            None => {
                let step = (MIDDLE.0 - LEFT) / LOOP_START as f64;
                (LEFT + step * place as f64, top)
            }
            Some(into_the_loop) => {
                let turn = TAU * into_the_loop as f64 / (PROOFS.len() - LOOP_START) as f64;
                (
                    MIDDLE.0 + RADIUS * turn.sin(),
                    MIDDLE.1 - RADIUS * turn.cos(),
                )
            }
        };
        Self {
            x: rounded(x),
            y: rounded(y),
        }
    }
}

fn rounded(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// The picture, with the copy's blocks marked in it.
#[derive(Debug)]
pub(super) struct Ring {
    /// A dot a proof, as the data of a path.
    pub dots: String,
    pub marks: Vec<Mark>,
}

/// A block's proof in the picture.
#[derive(Debug)]
pub(super) struct Mark {
    pub height: u64,
    pub point: Option<Point>,
    /// Where its number stands beside the point: the neighbours' numbers would lie upon each other, so that only the ends have one.
    pub label: Option<Point>,
}

impl Ring {
    /// With the proofs of these blocks, which follow each other.
    pub(super) fn of(blocks: &[(u64, Option<Proof>)]) -> Self {
        let mut dots = String::new();
        for place in 0..PROOFS.len() {
            let Point { x, y } = Point::of(place);
            // Writing to a string does not fail.
            let _ = write!(dots, "M{x} {y}h0");
        }
        let last = blocks.len().saturating_sub(1);
        let marks = blocks.iter().enumerate().map(|(at, (height, proof))| {
            let place = proof.and_then(place_of);
            Mark {
                height: *height,
                point: place.map(Point::of),
                label: place
                    .filter(|_| at == 0 || at == last)
                    .map(|place| label(place, at == last)),
            }
        });
        Self {
            dots,
            marks: marks.collect(),
        }
    }

    /// Size and place of the picture, for SVG.
    pub(super) fn view_box(&self) -> String {
        format!("0 0 {WIDTH} {HEIGHT}")
    }

    /// All proofs, in order.
    pub(super) fn proofs(&self) -> impl Iterator<Item = u32> {
        PROOFS.into_iter()
    }

    /// Which of them the ring begins with, counted from 1.
    pub(super) fn first_of_loop(&self) -> usize {
        LOOP_START + 1
    }
}

/// Outside of the ring for the last block, inside for the first.
fn label(place: usize, is_outside: bool) -> Point {
    const AWAY: f64 = 20.0;
    let away = if is_outside { AWAY } else { -AWAY };
    let (x, y) = match place.checked_sub(LOOP_START) {
        None => (0.0, -away),
        Some(_) => {
            let Point { x, y } = Point::of(place);
            let scale = away / RADIUS;
            ((x - MIDDLE.0) * scale, (y - MIDDLE.1) * scale)
        }
    };
    Point {
        x: rounded(x),
        // Text stands upon its line.
        y: rounded(y + 5.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_in_meets_the_ring_and_all_stays_in_the_picture() {
        let entry = Point::of(LOOP_START);
        assert_eq!(entry, Point { x: 500.0, y: 40.0 });
        assert!(Point::of(LOOP_START - 1).x < entry.x);
        let ring = Ring::of(&[
            (1, Some(Proof::FIRST)),
            (2, Proof::new(533)),
            (3, Proof::new(-7)),
        ]);
        assert_eq!(ring.dots.matches('M').count(), PROOFS.len());
        for place in 0..PROOFS.len() {
            let Point { x, y } = Point::of(place);
            assert!((0.0..WIDTH).contains(&x) && (0.0..HEIGHT).contains(&y));
        }
        assert!(ring.marks[0].label.is_some() && ring.marks[1].label.is_none());
        assert!(ring.marks[2].point.is_none());
    }
}
