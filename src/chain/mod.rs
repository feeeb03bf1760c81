//! What is current: which of two branches is better, and what a switch displaces. Pure: no clock, thread, socket or file.
//!
//! This module sees of a block only its place and its weight; what a block is, and when it is valid, is [`crate::protocol`]'s.

mod returning;

pub use returning::Returning;

use crate::protocol::classic::block::BlockHash;

/// Fork choice in one comparison: the heavier chain wins, the first seen wins a tie. On classic every block weighs one, so that its height is a chain's
/// weight; on coin the work of a chain is.
pub fn is_better<W: Ord>(candidate: W, current: W) -> bool {
    candidate > current
}

/// Follows a branch next to the current chain, to find where they part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fork {
    /// All blocks so far stand in the current chain, up to this height (0 before the first).
    Shared { up_to: u64 },
    /// The branch left the current chain behind this height (0: the first blocks differ).
    At { height: u64 },
}

impl Fork {
    /// Before the first block.
    pub const START: Self = Self::Shared { up_to: 0 };

    /// The last height that both have in common, 0 if none.
    pub fn height(self) -> u64 {
        match self {
            Self::Shared { up_to } => up_to,
            Self::At { height } => height,
        }
    }

    /// Where the branch stands once `block` follows, where the current chain has `current` at that height.
    #[must_use]
    pub fn followed_by(self, block: BlockHash, current: Option<BlockHash>) -> Self {
        match self {
            Self::Shared { up_to } if current == Some(block) => Self::Shared { up_to: up_to + 1 },
            Self::Shared { up_to } => Self::At { height: up_to },
            parted @ Self::At { .. } => parted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::classic::block::Height;

    #[test]
    fn only_a_longer_chain_is_better() {
        assert!(is_better(Height(3), Height(2)));
        assert!(!is_better(Height(2), Height(2)));
        assert!(!is_better(Height(1), Height(2)));
    }

    #[test]
    fn a_branch_parts_once_and_for_all() {
        let hash = |byte| BlockHash([byte; 32]);
        let current = [hash(1), hash(2), hash(3)];
        let follow = |branch: &[BlockHash]| {
            branch
                .iter()
                .enumerate()
                .fold(Fork::START, |fork, (at, block)| {
                    fork.followed_by(*block, current.get(at).copied())
                })
        };
        assert_eq!(follow(&[hash(1), hash(2)]), Fork::Shared { up_to: 2 });
        assert_eq!(follow(&[hash(1), hash(9), hash(3)]), Fork::At { height: 1 });
        assert_eq!(follow(&[hash(9)]), Fork::At { height: 0 });
        assert_eq!(
            follow(&[hash(1), hash(2), hash(3), hash(4)]),
            Fork::At { height: 3 }
        );
    }
}
