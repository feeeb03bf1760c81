//! How other nodes' trees of blocks look, asked while somebody looks at the network page: [`Watch`].
//!
//! A round is begun by whoever looks and waited for by nobody. What comes is shown and forgotten: it is never stored, never
//! believed, and moves nothing. An answer is bounded in time, bytes and blocks, and only hashes and numbers are taken from it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use serde::Deserialize;
use thiserror::Error;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::address::PeerAddress;
use super::fault::Fault;
use super::outgoing::{CallLimits, Fetch, FetchError, HttpOutgoing};
use super::pace::{PaceError, PaceLimits, Paced};
use super::reach::Reach;
use crate::limits::{
    NETWORK_WATCH, NETWORK_WATCH_BLOCKS, NETWORK_WATCH_BYTES, NETWORK_WATCH_KEPT, NETWORK_WATCHED,
};

/// What each node is asked for: as many blocks as the page shows.
const PATH: &str = "/v1/network?blocks=24";
/// What a node calls itself in its answer.
const ITSELF: &str = "this node";

/// Looks at other nodes. One for a node; clones share what was seen.
#[derive(Clone)]
pub struct Watch(Arc<Shared>);

struct Shared {
    outgoing: HttpOutgoing,
    shutdown: CancellationToken,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// When the last round began.
    began: Option<Instant>,
    is_asking: bool,
    /// With which node the next round begins.
    turn: usize,
    kept: BTreeMap<PeerAddress, (Instant, Looked)>,
}

/// What is known just now.
#[derive(Debug, Clone, Default)]
pub struct Glance {
    pub looked: BTreeMap<PeerAddress, Looked>,
    /// Whether more is under way.
    pub is_asking: bool,
}

/// What came of asking one node.
#[derive(Debug, Clone)]
pub struct Looked {
    /// From the call to the last byte.
    pub took: Duration,
    pub tree: Result<Arc<SeenTree>, LookError>,
}

/// The tree of recent blocks of another node, by its word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenTree {
    /// Where it stands.
    pub height: u64,
    pub tip: String,
    pub blocks: Vec<SeenBlock>,
}

impl SeenTree {
    /// Whether its chain is here from its first block on.
    pub fn begins(&self) -> bool {
        self.blocks
            .iter()
            .any(|block| block.on_chain && block.parent.is_none())
    }
}

/// A block by the word of another node. Hashes are 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SeenBlock {
    pub height: u64,
    pub hash: String,
    pub parent: Option<String>,
    pub on_chain: bool,
    pub transactions: Option<u64>,
}

/// Why nothing was seen of a node.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LookError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Pace(PaceError),
    #[error("no whole answer within {} s", limit.as_secs_f64())]
    TooLong { limit: Duration },
    #[error("it has no /v1/network (404)")]
    NoSuchPath,
    #[error("its answer is longer than the {limit} bytes that are read of it")]
    TooLarge { limit: usize },
    #[error("its answer is not the JSON of a tree (line {line}, column {column})")]
    NotATree { line: usize, column: usize },
    #[error("its answer has {found} blocks, and at most {limit} are read")]
    TooManyBlocks { found: usize, limit: usize },
    #[error("a {member} in its answer is not 64 hexadecimal digits")]
    NotAHash { member: &'static str },
    #[error("its answer does not say where it stands itself")]
    StandsNowhere,
}

impl LookError {
    /// Whose doing it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Fetch(error) => error.fault(),
            Self::Pace(error) => error.fault(),
            Self::TooLong { .. } => Fault::Connection,
            _ => Fault::Answer,
        }
    }
}

impl From<PaceError> for LookError {
    fn from(error: PaceError) -> Self {
        match error {
            PaceError::TooLarge { .. } | PaceError::ClaimsTooLarge { .. } => Self::TooLarge {
                limit: NETWORK_WATCH_BYTES,
            },
            other => Self::Pace(other),
        }
    }
}

impl Watch {
    pub fn new(reach: Reach, shutdown: CancellationToken) -> Self {
        let limits = CallLimits {
            connect: NETWORK_WATCH,
            silence: NETWORK_WATCH,
        };
        Self(Arc::new(Shared {
            outgoing: HttpOutgoing::new(reach, limits),
            shutdown,
            seen: Mutex::default(),
        }))
    }

    /// Somebody looks: what is known of `peers` now. Has them asked anew unless that was done within [`NETWORK_WATCH`], and waits
    /// for nothing. To be called within a runtime.
    pub fn look(&self, peers: &[PeerAddress]) -> Glance {
        let mut seen = self.0.seen();
        let now = Instant::now();
        seen.kept.retain(|peer, (at, _)| {
            peers.contains(peer) && now.duration_since(*at) < NETWORK_WATCH_KEPT
        });
        let is_due = seen
            .began
            .is_none_or(|began| now.duration_since(began) >= NETWORK_WATCH);
        if is_due && !seen.is_asking && !peers.is_empty() && !self.0.shutdown.is_cancelled() {
            seen.began = Some(now);
            seen.is_asking = true;
            let from = seen.turn % peers.len();
            seen.turn = from.saturating_add(NETWORK_WATCHED);
            let chosen = peers.iter().cycle().skip(from);
            let chosen = chosen.take(NETWORK_WATCHED.min(peers.len()));
            let round = round(Asking(self.clone()), chosen.cloned().collect());
            let shutdown = self.0.shutdown.clone();
            // Bounded by its calls' time and by the node's own end.
            tokio::spawn(async move { shutdown.run_until_cancelled(round).await });
        }
        let kept = seen.kept.iter();
        Glance {
            looked: kept
                .map(|(peer, (_, looked))| (peer.clone(), looked.clone()))
                .collect(),
            is_asking: seen.is_asking,
        }
    }
}

impl Shared {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        // Nobody leaves it half changed.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A round under way; however it ends, another may begin then.
struct Asking(Watch);

impl Drop for Asking {
    fn drop(&mut self) {
        self.0.0.seen().is_asking = false;
    }
}

async fn round(asking: Asking, peers: Vec<PeerAddress>) {
    let shared = &asking.0.0;
    let each = peers.into_iter().map(|peer| async move {
        let began = Instant::now();
        let looked = timeout(NETWORK_WATCH, ask(&shared.outgoing, &peer)).await;
        let looked = looked.unwrap_or(Err(LookError::TooLong {
            limit: NETWORK_WATCH,
        }));
        let looked = Looked {
            took: began.elapsed(),
            tree: looked.map(Arc::new),
        };
        shared.seen().kept.insert(peer, (Instant::now(), looked));
    });
    join_all(each).await;
}

async fn ask(outgoing: &HttpOutgoing, peer: &PeerAddress) -> Result<SeenTree, LookError> {
    let body = outgoing.fetch(peer, PATH, "application/json").await;
    let body = body.map_err(|error| match &error {
        FetchError::Status { status, .. } if status.starts_with("404") => LookError::NoSuchPath,
        _ => error.into(),
    })?;
    let limits = PaceLimits {
        bytes: NETWORK_WATCH_BYTES as u64,
        silence: NETWORK_WATCH,
        rate: 0,
        rate_window: NETWORK_WATCH,
        total: NETWORK_WATCH,
    };
    let mut body = Paced::new(body, limits)?;
    let mut bytes = Vec::new();
    while let Some(chunk) = body.next().await? {
        bytes.extend_from_slice(&chunk);
    }
    read(&bytes)
}

#[derive(Deserialize)]
struct Answer {
    blocks: Vec<SeenBlock>,
    standing: Vec<Stands>,
}

#[derive(Deserialize)]
struct Stands {
    node: String,
    height: u64,
    hash: String,
}

/// Takes from an answer what has the right form.
fn read(answer: &[u8]) -> Result<SeenTree, LookError> {
    let answer: Answer = serde_json::from_slice(answer).map_err(|error| LookError::NotATree {
        line: error.line(),
        column: error.column(),
    })?;
    let found = answer.blocks.len();
    if found > NETWORK_WATCH_BLOCKS {
        return Err(LookError::TooManyBlocks {
            found,
            limit: NETWORK_WATCH_BLOCKS,
        });
    }
    for block in &answer.blocks {
        is_hash("hash", &block.hash)?;
        if let Some(parent) = &block.parent {
            is_hash("parent", parent)?;
        }
    }
    let own = answer
        .standing
        .into_iter()
        .find(|stands| stands.node == ITSELF)
        .ok_or(LookError::StandsNowhere)?;
    is_hash("hash", &own.hash)?;
    Ok(SeenTree {
        height: own.height,
        tip: own.hash,
        blocks: answer.blocks,
    })
}

fn is_hash(member: &'static str, text: &str) -> Result<(), LookError> {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if text.len() == 64 && text.bytes().all(is_digit) {
        return Ok(());
    }
    Err(LookError::NotAHash { member })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn answer(blocks: serde_json::Value) -> Vec<u8> {
        let standing = json!([
            {"node": "127.0.0.1:9", "height": 1, "hash": "f".repeat(64), "weight": "1", "place": "unknown"},
            {"node": "this node", "height": 2, "hash": "a".repeat(64), "weight": "2", "place": "on_chain"},
        ]);
        let all = json!({"sync": "manual", "blocks": blocks, "standing": standing});
        serde_json::to_vec(&all).expect("JSON")
    }

    fn block(hash: &str) -> serde_json::Value {
        json!({"height": 2, "hash": hash, "parent": null, "on_chain": true, "transactions": 1, "standing": ["<b>"]})
    }

    #[test]
    fn a_tree_is_read_and_everything_else_refused() {
        let good = read(&answer(json!([block(&"a".repeat(64))]))).expect("a tree");
        assert_eq!((good.height, good.tip.as_str()), (2, &*"a".repeat(64)));
        assert_eq!(good.blocks.len(), 1);
        let hash = LookError::NotAHash { member: "hash" };
        for odd in [
            "A".repeat(64),
            "a".repeat(63),
            "é".repeat(32),
            String::new(),
        ] {
            assert_eq!(read(&answer(json!([block(&odd)]))), Err(hash.clone()));
        }
        let many = vec![block(&"a".repeat(64)); NETWORK_WATCH_BLOCKS + 1];
        let many = read(&answer(many.into()));
        assert!(
            matches!(many, Err(LookError::TooManyBlocks { .. })),
            "{many:?}"
        );
        for text in [
            "",
            "[]",
            "{\"blocks\": []}",
            "{\"blocks\": [7], \"standing\": []}",
            "<html>",
        ] {
            let read = read(text.as_bytes());
            assert!(matches!(read, Err(LookError::NotATree { .. })), "{text}");
        }
        let nowhere = read(b"{\"blocks\": [], \"standing\": []}");
        assert_eq!(nowhere, Err(LookError::StandsNowhere));
        let deep = "[".repeat(200_000);
        assert!(read(deep.as_bytes()).is_err());
        let negative = read(&answer(
            json!([{"height": -1, "hash": "a", "parent": null, "on_chain": true}]),
        ));
        assert!(matches!(negative, Err(LookError::NotATree { .. })));
    }

    #[test]
    fn no_error_says_what_a_peer_wrote() {
        let odd = br#"{"blocks": ["<script>alert(1)</script>"], "standing": []}"#;
        let error = read(odd).expect_err("no tree").to_string();
        assert!(!error.contains("script"), "{error}");
    }
}
