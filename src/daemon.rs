//! One whole node: store, writer, peers and HTTP, put together. A [`Daemon`] is a classic node, a [`coin::CoinDaemon`] a coin node.
//!
//! Gets its listener and its shutdown from outside, so that a test or an example runs a network in one process. The command
//! line and the examples call it; nothing below knows it.

pub mod coin;
mod joining;
mod running;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ipnet::IpNet;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::api::face::Face;
use crate::api::guard::{Guard, GuardSettings};
use crate::api::itself::Itself;
use crate::api::metrics::NodeMetrics;
use crate::api::serve::serve;
use crate::api::token::{Token, TokenError};
use crate::api::{self, App};
use crate::limits::{HttpLimits, QueueLimits};
use crate::node::{self, Clock, NodeError, NodeHandle, python_timestamp, system_clock};
use crate::peers::address::PeerAddress;
use crate::peers::ledger::classic::{BranchRoom, ClassicLedger};
use crate::peers::live::changes;
use crate::peers::live::following::{FollowError, FollowSettings};
use crate::peers::live::plain::pulls::ClassicPulls;
use crate::peers::outgoing::{CallLimits, HttpOutgoing};
use crate::peers::pull::{PullLimits, Puller};
use crate::peers::reach::Reach;
use crate::protocol::classic::block::Block;
use crate::store::{OpenError, Store, StoreOptions};
use joining::{Joining, Joins};
use running::Running;

/// Holds the token for clients on other machines, in the node's folder.
pub const TOKEN_FILE: &str = "token";

/// What a node is told once.
#[derive(Clone)]
pub struct Settings {
    /// The node's folder, made if it is not there.
    pub data_dir: PathBuf,
    /// Who gets the reward for a block mined here.
    pub miner: String,
    pub store: StoreOptions,
    /// Names by which requests may call this node, beside IP addresses and loopback names.
    pub host_names: Vec<String>,
    /// Clients that may change this node over the network without its token.
    pub allow: Vec<IpNet>,
    /// Whether peers on loopback and private addresses may be called from everywhere.
    pub allow_private_peers: bool,
    /// Peers known from the start; this node's own address among them is left out.
    pub peers: Vec<PeerAddress>,
    /// How the node follows others by itself, if it does.
    pub follow: Option<FollowSettings>,
    pub pull_limits: PullLimits,
    pub http_limits: HttpLimits,
    pub queue_limits: QueueLimits,
    pub clock: Clock,
}

impl Settings {
    /// The defaults for a node that keeps its chain in `data_dir` and pays `miner`.
    pub fn new(data_dir: impl Into<PathBuf>, miner: impl Into<String>) -> Self {
        Self {
            data_dir: data_dir.into(),
            miner: miner.into(),
            store: StoreOptions::default(),
            host_names: Vec::new(),
            allow: Vec::new(),
            allow_private_peers: false,
            peers: Vec::new(),
            follow: None,
            pull_limits: PullLimits::default(),
            http_limits: HttpLimits::default(),
            queue_limits: QueueLimits::default(),
            clock: system_clock(),
        }
    }
}

/// Why a node did not start.
#[derive(Debug, Error)]
pub enum StartError {
    #[error(transparent)]
    Store(#[from] OpenError),
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error(transparent)]
    Node(#[from] NodeError),
    #[error("the listener has no address: {0}")]
    Listener(#[from] std::io::Error),
    #[error(transparent)]
    Follow(#[from] FollowError),
}

/// A running node.
#[derive(Debug)]
pub struct Daemon {
    pub node: NodeHandle,
    pub address: SocketAddr,
    running: Running,
}

impl Daemon {
    /// Opens the store, starts the writer, and serves on `listener`.
    ///
    /// # Errors
    /// [`StartError`] when the folder is in use or its contents are damaged, foreign or of another network.
    pub async fn start(settings: Settings, listener: TcpListener) -> Result<Self, StartError> {
        let address = listener.local_addr()?;
        let clock = Arc::clone(&settings.clock);
        let (folder, options) = (settings.data_dir.clone(), settings.store.clone());
        let opening = move || {
            Store::open(&folder, options, || {
                Block::first(&python_timestamp(clock()))
            })
        };
        let opened = tokio::task::spawn_blocking(opening).await;
        let store = opened.map_err(|panic| OpenError::Damaged {
            path: settings.data_dir.clone(),
            detail: panic.to_string(),
        })??;
        let metrics = NodeMetrics::default();
        let shutdown = CancellationToken::new();
        let tasks = TaskTracker::new();
        let mut face = Outside {
            folder: &settings.data_dir,
            host_names: settings.host_names,
            allow: settings.allow,
            allow_private_peers: settings.allow_private_peers,
            limits: &settings.http_limits,
        }
        .face(address, &metrics, &shutdown)?;
        let joining = Joining::prepared(settings.follow, &mut face, &tasks);
        let (node, writer) = node::start(
            store,
            node::Settings {
                miner: settings.miner,
                clock: settings.clock,
                queue_limits: settings.queue_limits,
                travels: joining.is_some(),
                recorder: metrics.recorder(),
            },
        )?;

        let new = unknown(&settings.peers, &face.itself, &node.peers());
        if !new.is_empty() {
            node.connect_peers(new).await?;
        }
        let outgoing = HttpOutgoing::new(face.reach, CallLimits::default());
        let puller = || {
            let folder = settings.data_dir.clone();
            Puller::new(Arc::new(outgoing), settings.pull_limits, folder)
        };
        if let Some(joining) = joining {
            let room = BranchRoom::in_folder(settings.data_dir.clone());
            let joins = Joins {
                node: &node,
                reading: changes::classic::READING,
                ledger: Arc::new(ClassicLedger::new(node.clone(), room)),
                pulls: Arc::new(ClassicPulls {
                    node: node.clone(),
                    // One of its own: a round by hand may wait long for slow peers.
                    puller: puller(),
                }),
                known: node.peers(),
                folder: settings.data_dir.clone(),
                listen: address,
            };
            joining.join(joins, &mut face, &tasks).await?;
        }

        tasks.spawn(metrics.keep_up(shutdown.clone()));
        let router = api::router(App::of(face, node.clone(), puller()));
        let server = serve(listener, router, settings.http_limits, shutdown.clone());
        let running = Running::with(server, shutdown, tasks, writer);
        Ok(Self {
            node,
            address,
            running,
        })
    }

    /// Resolves when the store failed for good (a sync, or a panic over damaged pages): the process must end.
    pub async fn failed(&self) {
        self.running.failed().await;
    }

    /// Ends the node: event streams first, then requests in flight, then the writer. Bounded by about five seconds.
    pub async fn shut_down(self) {
        self.running.end(self.node).await;
    }
}

/// What an operator decided about who meets a node.
struct Outside<'s> {
    folder: &'s Path,
    host_names: Vec<String>,
    allow: Vec<IpNet>,
    allow_private_peers: bool,
    limits: &'s HttpLimits,
}

impl Outside<'_> {
    fn face(
        self,
        address: SocketAddr,
        metrics: &NodeMetrics,
        shutdown: &CancellationToken,
    ) -> Result<Face, TokenError> {
        let token = Token::load_or_create(&self.folder.join(TOKEN_FILE))?;
        let guard = Guard::new(GuardSettings {
            host_names: self.host_names.clone(),
            allow: self.allow,
            token: Some(token),
            limits: self.limits.clone(),
        });
        Ok(Face::new(
            Reach::of(address.ip(), self.allow_private_peers),
            Itself::new(address, self.host_names),
            guard,
            metrics.clone(),
            shutdown.clone(),
        ))
    }
}

/// Those of the peers that the node does not know yet, in their canonical form, without itself.
fn unknown(peers: &[PeerAddress], itself: &Itself, known: &[String]) -> Vec<String> {
    let others = peers.iter().filter(|peer| !itself.is(peer, None));
    let named = others.map(PeerAddress::to_string);
    named.filter(|peer| !known.contains(peer)).collect()
}
