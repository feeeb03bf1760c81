//! Nodes whose chains peers can read.

use std::sync::Arc;
use std::time::Duration;

use alloy_primitives::{Address, B256, Bytes};
use axum::Router;
use bcoin::api::coin::peer_streams;
use bcoin::node::coin::{CoinHandle, stored_block};
use bcoin::peers::address::PeerAddress;
use bcoin::peers::coin::pull::{CoinPuller, PullLimits};
use bcoin::peers::coin::replace::{Replacement, known_peers, replace_chain};
use bcoin::peers::coin::report::CoinPeerReport;
use bcoin::peers::outgoing::{CallLimits, HttpOutgoing};
use bcoin::peers::reach::Reach;
use bcoin::peers::round::Outcome;
use bcoin::protocol::coin::block::CheckedBlock;
use bcoin::protocol::coin::header::Header;
use bcoin::protocol::coin::parameters::Parameters;
use bcoin::protocol::coin::place::Place;
use bcoin::store::coin::Ledger;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::forged::header_of;
use crate::coin_world::{TestNode, mined};

pub const NOW: u64 = 1_800_000_000;

/// A network on which a proof takes two hashes, whatever the time.
pub fn parameters() -> Parameters {
    Parameters {
        name: "peers".to_owned(),
        halving: 4,
        ..Parameters::dev()
    }
}

/// A network on which blocks in a hurry become twice as hard each.
pub fn hardening() -> Parameters {
    Parameters {
        name: "hardening".to_owned(),
        spacing: 600,
        half_life: 600,
        ..Parameters::dev()
    }
}

/// A node with its routes for peers on a free port. Both end with the value.
pub struct Served {
    pub node: CoinHandle,
    pub address: PeerAddress,
    _world: TestNode,
    _server: JoinSet<()>,
}

impl Served {
    pub async fn new(parameters: Parameters) -> Self {
        let world = TestNode::new(parameters, NOW);
        let node = world.node.clone();
        let (routes, _) = peer_streams::router().split_for_parts();
        let (address, server) = serve(routes.with_state(node.clone())).await;
        Self {
            node,
            address,
            _world: world,
            _server: server,
        }
    }

    /// One with a chain of so many blocks behind the genesis block, paid to the miner that `miner` stands for.
    pub async fn with_chain(parameters: Parameters, miner: u8, blocks: usize) -> Self {
        let served = Self::new(parameters).await;
        served.mine(miner, blocks).await;
        served
    }

    /// Mines what waits, and more.
    pub async fn mine(&self, miner: u8, blocks: usize) {
        for _ in 0..blocks {
            let block = mined(&self.node, Address::repeat_byte(miner), miner.into());
            self.node.submit_block(block).await.expect("its own block");
        }
    }

    pub async fn submit(&self, blocks: impl IntoIterator<Item = Bytes>) {
        for block in blocks {
            self.node.submit_block(block).await.expect("a valid block");
        }
    }

    pub async fn knows(&self, peers: &[&PeerAddress]) {
        let peers = peers.iter().map(ToString::to_string).collect();
        self.node.connect_peers(peers).await.expect("there is room");
    }

    /// Asks all known peers.
    pub async fn replace(&self) -> Replacement {
        self.replace_within(PullLimits::default()).await
    }

    pub async fn replace_within(&self, limits: PullLimits) -> Replacement {
        let replaced = replace_chain(&self.node, &puller(limits), &known_peers(&self.node)).await;
        replaced.expect("the node itself is sound")
    }

    /// What is said of this peer alone.
    pub async fn report_on(&self, peer: &PeerAddress) -> CoinPeerReport {
        self.report_within(PullLimits::default(), peer).await
    }

    pub async fn report_within(&self, limits: PullLimits, peer: &PeerAddress) -> CoinPeerReport {
        self.knows(&[peer]).await;
        let Replacement { reports, .. } = self.replace_within(limits).await;
        let mut reports = reports.into_iter();
        reports
            .find(|report| report.report.address == *peer)
            .expect("it was asked")
    }

    pub fn tip(&self) -> Place {
        self.node.tip().place
    }

    pub fn state_root(&self) -> B256 {
        let snapshot = self.node.snapshot().expect("the store reads");
        let entry = snapshot.entry_at(self.tip().number).expect("the tip");
        entry.state_root
    }

    /// How many blocks it knows, on its chain or not.
    pub fn known(&self) -> u64 {
        let snapshot = self.node.snapshot().expect("the store reads");
        snapshot.known_total().expect("it reads")
    }

    /// The blocks of its chain behind the genesis block.
    pub fn blocks(&self) -> Vec<Bytes> {
        let snapshot = self.node.snapshot().expect("the store reads");
        let encoded = |number| {
            let entry = snapshot.entry_at(number).expect("a block");
            let body = snapshot.body(entry.hash()).expect("it reads");
            body.expect("a body").encoded
        };
        (1..=self.tip().number).map(encoded).collect()
    }

    pub fn headers(&self) -> Vec<Header> {
        self.blocks().iter().map(|block| header_of(block)).collect()
    }

    /// The block with this number.
    pub fn block(&self, number: u64) -> CheckedBlock {
        let snapshot = self.node.snapshot().expect("the store reads");
        let entry = snapshot.entry_at(number).expect("a block");
        stored_block(&snapshot, entry.hash(), self.node.parameters()).expect("it reads")
    }
}

pub fn puller(limits: PullLimits) -> CoinPuller {
    let call = CallLimits::default();
    CoinPuller::new(Arc::new(HttpOutgoing::new(Reach::Loopback, call)), limits)
}

/// Limits of time that a test can wait for.
pub fn impatient() -> PullLimits {
    let mut limits = PullLimits::default();
    limits.pace.silence = Duration::from_millis(200);
    limits
}

#[track_caller]
pub fn assert_is(report: &CoinPeerReport, outcome: Outcome, detail: &str) {
    let found = &report.report;
    assert_eq!(found.outcome, outcome, "{}", found.detail);
    assert!(found.detail.contains(detail), "{}", found.detail);
    assert!(found.detail.len() < 900, "{}", found.detail);
}

/// Serves on a free port until the second value ends.
pub async fn serve(router: Router) -> (PeerAddress, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let mut server = JoinSet::new();
    server.spawn(async move {
        axum::serve(listener, router).await.expect("it serves");
    });
    (PeerAddress::http(address.ip(), address.port()), server)
}
