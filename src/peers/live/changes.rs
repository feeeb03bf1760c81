//! What changes on a node, as the network is told of it.

use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::splits::Switched;
use crate::node::{HandleOf, Protocol};
use crate::peers::message::{BlockId, Stand, TransactionId};
use crate::store::StoreError;

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
    /// Whether an event is a switch to another branch.
    pub switched: fn(&P::Event) -> Option<Switched>,
    /// Whether a block is on the current chain; blocks for as long as the store reads.
    pub holds: fn(&HandleOf<P>, BlockId) -> Result<bool, StoreError>,
}

impl<P: Protocol> Clone for Reading<P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P: Protocol> Copy for Reading<P> {}

/// What an event of a classic node says, and where its tip stands.
pub mod classic {
    use super::{Reading, Switched, Told};
    use crate::node::NodeHandle;
    use crate::node::classic::{Classic, Event, Tip};
    use crate::peers::ledger::classic::stand_at;
    use crate::peers::message::{BlockId, Stand, TransactionId};
    use crate::protocol::classic::block::BlockHash;
    use crate::store::StoreError;

    pub const READING: Reading<Classic> = Reading {
        stand,
        told,
        switched,
        holds,
    };

    fn holds(node: &NodeHandle, id: BlockId) -> Result<bool, StoreError> {
        node.read(|snapshot| Ok(snapshot.height_of(BlockHash(id.0))?.is_some()))
    }

    fn switched(event: &Event) -> Option<Switched> {
        match *event {
            Event::Reorg {
                displaced,
                returned,
                ..
            } => Some(Switched {
                displaced,
                returned,
            }),
            _ => None,
        }
    }

    fn stand(tip: &Tip) -> Stand {
        stand_at(Some(tip.link))
    }

    fn told(event: &Event) -> Told {
        match event {
            Event::Block { .. } => Told::Tip { reorged: false },
            Event::Reorg { .. } => Told::Tip { reorged: true },
            Event::Transaction { id: Some(id), .. } => Told::Waiting(TransactionId(id.0)),
            Event::Transaction { id: None, .. } | Event::Peer { .. } => Told::Nothing,
        }
    }
}

/// What an event of a coin node says, and where its tip stands.
pub mod coin {
    use super::{Reading, Switched, Told};
    use crate::node::coin::{Coin, CoinEvent, CoinHandle, CoinTip};
    use crate::peers::ledger::coin::stand_at;
    use crate::peers::message::{BlockId, Stand, TransactionId};
    use crate::protocol::coin::header::PowHash;
    use crate::store::StoreError;
    use crate::store::coin::Ledger;

    pub const READING: Reading<Coin> = Reading {
        stand,
        told,
        switched,
        holds,
    };

    fn holds(node: &CoinHandle, id: BlockId) -> Result<bool, StoreError> {
        node.read(|snapshot| Ok(snapshot.number_on_chain(PowHash(id.0.into()))?.is_some()))
    }

    fn switched(event: &CoinEvent) -> Option<Switched> {
        match *event {
            CoinEvent::Reorg {
                displaced,
                returned,
                ..
            } => Some(Switched {
                displaced,
                returned,
            }),
            _ => None,
        }
    }

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
    Reading { stand, told, .. }: Reading<P>,
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
