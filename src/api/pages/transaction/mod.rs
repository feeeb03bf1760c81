//! One transaction: what it says, where it stands, and what became of it.

pub(super) mod classic;
pub(super) mod coin;
