//! Looks into answers that show blocks. Those can hold what only CPython and this project read (`NaN`, lone surrogates),
//! so they are taken apart by the protocol's own scanner; no value is changed and no part is copied.

use crate::protocol::classic::json::{Grammar, JsonError, Scanner, Token, Value, elements};

use super::client::{Answer, NodeClient};
use super::exit::Failure;
use super::terminal::printable;

/// The members of one JSON object, each as its text.
#[derive(Debug, Default)]
pub struct Members<'a>(Vec<(String, &'a str)>);

impl<'a> Members<'a> {
    /// Takes an object apart. A text that is no object has no members.
    pub fn of(text: &'a str) -> Result<Self, JsonError> {
        let mut scanner = Scanner::new(text, Grammar::PYTHON);
        let mut members = Vec::new();
        if scanner.next_token()? != Some(Token::BeginObject) {
            return Ok(Self::default());
        }
        while let Some(Token::Name(name)) = scanner.next_token()? {
            let depth = scanner.depth();
            scanner.next_token()?;
            let start = scanner.token_start();
            while scanner.depth() > depth {
                scanner.next_token()?;
            }
            let value = text.get(start..scanner.position()).unwrap_or_default();
            members.push((name.to_text().to_string_lossy(), value));
        }
        // What stands behind the object must be nothing.
        while scanner.next_token()?.is_some() {}
        Ok(Self(members))
    }

    /// A member's text; of a repeated name the last.
    pub fn raw(&self, name: &str) -> Option<&'a str> {
        self.0
            .iter()
            .rev()
            .find(|(member, _)| member == name)
            .map(|(_, value)| *value)
    }

    /// A member as a person reads it: a text without its quotes, anything else as JSON; `-` if it is not there.
    pub fn shown(&self, name: &str) -> String {
        self.raw(name).map_or_else(|| "-".to_owned(), shown)
    }

    /// The items of a member that is an array; none if it is not.
    pub fn items(&self, name: &str) -> Vec<&'a str> {
        self.raw(name)
            .and_then(|array| elements(array, Grammar::PYTHON).ok())
            .unwrap_or_default()
    }

    /// Whether a member is `true`.
    pub fn is_true(&self, name: &str) -> bool {
        self.raw(name) == Some("true")
    }
}

/// A JSON value as a person reads it.
pub fn shown(value: &str) -> String {
    match Value::parse(value, Grammar::PYTHON) {
        Ok(Value::String(text)) => printable(&text.to_string_lossy()).into_owned(),
        Ok(other) => other.to_canonical(),
        Err(_) => printable(value).into_owned(),
    }
}

/// A node's answer as text of JSON.
pub fn text<'a>(node: &NodeClient, answer: &'a Answer) -> Result<&'a str, Failure> {
    std::str::from_utf8(&answer.body)
        .map_err(|_| Failure::failed(format!("{} sent no JSON", node.address())))
}

/// A node's answer as one object.
pub fn members<'a>(node: &NodeClient, answer: &'a Answer) -> Result<Members<'a>, Failure> {
    Members::of(text(node, answer)?).map_err(|error| {
        Failure::failed(format!("{} sent no JSON: {error}", node.address()))
            .hint("`--json` prints the answer as it came.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_come_out_as_they_stand() {
        let members =
            Members::of(r#" {"a": [1, {"b": NaN}] , "t": "x\ud800\u001b", "n": null, "f":false,"y":true,"a":[{},[2]]} "#)
                .unwrap();
        assert_eq!(members.raw("a"), Some("[{},[2]]"));
        assert_eq!(members.items("a"), ["{}", "[2]"]);
        assert_eq!(members.shown("t"), "x\u{fffd}\\u{1b}");
        assert_eq!(members.shown("n"), "null");
        assert_eq!(members.shown("missing"), "-");
        assert!(members.is_true("y") && !members.is_true("f"));
        assert!(Members::of("[1]").unwrap().raw("a").is_none());
        assert!(Members::of(r#"{"a": 1} x"#).is_err());
        assert!(Members::of(r#"{"a": [1"#).is_err());
    }
}
