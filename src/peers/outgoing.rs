//! How the bytes of a peer's chain are fetched: [`Outgoing`] and [`Fetch`], and [`HttpOutgoing`], which does both over HTTP.
//!
//! A name is resolved once a call; every address it stands for has to pass [`Reach`], and only those are connected to,
//! so that a name which changes its mind between check and call gains nothing. Nothing is followed, no proxy is asked,
//! nothing is kept but an idle connection. The head of every answer is judged here; its body belongs to whoever pulls.

use std::future::ready;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, LOCATION};
use reqwest::{Client, RequestBuilder, Response, StatusCode, redirect};
use thiserror::Error;
use tokio::time::timeout;

use super::address::PeerAddress;
use super::reach::Reach;
use super::resolve::{ResolveError, resolve};
use crate::limits;

/// What a classic node needs from the network: a peer's chain. Replaced by canned answers in simulations.
pub trait Outgoing: Send + Sync {
    /// Asks `peer` for its chain, and gives the body of an answer that may be one. Dropping either ends the call.
    fn fetch_chain<'a>(
        &'a self,
        peer: &'a PeerAddress,
    ) -> BoxFuture<'a, Result<ChainBody, FetchError>>;
}

/// What a coin node needs from the network: whatever a peer has at a path.
pub trait Fetch: Send + Sync {
    /// Asks `peer` for `path` (query included), and gives the body of an answer that may be what was `accept`ed.
    /// Dropping either ends the call.
    fn fetch<'a>(
        &'a self,
        peer: &'a PeerAddress,
        path: &'a str,
        accept: &'static str,
    ) -> BoxFuture<'a, Result<ChainBody, FetchError>>;
}

/// The body of an answer that has a chain, or some of it; not read yet.
pub struct ChainBody {
    /// What the head says the body's length is. A claim: nothing is reserved for it.
    pub claimed_bytes: Option<u64>,
    pub bytes: BoxStream<'static, Result<Bytes, FetchError>>,
}

/// Why no chain came from a peer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FetchError {
    #[error(transparent)]
    NotCalled(#[from] ResolveError),
    #[error("no connection ({reason}): check that the node is started and listens there")]
    NotConnected { reason: String },
    #[error("not connected within {} s: check that the node is started and no firewall stands between", limit.as_secs_f64())]
    ConnectTimeout { limit: Duration },
    #[error("not a byte for {} s", limit.as_secs_f64())]
    Silent { limit: Duration },
    #[error("the connection broke: {reason}")]
    Broken { reason: String },
    #[error(
        "answers with a redirect ({status}) to {location}, and redirects are not followed: connect to the node's own address"
    )]
    Redirect { status: u16, location: String },
    #[error("answers with status {status} in place of its chain: {text}")]
    Status { status: String, text: String },
    #[error("answers in the content encoding {encoding}, which was not asked for")]
    Encoded { encoding: String },
}

/// How long a call may take before its body is read.
#[derive(Clone, Copy, Debug)]
pub struct CallLimits {
    /// For resolving and connecting together.
    pub connect: Duration,
    /// For the head of the answer, once the request could be sent.
    pub silence: Duration,
}

impl Default for CallLimits {
    fn default() -> CallLimits {
        CallLimits {
            connect: limits::PULL_CONNECT,
            silence: limits::PULL_SILENCE,
        }
    }
}

/// Calls peers over HTTP, each call on a connection of its own: pulls are rare and long, and a connection kept open
/// would outlive the check of its address.
#[derive(Clone, Copy, Debug)]
pub struct HttpOutgoing {
    reach: Reach,
    limits: CallLimits,
}

impl HttpOutgoing {
    pub fn new(reach: Reach, limits: CallLimits) -> HttpOutgoing {
        HttpOutgoing { reach, limits }
    }

    async fn call(
        &self,
        peer: &PeerAddress,
        path: &str,
        accept: &'static str,
    ) -> Result<ChainBody, FetchError> {
        let addresses = resolve(self.reach, peer, self.limits.connect).await?;
        let request = self
            .client_for(addresses)?
            .get(format!("{}{path}", peer.origin()))
            .header(ACCEPT, accept);
        self.judged(self.send(request).await?).await
    }

    /// Tells `peer` something at `path`, by POST where there is JSON and else by GET. Of its answer no more is read than
    /// whether it was content.
    ///
    /// # Errors
    /// [`FetchError`] when it was not reached, or not content.
    pub async fn tell(
        &self,
        peer: &PeerAddress,
        path: &str,
        json: Option<String>,
    ) -> Result<(), FetchError> {
        let addresses = resolve(self.reach, peer, self.limits.connect).await?;
        let client = self.client_for(addresses)?;
        let url = format!("{}{path}", peer.origin());
        let request = match json {
            Some(json) => client
                .post(url)
                .header(CONTENT_TYPE, "application/json")
                .body(json),
            None => client.get(url),
        };
        let response = self.send(request).await?;
        if response.status().is_success() {
            return Ok(());
        }
        self.judged(response).await.map(drop)
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, FetchError> {
        // A little more than both limits, so that a connection that never came is told as that.
        let head = self.limits.connect.max(self.limits.silence) + Duration::from_millis(100);
        timeout(head, request.send())
            .await
            .map_err(|_| self.silent())?
            .map_err(|error| self.not_sent(&error))
    }

    /// A client that connects to these addresses, whatever name it is given.
    fn client_for(&self, addresses: Vec<SocketAddr>) -> Result<Client, FetchError> {
        Client::builder()
            .user_agent(concat!("bcoin/", env!("CARGO_PKG_VERSION")))
            .dns_resolver(Arc::new(Checked(addresses)))
            .redirect(redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .pool_max_idle_per_host(0)
            .connect_timeout(self.limits.connect)
            .build()
            .map_err(|error| FetchError::NotConnected {
                reason: root_cause(&error),
            })
    }

    /// Lets through the one kind of head that a chain has.
    async fn judged(&self, response: Response) -> Result<ChainBody, FetchError> {
        let status = response.status();
        if status.is_redirection() {
            return Err(FetchError::Redirect {
                status: status.as_u16(),
                location: header_text(response.headers(), LOCATION.as_str()),
            });
        }
        if status != StatusCode::OK {
            let text = timeout(self.limits.silence, first_characters(response))
                .await
                .unwrap_or_default();
            return Err(FetchError::Status {
                status: status.to_string(),
                text,
            });
        }
        let encoding = header_text(response.headers(), CONTENT_ENCODING.as_str());
        if !encoding.is_empty() && !encoding.eq_ignore_ascii_case("identity") {
            return Err(FetchError::Encoded { encoding });
        }
        Ok(ChainBody {
            claimed_bytes: response.content_length(),
            bytes: response
                .bytes_stream()
                .map(|chunk| {
                    chunk.map_err(|error| FetchError::Broken {
                        reason: root_cause(&error),
                    })
                })
                .boxed(),
        })
    }

    fn not_sent(&self, error: &reqwest::Error) -> FetchError {
        let reason = root_cause(error);
        match (error.is_connect(), error.is_timeout()) {
            (true, true) => self.connect_timeout(),
            (true, false) => FetchError::NotConnected { reason },
            (false, true) => self.silent(),
            (false, false) => FetchError::Broken { reason },
        }
    }

    fn connect_timeout(&self) -> FetchError {
        FetchError::ConnectTimeout {
            limit: self.limits.connect,
        }
    }

    fn silent(&self) -> FetchError {
        FetchError::Silent {
            limit: self.limits.silence,
        }
    }
}

impl Outgoing for HttpOutgoing {
    fn fetch_chain<'a>(
        &'a self,
        peer: &'a PeerAddress,
    ) -> BoxFuture<'a, Result<ChainBody, FetchError>> {
        self.fetch(peer, "/get_chain", "application/json")
    }
}

impl Fetch for HttpOutgoing {
    fn fetch<'a>(
        &'a self,
        peer: &'a PeerAddress,
        path: &'a str,
        accept: &'static str,
    ) -> BoxFuture<'a, Result<ChainBody, FetchError>> {
        Box::pin(self.call(peer, path, accept))
    }
}

/// Answers every name with the addresses that were checked: the client can find no others.
struct Checked(Vec<SocketAddr>);

impl Resolve for Checked {
    fn resolve(&self, _: Name) -> Resolving {
        let addresses: Addrs = Box::new(self.0.clone().into_iter());
        Box::pin(ready(Ok(addresses)))
    }
}

/// The first characters of an error's body, escaped and on one line.
async fn first_characters(response: Response) -> String {
    let wanted = limits::PULL_ERROR_CHARACTERS;
    let mut bytes = Vec::new();
    let mut body = response.bytes_stream();
    // No character has more than four bytes.
    while bytes.len() < wanted.saturating_mul(4)
        && let Some(Ok(chunk)) = body.next().await
    {
        bytes.extend(chunk.iter().take(wanted.saturating_mul(4)));
    }
    escaped(&String::from_utf8_lossy(&bytes), wanted)
}

fn header_text(headers: &HeaderMap, name: &str) -> String {
    headers
        .get(name)
        .map(|value| {
            escaped(
                &String::from_utf8_lossy(value.as_bytes()),
                limits::PULL_ERROR_CHARACTERS,
            )
        })
        .unwrap_or_default()
}

/// The text's first characters, on one line and without any that a terminal would obey.
pub(in crate::peers) fn escaped(text: &str, characters: usize) -> String {
    text.trim()
        .chars()
        .take(characters)
        .flat_map(char::escape_debug)
        .collect()
}

/// The innermost of an error's sources: the one that a reader can act on.
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
