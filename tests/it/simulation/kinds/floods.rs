//! Liars who want too much, say too much, or pass on what nobody wants.

use bcoin::peers::blame::Offence::{Flood, Invalid};
use bcoin::peers::message::bounded::{Few, Text};
use bcoin::peers::message::{Message, Parting, TransactionId, WireAddress};

use super::super::liars::{HONEST, Script};
use super::super::model::transaction_id;
use super::Ends::{Blamed, Ignored, Parted};
use super::{Row, broken, many, number_id, say};

pub const KINDS: &[Row] = &[
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
    (
        "passes on a block that fails",
        Script {
            fails: true,
            ..HONEST
        },
        Ignored,
    ),
];
