//! Query parameters: only known ones, each once, read without guessing.

use std::ops::RangeInclusive;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use url::form_urlencoded;

use super::super::problem::{Kind, Problem};
use crate::limits::{PAGE_ENTRIES, PAGE_ENTRIES_DEFAULT};

/// The parameters that came with a request.
#[derive(Debug, Default)]
pub struct Parameters(Vec<(String, String)>);

/// For routes that take no parameters: others are refused, so that nobody believes that they do something.
#[derive(Debug)]
pub struct NoParameters;

impl<S: Sync> FromRequestParts<S> for NoParameters {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Parameters::read(parts.uri.query(), &[]).map(|_| Self)
    }
}

impl Parameters {
    /// # Errors
    /// The 400 for a parameter that is not `known`, or comes twice.
    pub fn read(query: Option<&str>, known: &[&str]) -> Result<Self, Problem> {
        let mut given: Vec<(String, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            let shown = shown(&name);
            if !known.contains(&name.as_ref()) {
                let takes = match known {
                    [] => "this call takes none".to_owned(),
                    _ => format!("this call takes {}", known.join(", ")),
                };
                let detail = format!("There is no parameter `{shown}`: {takes}.");
                return Err(Problem::new(Kind::BadParameter, detail)
                    .with("parameter", shown)
                    .with("known", known.to_vec()));
            }
            if given.iter().any(|(other, _)| *other == name) {
                let detail = format!("The parameter `{shown}` came twice; send it once.");
                return Err(Problem::new(Kind::BadParameter, detail).with("parameter", shown));
            }
            given.push((name.into_owned(), value.into_owned()));
        }
        Ok(Self(given))
    }

    /// The text of a parameter, if it came.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(given, _)| given == name)
            .map(|(_, value)| value.as_str())
    }

    /// A whole number; one beyond 64 bits stands for the largest, since nothing here counts that far.
    pub fn number(&self, name: &str) -> Result<Option<u64>, Problem> {
        self.text(name)
            .map(|text| whole_number(text).ok_or_else(|| not_a_number(name, text)))
            .transpose()
    }

    /// A cursor, as `next` of the page before gave it; nothing, or an empty text, stands for the start.
    pub fn cursor(&self, name: &str) -> Result<Option<i64>, Problem> {
        let Some(text) = self.text(name).filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        let (digits, sign) = match text.strip_prefix('-') {
            Some(digits) => (digits, -1),
            None => (text, 1),
        };
        let number = whole_number(digits).ok_or_else(|| not_a_number(name, text))?;
        Ok(Some(sign * i64::try_from(number).unwrap_or(i64::MAX)))
    }

    /// How many entries a page may have.
    pub fn limit(&self) -> Result<usize, Problem> {
        let limit = self.number("limit")?.unwrap_or(PAGE_ENTRIES_DEFAULT as u64);
        match usize::try_from(limit) {
            Ok(limit @ 1..=PAGE_ENTRIES) => Ok(limit),
            _ => {
                let detail = format!(
                    "`limit` is {}, and may be 1 to {PAGE_ENTRIES}: read page by page, with `next` of each.",
                    shown(self.text("limit").unwrap_or_default())
                );
                Err(Problem::new(Kind::BadParameter, detail)
                    .with("parameter", "limit")
                    .with("limit", PAGE_ENTRIES))
            }
        }
    }

    /// In which order a page is read.
    pub fn order(&self) -> Result<Order, Problem> {
        match self.text("order") {
            None | Some("asc") => Ok(Order::Ascending),
            Some("desc") => Ok(Order::Descending),
            Some(other) => {
                let detail = format!("`order` is `{}`, and may be asc or desc.", shown(other));
                Err(Problem::new(Kind::BadParameter, detail).with("parameter", "order"))
            }
        }
    }
}

/// From the chain's beginning on, or from its end back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Ascending,
    Descending,
}

impl Order {
    /// Where a page of `chain` begins that is wanted `from` a block on; nothing behind the chain's end.
    pub fn first(self, chain: &RangeInclusive<u64>, from: Option<u64>) -> Option<u64> {
        let (lowest, highest) = (*chain.start(), *chain.end());
        match self {
            Self::Ascending => Some(from.unwrap_or(lowest)).filter(|first| *first <= highest),
            Self::Descending => Some(from.unwrap_or(highest).min(highest)),
        }
    }

    /// What comes behind a block of `chain`.
    pub fn next(self, chain: &RangeInclusive<u64>, place: u64) -> Option<u64> {
        let next = match self {
            Self::Ascending => place.checked_add(1),
            Self::Descending => place.checked_sub(1),
        };
        next.filter(|next| chain.contains(next))
    }
}

/// Digits only; saturating.
pub fn whole_number(text: &str) -> Option<u64> {
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.parse().unwrap_or(u64::MAX))
}

fn not_a_number(name: &str, text: &str) -> Problem {
    let text = shown(text);
    let detail = format!("`{name}` is `{text}`, which is not a whole number.");
    Problem::new(Kind::BadParameter, detail).with("parameter", name)
}

/// What somebody sent, as far as an answer repeats it.
pub fn shown(text: &str) -> String {
    text.chars().take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<Parameters, Problem> {
        Parameters::read(Some(query), &["from", "limit", "after"])
    }

    #[test]
    fn numbers_are_digits_and_never_too_large() {
        let number = |text: &str| read(&format!("from={text}")).and_then(|all| all.number("from"));
        assert_eq!(number("7").ok(), Some(Some(7)));
        assert_eq!(number("007").ok(), Some(Some(7)));
        assert_eq!(number(&"9".repeat(400)).ok(), Some(Some(u64::MAX)));
        assert_eq!(read("").and_then(|all| all.number("from")).ok(), Some(None));
        for text in ["", "-1", "%2B1", "1.0", "1e3", "%FF", "x", "0x1", "%D9%A1"] {
            let problem = number(text).expect_err(text);
            assert_eq!(problem.kind(), Kind::BadParameter, "{text}");
        }
    }

    #[test]
    fn cursors_may_be_negative_or_empty() {
        let cursor =
            |text: &str| read(&format!("after={text}")).and_then(|all| all.cursor("after"));
        assert_eq!(cursor("").ok(), Some(None));
        assert_eq!(cursor("-5").ok(), Some(Some(-5)));
        assert_eq!(cursor(&"9".repeat(30)).ok(), Some(Some(i64::MAX)));
        assert_eq!(
            cursor(&format!("-{}", "9".repeat(30))).ok(),
            Some(Some(-i64::MAX))
        );
        for text in ["-", "--1", "%2B1", "one"] {
            assert!(cursor(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_limit_is_taken_and_one_more_is_not() {
        let limit = |query: &str| read(query).and_then(|all| all.limit());
        assert_eq!(limit("").ok(), Some(PAGE_ENTRIES_DEFAULT));
        assert_eq!(
            limit(&format!("limit={PAGE_ENTRIES}")).ok(),
            Some(PAGE_ENTRIES)
        );
        let problem = limit(&format!("limit={}", PAGE_ENTRIES + 1)).expect_err("too many");
        assert_eq!(problem.to_json()["limit"], PAGE_ENTRIES);
        assert!(limit("limit=0").is_err());
    }

    #[test]
    fn what_is_unknown_or_doubled_is_refused() {
        let unknown = read("form=1").expect_err("a slip").to_json();
        assert_eq!(
            unknown["known"],
            serde_json::json!(["from", "limit", "after"])
        );
        assert!(read("from=1&from=1").is_err());
        let none = Parameters::read(Some("a=1"), &[]).expect_err("none is known");
        assert!(none.detail().contains("takes none"));
    }
}
