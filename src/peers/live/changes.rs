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

/// How a protocol's tips and events are read.
pub struct Reading<P: Protocol> {
    /// Where a tip stands.
    pub stand: fn(&P::Tip) -> Stand,
    /// What an event says to the network.
    pub told: fn(&P::Event) -> Told,
}

/// What an event of a classic node says, and where its tip stands.
pub mod classic {
    use super::{Reading, Told};
    use crate::node::classic::{Classic, Event, Tip};
    use crate::peers::ledger::classic::stand_at;
    use crate::peers::message::{Stand, TransactionId};

    pub const READING: Reading<Classic> = Reading { stand, told };

    fn stand(tip: &Tip) -> Stand {
        stand_at(Some(tip.link))
    }

    fn told(event: &Event) -> Told {
        match event {
            Event::Block { .. } => Told::Tip { reorged: false },
            Event::Reorg { displaced, .. } => Told::Tip {
                reorged: *displaced > 0,
            },
            Event::Transaction { id: Some(id), .. } => Told::Waiting(TransactionId(id.0)),
            Event::Transaction { id: None, .. } | Event::Peer { .. } => Told::Nothing,
        }
    }
}

/// What an event of a coin node says, and where its tip stands.
pub mod coin {
    use super::{Reading, Told};
    use crate::node::coin::{Coin, CoinEvent, CoinTip};
    use crate::peers::ledger::coin::stand_at;
    use crate::peers::message::{Stand, TransactionId};

    pub const READING: Reading<Coin> = Reading { stand, told };

    fn stand(tip: &CoinTip) -> Stand {
        stand_at(&tip.place)
    }

    fn told(event: &CoinEvent) -> Told {
        match event {
            CoinEvent::Block { .. } => Told::Tip { reorged: false },
            CoinEvent::Reorg { .. } => Told::Tip { reorged: true },
            CoinEvent::Transaction { hash } => Told::Waiting(TransactionId(hash.0)),
            CoinEvent::Dropped { .. } | CoinEvent::Peer { .. } => Told::Nothing,
        }
    }
}

/// Tells `changes` of a node's events until the node ends.
pub async fn watch<P: Protocol>(
    node: HandleOf<P>,
    Reading { stand, told }: Reading<P>,
    changes: mpsc::Sender<Change>,
    shutdown: CancellationToken,
) {
    let mut live = node.events().subscribe(None).live;
    let watching = async {
        loop {
            let change = match live.recv().await {
                Ok(event) => match told(&event.event) {
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
