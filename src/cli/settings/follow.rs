//! The flags that say whether and how a node follows others by itself.

use clap::Args;
use clap::builder::BoolishValueParser;

use super::{Collector, MOST, number};

/// Whether and how a node follows others by itself.
#[derive(Debug, Clone, Default, Args)]
pub struct FollowArgs {
    /// Who has the node look at others' chains: auto, the node itself; manual, whoever calls /replace_chain [default: manual on classic, auto on coin networks]
    #[arg(long, value_name = "MODE", env = "BCOIN_SYNC", value_parser = ["auto", "manual"], hide_possible_values = true, help_heading = "Peers")]
    pub sync: Option<String>,
    /// With --sync auto: look for nodes on the local network (mDNS), and tell them of this one [default: false]
    #[arg(long, value_name = "BOOL", env = "BCOIN_FIND_LOCAL", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = BoolishValueParser::new(), hide_possible_values = true, help_heading = "Peers")]
    pub find_local: Option<bool>,
    /// With --sync auto: ask known nodes without sessions, such as Python nodes, for their chains so often, in seconds [default: 10]
    #[arg(long, value_name = "S", env = "BCOIN_POLL_SECONDS", value_parser = clap::value_parser!(u64).range(1..=MOST), help_heading = "Peers")]
    pub poll_seconds: Option<u64>,
    /// With --sync auto: tell known nodes without sessions of this one, and have them look at its chain after each new block [default: false]
    #[arg(long, value_name = "BOOL", env = "BCOIN_NUDGE", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = BoolishValueParser::new(), hide_possible_values = true, help_heading = "Peers")]
    pub nudge: Option<bool>,
}

impl FollowArgs {
    pub(super) fn collect(&self, to: &mut Collector<'_>) {
        to.set(
            ("peers", "sync"),
            ["sync", "--sync", "BCOIN_SYNC"],
            self.sync.clone(),
        );
        to.set(
            ("peers", "find_local"),
            ["find_local", "--find-local", "BCOIN_FIND_LOCAL"],
            self.find_local,
        );
        to.set(
            ("peers", "poll_seconds"),
            ["poll_seconds", "--poll-seconds", "BCOIN_POLL_SECONDS"],
            number(self.poll_seconds),
        );
        to.set(
            ("peers", "nudge"),
            ["nudge", "--nudge", "BCOIN_NUDGE"],
            self.nudge,
        );
    }
}
