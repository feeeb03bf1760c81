//! From settings to a running node, and how a node that does not start is explained. The one place of the command line
//! that knows how a node is put together.

use tokio::net::TcpListener;

use super::exit::{Ending, Failure};
use crate::config::Config;
use crate::daemon::{Daemon, Settings, StartError};
use crate::node::NodeError;
use crate::peers::pull::PullLimits;
use crate::store::{OpenError, StoreOptions};

/// What users meet wherever they start the classic protocol.
pub const LESSON: &str = "This network is a lesson, not a currency: only 225 proofs exist, they go round in a loop, and forging \
                          a chain of any length costs one hash a block.";

/// What a node on `port` is told, but for its peers.
pub fn settings(config: &Config, port: u16) -> Settings {
    let mut settings = Settings::new(config.data_dir(port), config.miner(port).as_str());
    settings.store = store_options(config);
    settings.host_names = config
        .http
        .host_names
        .iter()
        .map(ToString::to_string)
        .collect();
    settings.allow = config.http.allow.clone();
    settings.allow_private_peers = config.peers.allow_private;
    settings.pull_limits =
        PullLimits::new(config.peers.max_pull_bytes, config.peers.max_pull_blocks);
    settings
}

/// How the store of a node is opened.
pub fn store_options(config: &Config) -> StoreOptions {
    StoreOptions {
        cache_bytes: usize::try_from(config.store.cache_bytes).unwrap_or(usize::MAX),
        network: config.node.network.to_string(),
    }
}

/// Starts a node on a port that was taken.
pub async fn start(settings: Settings, listener: TcpListener) -> Result<Daemon, Failure> {
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

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        Self::new(Ending::Store, error.to_string())
    }
}
