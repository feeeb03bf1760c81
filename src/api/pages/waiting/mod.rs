//! Transactions that wait for a block, in the order in which blocks take them.

pub(super) mod classic;
pub(super) mod coin;

/// Transactions on a page.
const ROWS: usize = 50;
