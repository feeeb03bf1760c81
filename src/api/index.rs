//! What stands at `/`: where to go from here.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::App;
use super::pages::{overview, visit::Visit, wants_page};

/// What classic is, said wherever somebody meets it.
pub const A_LESSON: &str = "The classic network is a lesson, not a currency: anyone can forge a longer chain of it in a moment, and nothing on it has value.";

pub(super) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(index))
}

/// A node in a few words.
#[derive(Debug, Serialize, ToSchema)]
pub struct Index {
    pub name: &'static str,
    pub version: &'static str,
    pub network: String,
    /// What this network is good for.
    pub notice: &'static str,
    pub links: &'static [Link],
}

/// Something that this node answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct Link {
    pub method: &'static str,
    pub path: &'static str,
    pub what: &'static str,
}

const LINKS: &[Link] = &[
    link("GET", "/get_chain", "the whole chain"),
    link("GET", "/mine_block", "mine a block"),
    link("GET", "/is_valid", "check the stored chain"),
    link("POST", "/add_transaction", "hand in a transaction"),
    link("POST", "/connect_node", "name other nodes"),
    link(
        "GET",
        "/replace_chain",
        "take the longest chain of the known nodes",
    ),
    link("GET", "/docs", "every call, explained and to be tried out"),
    link("GET", "/openapi.json", "the same for programs"),
    link("GET", "/v1/node", "this node"),
    link("GET", "/v1/blocks?order=desc&limit=10", "the last blocks"),
    link(
        "GET",
        "/v1/transactions/waiting",
        "transactions that wait for a block",
    ),
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

pub(super) const fn link(method: &'static str, path: &'static str, what: &'static str) -> Link {
    Link { method, path, what }
}

/// Where to go from here; a page, if `Accept` wants `text/html`.
#[utoipa::path(get, path = "/", tag = "health", responses((status = 200, description = "Names and links.", body = Index)))]
pub(super) async fn index(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    visit: Visit,
) -> Response {
    if wants_page(&headers) {
        return overview::classic::page(app, visit).await;
    }
    Json(Index {
        name: "B-Coin",
        version: env!("CARGO_PKG_VERSION"),
        network: app.node.network().to_owned(),
        notice: A_LESSON,
        links: LINKS,
    })
    .into_response()
}
