//! Tests of execution, by rules, by what the EVM sees, and by a chain that another program made.

use super::super::block::{Block, CheckedBlock};
use super::super::genesis::Genesis;
use super::super::parameters::Parameters;
use super::super::state::MemoryState;
use super::*;

const GENESIS: &str = include_str!("../../../../tests/vectors/coin/python_chain.genesis.json");
const CHAIN: &[u8] = include_bytes!("../../../../tests/vectors/coin/python_chain.bin");
const REPORT: &str = include_str!("../../../../tests/vectors/coin/python_chain.report.json");

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

#[test]
fn every_block_of_the_independent_implementation_connects() {
    let parameters = Parameters::from_genesis_file(GENESIS).expect("a genesis file");
    let genesis = Genesis::of(parameters.clone());
    let report: serde_json::Value = serde_json::from_str(REPORT).expect("a report");
    let (first, rest) = {
        let mut blocks = blocks(CHAIN);
        (blocks.remove(0), blocks)
    };
    assert_eq!(Block::decode(first, &parameters), Ok(genesis.block.clone()));
    let mut state = MemoryState::of(&genesis);
    let mut destroyed = U256::ZERO;
    for (bytes, told) in rest
        .iter()
        .zip(report["each"].as_array().expect("blocks").iter().skip(1))
    {
        let block = CheckedBlock::decode(bytes, &parameters).expect("a block");
        let executed = connect(&parameters, &state, &block).expect("it connects");
        assert_eq!(told["state_root"], executed.state_root.to_string());
        destroyed += executed.destroyed;
        assert_eq!(told["destroyed"], destroyed.to_string());
        state.connect(block.record_hash(), executed.state_root, &executed.change);
    }
    assert_eq!(report["supply"]["destroyed"], destroyed.to_string());
    assert_eq!(report["supply"]["total"], state.supply().to_string());
}
