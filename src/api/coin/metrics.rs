//! `/metrics` of a coin node.

use std::sync::Arc;

use ::metrics::{describe_gauge, gauge};
use axum::extract::State;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::blocking;
use super::super::metrics::{Looked, as_prometheus};
use super::super::problem::Problem;
use super::CoinApp;

pub(super) fn router() -> OpenApiRouter<Arc<CoinApp>> {
    OpenApiRouter::new().routes(routes!(metrics))
}

/// Counters for Prometheus.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "health",
    responses((status = 200, description = "The node's counters, and the process's.", content_type = "text/plain; version=0.0.4; charset=utf-8", body = String))
)]
pub(super) async fn metrics(State(app): State<Arc<CoinApp>>) -> Result<Response, Problem> {
    // The writer may hold the mempool for a moment.
    let text = blocking(move || {
        let (node, tip) = (&app.node, app.node.tip());
        let bytes = node.mempool().bytes();
        let looked = Looked {
            network: node.network(),
            ready: node.is_ready() && node.deep_branch().is_none(),
            height: tip.place.number,
            waiting: tip.waiting,
            peers: tip.peers,
        };
        app.face.metrics.exposition(&app.face, &looked, || {
            describe_gauge!(
                "bcoin_mempool_bytes",
                "Envelopes of transactions that wait for a block."
            );
            describe_gauge!(
                "bcoin_tip_time_seconds",
                "The last block's time, in seconds since 1970."
            );
            gauge!("bcoin_mempool_bytes").set(bytes as f64);
            gauge!("bcoin_tip_time_seconds").set(f64::from(tip.place.time));
        })
    })
    .await?;
    Ok(as_prometheus(text))
}
