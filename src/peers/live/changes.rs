//! What changes on a node, as the network is told of it.

use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::node::{HandleOf, Protocol};
use crate::peers::message::{Stand, TransactionId};

/// A change that is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The chain ends elsewhere.
    Tip { stand: Stand, reorged: bool },
    /// A transaction waits.
    Waiting(TransactionId),
    /// More happened than could be followed: what waits is to be looked at afresh.
    Missed { stand: Stand },
}

/// What an event of a protocol says to the network.
pub enum Told {
    Tip { reorged: bool },
    Waiting(TransactionId),
    Nothing,
}

/// What an event of a coin node says, and where its tip stands.
pub mod coin {
    use super::Told;
    use crate::node::coin::{CoinEvent, CoinTip};
    use crate::peers::ledger::coin::stand_at;
    use crate::peers::message::{Stand, TransactionId};

    pub fn stand(tip: &CoinTip) -> Stand {
        stand_at(&tip.place)
    }

    pub fn told(event: &CoinEvent) -> Told {
        match event {
            CoinEvent::Block { .. } => Told::Tip { reorged: false },
            CoinEvent::Reorg { .. } => Told::Tip { reorged: true },
            CoinEvent::Transaction { hash } => Told::Waiting(TransactionId(hash.0)),
            CoinEvent::Dropped { .. } | CoinEvent::Peer { .. } => Told::Nothing,
        }
    }
}

/// Tells `changes` of a node's events until the node ends. `read` says what an event means, `stand` where a tip stands.
pub async fn watch<P: Protocol>(
    node: HandleOf<P>,
    stand: fn(&P::Tip) -> Stand,
    read: fn(&P::Event) -> Told,
    changes: mpsc::Sender<Change>,
    shutdown: CancellationToken,
) {
    let mut live = node.events().subscribe(None).live;
    let watching = async {
        loop {
            let change = match live.recv().await {
                Ok(event) => match read(&event.event) {
                    // The tip may be further already: then the next event finds nothing new.
                    Told::Tip { reorged } => Change::Tip {
                        stand: stand(&node.tip()),
                        reorged,
                    },
                    Told::Waiting(id) => Change::Waiting(id),
                    Told::Nothing => continue,
                },
                Err(RecvError::Lagged(_)) => Change::Missed {
                    stand: stand(&node.tip()),
                },
                Err(RecvError::Closed) => return,
            };
            if changes.send(change).await.is_err() {
                return;
            }
        }
    };
    shutdown.run_until_cancelled(watching).await;
}
