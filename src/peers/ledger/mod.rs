//! What the network asks of a node's chain, whatever its protocol. Every call may block: the [`super::live`] owner makes them where
//! that keeps nobody waiting, a simulation at once.
//!
//! The engine that decides when to ask knows of blocks only their identities and weights. [`classic`] and [`coin`] are the two
//! protocols' answers, over their node's handles.

pub mod classic;
pub mod coin;
mod waiting;

use bytes::Bytes;
use thiserror::Error;

use super::blame::Offence;
use super::message::{BlockId, BlockItem, Headers, Stand, TransactionId};

/// This node's own failure, such as a store that does not read: no peer's business.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct LedgerError(pub String);

/// A node's chain and what waits for it, as the network sees them.
pub trait Ledger: Send + Sync + 'static {
    /// The network's name and what its chains begin with (zeros where that is free).
    fn network(&self) -> (String, BlockId);

    /// Where the current chain ends, durably.
    fn stand(&self) -> Result<Stand, LedgerError>;

    /// Begins to bring in a peer's chain.
    fn begin(&self) -> Result<Box<dyn Import>, LedgerError>;

    /// Headers of the current chain behind the first of these blocks that is on it.
    fn headers(&self, locator: &[BlockId]) -> Result<Headers, LedgerError>;

    /// Consecutive blocks behind `after`, up to `to`, as many as fit into `bytes` and one at least, with the identity of the last;
    /// nothing where the two are not kept on one branch, `after` first.
    fn blocks(
        &self,
        after: BlockId,
        to: BlockId,
        bytes: usize,
    ) -> Result<Option<(Vec<BlockItem>, BlockId)>, LedgerError>;

    /// The transactions that wait, oldest first, as many as a peer is told of.
    fn waiting(&self) -> Result<Vec<TransactionId>, LedgerError>;

    /// Those that this node does not have, waiting or in a block.
    fn lacks(&self, ids: &[TransactionId]) -> Result<Vec<TransactionId>, LedgerError>;

    /// Those that still wait, as bytes, until they reach `bytes` together.
    fn transactions(&self, ids: &[TransactionId], bytes: usize) -> Result<Vec<Bytes>, LedgerError>;

    /// Has a peer's transactions wait, and says of each what became of it. Durable when it returns.
    fn take(&self, items: Vec<Bytes>) -> Result<Vec<Taken>, LedgerError>;

    /// A block's identity as people know it.
    fn shown(&self, id: &BlockId) -> String;
}

/// What became of a peer's transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// It waits now, or did before.
    Waits(TransactionId),
    /// This node's policy or state does not let it wait, which is nobody's fault.
    Refused(TransactionId, String),
    /// It can be in no block.
    Broken(Offence, String),
}

/// A peer's chain being brought in: first its headers, then the blocks behind them, in order.
///
/// What was connected stands whatever comes after, so that an import that ends early is gone on with by the next.
pub trait Import: Send {
    /// Blocks of this node's chain, newest first, by which the peer says where the two part.
    fn locator(&self) -> Vec<BlockId>;

    /// Takes an answer that goes on where the one before ended.
    ///
    /// # Errors
    /// When the headers do not hold.
    fn headers(&mut self, headers: &Headers) -> Result<Outlined, Refusal>;

    /// The plan where a peer's tip seems to stand right on this node's: one block, without asking for headers.
    fn next_block(&mut self, to: &Stand) -> Plan;

    /// The last block that was checked, or the plan's base.
    fn reached(&self) -> BlockId;

    /// Checks blocks that one peer sent, behind those checked before; where the last of them stands. On an error the blocks before
    /// the bad one stand checked.
    ///
    /// # Errors
    /// What is wrong with the first that does not hold: its sender's doing.
    fn check(&mut self, blocks: Vec<BlockItem>) -> Result<Stand, Refusal>;

    /// Makes what was checked durable, where it stands best; where this node's chain ends then.
    ///
    /// # Errors
    /// Where the chain cannot be taken: most often nobody's doing.
    fn connect(&mut self) -> Result<Stand, Refusal>;
}

/// What headers came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outlined {
    /// They go on: ask behind these blocks.
    More { locator: Vec<BlockId> },
    /// They lead to no more weight than this node's chain has; `shown` is where they end, and `all` whether the peer had no more.
    NotBetter { shown: Stand, all: bool },
    /// They are worth their blocks.
    Planned(Plan),
}

/// Blocks to be asked for, in stretches that different peers can send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The last block that this node has.
    pub base: Stand,
    /// Where the headers end, weighed by this node where it can.
    pub end: Stand,
    /// The ends of stretches: each begins where the one before ends, the first at `base`, and the last is `end`.
    pub stretches: Vec<Stretch>,
}

/// Where a stretch of blocks ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    pub height: u64,
    pub id: BlockId,
}

/// Why headers or blocks are not taken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{why}")]
pub struct Refusal {
    /// What the sender did, if it is to blame.
    pub offence: Option<Offence>,
    pub why: String,
}

impl Refusal {
    /// It is the sender's doing.
    pub fn blaming(offence: Offence, why: impl ToString) -> Self {
        Self {
            offence: Some(offence),
            why: why.to_string(),
        }
    }

    /// It is nobody's: this node's own limits and failures, a race, or a block that its sender could only pass on.
    pub fn of_nobody(why: impl ToString) -> Self {
        Self {
            offence: None,
            why: why.to_string(),
        }
    }
}

impl From<LedgerError> for Refusal {
    fn from(error: LedgerError) -> Self {
        Self::of_nobody(error)
    }
}

#[cfg(test)]
mod tests;
