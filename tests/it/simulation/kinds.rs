//! Every kind of liar, and how it has to end.

mod chains;
mod floods;
mod greetings;
mod hints;
mod silence;
mod slow;

use alloy_primitives::U256;
use bcoin::peers::blame::Offence;
use bcoin::peers::message::bounded::Few;
use bcoin::peers::message::{BlockId, BlockItem, Message, Stand, Weight, codec};
use bytes::Bytes;

use super::liars::Script;
use super::model::{BROKEN, Model};

/// How an honest node is to answer a liar.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ends {
    /// It is blamed for this.
    Blamed(Offence),
    /// It is parted from, and nobody's points count.
    Parted,
    /// What it says can also be said in good faith: it just gets nowhere.
    Ignored,
}

fn say(message: Message) -> Option<Vec<Bytes>> {
    Some(vec![codec::encode(&message)])
}

fn number_id(number: u64) -> [u8; 32] {
    let mut id = [0xee; 32];
    id[..8].copy_from_slice(&number.to_be_bytes());
    id
}

fn many(count: u64, message: impl Fn(u64) -> Message) -> Vec<Bytes> {
    (0..count).map(|at| codec::encode(&message(at))).collect()
}

/// Tips that are `ahead` blocks higher and as much heavier than the liar's own, greeting included.
fn claiming(message: &Message, own: &Model, ahead: u64, weight: U256) -> Option<Vec<Bytes>> {
    let tip = own.tip();
    let stand = Stand {
        height: tip.height + ahead,
        id: BlockId(number_id(tip.height)),
        weight: Weight(tip.weight.0.saturating_add(weight)),
    };
    match message {
        Message::Tip(_) => say(Message::Tip(stand)),
        Message::Hello(hello) => {
            let mut hello = hello.clone();
            hello.stand = stand;
            say(Message::Hello(hello))
        }
        _ => None,
    }
}

/// Other blocks than those that were to be sent.
fn blocks(message: &Message, change: fn(&mut Vec<BlockItem>)) -> Option<Vec<Bytes>> {
    let Message::Blocks {
        ticket,
        blocks,
        last,
    } = message
    else {
        return None;
    };
    let mut items = blocks.to_vec();
    change(&mut items);
    say(Message::Blocks {
        ticket: *ticket,
        blocks: Few::first_of(items),
        last: *last,
    })
}

/// Other headers than those that were to be sent.
fn headers(message: &Message, change: fn(&mut Vec<u8>)) -> Option<Vec<Bytes>> {
    let Message::Headers(headers) = message else {
        return None;
    };
    let mut headers = headers.clone();
    let mut items = headers.items.to_vec();
    change(&mut items);
    headers.items = items.into();
    say(Message::Headers(headers))
}

fn spoil(item: &mut BlockItem) {
    let mut bytes = item.block.to_vec();
    if let Some(last) = bytes.last_mut() {
        *last ^= 1;
    }
    item.block = bytes.into();
}

fn hello(message: &Message, change: fn(&mut bcoin::peers::message::Hello)) -> Option<Vec<Bytes>> {
    let Message::Hello(said) = message else {
        return None;
    };
    let mut said = said.clone();
    change(&mut said);
    say(Message::Hello(said))
}

/// Silence where this holds.
fn unless(is_left_out: bool) -> Option<Vec<Bytes>> {
    is_left_out.then(Vec::new)
}

/// One kind: what it does in words, how it does it, and how it has to end.
pub type Row = (&'static str, Script, Ends);

pub fn all_kinds() -> impl Iterator<Item = &'static Row> {
    let tables = [
        greetings::KINDS,
        silence::KINDS,
        chains::KINDS,
        floods::KINDS,
        hints::KINDS,
        slow::KINDS,
    ];
    tables.into_iter().flatten()
}

/// Kinds that need a chain without headers.
pub fn classic_kinds() -> impl Iterator<Item = &'static Row> {
    slow::CLASSIC.iter()
}

fn broken(number: u64) -> Bytes {
    let mut bytes = vec![BROKEN; 16];
    bytes.extend(number.to_be_bytes());
    bytes.into()
}

/// The transaction in the last block of a liar whose chain fails.
pub fn failing() -> Bytes {
    broken(0)
}
