//! Who may call `/rpc`, and what.
//!
//! Wallets and Remix call from pages and extensions, and cannot send a token. So reading and signed transactions are open to the origins that the operator named, and on
//! the network `dev` to browser extensions and Remix; pages of other origins get nothing. What uses a key that the node holds, or changes the node, keeps the rules of
//! every other change ([`super::super::changing`]), whoever asks.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::super::guard::Guard;

/// Who asks.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Whether he may change the node, or why not.
    pub right: Result<(), Arc<str>>,
}

impl Default for Caller {
    /// Somebody of whom nothing is known may change nothing.
    fn default() -> Self {
        Self {
            right: Err(Arc::from("nothing is known of who asks")),
        }
    }
}

impl Caller {
    /// Of a request.
    pub fn of(request: &Request, guard: &Guard) -> Self {
        let right = guard.may_change(request);
        Self {
            right: right.map_err(|problem| Arc::from(problem.detail())),
        }
    }
}

/// Origins whose pages may call.
#[derive(Debug, Clone, Default)]
pub struct Origins {
    /// As `https://wallet.example`, in lower case; `*` is all.
    pub named: Vec<String>,
    /// Browser extensions and Remix.
    pub of_tools: bool,
}

/// Where Remix lives; its desktop program asks from loopback.
const REMIX: [&str; 3] = [
    "https://remix.ethereum.org",
    "http://remix.ethereum.org",
    "https://remix-alpha.ethereum.org",
];
const EXTENSIONS: [&str; 3] = [
    "chrome-extension://",
    "moz-extension://",
    "safari-web-extension://",
];

/// How long a browser may remember a preflight's answer, in seconds.
const PREFLIGHT_SECONDS: &str = "600";

impl Origins {
    fn take(&self, origin: &str) -> bool {
        let origin = origin.to_ascii_lowercase();
        let is_tool = REMIX.contains(&origin.as_str())
            || EXTENSIONS.iter().any(|scheme| origin.starts_with(scheme));
        (self.of_tools && is_tool) || self.named.iter().any(|one| *one == "*" || *one == origin)
    }
}

/// What is done with a request to `/rpc`.
pub enum Judged {
    /// It is served; the headers go into the answer.
    Serve(Box<Request>, HeaderMap),
    Answer(Response),
}

/// Looks at where a request comes from.
pub fn judge(origins: &Origins, guard: &Guard, request: Request) -> Judged {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let mut headers = HeaderMap::new();
    if let Some(origin) = origin {
        headers.insert(header::VARY, HeaderValue::from_static("origin"));
        let named = origin.to_str().is_ok_and(|text| origins.take(text));
        if named {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        } else if !guard.is_own_page(&request) {
            super::super::guard::refused("rpc_origin");
            let shown: String = String::from_utf8_lossy(origin.as_bytes())
                .chars()
                .take(100)
                .collect();
            let message = format!(
                "pages of `{shown}` may not call this node: its operator can let them with --rpc-origin"
            );
            return Judged::Answer(refusal(StatusCode::FORBIDDEN, 4100, &message));
        }
    }
    if request.method() == Method::OPTIONS {
        return Judged::Answer(preflight(headers));
    }
    let upgrade = request.headers().contains_key(header::UPGRADE);
    if request.method() != Method::POST && !upgrade {
        let message = "this address speaks JSON-RPC: send a POST with a JSON body, as {\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_blockNumber\",\"params\":[]}, or open a WebSocket";
        let mut answer = refusal(StatusCode::METHOD_NOT_ALLOWED, -32600, message);
        let allow = HeaderValue::from_static("POST, OPTIONS, GET");
        answer.headers_mut().insert(header::ALLOW, allow);
        return Judged::Answer(answer);
    }
    if !upgrade && !is_json(request.headers()) {
        let message = "the body's type is not application/json: send the header `Content-Type: application/json`";
        return Judged::Answer(refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, -32600, message));
    }
    Judged::Serve(Box::new(request), headers)
}

/// A type that no page can send to another's node unasked.
fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json")
        || kind.eq_ignore_ascii_case("application/json-rpc")
}

fn preflight(mut headers: HeaderMap) -> Response {
    let allowed: [(HeaderName, &'static str); 3] = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "POST, OPTIONS"),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "content-type, authorization",
        ),
        (header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_SECONDS),
    ];
    for (name, value) in allowed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // Chromium asks this of nodes on loopback and private addresses.
    headers.insert(
        HeaderName::from_static("access-control-allow-private-network"),
        HeaderValue::from_static("true"),
    );
    (StatusCode::NO_CONTENT, headers, Body::empty()).into_response()
}

/// An error that belongs to no call.
pub fn refusal(status: StatusCode, code: i32, message: &str) -> Response {
    let body = json!({"jsonrpc": "2.0", "id": null, "error": {"code": code, "message": message}});
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (status, kind, body.to_string()).into_response()
}
