//! The command line's own HTTP client: one node, asked over HTTP as any user would ask it.
//!
//! It turns what can go wrong into sentences: nothing answers there, the node refuses and says why. It knows no route;
//! the command families beside it do. Answers stay bytes, since a block from a peer can hold what ordinary JSON readers
//! refuse.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use clap::Args;
use reqwest::{Method, Response, StatusCode, header};
use url::Url;

use super::exit::{Ending, Failure};
use super::terminal::{self, printable};

/// The first port of the book's network, and where `bcoin up` goes when that may not be bound.
pub const BOOK_PORT: u16 = 1001;
pub const FALLBACK_PORT: u16 = 11_001;

/// Longest answer that is read into memory. A page of 1,000 blocks is far smaller; a whole chain is streamed instead.
const MAX_ANSWER_BYTES: usize = 256 * 1024 * 1024;

/// How long a connection may take, and how long a node may be silent in the middle of an answer. The second is long
/// since `replace` waits for the node's own peers and `audit` reads every stored byte.
const CONNECT_TIME: Duration = Duration::from_secs(5);
const SILENT_TIME: Duration = Duration::from_secs(300);
/// For what a node has at hand, until it begins to answer.
const READY_TIME: Duration = Duration::from_secs(20);

/// Which node a command asks, and how the answer is shown.
#[derive(Debug, Clone, Args)]
pub struct NodeOptions {
    /// The node to ask, as a URL or host:port [default: http://127.0.0.1:1001, else the same on 11001]
    #[arg(long, value_name = "URL", env = "BCOIN_NODE", value_parser = parse_node_url, help_heading = "Node")]
    pub node: Option<Url>,
    /// A file that holds the node's token; only nodes off loopback ask for it, for calls that change them
    #[arg(
        long,
        value_name = "FILE",
        env = "BCOIN_TOKEN_FILE",
        alias = "token",
        help_heading = "Node"
    )]
    pub token_file: Option<PathBuf>,
    /// Print the answer as JSON, for programs; what a node answered stays as it came
    #[arg(long, help_heading = "Node")]
    pub json: bool,
}

/// Reads `--node`: a URL of a node, or its host and port alone.
pub fn parse_node_url(text: &str) -> Result<Url, String> {
    let full = if text.contains("://") {
        text.to_owned()
    } else {
        format!("http://{text}")
    };
    let url = Url::parse(&full)
        .map_err(|error| format!("{error}; a node's URL looks like http://127.0.0.1:1001"))?;
    if url.scheme() != "http" {
        return Err(format!(
            "{}: only http is spoken here; put https in front of a node with a proxy of your own",
            url.scheme()
        ));
    }
    if url.path() != "/" || url.query().is_some() || !url.username().is_empty() {
        return Err(
            "a node's URL is host and port alone, such as http://127.0.0.1:1001".to_owned(),
        );
    }
    Ok(url)
}

/// One node, ready to be asked.
pub struct NodeClient {
    http: reqwest::Client,
    base: Url,
    token: Option<header::HeaderValue>,
}

/// A node's answer of status 2xx.
pub struct Answer {
    pub body: Bytes,
}

impl Answer {
    /// The answer as it came, on a line of its own.
    pub fn print(&self) -> Result<(), Failure> {
        terminal::print_bytes(&self.body)?;
        if self.body.ends_with(b"\n") {
            Ok(())
        } else {
            terminal::print("\n")
        }
    }
}

impl NodeClient {
    /// Makes the client. If no node was named and nothing answers on the book's port, it turns to the node that
    /// `bcoin up` starts where that port may not be bound, and says so.
    pub async fn open(options: &NodeOptions) -> Result<Self, Failure> {
        let base = match &options.node {
            Some(url) => url.clone(),
            None => usual_node().await,
        };
        let token = match &options.token_file {
            None => None,
            Some(path) => {
                let text = std::fs::read_to_string(path).map_err(|error| {
                    Failure::usage(format!("cannot read the token file {}: {error}", path.display()))
                        .hint("A node's token is in the file `token` of its data folder, for its owner alone to read.")
                })?;
                let mut value = header::HeaderValue::try_from(format!("Bearer {}", text.trim()))
                    .map_err(|_| Failure::usage(format!("{} holds no token", path.display())))?;
                value.set_sensitive(true);
                Some(value)
            }
        };
        Self::new(base, token)
    }

    /// A client of the node at `base`.
    pub fn new(base: Url, token: Option<header::HeaderValue>) -> Result<Self, Failure> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIME)
            .read_timeout(SILENT_TIME)
            .user_agent(concat!("bcoin/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Failure::failed(format!("cannot prepare the HTTP client: {error}")))?;
        Ok(Self { http, base, token })
    }

    /// The node's address as the user would write it.
    pub fn address(&self) -> String {
        self.base.as_str().trim_end_matches('/').to_owned()
    }

    pub async fn get(&self, path: &str) -> Result<Answer, Failure> {
        self.ask(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: Option<Vec<u8>>) -> Result<Answer, Failure> {
        self.ask(Method::POST, path, body).await
    }

    /// The answer to a GET as a stream, for chains of any length.
    pub async fn stream(&self, path: &str) -> Result<Response, Failure> {
        let response = self.send(Method::GET, path, None).await?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let body = self.read(response).await?;
        Err(self.refusal(path, status, &body))
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Result<Answer, Failure> {
        let response = self.send(method, path, body).await?;
        let status = response.status();
        let body = self.read(response).await?;
        if status.is_success() {
            return Ok(Answer { body });
        }
        Err(self.refusal(path, status, &body))
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Result<Response, Failure> {
        let url = self
            .base
            .join(path)
            .map_err(|error| Failure::usage(format!("cannot ask for {path}: {error}")))?;
        let mut request = self
            .http
            .request(method, url)
            .header(header::ACCEPT, "application/json");
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, token.clone());
        }
        if let Some(body) = body {
            request = request
                .header(header::CONTENT_TYPE, "application/json")
                .body(body);
        }
        let patience = patience(path);
        match tokio::time::timeout(patience, request.send()).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(self.unreachable(&error).await),
            Err(_) => Err(self.silent(patience)),
        }
    }

    async fn read(&self, mut response: Response) -> Result<Bytes, Failure> {
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(None) => return Ok(body.into()),
                Ok(Some(chunk)) if body.len() + chunk.len() <= MAX_ANSWER_BYTES => {
                    body.extend_from_slice(&chunk)
                }
                Ok(Some(_)) => {
                    return Err(Failure::failed(format!(
                        "{} sent an answer of more than {MAX_ANSWER_BYTES} bytes",
                        self.address()
                    )));
                }
                Err(error) => return Err(self.unreachable(&error).await),
            }
        }
    }

    /// The node took the connection, and that was all.
    fn silent(&self, patience: Duration) -> Failure {
        let failure = format!(
            "{} takes the connection and has not answered for {} s",
            self.address(),
            patience.as_secs()
        );
        Failure::new(Ending::Unreachable, failure).hint(
            "Is it stopped, or busy beyond measure? Its log says more; a stopped process goes on after `kill -CONT`.",
        )
    }

    /// The node does not answer: what happened on the wire, and where a node may be found.
    async fn unreachable(&self, error: &reqwest::Error) -> Failure {
        let failure = Failure::new(
            Ending::Unreachable,
            format!("no answer from {}: {}", self.address(), cause(error)),
        );
        let asked = self.base.port_or_known_default();
        let here = self.base.host_str().is_some_and(|host| {
            host == "localhost"
                || host
                    .trim_matches(['[', ']'])
                    .parse::<IpAddr>()
                    .is_ok_and(|address| address.is_loopback())
        });
        for other in [BOOK_PORT, FALLBACK_PORT] {
            if here && asked != Some(other) && listens(loopback(other)).await {
                return failure.hint(format!(
                    "Something answers on port {other}: try `--node {}`.",
                    loopback_url(other).as_str().trim_end_matches('/')
                ));
            }
        }
        if here {
            failure
                .hint("`bcoin up` starts a network of three nodes here, `bcoin node` a single one.")
        } else {
            failure.hint(
                "Is the node running, and does it listen on that address (`bcoin node --listen`)?",
            )
        }
    }

    /// The node answered, and refuses: its own words, as a sentence.
    fn refusal(&self, path: &str, status: StatusCode, body: &[u8]) -> Failure {
        let Some(problem) = Problem::read(body) else {
            let failure =
                Failure::failed(format!("{} answered {status} to {path}", self.address()));
            return if status == StatusCode::NOT_FOUND && path.starts_with("/v1/") {
                failure.hint(
                    "This node has no /v1 routes; is it one of the book's own? `bcoin export` works with those, too.",
                )
            } else {
                failure.hint("Is that a B-Coin node?")
            };
        };
        let mut failure =
            Failure::failed(format!("{} (HTTP {})", problem.sentence, status.as_u16()));
        failure.rule = problem.rule;
        match (status, &self.token) {
            (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, None) if problem.asks_for_token => failure.hint(
                "Give the node's token: `--token-file DATA_DIR/token`, from the data folder of that node.",
            ),
            _ => failure,
        }
    }
}

/// The node that is meant where none is named: the book's, or the one that `bcoin up` starts where the book's port may not
/// be bound, if only that one answers. Says so then.
pub async fn usual_node() -> Url {
    let (book, fallback) = (loopback(BOOK_PORT), loopback(FALLBACK_PORT));
    if listens(book).await || !listens(fallback).await {
        return loopback_url(BOOK_PORT);
    }
    terminal::note(&format!(
        "note: nothing answers on port {BOOK_PORT}; asking the node on port {FALLBACK_PORT} \
         (--node or BCOIN_NODE chooses another)"
    ));
    loopback_url(FALLBACK_PORT)
}

/// What a problem document (RFC 9457) says to a person, as a sentence; nothing if it is none.
pub fn problem_sentence(body: &[u8]) -> Option<String> {
    Problem::read(body).map(|problem| problem.sentence)
}

/// What a problem document (RFC 9457) says to a person.
struct Problem {
    sentence: String,
    rule: Option<String>,
    asks_for_token: bool,
}

impl Problem {
    fn read(body: &[u8]) -> Option<Self> {
        let json: serde_json::Value = serde_json::from_slice(body).ok()?;
        let text = |name: &str| json.get(name).and_then(serde_json::Value::as_str);
        let sentence = printable(text("detail").or_else(|| text("title"))?).into_owned();
        let slug = text("type").unwrap_or_default();
        Some(Self {
            asks_for_token: slug.contains("token") || sentence.to_lowercase().contains("token"),
            rule: text("rule").map(str::to_owned),
            sentence,
        })
    }
}

/// The last cause of an error, which is what the system said (`connection refused`).
pub fn cause(error: &dyn std::error::Error) -> String {
    let mut last: &dyn std::error::Error = error;
    while let Some(next) = last.source() {
        last = next;
    }
    printable(&last.to_string()).into_owned()
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

fn loopback_url(port: u16) -> Url {
    Url::parse(&format!("http://127.0.0.1:{port}/")).expect("an address and a port make a URL")
}

/// Whether anything accepts connections there.
pub async fn listens(address: SocketAddr) -> bool {
    let connecting = tokio::net::TcpStream::connect(address);
    matches!(
        tokio::time::timeout(Duration::from_secs(1), connecting).await,
        Ok(Ok(_))
    )
}

/// How long a node may take until it begins to answer: mining, audits and whole chains take their time.
fn patience(path: &str) -> Duration {
    if path.starts_with("/v1/") && !path.starts_with("/v1/audit") {
        READY_TIME
    } else {
        SILENT_TIME
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_named_by_url_or_by_host_and_port() {
        for (text, url) in [
            ("127.0.0.1:1002", "http://127.0.0.1:1002/"),
            ("http://localhost:1001", "http://localhost:1001/"),
            ("http://[::1]:1001/", "http://[::1]:1001/"),
            ("node1:1001", "http://node1:1001/"),
        ] {
            assert_eq!(parse_node_url(text).unwrap().as_str(), url);
        }
        for text in [
            "https://a:1",
            "http://a:1/get_chain",
            "http://u@a:1",
            "http://",
            "a:99999",
        ] {
            assert!(parse_node_url(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_problem_document_becomes_a_sentence() {
        let body = br#"{"type":"/problems/missing","title":"Missing","status":400,"detail":"Some are missing."}"#;
        assert_eq!(Problem::read(body).unwrap().sentence, "Some are missing.");
        assert!(Problem::read(b"<html>").is_none());
        assert!(Problem::read(b"{}").is_none());
    }
}
