//! What the network layer tells: the log, and the counters of `/metrics`. No peer has a series of its own.

use metrics::{Counter, Gauge, Key, Label, Level, Metadata, Recorder};

use crate::peers::blame::Offence;
use crate::peers::engine::event::{Direction, Event};

const METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, None);

/// Writes what happens between this node and others into the log, and counts it.
pub struct Telling {
    inbound: Gauge,
    outbound: Gauge,
    ended: Counter,
    offences: Vec<(Offence, Counter)>,
    banned: Counter,
    not_reached: Counter,
    directions: std::collections::BTreeMap<u64, Direction>,
}

impl Telling {
    pub fn new(recorder: &(dyn Recorder + Send + Sync)) -> Self {
        let labelled = |name: &'static str, label: &'static str, value: &'static str| {
            Key::from_parts(name, vec![Label::new(label, value)])
        };
        recorder.describe_gauge(
            "bcoin_peers_sessions".into(),
            None,
            "Sessions with other nodes, by who opened them.".into(),
        );
        for (name, says) in [
            (
                "bcoin_peers_sessions_ended_total",
                "Sessions that have ended.",
            ),
            ("bcoin_peers_offences_total", "What peers were blamed for."),
            (
                "bcoin_peers_banned_total",
                "Peers that were left alone for a while, or kept out.",
            ),
            (
                "bcoin_peers_calls_failed_total",
                "Calls to other nodes that came to nothing.",
            ),
        ] {
            recorder.describe_counter(name.into(), None, says.into());
        }
        let gauge = |direction| {
            let key = labelled("bcoin_peers_sessions", "direction", direction);
            recorder.register_gauge(&key, &METADATA)
        };
        let counter =
            |name: &'static str| recorder.register_counter(&Key::from_name(name), &METADATA);
        let offences = Offence::ALL.into_iter().map(|offence| {
            let key = labelled("bcoin_peers_offences_total", "offence", offence.name());
            (offence, recorder.register_counter(&key, &METADATA))
        });
        Self {
            inbound: gauge("inbound"),
            outbound: gauge("outbound"),
            ended: counter("bcoin_peers_sessions_ended_total"),
            offences: offences.collect(),
            banned: counter("bcoin_peers_banned_total"),
            not_reached: counter("bcoin_peers_calls_failed_total"),
            directions: std::collections::BTreeMap::new(),
        }
    }

    pub fn tell(&mut self, event: &Event) {
        match event {
            Event::Joined {
                link,
                name,
                direction,
                stand,
                again,
            } => {
                self.directions.insert(link.0, *direction);
                self.gauge(*direction).increment(1.0);
                if *again {
                    return;
                }
                tracing::info!(
                    peer = name,
                    ?direction,
                    height = stand.height,
                    "a peer has joined"
                );
            }
            Event::Left {
                link,
                name,
                why,
                stays,
            } => {
                if let Some(direction) = self.directions.remove(&link.0) {
                    self.gauge(direction).decrement(1.0);
                }
                self.ended.increment(1);
                if !*stays {
                    tracing::info!(peer = name, why, "a peer has left");
                }
            }
            Event::Blamed {
                name,
                offence,
                score,
                why,
                ..
            } => {
                for (kind, counter) in &self.offences {
                    if kind == offence {
                        counter.increment(1);
                    }
                }
                tracing::info!(
                    peer = name,
                    offence = offence.name(),
                    score,
                    why,
                    "a peer is blamed"
                );
            }
            Event::Banned { name, seconds } => {
                self.banned.increment(1);
                tracing::warn!(peer = name, seconds, "a peer is kept away for a while");
            }
            Event::NotReached { name, why } => {
                self.not_reached.increment(1);
                tracing::debug!(peer = name, why, "a peer could not be reached");
            }
            Event::HasNoSessions { address } => {
                tracing::debug!(peer = %address, "a node has no sessions");
            }
            Event::SyncBegan { name, from, to } => {
                tracing::info!(peer = name, from, to, "bringing in a peer's chain");
            }
            Event::SyncAt { at, to } => tracing::info!(at, to, "blocks so far"),
            Event::SyncEnded {
                name,
                at,
                why: None,
            } => tracing::info!(peer = name, at, "a peer's chain is here"),
            Event::SyncEnded {
                name,
                at,
                why: Some(why),
            } => tracing::info!(
                peer = name,
                at,
                why,
                "a peer's chain is not brought in any further"
            ),
        }
    }

    fn gauge(&self, direction: Direction) -> &Gauge {
        match direction {
            Direction::Inbound => &self.inbound,
            Direction::Outbound => &self.outbound,
        }
    }
}
