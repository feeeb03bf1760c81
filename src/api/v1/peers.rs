//! Known peers.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::App;
use super::answer::json_of_the_moment;
use super::parameters::NoParameters;

/// All known peers, in the order in which they became known; there are never more than 64.
#[derive(Debug, Serialize, ToSchema)]
pub struct PeersAnswer {
    pub peers: Vec<PeerAnswer>,
}

/// A peer.
#[derive(Debug, Serialize, ToSchema)]
pub struct PeerAnswer {
    #[schema(example = "127.0.0.1:1002")]
    pub address: String,
}

/// The peers that this node asks when it is told to replace its chain.
#[utoipa::path(get, path = "/v1/peers", tag = "v1", responses((status = 200, description = "Known peers.", body = PeersAnswer)))]
pub(super) async fn peers(State(app): State<Arc<App>>, _: NoParameters) -> Response {
    let known = app.node.peers().into_iter();
    json_of_the_moment(&PeersAnswer {
        peers: known.map(|address| PeerAnswer { address }).collect(),
    })
}
