//! Who this node is, and where its chain stands.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::App;
use super::answer::json_of_the_moment;
use super::parameters::NoParameters;
use super::peers::{connected, sync};

/// A node.
#[derive(Debug, Serialize, ToSchema)]
pub struct NodeAnswer {
    /// A UUID without dashes, made with the data folder; the sender of this node's rewards.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub id: String,
    /// Of the program.
    #[schema(example = "0.1.0")]
    pub version: String,
    #[schema(example = "classic")]
    pub network: String,
    /// What a block is here, and when it is valid.
    #[schema(example = "classic")]
    pub protocol: String,
    /// Who receives the rewards for blocks mined here.
    #[schema(example = "Bharathi")]
    pub miner: String,
    #[schema(minimum = 0)]
    pub uptime_seconds: u64,
    /// RFC 3339, in UTC.
    #[schema(format = DateTime)]
    pub started_at: String,
    pub tip: TipAnswer,
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
pub struct TipAnswer {
    #[schema(minimum = 1)]
    pub height: u64,
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub hash: String,
}

/// Who this node is, and where its chain stands.
#[utoipa::path(get, path = "/v1/node", tag = "v1", responses((status = 200, description = "The node.", body = NodeAnswer)))]
pub(super) async fn node(State(app): State<Arc<App>>, _: NoParameters) -> Response {
    let tip = app.node.tip();
    json_of_the_moment(&NodeAnswer {
        id: app.node.node_id().to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        network: app.node.network().to_owned(),
        protocol: "classic".to_owned(),
        miner: app.node.miner_name().to_owned(),
        uptime_seconds: app.node.started().elapsed().as_secs(),
        started_at: app.face.started_at_text(),
        tip: TipAnswer {
            height: tip.link.height.0,
            hash: tip.link.hash.to_string(),
        },
        waiting: tip.waiting,
        peers: tip.peers,
        sync: sync(&app.face),
        peers_connected: connected(&app.face).await,
    })
}
