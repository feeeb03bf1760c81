//! What every node shows to HTTP, whatever its protocol: who may ask, whom it may call, what it counts, and when it ends.
//!
//! The state of each protocol's routes holds one; what the routes of both share works with it alone.

use std::time::SystemTime;

use chrono::{DateTime, SecondsFormat, Utc};
use tokio_util::sync::CancellationToken;

use super::guard::Guard;
use super::itself::Itself;
use super::metrics::NodeMetrics;
use super::pages::break_it::Desk;
use crate::peers::live::network::Network;
use crate::peers::live::stream::Acceptor;
use crate::peers::reach::Reach;
use crate::peers::watch::Watch;

/// A node as HTTP meets it. One a node.
pub struct Face {
    /// Which peers may be called.
    pub reach: Reach,
    pub itself: Itself,
    pub guard: Guard,
    pub metrics: NodeMetrics,
    /// Cancelled when the node ends: event streams end first.
    pub shutdown: CancellationToken,
    /// Takes the sessions that other nodes open, if this one has any.
    pub sessions: Option<Acceptor>,
    /// The peers that it follows, if it does by itself.
    pub network: Option<Network>,
    /// Looks at other nodes for the network page.
    pub(super) watch: Watch,
    /// Where pages have altered copies of blocks judged.
    pub(super) desk: Desk,
    pub(super) started_at: SystemTime,
    /// Tells this run of the node from others, in the ids of events.
    pub(super) run: String,
}

impl Face {
    pub fn new(
        reach: Reach,
        itself: Itself,
        guard: Guard,
        metrics: NodeMetrics,
        shutdown: CancellationToken,
    ) -> Self {
        Self {
            watch: Watch::new(reach, shutdown.clone()),
            reach,
            itself,
            guard,
            metrics,
            shutdown,
            sessions: None,
            network: None,
            desk: Desk::default(),
            started_at: SystemTime::now(),
            run: format!("{:08x}", uuid::Uuid::new_v4().as_fields().0),
        }
    }

    /// The same, taking sessions.
    #[must_use]
    pub fn with_sessions(self, acceptor: Acceptor) -> Self {
        Self {
            sessions: Some(acceptor),
            ..self
        }
    }

    /// Has the node follow these too, if it follows others by itself.
    pub(super) async fn follow(&self, addresses: &[String]) {
        if let Some(network) = &self.network {
            let named = addresses.iter().filter_map(|address| address.parse().ok());
            network.follow(named.collect()).await;
        }
    }

    /// The same for people: to the second, in UTC.
    pub(super) fn started_at_shown(&self) -> String {
        let started = DateTime::<Utc>::from(self.started_at);
        started.format("%Y-%m-%d %H:%M:%S UTC").to_string()
    }

    /// When the node started: RFC 3339, in UTC.
    pub(super) fn started_at_text(&self) -> String {
        DateTime::<Utc>::from(self.started_at).to_rfc3339_opts(SecondsFormat::Millis, true)
    }
}
