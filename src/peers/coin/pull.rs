//! One peer's chain: its headers, and the blocks that this node lacks, under limits.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::SemaphorePermit;
use tokio::task::spawn_blocking;

use super::bodies::Walk;
use super::connecting::{Connecting, Refused, Taken};
use super::error::PullError;
use super::headers::{HeaderChain, HeaderCheck, had_by};
use super::locator::OwnChain;
use super::wire::{self, BlockReader};
use crate::limits;
use crate::node::coin::{CoinError, CoinHandle};
use crate::peers::address::PeerAddress;
use crate::peers::outgoing::{ChainBody, Fetch, FetchError};
use crate::peers::pace::{PaceError, PaceLimits, Paced};
use crate::peers::turns::{Effort, TurnError, Turns, timed};
use crate::protocol::coin::block::CheckedBlock;
use crate::protocol::coin::header::PowHash;
use crate::store::coin::{Ledger, Snapshot};

/// How much is pulled from a peer at once. What it has beyond is left to the next pull.
#[derive(Clone, Copy, Debug)]
pub struct PullLimits {
    /// Of its headers, and once more of its blocks.
    pub pace: PaceLimits,
    /// Blocks. Headers are bounded in bytes alone: they are cheap, and a branch is judged by all of them.
    pub blocks: u64,
    /// Bodies that are read at the same time.
    pub bodies: usize,
    /// Answers in which its headers, or its blocks, may come.
    pub answers: usize,
}

impl PullLimits {
    /// The limits of LIMITS.md, for at most `bytes` of headers, and of blocks, and so many blocks.
    pub fn new(bytes: u64, blocks: u64) -> PullLimits {
        PullLimits {
            pace: PaceLimits::for_bytes(bytes),
            blocks,
            bodies: limits::PULL_BODIES,
            answers: limits::PULL_ANSWERS,
        }
    }
}

impl Default for PullLimits {
    fn default() -> PullLimits {
        PullLimits::new(limits::PULL_BYTES as u64, limits::PULL_BLOCKS as u64)
    }
}

/// Pulls chains, and sees that no more than a few bodies are read at the same time. One for a node.
pub struct CoinPuller {
    outgoing: Arc<dyn Fetch>,
    limits: PullLimits,
    turns: Turns,
}

impl CoinPuller {
    pub fn new(outgoing: Arc<dyn Fetch>, limits: PullLimits) -> CoinPuller {
        CoinPuller {
            outgoing,
            limits,
            turns: Turns::new(limits.bodies),
        }
    }

    /// Waits until nobody asks all known peers; to be held while that is done.
    pub async fn asks_everybody(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.turns.everybody().await
    }

    /// Waits until another round may call all peers; to be held until it ends.
    pub async fn round_in_turn(&self) -> Option<SemaphorePermit<'_>> {
        self.turns.round().await
    }

    /// Reads `peer`'s headers from where its chain leaves `own`, to their end or to a limit. What it cost is told even
    /// when there are none.
    pub async fn headers(
        &self,
        node: &CoinHandle,
        own: &Arc<OwnChain>,
        peer: &PeerAddress,
    ) -> (Result<HeaderChain, PullError>, Effort) {
        let mut effort = Effort::default();
        let chain = self.headers_into(node, own, peer, &mut effort).await;
        (chain, effort)
    }

    async fn headers_into(
        &self,
        node: &CoinHandle,
        own: &Arc<OwnChain>,
        peer: &PeerAddress,
        effort: &mut Effort,
    ) -> Result<HeaderChain, PullError> {
        let path = wire::headers_path(own.located.iter().map(|place| place.hash));
        let call = || self.outgoing.fetch(peer, &path, wire::MEDIA_TYPE);
        let (body, _turn) = self.turns.body(call, effort).await.map_err(not_coin)?;
        let mut body = Paced::new(unclaimed(body), self.limits.pace)?;
        let genesis = Arc::clone(node.genesis());
        let check = HeaderCheck::new(genesis, Arc::clone(own), node.now());
        let check = Arc::new(Mutex::new(check));
        let read = self.read_headers(node, peer, &mut body, &check, effort);
        let read = read.await;
        effort.bytes = effort.bytes.saturating_add(body.bytes());
        effort.waited = effort.waited.saturating_add(body.waited());
        match read {
            Ok(()) => locked(&check).finish(None),
            // What came is good: enough of it may have come.
            Err(PullError::Pace(limit @ PaceError::TooLarge { .. })) => {
                locked(&check).finish(Some(limit))
            }
            Err(error) => Err(error),
        }
    }

    /// Reads answer after answer until the peer has no more, or one of the headers is not to be taken.
    async fn read_headers(
        &self,
        node: &CoinHandle,
        peer: &PeerAddress,
        body: &mut Paced,
        check: &Arc<Mutex<HeaderCheck>>,
        effort: &mut Effort,
    ) -> Result<(), PullError> {
        for _ in 0..self.limits.answers {
            while let Some(bytes) = body.next().await? {
                let (more, took) = push(check, node, bytes).await?;
                effort.checking = effort.checking.saturating_add(took);
                if !more {
                    return Ok(());
                }
            }
            let Some(last) = locked(check).end_of_answer()? else {
                return Ok(());
            };
            let path = wire::headers_path([last, node.genesis().hash()]);
            let further = self.outgoing.fetch(peer, &path, wire::MEDIA_TYPE);
            let further = timed(further, effort).await.map_err(PullError::Fetch)?;
            body.go_on_with(unclaimed(further));
        }
        Err(PullError::TooManyAnswers {
            most: self.limits.answers,
        })
    }

    /// Fetches the blocks of `chain` that this node lacks and hands them to its writer. What it took stands, whatever
    /// comes after.
    pub async fn blocks(
        &self,
        node: &CoinHandle,
        chain: &HeaderChain,
        peer: &PeerAddress,
    ) -> (Taken, Result<(), PullError>, Effort) {
        let mut effort = Effort::default();
        let mut connecting = Connecting::new(node);
        let read = self.blocks_into(node, chain, peer, &mut connecting, &mut effort);
        let read = read.await;
        let begun = Instant::now();
        // What is wrong with an earlier block is told before what is wrong behind it.
        let settled = match connecting.settle().await {
            Ok(()) => Ok(()),
            Err(refused) => Err(refusal(node, refused).await),
        };
        let ended = settled.and(read);
        effort.checking = effort.checking.saturating_add(begun.elapsed());
        (connecting.taken, ended, effort)
    }

    async fn blocks_into(
        &self,
        node: &CoinHandle,
        chain: &HeaderChain,
        peer: &PeerAddress,
        connecting: &mut Connecting<'_>,
        effort: &mut Effort,
    ) -> Result<(), PullError> {
        let path = wire::blocks_path(chain.base.hash, chain.tip.hash);
        let call = || self.outgoing.fetch(peer, &path, wire::MEDIA_TYPE);
        let (body, _turn) = self.turns.body(call, effort).await.map_err(|error| {
            let error = PullError::from(error);
            gone(error, chain.base.number)
        })?;
        let mut body = Paced::new(unclaimed(body), self.limits.pace)?;
        let read = self.read_blocks(node, peer, &mut body, chain, connecting, effort);
        let read = read.await;
        effort.bytes = effort.bytes.saturating_add(body.bytes());
        effort.waited = effort.waited.saturating_add(body.waited());
        read
    }

    async fn read_blocks(
        &self,
        node: &CoinHandle,
        peer: &PeerAddress,
        body: &mut Paced,
        chain: &HeaderChain,
        connecting: &mut Connecting<'_>,
        effort: &mut Effort,
    ) -> Result<(), PullError> {
        let mut walk = Walk::along(chain.route(), Arc::clone(node.genesis()));
        for _ in 0..self.limits.answers {
            let before = walk.place();
            let mut reader = BlockReader::new(node.parameters().byte_limit);
            while let Some(bytes) = body.next().await? {
                reader.push(&bytes);
                same_place(&mut reader, node, before.number)?;
                while let Some(encoded) = reader.next_block()? {
                    if walk.is_done() {
                        return Ok(());
                    }
                    if walk.place().number.saturating_sub(chain.base.number) >= self.limits.blocks {
                        return Err(PullError::TooManyBlocks {
                            limit: self.limits.blocks,
                        });
                    }
                    let worked = Instant::now();
                    let place = walk.step(&encoded, node.now())?;
                    let bytes = encoded.len();
                    let block = checked(node, encoded, place.number, place.hash).await?;
                    if let Err(refused) = connecting.send(place, bytes, block).await {
                        return Err(refusal(node, refused).await);
                    }
                    effort.checking = effort.checking.saturating_add(worked.elapsed());
                }
            }
            if walk.is_done() {
                return Ok(());
            }
            reader.finish()?;
            let place = walk.place();
            if place.hash == before.hash {
                return Err(PullError::EndsEarly {
                    number: place.number,
                    promised: chain.tip.number,
                });
            }
            let path = wire::blocks_path(place.hash, chain.tip.hash);
            let further = self.outgoing.fetch(peer, &path, wire::MEDIA_TYPE);
            let further = timed(further, effort).await.map_err(PullError::Fetch);
            let further = further.map_err(|error| gone(error, place.number))?;
            body.go_on_with(unclaimed(further));
        }
        Err(PullError::TooManyAnswers {
            most: self.limits.answers,
        })
    }
}

/// Pushes bytes where hashing and reading the store keep nobody waiting. Whether more may come, and how long it took.
async fn push(
    check: &Arc<Mutex<HeaderCheck>>,
    node: &CoinHandle,
    bytes: Bytes,
) -> Result<(bool, Duration), PullError> {
    let (check, node) = (Arc::clone(check), node.clone());
    let pushed = spawn_blocking(move || {
        let begun = Instant::now();
        let mut had = had_by(&node);
        let more = locked(&check).push(&bytes, &mut had)?;
        Ok((more, begun.elapsed()))
    });
    pushed.await.map_err(|_| PullError::Stopped)?
}

fn locked(check: &Mutex<HeaderCheck>) -> MutexGuard<'_, HeaderCheck> {
    check.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Checks a block by itself, where that keeps nobody waiting.
async fn checked(
    node: &CoinHandle,
    encoded: Bytes,
    number: u64,
    hash: PowHash,
) -> Result<CheckedBlock, PullError> {
    let node = node.clone();
    let checked = spawn_blocking(move || node.check_block(&encoded));
    let checked = checked.await.map_err(|_| PullError::Stopped)?;
    checked.map_err(|error| match error {
        CoinError::Invalid { fault, .. } => PullError::Block {
            number,
            hash,
            fault,
        },
        error => PullError::Node(error),
    })
}

/// A writer's refusal, with the number of the block that it names.
async fn refusal(node: &CoinHandle, refused: Refused) -> PullError {
    let place = refused.place;
    match refused.error {
        CoinError::Invalid { hash, fault } => PullError::Block {
            number: number_of(node.clone(), hash).await.unwrap_or(place.number),
            hash,
            fault,
        },
        CoinError::KnownInvalid { .. } => PullError::KnownInvalid {
            number: place.number,
            hash: place.hash,
        },
        error @ CoinError::TooDeep { .. } => PullError::TooDeep(error),
        error => PullError::Node(error),
    }
}

async fn number_of(node: CoinHandle, hash: PowHash) -> Option<u64> {
    let read = move || node.read(|snapshot: Snapshot| snapshot.known_block(hash));
    let known = spawn_blocking(read).await.ok()?.ok()??;
    Some(known.place.number)
}

/// The answer's preamble, if it is there, says what was asked for.
fn same_place(reader: &mut BlockReader, node: &CoinHandle, after: u64) -> Result<(), PullError> {
    let Some(preamble) = reader.preamble()? else {
        return Ok(());
    };
    let ours = node.genesis().hash();
    if preamble.genesis != ours {
        return Err(PullError::OtherNetwork {
            theirs: preamble.genesis,
            ours,
        });
    }
    if preamble.after != after {
        return Err(PullError::ChainChanged {
            number: preamble.after,
        });
    }
    Ok(())
}

/// A body whose length nobody has to believe: as much of it is read as the limits let.
fn unclaimed(body: ChainBody) -> ChainBody {
    ChainBody {
        claimed_bytes: None,
        ..body
    }
}

/// A node that has nothing at the headers' address does not speak this protocol.
fn not_coin(error: TurnError) -> PullError {
    match PullError::from(error) {
        PullError::Fetch(FetchError::Status { status, .. })
            if ["404", "405", "501"]
                .iter()
                .any(|code| status.starts_with(code)) =>
        {
            PullError::NotCoin { status }
        }
        error => error,
    }
}

/// A node that had a block in its headers and has it no more has changed its chain.
fn gone(error: PullError, number: u64) -> PullError {
    match error {
        PullError::Fetch(FetchError::Status { status, .. }) if status.starts_with("404") => {
            PullError::ChainChanged { number }
        }
        error => error,
    }
}
