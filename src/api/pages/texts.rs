//! What users wrote, as pages show it: classic names and amounts, which may be any JSON value and may be meant to deceive.

use std::collections::VecDeque;
use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::protocol::classic::json::{Grammar, Scanner, Text, Token, Value};

/// Characters of a value in a row of a table.
pub(super) const IN_A_ROW: usize = 80;
/// Characters of a value that has room.
pub(super) const IN_FULL: usize = 2_000;
/// Bytes of a name that still goes into an address; a longer one is called by its hash.
const NAME_IN_PATH: usize = 512;

/// A value as a page shows it. Of a long one the middle is left out: names that begin alike may end otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shown {
    pub text: String,
    /// Whether it is a text; else its canonical JSON is shown.
    pub is_text: bool,
}

impl Shown {
    /// A value by its canonical text, at most so many characters of it.
    pub fn of(value: &str, characters: usize) -> Self {
        match text_of(value) {
            Some(text) => {
                // A lone surrogate cannot be said in UTF-8.
                let points = text.code_points();
                let shown =
                    points.map(|code| char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                Self::cut(shown, true, characters)
            }
            None => Self::cut(value.chars(), false, characters),
        }
    }

    /// A text that is in memory as such.
    pub fn of_text(text: &str, characters: usize) -> Self {
        Self::cut(text.chars(), true, characters)
    }

    fn cut(mut all: impl Iterator<Item = char>, is_text: bool, characters: usize) -> Self {
        let mut text: String = all.by_ref().take(characters).map(visible).collect();
        let kept = characters / 4;
        let mut last: VecDeque<char> = VecDeque::with_capacity(kept + 1);
        let mut is_cut = false;
        for character in all {
            if !is_cut {
                // The first that has no room: what stood before it may be among the last ones.
                is_cut = true;
                let moved = text.chars().rev().take(kept).collect::<Vec<char>>();
                last.extend(moved.into_iter().rev());
                text = text.chars().take(characters - kept).collect();
            }
            last.push_back(visible(character));
            if last.len() > kept {
                last.pop_front();
            }
        }
        if is_cut {
            text.push('…');
            text.extend(last);
        }
        if is_text && text.trim().is_empty() {
            // Nobody sees it otherwise, nor a link that it makes; the book's own transaction has empty names.
            text = format!("\"{text}\"");
        }
        Self { text, is_text }
    }
}

/// Control characters as pictures of themselves: HTML has no place for some, and nobody sees the others.
fn visible(character: char) -> char {
    match character {
        '\0'..='\u{1f}' => {
            char::from_u32(0x2400 + u32::from(character)).unwrap_or(char::REPLACEMENT_CHARACTER)
        }
        '\u{7f}' => '\u{2421}',
        '\u{80}'..='\u{9f}' => char::REPLACEMENT_CHARACTER,
        other => other,
    }
}

/// The text that a canonical text stands for, if it is one.
pub(super) fn text_of(value: &str) -> Option<Text> {
    if !value.starts_with('"') {
        return None;
    }
    match Value::parse(value, Grammar::PYTHON) {
        Ok(Value::String(text)) => Some(text),
        _ => None,
    }
}

/// The canonical text of a name.
pub(super) fn canonical(name: &str) -> String {
    Value::String(Text::from(name)).to_canonical()
}

/// The page about what stands as sender or receiver, by its canonical text.
pub(super) fn name_link(value: &str) -> String {
    let text = text_of(value);
    let name = text.as_ref().and_then(Text::as_str);
    // Browsers take two of them for steps in the path, and an empty one for none.
    let fits = name.filter(|name| !["", ".", ".."].contains(name) && name.len() <= NAME_IN_PATH);
    match fits {
        Some(name) => format!("/account/{}", in_path(name)),
        None => format!("/account?hash={}", hex::encode(Sha256::digest(value))),
    }
}

/// A segment of a path.
pub(super) fn in_path(segment: &str) -> String {
    let mut path = String::with_capacity(segment.len());
    for byte in segment.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            path.push(char::from(byte));
        } else {
            // Writing to a text does not fail.
            let _ = write!(path, "%{byte:02X}");
        }
    }
    path
}

/// The members of an object's canonical text, each value as it stands there; none of what is no object.
pub(super) fn members(object: &str) -> Option<Vec<(Text, &str)>> {
    let mut scanner = Scanner::new(object, Grammar::PYTHON);
    if scanner.next_token().ok()? != Some(Token::BeginObject) {
        return None;
    }
    let mut found = Vec::new();
    loop {
        match scanner.next_token().ok()?? {
            Token::Name(name) => {
                let first = scanner.next_token().ok()??;
                let start = scanner.token_start();
                if matches!(first, Token::BeginArray | Token::BeginObject) {
                    let depth = scanner.depth();
                    while scanner.depth() >= depth {
                        scanner.next_token().ok()??;
                    }
                }
                found.push((name.to_text(), object.get(start..scanner.position())?));
            }
            _ => return Some(found),
        }
    }
}

/// The member with this name.
pub(super) fn member<'m>(members: &[(Text, &'m str)], wanted: &str) -> Option<&'m str> {
    let mut named = members
        .iter()
        .filter(|(name, _)| name.as_str() == Some(wanted));
    named.next().map(|(_, value)| *value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_invisible_stands_in_quotation_marks() {
        assert_eq!(Shown::of(r#""""#, IN_FULL).text, r#""""#);
        assert_eq!(Shown::of_text("   ", IN_FULL).text, r#""   ""#);
        assert_eq!(Shown::of_text(" a ", IN_FULL).text, " a ");
    }

    #[test]
    fn texts_are_shown_as_texts_and_other_values_as_json() {
        let shown = |value: &str| Shown::of(value, 20).text;
        assert_eq!(shown(r#""Ada""#), "Ada");
        assert_eq!(shown("5"), "5");
        assert_eq!(shown(r#""5""#), "5");
        assert!(Shown::of(r#""5""#, 9).is_text && !Shown::of("5", 9).is_text);
        assert_eq!(shown(r#"{"a": [1, NaN]}"#), r#"{"a": [1, NaN]}"#);
        assert_eq!(shown(r#""\u0000\u001b\u007f\u0085""#), "␀␛␡\u{fffd}");
        assert_eq!(shown(r#""a\ud800b""#), "a\u{fffd}b");
        assert_eq!(shown(r#""\ud83d\ude00\u202e""#), "😀\u{202e}");
    }

    #[test]
    fn long_values_are_cut_between_characters() {
        let long = Shown::of(&canonical(&format!("{}end", "é".repeat(100_000))), 8);
        assert_eq!(long.text, "éééééé…nd");
        let by_one = Shown::of_text("123456789", 8);
        assert_eq!(by_one.text, "123456…89");
        let exact = Shown::of(&canonical("1234567"), 7);
        assert_eq!(exact.text, "1234567");
    }

    #[test]
    fn every_value_has_a_page_of_its_own() {
        assert_eq!(name_link(&canonical("Ada")), "/account/Ada");
        assert_eq!(
            name_link(&canonical("../é?#/%00\0")),
            "/account/..%2F%C3%A9%3F%23%2F%2500%00"
        );
        let long = canonical(&"x".repeat(513));
        let others = [
            "5",
            "null",
            r#""""#,
            r#"".""#,
            r#""..""#,
            r#""\ud800""#,
            &long,
        ];
        let mut links: Vec<String> = others.map(name_link).to_vec();
        assert!(links.iter().all(|link| link.starts_with("/account?hash=")));
        links.dedup();
        assert_eq!(links.len(), others.len());
    }

    #[test]
    fn members_are_found_whatever_they_hold() {
        let object = r#"{"a": {"a": 1}, "b": [[], {"c": "}"}], "c": "x\"y", "\ud800": 5}"#;
        let found = members(object).expect("an object");
        assert_eq!(found.len(), 4);
        assert_eq!(member(&found, "a"), Some(r#"{"a": 1}"#));
        assert_eq!(member(&found, "b"), Some(r#"[[], {"c": "}"}]"#));
        assert_eq!(member(&found, "c"), Some(r#""x\"y""#));
        assert_eq!(member(&found, "d"), None);
        assert_eq!(members("{}"), Some(Vec::new()));
        for other in ["5", "[]", r#""{}""#, "{", ""] {
            assert_eq!(members(other), None, "{other}");
        }
    }
}
