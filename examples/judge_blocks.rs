//! Judges coin blocks against a chain, one a line, and names the rule that a bad one breaks.
//!
//! ```sh
//! cargo run --release --example judge_blocks -- GENESIS.json CHAIN.bin [NOW] < questions
//! ```
//!
//! A chain file is a row of `u32 LE length || encoded block`, the genesis block first. A question is a line of JSON, `{"block":"0x…"}`; its answer is `{"valid":true}` or
//! `{"rule":"…","detail":"…"}`. The block's parent must be in the chain. Nothing is added to it.

use std::collections::HashMap;
use std::env;
use std::io::{BufRead, Write, stdin, stdout};

use anyhow::{Context, bail};
use bcoin::protocol::coin::block::CheckedBlock;
use bcoin::protocol::coin::broken::{Broken, Fault};
use bcoin::protocol::coin::execution::{self, ExecutionError};
use bcoin::protocol::coin::genesis::Genesis;
use bcoin::protocol::coin::header::PowHash;
use bcoin::protocol::coin::parameters::Parameters;
use bcoin::protocol::coin::place::{Place, place_is_valid};
use bcoin::protocol::coin::state::MemoryState;
use serde_json::{Value, json};

/// A chain with the state behind each of its blocks.
struct Chain {
    parameters: Parameters,
    now: u64,
    known: HashMap<PowHash, Known>,
}

#[derive(Clone)]
struct Known {
    place: Place,
    record_hash: alloy_primitives::B256,
    state: MemoryState,
}

impl Chain {
    fn of(genesis: Genesis, now: u64) -> Self {
        let first = Known {
            place: genesis.place,
            record_hash: genesis.record_hash,
            state: MemoryState::of(&genesis),
        };
        Self {
            known: HashMap::from([(genesis.hash(), first)]),
            parameters: genesis.parameters,
            now,
        }
    }

    /// What this block would be behind its parent.
    fn judge(&self, encoded: &[u8]) -> Result<Known, ExecutionError> {
        let block = CheckedBlock::decode(encoded, &self.parameters)?;
        let previous = block.header().previous;
        let parent = self
            .known
            .get(&previous)
            .ok_or(Fault::from(Broken::ParentUnknown { parent: previous }))?;
        let place = place_is_valid(
            &block,
            &parent.place,
            parent.record_hash,
            &self.parameters,
            self.now,
        )
        .map_err(Fault::from)?;
        let executed = execution::connect(&self.parameters, &parent.state, &block)?;
        let mut state = parent.state.clone();
        state.connect(block.record_hash(), executed.state_root, &executed.change);
        Ok(Known {
            place,
            record_hash: block.record_hash(),
            state,
        })
    }
}

/// The blocks of a chain file.
fn blocks(mut rest: &[u8]) -> anyhow::Result<Vec<&[u8]>> {
    let mut blocks = Vec::new();
    while let Some((length, behind)) = rest.split_first_chunk::<4>() {
        let length = u32::from_le_bytes(*length) as usize;
        let (block, behind) = behind
            .split_at_checked(length)
            .context("the chain file ends within a block")?;
        blocks.push(block);
        rest = behind;
    }
    Ok(blocks)
}

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [genesis, chain, now @ ..] = arguments.as_slice() else {
        bail!("usage: judge_blocks GENESIS.json CHAIN.bin [NOW]");
    };
    let now = now
        .first()
        .map_or(Ok(u64::from(u32::MAX)), |now| now.parse())?;
    let parameters = Parameters::from_genesis_file(&std::fs::read_to_string(genesis)?)?;
    let file = std::fs::read(chain)?;
    let mut chain = Chain::of(Genesis::of(parameters), now);
    for (number, block) in blocks(&file)?.into_iter().enumerate().skip(1) {
        let known = chain
            .judge(block)
            .with_context(|| format!("block {number} of the chain file"))?;
        chain.known.insert(known.place.hash, known);
    }
    let mut out = stdout().lock();
    for line in stdin().lock().lines() {
        let question: Value = serde_json::from_str(&line?)?;
        let block = question["block"]
            .as_str()
            .context("a question has a block")?;
        let bytes = hex::decode(block.trim_start_matches("0x"))?;
        let answer = match chain.judge(&bytes) {
            Ok(known) => json!({ "valid": true, "hash": known.place.hash.to_string() }),
            Err(ExecutionError::Fault(fault)) => {
                json!({ "rule": fault.rule.name(), "detail": fault.to_string() })
            }
            Err(error) => bail!("{error}"),
        };
        writeln!(out, "{answer}")?;
    }
    Ok(())
}
