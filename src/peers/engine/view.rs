//! What people are shown of the network.

use std::collections::BTreeSet;

use serde::Serialize;

use super::event::Direction;
use super::fetch::Stage as FetchStage;
use super::session::Place;
use super::{Counts, Engine};
use crate::peers::address::PeerAddress;
use crate::peers::book::dialling::Role;
use crate::peers::message::Stand;
use crate::peers::message::identity::NodeKey;

/// The network as one node sees it.
#[derive(Debug, Clone)]
pub struct View {
    pub own: Stand,
    pub key: NodeKey,
    pub peers: Vec<PeerView>,
    /// Addresses that the operator named and no session leads to.
    pub unreached: Vec<Unreached>,
    /// Chains that are being brought in.
    pub syncs: Vec<SyncView>,
    pub known_addresses: usize,
    pub counts: Counts,
}

/// One settled session.
#[derive(Debug, Clone)]
pub struct PeerView {
    /// What was dialled, or where it says that it can be.
    pub address: Option<PeerAddress>,
    pub remote: std::net::SocketAddr,
    pub direction: Direction,
    pub why: Why,
    pub key: NodeKey,
    pub agent: String,
    /// Where its chain ends, by its last word.
    pub stand: Stand,
    pub score: u32,
    pub bytes_in: u64,
    pub bytes_out: u64,
    pub seconds: u64,
    pub round_trip_ms: Option<f64>,
    pub last_error: Option<String>,
}

impl PeerView {
    /// What people call it: where it can be called, or where it called from.
    pub fn shown_address(&self) -> String {
        self.address
            .as_ref()
            .map_or_else(|| self.remote.to_string(), PeerAddress::to_string)
    }
}

/// Why there is a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The operator named the node.
    Named,
    /// This node chose it.
    Chosen,
    /// It called.
    Called,
}

/// An address that was named, without a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreached {
    pub address: PeerAddress,
    pub last_error: Option<String>,
}

/// A chain on its way in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncView {
    /// Whose it is.
    pub from: String,
    pub at: u64,
    pub to: u64,
}

impl Engine {
    /// How many things the engine keeps in memory for others: bounded whatever they send.
    pub fn held(&self) -> usize {
        let of_peer = |peer: &super::session::Peer| {
            let owed: usize = peer.owes_transactions.iter().map(Vec::len).sum();
            let asked = peer.owes_blocks.len().saturating_add(owed);
            let told = peer.knows.len().saturating_add(peer.to_tell.len());
            asked.saturating_add(told).saturating_add(peer.serving)
        };
        let of_peers: usize = self.settled().filter_map(|s| s.peer()).map(of_peer).sum();
        [
            of_peers,
            self.sessions.len(),
            self.fetches.len(),
            self.relayed.len(),
            self.asked.len(),
            self.outputs.len(),
            self.gossip.requested_count(),
        ]
        .iter()
        .sum()
    }

    /// The network as this node sees it.
    pub fn view(&self) -> View {
        let dialled: BTreeSet<&PeerAddress> = self
            .settled()
            .filter_map(|session| session.dialled.as_ref())
            .collect();
        let peers = self.settled().filter_map(|session| {
            let peer = session.peer()?;
            // Who calls says at which port it listens: where somebody else is known to, it is not called by that name.
            let listens = peer.listens.clone().filter(|at| !dialled.contains(at));
            Some(PeerView {
                address: session.dialled.clone().or(listens),
                remote: session.remote,
                direction: session.place.direction(),
                why: match session.place {
                    Place::Outbound(Role::Operator) => Why::Named,
                    Place::Outbound(_) => Why::Chosen,
                    Place::Inbound => Why::Called,
                },
                key: peer.key,
                agent: peer.agent.clone(),
                stand: peer.stand,
                score: self.scores.of(peer.key, self.now),
                bytes_in: session.bytes_in,
                bytes_out: session.bytes_out,
                seconds: self.now.since(peer.settled).as_secs(),
                round_trip_ms: session.round_trip.map(|time| time.as_secs_f64() * 1000.0),
                last_error: session.last_error.clone(),
            })
        });
        let peers: Vec<PeerView> = peers.collect();
        let unreached = self
            .dialling
            .operator
            .iter()
            .filter(|address| !self.leads_to_a_peer(address));
        let unreached = unreached.map(|address| Unreached {
            address: address.clone(),
            last_error: self.dialling.errors.get(address).cloned(),
        });
        let syncs = self.fetches.values().filter_map(|fetch| {
            let FetchStage::Bodies(bodies) = &fetch.stage else {
                return None;
            };
            Some(SyncView {
                from: self.sessions.get(&fetch.from)?.name(),
                at: bodies.at,
                to: bodies.end.height,
            })
        });
        View {
            own: self.own,
            key: self.identity.key(),
            unreached: unreached.collect(),
            syncs: syncs.collect(),
            known_addresses: self.book.len(),
            counts: self.counts.clone(),
            peers,
        }
    }
}
