//! Has a node find and follow others: puts the parts of [`super::network`] together.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use thiserror::Error;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::changes::Change;
use super::key_file::{KeyFileError, load_or_create};
use super::local::{Announced, Found, find_local};
use super::network::{self, Network, Parts};
use super::stream::{Acceptor, Inbound};
use crate::limits;
use crate::peers::address::PeerAddress;
use crate::peers::book;
use crate::peers::book::file::BookFile;
use crate::peers::engine::input::{Input, Moment};
use crate::peers::engine::{self, Engine};
use crate::peers::ledger::{Ledger, LedgerError};
use crate::peers::message::identity::Identity;
use crate::peers::reach::Reach;

/// How a node follows others, beyond the peers that it is told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowSettings {
    /// Whether nodes on the local network are looked for, and told of this one.
    pub find_local: bool,
    /// How often nodes without sessions, such as the book's Python nodes, are asked for their chains.
    pub poll: Duration,
    /// Whether those are told of this node, and to look at its chain after each new block.
    pub nudge: bool,
}

impl Default for FollowSettings {
    fn default() -> Self {
        Self {
            find_local: false,
            poll: limits::PLAIN_POLL,
            nudge: false,
        }
    }
}

/// Why a node does not follow others.
#[derive(Debug, Error)]
pub enum FollowError {
    #[error(transparent)]
    Key(#[from] KeyFileError),
    #[error("the system gives no random bytes: {0}")]
    NoRandomness(getrandom::Error),
    #[error("the node's chain cannot be read: {0}")]
    Ledger(#[from] LedgerError),
    #[error("starting the network was given up")]
    GivenUp,
}

/// Where sessions arrive that others open: made before HTTP is, which hands them over.
pub struct Doorway {
    pub acceptor: Acceptor,
    inbound: mpsc::Receiver<Inbound>,
}

impl Doorway {
    pub fn new(tasks: &TaskTracker) -> Self {
        let (sender, inbound) = mpsc::channel(limits::SESSIONS_GREETING);
        Self {
            acceptor: Acceptor::new(sender, tasks.clone()),
            inbound,
        }
    }
}

/// Where a node stands among others.
pub struct Standing {
    pub folder: PathBuf,
    pub reach: Reach,
    /// Where it listens.
    pub listen: SocketAddr,
    /// Whom it follows from the start.
    pub peers: Vec<PeerAddress>,
    pub follow: FollowSettings,
}

/// Starts to follow others.
///
/// # Errors
/// [`FollowError`] when the node's key or chain cannot be read.
pub async fn start(
    doorway: Doorway,
    standing: Standing,
    ledger: Arc<dyn Ledger>,
    changes: mpsc::Receiver<Change>,
    channels: Channels,
    tasks: &TaskTracker,
    shutdown: CancellationToken,
) -> Result<Network, FollowError> {
    let unix = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let zero = Instant::now();
    let (folder, reach) = (standing.folder.clone(), standing.reach);
    let reading = Arc::clone(&ledger);
    let opened = tokio::task::spawn_blocking(move || {
        let identity: Identity = load_or_create(&folder)?;
        let now = book::Moment {
            running_ms: 0,
            unix: unix.as_secs(),
        };
        let opened = BookFile::open(&folder, random()?, reach, now);
        Ok::<_, FollowError>((identity, opened, reading.stand()?))
    });
    let (identity, opened, own) = opened.await.map_err(|_| FollowError::GivenUp)??;
    if let Some(unused) = &opened.unused {
        tracing::warn!("{unused}");
    }
    let (name, genesis) = ledger.network();
    let (finds, found) = mpsc::channel(limits::KNOWN_PEERS);
    if standing.follow.find_local {
        let us = Announced {
            network: name.clone(),
            key: hex::encode(identity.key().to_bytes()),
            listens: standing.listen,
        };
        tasks.spawn(look_around(us, finds, shutdown.clone()));
    }
    let settings = engine::Settings {
        listens: Some(standing.listen.port()),
        unix_at_zero: unix.as_secs(),
        ..engine::Settings::of(&name, genesis)
    };
    let mut engine = Engine::new(settings, identity, opened.book, own, random()?, Moment(0));
    engine.handle(Moment(0), Input::Follow(standing.peers));
    let parts = Parts {
        engine,
        ledger,
        reach,
        book_file: opened.file,
        inbound: doorway.inbound,
        changes,
        found,
        without_sessions: channels.without_sessions,
        zero,
        recorder: channels.recorder,
    };
    Ok(network::start(parts, tasks, shutdown))
}

/// What connects the network with what runs beside it.
pub struct Channels {
    /// Named nodes that have no sessions.
    pub without_sessions: mpsc::Sender<PeerAddress>,
    pub recorder: Arc<dyn metrics::Recorder + Send + Sync>,
}

/// Shows this node on the local network, and hands on the addresses of others.
async fn look_around(us: Announced, found: mpsc::Sender<PeerAddress>, shutdown: CancellationToken) {
    let (finds, mut seen) = mpsc::channel::<Found>(limits::KNOWN_PEERS);
    let handing_on = async {
        while let Some(one) = seen.recv().await {
            tracing::debug!(peer = %one.address, "found on the local network");
            // A network that ends takes none.
            let _ = found.send(one.address).await;
        }
    };
    let (searched, ()) = tokio::join!(find_local(us, finds, shutdown), handing_on);
    if let Err(error) = searched {
        tracing::warn!(%error, "nodes on the local network are not looked for");
    }
}

fn random() -> Result<[u8; 32], FollowError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(FollowError::NoRandomness)?;
    Ok(bytes)
}
