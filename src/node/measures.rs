//! What the writer counts, whatever the protocol, for whoever watches the node. Only counts: nothing is decided by it.

use std::time::Duration;

use metrics::{
    Counter, Histogram, Recorder, counter, describe_counter, describe_histogram, histogram,
    with_local_recorder,
};

/// The writer's counters, registered once.
#[derive(Debug)]
pub(super) struct Measures {
    failures: Counter,
    group: Histogram,
    seconds: Histogram,
}

impl Measures {
    /// Registers and describes the counters with this node's recorder.
    pub(super) fn of(recorder: &dyn Recorder) -> Self {
        with_local_recorder(&recorder, || {
            describe_counter!(
                "bcoin_commit_failures_total",
                "Commits that did not reach the disk, each answered with an error."
            );
            describe_histogram!(
                "bcoin_commit_commands",
                "Commands that shared one durable commit."
            );
            describe_histogram!(
                "bcoin_commit_duration_seconds",
                "Time from taking a group of commands to their durable commit."
            );
            Self {
                failures: counter!("bcoin_commit_failures_total"),
                group: histogram!("bcoin_commit_commands"),
                seconds: histogram!("bcoin_commit_duration_seconds"),
            }
        })
    }

    /// A group of commands became durable.
    pub(super) fn committed(&self, commands: usize, took: Duration) {
        self.group.record(commands as f64);
        self.seconds.record(took);
    }

    /// A group of commands did not become durable.
    pub(super) fn failed(&self) {
        self.failures.increment(1);
    }
}
