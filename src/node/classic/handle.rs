//! The calls that a classic node takes.

use super::branch::{Adoption, Branch};
use super::travelling::{TakenIn, TravellingTransaction};
use super::{Classic, Command, NodeError};
use crate::node::HandleOf;
use crate::protocol::classic::block::{Block, BlockHash, Height};
use crate::protocol::classic::proof::Proof;
use crate::protocol::classic::tag::BlockTags;
use crate::protocol::classic::transaction::Transaction;

/// What the rest of the program holds of a classic node.
pub type NodeHandle = HandleOf<Classic>;

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
        let shared = self.shared();
        let _alone = shared.searching.lock().await;
        if shared.remembered().after(previous).is_some() {
            return Ok(());
        }
        let proof = search.await.ok_or(NodeError::SearchStopped)?;
        shared.remembered().remember(previous, proof);
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

    /// Has transactions of other nodes wait, each under its tag; what became of each, in order. Answers once it is durable.
    ///
    /// # Errors
    /// [`NodeError::StaysHere`] on a node whose transactions do not travel.
    pub async fn add_travelling(
        &self,
        transactions: Vec<TravellingTransaction>,
    ) -> Result<Vec<TakenIn>, NodeError> {
        self.ask(|reply| Command::AddTravelling {
            transactions,
            reply,
        })
        .await
    }

    /// Takes over tags of a block of the current chain that came here without them: what waits under them waits no more. Whether
    /// any was new; not where the block left the chain. Answers once it is durable.
    pub async fn learn_tags(&self, block: BlockHash, tags: BlockTags) -> Result<bool, NodeError> {
        self.ask(|reply| Command::LearnTags { block, tags, reply })
            .await
    }

    /// Whether waiting transactions are passed on to other nodes, and theirs taken.
    pub fn travels(&self) -> bool {
        self.shared().settings.travels
    }

    /// The addresses of known peers, in the order they became known.
    pub fn peers(&self) -> Vec<String> {
        self.shared().peers().clone()
    }

    /// Who gets the reward for a block mined here.
    pub fn miner_name(&self) -> &str {
        &self.shared().settings.miner
    }
}
