//! A node in this process, of either protocol, as the command line shows and ends it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{broadcast, mpsc};

use super::board::Row;
use super::node::url_here;
use super::terminal::{count, printable};
use crate::daemon::Daemon;
use crate::daemon::coin::CoinDaemon;
use crate::node::coin::{CoinEvent, CoinHandle};
use crate::node::{Event, HandleOf, NodeHandle, NumberedEvent, Protocol};

/// Changes of a node within this time are shown as one, so that a flood of them does not slow the node down.
const ONE_CHANGE: Duration = Duration::from_millis(50);

/// A running node.
pub enum LocalNode {
    Classic(Daemon),
    Coin(CoinDaemon),
}

/// What happened in which node, counted from 0.
pub type Change = (usize, String);

impl LocalNode {
    pub fn address(&self) -> SocketAddr {
        match self {
            Self::Classic(node) => node.address,
            Self::Coin(node) => node.address,
        }
    }

    /// Who is paid for blocks mined here, as people read it.
    pub fn miner(&self) -> String {
        match self {
            Self::Classic(node) => node.node.miner_name().to_owned(),
            Self::Coin(node) => match node.miner {
                Some(address) => address.to_string(),
                None => "nobody".to_owned(),
            },
        }
    }

    pub fn node_id(&self) -> &str {
        match self {
            Self::Classic(node) => node.node.node_id(),
            Self::Coin(node) => node.node.node_id(),
        }
    }

    /// The name of the network, and the last block's place as this protocol counts.
    pub fn place(&self) -> (&str, u64) {
        match self {
            Self::Classic(node) => (node.node.network(), node.node.tip().link.height.0),
            Self::Coin(node) => (node.node.network(), node.node.tip().place.number),
        }
    }

    /// Resolves when the store failed for good: the process must end.
    pub async fn failed(&self) {
        match self {
            Self::Classic(node) => node.failed().await,
            Self::Coin(node) => node.failed().await,
        }
    }

    pub async fn shut_down(self) {
        match self {
            Self::Classic(node) => node.shut_down().await,
            Self::Coin(node) => node.shut_down().await,
        }
    }

    /// The node's row in a table of nodes.
    pub fn row(&self) -> Row {
        let mut row = Row {
            url: url_here(self.address()),
            miner: short(&self.miner()),
            last_event: "started".to_owned(),
            ..Row::default()
        };
        self.show_tip(&mut row);
        row
    }

    /// Puts the end of the chain into the row.
    pub fn show_tip(&self, row: &mut Row) {
        match self {
            Self::Classic(node) => {
                let tip = node.node.tip();
                row.height = tip.link.height.0;
                row.tip = tip.link.hash.to_string();
                (row.waiting, row.peers) = (tip.waiting, tip.peers);
            }
            Self::Coin(node) => {
                let tip = node.node.tip();
                row.height = tip.place.number;
                row.tip = tip.place.hash.to_string();
                (row.waiting, row.peers) = (tip.waiting, tip.peers);
            }
        }
    }

    /// A task that sends what happens in the node, in words, until it ends or nobody listens. It misses nothing from now on.
    pub fn tell_changes(
        &self,
        place: usize,
        changed: mpsc::Sender<Change>,
    ) -> futures_util::future::BoxFuture<'static, ()> {
        match self {
            Self::Classic(node) => {
                let events = node.node.events().subscribe(None).live;
                Box::pin(tell(
                    place,
                    node.node.clone(),
                    events,
                    changed,
                    classic_words,
                ))
            }
            Self::Coin(node) => {
                let events = node.node.events().subscribe(None).live;
                Box::pin(tell(place, node.node.clone(), events, changed, coin_words))
            }
        }
    }
}

/// An address as a table has room for it; a name as it stands.
fn short(miner: &str) -> String {
    match (miner.get(..6), miner.get(38..)) {
        (Some(first), Some(last)) if miner.starts_with("0x") => format!("{first}…{last}"),
        _ => miner.to_owned(),
    }
}

async fn tell<P: Protocol>(
    place: usize,
    node: HandleOf<P>,
    mut events: broadcast::Receiver<NumberedEvent<P::Event>>,
    changed: mpsc::Sender<Change>,
    in_words: fn(&P::Event, &HandleOf<P>) -> String,
) {
    loop {
        let mut last: Option<Arc<P::Event>> = match events.recv().await {
            Ok(event) => Some(event.event),
            Err(broadcast::error::RecvError::Lagged(_)) => None,
            Err(broadcast::error::RecvError::Closed) => return,
        };
        while let Ok(event) = events.try_recv() {
            last = Some(event.event);
        }
        let words = last.map_or_else(
            || "many changes".to_owned(),
            |event| in_words(&event, &node),
        );
        tracing::debug!(node = node.node_id(), "{words}");
        if changed.send((place, words)).await.is_err() {
            return;
        }
        tokio::time::sleep(ONE_CHANGE).await;
    }
}

fn classic_words(event: &Event, node: &NodeHandle) -> String {
    match event {
        Event::Block {
            height,
            mined_here: false,
            ..
        } => format!("took a longer chain, {height} blocks"),
        Event::Block {
            height,
            transactions,
            ..
        } => {
            format!(
                "mined block {height} with {}",
                count(*transactions as u64, "transaction")
            )
        }
        Event::Reorg {
            height,
            displaced,
            returned,
            ..
        } => {
            format!(
                "took a longer chain, {height} blocks; {displaced} gave way, {} back",
                count(*returned as u64, "transaction")
            )
        }
        Event::Transaction { .. } => came_in(node.tip().waiting),
        Event::Peer { address } => format!("knows {}", printable(address)),
    }
}

fn coin_words(event: &CoinEvent, node: &CoinHandle) -> String {
    match event {
        CoinEvent::Block {
            number,
            transactions,
            ..
        } => {
            format!(
                "has block {number} with {}",
                count(*transactions as u64, "transaction")
            )
        }
        CoinEvent::Reorg {
            number,
            displaced,
            connected: 0,
            ..
        } => format!("went back to block {number} as it was told; {displaced} are forgotten"),
        CoinEvent::Reorg {
            number,
            displaced,
            returned,
            ..
        } => {
            format!(
                "took a branch with more work, up to block {number}; {displaced} gave way, {} back",
                count(*returned as u64, "transaction")
            )
        }
        CoinEvent::Transaction { .. } => came_in(node.tip().waiting),
        CoinEvent::Dropped { why, .. } => format!("let go of a transaction: {}", printable(why)),
        CoinEvent::Peer { address } => format!("knows {}", printable(address)),
    }
}

fn came_in(waiting: u64) -> String {
    match waiting {
        0 | 1 => "a transaction came in".to_owned(),
        waiting => format!("a transaction came in, {waiting} wait"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shortened_and_a_name_is_not() {
        let address = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
        assert_eq!(short(address), "0xf39F…2266");
        assert_eq!(short("Bharathi"), "Bharathi");
        assert_eq!(short(&"ñ".repeat(60)), "ñ".repeat(60));
    }
}
