//! A branch of another node's chain, and what becomes of it.

use thiserror::Error;

use super::{Event, NodeError};
use crate::protocol::classic::block::{Block, BlockHash, Height, Link};

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
    /// Calls `visit` with each block, in order, until it fails.
    fn visit(
        &mut self,
        visit: &mut dyn FnMut(Block) -> Result<(), NodeError>,
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
    },
    /// The current chain has grown, or parted from it, since it was checked.
    NoLongerBetter,
}

impl Adoption {
    pub(super) fn event(&self) -> Option<Event> {
        match *self {
            Self::Adopted {
                fork,
                displaced,
                connected,
                returned,
                tip,
                hash,
            } => Some(Event::Reorg {
                fork,
                height: tip,
                hash,
                displaced,
                connected,
                returned,
            }),
            Self::NoLongerBetter => None,
        }
    }
}
