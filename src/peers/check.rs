//! The work on a peer's bytes as they arrive: split into blocks, checked against the rules, compared with this node's
//! own chain, spooled from where the two part. No clock and no network: [`super::pull`] feeds it on a thread of its own.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use thiserror::Error;

use super::spool::{Spool, SpoolWriter};
use crate::protocol::classic::block::{BlockHash, Height, Link};
use crate::protocol::classic::chain_reader::{ChainReader, ReadError, ReadLimits};
use crate::protocol::classic::rules::{BrokenRule, ChainChecker};

/// What a pull needs to know of this node's own chain. Asked from a blocking thread; best a snapshot, so that what was
/// compared is one chain.
pub trait OwnChain: Send + Sync {
    /// The height of the tip, 0 without a block.
    fn height(&self) -> Height;

    /// The hash of the block at `height`, if the chain reaches it.
    fn hash_at(&self, height: Height) -> Option<BlockHash>;
}

/// How much of a chain is checked.
#[derive(Clone, Copy, Debug)]
pub struct CheckLimits {
    pub read: ReadLimits,
    pub blocks: u64,
}

/// Why the bytes are not a chain that this node takes.
#[derive(Debug, Error)]
pub enum CheckError {
    #[error(transparent)]
    Unreadable(#[from] ReadError),
    #[error(transparent)]
    Broken(#[from] BrokenRule),
    #[error("the chain has no block at all")]
    Empty,
    #[error(
        "the chain has more than {limit} blocks, the most that are read of a peer (--max-pull-blocks)"
    )]
    TooManyBlocks { limit: u64 },
    #[error("this node cannot keep the chain while it checks it: {0}")]
    NotSpooled(#[from] io::Error),
}

/// A chain of which every block holds.
#[derive(Debug)]
pub struct CheckedChain {
    /// The last block that this node's own chain has too.
    pub fork: Option<Link>,
    pub tip: Link,
    /// The `length` that the sender gave beside its blocks.
    pub claimed_length: Option<u64>,
    /// The blocks above `fork`.
    pub spool: Spool,
}

/// Checks one chain, push by push.
pub struct ChainCheck {
    limits: CheckLimits,
    own: Arc<dyn OwnChain>,
    reader: ChainReader,
    rules: ChainChecker,
    fork: Option<Link>,
    has_forked: bool,
    spool: SpoolWriter,
}

/// Bytes that are split into blocks before these are checked: a push of endless one-byte blocks stays small in memory.
const STEP_BYTES: usize = 16 * 1024;

impl ChainCheck {
    pub fn new(limits: CheckLimits, own: Arc<dyn OwnChain>, folder: PathBuf) -> ChainCheck {
        ChainCheck {
            limits,
            own,
            reader: ChainReader::new(limits.read),
            rules: ChainChecker::new(),
            fork: None,
            has_forked: false,
            spool: SpoolWriter::new(folder),
        }
    }

    /// Takes the next bytes. The first block that breaks a rule ends it.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), CheckError> {
        for step in bytes.chunks(STEP_BYTES) {
            // What is wrong with an earlier block is told before what is wrong behind it.
            let read = self.reader.push(step);
            while let Some(block) = self.reader.next_block() {
                self.check(&block)?;
            }
            read?;
        }
        Ok(())
    }

    /// Ends the body.
    pub fn finish(self) -> Result<CheckedChain, CheckError> {
        let footer = self.reader.finish()?;
        Ok(CheckedChain {
            fork: self.fork,
            tip: self.rules.tip().ok_or(CheckError::Empty)?,
            claimed_length: footer.claimed_length,
            spool: self.spool.finish(self.fork)?,
        })
    }

    fn check(&mut self, text: &str) -> Result<(), CheckError> {
        if self.rules.position().0 > self.limits.blocks {
            return Err(CheckError::TooManyBlocks {
                limit: self.limits.blocks,
            });
        }
        let block = self.rules.check(text)?;
        if !self.has_forked && self.own.hash_at(block.height()) == Some(block.hash()) {
            self.fork = Some(block.link());
            return Ok(());
        }
        self.has_forked = true;
        Ok(self.spool.push(&block)?)
    }
}
