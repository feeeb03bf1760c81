//! `/connect_node`: naming other nodes.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::super::connecting::{connected, named_nodes};
use super::super::super::curl_line::CalledAs;
use super::super::super::problem::Problem;
use super::super::super::serve::ConnectionFacts;
use super::super::CoinApp;

/// Addresses of nodes.
#[derive(Serialize, ToSchema)]
pub struct NewNodes {
    /// Each as `http://host:port` or `host:port`; this node's own and known ones are left out.
    #[schema(max_items = 16)]
    pub nodes: Vec<String>,
}

/// The known nodes.
#[derive(Serialize, ToSchema)]
pub struct Connected {
    pub message: String,
    pub total_nodes: Vec<String>,
}

/// Names nodes that this one asks when it is told to replace its chain.
///
/// One bad address refuses the whole call, and adds none. With `"sync": "auto"` (see `/v1/node`) the node calls them at once.
#[utoipa::path(
    post, path = "/connect_node", tag = "book",
    request_body(content = NewNodes, example = json!({"nodes": ["http://127.0.0.1:1002", "http://127.0.0.1:1003"]})),
    responses(
        (status = 201, description = "All known nodes, in the order in which they became known.", body = Connected,
            example = json!({"message": "All of the nodes are now linked together. The node has now been added to the Bcoin blockchain.", "total_nodes": ["127.0.0.1:1002", "127.0.0.1:1003"]})),
        (status = 400, description = "No JSON object, no `nodes`, or an address that is none or may not be called: `address` names it."),
        (status = 409, description = "The node would know more than 64 nodes; `limit` says so."),
    )
)]
pub(in super::super) async fn connect_node(
    State(app): State<Arc<CoinApp>>,
    facts: Option<Extension<ConnectionFacts>>,
    called_as: CalledAs,
    body: Body,
) -> Result<Response, Problem> {
    let local = facts.map(|Extension(facts)| facts.local.ip());
    let addresses = named_nodes(&app.face, local, &called_as, body).await?;
    let known = app.node.connect_peers(addresses.clone()).await?;
    app.face.follow(&addresses).await;
    Ok(connected(known))
}
