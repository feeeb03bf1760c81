//! Joins a node to the network of others, whatever its protocol.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::api::itself::Itself;
use crate::limits;
use crate::node::{HandleOf, Protocol};
use crate::peers::address::PeerAddress;
use crate::peers::ledger::Ledger;
use crate::peers::live::changes::{self, Reading};
use crate::peers::live::following::{
    self, Channels, Doorway, FollowError, FollowSettings, Standing,
};
use crate::peers::live::network::Network;
use crate::peers::live::plain::Plain;
use crate::peers::live::plain::pulls::Pulls;
use crate::peers::live::splits;
use crate::peers::reach::Reach;

/// What joining takes.
pub(super) struct Joins {
    pub doorway: Doorway,
    pub follow: FollowSettings,
    pub folder: PathBuf,
    pub reach: Reach,
    pub listen: SocketAddr,
    pub peers: Vec<PeerAddress>,
    /// Asks nodes that have no sessions.
    pub pulls: Arc<dyn Pulls>,
}

/// The recorder of the node's counters, its tasks, and its end.
type Surroundings<'s> = (
    Arc<dyn metrics::Recorder + Send + Sync>,
    &'s TaskTracker,
    &'s CancellationToken,
);

impl Joins {
    pub(super) async fn start<P: Protocol>(
        self,
        node: &HandleOf<P>,
        reading: Reading<P>,
        ledger: Arc<dyn Ledger>,
        (recorder, tasks, shutdown): Surroundings<'_>,
    ) -> Result<Network, FollowError> {
        let (changes, changed) = mpsc::channel(limits::SESSION_EVENTS);
        let watching = changes::watch(node.clone(), reading, changes, shutdown.clone());
        tasks.spawn(watching);
        let (without_sessions, named) = mpsc::channel(limits::KNOWN_PEERS);
        let (reach, listen, settings) = (self.reach, self.listen, self.follow.clone());
        let standing = Standing {
            folder: self.folder,
            reach: self.reach,
            listen: self.listen,
            peers: self.peers,
            follow: self.follow,
        };
        let channels = Channels {
            without_sessions,
            recorder,
        };
        let network = following::start(
            self.doorway,
            standing,
            ledger,
            changed,
            channels,
            tasks,
            shutdown.clone(),
        )
        .await?;
        let plain = Plain {
            pulls: self.pulls,
            network: network.clone(),
            reach,
            listen,
            settings,
        };
        tasks.spawn(plain.run(named, shutdown.clone()));
        tasks.spawn(splits::watch(
            node.clone(),
            reading,
            network.clone(),
            shutdown.clone(),
        ));
        Ok(network)
    }
}

/// The addresses among those that a node knows, without its own.
pub(super) fn known_peers(known: &[String], itself: &Itself) -> Vec<PeerAddress> {
    let read = known.iter().filter_map(|peer| peer.parse().ok());
    read.filter(|peer| !itself.is(peer, None)).collect()
}
