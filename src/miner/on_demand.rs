//! Mining when somebody says so, for the network `dev`, whose proofs take two hashes: what waits at once, many blocks one after the other, or one every so often.
//! What was switched is in memory alone. A client of the node.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use alloy_primitives::{Address, Bytes, address};
use tokio::sync::OwnedMutexGuard;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::node::coin::{CoinError, CoinHandle, Connected, Template};
use crate::protocol::coin::block::CheckedBlock;
use crate::protocol::coin::header::Header;

/// Is paid where nobody said who is to be: an account of nobody, since tests count the coins of the accounts whose keys everybody has. Hardhat's.
pub const NOBODY: Address = address!("0xc014ba5ec014ba5ec014ba5ec014ba5ec014ba5e");

/// Mines on demand. One a node.
pub struct OnDemand {
    node: CoinHandle,
    miner: Mutex<Address>,
    /// Whether what comes is mined before its caller is answered.
    automine: AtomicBool,
    /// Held by the one that mines.
    turn: Arc<tokio::sync::Mutex<()>>,
    /// Ends the mining every so often.
    interval: Mutex<CancellationToken>,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

impl OnDemand {
    /// `tasks` gets what mines every so often; it ends with `shutdown`.
    pub fn new(
        node: CoinHandle,
        miner: Option<Address>,
        automine: bool,
        tasks: TaskTracker,
        shutdown: CancellationToken,
    ) -> Self {
        Self {
            node,
            miner: Mutex::new(miner.unwrap_or(NOBODY)),
            automine: AtomicBool::new(automine),
            turn: Arc::default(),
            interval: Mutex::default(),
            tasks,
            shutdown,
        }
    }

    /// Nothing is mined on demand while this is held.
    pub async fn hold(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.turn).lock_owned().await
    }

    /// Who is paid.
    pub fn miner(&self) -> Address {
        *self.miner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Pays somebody else from now on.
    pub fn pay(&self, miner: Address) {
        *self.miner.lock().unwrap_or_else(PoisonError::into_inner) = miner;
    }

    /// Whether what comes is mined before its caller is answered.
    pub fn automines(&self) -> bool {
        self.automine.load(Ordering::Relaxed)
    }

    pub fn set_automine(&self, automine: bool) {
        self.automine.store(automine, Ordering::Relaxed);
    }

    /// Mines a block every so often from now on, or no more.
    pub fn set_interval(self: &Arc<Self>, interval: Option<Duration>) {
        let ended = self.shutdown.child_token();
        std::mem::replace(&mut *self.interval(), ended.clone()).cancel();
        let Some(interval) = interval else {
            return;
        };
        let mining = Arc::clone(self);
        self.tasks.spawn(async move {
            let mined = async {
                loop {
                    tokio::time::sleep(interval).await;
                    match mining.mine().await {
                        Ok(_) => {}
                        Err(CoinError::ShuttingDown) => return,
                        Err(error) => tracing::error!(%error, "mining failed"),
                    }
                }
            };
            ended.run_until_cancelled(mined).await;
        });
    }

    /// Where automine is on, mines what waits now, as far as blocks can take it; others that wait for the same get their answer from the same block.
    ///
    /// # Errors
    /// The node's.
    pub async fn mine_what_waits(&self) -> Result<(), CoinError> {
        if !self.automines() {
            return Ok(());
        }
        let _turn = self.turn.lock().await;
        let mut left = self.node.mempool().len();
        while left > 0 {
            // What no block can take, such as what waits for a nonce, goes on waiting.
            let Some(block) = self.next(Wanted::NotEmpty).await? else {
                break;
            };
            left = left.saturating_sub(block.transactions().len());
        }
        Ok(())
    }

    /// Mines one block, whatever waits.
    ///
    /// # Errors
    /// The node's.
    pub async fn mine(&self) -> Result<Arc<CheckedBlock>, CoinError> {
        let _turn = self.turn.lock().await;
        let mined = self.next(Wanted::Any).await?;
        mined.ok_or(CoinError::SearchStopped)
    }

    /// Mines so many blocks, whatever waits, with so many seconds from the time of each to the next.
    ///
    /// # Errors
    /// The node's. What was mined before stays.
    pub async fn mine_many(&self, count: u64, apart: Option<u32>) -> Result<(), CoinError> {
        let _turn = self.turn.lock().await;
        for mined in 0..count {
            if let Some(apart) = apart.filter(|_| mined > 0) {
                let time = self.node.tip().place.time;
                self.node
                    .set_next_time(u64::from(time) + u64::from(apart))?;
            }
            self.next(Wanted::Any).await?;
        }
        Ok(())
    }

    /// Mines one block, if it is wanted.
    async fn next(&self, wanted: Wanted) -> Result<Option<Arc<CheckedBlock>>, CoinError> {
        loop {
            let (node, miner) = (self.node.clone(), self.miner());
            let made = tokio::task::spawn_blocking(move || sealed(&node, miner, wanted));
            let Some((template, nonce)) = made.await.map_err(|_| CoinError::SearchStopped)?? else {
                return Ok(None);
            };
            let (block, connected) = self.node.connect_template(template, nonce).await?;
            match connected {
                Connected::Extended | Connected::Reorged { .. } => return Ok(Some(block)),
                // Another block was faster.
                Connected::SideChain | Connected::AlreadyKnown => {}
            }
        }
    }

    fn interval(&self) -> MutexGuard<'_, CancellationToken> {
        self.interval.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Which blocks are mined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Any,
    /// With a transaction at least.
    NotEmpty,
}

/// A template and its proof; none where it is not wanted. Blocks.
fn sealed(
    node: &CoinHandle,
    miner: Address,
    wanted: Wanted,
) -> Result<Option<(Template, u32)>, CoinError> {
    let template = node.template(miner, Bytes::new())?;
    if wanted == Wanted::NotEmpty && template.transactions.is_empty() {
        return Ok(None);
    }
    // A template has the bits that its place demands, which stand for a target.
    let target = template.header.bits.target();
    let target = target.map_err(|_| CoinError::SearchStopped)?;
    let is_proof = |nonce: &u32| {
        let header = Header {
            nonce: *nonce,
            ..template.header
        };
        target.is_met_by(header.hash().0)
    };
    let nonce = (0..=u32::MAX).find(is_proof);
    let nonce = nonce.ok_or(CoinError::SearchStopped)?;
    Ok(Some((template, nonce)))
}
