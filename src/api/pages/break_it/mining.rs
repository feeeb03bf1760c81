//! Mines a classic copy again, from its first broken block on: the real search, and how little it takes.

use std::time::{Duration, Instant};

use serde::Serialize;

use super::super::short;
use super::super::strings::{BreakIt, fill};
use super::asked::Asked;
use crate::limits::BREAK_SEARCH;
use crate::protocol::classic::block::Link;
use crate::protocol::classic::judge::{judge, mend};
use crate::protocol::classic::proof::{Proof, search};

/// What mining came to.
#[derive(Debug, Serialize)]
pub(in super::super) struct Mined {
    pub summary: String,
    pub blocks: Vec<MinedBlock>,
}

/// A block that was mined again: its members that are others now.
#[derive(Debug, Serialize)]
pub(in super::super) struct MinedBlock {
    pub height: u64,
    /// As JSON has it.
    pub index: String,
    pub proof: String,
    pub previous_hash: String,
    /// What it took, in the visitor's language.
    pub took: String,
}

/// Mines the copy from its first broken block on.
pub(super) fn mine(asked: &Asked, parent: Option<Link>, t: &BreakIt) -> Mined {
    let began = Instant::now();
    let texts = || asked.blocks.iter().map(|block| block.text.as_str());
    let judged = judge(parent, texts());
    let Some(first) = judged.iter().position(|block| !block.broken.is_empty()) else {
        return Mined {
            summary: t.mine_nothing.to_owned(),
            blocks: Vec::new(),
        };
    };
    // What holds can be stood upon.
    let mut before = match first.checked_sub(1).and_then(|last| judged.get(last)) {
        Some(last) => last.hash.zip(last.proof).map(|(hash, proof)| Link {
            height: last.position,
            hash,
            proof,
        }),
        None => parent,
    };
    let mut blocks = Vec::new();
    let mut hashes = 0;
    for text in texts().skip(first) {
        let started = Instant::now();
        let in_time = || began.elapsed() < BREAK_SEARCH;
        let (proof, tried) = match &before {
            None => (Some(Proof::FIRST), 0),
            Some(parent) => {
                let found = search(parent.proof, in_time);
                // Every number from 1 up to the proof was tried.
                (found, found.map_or(0, Proof::get))
            }
        };
        let Some(proof) = proof else {
            let summary = fill(t.mine_given_up, &[&BREAK_SEARCH.as_secs()]);
            return Mined { summary, blocks };
        };
        let block = match mend(text, before.as_ref(), proof) {
            Ok(block) => block,
            Err(broken) => {
                let number = short::number(broken.block);
                let summary = fill(t.mine_cannot, &[&number, &broken.rule]);
                return Mined { summary, blocks };
            }
        };
        hashes += tried;
        let previous = before.map_or_else(|| "0".to_owned(), |parent| parent.hash.to_string());
        let tried = short::number(tried);
        let height = short::number(block.height());
        blocks.push(MinedBlock {
            height: block.height().0,
            index: block.height().to_string(),
            proof: proof.to_string(),
            previous_hash: previous,
            took: fill(
                t.mine_took,
                &[&height, &tried, &milliseconds(started.elapsed())],
            ),
        });
        before = Some(block.link());
    }
    let summary = fill(
        t.mine_done,
        &[
            &blocks.len(),
            &short::number(hashes),
            &milliseconds(began.elapsed()),
        ],
    );
    Mined { summary, blocks }
}

fn milliseconds(time: Duration) -> String {
    let milliseconds = time.as_secs_f64() * 1_000.0;
    match milliseconds {
        ..10.0 => format!("{milliseconds:.1}"),
        _ => short::number(milliseconds.round()),
    }
}
