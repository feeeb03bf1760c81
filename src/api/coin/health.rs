//! Whether a coin node lives, and whether it can do its work.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::health::{Health, why_not};
use super::super::problem::{Kind, Problem};
use super::super::v1::answer::json_of_the_moment;
use super::CoinApp;
use super::errors::sentence;

/// The routes, each with its description.
pub(super) fn router() -> OpenApiRouter<Arc<CoinApp>> {
    OpenApiRouter::new()
        .routes(routes!(livez))
        .routes(routes!(readyz))
}

/// Whether the process answers at all.
#[utoipa::path(get, path = "/livez", tag = "health", responses((status = 200, description = "It does.", body = Health)))]
pub(super) async fn livez() -> Response {
    json_of_the_moment(&Health { status: "alive" })
}

/// Whether the node can do its work: 503 while its disk takes no writes, while it waits for its operator before a branch
/// that would take too much of the chain's place, and when it is about to end.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "health",
    responses((status = 200, description = "It can.", body = Health))
)]
pub(super) async fn readyz(State(app): State<Arc<CoinApp>>) -> Response {
    match app.not_ready() {
        Some(why_not) => Problem::new(Kind::NotReady, why_not).into_response(),
        None => json_of_the_moment(&Health { status: "ready" }),
    }
}

impl CoinApp {
    /// Why the node cannot do its work, if it cannot.
    pub(in crate::api) fn not_ready(&self) -> Option<String> {
        let common = why_not(&self.face, &self.node).map(str::to_owned);
        common.or_else(|| self.node.deep_branch().map(|error| sentence(&error)))
    }
}
