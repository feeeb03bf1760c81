//! `/v1`: what the node knows, for programs. Reading only; one file a subject.
//!
//! Handlers read a snapshot where blocking is allowed and never wait for the writer. Every list is paged by a cursor and
//! bounded in entries and bytes. Blocks and transactions go out as their canonical text, since a peer's may hold what
//! serde_json cannot say; so answers that show them are assembled as text. The description of each route stands beside its
//! handler, and the OpenAPI document, the 404s and the 405s come from there.

pub mod answer;
pub mod audit;
pub mod blocks;
pub mod conditional;
pub mod displaced;
pub mod network;
pub mod node;
pub mod parameters;
pub mod peers;
pub mod transactions;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::App;

/// The routes, each with its description.
pub(super) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(node::node))
        .routes(routes!(blocks::page::blocks))
        .routes(routes!(blocks::one::block))
        .routes(routes!(blocks::one::block_text))
        .routes(routes!(transactions::waiting))
        .routes(routes!(peers::peers))
        .routes(routes!(network::network))
        .routes(routes!(displaced::displaced))
        .routes(routes!(audit::audit))
}
