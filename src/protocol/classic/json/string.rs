//! Strings: CPython's escapes, and code points that UTF-8 cannot hold.

use std::cmp::Ordering;
use std::fmt;

/// A string of code points, lone surrogates included, as CPython's `str` holds it.
///
/// Kept as UTF-8 generalised to surrogates (WTF-8), whose byte order is code-point order: the order of member names.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Text(Vec<u8>);

impl Text {
    /// The text as `&str`, unless it holds a lone surrogate.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// The text with every lone surrogate shown as U+FFFD.
    pub fn to_string_lossy(&self) -> String {
        self.code_points()
            .map(|code| char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect()
    }

    pub(super) fn push_code_point(&mut self, code: u32) {
        match char::from_u32(code) {
            Some(character) => self
                .0
                .extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
            // A surrogate takes three bytes, as any code point of its range would.
            None => self.0.extend_from_slice(&[
                0xe0 | (code >> 12) as u8,
                0x80 | ((code >> 6) & 0x3f) as u8,
                0x80 | (code & 0x3f) as u8,
            ]),
        }
    }

    /// The code points in order.
    pub fn code_points(&self) -> impl Iterator<Item = u32> + '_ {
        let mut bytes = self.0.iter().copied();
        std::iter::from_fn(move || {
            let first = u32::from(bytes.next()?);
            let (mut code, more) = match first {
                ..=0x7f => (first, 0),
                0x80..=0xdf => (first & 0x1f, 1),
                0xe0..=0xef => (first & 0x0f, 2),
                _ => (first & 0x07, 3),
            };
            for _ in 0..more {
                code = code << 6 | u32::from(bytes.next().unwrap_or_default()) & 0x3f;
            }
            Some(code)
        })
    }

    pub(super) fn write_canonical(&self, out: &mut Vec<u8>) {
        out.push(b'"');
        for code in self.code_points() {
            write_code_point(out, code);
        }
        out.push(b'"');
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Vec::new();
        self.write_canonical(&mut out);
        f.write_str(&String::from_utf8_lossy(&out))
    }
}

/// A string as it stands in a text; the scanner has checked its escapes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StringToken<'a> {
    /// With its quotes.
    pub(super) quoted: &'a str,
    /// Whether `quoted` is already what the canonical writer prints.
    pub(super) plain: bool,
}

impl<'a> StringToken<'a> {
    /// Without its quotes, escapes as they stand.
    fn raw(self) -> &'a str {
        let end = self.quoted.len().saturating_sub(1);
        self.quoted.get(1..end).unwrap_or_default()
    }

    /// The string's value.
    pub fn to_text(self) -> Text {
        let mut text = Text::default();
        if self.raw().contains('\\') {
            CodePoints::of(self.raw()).for_each(|code| text.push_code_point(code));
        } else {
            text.0.extend_from_slice(self.raw().as_bytes());
        }
        text
    }

    /// Prints the string as CPython does, quotes included.
    pub(super) fn write_canonical(self, out: &mut Vec<u8>) {
        if self.plain {
            return out.extend_from_slice(self.quoted.as_bytes());
        }
        out.push(b'"');
        CodePoints::of(self.raw()).for_each(|code| write_code_point(out, code));
        out.push(b'"');
    }
}

/// How many bytes from the start of `bytes` are printable ASCII other than quotes and backslashes.
pub(super) fn plain_run(bytes: &[u8]) -> usize {
    // Whole steps without an early exit become vector instructions.
    const STEP: usize = 16;
    let is_plain = |byte: u8| matches!(byte, 0x20..=0x7e) & (byte != b'"') & (byte != b'\\');
    let steps = bytes.chunks_exact(STEP);
    let whole = steps
        .take_while(|step| {
            step.iter()
                .fold(true, |plain, byte| plain & is_plain(*byte))
        })
        .count();
    let rest = bytes.get(whole * STEP..).unwrap_or_default();
    whole * STEP + rest.iter().take_while(|byte| is_plain(**byte)).count()
}

/// Compares two canonical strings, without their quotes, by the code points they stand for, which is how CPython sorts names.
pub(super) fn compare_escaped(a: &[u8], b: &[u8]) -> Ordering {
    let has_escape = |name: &[u8]| name.contains(&b'\\');
    if !has_escape(a) && !has_escape(b) {
        return a.cmp(b);
    }
    let text = |name| std::str::from_utf8(name).unwrap_or_default();
    CodePoints::of(text(a)).cmp(CodePoints::of(text(b)))
}

fn write_code_point(out: &mut Vec<u8>, code: u32) {
    match code {
        0x22 => out.extend_from_slice(br#"\""#),
        0x5c => out.extend_from_slice(br"\\"),
        0x08 => out.extend_from_slice(br"\b"),
        0x0c => out.extend_from_slice(br"\f"),
        0x0a => out.extend_from_slice(br"\n"),
        0x0d => out.extend_from_slice(br"\r"),
        0x09 => out.extend_from_slice(br"\t"),
        0x20..=0x7e => out.push(code as u8),
        0..=0xffff => write_escape(out, code),
        _ => {
            let above = code - 0x1_0000;
            write_escape(out, 0xd800 + (above >> 10));
            write_escape(out, 0xdc00 + (above & 0x3ff));
        }
    }
}

fn write_escape(out: &mut Vec<u8>, unit: u32) {
    out.extend_from_slice(br"\u");
    for shift in [12, 8, 4, 0] {
        let digit = (unit >> shift & 0xf) as u8;
        out.push(if digit < 10 {
            b'0' + digit
        } else {
            b'a' + digit - 10
        });
    }
}

/// The code points of a checked, escaped string; a pair of surrogate escapes is one code point.
struct CodePoints<'a> {
    rest: std::str::Chars<'a>,
}

impl<'a> CodePoints<'a> {
    fn of(raw: &'a str) -> Self {
        Self { rest: raw.chars() }
    }

    fn hex(&mut self) -> u32 {
        (0..4).fold(0, |unit, _| {
            unit << 4
                | self
                    .rest
                    .next()
                    .and_then(|digit| digit.to_digit(16))
                    .unwrap_or_default()
        })
    }
}

impl Iterator for CodePoints<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let character = self.rest.next()?;
        if character != '\\' {
            return Some(character as u32);
        }
        Some(match self.rest.next()? {
            'b' => 0x08,
            'f' => 0x0c,
            'n' => 0x0a,
            'r' => 0x0d,
            't' => 0x09,
            'u' => {
                let unit = self.hex();
                if !(0xd800..0xdc00).contains(&unit) || !self.rest.as_str().starts_with("\\u") {
                    return Some(unit);
                }
                let before_low = self.rest.clone();
                self.rest.next();
                self.rest.next();
                let low = self.hex();
                if (0xdc00..0xe000).contains(&low) {
                    0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00)
                } else {
                    self.rest = before_low;
                    unit
                }
            }
            itself => itself as u32,
        })
    }
}
