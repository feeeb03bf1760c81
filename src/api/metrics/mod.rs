//! `/metrics`: what this node has counted, as Prometheus reads it.
//!
//! Several nodes may live in one process, so each has a recorder of its own for what belongs to it: chain, commits,
//! requests. What sockets, guard and bodies count goes to the one recorder of the process. An answer holds both; their
//! names differ. `docs/decisions/metrics-of-node-and-process.md` says why.

pub mod process;
pub mod requests;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use metrics::{Recorder, describe_gauge, gauge, with_local_recorder};
use metrics_exporter_prometheus::{
    Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder,
};
use tokio_util::sync::CancellationToken;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::face::Face;
use super::problem::Problem;
use super::{App, blocking};
use crate::limits::METRICS_UPKEEP;

/// The exposition format that Prometheus reads everywhere.
pub const PROMETHEUS_TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// From a tenth of a millisecond to ten seconds.
const SECONDS: [f64; 12] = [
    0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0,
];

/// To as many commands as share a commit.
const COMMANDS: [f64; 10] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];

/// What one node counts. Clones are the same.
#[derive(Clone)]
pub struct NodeMetrics {
    recorder: Arc<PrometheusRecorder>,
    handle: PrometheusHandle,
}

impl fmt::Debug for NodeMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NodeMetrics").finish_non_exhaustive()
    }
}

impl Default for NodeMetrics {
    fn default() -> Self {
        // From here on the process counts, too.
        process::recorded();
        let mut builder = PrometheusBuilder::new();
        for (suffix, buckets) in [("_seconds", &SECONDS[..]), ("_commands", &COMMANDS)] {
            // It refuses nothing but an empty list of buckets.
            builder = builder
                .set_buckets_for_metric(Matcher::Suffix(suffix.to_owned()), buckets)
                .unwrap_or_else(|_| PrometheusBuilder::new());
        }
        let recorder = builder.build_recorder();
        let metrics = Self {
            handle: recorder.handle(),
            recorder: Arc::new(recorder),
        };
        metrics.describe();
        metrics
    }
}

impl NodeMetrics {
    /// Where parts of the node register what they count.
    pub fn recorder(&self) -> Arc<dyn Recorder + Send + Sync> {
        Arc::clone(&self.recorder) as Arc<dyn Recorder + Send + Sync>
    }

    /// Sums up durations again and again until the node ends: as single samples they would pile up in memory.
    pub async fn keep_up(self, shutdown: CancellationToken) {
        let every = async {
            loop {
                tokio::time::sleep(METRICS_UPKEEP).await;
                self.handle.run_upkeep();
            }
        };
        shutdown.run_until_cancelled(every).await;
    }

    fn describe(&self) {
        with_local_recorder(&*self.recorder, || {
            describe_gauge!("bcoin_build_info", "Always 1; the labels say what runs.");
            describe_gauge!(
                "bcoin_start_time_seconds",
                "When the node started, in seconds since 1970."
            );
            describe_gauge!("bcoin_ready", "1 while the node can do its work, else 0.");
            describe_gauge!("bcoin_tip_height", "Height of the chain's last block.");
            describe_gauge!(
                "bcoin_transactions_waiting",
                "Transactions that wait for a block."
            );
            describe_gauge!("bcoin_peers_known", "Peers that this node knows.");
            describe_gauge!(
                "bcoin_blocks_displaced",
                "Displaced blocks in the store: they left the chain when a longer one was adopted."
            );
            describe_gauge!(
                "bcoin_http_requests_in_flight",
                "Requests between their headers and the last byte of their answers."
            );
            describe_gauge!("bcoin_http_event_streams", "Open event streams.");
        });
    }

    /// Everything counted, by this node and by the process; `look` sets what is looked up rather than counted.
    pub(super) fn exposition(
        &self,
        face: &Face,
        looked: &Looked<'_>,
        look: impl FnOnce(),
    ) -> String {
        let started = face.started_at.duration_since(UNIX_EPOCH);
        let network = looked.network.to_owned();
        with_local_recorder(&*self.recorder, || {
            gauge!("bcoin_build_info", "version" => env!("CARGO_PKG_VERSION"), "network" => network)
                .set(1);
            gauge!("bcoin_start_time_seconds").set(started.unwrap_or(Duration::ZERO).as_secs_f64());
            gauge!("bcoin_ready").set(if looked.ready { 1 } else { 0 });
            gauge!("bcoin_tip_height").set(looked.height as f64);
            gauge!("bcoin_transactions_waiting").set(looked.waiting as f64);
            gauge!("bcoin_peers_known").set(looked.peers as f64);
            gauge!("bcoin_http_requests_in_flight").set(face.guard.in_flight() as f64);
            gauge!("bcoin_http_event_streams").set(face.guard.event_streams().in_use() as f64);
            look();
        });
        let mut text = self.handle.render();
        if let Some(process) = process::recorded() {
            text.push_str(&process.render());
        }
        text
    }
}

/// What every node knows of itself at the moment.
pub(super) struct Looked<'a> {
    pub network: &'a str,
    pub ready: bool,
    pub height: u64,
    pub waiting: u64,
    pub peers: usize,
}

pub(super) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(metrics))
}

/// Counters for Prometheus.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "health",
    responses((status = 200, description = "The node's counters, and the process's.", content_type = "text/plain; version=0.0.4; charset=utf-8", body = String))
)]
pub(super) async fn metrics(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    let text = blocking(move || {
        let displaced = app.node.read(|snapshot| snapshot.displaced_total())?;
        let tip = app.node.tip();
        let looked = Looked {
            network: app.node.network(),
            ready: app.node.is_ready(),
            height: tip.link.height.0,
            waiting: tip.waiting,
            peers: tip.peers,
        };
        let metrics = &app.face.metrics;
        let text = metrics.exposition(&app.face, &looked, || {
            gauge!("bcoin_blocks_displaced").set(displaced as f64);
        });
        Ok::<_, Problem>(text)
    })
    .await??;
    Ok(as_prometheus(text))
}

pub(super) fn as_prometheus(text: String) -> Response {
    ([(header::CONTENT_TYPE, PROMETHEUS_TEXT)], text).into_response()
}
