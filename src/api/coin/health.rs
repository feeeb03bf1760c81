//! Whether a coin node lives, and whether it can do its work.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::health::Health;
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
    let why_not = if app.face.shutdown.is_cancelled() {
        "The node is stopping.".to_owned()
    } else if !app.node.writer_runs() {
        "The writer has ended, so nothing can be changed any more; start the node again.".to_owned()
    } else if !app.node.is_ready() {
        "The disk takes no writes: make room on it. The next change tries again, reading goes on."
            .to_owned()
    } else if let Some(error) = app.node.deep_branch() {
        sentence(&error)
    } else {
        return json_of_the_moment(&Health { status: "ready" });
    };
    Problem::new(Kind::NotReady, why_not).into_response()
}
