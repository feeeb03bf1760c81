//! How a node says where its chain is: a few of its blocks, close together at its end and ever farther apart before.

use crate::node::coin::CoinHandle;
use crate::protocol::coin::place::Place;
use crate::store::StoreError;
use crate::store::coin::{Ledger, Snapshot};

/// Blocks at the end of a chain that a locator names one by one.
const CLOSE: usize = 10;

/// This node's chain as it was when a round began.
#[derive(Clone, Debug)]
pub struct OwnChain {
    pub tip: Place,
    /// Blocks of it, the tip first, the genesis block last.
    pub located: Vec<Place>,
}

impl OwnChain {
    /// Blocks.
    ///
    /// # Errors
    /// The store's.
    pub fn of(node: &CoinHandle) -> Result<OwnChain, StoreError> {
        node.read(|snapshot: Snapshot| {
            let tip = snapshot.place_of(snapshot.state()?.tip)?.place;
            let place = |number| {
                let entry = snapshot.entry_at(number)?;
                Ok(snapshot.place_of(entry.hash())?.place)
            };
            Ok(OwnChain {
                tip,
                located: numbers(tip.number)
                    .map(place)
                    .collect::<Result<_, StoreError>>()?,
            })
        })
    }
}

/// The numbers of a locator's blocks, on a chain that ends with number `tip`.
pub fn numbers(tip: u64) -> impl Iterator<Item = u64> {
    let mut next = Some(tip);
    let mut step = 1_u64;
    let mut named = 0_usize;
    std::iter::from_fn(move || {
        let number = next?;
        named = named.saturating_add(1);
        if named >= CLOSE {
            step = step.saturating_mul(2);
        }
        next = (number > 0).then(|| number.saturating_sub(step));
        Some(number)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::PEER_LOCATOR;

    #[test]
    fn a_locator_is_close_at_the_tip_and_ends_at_the_genesis_block() {
        let all = |tip| numbers(tip).collect::<Vec<_>>();
        assert_eq!(all(0), [0]);
        assert_eq!(all(3), [3, 2, 1, 0]);
        assert_eq!(
            all(40),
            [40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 29, 25, 17, 1, 0]
        );
        for tip in [1, 1_000, 1_000_000, 1 << 52] {
            let numbers = all(tip);
            assert!(numbers.len() <= PEER_LOCATOR, "{}", numbers.len());
            assert!(numbers.is_sorted_by(|one, next| one > next));
            assert_eq!((numbers.first(), numbers.last()), (Some(&tip), Some(&0)));
        }
    }
}
