//! Liars who begin what they do not end, or take as long over it as they may.

use bcoin::peers::blame::Offence::{Malformed, Timeout};
use bcoin::peers::message::bounded::{Few, Text};
use bcoin::peers::message::{BlockItem, Message, Parting};
use bytes::Bytes;

use super::super::liars::{HONEST, Script};
use super::super::model::{Header, Model, STEP, block_id, body_of, read_block};
use super::Ends::{Blamed, Ignored, Parted};
use super::{Row, say, unless};

/// An answer cut down to its first block, or none where it goes on in the middle of a stretch.
fn begun(message: &Message, own: &Model, goes_on: bool) -> Option<Vec<Bytes>> {
    let Message::Blocks { ticket, blocks, .. } = message else {
        return None;
    };
    let first = blocks.first()?;
    let id = block_id(&first.block);
    let begins = own.height_of(&id).is_some_and(|height| height % STEP == 1);
    if !begins && !goes_on {
        return Some(Vec::new());
    }
    say(Message::Blocks {
        ticket: *ticket,
        blocks: Few::first_of([first.clone()]),
        last: id,
    })
}

/// The first block of a stretch is one that nobody has, and none comes behind it.
fn astray(message: &Message, own: &Model, denies: bool) -> Option<Vec<Bytes>> {
    let Message::Blocks { ticket, blocks, .. } = message else {
        return None;
    };
    let nothing = Message::Blocks {
        ticket: *ticket,
        blocks: Few::first_of([]),
        last: Default::default(),
    };
    let first = blocks.first();
    let parent = first.and_then(|item| Some(read_block(&item.block)?.0.parent));
    // Its own engine does not have what it made up.
    let Some(parent) = parent.filter(|id| own.height_of(id).is_some_and(|at| at % STEP == 0))
    else {
        return if denies {
            say(nothing)
        } else {
            Some(Vec::new())
        };
    };
    let body = body_of(&[], 5_000, 77);
    let header = Header::over(parent, &body, 1, 77);
    let block: Bytes = [&header.to_bytes()[..], &body].concat().into();
    let last = block_id(&block);
    let beside = Bytes::new();
    say(Message::Blocks {
        ticket: *ticket,
        blocks: Few::first_of([BlockItem { block, beside }]),
        last,
    })
}

fn leaves_at(message: &Message, is_there: fn(&Message) -> bool) -> Option<Vec<Bytes>> {
    if !is_there(message) {
        return None;
    }
    say(Message::Goodbye {
        why: Parting::Twice,
        text: Text::start_of("bye"),
    })
}

pub const KINDS: &[Row] = &[
    (
        "begins every stretch and goes on with none",
        Script {
            instead: |m, own| begun(m, own, false),
            ..HONEST
        },
        Blamed(Timeout),
    ),
    (
        "sends a block at a time",
        Script {
            instead: |m, own| begun(m, own, true),
            ..HONEST
        },
        Blamed(Malformed),
    ),
    (
        // A slow line looks the same: others are asked beside it, and it comes last.
        "sends a block at a time, as late as it may",
        Script {
            instead: |m, own| begun(m, own, true),
            late: 15_000,
            is_late: |m| matches!(m, Message::Blocks { .. }),
            ..HONEST
        },
        Ignored,
    ),
    (
        "shows headers without end",
        Script {
            endless: true,
            instead: |m, _| unless(matches!(m, Message::Blocks { .. })),
            ..HONEST
        },
        Blamed(Timeout),
    ),
    (
        "shows headers without end, as slowly as it may",
        Script {
            endless: true,
            late: 4_000,
            is_late: |m| matches!(m, Message::Headers(_)),
            ..HONEST
        },
        Blamed(Timeout),
    ),
    (
        "leaves instead of greeting",
        Script {
            instead: |m, _| leaves_at(m, |m| matches!(m, Message::Hello(_))),
            ..HONEST
        },
        Parted,
    ),
    (
        "leaves instead of proving its key",
        Script {
            instead: |m, _| leaves_at(m, |m| matches!(m, Message::Proof(_))),
            ..HONEST
        },
        Parted,
    ),
    (
        "leaves when it is asked for headers",
        Script {
            instead: |m, _| leaves_at(m, |m| matches!(m, Message::Headers(_))),
            ..HONEST
        },
        Parted,
    ),
    (
        "leaves when it is asked for blocks",
        Script {
            instead: |m, _| leaves_at(m, |m| matches!(m, Message::Blocks { .. })),
            ..HONEST
        },
        Parted,
    ),
];

/// Such as only a chain without headers allows.
pub const CLASSIC: &[Row] = &[
    (
        "begins stretches with a block of its own and is silent",
        Script {
            instead: |m, own| astray(m, own, false),
            ..HONEST
        },
        Blamed(Timeout),
    ),
    (
        "begins stretches with a block of its own and has no more",
        Script {
            instead: |m, own| astray(m, own, true),
            ..HONEST
        },
        Blamed(Timeout),
    ),
];
