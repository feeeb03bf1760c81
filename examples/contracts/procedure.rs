//! What comes next in a swap, as one table: no clock, no node, nothing that was not said by the two chains.

/// What the contract says about a lock, in its own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lock {
    Unknown,
    Locked,
    Late,
    Claimed,
    Refunded,
}

/// What comes next; 0 is Alice's lock on network 1, 1 is Bob's on network 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    Lock(usize),
    Claim(usize),
    Refund(usize),
    /// Until the lock's time is over.
    Wait(usize),
    End,
}

/// The whole procedure, from what both chains say. `silent`: Alice does not claim.
pub fn next(first: Lock, second: Lock, silent: bool) -> Act {
    use Lock::{Claimed, Late, Locked, Refunded, Unknown};
    match (first, second) {
        (Unknown, _) => Act::Lock(0),
        (Locked, Unknown) => Act::Lock(1),
        (Locked, Locked) if silent => Act::Wait(1),
        (Locked, Locked) => Act::Claim(1),
        (Locked, Claimed) => Act::Claim(0),
        (_, Late) => Act::Refund(1),
        (Locked, Refunded) => Act::Wait(0),
        // Also where Bob has slept while Alice claimed: then she has both, which his shorter deadline is there to prevent.
        (Late, Unknown | Refunded | Claimed) => Act::Refund(0),
        (Late | Refunded | Claimed, Locked) => Act::Wait(1),
        (Refunded | Claimed, Unknown | Claimed | Refunded) => Act::End,
    }
}
