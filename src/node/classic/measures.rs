//! What a classic node counts. Only counts: nothing is decided by it.

use metrics::{Counter, Recorder, counter, describe_counter, with_local_recorder};

use super::Event;

/// The protocol's counters, registered once.
#[derive(Debug)]
pub(super) struct Measures {
    blocks: Counter,
    transactions: Counter,
    reorgs: Counter,
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
                "Switches to a longer chain of a peer that displaced blocks of this node's."
            );
            Self {
                blocks: counter!("bcoin_blocks_mined_total"),
                transactions: counter!("bcoin_transactions_accepted_total"),
                reorgs: counter!("bcoin_reorgs_total"),
            }
        })
    }

    /// These became durable.
    pub(super) fn committed(&self, events: &[Event]) {
        let count = |is: fn(&Event) -> bool| events.iter().filter(|event| is(event)).count() as u64;
        self.blocks.increment(count(|event| {
            matches!(
                event,
                Event::Block {
                    mined_here: true,
                    ..
                }
            )
        }));
        self.transactions
            .increment(count(|event| matches!(event, Event::Transaction { .. })));
        self.reorgs
            .increment(count(|event| matches!(event, Event::Reorg { .. })));
    }
}
