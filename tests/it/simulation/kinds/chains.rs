//! Liars about headers and blocks.

use bcoin::peers::blame::Offence::{Invalid, Malformed};
use bcoin::peers::message::{BlockId, Message};

use super::super::liars::{HONEST, Script};
use super::super::model::{HEADER, Header};
use super::Ends::Blamed;
use super::{Row, blocks, headers, say, spoil};

pub const KINDS: &[Row] = &[
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
];
