//! What stands at `/` of a coin node: where to go from here.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::index::{Index, Link, link};
use super::super::pages::{overview, visit::Visit, wants_page};
use super::CoinApp;

/// What a network is worth whose first accounts everybody has the keys of.
pub const FOR_LESSONS: &str = "This network is for lessons and development: blocks cost nothing, and everybody has the keys of its first accounts. Nothing on it has value.";

/// What a network is that nobody can forge.
const REAL: &str = "Coins here are as safe as the work of this network's miners: signatures, proof of work and balances are checked by every node.";

pub(super) fn router() -> OpenApiRouter<Arc<CoinApp>> {
    OpenApiRouter::new().routes(routes!(index))
}

const LINKS: &[Link] = &[
    link("GET", "/get_chain", "the whole chain"),
    link("GET", "/mine_block", "mine a block"),
    link(
        "GET",
        "/is_valid",
        "check the stored chain again, from its first block on",
    ),
    link("POST", "/add_transaction", "hand in a transaction"),
    link("POST", "/connect_node", "name other nodes"),
    link(
        "GET",
        "/replace_chain",
        "take the chain with the most work of the known nodes",
    ),
    link("GET", "/docs", "every call, explained and to be tried out"),
    link("GET", "/openapi.json", "the same for programs"),
    link("GET", "/v1/node", "this node"),
    link("GET", "/v1/blocks?order=desc&limit=10", "the last blocks"),
    link("GET", "/v1/mempool", "transactions that wait for a block"),
    link("GET", "/v1/fees", "what to offer"),
    link("GET", "/v1/supply", "how many coins there are"),
    link("GET", "/v1/difficulty", "how hard it is to find a block"),
    link("GET", "/v1/peers", "known nodes, and how they are"),
    link(
        "GET",
        "/v1/network",
        "recent blocks, and who stands on which",
    ),
    link("GET", "/v1/events", "what happens, as it happens"),
    link("GET", "/v1/audit", "read every stored byte again"),
    link("GET", "/readyz", "whether the node can do its work"),
    link("GET", "/metrics", "counters for Prometheus"),
];

/// Where to go from here; a page, if `Accept` wants `text/html`.
#[utoipa::path(get, path = "/", tag = "health", responses((status = 200, description = "Names and links.", body = Index)))]
pub(super) async fn index(
    State(app): State<Arc<CoinApp>>,
    headers: HeaderMap,
    visit: Visit,
) -> Response {
    if wants_page(&headers) {
        return overview::coin::page(app, visit).await;
    }
    // Blocks without difficulty are for lessons alone.
    let notice = match app.node.parameters().half_life {
        0 => FOR_LESSONS,
        _ => REAL,
    };
    Json(Index {
        name: "B-Coin",
        version: env!("CARGO_PKG_VERSION"),
        network: app.node.network().to_owned(),
        notice,
        links: LINKS,
    })
    .into_response()
}
