//! Liars about where they stand, and those who owe what they promised.

use alloy_primitives::U256;
use bcoin::peers::blame::Offence::{FalseTip, Malformed, Timeout};
use bcoin::peers::message::bounded::Few;
use bcoin::peers::message::{BlockId, BlockItem, Message, Stand, TransactionId, Weight, codec};
use bytes::Bytes;

use super::super::liars::{HONEST, Script};
use super::Ends::{Blamed, Ignored, Parted};
use super::{Row, blocks, claiming, headers, many, number_id, say, unless};

pub const KINDS: &[Row] = &[
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
        Blamed(FalseTip),
    ),
    (
        // A node that cannot follow for whatever reason looks the same: nothing of this is a lie that shows.
        "has stood at the first block from its greeting on",
        Script {
            instead: |m, own| {
                let first = Stand {
                    height: 0,
                    id: own.tip_at(0).id,
                    weight: Weight::default(),
                };
                match m {
                    Message::Tip(_) => say(Message::Tip(first)),
                    Message::Hello(hello) => {
                        let mut hello = hello.clone();
                        hello.stand = first;
                        say(Message::Hello(hello))
                    }
                    _ => None,
                }
            },
            ..HONEST
        },
        Ignored,
    ),
    (
        "stands elsewhere every five milliseconds, by turns above, on and below its tip",
        Script {
            unasked: |at, own| {
                let tip = own.tip();
                many(20, |n| {
                    let above = Stand {
                        height: tip.height + 1 + n % 2,
                        id: BlockId(number_id(at * 100 + n)),
                        weight: Weight(tip.weight.0 + U256::from(1 + n % 7)),
                    };
                    Message::Tip(match n % 3 {
                        0 => own.tip_at(tip.height as usize / 2),
                        1 => tip,
                        _ => above,
                    })
                })
            },
            ..HONEST
        },
        Blamed(FalseTip),
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
        Script {
            late: 8_000,
            ..HONEST
        },
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
        Blamed(FalseTip),
    ),
    (
        "shows a chain that ends where the other's does",
        Script {
            instead: |m, own| match m {
                Message::Headers(h) => {
                    let mut h = h.clone();
                    h.items = Bytes::new();
                    h.end = own.tip_at(h.after as usize);
                    say(Message::Headers(h))
                }
                _ => None,
            },
            ..HONEST
        },
        Blamed(FalseTip),
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
];
