//! `/v1/session`: where other nodes open sessions, each a WebSocket (RFC 6455).
//!
//! Judges the request, agrees to the upgrade, and hands the connection to whoever runs sessions: what is said in one is
//! not HTTP's business. After the upgrade the connection counts among the open ones, is never given up for a newcomer,
//! and is no request in flight any more. Needs no token, as nothing does that peers ask; a browser, which any page can
//! make open a WebSocket, is refused.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRef, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header};
use axum::response::Response;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::time::timeout;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::changing::{has_a_browsers_marks, mentions};
use super::guard::refused;
use super::problem::{Kind, Problem};
use super::serve::ConnectionFacts;
use super::socket::Socket;
use super::v1::parameters::NoParameters;
use crate::peers::live::stream::{
    Acceptor, Inbound, NotTaken, PATH, SUBPROTOCOL, SessionStream, Side, accept_key,
};

/// An upgrade is a matter of the answer's few bytes; a client that takes none of them is let go.
const UPGRADE_WITHIN: Duration = Duration::from_secs(5);

/// What the node does with sessions that others open: `None` if it takes none.
#[derive(Clone)]
pub struct Door(pub Option<Acceptor>);

/// The route, for whatever state has a door.
pub(super) fn router<S>() -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
    Door: FromRef<S>,
{
    OpenApiRouter::new().routes(routes!(session))
}

/// Opens a session between two nodes: a WebSocket with the subprotocol `bcoin.1`.
///
/// For nodes. Its messages are binary and of at most 9 MiB each. A node that was started with `--sync manual` takes no
/// sessions, and nobody's browser can open one.
#[utoipa::path(
    get,
    path = "/v1/session",
    tag = "peers",
    params(
        ("Sec-WebSocket-Protocol" = inline(Option<String>), Header, description = "`bcoin.1`.", example = "bcoin.1"),
        ("Sec-WebSocket-Key" = inline(Option<String>), Header, description = "16 random bytes, in base64.", example = "dGhlIHNhbXBsZSBub25jZQ=="),
    ),
    responses(
        (status = 101, description = "The connection is a WebSocket from here on."),
        (status = 400, description = "The upgrade is not proper, or names no subprotocol that this node speaks."),
        (status = 403, description = "A browser asks; sessions are for nodes."),
        (status = 404, description = "This node takes no sessions: it was started with `--sync manual`."),
        (status = 426, description = "The request asks for no upgrade to a WebSocket of version 13."),
        (status = 503, description = "As many sessions are open as this node takes; `Retry-After` says when to ask again."),
    )
)]
async fn session(
    State(Door(acceptor)): State<Door>,
    _: NoParameters,
    request: Request,
) -> Result<Response, Problem> {
    let Some(acceptor) = acceptor else {
        return Err(Problem::new(
            Kind::NoSessions,
            "This node takes no sessions: it was started with --sync manual. Its chain is at GET /get_chain.",
        ));
    };
    let mut request = request;
    no_page_asks(request.headers()).inspect_err(|_| refused("foreign_page"))?;
    let key = key_of_upgrade(&request)?;
    speaks_our_version(request.headers())?;
    let extensions = request.extensions_mut();
    let facts = extensions.get::<ConnectionFacts>().copied();
    let (Some(facts), Some(upgrade)) = (facts, extensions.remove::<OnUpgrade>()) else {
        return Err(upgrade_needed(
            "The connection that this request came on cannot become a WebSocket.",
        ));
    };
    let place = acceptor.place().map_err(|not_taken| {
        refused("sessions");
        busy(not_taken)
    })?;
    acceptor.tasks().spawn(async move {
        let upgraded = match timeout(UPGRADE_WITHIN, upgrade).await {
            Ok(Ok(upgraded)) => upgraded,
            Ok(Err(error)) => return tracing::debug!(peer = %facts.peer, %error, "no upgrade"),
            Err(_) => return tracing::debug!(peer = %facts.peer, "an upgrade took too long"),
        };
        match stream_of(upgraded) {
            Some(stream) => place.fill(Inbound {
                stream,
                remote: facts.peer,
                local: facts.local,
            }),
            None => tracing::error!("a session came on a socket that this server did not open"),
        }
    });
    Ok(agreed(&key))
}

fn stream_of(upgraded: Upgraded) -> Option<SessionStream> {
    let parts = upgraded.downcast::<TokioIo<Socket>>().ok()?;
    let socket = parts.io.into_inner();
    socket.carries_a_session();
    Some(SessionStream::new(socket, Side::Accepted, parts.read_buf))
}

/// The 101 for a request with this key.
fn agreed(key: &HeaderValue) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(
        header::SEC_WEBSOCKET_PROTOCOL,
        HeaderValue::from_static(SUBPROTOCOL),
    );
    if let Ok(accept) = HeaderValue::from_str(&accept_key(key.as_bytes())) {
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    }
    response
}

/// Pages can open WebSockets to anywhere, and a browser says so: with `Origin` always, and otherwise by its ways.
fn no_page_asks(headers: &HeaderMap) -> Result<(), Problem> {
    let fetched = headers
        .keys()
        .any(|name| name.as_str().starts_with("sec-fetch-"));
    if fetched || headers.contains_key(header::ORIGIN) || has_a_browsers_marks(headers) {
        return Err(Problem::new(
            Kind::NotForPages,
            "A browser or a page asks for a session (by Origin, Sec-Fetch-*, User-Agent or the like), and sessions are between nodes.",
        ));
    }
    Ok(())
}

/// The key of a request that asks for a WebSocket of version 13 (RFC 6455, section 4.2.1).
fn key_of_upgrade(request: &Request) -> Result<HeaderValue, Problem> {
    let headers = request.headers();
    let says = |name: HeaderName, what: &str| {
        let mut values = headers.get_all(name).iter();
        values.any(|value| mentions(value.as_bytes(), what))
    };
    if *request.method() != Method::GET
        || request.version() != Version::HTTP_11
        || !says(header::CONNECTION, "upgrade")
        || !says(header::UPGRADE, "websocket")
    {
        return Err(upgrade_needed(&format!(
            "GET {PATH} opens a WebSocket: the request has to ask for an upgrade, in HTTP/1.1."
        )));
    }
    let version = headers.get(header::SEC_WEBSOCKET_VERSION);
    if version.is_none_or(|version| version.as_bytes() != b"13") {
        return Err(
            upgrade_needed("This node speaks version 13 of WebSockets and no other.")
                .header(header::SEC_WEBSOCKET_VERSION, "13"),
        );
    }
    let key = headers.get(header::SEC_WEBSOCKET_KEY);
    // 16 bytes are 22 characters of base64 and two that fill up.
    let proper = |key: &&HeaderValue| {
        let (digits, filling) = key.as_bytes().split_at_checked(22).unwrap_or_default();
        let digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
        filling == b"==" && digits.iter().all(digit)
    };
    key.filter(proper).cloned().ok_or_else(|| {
        Problem::new(
            Kind::BadRequest,
            "Sec-WebSocket-Key has to be 16 bytes in base64: 22 characters and `==`.",
        )
    })
}

fn speaks_our_version(headers: &HeaderMap) -> Result<(), Problem> {
    let mut offered = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
    let ours = |value: &HeaderValue| {
        let mut names = value.as_bytes().split(|byte| *byte == b',');
        names.any(|name| name.trim_ascii() == SUBPROTOCOL.as_bytes())
    };
    if offered.any(ours) {
        return Ok(());
    }
    Err(Problem::new(
        Kind::SessionVersion,
        format!("This node speaks {SUBPROTOCOL} in its sessions: Sec-WebSocket-Protocol has to offer it."),
    )
    .with("speaks", SUBPROTOCOL))
}

fn upgrade_needed(detail: &str) -> Problem {
    Problem::new(Kind::UpgradeNeeded, detail)
        .header(header::UPGRADE, "websocket")
        .header(header::CONNECTION, "upgrade")
}

fn busy(not_taken: NotTaken) -> Problem {
    let detail = format!("No session is opened: {not_taken}.");
    Problem::new(Kind::Busy, detail).header(header::RETRY_AFTER, "5")
}
