//! The calls that a coin node takes.

use std::sync::{Arc, RwLockReadGuard};
use std::time::Duration;

use alloy_primitives::{Address, B256, Bytes};

use super::check::{checked_block, waiting};
use super::connect::{Connected, Submitted, executed};
use super::template::{self, Template};
use super::{Coin, CoinError, Command};
use crate::mempool::{Mempool, Refused};
use crate::node::HandleOf;
use crate::protocol::coin::block::CheckedBlock;
use crate::protocol::coin::broken::{Broken, Fault};
use crate::protocol::coin::genesis::Genesis;
use crate::protocol::coin::header::PowHash;
use crate::protocol::coin::parameters::Parameters;
use crate::protocol::coin::transaction::Transaction;
use crate::store::StoreError;
use crate::store::coin::{Ledger, Snapshot, SourceRecord};

/// What the rest of the program holds of a coin node.
pub type CoinHandle = HandleOf<Coin>;

/// A transaction that waits, or is in a block already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Added {
    pub hash: B256,
    pub was_known: bool,
}

impl CoinHandle {
    /// Reads a signed envelope as one that could stand in the next block.
    ///
    /// # Errors
    /// The rule that does not hold.
    pub fn read_transaction(&self, envelope: Bytes) -> Result<Transaction, Broken> {
        let next = self.tip().place.number + 1;
        let parameters = self.parameters();
        Transaction::decode(envelope, parameters, parameters.spec_at(next))
    }

    /// Has a signed transaction wait. Answers once it is durable.
    ///
    /// # Errors
    /// [`CoinError::Refused`] when policy or the state does not let it wait, or when nobody signed it.
    pub async fn add_transaction(&self, transaction: Arc<Transaction>) -> Result<Added, CoinError> {
        if transaction.is_impersonated() {
            let sender = transaction.sender();
            return Err(Refused::Impersonated { sender }.into());
        }
        self.add_even_impersonated(transaction).await
    }

    /// Has a transaction wait that this node made itself or that another node has: on the network `dev` it may be marked instead of signed. Answers once it is
    /// durable.
    ///
    /// # Errors
    /// [`CoinError::Refused`] when policy or the state does not let it wait.
    pub async fn add_even_impersonated(
        &self,
        transaction: Arc<Transaction>,
    ) -> Result<Added, CoinError> {
        self.ask(|reply| Command::AddTransaction { transaction, reply })
            .await
    }

    /// Reads an encoded block, checks it by itself on all cores, and connects it. Answers once that is durable.
    ///
    /// # Errors
    /// [`CoinError::Invalid`] names the broken rule.
    pub async fn submit_block(&self, encoded: Bytes) -> Result<(PowHash, Connected), CoinError> {
        let node = self.clone();
        let checked = tokio::task::spawn_blocking(move || node.checked_and_executed(&encoded));
        let submitted = checked.await.map_err(|_| CoinError::SearchStopped)??;
        let (hash, time) = (submitted.block.hash(), submitted.block.header().time);
        let connected = self.connect(submitted, false).await?;
        self.shared().clock.follow(time);
        Ok((hash, connected))
    }

    /// Reads an encoded block and checks it by itself; signatures of transactions that wait were checked when they came. Blocks.
    ///
    /// # Errors
    /// [`CoinError::Invalid`] names the broken rule; where the block cannot even be read its hash is zero.
    pub fn check_block(&self, encoded: &[u8]) -> Result<CheckedBlock, CoinError> {
        let checked = checked_block(encoded, self.parameters(), waiting(&self.mempool()));
        checked.map_err(|fault| CoinError::Invalid {
            hash: PowHash::ZERO,
            fault,
        })
    }

    /// [`CoinHandle::check_block`], and its execution where its parent is the tip, so that the writer need not.
    fn checked_and_executed(&self, encoded: &[u8]) -> Result<Submitted, CoinError> {
        let block = self.check_block(encoded)?;
        let snapshot = self.snapshot()?;
        // Whatever fails here fails again in the writer, which says so.
        let executed = (snapshot.state()?.tip == block.header().previous)
            .then(|| executed(self.parameters(), &snapshot, &block).ok())
            .flatten();
        Ok(Submitted {
            block: Arc::new(block),
            executed: executed.map(Box::new),
        })
    }

    /// Connects a block that was checked by itself. Answers once that is durable. `keeps_light_side_chains` where headers were seen that lead from this block to
    /// more work than the tip has.
    ///
    /// # Errors
    /// [`CoinError`]; nothing has changed.
    pub async fn connect(
        &self,
        submitted: Submitted,
        keeps_light_side_chains: bool,
    ) -> Result<Connected, CoinError> {
        self.ask(|reply| Command::Connect {
            submitted,
            keeps_light_side_chains,
            reply,
        })
        .await
    }

    /// Connects a template whose proof was found.
    ///
    /// # Errors
    /// [`CoinError`]; [`Connected::SideChain`] where another block was faster.
    pub async fn connect_template(
        &self,
        template: Template,
        nonce: u32,
    ) -> Result<(Arc<CheckedBlock>, Connected), CoinError> {
        let checked = template::checked(&template, nonce, self.parameters());
        let block = Arc::new(checked.map_err(|fault: Fault| CoinError::Invalid {
            hash: template.sealed(nonce).header.hash(),
            fault,
        })?);
        let submitted = Submitted {
            block: Arc::clone(&block),
            executed: Some(template.executed),
        };
        let connected = self.connect(submitted, false).await?;
        self.shared().clock.follow(block.header().time);
        Ok((block, connected))
    }

    /// Switches to a branch that is kept already and has more work, however deep it leaves the current chain.
    ///
    /// # Errors
    /// [`CoinError::Invalid`] where the branch breaks a rule.
    pub async fn switch_to(&self, tip: PowHash) -> Result<Connected, CoinError> {
        self.ask(|reply| Command::SwitchTo { tip, reply }).await
    }

    /// Remembers peers by their addresses, in their canonical form; all that are known then, in order.
    ///
    /// # Errors
    /// [`CoinError::TooManyPeers`].
    pub async fn connect_peers(&self, addresses: Vec<String>) -> Result<Vec<String>, CoinError> {
        self.ask(|reply| Command::ConnectPeers { addresses, reply })
            .await
    }

    /// Keeps a contract's source, which the caller has held against the contract's code, in the place of an earlier one.
    ///
    /// # Errors
    /// [`CoinError::TooManySources`].
    pub async fn keep_source(
        &self,
        contract: Address,
        source: SourceRecord,
    ) -> Result<(), CoinError> {
        self.ask(|reply| Command::KeepSource {
            contract,
            source,
            reply,
        })
        .await
    }

    /// Lets go of transactions that have waited too long; how many.
    ///
    /// # Errors
    /// The store's.
    pub async fn expire(&self) -> Result<usize, CoinError> {
        self.ask(|reply| Command::Expire { reply }).await
    }

    /// Reads a snapshot beside the mempool that belongs to it, so that no transaction is in neither. While a block is being committed the mempool is ahead, and this
    /// waits for the commit. Hold them shortly: the writer waits. Blocks.
    ///
    /// # Errors
    /// The store's, and [`StoreError::Unavailable`] when a commit takes more than some seconds.
    pub fn read_with_mempool<T>(
        &self,
        mut read: impl FnMut(&Snapshot, &Mempool) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        const TRIES: u32 = 5_000;
        const PAUSE: Duration = Duration::from_millis(1);
        for _ in 0..TRIES {
            {
                let mempool = self.mempool();
                let stands_on = *self.shared().mempool_tip();
                let answer = self.snapshot().and_then(|snapshot| {
                    let is_same = snapshot.state()?.tip == stands_on;
                    is_same.then(|| read(&snapshot, &mempool)).transpose()
                });
                match answer {
                    Ok(None) | Err(StoreError::Unavailable) => {}
                    Ok(Some(answer)) => return Ok(answer),
                    Err(error) => return Err(error),
                }
            }
            std::thread::sleep(PAUSE);
        }
        Err(StoreError::Unavailable)
    }

    /// What waits. Hold it shortly: the writer waits for it.
    pub fn mempool(&self) -> RwLockReadGuard<'_, Mempool> {
        self.shared().mempool()
    }

    /// What waits in the order in which a miner takes it.
    pub(super) fn best_transactions(&self) -> Vec<Arc<Transaction>> {
        let mempool = self.mempool();
        let best = mempool.best().map(|entry| Arc::clone(&entry.transaction));
        best.collect()
    }

    /// The addresses of known peers, in the order they became known.
    pub fn peers(&self) -> Vec<String> {
        self.shared().peers().clone()
    }

    /// The network's first block and parameters.
    pub fn genesis(&self) -> &Arc<Genesis> {
        &self.shared().settings.genesis
    }

    pub fn parameters(&self) -> &Parameters {
        &self.shared().settings.genesis.parameters
    }

    /// Seconds since 1970, by this node's clock of blocks, which can be moved on the network `dev`.
    pub fn now(&self) -> u64 {
        self.shared().clock.now()
    }

    /// Why the node waits for its operator, if it does: a branch with more work leaves the chain too deep.
    pub fn deep_branch(&self) -> Option<CoinError> {
        self.shared().deep_branch().clone()
    }
}
