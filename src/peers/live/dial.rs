//! Opening a session at another node: from its address to a connection that carries frames.
//!
//! The address is resolved and judged as for every call ([`resolve`]), and the connection goes to just what was judged.
//! What the other side answers is read within limits of time and size. A node that takes no sessions, as one written in
//! Python or one told to do things by hand, is known by its answer: [`DialError::NoSessions`].

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{
    CONNECTION, HOST, HeaderMap, HeaderName, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use socket2::SockRef;
use thiserror::Error;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;

use super::stream::{PATH, SUBPROTOCOL, SessionStream, Side, accept_key};
use crate::limits;
use crate::peers::address::PeerAddress;
use crate::peers::outgoing::escaped;
use crate::peers::reach::Reach;
use crate::peers::resolve::{ResolveError, resolve};

/// What a node that speaks another version of sessions calls its refusal.
const OTHER_VERSION: &str = "/problems/session-version";

/// A session that was opened, before anything is said in it.
pub struct Dialled {
    pub stream: SessionStream,
    /// Where it was found.
    pub remote: SocketAddr,
    /// From which of this machine's addresses.
    pub local: SocketAddr,
}

/// How long opening a session may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DialLimits {
    /// See [`limits::SESSION_CONNECT`].
    pub connect: Duration,
    /// See [`limits::SESSION_ANSWER`].
    pub answer: Duration,
}

impl Default for DialLimits {
    fn default() -> Self {
        Self {
            connect: limits::SESSION_CONNECT,
            answer: limits::SESSION_ANSWER,
        }
    }
}

/// Why no session was opened.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DialError {
    #[error(transparent)]
    NotCalled(#[from] ResolveError),
    #[error("no connection ({reason}): check that the node is started and listens there")]
    NotConnected { reason: String },
    #[error("not connected within {} s: check that the node is started and no firewall stands between", limit.as_secs_f64())]
    ConnectTimeout { limit: Duration },
    #[error("connected, and no answer within {} s", limit.as_secs_f64())]
    Silent { limit: Duration },
    #[error("the connection broke before a session was agreed on: {reason}")]
    Broken { reason: String },
    /// It answers, as a web server does that knows no sessions: a Python node, or a node with `--sync manual`.
    #[error("answers, and takes no sessions (status {status})")]
    NoSessions { status: u16 },
    /// It takes sessions, and not this one now.
    #[error("refuses the session (status {status}): {detail}")]
    Refused { status: u16, detail: String },
    #[error("speaks another version of sessions, this node speaks {SUBPROTOCOL}: {detail}")]
    OtherVersion { detail: String },
    #[error("agrees to a session against the rules of WebSockets: {what}")]
    BadUpgrade { what: &'static str },
}

impl DialError {
    /// Whether this node's own rules forbid the call.
    pub fn is_of_this_node(&self) -> bool {
        matches!(
            self,
            DialError::NotCalled(ResolveError::OutOfReach(_) | ResolveError::HttpsNotSpoken)
        )
    }

    /// Whether somebody was there who answered: such an address is no dead one.
    pub fn answered(&self) -> bool {
        match self {
            DialError::NotCalled(_)
            | DialError::NotConnected { .. }
            | DialError::ConnectTimeout { .. }
            | DialError::Silent { .. }
            | DialError::Broken { .. } => false,
            DialError::NoSessions { .. }
            | DialError::Refused { .. }
            | DialError::OtherVersion { .. }
            | DialError::BadUpgrade { .. } => true,
        }
    }
}

/// Opens a session at `address`. Dropping the future closes whatever was opened.
///
/// # Errors
/// [`DialError`], which tells who is not there from who is there and takes none.
pub async fn dial(
    reach: Reach,
    address: &PeerAddress,
    limits: DialLimits,
) -> Result<Dialled, DialError> {
    let addresses = resolve(reach, address, limits.connect).await?;
    let connecting = timeout(limits.connect, connect(&addresses));
    let stream = match connecting.await {
        Ok(connected) => connected.map_err(|error| DialError::NotConnected {
            reason: error.to_string(),
        })?,
        Err(_) => {
            return Err(DialError::ConnectTimeout {
                limit: limits.connect,
            });
        }
    };
    let ends = stream.peer_addr().and_then(|remote| {
        // A message is written whole: waiting for more to send with it would only delay it.
        stream.set_nodelay(true)?;
        SockRef::from(&stream).set_send_buffer_size(limits::SESSION_SEND_BUFFER)?;
        Ok((remote, stream.local_addr()?))
    });
    let (remote, local) = ends.map_err(|error| broken(&error))?;
    let silent = DialError::Silent {
        limit: limits.answer,
    };
    let stream = timeout(limits.answer, upgrade(stream, address))
        .await
        .map_err(|_| silent)??;
    Ok(Dialled {
        stream,
        remote,
        local,
    })
}

/// Connects to the first of the addresses that takes the connection; a name may stand for one that nobody listens on.
async fn connect(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let mut failed = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

/// Asks for the upgrade, and gives the connection after it.
async fn upgrade(stream: TcpStream, address: &PeerAddress) -> Result<SessionStream, DialError> {
    let (mut ask, connection) = http1::Builder::new()
        .max_buf_size(limits::SESSION_HEAD_BYTES)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| broken(&error))?;
    let asking = async {
        let key = generate_key();
        let request = request(address, &key).map_err(|error| broken(&error))?;
        let sent = ask.send_request(request).await;
        let response = sent.map_err(|error| broken(&error))?;
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Err(refusal(response).await);
        }
        agreed(response.headers(), &key)?;
        let upgraded = hyper::upgrade::on(response).await;
        upgraded.map_err(|error| broken(&error))
    };
    // One task moves both: dropping it drops the connection.
    let mut connection = std::pin::pin!(connection.with_upgrades());
    let mut asking = std::pin::pin!(asking);
    let mut moves = true;
    let upgraded = loop {
        tokio::select! {
            biased;
            result = &mut asking => break result?,
            _ = &mut connection, if moves => moves = false,
        }
    };
    let parts = upgraded
        .downcast::<TokioIo<TcpStream>>()
        .map_err(|_| DialError::BadUpgrade {
            what: "the connection is another than was opened",
        })?;
    Ok(SessionStream::new(
        parts.io.into_inner(),
        Side::Dialled,
        parts.read_buf,
    ))
}

fn request(address: &PeerAddress, key: &str) -> Result<Request<Empty<Bytes>>, hyper::http::Error> {
    let origin = address.origin();
    Request::get(PATH)
        .header(HOST, origin.trim_start_matches("http://"))
        .header(CONNECTION, "Upgrade")
        .header(UPGRADE, "websocket")
        .header(SEC_WEBSOCKET_VERSION, "13")
        .header(SEC_WEBSOCKET_KEY, key)
        .header(SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL)
        .body(Empty::new())
}

/// Whether an answer with status 101 agrees to what was asked (RFC 6455, section 4.1).
fn agreed(headers: &HeaderMap, key: &str) -> Result<(), DialError> {
    let is = |name: HeaderName, expected: &str| {
        let value = headers.get(name).map(|value| value.as_bytes());
        value.is_some_and(|value| value.eq_ignore_ascii_case(expected.as_bytes()))
    };
    if !is(UPGRADE, "websocket") || !is(CONNECTION, "upgrade") {
        return Err(DialError::BadUpgrade {
            what: "it upgrades to something else",
        });
    }
    let accepted = headers.get(SEC_WEBSOCKET_ACCEPT);
    if accepted.is_none_or(|value| value.as_bytes() != accept_key(key.as_bytes()).as_bytes()) {
        return Err(DialError::BadUpgrade {
            what: "it answers another key",
        });
    }
    match headers.get(SEC_WEBSOCKET_PROTOCOL) {
        Some(protocol) if protocol.as_bytes() == SUBPROTOCOL.as_bytes() => Ok(()),
        other => {
            let named = other.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
            Err(DialError::OtherVersion {
                detail: match named {
                    Some(named) => shown(&named),
                    None => "it names none".to_owned(),
                },
            })
        }
    }
}

/// What of a problem's document counts here.
#[derive(Deserialize)]
struct Told {
    r#type: String,
    #[serde(default)]
    detail: String,
}

/// An answer that is no upgrade, as the reason it gives.
async fn refusal(response: Response<Incoming>) -> DialError {
    let status = response.status();
    let no_sessions = DialError::NoSessions {
        status: status.as_u16(),
    };
    // What has no sessions answers its 404 in whatever form; an upgrade that is ignored is a plain answer.
    if status == StatusCode::NOT_FOUND || status.is_success() || status.is_redirection() {
        return no_sessions;
    }
    let Ok(told) = serde_json::from_slice::<Told>(&first_bytes(response.into_body()).await) else {
        return no_sessions;
    };
    let detail = shown(&told.detail);
    match told.r#type.as_str() {
        OTHER_VERSION => DialError::OtherVersion { detail },
        _ => DialError::Refused {
            status: status.as_u16(),
            detail,
        },
    }
}

async fn first_bytes(body: Incoming) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut pieces = body.into_data_stream();
    while let Some(Ok(piece)) = pieces.next().await {
        let room = limits::SESSION_HEAD_BYTES.saturating_sub(bytes.len());
        bytes.extend(piece.iter().take(room));
        if piece.len() >= room {
            break;
        }
    }
    bytes
}

fn shown(text: &str) -> String {
    escaped(text, limits::PULL_ERROR_CHARACTERS)
}

fn broken(error: &dyn std::error::Error) -> DialError {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    DialError::Broken {
        reason: cause.to_string(),
    }
}
