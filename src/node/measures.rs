//! What the writer counts, for whoever watches the node. Only counts: nothing is decided by it.

use std::time::Duration;

use metrics::{
    Counter, Histogram, Recorder, counter, describe_counter, describe_histogram, histogram,
    with_local_recorder,
};

use super::Event;

/// The writer's counters, registered once.
#[derive(Debug)]
pub(super) struct Measures {
    blocks: Counter,
    transactions: Counter,
    reorgs: Counter,
    failures: Counter,
    group: Histogram,
    seconds: Histogram,
}

impl Measures {
    /// Registers and describes the counters with this node's recorder.
    pub(super) fn of(recorder: &dyn Recorder) -> Self {
        with_local_recorder(&recorder, || {
            describe_counter!("bcoin_blocks_mined_total", "Blocks mined by this node.");
            describe_counter!(
                "bcoin_transactions_accepted_total",
                "Transactions taken from clients, durable when counted."
            );
            describe_counter!(
                "bcoin_reorgs_total",
                "Switches to a longer chain of a peer."
            );
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
                blocks: counter!("bcoin_blocks_mined_total"),
                transactions: counter!("bcoin_transactions_accepted_total"),
                reorgs: counter!("bcoin_reorgs_total"),
                failures: counter!("bcoin_commit_failures_total"),
                group: histogram!("bcoin_commit_commands"),
                seconds: histogram!("bcoin_commit_duration_seconds"),
            }
        })
    }

    /// A group of commands became durable.
    pub(super) fn committed(&self, commands: usize, took: Duration, events: &[Event]) {
        self.group.record(commands as f64);
        self.seconds.record(took);
        let count = |is: fn(&Event) -> bool| events.iter().filter(|event| is(event)).count() as u64;
        self.blocks
            .increment(count(|event| matches!(event, Event::Block { .. })));
        self.transactions
            .increment(count(|event| matches!(event, Event::Transaction { .. })));
        self.reorgs
            .increment(count(|event| matches!(event, Event::Reorg { .. })));
    }

    /// A group of commands did not become durable.
    pub(super) fn failed(&self) {
        self.failures.increment(1);
    }
}
