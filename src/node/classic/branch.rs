//! A branch of another node's chain, and what becomes of it.

use thiserror::Error;

use super::{Event, NodeError};
use crate::limits::{EVENT_RETURNED, EVENT_RETURNED_BYTES};
use crate::protocol::classic::block::{Block, BlockHash, Height, Link};
use crate::protocol::classic::tag::BlockTags;

/// A checked branch of another node's chain, from behind the fork on.
pub struct Branch {
    /// The last block that both chains have, as it was when the branch was checked.
    pub fork: Option<Link>,
    /// The height of the branch's last block.
    pub tip: Height,
    /// The blocks behind the fork.
    pub blocks: Box<dyn BranchBlocks>,
}

/// Blocks that were checked, kept somewhere until the writer takes them.
pub trait BranchBlocks: Send {
    /// Calls `visit` with each block, in order, until it fails; with the tags of its transactions, as far as its sender knows them.
    fn visit(
        &mut self,
        visit: &mut dyn FnMut(Block, BlockTags) -> Result<(), NodeError>,
    ) -> Result<(), NodeError>;
}

impl std::fmt::Debug for Branch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Branch")
            .field("fork", &self.fork)
            .field("tip", &self.tip)
            .finish_non_exhaustive()
    }
}

/// Why a branch that was checked could not be read again.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BranchError {
    #[error("{0}")]
    Unreadable(String),
    #[error("it has {found} blocks, {expected} were checked")]
    Length { found: u64, expected: u64 },
}

/// What became of a branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adoption {
    /// It is the current chain now.
    Adopted {
        fork: u64,
        displaced: u64,
        connected: u64,
        returned: usize,
        tip: Height,
        hash: BlockHash,
        /// The end of the chain before it.
        was: BlockHash,
        /// Transactions of the last block.
        transactions: usize,
    },
    /// The current chain has grown, or parted from it, since it was checked.
    NoLongerBetter,
}

impl Adoption {
    /// What is told of it; `back` are the texts of what waits again, in order.
    pub(super) fn event(&self, back: Vec<Box<str>>) -> Option<Event> {
        match *self {
            Self::Adopted {
                displaced: 0,
                tip,
                hash,
                transactions,
                ..
            } => Some(Event::Block {
                height: tip,
                hash,
                transactions,
                mined_here: false,
            }),
            Self::Adopted {
                fork,
                displaced,
                connected,
                returned,
                tip,
                hash,
                was,
                ..
            } => Some(Event::Reorg {
                fork,
                height: tip,
                hash,
                was,
                displaced,
                connected,
                returned,
                returned_transactions: first_of(back),
            }),
            Self::NoLongerBetter => None,
        }
    }
}

/// As many as one event names.
fn first_of(mut back: Vec<Box<str>>) -> Vec<Box<str>> {
    back.truncate(EVENT_RETURNED);
    let mut bytes = 0;
    let fitting = back
        .iter()
        .take_while(|text| {
            bytes += text.len();
            bytes <= EVENT_RETURNED_BYTES
        })
        .count();
    back.truncate(fitting);
    back
}
