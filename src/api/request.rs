//! Reads the body of one of the six calls as one JSON object.

use std::collections::HashSet;

use axum::body::Body;

use super::body::{BodyLimit, looks_like_form, read_text};
use super::problem::{Kind, Problem};
use crate::protocol::classic::json::{
    CanonicalObject, ErrorKind, Grammar, JsonError, Scanner, Token, canonicalize,
};

/// The object, its values in canonical text. `sentence` is the book's for what is missing, `example` a call that works.
pub async fn request_object(
    body: Body,
    limit: BodyLimit,
    sentence: &str,
    example: impl Fn() -> String,
) -> Result<CanonicalObject, Problem> {
    let text = request_text(body, limit, sentence, &example).await?;
    canonicalize(&text, Grammar::REQUEST).map_err(|error| {
        form_instead_of_json(&text, sentence, &example).unwrap_or_else(|| error.into())
    })
}

/// The body as text; where it is empty, an example of one that is not.
pub async fn request_text(
    body: Body,
    limit: BodyLimit,
    sentence: &str,
    example: impl Fn() -> String,
) -> Result<String, Problem> {
    read_text(body, limit)
        .await
        .map_err(|problem| match problem.kind() {
            Kind::EmptyBody => Problem::new(
                Kind::EmptyBody,
                format!("{sentence} {} For example: {}", problem.detail(), example()),
            ),
            _ => problem,
        })
}

/// The problem of a text that is no JSON, if it looks like a web form.
pub fn form_instead_of_json(
    text: &str,
    sentence: &str,
    example: impl Fn() -> String,
) -> Option<Problem> {
    looks_like_form(text.as_bytes()).then(|| {
        let detail = format!(
            "{sentence} The body looks like a form (name=value), this call needs JSON: {}",
            example()
        );
        Problem::new(Kind::NotJson, detail)
    })
}

/// The members of one JSON object, each value as it stands in the text: a number keeps all its digits.
#[derive(Debug)]
pub struct Members<'t>(Vec<(String, &'t str)>);

impl<'t> Members<'t> {
    /// # Errors
    /// [`JsonError`] when the text is not one object, or goes beyond what a request may hold.
    pub fn read(text: &'t str) -> Result<Self, JsonError> {
        let mut scanner = Scanner::new(text, Grammar::REQUEST);
        let mut members = Vec::new();
        if scanner.next_token()? != Some(Token::BeginObject) {
            return Err(scanner.error_here(ErrorKind::ObjectExpected));
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

    /// A value's text; of a name that comes twice the last, as in Python.
    pub fn raw(&self, name: &str) -> Option<&'t str> {
        let mut named = self.0.iter().rev().filter(|(member, _)| member == name);
        named.next().map(|(_, value)| *value)
    }

    /// A name that comes more than once.
    pub fn repeated(&self) -> Option<&str> {
        let mut seen = HashSet::new();
        let mut names = self.0.iter().map(|(name, _)| name.as_str());
        names.find(|name| !seen.insert(*name))
    }

    /// A value that is text; none if it is another.
    pub fn text(&self, name: &str) -> Option<String> {
        serde_json::from_str(self.raw(name)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_keeps_its_digits_and_a_repeated_name_its_last_value() {
        let text = r#" {"a": 0.100000000000000001, "b": "x\u0041", "c": [{}, 1], "a": 1e400} "#;
        let members = Members::read(&text.replace("1e400", "7")).map(|members| {
            let raw = |name| members.raw(name).map(str::to_owned);
            (raw("a"), members.text("b"), raw("c"), raw("d"))
        });
        let text_of = |text: &str| Some(text.to_owned());
        assert_eq!(
            members,
            Ok((text_of("7"), text_of("xA"), text_of("[{}, 1]"), None))
        );
        let exact = Members::read(r#"{"amount":0.100000000000000001}"#);
        let exact = exact.map(|members| members.raw("amount").map(str::to_owned));
        assert_eq!(exact, Ok(text_of("0.100000000000000001")));
        let deep = |depth: usize| {
            let text = format!(r#"{{"a": {}1{}}}"#, "[".repeat(depth), "]".repeat(depth));
            Members::read(&text).is_ok()
        };
        assert!(deep(Grammar::REQUEST.max_depth - 1) && !deep(Grammar::REQUEST.max_depth));
        for text in ["[1]", "1", "{", r#"{"a": 1} x"#, r#"{"a": NaN}"#, ""] {
            assert!(Members::read(text).is_err(), "{text}");
        }
    }
}
