//! The state record.

use crate::protocol::classic::block::{Height, Link};

/// What every commit writes anew: the tip, and sums that must not be counted again at each start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    pub tip: Link,
    /// All waiting transactions' text together.
    pub waiting_bytes: u64,
    /// The sequence number that the next new transaction gets.
    pub next_waiting: i64,
}

impl State {
    pub(super) fn to_text(self) -> String {
        let Self {
            tip,
            waiting_bytes,
            next_waiting,
        } = self;
        format!(
            "{} {} {} {waiting_bytes} {next_waiting}",
            tip.height, tip.hash, tip.proof
        )
    }

    pub(super) fn from_text(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let height = Height(words.next()?.parse().ok()?);
        let hash = words.next()?.parse().ok()?;
        let proof = words.next()?.parse().ok()?;
        let waiting_bytes = words.next()?.parse().ok()?;
        let next_waiting = words.next()?.parse().ok()?;
        Some(Self {
            tip: Link {
                height,
                hash,
                proof,
            },
            waiting_bytes,
            next_waiting,
        })
    }
}
