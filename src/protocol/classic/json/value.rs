//! A JSON value as a tree, for whoever wants to look inside one.

use std::collections::{BTreeMap, btree_map};

use super::number::{canonical_integer, write_double};
use super::{ErrorKind, Grammar, JsonError, Scanner, Text, Token};

/// A JSON value as CPython holds it.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    /// Decimal digits with an optional `-`, of any length up to CPython's limit.
    Integer(Box<str>),
    Double(f64),
    String(Text),
    Array(Vec<Value>),
    /// Members in code-point order of their names; of a repeated name the last value stands.
    Object(BTreeMap<Text, Value>),
}

enum Open {
    Array(Vec<Value>),
    Object(BTreeMap<Text, Value>, Option<Text>),
}

impl Value {
    /// Reads one value.
    ///
    /// # Errors
    /// [`JsonError`] with the place where `text` leaves `grammar`.
    pub fn parse(text: &str, grammar: Grammar) -> Result<Self, JsonError> {
        let mut scanner = Scanner::new(text, grammar);
        let mut open: Vec<Open> = Vec::new();
        let mut root = None;
        while let Some(token) = scanner.next_token()? {
            let value = match token {
                Token::BeginArray => {
                    open.push(Open::Array(Vec::new()));
                    continue;
                }
                Token::BeginObject => {
                    open.push(Open::Object(BTreeMap::new(), None));
                    continue;
                }
                Token::Name(name) => {
                    if let Some(Open::Object(_, pending)) = open.last_mut() {
                        *pending = Some(name.to_text());
                    }
                    continue;
                }
                Token::EndArray | Token::EndObject => match open.pop() {
                    Some(Open::Array(items)) => Self::Array(items),
                    Some(Open::Object(members, _)) => Self::Object(members),
                    None => return Err(scanner.error_here(ErrorKind::ValueExpected)),
                },
                Token::String(string) => Self::String(string.to_text()),
                Token::Integer(token) => Self::Integer(canonical_integer(token).into()),
                // The scanner has checked the grammar, and Rust reads all of it.
                Token::Double(token) => Self::Double(token.parse().unwrap_or(f64::NAN)),
                Token::Bool(value) => Self::Bool(value),
                Token::Null => Self::Null,
                Token::NaN => Self::Double(f64::NAN),
                Token::Infinity => Self::Double(f64::INFINITY),
                Token::NegativeInfinity => Self::Double(f64::NEG_INFINITY),
            };
            match open.last_mut() {
                Some(Open::Array(items)) => items.push(value),
                Some(Open::Object(members, name)) => {
                    members.insert(name.take().unwrap_or_default(), value);
                }
                None => root = Some(value),
            }
        }
        root.ok_or_else(|| scanner.error_here(ErrorKind::EndOfText))
    }

    /// The canonical text: what CPython's `json.dumps(value, sort_keys=True)` prints.
    pub fn to_canonical(&self) -> String {
        let mut out = Vec::new();
        self.write_canonical(&mut out);
        String::from_utf8(out).expect("the canonical writer prints ASCII only")
    }

    fn write_canonical(&self, out: &mut Vec<u8>) {
        enum Rest<'a> {
            Array(std::slice::Iter<'a, Value>),
            Object(btree_map::Iter<'a, Text, Value>),
        }
        let mut open: Vec<Rest<'_>> = Vec::new();
        let mut next = Some(self);
        loop {
            let mut opened = false;
            if let Some(value) = next.take() {
                match value {
                    Self::Null => out.extend_from_slice(b"null"),
                    Self::Bool(true) => out.extend_from_slice(b"true"),
                    Self::Bool(false) => out.extend_from_slice(b"false"),
                    Self::Integer(digits) => out.extend_from_slice(digits.as_bytes()),
                    Self::Double(double) => write_double(out, *double),
                    Self::String(text) => text.write_canonical(out),
                    Self::Array(items) => {
                        out.push(b'[');
                        open.push(Rest::Array(items.iter()));
                        opened = true;
                    }
                    Self::Object(members) => {
                        out.push(b'{');
                        open.push(Rest::Object(members.iter()));
                        opened = true;
                    }
                }
            }
            let Some(innermost) = open.last_mut() else {
                return;
            };
            let separator: &[u8] = if opened { b"" } else { b", " };
            match innermost {
                Rest::Array(items) => {
                    next = items.next();
                    if next.is_some() {
                        out.extend_from_slice(separator);
                        continue;
                    }
                    out.push(b']');
                }
                Rest::Object(members) => {
                    if let Some((name, value)) = members.next() {
                        out.extend_from_slice(separator);
                        name.write_canonical(out);
                        out.extend_from_slice(b": ");
                        next = Some(value);
                        continue;
                    }
                    out.push(b'}');
                }
            }
            open.pop();
        }
    }

    /// The member called `name`, if this is an object that has it.
    pub fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.get(&Text::from(name)),
            _ => None,
        }
    }
}
