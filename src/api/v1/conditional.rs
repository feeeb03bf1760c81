//! Entity tags: a client that has an answer already is told so (RFC 9110, section 13).

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// How long an answer may be used again without asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caching {
    /// It can never be another.
    Immutable,
    /// Ask each time; the tag makes asking cheap.
    Ask,
}

impl Caching {
    fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Immutable => "public, max-age=31536000, immutable",
            Self::Ask => "no-cache",
        })
    }
}

/// The answer under its tag, given without quotes; or a 304 when the client has it.
pub fn tagged(
    request: &HeaderMap,
    tag: &str,
    caching: Caching,
    content_type: &'static str,
    body: impl Into<Body>,
) -> Response {
    tagged_lazily(request, tag, caching, content_type, || body.into())
}

/// [`tagged`], with a body that is only made for a client that has it not.
pub fn tagged_lazily(
    request: &HeaderMap,
    tag: &str,
    caching: Caching,
    content_type: &'static str,
    body: impl FnOnce() -> Body,
) -> Response {
    let tag = format!("\"{tag}\"");
    let mut response = if is_known(request, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, content_type)], body()).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, caching.header());
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

/// Whether `If-None-Match` lists this tag, compared weakly as for every GET; `*` stands for any.
pub fn is_known(request: &HeaderMap, tag: &str) -> bool {
    request
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|list| list.to_str().ok())
        .flat_map(|list| list.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_known_in_every_spelling() {
        let known = |lists: &[&str]| {
            let mut headers = HeaderMap::new();
            for list in lists {
                headers.append(header::IF_NONE_MATCH, list.parse().expect("a value"));
            }
            is_known(&headers, "\"ab\"")
        };
        assert!(known(&["\"ab\""]) && known(&["W/\"ab\""]) && known(&["*"]));
        assert!(known(&["\"x\", \"ab\""]) && known(&["\"x\"", "W/\"y\" ,W/\"ab\""]));
        assert!(!known(&[]) && !known(&["ab"]) && !known(&["\"abc\""]) && !known(&["w/\"ab\""]));
    }
}
