//! Any spelling of an object to its canonical text, in one pass and without a tree.
//!
//! Memory stays within a few times the text's own size: a peer's block of eight million zeros must not become a tree of them.

use super::number::{canonical_integer, write_double};
use super::string::compare_escaped;
use super::token::Kind;
use super::{ErrorKind, Grammar, JsonError, Scanner};
use std::cmp::Ordering;
use std::ops::Range;

/// A member of the outermost object, as places in the canonical text.
///
/// A hostile block is all members, so they are kept small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// Of the escaped name, without its quotes.
    name_start: u32,
    name_end: u32,
    /// Of the canonical text of the value.
    value_start: u32,
    value_end: u32,
}

impl Member {
    /// The escaped name, without its quotes, in the canonical text that this member is of.
    pub fn name<'t>(&self, text: &'t str) -> &'t str {
        text.get(self.name_range()).unwrap_or_default()
    }

    /// The canonical text of the value, in the canonical text that this member is of.
    pub fn value<'t>(&self, text: &'t str) -> &'t str {
        text.get(self.value_start as usize..self.value_end as usize)
            .unwrap_or_default()
    }

    fn name_range(&self) -> Range<usize> {
        self.name_start as usize..self.name_end as usize
    }

    /// This member with its quote before the name at `to`.
    fn moved(self, to: u32) -> Self {
        let from = self.name_start - 1;
        Self {
            name_start: self.name_start - from + to,
            name_end: self.name_end - from + to,
            value_start: self.value_start - from + to,
            value_end: self.value_end - from + to,
        }
    }
}

/// An object's canonical text and where its members stand in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CanonicalObject {
    /// Pure ASCII.
    pub text: String,
    /// The outermost members, in order.
    pub members: Vec<Member>,
}

impl CanonicalObject {
    /// The canonical text of the value of the member called `name` (plain ASCII, no escapes).
    pub fn value(&self, name: &str) -> Option<&str> {
        let mut members = self.members.iter();
        let member = members.find(|member| member.name(&self.text) == name)?;
        Some(member.value(&self.text))
    }

    /// The escaped names of the members.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(|member| member.name(&self.text))
    }
}

/// Turns `text`, an object in any spelling, into its canonical text.
///
/// # Errors
/// [`JsonError`] with the place where `text` leaves `grammar` or is no object.
pub fn canonicalize(text: &str, grammar: Grammar) -> Result<CanonicalObject, JsonError> {
    let mut canonicalizer = Canonicalizer::new(grammar, usize::MAX);
    canonicalizer.read_object(text)?;
    Ok(CanonicalObject {
        text: canonicalizer.text().to_owned(),
        members: canonicalizer.members().to_vec(),
    })
}

/// [`canonicalize`] with buffers that are used again, for whoever reads many blocks.
#[derive(Debug)]
pub struct Canonicalizer {
    grammar: Grammar,
    max_bytes: usize,
    out: Vec<u8>,
    /// Members of all open objects; those of the innermost are last.
    members: Vec<Member>,
    open: Vec<Open>,
    scratch: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
struct Open {
    object: bool,
    /// Where this object's members begin in the list of all.
    first_member: usize,
    /// Whether nothing stands yet between the brackets.
    empty: bool,
}

impl Canonicalizer {
    /// A canonicalizer that refuses texts whose canonical form is longer than `max_bytes`.
    pub fn new(grammar: Grammar, max_bytes: usize) -> Self {
        Self {
            grammar,
            // Places in the text are kept in 32 bits.
            max_bytes: max_bytes.min(u32::MAX as usize / 8),
            out: Vec::new(),
            members: Vec::new(),
            open: Vec::new(),
            scratch: Vec::new(),
        }
    }

    /// The canonical text of what was read last.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.out).expect("the canonical writer prints ASCII only")
    }

    /// The outermost members of the object that was read last.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// Reads an object.
    pub fn read_object(&mut self, text: &str) -> Result<(), JsonError> {
        self.read_value(text)?;
        if self.out.first() == Some(&b'{') {
            Ok(())
        } else {
            Err(JsonError::at(text, 0, ErrorKind::ObjectExpected))
        }
    }

    /// Reads any value; [`Self::members`] is empty unless it is an object.
    pub fn read_value(&mut self, text: &str) -> Result<(), JsonError> {
        self.out.clear();
        // Most texts are canonical already, or lack only the spaces.
        self.out.reserve(text.len() + text.len() / 4);
        self.members.clear();
        self.open.clear();
        let mut scanner = Scanner::new(text, self.grammar);
        loop {
            match scanner.step() {
                Ok(Kind::End) => return Ok(()),
                Ok(kind) => self.token(kind, &scanner),
                Err(kind) => return Err(scanner.error_at_position(kind)),
            }
            if self.out.len() > self.max_bytes {
                let max = u32::try_from(self.max_bytes).unwrap_or(u32::MAX);
                return Err(scanner.error_here(ErrorKind::TooLong { max }));
            }
        }
    }

    fn token(&mut self, kind: Kind, scanner: &Scanner<'_>) {
        // In an object the name sets the separator, and its value follows without one.
        let separated = match kind {
            Kind::Name => true,
            Kind::EndArray | Kind::EndObject => false,
            _ => self.open.last().is_some_and(|open| !open.object),
        };
        if separated {
            self.separate();
        }
        match kind {
            Kind::Name => return self.name(scanner),
            Kind::BeginArray => return self.begin(false),
            Kind::BeginObject => return self.begin(true),
            Kind::EndArray => {
                self.open.pop();
                self.out.push(b']');
            }
            Kind::EndObject => {
                if let Some(open) = self.open.pop() {
                    self.end_object(open);
                }
                self.out.push(b'}');
            }
            Kind::String => scanner.string_token().write_canonical(&mut self.out),
            Kind::Integer => {
                let digits = canonical_integer(scanner.lexeme());
                self.out.extend_from_slice(digits.as_bytes());
            }
            // The scanner has checked the grammar, and Rust reads all of it.
            Kind::Double => {
                write_double(&mut self.out, scanner.lexeme().parse().unwrap_or(f64::NAN))
            }
            Kind::True => self.out.extend_from_slice(b"true"),
            Kind::False => self.out.extend_from_slice(b"false"),
            Kind::Null => self.out.extend_from_slice(b"null"),
            Kind::NaN => self.out.extend_from_slice(b"NaN"),
            Kind::Infinity => self.out.extend_from_slice(b"Infinity"),
            Kind::NegativeInfinity => self.out.extend_from_slice(b"-Infinity"),
            Kind::End => {}
        }
        self.end_value();
    }

    fn name(&mut self, scanner: &Scanner<'_>) {
        let name_start = self.length() + 1;
        scanner.string_token().write_canonical(&mut self.out);
        let name_end = self.length() - 1;
        self.out.extend_from_slice(b": ");
        let value_start = self.length();
        self.members.push(Member {
            name_start,
            name_end,
            value_start,
            value_end: value_start,
        });
    }

    /// Of the canonical text so far, which [`Self::new`] bounds.
    fn length(&self) -> u32 {
        u32::try_from(self.out.len()).unwrap_or(u32::MAX)
    }

    fn begin(&mut self, object: bool) {
        self.out.push(if object { b'{' } else { b'[' });
        self.open.push(Open {
            object,
            first_member: self.members.len(),
            empty: true,
        });
    }

    fn separate(&mut self) {
        if let Some(open) = self.open.last_mut()
            && !std::mem::replace(&mut open.empty, false)
        {
            self.out.extend_from_slice(b", ");
        }
    }

    /// Notes where a member's value ends, if the value that just ended is a member's.
    fn end_value(&mut self) {
        let length = self.length();
        if self.open.last().is_some_and(|open| open.object)
            && let Some(member) = self.members.last_mut()
        {
            member.value_end = length;
        }
    }

    /// Puts the members of the object that just ended in order; of a repeated name the last value stands.
    fn end_object(&mut self, open: Open) {
        let out = &self.out;
        let compare = |a: &Member, b: &Member| {
            let name = |member: &Member| out.get(member.name_range()).unwrap_or_default();
            compare_escaped(name(a), name(b))
        };
        let own = self.members.get(open.first_member..).unwrap_or_default();
        if !own.is_sorted_by(|a, b| compare(a, b) == Ordering::Less) {
            // In place: a hostile block is all members. Of equal names the last one in the text is the last one here.
            let mut own = self.members.split_off(open.first_member);
            let start = own.first().map_or(0, |first| first.name_start - 1);
            own.sort_unstable_by(|a, b| compare(a, b).then(a.name_start.cmp(&b.name_start)));
            own.dedup_by(|later, kept| {
                let same = compare(later, kept) == Ordering::Equal;
                if same {
                    *kept = *later;
                }
                same
            });
            self.rewrite(start, own);
        }
        if !self.open.is_empty() {
            self.members.truncate(open.first_member);
        }
    }

    /// Writes the members anew from `start` on, which is behind the object's bracket.
    fn rewrite(&mut self, start: u32, mut members: Vec<Member>) {
        self.scratch.clear();
        for member in &mut members {
            if !self.scratch.is_empty() {
                self.scratch.extend_from_slice(b", ");
            }
            let from = member.name_start as usize - 1..member.value_end as usize;
            let to = start + u32::try_from(self.scratch.len()).unwrap_or(u32::MAX - start);
            self.scratch
                .extend_from_slice(self.out.get(from).unwrap_or_default());
            *member = member.moved(to);
        }
        self.out.truncate(start as usize);
        self.out.extend_from_slice(&self.scratch);
        self.members.append(&mut members);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Grammar, Value};
    use super::*;
    use proptest::prelude::*;

    /// The 400 texts of tests/vectors/classic/json-vectors.json, made by CPython 3.11.
    #[test]
    fn both_writers_agree_with_cpython() {
        let vectors = include_str!("../../../../tests/vectors/classic/json-vectors.json");
        let Ok(Value::Array(vectors)) = Value::parse(vectors, Grammar::PYTHON) else {
            panic!("the vectors are an array")
        };
        assert_eq!(vectors.len(), 400);
        for vector in &vectors {
            let member = |name| match vector.get(name) {
                Some(Value::String(text)) => {
                    text.as_str().expect("vectors are valid UTF-8").to_owned()
                }
                _ => panic!("a vector has {name}"),
            };
            let text = member("text");
            let mut canonicalizer = Canonicalizer::new(Grammar::PYTHON, usize::MAX);
            canonicalizer
                .read_value(&text)
                .unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(canonicalizer.text(), member("canonical"));
            assert_eq!(
                Value::parse(&text, Grammar::PYTHON).map(|value| value.to_canonical()),
                Ok(member("canonical"))
            );
        }
    }

    #[test]
    fn members_point_at_their_values() {
        let object = canonicalize(
            r#"{"b": [1, {"z":0,"y":1}], "a":"x", "b":2.50 }"#,
            Grammar::REQUEST,
        )
        .expect("it is JSON");
        assert_eq!(object.text, r#"{"a": "x", "b": 2.5}"#);
        assert_eq!(object.value("a"), Some(r#""x""#));
        assert_eq!(object.value("b"), Some("2.5"));
        assert_eq!(object.value("c"), None);
    }

    #[test]
    fn names_sort_by_code_point_and_not_by_escape() {
        let object = canonicalize(
            r#"{"\u00e9":1,"z":2,"\ud83d\ude00":3,"\uffff":4}"#.replace(r"\\", r"\").as_str(),
            Grammar::PYTHON,
        );
        assert_eq!(
            object.map(|object| object.text),
            Ok(r#"{"z": 2, "\u00e9": 1, "\uffff": 4, "\ud83d\ude00": 3}"#.to_owned())
        );
    }

    fn arbitrary_json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<f64>()
                .prop_filter("JSON has no infinities", |value| value.is_finite())
                .prop_map(Into::into),
            any::<String>().prop_map(Into::into),
        ];
        leaf.prop_recursive(6, 64, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Into::into),
                prop::collection::hash_map(any::<String>(), inner, 0..8)
                    .prop_map(|members| members.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_pass_and_the_tree_print_the_same(json in arbitrary_json()) {
            let text = serde_json::json!({"b": json, "a": null}).to_string();
            let tree = Value::parse(&text, Grammar::PYTHON).expect("serde_json prints JSON").to_canonical();
            let pass = canonicalize(&text, Grammar::PYTHON).expect("serde_json prints JSON").text;
            prop_assert_eq!(&tree, &pass);
            // Canonical text is its own canonical text, and serde_json reads the same value from it.
            prop_assert_eq!(&canonicalize(&pass, Grammar::PYTHON).expect("own output is JSON").text, &pass);
            let again: serde_json::Value = serde_json::from_str(&pass).expect("own output is JSON");
            prop_assert_eq!(again, serde_json::from_str::<serde_json::Value>(&text).expect("serde_json prints JSON"));
        }

        #[test]
        fn no_text_makes_the_readers_panic_or_disagree(text in "[\\[\\]{}:, \"\\\\a-fnu0-9.eE+-]{0,40}") {
            let tree = Value::parse(&text, Grammar::PYTHON).map(|value| value.to_canonical());
            let mut canonicalizer = Canonicalizer::new(Grammar::PYTHON, usize::MAX);
            let pass = canonicalizer.read_value(&text).map(|()| canonicalizer.text().to_owned());
            prop_assert_eq!(tree, pass);
        }
    }
}
