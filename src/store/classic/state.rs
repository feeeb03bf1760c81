//! The state record.

use crate::protocol::classic::block::{Height, Link};

/// What every commit writes anew: the tip, and sums that must not be counted again at each start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    pub tip: Link,
    /// All waiting transactions' text together.
    pub waiting_bytes: u64,
    /// The sequence number that the next new transaction gets. No number from 1 up is given twice.
    pub next_waiting: i64,
    /// Where the store's transactions travel: once they did, the store keeps their tags for good.
    pub travels: Option<Travels>,
}

/// What is kept of a store whose transactions travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Travels {
    /// The node's UUID, by which transactions that entered here are called.
    pub node: [u8; 16],
    /// Places in the queue that were left from the middle, and whose records still stand there, empty.
    pub vacant: u64,
}

impl State {
    pub(super) fn to_text(self) -> String {
        let Self {
            tip,
            waiting_bytes,
            next_waiting,
            travels,
        } = self;
        let mut text = format!(
            "{} {} {} {waiting_bytes} {next_waiting}",
            tip.height, tip.hash, tip.proof
        );
        if let Some(Travels { node, vacant }) = travels {
            text.push_str(&format!(" {} {vacant}", hex::encode(node)));
        }
        text
    }

    pub(super) fn from_text(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let height = Height(words.next()?.parse().ok()?);
        let hash = words.next()?.parse().ok()?;
        let proof = words.next()?.parse().ok()?;
        let waiting_bytes = words.next()?.parse().ok()?;
        let next_waiting = words.next()?.parse().ok()?;
        let travels = match words.next() {
            None => None,
            Some(node) => Some(Travels {
                node: hex::decode(node).ok()?.try_into().ok()?,
                vacant: words.next()?.parse().ok()?,
            }),
        };
        Some(Self {
            tip: Link {
                height,
                hash,
                proof,
            },
            waiting_bytes,
            next_waiting,
            travels,
        })
    }

    /// Places in the queue that hold a record and no transaction.
    pub(super) fn vacant(&self) -> u64 {
        self.travels.map_or(0, |travels| travels.vacant)
    }
}
