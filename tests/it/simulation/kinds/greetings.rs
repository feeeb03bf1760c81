//! Liars who break the form of what they say, or of the greeting.

use bcoin::peers::blame::Offence::{Invalid, Malformed};
use bcoin::peers::message::bounded::Text;
use bcoin::peers::message::{BlockId, Message, Parting, codec};
use bytes::Bytes;

use super::super::liars::{HONEST, Script};
use super::Ends::{Blamed, Parted};
use super::{Row, hello, say, unless};

pub const KINDS: &[Row] = &[
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
];
