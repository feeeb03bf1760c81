//! The clonable handle: typed calls to the writer, and reading past it.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot, watch};

use super::EventLog;
use super::protocol::{CommandError, Protocol, Reply, ShuttingDown, SnapshotOf};
use super::writer::Common;
use crate::store::StoreError;

/// What the rest of the program holds of a node. Each protocol adds the calls that it takes.
pub struct HandleOf<P: Protocol> {
    pub(super) commands: mpsc::Sender<P::Command>,
    pub(super) tip: watch::Receiver<P::Tip>,
    pub(super) common: Arc<Common<P>>,
}

impl<P: Protocol> Clone for HandleOf<P> {
    fn clone(&self) -> Self {
        Self {
            commands: self.commands.clone(),
            tip: self.tip.clone(),
            common: Arc::clone(&self.common),
        }
    }
}

impl<P: Protocol> fmt::Debug for HandleOf<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandleOf")
            .field("common", &self.common)
            .finish_non_exhaustive()
    }
}

impl<P: Protocol> HandleOf<P> {
    /// Sends a command and waits for its answer, which comes once the command's effect is durable.
    pub(super) async fn ask<T, E: CommandError>(
        &self,
        command: impl FnOnce(Reply<T, E>) -> P::Command,
    ) -> Result<T, E> {
        let (reply, answer) = oneshot::channel();
        self.commands
            .send(command(reply))
            .await
            .map_err(|_| ShuttingDown)?;
        answer.await.map_err(|_| ShuttingDown)?
    }

    /// What the protocol shares with its handles.
    pub(super) fn shared(&self) -> &P::Shared {
        &self.common.shared
    }

    /// The end of the current chain.
    pub fn tip(&self) -> P::Tip {
        self.tip.borrow().clone()
    }

    /// Watches the end of the current chain.
    pub fn watch_tip(&self) -> watch::Receiver<P::Tip> {
        self.tip.clone()
    }

    /// The store as the last commit left it; reads block, so call it where blocking is allowed.
    pub fn snapshot(&self) -> Result<SnapshotOf<P>, StoreError> {
        self.common.store.snapshot()
    }

    /// Reads the store, once more when it was opened again meanwhile, as after a full disk. Blocks.
    pub fn read<T>(
        &self,
        mut read: impl FnMut(SnapshotOf<P>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        const TRIES: usize = 100;
        const PAUSE: Duration = Duration::from_millis(20);
        for _ in 0..TRIES {
            match self.snapshot().and_then(&mut read) {
                Err(StoreError::Unavailable) => std::thread::sleep(PAUSE),
                answer => return answer,
            }
        }
        Err(StoreError::Unavailable)
    }

    /// What happened since the node started.
    pub fn events(&self) -> &EventLog<P::Event> {
        &self.common.events
    }

    /// The node's id: a version 4 UUID without dashes.
    pub fn node_id(&self) -> &str {
        self.common.store.node_id()
    }

    /// The network that this node belongs to.
    pub fn network(&self) -> &str {
        self.common.store.network()
    }

    /// When the writer started.
    pub fn started(&self) -> Instant {
        self.common.started
    }

    /// Whether the writer still takes commands.
    pub fn writer_runs(&self) -> bool {
        !self.commands.is_closed()
    }

    /// Whether the disk takes writes, as far as is known.
    pub fn is_ready(&self) -> bool {
        !self.commands.is_closed() && self.common.is_ready()
    }
}
