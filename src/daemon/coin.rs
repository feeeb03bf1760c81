//! One whole coin node: store, writer, miner and HTTP, put together.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use alloy_primitives::Address;
use ipnet::IpNet;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::joining::{Joining, Joins};
use super::running::Running;
use super::{Outside, unknown};
use crate::api::coin::{self, CoinApp, MiningSettings};
use crate::api::metrics::NodeMetrics;
use crate::api::serve::serve;
use crate::api::token::TokenError;
use crate::limits::{self, HttpLimits, PoolLimits};
use crate::miner::coin::{Schedule, keep_mining};
use crate::node::coin::{CoinError, CoinHandle, CoinSettings, UnixClock, start_coin};
use crate::peers::address::PeerAddress;
use crate::peers::coin::pull::{CoinPuller, PullLimits};
use crate::peers::ledger::coin::CoinLedger;
use crate::peers::live::changes;
use crate::peers::live::following::{FollowError, FollowSettings};
use crate::peers::live::plain::pulls::CoinPulls;
use crate::peers::outgoing::{CallLimits, HttpOutgoing};
use crate::protocol::coin::genesis::Genesis;
use crate::protocol::coin::header::PowHash;
use crate::store::coin::CoinStore;
use crate::store::{OpenError, StoreError, StoreOptions};
use crate::wallet::ring::KeyRing;

/// What a coin node is told once.
pub struct Settings {
    /// The node's folder, made if it is not there.
    pub data_dir: PathBuf,
    /// The network.
    pub genesis: Arc<Genesis>,
    /// Memory for the store's pages.
    pub cache_bytes: usize,
    /// Who is paid for blocks mined here, and how they are mined for those who ask.
    pub mining: MiningSettings,
    /// How the node mines by itself, and on how many threads, if it does.
    pub schedule: Option<(Schedule, usize)>,
    /// Keys that the node holds.
    pub keys: KeyRing,
    /// A block whose branch the node may switch to from any depth.
    pub switch_to: Option<PowHash>,
    /// Names by which requests may call this node, beside IP addresses and loopback names.
    pub host_names: Vec<String>,
    /// Clients that may change this node over the network without its token.
    pub allow: Vec<IpNet>,
    /// Whose pages may call `/rpc`, as `https://wallet.example`.
    pub rpc_origins: Vec<String>,
    /// Whether peers on loopback and private addresses may be called from everywhere.
    pub allow_private_peers: bool,
    /// Peers known from the start; this node's own address among them is left out.
    pub peers: Vec<PeerAddress>,
    /// How the node follows others by itself, if it does.
    pub follow: Option<FollowSettings>,
    pub pull_limits: PullLimits,
    pub http_limits: HttpLimits,
    pub pool_limits: PoolLimits,
    pub clock: UnixClock,
}

impl Settings {
    /// The defaults for a node of a network that keeps its chain in `data_dir` and pays `miner`.
    pub fn new(
        data_dir: impl Into<PathBuf>,
        genesis: Arc<Genesis>,
        miner: Option<Address>,
    ) -> Self {
        Self {
            data_dir: data_dir.into(),
            genesis,
            cache_bytes: StoreOptions::default().cache_bytes,
            mining: MiningSettings::paying(miner),
            schedule: None,
            keys: KeyRing::default(),
            switch_to: None,
            host_names: Vec::new(),
            allow: Vec::new(),
            rpc_origins: Vec::new(),
            allow_private_peers: false,
            peers: Vec::new(),
            follow: None,
            pull_limits: PullLimits::default(),
            http_limits: HttpLimits::default(),
            pool_limits: PoolLimits::default(),
            clock: system_seconds(),
        }
    }
}

/// The machine's clock, in seconds since 1970; one before that reads as 1970.
pub fn system_seconds() -> UnixClock {
    Arc::new(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        since.unwrap_or_default().as_secs()
    })
}

/// Why a coin node did not start.
#[derive(Debug, Error)]
pub enum CoinStartError {
    #[error(transparent)]
    Store(#[from] OpenError),
    #[error(transparent)]
    Read(#[from] StoreError),
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error(transparent)]
    Node(#[from] CoinError),
    #[error("the node is to mine by itself and was not told whom to pay")]
    NoMiner,
    #[error("the listener has no address: {0}")]
    Listener(#[from] std::io::Error),
    #[error(transparent)]
    Follow(#[from] FollowError),
}

/// A running coin node.
#[derive(Debug)]
pub struct CoinDaemon {
    pub node: CoinHandle,
    pub address: SocketAddr,
    /// Who is paid for blocks mined here.
    pub miner: Option<Address>,
    running: Running,
}

impl CoinDaemon {
    /// Opens the store, starts the writer, mines if it is to, and serves on `listener`.
    ///
    /// # Errors
    /// [`CoinStartError`] when the folder is in use or its contents are damaged, foreign or of another network.
    pub async fn start(settings: Settings, listener: TcpListener) -> Result<Self, CoinStartError> {
        let address = listener.local_addr()?;
        let miner = settings.mining.miner;
        let mines = match settings.schedule {
            Some(schedule) => Some((miner.ok_or(CoinStartError::NoMiner)?, schedule)),
            None => None,
        };
        let store = open(&settings).await?;
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
        let told = CoinSettings {
            genesis: settings.genesis,
            clock: settings.clock,
            pool_limits: settings.pool_limits,
            switch_to: settings.switch_to,
            recorder: metrics.recorder(),
        };
        // Transactions that waited are checked again, which takes its time.
        let started = tokio::task::spawn_blocking(move || start_coin(store, told));
        let (node, writer) = started.await.map_err(|_| CoinError::SearchStopped)??;
        if let Some(tip) = settings.switch_to {
            let switched = node.switch_to(tip).await?;
            tracing::info!(%tip, ?switched, "the operator's choice of branch");
        }

        let new = unknown(&settings.peers, &face.itself, &node.peers());
        if !new.is_empty() {
            node.connect_peers(new).await?;
        }
        let outgoing = HttpOutgoing::new(face.reach, CallLimits::default());
        let puller = || CoinPuller::new(Arc::new(outgoing), settings.pull_limits);
        if let Some(joining) = joining {
            let joins = Joins {
                node: &node,
                reading: changes::coin::READING,
                ledger: Arc::new(CoinLedger::new(node.clone())),
                pulls: Arc::new(CoinPulls {
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
        tasks.spawn(expire(node.clone(), shutdown.clone()));
        let mines_by_itself = mines.is_some();
        if let Some((miner, (schedule, threads))) = mines {
            let mining = keep_mining(node.clone(), miner, threads, schedule, shutdown.clone());
            tasks.spawn(mining);
        }
        let mut app = CoinApp::new(
            face,
            node.clone(),
            MiningSettings {
                by_schedule: mines_by_itself,
                ..settings.mining
            },
            settings.keys,
            puller(),
            tasks.clone(),
        );
        app.rpc_origins.named = settings.rpc_origins;
        let router = coin::router(app);
        let server = serve(listener, router, settings.http_limits, shutdown.clone());
        let running = Running::with(server, shutdown, tasks, writer);
        Ok(Self {
            node,
            address,
            miner,
            running,
        })
    }

    /// Resolves when the store failed for good (a sync, or a panic over damaged pages): the process must end.
    pub async fn failed(&self) {
        self.running.failed().await;
    }

    /// Ends the node: event streams and searches first, then requests in flight, then the writer. Bounded by about five seconds.
    pub async fn shut_down(self) {
        self.running.end(self.node).await;
    }
}

async fn open(settings: &Settings) -> Result<CoinStore, OpenError> {
    let (folder, genesis) = (settings.data_dir.clone(), Arc::clone(&settings.genesis));
    let cache_bytes = settings.cache_bytes;
    let opening = move || CoinStore::open_network(&folder, cache_bytes, &genesis);
    let opened = tokio::task::spawn_blocking(opening).await;
    opened.map_err(|panic| OpenError::Damaged {
        path: settings.data_dir.clone(),
        detail: panic.to_string(),
    })?
}

/// Has the node let go of transactions that have waited too long, again and again.
async fn expire(node: CoinHandle, shutdown: CancellationToken) {
    const PAUSE: Duration = limits::POOL_EXPIRY_PAUSE;
    let every = async {
        loop {
            tokio::time::sleep(PAUSE).await;
            match node.expire().await {
                Ok(0) => {}
                Ok(count) => tracing::info!(count, "transactions waited too long and are gone"),
                Err(CoinError::ShuttingDown) => return,
                Err(error) => tracing::warn!(%error, "what has waited too long stays for now"),
            }
        }
    };
    shutdown.run_until_cancelled(every).await;
}
