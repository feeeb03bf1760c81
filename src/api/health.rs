//! Whether the node lives, and whether it can do its work: for whoever starts and watches it.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::App;
use super::face::Face;
use super::problem::{Kind, Problem};
use super::v1::answer::json_of_the_moment;
use crate::node::{HandleOf, Protocol};

/// The routes, each with its description.
pub(super) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(livez))
        .routes(routes!(readyz))
}

/// How the node is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    #[schema(example = "ready")]
    pub status: &'static str,
}

/// Whether the process answers at all.
#[utoipa::path(get, path = "/livez", tag = "health", responses((status = 200, description = "It does.", body = Health)))]
pub(super) async fn livez() -> Response {
    json_of_the_moment(&Health { status: "alive" })
}

/// Whether the node can do its work: 503 while its disk takes no writes, and when it is about to end.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "health",
    responses((status = 200, description = "It can.", body = Health))
)]
pub(super) async fn readyz(State(app): State<Arc<App>>) -> Response {
    match app.not_ready() {
        Some(why_not) => Problem::new(Kind::NotReady, why_not).into_response(),
        None => json_of_the_moment(&Health { status: "ready" }),
    }
}

impl App {
    /// Why the node cannot do its work, if it cannot.
    pub(super) fn not_ready(&self) -> Option<&'static str> {
        why_not(&self.face, &self.node)
    }
}

/// What any node may lack.
pub(super) fn why_not<P: Protocol>(face: &Face, node: &HandleOf<P>) -> Option<&'static str> {
    if face.shutdown.is_cancelled() {
        Some("The node is stopping.")
    } else if !node.writer_runs() {
        Some("The writer has ended, so nothing can be changed any more; start the node again.")
    } else if !node.is_ready() {
        Some(
            "The disk takes no writes: make room on it. The next change tries again, reading goes on.",
        )
    } else {
        None
    }
}
