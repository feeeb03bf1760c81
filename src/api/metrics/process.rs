//! The recorder of the process: what is counted where no node is known, at sockets and bodies.

use std::sync::OnceLock;

use metrics::{counter, describe_counter};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

/// What the process has counted. Nothing when another recorder was installed before, as a program that embeds nodes may.
pub fn recorded() -> Option<&'static PrometheusHandle> {
    static RECORDED: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    RECORDED
        .get_or_init(|| {
            let handle = PrometheusBuilder::new().install_recorder().ok();
            describe();
            handle
        })
        .as_ref()
}

fn describe() {
    const COUNTERS: [(&str, &str); 7] = [
        (
            "bcoin_http_connections_accepted_total",
            "Connections taken in by all nodes of the process.",
        ),
        (
            "bcoin_http_connections_refused_total",
            "Connections closed at once since every other was busy, by all nodes of the process.",
        ),
        (
            "bcoin_http_connections_evicted_total",
            "Idle connections given up for newcomers, by all nodes of the process.",
        ),
        (
            "bcoin_http_accept_errors_total",
            "Connections that the system could not hand over, for all nodes of the process.",
        ),
        (
            "bcoin_http_panics_total",
            "Requests whose handler panicked, in all nodes of the process.",
        ),
        (
            "bcoin_http_timeouts_total",
            "Connections and bodies cut for being too slow, by the limit they passed, in all nodes of the process.",
        ),
        (
            "bcoin_http_requests_refused_total",
            "Requests that a rule turned away before any handler saw them, by rule, in all nodes of the process.",
        ),
    ];
    for (name, what) in COUNTERS {
        describe_counter!(name, what);
    }
    // Without labels, so that they stand at zero before anything happens.
    for (name, _) in COUNTERS.iter().take(5) {
        counter!(*name).increment(0);
    }
}
