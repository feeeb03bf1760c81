//! Watches where peers stand, and tells when one stands apart from this node and when that is over.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::broadcast::error::RecvError;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::changes::Reading;
use super::network::Network;
use super::news::{News, TipShown};
use crate::node::{HandleOf, Protocol};
use crate::peers::engine::view::View;
use crate::peers::message::identity::NodeKey;
use crate::peers::message::{BlockId, Stand};

/// So often it is looked where peers stand.
const PAUSE: Duration = Duration::from_millis(250);

/// A switch of this node to another branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Switched {
    /// Blocks that gave way.
    pub displaced: u64,
    /// Transactions of theirs that wait again.
    pub returned: usize,
}

impl Switched {
    /// Both, if there was one before.
    fn behind(self, before: Option<Self>) -> Self {
        let Some(before) = before else { return self };
        Self {
            displaced: self.displaced.saturating_add(before.displaced),
            returned: self.returned.saturating_add(before.returned),
        }
    }
}

/// Tells of splits until the node ends.
pub async fn watch<P: Protocol>(
    node: HandleOf<P>,
    reading: Reading<P>,
    network: Network,
    shutdown: CancellationToken,
) {
    let mut live = node.events().subscribe(None).live;
    let mut pause = interval(PAUSE);
    pause.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut splits = Splits {
        node,
        reading,
        network,
        apart: BTreeMap::new(),
        on_chain: BTreeMap::new(),
    };
    let watching = async {
        loop {
            let mut switched = tokio::select! {
                _ = pause.tick() => None,
                event = live.recv() => match event {
                    Ok(event) => match (splits.reading.switched)(&event.event) {
                        Some(switched) => Some(switched),
                        None => continue,
                    },
                    Err(RecvError::Lagged(_)) => None,
                    Err(RecvError::Closed) => return,
                },
            };
            let Some(view) = splits.network.view().await else {
                return;
            };
            // What the view has seen of this node was told before it.
            while let Ok(event) = live.try_recv() {
                if let Some(further) = (splits.reading.switched)(&event.event) {
                    switched = Some(further.behind(switched));
                }
            }
            splits.look(view, switched).await;
        }
    };
    shutdown.run_until_cancelled(watching).await;
}

struct Splits<P: Protocol> {
    node: HandleOf<P>,
    reading: Reading<P>,
    network: Network,
    /// Peers that were told of as apart.
    apart: BTreeMap<NodeKey, String>,
    /// What was looked up of tips where peers stand, until this node switches.
    on_chain: BTreeMap<BlockId, bool>,
}

impl<P: Protocol> Splits<P> {
    async fn look(&mut self, view: View, switched: Option<Switched>) {
        let own = match switched {
            Some(_) => {
                self.on_chain.clear();
                (self.reading.stand)(&self.node.tip())
            }
            None => view.own,
        };
        self.look_up(&view, &own).await;
        let mut together = Vec::new();
        let mut apart = BTreeMap::new();
        for peer in &view.peers {
            let stands_apart = match self.on_chain.get(&peer.stand.id) {
                Some(on_chain) => !on_chain,
                // It is ahead, on a chain that this node does not have yet.
                None => peer.stand.id != own.id && self.apart.contains_key(&peer.key),
            };
            let was = self.apart.remove(&peer.key);
            match (was, stands_apart) {
                (Some(name), true) => drop(apart.insert(peer.key, name)),
                (Some(name), false) => together.push(name),
                (None, true) => {
                    let name = peer.shown_address();
                    self.tell(News::Split {
                        peer: name.clone(),
                        here: self.shown(&own),
                        there: self.shown(&peer.stand),
                    });
                    apart.insert(peer.key, name);
                }
                (None, false) => {}
            }
        }
        // Whoever has left stands nowhere.
        self.apart = apart;
        if switched.is_some() || !together.is_empty() {
            let Switched {
                displaced,
                returned,
            } = switched.unwrap_or(Switched {
                displaced: 0,
                returned: 0,
            });
            self.tell(News::Healed {
                peers: together,
                tip: self.shown(&own),
                displaced,
                returned,
            });
        }
    }

    /// Looks for the tips of peers that have no more weight than this node on its chain.
    async fn look_up(&mut self, view: &View, own: &Stand) {
        let stands: BTreeMap<BlockId, Stand> = view
            .peers
            .iter()
            .map(|peer| (peer.stand.id, peer.stand))
            .filter(|(id, stand)| *id != own.id && stand.weight <= own.weight && stand.height > 0)
            .collect();
        self.on_chain.retain(|id, _| stands.contains_key(id));
        self.on_chain.insert(own.id, true);
        for id in stands.into_keys() {
            if self.on_chain.contains_key(&id) {
                continue;
            }
            let (node, holds) = (self.node.clone(), self.reading.holds);
            let reading = tokio::task::spawn_blocking(move || holds(&node, id));
            // A store that does not read says nothing of peers.
            if let Ok(Ok(on_chain)) = reading.await {
                self.on_chain.insert(id, on_chain);
            }
        }
    }

    fn shown(&self, stand: &Stand) -> TipShown {
        TipShown::of(stand, |id| self.network.shown(id))
    }

    fn tell(&self, news: News) {
        match &news {
            News::Split { peer, here, there } => tracing::info!(
                peer,
                here = here.hash,
                there = there.hash,
                "a peer stands on another branch"
            ),
            News::Healed {
                tip,
                displaced,
                returned,
                ..
            } => tracing::info!(tip = tip.hash, displaced, returned, "a split is over"),
            _ => {}
        }
        self.network.tell(news);
    }
}
