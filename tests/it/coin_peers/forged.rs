//! Headers and blocks that hold as far as anybody can tell who has not executed them, and that nobody would mine.

use alloy_consensus::constants::{EMPTY_OMMER_ROOT_HASH, EMPTY_ROOT_HASH};
use alloy_primitives::{Address, B64, B256};
use bcoin::protocol::coin::block::{Block, Record, commitment, mix_hash};
use bcoin::protocol::coin::header::Header;
use bcoin::protocol::coin::parameters::Parameters;
use bcoin::protocol::coin::place::Place;

use super::world::NOW;

pub fn header_of(encoded: &[u8]) -> Header {
    Header::decode(encoded[1..81].try_into().expect("80 bytes"))
}

/// The header with a nonce that meets its own bits.
pub fn proven(mut header: Header) -> Header {
    let target = header.bits.target().expect("a target");
    while !target.is_met_by(header.hash().0) {
        header.nonce += 1;
    }
    header
}

/// The header with a nonce that does not.
pub fn unproven(mut header: Header) -> Header {
    let target = header.bits.target().expect("a target");
    while target.is_met_by(header.hash().0) {
        header.nonce += 1;
    }
    header
}

/// A valid header behind `parent` of a block that does not exist, `later` seconds later.
pub fn header_behind(parent: &Place, parameters: &Parameters, later: u32) -> Header {
    proven(Header {
        version: Header::VERSION,
        previous: parent.hash,
        commitment: B256::repeat_byte(0xcc),
        time: parent.time + later,
        bits: parent.required_bits_of_child(parameters),
        nonce: 0,
    })
}

/// The place of a child with this header, which holds.
pub fn place_behind(parent: &Place, header: &Header, parameters: &Parameters) -> Place {
    let work = header.bits.target().expect("a target").work();
    let place = parent.child(header, work, parameters, NOW);
    place.expect("it holds in its place")
}

/// So many valid headers behind `parent`, `apart` seconds each.
pub fn headers_behind(
    parent: &Place,
    parameters: &Parameters,
    count: usize,
    apart: u32,
) -> Vec<Header> {
    let mut place = *parent;
    let next = || {
        let header = header_behind(&place, parameters, apart);
        place = place_behind(&place, &header, parameters);
        header
    };
    std::iter::repeat_with(next).take(count).collect()
}

/// An empty block that holds by itself and in its place, and claims a state that nothing leads to.
pub fn forged(
    parent: &Place,
    parent_record: B256,
    parameters: &Parameters,
    later: u32,
    extra: u8,
) -> (Block, Place) {
    let time = parent.time + later;
    let bits = parent.required_bits_of_child(parameters);
    let record = Record {
        parent_hash: parent_record,
        ommers_hash: EMPTY_OMMER_ROOT_HASH,
        beneficiary: Address::repeat_byte(0xbb),
        state_root: B256::repeat_byte(0xbb),
        transactions_root: EMPTY_ROOT_HASH,
        receipts_root: EMPTY_ROOT_HASH,
        difficulty: bits.target().expect("a target").work().0,
        number: parent.number + 1,
        gas_limit: parameters.gas_limit,
        timestamp: time.into(),
        extra_data: vec![extra].into(),
        mix_hash: mix_hash(parent.hash),
        nonce: B64::ZERO,
        base_fee_per_gas: Some(parameters.base_fee),
        ..Record::default()
    };
    let block = resealed(Block {
        header: Header {
            version: Header::VERSION,
            previous: parent.hash,
            commitment: B256::ZERO,
            time,
            bits,
            nonce: 0,
        },
        record,
        envelopes: Vec::new(),
    });
    let place = place_behind(parent, &block.header, parameters);
    (block, place)
}

/// The block with a header that commits to its record, and a new proof.
pub fn resealed(block: Block) -> Block {
    Block {
        header: proven(Header {
            commitment: commitment(&block.record),
            ..block.header
        }),
        ..block
    }
}
