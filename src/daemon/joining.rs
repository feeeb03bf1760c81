//! Joins a node to the network of others, whatever its protocol.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

use crate::api::face::Face;
use crate::api::itself::Itself;
use crate::limits;
use crate::node::{HandleOf, Protocol};
use crate::peers::address::PeerAddress;
use crate::peers::ledger::Ledger;
use crate::peers::live::changes::{self, Reading};
use crate::peers::live::following::{
    self, Channels, Doorway, FollowError, FollowSettings, Standing,
};
use crate::peers::live::plain::Plain;
use crate::peers::live::plain::pulls::Pulls;
use crate::peers::live::splits;

/// A node that is to join others. Made before HTTP is, which hands it the sessions that others open.
pub(super) struct Joining {
    doorway: Doorway,
    follow: FollowSettings,
}

/// What joins, and where.
pub(super) struct Joins<'n, P: Protocol> {
    pub node: &'n HandleOf<P>,
    pub reading: Reading<P>,
    pub ledger: Arc<dyn Ledger>,
    /// Asks nodes that have no sessions.
    pub pulls: Arc<dyn Pulls>,
    /// The addresses that it knows.
    pub known: Vec<String>,
    pub folder: PathBuf,
    pub listen: SocketAddr,
}

impl Joining {
    /// Has `face` take sessions if the node is to `follow` others.
    pub(super) fn prepared(
        follow: Option<FollowSettings>,
        face: &mut Face,
        tasks: &TaskTracker,
    ) -> Option<Self> {
        let follow = follow?;
        let doorway = Doorway::new(tasks);
        face.sessions = Some(doorway.acceptor.clone());
        Some(Self { doorway, follow })
    }

    /// Joins, and has `face` show the network.
    ///
    /// # Errors
    /// [`FollowError`] when the node's key or chain cannot be read.
    pub(super) async fn join<P: Protocol>(
        self,
        joins: Joins<'_, P>,
        face: &mut Face,
        tasks: &TaskTracker,
    ) -> Result<(), FollowError> {
        let (node, reading, listen) = (joins.node, joins.reading, joins.listen);
        let (reach, shutdown) = (face.reach, &face.shutdown);
        let (changes, changed) = mpsc::channel(limits::SESSION_EVENTS);
        let watching = changes::watch(node.clone(), reading, changes, shutdown.clone());
        tasks.spawn(watching);
        let (without_sessions, named) = mpsc::channel(limits::KNOWN_PEERS);
        let settings = self.follow.clone();
        let standing = Standing {
            folder: joins.folder,
            reach,
            listen,
            peers: others(&joins.known, &face.itself),
            follow: self.follow,
        };
        let channels = Channels {
            without_sessions,
            recorder: face.metrics.recorder(),
        };
        let network = following::start(
            self.doorway,
            standing,
            joins.ledger,
            changed,
            channels,
            tasks,
            shutdown.clone(),
        )
        .await?;
        let plain = Plain {
            pulls: joins.pulls,
            network: network.clone(),
            reach,
            listen,
            settings,
        };
        tasks.spawn(plain.run(named, shutdown.clone()));
        let splits = splits::watch(node.clone(), reading, network.clone(), shutdown.clone());
        tasks.spawn(splits);
        face.network = Some(network);
        Ok(())
    }
}

/// The addresses among those that a node knows, without its own.
fn others(known: &[String], itself: &Itself) -> Vec<PeerAddress> {
    let read = known.iter().filter_map(|peer| peer.parse().ok());
    read.filter(|peer| !itself.is(peer, None)).collect()
}
