//! Joins a node to the network of others, whatever its protocol.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::api::itself::Itself;
use crate::limits;
use crate::peers::address::PeerAddress;
use crate::peers::ledger::Ledger;
use crate::peers::live::changes::Change;
use crate::peers::live::following::{
    self, Channels, Doorway, FollowError, FollowSettings, Standing,
};
use crate::peers::live::network::Network;
use crate::peers::reach::Reach;

/// What joining takes.
pub(super) struct Joins {
    pub doorway: Doorway,
    pub follow: FollowSettings,
    pub folder: PathBuf,
    pub reach: Reach,
    pub listen: SocketAddr,
    pub peers: Vec<PeerAddress>,
}

impl Joins {
    pub(super) async fn start(
        self,
        ledger: Arc<dyn Ledger>,
        changes: mpsc::Receiver<Change>,
        recorder: Arc<dyn metrics::Recorder + Send + Sync>,
        tasks: &TaskTracker,
        shutdown: &CancellationToken,
    ) -> Result<Network, FollowError> {
        let (_finds, found) = mpsc::channel(limits::KNOWN_PEERS);
        let (without_sessions, _plain) = mpsc::channel(limits::KNOWN_PEERS);
        let standing = Standing {
            folder: self.folder,
            reach: self.reach,
            listen: self.listen,
            peers: self.peers,
        };
        let channels = Channels {
            found,
            without_sessions,
            recorder,
        };
        let shutdown = shutdown.clone();
        following::start(
            self.doorway,
            standing,
            ledger,
            changes,
            channels,
            tasks,
            shutdown,
        )
        .await
    }
}

/// The addresses among those that a node knows, without its own.
pub(super) fn known_peers(known: &[String], itself: &Itself) -> Vec<PeerAddress> {
    let read = known.iter().filter_map(|peer| peer.parse().ok());
    read.filter(|peer| !itself.is(peer, None)).collect()
}
