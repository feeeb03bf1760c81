//! Curl lines in errors: a call as it can be typed, at the address that the request went to.
//!
//! Whoever calls port 11001 and copies a line with 1001 has the next error.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};

/// The `Host` that a request came with, looked at only when an error shows it.
#[derive(Debug, Clone, Default)]
pub struct CalledAs(Option<HeaderValue>);

impl<S: Sync> FromRequestParts<S> for CalledAs {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(parts.headers.get(header::HOST).cloned()))
    }
}

impl CalledAs {
    /// `curl -d '{…}' http://host:port/path`.
    pub fn post(&self, path: &str, body: &str) -> String {
        let host = self.0.as_ref().and_then(|host| host.to_str().ok());
        format!("curl -d '{body}' http://{}{path}", shown_host(host))
    }
}

/// A host as a shell takes it without quotes; the book's first node where there is none, or one that would need them.
pub fn shown_host(host: Option<&str>) -> &str {
    let plain = |c: char| c.is_ascii_alphanumeric() || ".:[]-_".contains(c);
    host.filter(|host| !host.is_empty() && host.chars().all(plain))
        .unwrap_or("127.0.0.1:1001")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_goes_where_the_request_went_and_holds_nothing_for_the_shell() {
        let line = |host: &'static str| {
            CalledAs(Some(HeaderValue::from_static(host))).post("/connect_node", "{}")
        };
        assert_eq!(
            line("localhost:11001"),
            "curl -d '{}' http://localhost:11001/connect_node"
        );
        for host in ["", "a;b", "$(a):1", "a b"] {
            assert!(
                line(host).ends_with(" http://127.0.0.1:1001/connect_node"),
                "{host}"
            );
        }
        assert_eq!(
            CalledAs::default().post("/x", "1"),
            "curl -d '1' http://127.0.0.1:1001/x"
        );
    }
}
