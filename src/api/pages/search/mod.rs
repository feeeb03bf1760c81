//! `/search`: leads to what somebody typed. Where it means one thing, right there; else to a choice.

pub(super) mod classic;
pub(super) mod coin;

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::super::problem::{Kind, Problem};
use super::super::v1::parameters::{Parameters, whole_number};
use super::shell::Shell;
use super::texts::Shown;

/// Characters that are searched for.
const CHARACTERS: usize = 256;
/// Digits of a hash and of an address.
const HASH_DIGITS: usize = 64;
const ADDRESS_DIGITS: usize = 40;

/// What somebody typed, without space around it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Query(String);

/// Hexadecimal digits in lower case, without `0x`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct HexDigits(String);

/// Something that the query may mean.
struct Candidate {
    /// What it is, from the table of strings.
    what: &'static str,
    text: String,
    link: String,
}

#[derive(Template)]
#[template(path = "search.html")]
struct Page<'s> {
    shell: &'s Shell,
    query: String,
    candidates: Vec<Candidate>,
    /// Why it is nothing, where that can be said.
    hint: Option<String>,
}

impl Query {
    fn read(query: Option<&str>) -> Result<Self, Problem> {
        let parameters = Parameters::read(query, &["q"])?;
        let text = parameters.text("q").unwrap_or_default().trim();
        let characters = text.chars().count();
        if characters > CHARACTERS {
            let detail = format!(
                "`q` has {characters} characters, and may have {CHARACTERS}: a hash has 64."
            );
            return Err(Problem::new(Kind::BadParameter, detail).with("parameter", "q"));
        }
        Ok(Self(text.to_owned()))
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A height, as `1234`, `#1234`, `1,234` or `1 234`.
    fn height(&self) -> Option<u64> {
        let text = self.0.strip_prefix('#').unwrap_or(&self.0).trim();
        let is_digit = |c: char| c.is_ascii_digit();
        if !(text.starts_with(is_digit) && text.ends_with(is_digit)) {
            return None;
        }
        let is_gap = |c: char| c.is_whitespace() || [',', '_', '\'', '，'].contains(&c);
        let digits: String = text.chars().filter(|c| !is_gap(*c)).collect();
        whole_number(&digits)
    }

    /// A classic transaction, as `7-0`: height and place.
    fn transaction(&self) -> Option<(u64, usize)> {
        let (height, place) = self.0.split_once('-')?;
        let place = usize::try_from(whole_number(place)?).ok()?;
        Some((whole_number(height)?, place))
    }

    /// Hexadecimal digits of this length, with or without `0x`.
    fn hex(&self, digits: usize) -> Option<HexDigits> {
        let text = &self.0;
        let text = text
            .strip_prefix("0x")
            .or_else(|| text.strip_prefix("0X"))
            .unwrap_or(text);
        let is_hex = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hex.then(|| HexDigits(text.to_ascii_lowercase()))
    }
}

impl Candidate {
    fn new(what: &'static str, text: impl ToString, link: impl Into<String>) -> Self {
        Self {
            what,
            text: text.to_string(),
            link: link.into(),
        }
    }
}

/// There, to a choice, or to what can be searched for.
fn answer(
    shell: &Shell,
    query: &Query,
    mut candidates: Vec<Candidate>,
    hint: Option<String>,
    is_sure: bool,
) -> Response {
    if is_sure
        && candidates.len() == 1
        && let Some(only) = candidates.pop()
    {
        // Links are made of characters that a header may hold.
        let link = HeaderValue::from_str(&only.link).unwrap_or(HeaderValue::from_static("/"));
        return (StatusCode::SEE_OTHER, [(header::LOCATION, link)]).into_response();
    }
    let status = match candidates.is_empty() && !query.is_empty() {
        true => StatusCode::NOT_FOUND,
        false => StatusCode::OK,
    };
    let page = Page {
        shell,
        query: Shown::of_text(&query.0, CHARACTERS).text,
        candidates,
        hint,
    };
    shell.rendered(status, &page)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> Query {
        Query::read(Some(&format!("q={text}"))).expect("a query")
    }

    #[test]
    fn heights_are_read_as_people_write_them() {
        for text in [
            "1000",
            "%231000",
            "+1,000+",
            "1+000",
            "%23+1_000",
            "1'000",
            "001000",
        ] {
            assert_eq!(query(text).height(), Some(1000), "{text}");
        }
        assert_eq!(query(&"9".repeat(30)).height(), Some(u64::MAX));
        for text in [
            "", "x", "-1", "1.5", ",1", "1,", "%23", "1e3", "0x10", "%D9%A1",
        ] {
            assert_eq!(query(text).height(), None, "{text}");
        }
    }

    #[test]
    fn hex_is_read_in_both_cases_with_and_without_its_prefix() {
        let digits = "Ab".repeat(32);
        for text in [
            digits.clone(),
            format!("0x{digits}"),
            format!("+0X{digits}+"),
        ] {
            let found = query(&text).hex(HASH_DIGITS);
            assert_eq!(found, Some(HexDigits("ab".repeat(32))), "{text}");
        }
        for text in ["0x", &"a".repeat(63), &"g".repeat(64), &"é".repeat(32)] {
            assert_eq!(query(text).hex(HASH_DIGITS), None, "{text}");
        }
    }

    #[test]
    fn as_many_characters_are_taken_and_one_more_is_not() {
        assert_eq!(
            query(&"%C3%A9".repeat(CHARACTERS)).0.chars().count(),
            CHARACTERS
        );
        assert!(Query::read(Some(&format!("q={}", "x".repeat(CHARACTERS + 1)))).is_err());
        assert!(Query::read(Some("p=1")).is_err());
        assert!(Query::read(None).is_ok_and(|query| query.is_empty()));
    }
}
