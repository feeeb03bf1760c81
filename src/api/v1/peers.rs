//! Known peers, and what is known of each.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::App;
use super::super::face::Face;
use super::answer::json_of_the_moment;
use super::parameters::NoParameters;
use crate::peers::engine::event::Direction;
use crate::peers::engine::view::{PeerView, View, Why};
use crate::peers::live::network::Network;
use crate::peers::message::Stand;

/// All known peers: those that follow this node or are followed first, then addresses that were named. What only a node with
/// `"sync": "auto"` knows is missing on others.
#[derive(Debug, Serialize, ToSchema)]
pub struct PeersAnswer {
    pub peers: Vec<PeerAnswer>,
    /// `auto`: the node follows others by itself. `manual`: nothing moves until it is told to replace its chain.
    #[schema(pattern = "^(auto|manual)$", example = "auto")]
    pub sync: &'static str,
    /// By which others know this node again, whatever its address: a compressed point of secp256k1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, pattern = "^[0-9a-f]{66}$")]
    pub key: Option<String>,
    /// Addresses in the book of nodes that may be called.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0)]
    pub known_addresses: Option<usize>,
    /// How often peers were blamed since the start, by offence.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub offences: Option<BTreeMap<&'static str, u64>>,
    /// How often a peer was left alone for a while, or kept out, since the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0)]
    pub banned: Option<u64>,
    /// Sessions that were refused since the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0)]
    pub refused_sessions: Option<u64>,
    /// Chains that are being brought in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub syncs: Option<Vec<SyncAnswer>>,
}

/// A peer.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct PeerAnswer {
    /// Where it can be called, or where it called from.
    #[schema(example = "127.0.0.1:1002")]
    pub address: String,
    /// Whether there is a session with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub connected: Option<bool>,
    /// Who opened the session: `outbound` this node, `inbound` the peer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<String>, pattern = "^(outbound|inbound)$")]
    pub direction: Option<Direction>,
    /// `named` by this node's operator, `chosen` by this node, or it `called`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<String>, pattern = "^(named|chosen|called)$")]
    pub why: Option<Why>,
    /// By which it is known again: a compressed point of secp256k1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, pattern = "^[0-9a-f]{66}$")]
    pub key: Option<String>,
    /// Its program, by its word.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "bcoin/0.1.0")]
    pub agent: Option<String>,
    /// Where its chain ends, by its own word, which this node has checked only where it knows the block.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub tip: Option<PeerTip>,
    /// Blocks by which it is behind this node.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0)]
    pub lag: Option<u64>,
    /// Points of blame: at 100 it is parted from; one is forgiven a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0)]
    pub score: Option<u32>,
    /// Of this session's messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0)]
    pub bytes_in: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0)]
    pub bytes_out: Option<u64>,
    /// Since when the session stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0)]
    pub seconds: Option<u64>,
    /// From a ping to its answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0)]
    pub round_trip_ms: Option<f64>,
    /// What it said last when it was asked for its chain by plain HTTP, where it has no sessions.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub said: Option<String>,
    /// What went wrong last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub last_error: Option<String>,
}

/// Where a peer's chain ends.
#[derive(Debug, Serialize, ToSchema)]
pub struct PeerTip {
    /// Its height, on coin networks its number.
    #[schema(minimum = 0)]
    pub height: u64,
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub hash: String,
    /// What decides between chains, as decimal text: blocks on classic, work on coin.
    #[schema(pattern = "^[0-9]+$", example = "24")]
    pub weight: String,
}

/// A chain that is being brought in.
#[derive(Debug, Serialize, ToSchema)]
pub struct SyncAnswer {
    /// From which peer.
    pub from: String,
    /// The last height that is here.
    #[schema(minimum = 0)]
    pub at: u64,
    /// The last height that is wanted.
    #[schema(minimum = 0)]
    pub to: u64,
}

impl PeerTip {
    pub fn of(stand: &Stand, network: &Network) -> Self {
        Self {
            height: stand.height,
            hash: network.shown(&stand.id),
            weight: stand.weight.to_string(),
        }
    }
}

/// The peers that this node follows or asks, and how they are.
#[utoipa::path(get, path = "/v1/peers", tag = "v1", responses((status = 200, description = "Known peers.", body = PeersAnswer)))]
pub(super) async fn peers(State(app): State<Arc<App>>, _: NoParameters) -> Response {
    json_of_the_moment(&of_face(&app.face, app.node.peers()).await)
}

/// How a node moves: by itself or by hand.
pub fn sync(face: &Face) -> &'static str {
    match face.network {
        Some(_) => "auto",
        None => "manual",
    }
}

/// How many sessions a node has; nothing where it has none ever.
pub async fn connected(face: &Face) -> Option<usize> {
    let network = face.network.as_ref()?;
    Some(network.view().await.map_or(0, |view| view.peers.len()))
}

/// What a node knows of its peers; `known` are the addresses that it was told of.
pub async fn of_face(face: &Face, known: Vec<String>) -> PeersAnswer {
    let network = face.network.as_ref();
    let view = match network {
        Some(network) => network.view().await,
        None => None,
    };
    match (network, view) {
        (Some(network), Some(view)) => of_view(network, view, known),
        _ => PeersAnswer {
            peers: named(known).collect(),
            sync: sync(face),
            key: None,
            known_addresses: None,
            offences: None,
            banned: None,
            refused_sessions: None,
            syncs: None,
        },
    }
}

fn of_view(network: &Network, view: View, known: Vec<String>) -> PeersAnswer {
    let sessions = view
        .peers
        .iter()
        .map(|peer| of_peer(network, peer, &view.own));
    let mut peers: Vec<PeerAnswer> = sessions.collect();
    let mut asked = network.asked().all();
    peers.extend(view.unreached.into_iter().map(|unreached| {
        let (said, last_error) = match asked.remove(&unreached.address) {
            Some(Ok(said)) => (Some(said), None),
            Some(Err(why)) => (None, Some(format!("asked by plain HTTP: {why}"))),
            None => (None, unreached.last_error),
        };
        PeerAnswer {
            address: unreached.address.to_string(),
            connected: Some(false),
            said,
            last_error,
            ..PeerAnswer::default()
        }
    }));
    let told: BTreeSet<String> = peers.iter().map(|peer| peer.address.clone()).collect();
    // Other names of peers that are listed already.
    let others = known.into_iter().filter(|address| !told.contains(address));
    peers.extend(named(others.collect()));
    let offences = view.counts.offences.iter();
    PeersAnswer {
        peers,
        sync: "auto",
        key: Some(view.key.to_string()),
        known_addresses: Some(view.known_addresses),
        offences: Some(
            offences
                .map(|(offence, count)| (offence.name(), *count))
                .collect(),
        ),
        banned: Some(view.counts.banned),
        refused_sessions: Some(view.counts.refused_sessions),
        syncs: Some(
            view.syncs
                .into_iter()
                .map(|sync| SyncAnswer {
                    from: sync.from,
                    at: sync.at,
                    to: sync.to,
                })
                .collect(),
        ),
    }
}

fn named(known: Vec<String>) -> impl Iterator<Item = PeerAnswer> {
    known.into_iter().map(|address| PeerAnswer {
        address,
        ..PeerAnswer::default()
    })
}

fn of_peer(network: &Network, peer: &PeerView, own: &Stand) -> PeerAnswer {
    PeerAnswer {
        address: peer.shown_address(),
        connected: Some(true),
        direction: Some(peer.direction),
        why: Some(peer.why),
        key: Some(peer.key.to_string()),
        agent: Some(peer.agent.clone()),
        tip: Some(PeerTip::of(&peer.stand, network)),
        lag: Some(own.height.saturating_sub(peer.stand.height)),
        score: Some(peer.score),
        bytes_in: Some(peer.bytes_in),
        bytes_out: Some(peer.bytes_out),
        seconds: Some(peer.seconds),
        round_trip_ms: peer.round_trip_ms,
        said: None,
        last_error: peer.last_error.clone(),
    }
}
