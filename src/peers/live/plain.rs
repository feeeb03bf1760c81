//! Nodes without sessions, met by plain HTTP: the book's Python nodes, and nodes that are told to follow by hand.
//!
//! Such a node, if the operator named it, is asked for its chain again and again, and a better one is taken over. Each
//! question costs a classic node's whole chain: the book's answer says its length last, so that nothing can be known of
//! it early. By an option it is told of this node too, and to look at its chain after each new block.
//!
//! Nothing that such a node does stops anything here: it is asked more and more rarely while nothing comes of it, and
//! one that takes long shares few `places` with its like.

pub mod asked;
mod places;
pub mod pulls;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use serde_json::json;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::following::FollowSettings;
use super::network::Network;
use crate::limits;
use crate::peers::address::PeerAddress;
use crate::peers::message::BlockId;
use crate::peers::outgoing::{CallLimits, FetchError, HttpOutgoing};
use crate::peers::reach::Reach;
use crate::peers::resolve::resolve;
use places::{Asked, Places};
use pulls::{Heard, Pulls};

/// What meeting nodes by plain HTTP takes.
pub struct Plain {
    pub pulls: Arc<dyn Pulls>,
    /// Says to whom a session leads by now.
    pub network: Network,
    pub reach: Reach,
    /// Where this node listens.
    pub listen: SocketAddr,
    pub settings: FollowSettings,
}

/// A node without sessions.
#[derive(Debug)]
struct Known {
    next: Instant,
    /// Questions in a row that led to no chain.
    misses: u32,
    /// The last question took long.
    is_slow: bool,
    is_asked: bool,
    is_told: bool,
    /// It has given a chain.
    is_met: bool,
    /// The tip of ours that it was told of, or has by itself.
    has: Option<BlockId>,
}

/// What came of a call.
enum Done {
    Asked(PeerAddress, Asked<Heard>),
    Told(PeerAddress, Result<(), FetchError>),
}

type Calls = FuturesUnordered<BoxFuture<'static, Done>>;

impl Plain {
    /// Asks nodes that are `named` as having no sessions, until `shutdown`.
    pub async fn run(self, mut named: mpsc::Receiver<PeerAddress>, shutdown: CancellationToken) {
        let mut nodes: BTreeMap<PeerAddress, Known> = BTreeMap::new();
        let mut calls = Calls::new();
        let places = Places::default();
        let running = async {
            loop {
                tokio::select! {
                    address = named.recv() => match address {
                        Some(address) => meet(&mut nodes, address),
                        None => return,
                    },
                    Some(done) = calls.next() => self.note(&mut nodes, done),
                    () = sleep(limits::PLAIN_STEP), if !nodes.is_empty() => {
                        if self.step(&places, &mut nodes, &mut calls).await.is_none() {
                            return;
                        }
                    }
                }
            }
        };
        shutdown.run_until_cancelled(running).await;
    }

    /// Begins the calls that are due; nothing when the node ends.
    async fn step(
        &self,
        places: &Places,
        nodes: &mut BTreeMap<PeerAddress, Known>,
        calls: &mut Calls,
    ) -> Option<()> {
        let now = Instant::now();
        let is_due = |known: &Known| !known.is_asked && known.next <= now;
        let can_be_asked = |known: &Known| is_due(known) && places.has_room(known.is_slow);
        if nodes.values().any(can_be_asked) {
            let unreached = self.network.view().await?.unreached;
            let unreached: BTreeSet<_> = unreached.into_iter().map(|one| one.address).collect();
            // Named still, and no session leads there: the others are followed otherwise.
            nodes.retain(|address, known| known.is_busy() || unreached.contains(address));
            let asked = self.network.asked();
            asked.keep(|address| nodes.contains_key(address));
        }
        // Before the questions: whoever is being asked may be about to give us that very tip.
        if self.settings.nudge {
            let tip = self.pulls.tip();
            let lacks = |known: &Known| known.is_met && known.misses == 0 && known.has != Some(tip);
            for (address, known) in nodes.iter_mut() {
                if !known.is_busy() && lacks(known) {
                    (known.is_told, known.has) = (true, Some(tip));
                    let (reach, listen, address) = (self.reach, self.listen, address.clone());
                    calls.push(Box::pin(async move {
                        let told = nudge(reach, listen, &address).await;
                        Done::Told(address, told)
                    }));
                }
            }
        }
        let mut due: Vec<_> = nodes.iter_mut().filter(|(_, one)| is_due(one)).collect();
        due.sort_unstable_by_key(|(_, known)| known.next);
        for (address, known) in due {
            let Some(place) = places.take(known.is_slow) else {
                continue;
            };
            known.is_asked = true;
            let (pulls, address) = (Arc::clone(&self.pulls), address.clone());
            calls.push(Box::pin(async move {
                let asked = place.ask(pulls.pull(&address)).await;
                Done::Asked(address, asked)
            }));
        }
        Some(())
    }

    fn note(&self, nodes: &mut BTreeMap<PeerAddress, Known>, done: Done) {
        match done {
            Done::Asked(address, asked) => {
                let Some(known) = nodes.get_mut(&address) else {
                    return;
                };
                (known.is_asked, known.is_slow) = (false, asked.is_slow);
                let now = Instant::now();
                let heard = match asked.answer {
                    Some(heard) => heard,
                    None => {
                        tracing::debug!(peer = %address, "a node without sessions waits until other slow ones have answered");
                        // Behind those that wait longer.
                        known.next = now;
                        return;
                    }
                };
                match heard {
                    Heard::Chain { has, said } => {
                        self.network.asked().note(&address, Ok(said));
                        (known.is_met, known.misses) = (true, 0);
                        if let Some(tip) = has {
                            known.has = Some(tip);
                        }
                    }
                    Heard::Nothing(why) => {
                        known.misses = known.misses.saturating_add(1);
                        // It may have been started anew, and know nobody.
                        known.has = None;
                        tracing::debug!(peer = %address, why, "a node without sessions gives no chain");
                        self.network.asked().note(&address, Err(why));
                    }
                }
                let pause = jittered(pause(self.settings.poll, known.misses));
                known.next = now.checked_add(pause).unwrap_or(now);
            }
            Done::Told(address, told) => {
                if let Err(error) = told {
                    tracing::debug!(peer = %address, %error, "a node without sessions is not told of our tip");
                }
                if let Some(known) = nodes.get_mut(&address) {
                    known.is_told = false;
                }
            }
        }
    }
}

impl Known {
    fn is_busy(&self) -> bool {
        self.is_asked || self.is_told
    }
}

/// A named node has answered without sessions: asked at once if it is new, or was not there before.
fn meet(nodes: &mut BTreeMap<PeerAddress, Known>, address: PeerAddress) {
    let now = Instant::now();
    if let Some(known) = nodes.get_mut(&address) {
        if known.misses > 0 {
            known.next = now;
        }
        return;
    }
    // Whoever finds no place is named again.
    if nodes.len() < limits::KNOWN_PEERS {
        let known = Known {
            next: now,
            misses: 0,
            is_slow: false,
            is_asked: false,
            is_told: false,
            is_met: false,
            has: None,
        };
        nodes.insert(address, known);
    }
}

/// Until the next question, after so many in a row that led to nothing.
fn pause(poll: Duration, misses: u32) -> Duration {
    let grown = poll.saturating_mul(1_u32.checked_shl(misses.min(16)).unwrap_or(u32::MAX));
    grown.min(poll.max(limits::PLAIN_PAUSE))
}

/// Up to a tenth less, so that nodes that were started together do not ask together for ever.
fn jittered(pause: Duration) -> Duration {
    let mut byte = [0];
    // Without randomness the pause is whole.
    let _ = getrandom::fill(&mut byte);
    let [byte] = byte;
    pause.saturating_sub(pause.mul_f64(f64::from(byte) / 2_560.0))
}

/// Tells `peer` of this node, which listens at `listen`, and to replace its chain by a longer one.
async fn nudge(reach: Reach, listen: SocketAddr, peer: &PeerAddress) -> Result<(), FetchError> {
    let limits = CallLimits {
        silence: limits::PLAIN_NUDGE,
        ..CallLimits::default()
    };
    let outgoing = HttpOutgoing::new(reach, limits);
    if let Some(ours) = seen_from(reach, listen, peer, limits.connect).await? {
        let nodes = json!({ "nodes": [ours.origin()] });
        outgoing
            .tell(peer, "/connect_node", Some(nodes.to_string()))
            .await?;
    }
    outgoing.tell(peer, "/replace_chain", None).await
}

/// Where `peer` can call this node, which listens at `listen`; nothing where that is not known.
async fn seen_from(
    reach: Reach,
    listen: SocketAddr,
    peer: &PeerAddress,
    limit: Duration,
) -> Result<Option<PeerAddress>, FetchError> {
    if !listen.ip().is_unspecified() {
        return Ok(Some(PeerAddress::http(listen.ip(), listen.port())));
    }
    let addresses = resolve(reach, peer, limit).await?;
    // One family at least is listened on; the wildcard of IPv6 takes IPv4 too.
    let answers = |remote: &&SocketAddr| remote.is_ipv4() || listen.is_ipv6();
    let Some(remote) = addresses.iter().find(answers) else {
        return Ok(None);
    };
    Ok(route_to(*remote)
        .await
        .map(|local| PeerAddress::http(local.ip(), listen.port()))
        .ok())
}

/// The address of this machine from which packets leave for `remote`; sends none.
async fn route_to(remote: SocketAddr) -> std::io::Result<SocketAddr> {
    let any: SocketAddr = if remote.is_ipv4() {
        ([0, 0, 0, 0], 0).into()
    } else {
        ([0_u16; 8], 0).into()
    };
    let socket = UdpSocket::bind(any).await?;
    socket.connect(remote).await?;
    socket.local_addr()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_minute_and_never_below_the_interval() {
        let seconds = |poll, misses| pause(Duration::from_secs(poll), misses).as_secs();
        assert_eq!(seconds(10, 0), 10);
        assert_eq!(seconds(10, 1), 20);
        assert_eq!(seconds(10, 2), 40);
        assert_eq!(seconds(10, 3), 60);
        assert_eq!(seconds(10, u32::MAX), 60);
        assert_eq!(seconds(600, 0), 600);
        assert_eq!(seconds(600, 9), 600);
        for _ in 0..1_000 {
            let some = jittered(Duration::from_secs(10));
            assert!(some <= Duration::from_secs(10) && some >= Duration::from_secs(9));
        }
    }

    #[test]
    fn no_more_nodes_are_kept_than_may_be_known() {
        let mut nodes = BTreeMap::new();
        for port in 1..=1_000 {
            meet(&mut nodes, PeerAddress::http([127, 0, 0, 1].into(), port));
        }
        assert_eq!(nodes.len(), limits::KNOWN_PEERS);
    }

    #[tokio::test]
    async fn a_node_that_listens_everywhere_is_told_as_the_route_to_the_peer_shows_it() {
        let peer = PeerAddress::http([127, 0, 0, 1].into(), 1);
        for (listens, told) in [
            ("0.0.0.0:1001", "127.0.0.1:1001"),
            ("[::]:1001", "127.0.0.1:1001"),
            ("127.0.0.7:1001", "127.0.0.7:1001"),
        ] {
            let listens = listens.parse().expect("an address");
            let seen = seen_from(Reach::Loopback, listens, &peer, limits::PULL_CONNECT);
            let seen = seen.await.expect("it resolves").expect("there is a route");
            assert_eq!(seen.to_string(), told);
        }
    }
}
