//! Known peers, and what is known of each.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::super::super::v1::answer::json_of_the_moment;
use super::super::super::v1::parameters::NoParameters;
use super::super::super::v1::peers::{PeersAnswer, of_face};
use super::super::CoinApp;

/// The peers that this node follows or asks, and how they are.
#[utoipa::path(get, path = "/v1/peers", tag = "v1", responses((status = 200, description = "Known peers.", body = PeersAnswer)))]
pub(in super::super) async fn peers(State(app): State<Arc<CoinApp>>, _: NoParameters) -> Response {
    json_of_the_moment(&of_face(&app.face, app.node.peers()).await)
}
