//! Tests of execution: by vectors that another implementation made, by rules, by what the EVM sees, and by chance.

mod calls;
mod effects;
mod environment;
mod proofs;
mod random;
mod rules;
mod unsound;
mod world;

use alloy_primitives::hex;
use serde_json::Value;

use super::super::block::Block;
use super::super::genesis::Genesis;
use super::super::parameters::COIN;
use super::super::place::{Place, place_is_valid};
use super::super::state::MemoryState;
use super::*;

const GENESIS: &str = include_str!("../../../../../tests/vectors/coin/python_chain.genesis.json");
const CHAIN: &[u8] = include_bytes!("../../../../../tests/vectors/coin/python_chain.bin");
const REPORT: &str = include_str!("../../../../../tests/vectors/coin/python_chain.report.json");
const BROKEN: &str = include_str!("../../../../../tests/vectors/coin/broken_blocks.json");

/// The blocks of a chain file: each behind its length, four bytes LE.
fn blocks(mut file: &[u8]) -> Vec<&[u8]> {
    let mut blocks = Vec::new();
    while let Some((length, rest)) = file.split_first_chunk::<4>() {
        let (block, rest) = rest.split_at(u32::from_le_bytes(*length) as usize);
        blocks.push(block);
        file = rest;
    }
    blocks
}

/// The end of a chain: its last block's place and record hash, and the state.
struct End {
    place: Place,
    record_hash: B256,
    state: MemoryState,
}

/// All of section 9, in its order.
fn judge(
    bytes: &[u8],
    parameters: &Parameters,
    ends: &[End],
) -> Result<(End, Executed), ExecutionError> {
    let block = CheckedBlock::decode(bytes, parameters)?;
    let previous = block.header().previous;
    let parent = ends.iter().find(|end| end.place.hash == previous);
    let parent = parent.ok_or(Fault::from(Broken::ParentUnknown { parent: previous }))?;
    let now = parameters.time.into();
    let place = place_is_valid(&block, &parent.place, parent.record_hash, parameters, now)
        .map_err(Fault::from)?;
    let executed = connect(parameters, &parent.state, &block)?;
    let mut state = parent.state.clone();
    let record_hash = block.record_hash();
    state.connect(record_hash, executed.state_root, &executed.change);
    let end = End {
        place,
        record_hash,
        state,
    };
    Ok((end, executed))
}

/// Every block of a chain made by another implementation, by another EVM, connects, and does what that one says. Then blocks on top of that
/// chain's, at least one for each rule, break just the rule they were made to break.
#[test]
fn the_independent_implementation_agrees() {
    let parameters = Parameters::from_genesis_file(GENESIS).expect("a genesis file");
    let genesis = Genesis::of(parameters.clone());
    let report: Value = serde_json::from_str(REPORT).expect("a report");
    let told = report["each"].as_array().expect("blocks");
    let blocks = blocks(CHAIN);
    assert_eq!(blocks.len(), told.len());
    assert_eq!(
        Block::decode(blocks[0], &parameters),
        Ok(genesis.block.clone())
    );
    let mut ends = vec![End {
        place: genesis.place,
        record_hash: genesis.record_hash,
        state: MemoryState::of(&genesis),
    }];
    let mut destroyed = U256::ZERO;
    for (bytes, told) in blocks.iter().zip(told).skip(1) {
        let (end, executed) = judge(bytes, &parameters, &ends).expect("it connects");
        destroyed += executed.destroyed;
        assert_eq!(told["destroyed"], destroyed.to_string());
        assert_eq!(told["gas_used"], executed.gas_used);
        assert_eq!(told["state_root"], executed.state_root.to_string());
        ends.push(end);
    }
    let supply = ends.last().expect("blocks").state.supply();
    assert_eq!(report["supply"]["total"], supply.to_string());
    assert!(destroyed > U256::from(COIN));

    let cases: Vec<Value> = serde_json::from_str(BROKEN).expect("cases");
    let mut seen = Vec::new();
    for case in &cases {
        let text = case["block"].as_str().expect("text");
        let bytes = hex::decode(text).expect("hexadecimal");
        let name = match judge(&bytes, &parameters, &ends) {
            Ok(_) => None,
            Err(ExecutionError::Fault(fault)) => Some(fault.rule.name()),
            Err(error) => panic!("{}: {error}", case["name"]),
        };
        assert_eq!(name, case["rule"].as_str(), "{}", case["name"]);
        seen.extend(name);
    }
    for rule in Broken::NAMES {
        assert!(seen.contains(rule), "no block breaks {rule}");
    }
}
