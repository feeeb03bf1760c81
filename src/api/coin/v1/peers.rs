//! Known peers.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::super::super::v1::answer::json_of_the_moment;
use super::super::super::v1::parameters::NoParameters;
use super::super::super::v1::peers::{PeerAnswer, PeersAnswer};
use super::super::CoinApp;

/// The peers that this node asks when it is told to replace its chain.
#[utoipa::path(get, path = "/v1/peers", tag = "v1", responses((status = 200, description = "Known peers.", body = PeersAnswer)))]
pub(in super::super) async fn peers(State(app): State<Arc<CoinApp>>, _: NoParameters) -> Response {
    let known = app.node.peers().into_iter();
    json_of_the_moment(&PeersAnswer {
        peers: known.map(|address| PeerAnswer { address }).collect(),
    })
}
