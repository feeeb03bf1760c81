//! Errors as people and programs read them: RFC 9457 problem details.
//!
//! Owns the catalogue of problem kinds ([`Kind`]: slug, status, title) and their JSON form. Never decides that something
//! is an error: handlers and the guard do, and they word the `detail`, which says what to do about it.

use std::fmt;

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};

/// The media type of every error this node sends.
pub const PROBLEM_JSON: &str = "application/problem+json";

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $status:literal $slug:literal $title:literal;)*) => {
        /// What kind of problem it is. The slug is stable: programs compare `type` with `/problems/<slug>`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Kind {
            $($(#[$doc])* $name,)*
        }

        impl Kind {
            /// Every kind, for documentation.
            pub const ALL: &[Kind] = &[$(Kind::$name,)*];

            /// The last part of the problem's `type`.
            pub const fn slug(self) -> &'static str {
                match self { $(Kind::$name => $slug,)* }
            }

            /// What the kind means, in a few words; the same for every occurrence.
            pub const fn title(self) -> &'static str {
                match self { $(Kind::$name => $title,)* }
            }

            /// The status it is sent with.
            pub fn status(self) -> StatusCode {
                let number: u16 = match self { $(Kind::$name => $status,)* };
                StatusCode::from_u16(number).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
    };
}

kinds! {
    // The request as a whole.
    /// The request breaks HTTP, for instance without a `Host`.
    BadRequest = 400 "bad-request" "The request is not proper HTTP";
    /// A query parameter or a path segment that cannot be read.
    BadParameter = 400 "bad-parameter" "A parameter cannot be read";
    UnknownPath = 404 "unknown-path" "There is nothing at this address";
    /// The path exists, the thing it names does not.
    NotFound = 404 "not-found" "There is no such thing here";
    MethodNotAllowed = 405 "method-not-allowed" "This call does not answer to that method";
    /// A call that becomes a WebSocket, asked without an upgrade.
    UpgradeNeeded = 426 "upgrade-needed" "This call is a WebSocket";
    /// `Host` is none of this node's names: the sign of DNS rebinding.
    UnknownHost = 421 "unknown-host" "This node does not answer to that name";
    HeadersTooLarge = 431 "headers-too-large" "The request's headers are too large";

    // Who may ask.
    TokenNeeded = 401 "token-needed" "This call changes state and needs a token";
    ForeignPage = 403 "foreign-page" "A page of another site may not change this node";
    NotForPages = 403 "not-for-pages" "This call is for other nodes, not for pages";
    Prefetch = 403 "prefetch" "A guess of the browser may not change this node";

    // The body.
    EmptyBody = 400 "empty-body" "The request has no body";
    BrokenBody = 400 "broken-body" "The request's body broke off";
    /// The bytes are in no encoding that JSON comes in.
    NotText = 400 "not-text" "The request's body is not text";
    NotJson = 400 "not-json" "The request's body is not JSON";
    /// A member that the call needs is not there.
    MissingMember = 400 "missing-member" "A member is missing";
    /// A member has a value that cannot stand there.
    BadMember = 400 "bad-member" "A member has an impossible value";
    /// The call is fine, the node knows as many peers as it may.
    TooManyPeers = 409 "too-many-peers" "The node knows as many peers as it may";
    BodyTimeout = 408 "body-timeout" "The request's body did not arrive in time";
    BodyTooLarge = 413 "body-too-large" "The request's body is too large";

    // Sessions.
    NoSessions = 404 "no-sessions" "This node takes no sessions";
    /// The other node offers none of the versions that this one speaks.
    SessionVersion = 400 "session-version" "The nodes speak different versions of sessions";

    // A coin network.
    /// The envelope reads, and no block may hold it.
    TransactionInvalid = 422 "transaction-invalid" "The transaction breaks a rule of the network";
    /// It could be in a block, not now or not by way of this node.
    TransactionRefused = 409 "transaction-refused" "The transaction may not wait here";
    /// Nobody has unlocked the sender's key here.
    KeyNotHeld = 403 "key-not-held" "This node does not hold the sender's key";
    /// Nobody has said whom to pay.
    NoMiner = 409 "no-miner" "The node does not know whom to pay for its blocks";
    BlockInvalid = 422 "block-invalid" "The block breaks a rule of the network";
    /// It may be valid, and this node does not take it.
    BlockRefused = 409 "block-refused" "The node does not take that block";
    /// Its place is taken by what pays more.
    MempoolFull = 507 "mempool-full" "The mempool has no room for the transaction";

    /// The artifact or the source is not that of the code at the address.
    SourceMismatch = 422 "source-mismatch" "The source is not the contract's";
    TooManySources = 409 "too-many-sources" "The node keeps as many sources as it may";

    // The node.
    Internal = 500 "internal" "The node made a mistake";
    Busy = 503 "busy" "The node has its hands full";
    /// What `/readyz` answers while the node cannot do its work.
    NotReady = 503 "not-ready" "The node cannot do its work at the moment";
    Stopping = 503 "stopping" "The node is stopping";
    /// The disk is full, or the store failed.
    StorageFull = 507 "storage-full" "The node cannot write";
}

/// One problem, on its way to a client.
#[derive(Debug, Clone)]
pub struct Problem(Box<Contents>);

#[derive(Debug, Clone)]
struct Contents {
    kind: Kind,
    detail: String,
    instance: Option<String>,
    members: Map<String, Value>,
    headers: HeaderMap,
}

impl Problem {
    /// A problem of a kind; `detail` says what happened this time and what to do, in sentences.
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self(Box::new(Contents {
            kind,
            detail: detail.into(),
            instance: None,
            members: Map::new(),
            headers: HeaderMap::new(),
        }))
    }

    /// Adds an extension member, such as `missing`; the five members of the standard cannot be overwritten.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.members.insert(name.to_owned(), value.into());
        self
    }

    /// Names the thing the problem is about, as a path.
    pub fn instance(mut self, path: impl Into<String>) -> Self {
        self.0.instance = Some(path.into());
        self
    }

    /// Adds a response header, such as `Retry-After`. A value that no header can hold is left out.
    pub fn header(mut self, name: HeaderName, value: impl AsRef<[u8]>) -> Self {
        if let Ok(value) = HeaderValue::from_bytes(value.as_ref()) {
            self.0.headers.insert(name, value);
        }
        self
    }

    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    pub fn status(&self) -> StatusCode {
        self.0.kind.status()
    }

    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// The document that is sent.
    pub fn to_json(&self) -> Value {
        let mut document = self.0.members.clone();
        document.insert(
            "type".into(),
            format!("/problems/{}", self.0.kind.slug()).into(),
        );
        document.insert("title".into(), self.0.kind.title().into());
        document.insert("status".into(), self.0.kind.status().as_u16().into());
        document.insert("detail".into(), self.0.detail.clone().into());
        if let Some(instance) = &self.0.instance {
            document.insert("instance".into(), instance.clone().into());
        }
        Value::Object(document)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.kind.title(), self.0.detail)
    }
}

impl std::error::Error for Problem {}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut text = self.to_json().to_string();
        text.push('\n');
        let mut response = (self.0.kind.status(), text).into_response();
        let headers = response.headers_mut();
        headers.extend(self.0.headers);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn slugs_are_unique_and_plain_and_statuses_are_errors() {
        let slugs: HashSet<_> = Kind::ALL.iter().map(|kind| kind.slug()).collect();
        assert_eq!(slugs.len(), Kind::ALL.len());
        for kind in Kind::ALL {
            assert!(
                kind.slug()
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'-')
            );
            assert!(kind.status().is_client_error() || kind.status().is_server_error());
        }
    }

    #[test]
    fn the_document_has_the_standard_members_and_the_extensions() {
        let problem = Problem::new(
            Kind::MissingMember,
            "Some transactional components are missing.",
        )
        .with("missing", vec!["receiver"])
        .with("status", 1)
        .instance("/add_transaction");
        assert_eq!(
            problem.to_json(),
            serde_json::json!({
                "type": "/problems/missing-member",
                "title": "A member is missing",
                "status": 400,
                "detail": "Some transactional components are missing.",
                "instance": "/add_transaction",
                "missing": ["receiver"],
            })
        );
        let response = problem.header(header::RETRY_AFTER, "1").into_response();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        assert_eq!(response.headers()[header::CONTENT_TYPE], PROBLEM_JSON);
        assert_eq!(response.headers()[header::RETRY_AFTER], "1");
    }
}
