//! Decisions to texts: JSON of any spelling, edits, pieces of the corpus.

use super::Choices;

/// The bytes themselves, JSON, or something in the corpus; the latter two often with a few edits.
pub fn json_or_near(choices: &mut Choices<'_>, corpus: &[&[u8]]) -> Vec<u8> {
    let mut text = match choices.below(8) {
        0 => return choices.rest().to_vec(),
        1 | 2 => {
            let text = choices.pick(corpus).to_vec();
            return edited(choices, text);
        }
        _ => {
            let mut text = String::new();
            space(choices, &mut text);
            value(choices, 0, &mut text);
            space(choices, &mut text);
            text.into_bytes()
        }
    };
    if choices.one_in(4) {
        text = edited(choices, text);
    }
    text
}

/// A few cuts, copies, insertions and flips.
pub fn edited(choices: &mut Choices<'_>, mut text: Vec<u8>) -> Vec<u8> {
    const INSERTED: [&[u8]; 16] = [
        b",",
        b":",
        b"{",
        b"}",
        b"[",
        b"]",
        b"\"",
        b"\\",
        b"-",
        b"1e400",
        b"\\ud800",
        b" ",
        b"\0",
        b"\xff",
        b"\xef\xbb\xbf",
        b"\"chain\": 5, ",
    ];
    for _ in 0..=choices.below(4) {
        let at = choices.below(text.len() + 1);
        let end = (at + choices.below(24)).min(text.len());
        match choices.below(6) {
            0 => text.truncate(at),
            1 => drop(text.drain(at..end)),
            2 => {
                let copy = text[at..end].to_vec();
                let to = choices.below(text.len() + 1);
                text.splice(to..to, copy);
            }
            3 | 4 => {
                let inserted = choices.pick(&INSERTED);
                text.splice(at..at, inserted.iter().copied());
            }
            _ => {
                if let Some(byte) = text.get_mut(at) {
                    *byte ^= 1 << choices.below(8);
                }
            }
        }
    }
    text
}

/// White space, most often none.
pub fn space(choices: &mut Choices<'_>, text: &mut String) {
    text.push_str(choices.pick(&["", "", "", "", " ", "\n", "\t", "\r\n  "]));
}

/// Any JSON value, and what CPython reads beside those.
pub fn value(choices: &mut Choices<'_>, depth: usize, text: &mut String) {
    match choices.below(16) {
        0 => text.push_str("null"),
        1 => text.push_str(choices.pick(&["true", "false"])),
        2 | 3 => integer(choices, text),
        4 | 5 => double(choices, text),
        6..=8 => string(choices, text),
        9..=11 if depth < 8 => array(choices, depth, text),
        12 | 13 if depth < 8 => object(choices, depth, text),
        14 => text.push_str(choices.pick(&["NaN", "Infinity", "-Infinity", "1e400", "-1E999"])),
        15 if depth < 8 => {
            let levels = choices.pick(&[3, 55, 60, 63, 64, 900, 990, 998, 1_000]);
            text.push_str(&"[".repeat(levels));
            text.push_str(&"]".repeat(levels));
        }
        _ => text.push('0'),
    }
}

fn integer(choices: &mut Choices<'_>, text: &mut String) {
    if choices.one_in(3) {
        text.push('-');
    }
    let digits = choices.pick(&[
        1, 1, 1, 2, 5, 18, 19, 20, 21, 30, 31, 308, 309, 310, 4_300, 4_301,
    ]);
    let first = choices.pick(b"012345678999");
    text.push(char::from(first));
    if first == b'0' && !choices.one_in(64) {
        return;
    }
    for _ in 1..digits {
        text.push(char::from(b'0' + choices.byte() % 10));
    }
}

fn double(choices: &mut Choices<'_>, text: &mut String) {
    let digits = |choices: &mut Choices<'_>, most: usize, text: &mut String| {
        for _ in 0..=choices.below(most) {
            text.push(char::from(b'0' + choices.byte() % 10));
        }
    };
    text.push_str(choices.pick(&["", "-"]));
    if choices.one_in(2) {
        text.push('0');
    } else {
        text.push(char::from(b'1' + choices.byte() % 9));
        digits(choices, 20, text);
    }
    if choices.one_in(2) {
        text.push('.');
        digits(choices, 25, text);
    }
    text.push_str(choices.pick(&["e", "E", "e+", "E-", "e-"]));
    digits(choices, 3, text);
}

pub fn string(choices: &mut Choices<'_>, text: &mut String) {
    text.push('"');
    for _ in 0..choices.below(12) {
        match choices.below(8) {
            0..=2 => text.push(char::from(b'a' + choices.byte() % 26)),
            3 => text.push_str(
                choices.pick(&["\\\"", "\\\\", "\\/", "\\b", "\\f", "\\n", "\\r", "\\t"]),
            ),
            4 => {
                let unit = u16::from_be_bytes([choices.byte(), choices.byte()]);
                text.push_str(&format!("\\u{unit:04X}"));
            }
            5 => text.push_str(choices.pick(&[
                "\\ud83d\\ude00",
                "\\ud800",
                "\\udfff",
                "\\ude00\\ud83d",
                "\\uD800\\u0041",
                "\\u007f",
            ])),
            6 => text.push(choices.pick(&['é', '\u{7f}', '\u{ffff}', '😀', '/', '\u{feff}', ' '])),
            _ => text.push_str(choices.pick(&["chain", "]}", "{[", ", ", "\\u0022", "=&"])),
        }
    }
    text.push('"');
}

fn array(choices: &mut Choices<'_>, depth: usize, text: &mut String) {
    text.push('[');
    for at in 0..choices.below(5) {
        if at > 0 {
            text.push(',');
        }
        space(choices, text);
        value(choices, depth + 1, text);
        space(choices, text);
    }
    text.push(']');
}

fn object(choices: &mut Choices<'_>, depth: usize, text: &mut String) {
    let count = choices.below(6);
    members(choices, count, text, &mut |choices, text| {
        value(choices, depth + 1, text)
    });
}

/// An object of `count` members with values that `write` writes; names repeat often.
fn members(
    choices: &mut Choices<'_>,
    count: usize,
    text: &mut String,
    write: &mut dyn FnMut(&mut Choices<'_>, &mut String),
) {
    text.push('{');
    for at in 0..count {
        if at > 0 {
            text.push(',');
        }
        space(choices, text);
        if choices.one_in(3) {
            string(choices, text);
        } else {
            text.push_str(choices.pick(&[
                "\"a\"",
                "\"b\"",
                "\"\\u0061\"",
                "\"é\"",
                "\"\\u00e9\"",
                "\"😀\"",
                "\"\\uffff\"",
                "\"\"",
                "\"$serde_json::private::Number\"",
                "\"chain\"",
            ]));
        }
        space(choices, text);
        text.push(':');
        space(choices, text);
        write(choices, text);
        space(choices, text);
    }
    text.push('}');
}
