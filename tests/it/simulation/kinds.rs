//! Every kind of liar, and how it has to end.

use alloy_primitives::U256;
use bcoin::peers::blame::Offence;
use bcoin::peers::message::bounded::{Few, Text};
use bcoin::peers::message::{
    BlockId, BlockItem, Message, Parting, Stand, TransactionId, Weight, WireAddress, codec,
};
use bytes::Bytes;

use super::liars::{HONEST, Script};
use super::model::{BROKEN, HEADER, Header, Model, transaction_id};

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

use Ends::{Blamed, Ignored, Parted};
use Offence::{FalseTip, Flood, Invalid, Malformed, Timeout};

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

/// One kind a row: what it does, how, and how it has to end.
pub const KINDS: &[(&str, Script, Ends)] = &[
    (
        "sends bytes that are no message",
        Script {
            unasked: |_, _| vec![vec![0xff; 100].into()],
            ..HONEST
        },
        Blamed(Malformed),
    ),
    (
        "sends empty frames",
        Script {
            unasked: |_, _| vec![Bytes::new()],
            ..HONEST
        },
        Blamed(Malformed),
    ),
    (
        "adds bytes behind a message",
        Script {
            unasked: |_, _| vec![vec![12, 1, 1, 1].into()],
            ..HONEST
        },
        Blamed(Malformed),
    ),
    (
        "ends messages in their middle",
        Script {
            unasked: |_, _| vec![vec![2, 1, 1].into()],
            ..HONEST
        },
        Blamed(Malformed),
    ),
    (
        "claims lists of a billion items",
        Script {
            unasked: |_, _| vec![vec![7, 0xff, 0xff, 0xff, 0xff, 3].into()],
            ..HONEST
        },
        Blamed(Malformed),
    ),
    (
        "asks with a locator too long",
        Script {
            unasked: |_, _| vec![[&[3, 65][..], &[7; 65 * 32]].concat().into()],
            ..HONEST
        },
        Blamed(Malformed),
    ),
    (
        "sends a ping of a megabyte",
        Script {
            unasked: |_, _| vec![vec![12; 1 << 20].into()],
            ..HONEST
        },
        Blamed(Malformed),
    ),
    (
        "greets again and again",
        Script {
            unasked: |_, _| vec![codec::encode(&Message::Proof(vec![1; 64].into()))],
            ..HONEST
        },
        Blamed(Malformed),
    ),
    (
        "talks before it has shown a key",
        Script {
            instead: |m, _| match m {
                Message::Proof(_) => say(Message::GetAddresses),
                _ => None,
            },
            ..HONEST
        },
        Blamed(Malformed),
    ),
    (
        "signs with another key",
        Script {
            instead: |m, _| match m {
                Message::Proof(_) => say(Message::Proof(vec![1; 64].into())),
                _ => None,
            },
            ..HONEST
        },
        Blamed(Invalid),
    ),
    (
        "says that another's key is its own",
        Script {
            instead: |m, _| {
                hello(m, |h| {
                    let mut key = h.key.to_vec();
                    key[0] ^= 1;
                    h.key = key.into();
                })
            },
            ..HONEST
        },
        Blamed(Invalid),
    ),
    (
        "names no key",
        Script {
            instead: |m, _| hello(m, |h| h.key = Bytes::new()),
            ..HONEST
        },
        Blamed(Invalid),
    ),
    (
        "replays a proof",
        Script {
            replays: true,
            unasked: |at, _| {
                if at % 50 == 30 {
                    vec![codec::encode(&Message::Goodbye {
                        why: Parting::Twice,
                        text: Text::default(),
                    })]
                } else {
                    Vec::new()
                }
            },
            ..HONEST
        },
        Blamed(Invalid),
    ),
    (
        "never shows a key",
        Script {
            instead: |m, _| unless(matches!(m, Message::Proof(_))),
            ..HONEST
        },
        Parted,
    ),
    (
        "is of another network",
        Script {
            instead: |m, _| hello(m, |h| h.network = Text::start_of("other")),
            ..HONEST
        },
        Parted,
    ),
    (
        "has another genesis",
        Script {
            instead: |m, _| hello(m, |h| h.genesis = BlockId([9; 32])),
            ..HONEST
        },
        Parted,
    ),
    (
        "speaks version 0",
        Script {
            instead: |m, _| hello(m, |h| h.version = 0),
            ..HONEST
        },
        Parted,
    ),
    (
        "claims the heaviest chain there can be",
        Script {
            instead: |m, own| claiming(m, own, u64::MAX / 2, U256::MAX),
            ..HONEST
        },
        Blamed(FalseTip),
    ),
    (
        "claims a few blocks more",
        Script {
            instead: |m, own| claiming(m, own, 5, U256::from(100)),
            ..HONEST
        },
        Blamed(FalseTip),
    ),
    (
        "claims one block more",
        Script {
            instead: |m, own| claiming(m, own, 1, U256::from(4)),
            ..HONEST
        },
        Blamed(FalseTip),
    ),
    (
        "claims another tip all the time",
        Script {
            unasked: |at, own| {
                let tip = own.tip();
                many(20, |n| {
                    Message::Tip(Stand {
                        height: tip.height + 2,
                        id: BlockId(number_id(at * 100 + n)),
                        weight: Weight(tip.weight.0 + U256::from(at * 100 + n)),
                    })
                })
            },
            ..HONEST
        },
        Blamed(FalseTip),
    ),
    (
        "stands at the first block for ever",
        Script {
            instead: |m, own| {
                let first = Stand {
                    height: 0,
                    id: own.tip_at(0).id,
                    weight: Weight::default(),
                };
                match m {
                    Message::Tip(_) => say(Message::Tip(first)),
                    _ => None,
                }
            },
            ..HONEST
        },
        Ignored,
    ),
    (
        "never sends headers",
        Script {
            instead: |m, _| unless(matches!(m, Message::Headers(_))),
            ..HONEST
        },
        Blamed(Timeout),
    ),
    (
        "never sends blocks",
        Script {
            instead: |m, _| unless(matches!(m, Message::Blocks { .. })),
            ..HONEST
        },
        Blamed(Timeout),
    ),
    (
        "never sends what it announced",
        Script {
            unasked: |at, _| {
                many(1, |n| {
                    Message::Have(Few::first_of([TransactionId(number_id(at + n))]))
                })
            },
            instead: |m, _| unless(matches!(m, Message::Transactions(_))),
            ..HONEST
        },
        Blamed(Timeout),
    ),
    (
        "says nothing after its greeting",
        Script {
            instead: |m, _| unless(!matches!(m, Message::Hello(_) | Message::Proof(_))),
            ..HONEST
        },
        Parted,
    ),
    (
        "is eight seconds late with everything",
        Script { late: 8, ..HONEST },
        Parted,
    ),
    (
        "sends no blocks that it has shown",
        Script {
            instead: |m, _| blocks(m, Vec::clear),
            ..HONEST
        },
        Blamed(Timeout),
    ),
    (
        "shows no headers for its tip",
        Script {
            instead: |m, _| headers(m, Vec::clear),
            ..HONEST
        },
        Ignored,
    ),
    (
        "answers with another's ticket",
        Script {
            instead: |m, _| match m {
                Message::Blocks {
                    ticket,
                    blocks,
                    last,
                } => say(Message::Blocks {
                    ticket: ticket ^ 1,
                    blocks: blocks.clone(),
                    last: *last,
                }),
                _ => None,
            },
            ..HONEST
        },
        Blamed(Malformed),
    ),
    (
        "sends blocks that nobody asked for",
        Script {
            unasked: |_, own| {
                own.block_at(1).map_or_else(Vec::new, |block| {
                    many(1, |_| Message::Blocks {
                        ticket: 1,
                        blocks: Few::first_of([BlockItem {
                            block: block.clone(),
                            beside: Bytes::new(),
                        }]),
                        last: BlockId::default(),
                    })
                })
            },
            ..HONEST
        },
        Blamed(Malformed),
    ),
    (
        "answers twice",
        Script {
            instead: |m, _| match m {
                Message::Blocks { .. } => Some(vec![codec::encode(m), codec::encode(m)]),
                _ => None,
            },
            ..HONEST
        },
        Blamed(Malformed),
    ),
    (
        "sends headers that nobody asked for",
        Script {
            unasked: |_, own| vec![codec::encode(&Message::Headers(own.all_headers()))],
            ..HONEST
        },
        Blamed(Malformed),
    ),
    (
        "sends transactions that nobody asked for",
        Script {
            unasked: |_, _| {
                many(1, |n| {
                    Message::Transactions(Few::first_of([Bytes::from(vec![1, n as u8, 3])]))
                })
            },
            ..HONEST
        },
        Blamed(Malformed),
    ),
    (
        "sends another body under a header",
        Script {
            instead: |m, _| blocks(m, |items| items.iter_mut().for_each(spoil)),
            ..HONEST
        },
        Blamed(Invalid),
    ),
    (
        "sends a bad block behind good ones",
        Script {
            instead: |m, _| {
                blocks(m, |items| {
                    if let Some(last) = items.last_mut() {
                        spoil(last)
                    }
                })
            },
            ..HONEST
        },
        Blamed(Invalid),
    ),
    (
        "sends blocks in another order",
        Script {
            instead: |m, _| blocks(m, |items| items.reverse()),
            ..HONEST
        },
        Blamed(Invalid),
    ),
    (
        "sends the first block again and again",
        Script {
            instead: |m, _| {
                blocks(m, |items| {
                    let first = items.first().cloned();
                    for item in items.iter_mut() {
                        *item = first.clone().expect("there is one");
                    }
                })
            },
            ..HONEST
        },
        Blamed(Invalid),
    ),
    (
        "shows headers that do not link",
        Script {
            instead: |m, _| {
                headers(m, |bytes| {
                    if bytes.len() > 2 * HEADER {
                        bytes.rotate_left(HEADER);
                    }
                })
            },
            ..HONEST
        },
        Blamed(Invalid),
    ),
    (
        "shows headers that prove nothing",
        Script {
            instead: |m, _| {
                headers(m, |bytes| {
                    if let Some(last) = bytes.last_mut() {
                        *last ^= 1;
                    }
                })
            },
            ..HONEST
        },
        Blamed(Invalid),
    ),
    (
        "shows half a header",
        Script {
            instead: |m, _| {
                headers(m, |bytes| {
                    bytes.pop();
                })
            },
            ..HONEST
        },
        Blamed(Malformed),
    ),
    (
        "shows a chain of another beginning",
        Script {
            instead: |m, _| match m {
                Message::Headers(h) => {
                    let mut h = h.clone();
                    h.after_id = BlockId([5; 32]);
                    let header = Header::over(h.after_id, &[], 3, 1);
                    h.items = header.to_bytes().to_vec().into();
                    say(Message::Headers(h))
                }
                _ => None,
            },
            ..HONEST
        },
        Blamed(Malformed),
    ),
    (
        "tells of a thousand addresses a second",
        Script {
            unasked: |at, _| {
                many(2, |n| {
                    Message::Addresses(Few::first_of((0..64).map(|a| WireAddress {
                        ip: std::net::IpAddr::from([60, (at % 250) as u8, n as u8 + 1, a]),
                        port: 1,
                    })))
                })
            },
            ..HONEST
        },
        Blamed(Flood),
    ),
    (
        "announces ten thousand transactions a second",
        Script {
            unasked: |at, _| {
                many(1, |n| {
                    Message::Have(Few::first_of(
                        (0..1024).map(|id| TransactionId(number_id(at * 10_000 + n * 2000 + id))),
                    ))
                })
            },
            instead: |m, _| match m {
                Message::GetTransactions(_) => None,
                _ => None,
            },
            ..HONEST
        },
        Blamed(Flood),
    ),
    (
        "pings two thousand times a second",
        Script {
            unasked: |_, _| many(400, Message::Ping),
            ..HONEST
        },
        Blamed(Flood),
    ),
    (
        "asks for everything at once",
        Script {
            unasked: |_, own| {
                let (after, to) = (own.tip_at(0).id, own.tip().id);
                many(50, |n| Message::GetBlocks {
                    ticket: n as u32,
                    after,
                    to,
                    bytes: 1 << 20,
                })
            },
            ..HONEST
        },
        Blamed(Flood),
    ),
    (
        "asks for addresses all the time",
        Script {
            unasked: |_, _| many(1, |_| Message::GetAddresses),
            ..HONEST
        },
        Blamed(Flood),
    ),
    (
        "asks and never reads",
        Script {
            reads: false,
            unasked: |_, own| {
                let (after, to) = (own.tip_at(0).id, own.tip().id);
                many(1, |n| Message::GetBlocks {
                    ticket: n as u32,
                    after,
                    to,
                    bytes: 1 << 20,
                })
            },
            ..HONEST
        },
        Parted,
    ),
    (
        "passes on transactions without a signature",
        Script {
            unasked: |at, _| {
                let id = transaction_id(&broken(at / 10));
                many(1, |_| Message::Have(Few::first_of([id])))
            },
            instead: |m, _| match m {
                Message::Transactions(_) => say(Message::Transactions(Few::first_of([broken(3)]))),
                _ => None,
            },
            ..HONEST
        },
        Blamed(Invalid),
    ),
    (
        "says goodbye at once, always",
        Script {
            instead: |m, _| match m {
                Message::GetAddresses => say(Message::Goodbye {
                    why: Parting::Replaced,
                    text: Text::start_of("bye"),
                }),
                _ => None,
            },
            ..HONEST
        },
        Parted,
    ),
    ("passes on a block that fails", HONEST, Ignored),
];

fn broken(number: u64) -> Bytes {
    let mut bytes = vec![BROKEN; 16];
    bytes.extend(number.to_be_bytes());
    bytes.into()
}

/// The transaction of [`KINDS`]' last row, whose own chain has it in a block.
pub fn failing() -> Bytes {
    broken(0)
}
