//! Pulls one peer's chain: [`Puller`] reads it under limits and has it checked as it arrives.
//!
//! Reading waits in an async task, checking works on a blocking thread, and between them lie a few chunks: memory stays
//! flat whatever is sent, and hashing holds up nobody. Dropping the future ends both.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use thiserror::Error;
use tokio::sync::{MutexGuard, SemaphorePermit, mpsc};

use super::address::PeerAddress;
pub use super::check::OwnChain;
use super::check::{ChainCheck, CheckError, CheckLimits, CheckedChain};
pub use super::fault::Fault;
use super::outgoing::{FetchError, Outgoing};
use super::pace::{PaceError, PaceLimits, Paced};
use super::spool::{Spool, SpooledBlocks};
pub use super::turns::Effort;
use super::turns::{TurnError, Turns};
use crate::limits;
use crate::protocol::classic::block::{Height, Link};
use crate::protocol::classic::chain_reader::{ReadError, ReadLimits};

/// How much is pulled from a peer.
#[derive(Clone, Copy, Debug)]
pub struct PullLimits {
    pub pace: PaceLimits,
    pub check: CheckLimits,
    /// Bodies that are read at the same time.
    pub bodies: usize,
}

impl PullLimits {
    /// The limits of LIMITS.md, for chains of at most `bytes` and `blocks`.
    pub fn new(bytes: u64, blocks: u64) -> PullLimits {
        PullLimits {
            pace: PaceLimits::for_bytes(bytes),
            check: CheckLimits {
                read: ReadLimits {
                    max_block_bytes: limits::PULL_BLOCK_BYTES,
                    ..ReadLimits::default()
                },
                blocks,
            },
            bodies: limits::PULL_BODIES,
        }
    }
}

impl Default for PullLimits {
    fn default() -> PullLimits {
        PullLimits::new(limits::PULL_BYTES as u64, limits::PULL_BLOCKS as u64)
    }
}

/// Why a pull gave no chain.
#[derive(Debug, Error)]
pub enum PullError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Pace(#[from] PaceError),
    #[error(transparent)]
    Check(#[from] CheckError),
    #[error("the check was stopped")]
    Stopped,
}

impl From<TurnError> for PullError {
    fn from(error: TurnError) -> PullError {
        match error {
            TurnError::Fetch(error) => error.into(),
            TurnError::Closed => PullError::Stopped,
        }
    }
}

impl PullError {
    pub fn fault(&self) -> Fault {
        match self {
            PullError::Fetch(error) => error.fault(),
            PullError::Pace(error) => error.fault(),
            PullError::Check(error) => match error {
                CheckError::Unreadable(
                    ReadError::BlockTooLong { .. } | ReadError::OtherTooLong { .. },
                )
                | CheckError::TooManyBlocks { .. }
                | CheckError::NotSpooled(_) => Fault::Refusal,
                CheckError::Unreadable(_) | CheckError::Broken(_) | CheckError::Empty => {
                    Fault::Answer
                }
            },
            PullError::Stopped => Fault::Refusal,
        }
    }
}

/// A peer's chain, valid from its first block to its tip. What this node does not have of it waits on disk.
#[derive(Debug)]
pub struct PulledChain {
    pub peer: PeerAddress,
    /// The last block that both chains have; none when they differ from the first block on.
    pub fork: Option<Link>,
    pub tip: Link,
    /// The `length` that the peer gave; [`PulledChain::length`] is what was counted.
    pub claimed_length: Option<u64>,
    pub effort: Effort,
    spool: Spool,
}

impl PulledChain {
    /// How many blocks the chain has.
    pub fn length(&self) -> u64 {
        self.tip.height.0
    }

    /// The height of the last block that both chains have, 0 for none.
    pub fn fork_height(&self) -> Height {
        self.fork.map_or(Height(0), |link| link.height)
    }

    /// The blocks above the fork, checked once more as they are read. Reads a file: not for an async task.
    pub fn blocks(&mut self) -> SpooledBlocks<'_> {
        self.spool.blocks()
    }
}

/// Pulls chains, and sees that no more than a few bodies are read at the same time. One for a node.
pub struct Puller {
    outgoing: Arc<dyn Outgoing>,
    limits: PullLimits,
    folder: PathBuf,
    turns: Turns,
}

/// Chunks that may lie between reading and checking; hyper's are at most some 400 KiB.
const CHUNKS_AHEAD: usize = 4;

impl Puller {
    /// `folder` is where chains lie while they are checked: the node's own, so that its disk bounds them.
    pub fn new(outgoing: Arc<dyn Outgoing>, limits: PullLimits, folder: PathBuf) -> Puller {
        Puller {
            outgoing,
            limits,
            folder,
            turns: Turns::new(limits.bodies),
        }
    }

    /// Waits until nobody asks all known peers; to be held while that is done.
    pub async fn asks_everybody(&self) -> MutexGuard<'_, ()> {
        self.turns.everybody().await
    }

    /// Waits until another round may call all peers; to be held until it ends.
    pub async fn round_in_turn(&self) -> Option<SemaphorePermit<'_>> {
        self.turns.round().await
    }

    /// Pulls and checks `peer`'s chain. What it cost is told even when there is none.
    pub async fn pull(
        &self,
        peer: &PeerAddress,
        own: Arc<dyn OwnChain>,
    ) -> (Result<PulledChain, PullError>, Effort) {
        let mut effort = Effort::default();
        let result = self.pull_into(peer, own, &mut effort).await;
        let result = result.map(|checked| PulledChain {
            peer: peer.clone(),
            fork: checked.fork,
            tip: checked.tip,
            claimed_length: checked.claimed_length,
            effort,
            spool: checked.spool,
        });
        (result, effort)
    }

    async fn pull_into(
        &self,
        peer: &PeerAddress,
        own: Arc<dyn OwnChain>,
        effort: &mut Effort,
    ) -> Result<CheckedChain, PullError> {
        let call = || self.outgoing.fetch_chain(peer);
        let (body, _turn) = self.turns.body(call, effort).await?;
        let mut body = Paced::new(body, self.limits.pace)?;
        let check = ChainCheck::new(self.limits.check, own, self.folder.clone());
        let (to_check, chunks) = mpsc::channel(CHUNKS_AHEAD);
        let checking = tokio::task::spawn_blocking(move || run(check, chunks));

        let read = pass_on(&mut body, to_check).await;
        effort.bytes = body.bytes();
        effort.waited = effort.waited.saturating_add(body.waited());
        let (checked, took) = checking.await.map_err(|_| PullError::Stopped)?;
        effort.checking = took;
        match (read, checked) {
            // The check stops without a reason of its own when reading failed.
            (Err(error), Err(PullError::Stopped)) => Err(error.into()),
            (_, Err(error)) => Err(error),
            (Err(error), Ok(_)) => Err(error.into()),
            (Ok(()), Ok(checked)) => Ok(checked),
        }
    }
}

/// Hands chunk after chunk to the check, and last a `None` that says the body ended well. Ends early, and well, when
/// the check takes no more: its own result says why.
async fn pass_on(body: &mut Paced, to_check: mpsc::Sender<Option<Bytes>>) -> Result<(), PaceError> {
    loop {
        let chunk = body.next().await?;
        let ended = chunk.is_none();
        if to_check.send(chunk).await.is_err() || ended {
            return Ok(());
        }
    }
}

/// Checks chunk after chunk on a blocking thread; a sender that is gone without the last `None` stops it.
fn run(
    mut check: ChainCheck,
    mut chunks: mpsc::Receiver<Option<Bytes>>,
) -> (Result<CheckedChain, PullError>, Duration) {
    let mut worked = Duration::ZERO;
    while let Some(chunk) = chunks.blocking_recv() {
        let begun = Instant::now();
        let ended = match chunk {
            Some(bytes) => check.push(&bytes).err().map(Err),
            None => {
                let checked = check.finish();
                worked = worked.saturating_add(begun.elapsed());
                return (checked.map_err(PullError::from), worked);
            }
        };
        worked = worked.saturating_add(begun.elapsed());
        if let Some(error) = ended {
            return (error.map_err(PullError::from), worked);
        }
    }
    (Err(PullError::Stopped), worked)
}
