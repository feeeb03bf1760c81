//! Liars who name tips in short that nobody knows.

use bcoin::peers::blame::Offence::{Flood, Timeout};
use bcoin::peers::message::{Mark, Message};

use super::super::liars::{HONEST, Script};
use super::Ends::{Blamed, Ignored};
use super::{Row, many, say, unless};

pub const KINDS: &[Row] = &[
    (
        "names tips in short and never in full",
        Script {
            instead: |m, _| unless(matches!(m, Message::Tip(_))),
            unasked: |at, _| many(1, |_| Message::Stands(Mark(at.to_be_bytes()))),
            ..HONEST
        },
        Blamed(Timeout),
    ),
    (
        "names ten thousand tips in short a second",
        Script {
            unasked: |at, _| {
                many(2_000, |n| {
                    Message::Stands(Mark((at << 16 | n).to_be_bytes()))
                })
            },
            ..HONEST
        },
        Blamed(Flood),
    ),
    (
        "names another tip in short than it stands on",
        Script {
            instead: |m, _| match m {
                Message::Stands(Mark(mark)) => say(Message::Stands(Mark(mark.map(|byte| !byte)))),
                _ => None,
            },
            ..HONEST
        },
        // It tells of its own tip when it is asked.
        Ignored,
    ),
    (
        "asks for the tip all the time",
        Script {
            unasked: |_, _| many(2_000, |_| Message::GetTip),
            ..HONEST
        },
        Blamed(Flood),
    ),
];
