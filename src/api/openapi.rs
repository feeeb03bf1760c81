//! The description of every call, for programs and people; made from what stands beside the handlers.

use std::borrow::Cow;
use std::sync::Arc;

use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use super::fallback::KnownRoute;
use super::{App, book, events, health, index, metrics, v1};

/// All routes whose handlers carry their own description: everything but the six calls.
pub(super) fn described_routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .merge(v1::router())
        .merge(events::router())
        .merge(health::router())
        .merge(metrics::router())
        .merge(index::router())
}

/// What clients are told of that is here: the six calls first.
pub(super) fn known_routes(described: &OpenApi) -> Vec<KnownRoute> {
    let others = described.paths.paths.keys().map(|path| KnownRoute {
        path: Cow::Owned(path.clone()),
        methods: &["GET", "HEAD"],
        example_body: None,
    });
    book::ROUTES.into_iter().chain(others).collect()
}
