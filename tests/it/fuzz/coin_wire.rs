//! Answers of coin nodes: what reads them, against a naive reader; what judges headers, against a plain walk along them.

use std::sync::{Arc, LazyLock};

use alloy_primitives::B256;
use bcoin::limits::PULL_WAYPOINTS;
use bcoin::peers::coin::error::PullError;
use bcoin::peers::coin::headers::{Ended, HeaderCheck};
use bcoin::peers::coin::locator::OwnChain;
use bcoin::peers::coin::wire::{
    BlockReader, HeaderReader, Items, PREAMBLE_BYTES, Preamble, WireError, push_block,
};
use bcoin::protocol::coin::block::header_is_valid;
use bcoin::protocol::coin::broken::Broken;
use bcoin::protocol::coin::genesis::Genesis;
use bcoin::protocol::coin::header::{HEADER_BYTES, Header, PowHash};
use bcoin::protocol::coin::parameters::Parameters;
use bcoin::protocol::coin::place::Place;
use bcoin::protocol::coin::target::Bits;

use super::choices::Choices;

/// Bytes of the longest block that the readers take here.
const MOST: u64 = 300;
const NOW: u64 = 1_800_000_000;

/// A network on which a proof takes two hashes, targets change, and clocks count.
static GENESIS: LazyLock<Arc<Genesis>> = LazyLock::new(|| {
    Arc::new(Genesis::of(Parameters {
        name: "fuzz".to_owned(),
        time: NOW as u32 - 1_000,
        spacing: 10,
        half_life: 100,
        ahead: 50,
        ..Parameters::dev()
    }))
});

/// An answer, mostly whole.
pub fn answer(choices: &mut Choices<'_>) -> (Items, Vec<u8>) {
    let items = choices.pick(&[Items::Headers, Items::Blocks]);
    let preamble = Preamble {
        genesis: match choices.one_in(8) {
            true => PowHash::ZERO,
            false => GENESIS.hash(),
        },
        after: choices.pick(&[0, 0, 0, 1, u64::MAX]),
        last: choices.pick(&[0, 3, u64::MAX]),
    };
    let mut bytes = preamble.encode(items);
    let mut place = GENESIS.place;
    for _ in 0..choices.below(12) {
        match items {
            Items::Headers => {
                let header = header(choices, &mut place);
                bytes.extend_from_slice(&header.encode());
            }
            Items::Blocks => {
                let length = choices.pick(&[0, 1, 80, 299, 300, 301]);
                push_block(&mut bytes, &vec![choices.byte(); length]);
            }
        }
    }
    for _ in 0..choices.below(3) {
        let at = choices.below(bytes.len());
        match choices.below(3) {
            0 => bytes.truncate(at),
            1 => bytes[at] = choices.byte(),
            _ => bytes.insert(at, choices.byte()),
        }
        if bytes.is_empty() {
            break;
        }
    }
    (items, bytes)
}

/// A header behind `place`, mostly one that holds; the place moves to it then.
fn header(choices: &mut Choices<'_>, place: &mut Place) -> Header {
    let parameters = &GENESIS.parameters;
    let mut header = Header {
        version: Header::VERSION,
        previous: place.hash,
        commitment: B256::repeat_byte(choices.byte()),
        time: place
            .time
            .saturating_add(choices.pick(&[1, 10, 100, 300, 900])),
        bits: place.required_bits_of_child(parameters),
        nonce: 0,
    };
    match choices.below(24) {
        19 => header.version = 2,
        20 => header.previous = PowHash::ZERO,
        21 => header.time = choices.pick(&[0, place.time, u32::MAX]),
        22 => header.bits = choices.pick(&[Bits(0), Bits(0x2100_ffff), Bits(0x207f_fffe)]),
        _ => {}
    }
    let target = header.bits.target().unwrap_or(parameters.easiest());
    let wanted = !choices.one_in(24);
    // A target that a change of bits made hard is not worth the search.
    for _ in 0..1 << 12 {
        if target.is_met_by(header.hash().0) == wanted {
            break;
        }
        header.nonce += 1;
    }
    if let Ok(child) = naive_child(place, &header) {
        *place = child;
    }
    header
}

fn naive_child(place: &Place, header: &Header) -> Result<Place, Broken> {
    let work = header_is_valid(header, &GENESIS.parameters)?;
    place.child(header, work, &GENESIS.parameters, NOW)
}

type Read = (Option<Preamble>, Vec<Vec<u8>>, Result<(), WireError>);

fn read(items: Items, answer: &[u8], step: &mut dyn FnMut() -> usize) -> Read {
    let mut headers = HeaderReader::default();
    let mut blocks = BlockReader::new(MOST);
    let mut found = Vec::new();
    let mut preamble = None;
    let mut rest = answer;
    while !rest.is_empty() {
        let (now, later) = rest.split_at(step().clamp(1, rest.len()));
        rest = later;
        let ended = match items {
            Items::Headers => {
                headers.push(now);
                preamble = preamble.or(headers.preamble().ok().flatten());
                loop {
                    match headers.next_header() {
                        Ok(Some(header)) => found.push(header.encode().to_vec()),
                        ended => break ended.map(drop),
                    }
                }
            }
            Items::Blocks => {
                blocks.push(now);
                preamble = preamble.or(blocks.preamble().ok().flatten());
                loop {
                    match blocks.next_block() {
                        Ok(Some(block)) => found.push(block.to_vec()),
                        ended => break ended.map(drop),
                    }
                }
            }
        };
        if ended.is_err() {
            return (preamble, found, ended);
        }
    }
    let ended = match items {
        Items::Headers => headers.finish(),
        Items::Blocks => blocks.finish(),
    };
    (preamble, found, ended)
}

/// The plainest reading: of what is all there.
fn naive(items: Items, answer: &[u8]) -> (Vec<Vec<u8>>, bool) {
    let kind: &[u8] = match items {
        Items::Headers => b"bcoin-h1",
        Items::Blocks => b"bcoin-b1",
    };
    if answer.len() < PREAMBLE_BYTES || !answer.starts_with(kind) {
        return (Vec::new(), false);
    }
    let mut rest = &answer[PREAMBLE_BYTES..];
    let mut found = Vec::new();
    while !rest.is_empty() {
        let length = match items {
            Items::Headers => HEADER_BYTES,
            Items::Blocks => {
                let Some((length, behind)) = rest.split_first_chunk::<4>() else {
                    return (found, false);
                };
                rest = behind;
                let length = u32::from_le_bytes(*length);
                if u64::from(length) > MOST {
                    return (found, false);
                }
                length as usize
            }
        };
        if rest.len() < length {
            return (found, false);
        }
        let (item, behind) = rest.split_at(length);
        found.push(item.to_vec());
        rest = behind;
    }
    (found, true)
}

/// What a check came to, in words that can be compared.
fn judged(answer: &[u8], step: &mut dyn FnMut() -> usize) -> Result<(Place, bool), String> {
    let own = OwnChain {
        tip: GENESIS.place,
        located: vec![GENESIS.place],
    };
    let mut check = HeaderCheck::new(Arc::clone(&GENESIS), Arc::new(own), NOW);
    let mut rest = answer;
    let mut more = true;
    let said = |error: PullError| error.to_string();
    while more && !rest.is_empty() {
        let (now, later) = rest.split_at(step().clamp(1, rest.len()));
        rest = later;
        more = check.push(now, &mut |_| Ok(None)).map_err(said)?;
    }
    if more {
        check.end_of_answer().map_err(said)?;
    }
    let chain = check.finish(None).map_err(said)?;
    assert!(chain.waypoints.len() <= PULL_WAYPOINTS);
    assert_eq!(chain.base, GENESIS.place);
    let is_ahead = matches!(chain.ended, Some(Ended::Ahead(_)));
    assert_eq!(is_ahead, !more);
    Ok((chain.tip, is_ahead))
}

/// The whole judgement on an answer.
pub fn readers_and_check_agree_with_naive_ones(
    items: Items,
    answer: &[u8],
    step: &mut dyn FnMut() -> usize,
) {
    let whole = read(items, answer, &mut || usize::MAX);
    assert_eq!(
        read(items, answer, step),
        whole,
        "pieces change what is read"
    );
    assert_eq!(
        read(items, answer, &mut || 1),
        whole,
        "bytes change what is read"
    );
    let (preamble, found, ended) = whole;
    let (expected, is_whole) = naive(items, answer);
    assert_eq!((&found, ended.is_ok()), (&expected, is_whole), "{ended:?}");
    if items == Items::Blocks {
        return;
    }
    let pieces = judged(answer, step).ok();
    assert_eq!(judged(answer, &mut || usize::MAX).ok(), pieces);
    let is_ours = preamble.is_some_and(|preamble| {
        preamble.genesis == GENESIS.hash() && preamble.after == GENESIS.place.number
    });
    let mut place = GENESIS.place;
    let mut is_valid = is_ours;
    let mut is_ahead = false;
    for header in &found {
        let header = Header::decode(header.as_slice().try_into().expect("80 bytes"));
        match naive_child(&place, &header) {
            Ok(child) => place = child,
            Err(Broken::TimeTooFarAhead { .. }) => {
                is_ahead = true;
                break;
            }
            Err(_) => {
                is_valid = false;
                break;
            }
        }
    }
    // What comes behind a header from ahead of the clock is not looked at.
    let expected = (is_valid && (is_whole || is_ahead)).then_some((place, is_ahead));
    assert_eq!(pieces, expected);
}
