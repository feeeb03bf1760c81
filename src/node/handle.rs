//! The clonable handle: typed calls to the writer, and reading past it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot, watch};

use super::apply::{Adoption, Branch};
use super::writer::{Command, Shared};
use super::{EventLog, NodeError};
use crate::protocol::classic::block::{Block, Height, Link};
use crate::protocol::classic::proof::Proof;
use crate::protocol::classic::transaction::Transaction;
use crate::store::{Snapshot, StoreError};

/// The end of the current chain, and what waits behind it. Durable when it is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tip {
    pub link: Link,
    /// Transactions that wait for a block.
    pub waiting: u64,
    /// Known peers.
    pub peers: usize,
}

/// What the rest of the program holds of a node.
#[derive(Debug, Clone)]
pub struct NodeHandle {
    pub(super) commands: mpsc::Sender<Command>,
    pub(super) tip: watch::Receiver<Tip>,
    pub(super) shared: Arc<Shared>,
}

impl NodeHandle {
    /// Puts a transaction into the queue. Answers once it is durable, with the height of the next block.
    pub async fn add_transaction(&self, transaction: Transaction) -> Result<Height, NodeError> {
        self.ask(|reply| Command::AddTransaction { transaction, reply })
            .await
    }

    /// Mines one block with a proof that was searched before, or answers with the proof whose successor is wanted. Answers
    /// once it is durable. [`crate::miner::mine`] searches too.
    pub async fn mine_if_searched(&self) -> Result<Result<Block, Proof>, NodeError> {
        self.ask(|reply| Command::Mine { reply }).await
    }

    /// Runs `search` for the proof that follows `previous`, and remembers it. One search at a time: the next finds it done.
    pub async fn remember_proof(
        &self,
        previous: Proof,
        search: impl Future<Output = Option<Proof>>,
    ) -> Result<(), NodeError> {
        let _alone = self.shared.searching.lock().await;
        if self.shared.remembered().after(previous).is_some() {
            return Ok(());
        }
        let proof = search.await.ok_or(NodeError::SearchStopped)?;
        self.shared.remembered().remember(previous, proof);
        Ok(())
    }

    /// Remembers peers by their addresses, in their canonical form; all that are known then, in order.
    pub async fn connect_peers(&self, addresses: Vec<String>) -> Result<Vec<String>, NodeError> {
        self.ask(|reply| Command::ConnectPeers { addresses, reply })
            .await
    }

    /// Switches to a branch, if it still is better than the current chain.
    pub async fn adopt(&self, branch: Branch) -> Result<Adoption, NodeError> {
        self.ask(|reply| Command::Adopt { branch, reply }).await
    }

    async fn ask<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<Result<T, NodeError>>) -> Command,
    ) -> Result<T, NodeError> {
        let (reply, answer) = oneshot::channel();
        self.commands
            .send(command(reply))
            .await
            .map_err(|_| NodeError::ShuttingDown)?;
        answer.await.map_err(|_| NodeError::ShuttingDown)?
    }

    /// The end of the current chain.
    pub fn tip(&self) -> Tip {
        *self.tip.borrow()
    }

    /// Watches the end of the current chain.
    pub fn watch_tip(&self) -> watch::Receiver<Tip> {
        self.tip.clone()
    }

    /// The store as the last commit left it; reads block, so call it where blocking is allowed.
    pub fn snapshot(&self) -> Result<Snapshot, StoreError> {
        self.shared.store.snapshot()
    }

    /// Reads the store, once more when it was opened again meanwhile, as after a full disk. Blocks.
    pub fn read<T>(
        &self,
        mut read: impl FnMut(Snapshot) -> Result<T, StoreError>,
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
    pub fn events(&self) -> &EventLog {
        &self.shared.events
    }

    /// The addresses of known peers, in the order they became known.
    pub fn peers(&self) -> Vec<String> {
        self.shared.peers().clone()
    }

    /// The node's id: a version 4 UUID without dashes.
    pub fn node_id(&self) -> &str {
        self.shared.store.node_id()
    }

    /// The network that this node belongs to.
    pub fn network(&self) -> &str {
        self.shared.store.network()
    }

    /// Who gets the reward for a block mined here.
    pub fn miner_name(&self) -> &str {
        &self.shared.settings.miner
    }

    /// When the writer started.
    pub fn started(&self) -> Instant {
        self.shared.started
    }

    /// Whether the writer still takes commands.
    pub fn writer_runs(&self) -> bool {
        !self.commands.is_closed()
    }

    /// Whether the disk takes writes, as far as is known.
    pub fn is_ready(&self) -> bool {
        !self.commands.is_closed() && self.shared.is_ready()
    }
}
