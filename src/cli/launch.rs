//! From settings to a running node, and how a node that does not start is explained. The one place of the command line
//! that knows how a node is put together.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use alloy_primitives::Address;
use tokio::net::TcpListener;

use super::exit::{Ending, Failure};
use super::local_node::LocalNode;
use super::terminal::printable;
use super::wallet;
use crate::config::{Config, Network, SyncMode};
use crate::daemon::coin::{self, CoinDaemon, CoinStartError};
use crate::daemon::{Daemon, Settings, StartError};
use crate::miner::coin::Schedule;
use crate::node::NodeError;
use crate::node::coin::CoinError;
use crate::peers::address::PeerAddress;
use crate::peers::coin::pull::PullLimits as CoinPullLimits;
use crate::peers::live::following::FollowSettings;
use crate::peers::pull::PullLimits;
use crate::protocol::coin::DEV_ACCOUNTS;
use crate::protocol::coin::genesis::Genesis;
use crate::protocol::coin::parameters::Parameters;
use crate::store::{OpenError, StoreOptions};
use crate::wallet::address;
use crate::wallet::ring::KeyRing;

/// What users meet wherever they start the classic protocol.
pub const LESSON: &str = "This network is a lesson, not a currency: only 225 proofs exist, they go round in a loop, and forging \
                          a chain of any length costs one hash a block.";

/// What users meet wherever blocks cost nothing.
pub const TOYS: &str = "This network is for lessons and development: blocks cost nothing, and everybody has the keys of its first \
                        accounts, so nothing on it has value.";

/// The longest genesis file: code of first accounts may stand in it.
const GENESIS_FILE_BYTES: u64 = 64 << 20;

/// What a node is to run.
#[derive(Debug, Clone)]
pub enum Runs {
    Classic,
    Coin {
        genesis: Arc<Genesis>,
        /// What the nodes hold.
        keys: KeyRing,
    },
}

impl Runs {
    /// What the settings say; a genesis file is read and checked, and keys are opened.
    pub fn of(config: &Config) -> Result<Self, Failure> {
        let parameters = match &config.node.network {
            Network::Classic if config.keys.unlock.is_empty() => return Ok(Self::Classic),
            Network::Classic => {
                return Err(Failure::usage(
                    "--unlock is for coin networks: on classic nobody signs, so there are no keys",
                ));
            }
            Network::Main => Parameters::main(),
            Network::Dev => Parameters::dev(),
            Network::File(path) => of_file(path)?,
        };
        Ok(Self::Coin {
            genesis: Arc::new(Genesis::of(parameters)),
            keys: wallet::held_keys(&config.keys)?,
        })
    }

    /// The folder below which a local network keeps its nodes; classic's stand in it by their ports alone.
    pub fn folder_in(&self, data_dir: &std::path::Path) -> PathBuf {
        match self {
            Self::Classic => data_dir.to_owned(),
            Self::Coin { genesis, .. } => data_dir.join(&genesis.parameters.name),
        }
    }
}

/// Whether everybody has the keys of the network's first accounts.
pub fn is_dev(genesis: &Genesis) -> bool {
    *genesis == Genesis::of(Parameters::dev())
}

/// What sets one node apart from the others of its network.
#[derive(Debug, Default)]
pub struct Place {
    pub port: u16,
    /// Counted from 0.
    pub place: usize,
    /// In place of the settings' folder.
    pub folder: Option<PathBuf>,
    /// In place of the settings' miner, on classic.
    pub miner: Option<String>,
    /// Whether the settings' miner and mining hold; else it mines for the test account of its place when asked.
    pub by_settings: bool,
    pub peers: Vec<PeerAddress>,
}

/// Starts a node on a port that was taken.
pub async fn start(
    runs: &Runs,
    config: &Config,
    place: Place,
    listener: TcpListener,
) -> Result<LocalNode, Failure> {
    match runs {
        Runs::Classic => {
            if place.by_settings && schedule(config)?.is_some() {
                return Err(Failure::usage(
                    "--mine, --interval and --automine are for coin networks: on classic a block is mined when somebody asks for it",
                ));
            }
            let mut settings = settings(config, place.port);
            settings.peers = place.peers;
            settings.follow = follow(runs, config);
            if let Some(folder) = place.folder {
                settings.data_dir = folder;
            }
            if let Some(miner) = place.miner {
                settings.miner = miner;
            }
            start_classic(settings, listener)
                .await
                .map(LocalNode::Classic)
        }
        Runs::Coin { genesis, keys } => {
            let mut settings = coin_settings(config, Arc::clone(genesis), place)?;
            settings.keys = keys.clone();
            settings.follow = follow(runs, config);
            start_coin(settings, listener).await.map(LocalNode::Coin)
        }
    }
}

/// What a classic node on `port` is told, but for its peers.
fn settings(config: &Config, port: u16) -> Settings {
    let mut settings = Settings::new(config.data_dir(port), config.miner(port).as_str());
    settings.store = store_options(config);
    settings.host_names = host_names(config);
    settings.allow = config.http.allow.clone();
    settings.allow_private_peers = config.peers.allow_private;
    settings.pull_limits =
        PullLimits::new(config.peers.max_pull_bytes, config.peers.max_pull_blocks);
    settings
}

impl Runs {
    /// Whether nodes follow each other by themselves, unless the settings say otherwise.
    pub fn sync(&self, config: &Config) -> SyncMode {
        config.peers.sync.unwrap_or(match self {
            Self::Classic => SyncMode::Manual,
            Self::Coin { .. } => SyncMode::Auto,
        })
    }
}

/// How the node follows others by itself, if it does.
fn follow(runs: &Runs, config: &Config) -> Option<FollowSettings> {
    match runs.sync(config) {
        SyncMode::Manual => {
            if config.peers.find_local || config.peers.nudge {
                tracing::warn!(
                    "--find-local and --nudge do nothing with --sync manual: this node follows nobody by itself"
                );
            }
            None
        }
        SyncMode::Auto => Some(FollowSettings {
            find_local: config.peers.find_local,
            poll: Duration::from_secs(config.peers.poll_seconds),
            nudge: config.peers.nudge,
        }),
    }
}

fn host_names(config: &Config) -> Vec<String> {
    let names = config.http.host_names.iter();
    names.map(ToString::to_string).collect()
}

/// How the store of a classic node is opened.
pub fn store_options(config: &Config) -> StoreOptions {
    StoreOptions {
        cache_bytes: usize::try_from(config.store.cache_bytes).unwrap_or(usize::MAX),
        network: config.node.network.to_string(),
    }
}

/// The parameters in a genesis file.
pub fn of_file(path: &std::path::Path) -> Result<Parameters, Failure> {
    let failed = |error| Failure::file("read the genesis file", path, &error);
    let length = std::fs::metadata(path).map_err(failed)?.len();
    if length > GENESIS_FILE_BYTES {
        return Err(Failure::usage(format!(
            "{} has {length} bytes, a genesis file has at most {GENESIS_FILE_BYTES}",
            path.display()
        )));
    }
    let text = std::fs::read_to_string(path).map_err(failed)?;
    Parameters::from_genesis_file(&text).map_err(|error| {
        let error = error.to_string();
        Failure::usage(format!("{}: {}", path.display(), printable(&error)))
    })
}

/// What a coin node is told.
fn coin_settings(
    config: &Config,
    genesis: Arc<Genesis>,
    place: Place,
) -> Result<coin::Settings, Failure> {
    let test_account = || {
        let accounts = is_dev(&genesis).then_some(&DEV_ACCOUNTS)?;
        accounts.get(place.place % accounts.len()).copied()
    };
    let miner = match &config.node.miner {
        Some(text) if place.by_settings => Some(miner_address(text.as_str())?),
        _ => test_account(),
    };
    let folder = place
        .folder
        .unwrap_or_else(|| config.coin_data_dir(&genesis.parameters.name, place.port));
    let schedule = match place.by_settings {
        true => schedule(config)?,
        false => None,
    };
    let mut settings = coin::Settings::new(folder, genesis, miner);
    settings.schedule = schedule;
    settings.cache_bytes = store_options(config).cache_bytes;
    settings.host_names = host_names(config);
    settings.allow = config.http.allow.clone();
    settings.rpc_origins = config
        .http
        .rpc_origins
        .iter()
        .map(|one| one.to_string())
        .collect();
    settings.allow_private_peers = config.peers.allow_private;
    settings.pull_limits =
        CoinPullLimits::new(config.peers.max_pull_bytes, config.peers.max_pull_blocks);
    settings.peers = place.peers;
    if let Some(text) = &config.node.switch_to {
        let hash = text.parse().map_err(|_| {
            let text = printable(text);
            Failure::usage(format!(
                "--switch-to {text}: a block's hash is 64 hexadecimal digits"
            ))
        })?;
        settings.switch_to = Some(hash);
    }
    Ok(settings)
}

/// On coin the miner is an address.
fn miner_address(text: &str) -> Result<Address, Failure> {
    let written = address::parse(text).map_err(|error| {
        let text = printable(text);
        Failure::usage(format!("the miner {text} is no address: {error}")).hint(
            "On this network rewards go to an address of your own: `bcoin wallet new` makes one.",
        )
    })?;
    Ok(written.address)
}

/// How the node mines by itself, and on how many threads.
fn schedule(config: &Config) -> Result<Option<(Schedule, usize)>, Failure> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mining = &config.mining;
    match (mining.threads, mining.interval, mining.on_transactions) {
        (Some(threads), _, _) if !(1..=1_024).contains(&threads) => Err(Failure::usage(format!(
            "mining.threads is {threads}, it must be from 1 to 1024; without it the node mines only when asked"
        ))),
        (_, Some(0), _) => Err(Failure::usage(
            "mining.interval is 0, it must be at least 1 second; without it the node mines only when asked",
        )),
        (None, None, false) => Ok(None),
        (Some(threads), None, false) => Ok(Some((Schedule::Always, threads as usize))),
        (None, Some(seconds), false) => {
            let interval = Duration::from_secs(seconds.into());
            Ok(Some((Schedule::Every(interval), cores)))
        }
        (None, None, true) => Ok(Some((Schedule::OnTransactions, cores))),
        _ => Err(Failure::usage(
            "--mine, --interval and --automine exclude each other: a node mines all the time, by the clock, or on transactions",
        )),
    }
}

async fn start_classic(settings: Settings, listener: TcpListener) -> Result<Daemon, Failure> {
    Daemon::start(settings, listener)
        .await
        .map_err(|error| match error {
            StartError::Store(error) => error.into(),
            StartError::Node(NodeError::Store(error)) => {
                Failure::new(Ending::Store, error.to_string())
            }
            other => Failure::failed(other.to_string()),
        })
}

async fn start_coin(
    settings: coin::Settings,
    listener: TcpListener,
) -> Result<CoinDaemon, Failure> {
    CoinDaemon::start(settings, listener)
        .await
        .map_err(|error| match error {
            CoinStartError::Store(error) => error.into(),
            CoinStartError::Read(error) | CoinStartError::Node(CoinError::Store(error)) => {
                Failure::new(Ending::Store, error.to_string())
            }
            error @ CoinStartError::NoMiner => Failure::usage(error.to_string())
                .hint("`--miner 0x…` names an address of your own: `bcoin wallet new` makes one."),
            other => Failure::failed(other.to_string()),
        })
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        Self::new(Ending::Store, error.to_string())
    }
}
