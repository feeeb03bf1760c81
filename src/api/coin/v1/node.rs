//! Who this node is, and where its chain stands.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::super::v1::answer::json_of_the_moment;
use super::super::super::v1::parameters::NoParameters;
use super::super::super::v1::peers::{connected, sync};
use super::super::CoinApp;

/// A coin node.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CoinNode)]
pub struct NodeAnswer {
    /// A UUID without dashes, made with the data folder.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub id: String,
    /// Of the program.
    #[schema(example = "0.1.0")]
    pub version: String,
    #[schema(example = "dev")]
    pub network: String,
    /// What a block is here, and when it is valid.
    #[schema(example = "coin")]
    pub protocol: String,
    /// Bound into every signature, so that no transaction holds on two networks.
    #[schema(example = 31337)]
    pub chain_id: u64,
    /// The first block's, by which nodes know each other's network.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub genesis_hash: String,
    /// Commits to all parameters of the network.
    #[schema(pattern = "^0x[0-9a-f]{64}$")]
    pub parameter_hash: String,
    /// The last block's number.
    #[schema(minimum = 0)]
    pub height: u64,
    pub tip: TipAnswer,
    /// Expected hashes for the whole chain, as decimal text.
    #[schema(example = "24")]
    pub work: String,
    /// Who is paid for blocks mined here; null where the node was not told.
    #[schema(required = true)]
    pub miner: Option<String>,
    /// Whose keys the node was told to hold.
    pub unlocked: Vec<String>,
    #[schema(minimum = 0)]
    pub uptime_seconds: u64,
    /// RFC 3339, in UTC.
    #[schema(format = DateTime)]
    pub started_at: String,
    /// Transactions that wait for a block.
    #[schema(minimum = 0)]
    pub waiting: u64,
    /// Known peers.
    #[schema(minimum = 0)]
    pub peers: usize,
    /// `auto`: the node follows others by itself. `manual`: nothing moves until it is told to replace its chain.
    #[schema(pattern = "^(auto|manual)$", example = "auto")]
    pub sync: &'static str,
    /// Sessions with other nodes; only with `"sync": "auto"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0)]
    pub peers_connected: Option<usize>,
}

/// The last block of the chain.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CoinTip)]
pub struct TipAnswer {
    #[schema(minimum = 0)]
    pub number: u64,
    /// The proof-of-work hash.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub hash: String,
    /// By which Ethereum's clients know it.
    #[schema(pattern = "^0x[0-9a-f]{64}$")]
    pub record_hash: String,
    /// Seconds since 1970.
    pub time: u32,
}

/// Who this node is, and where its chain stands.
#[utoipa::path(get, path = "/v1/node", tag = "v1", responses((status = 200, description = "The node.", body = NodeAnswer)))]
pub(in super::super) async fn node(State(app): State<Arc<CoinApp>>, _: NoParameters) -> Response {
    let (node, tip) = (&app.node, app.node.tip());
    let place = tip.place;
    json_of_the_moment(&NodeAnswer {
        id: node.node_id().to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        network: node.network().to_owned(),
        protocol: "coin".to_owned(),
        chain_id: node.parameters().chain_id,
        genesis_hash: node.genesis().hash().to_string(),
        parameter_hash: node.parameters().hash().to_string(),
        height: place.number,
        tip: TipAnswer {
            number: place.number,
            hash: place.hash.to_string(),
            record_hash: tip.record_hash.to_string(),
            time: place.time,
        },
        work: place.work.to_string(),
        miner: app.mining.miner.map(|address| address.to_string()),
        unlocked: app
            .keys
            .addresses()
            .map(|address| address.to_string())
            .collect(),
        uptime_seconds: node.started().elapsed().as_secs(),
        started_at: app.face.started_at_text(),
        waiting: tip.waiting,
        peers: tip.peers,
        sync: sync(&app.face),
        peers_connected: connected(&app.face).await,
    })
}
