//! Hashes along a chain of headers, to know its blocks by when they come: all of them up to a number, then ever farther
//! apart, so that the longest chain takes no more memory than that.

use crate::protocol::coin::header::PowHash;

/// Hashes of the headers behind a block.
#[derive(Clone, Debug)]
pub struct Waypoints {
    /// The block behind which they begin.
    after: u64,
    /// Every so many headers one is kept.
    stride: u64,
    most: usize,
    hashes: Vec<PowHash>,
}

impl Waypoints {
    /// Behind the block with number `after`; at most `most`, which is 2 or more.
    pub fn behind(after: u64, most: usize) -> Waypoints {
        Waypoints {
            after,
            stride: 1,
            most,
            hashes: Vec::new(),
        }
    }

    /// Notes the next header: the one behind that which was noted last.
    pub fn push(&mut self, number: u64, hash: PowHash) {
        if !self.is_kept(number) {
            return;
        }
        if self.hashes.len() >= self.most {
            let mut place = 0_u64;
            self.hashes.retain(|_| {
                place = place.wrapping_add(1);
                place.is_multiple_of(2)
            });
            self.stride = self.stride.saturating_mul(2);
        }
        if self.is_kept(number) {
            self.hashes.push(hash);
        }
    }

    fn is_kept(&self, number: u64) -> bool {
        number.wrapping_sub(self.after).is_multiple_of(self.stride)
    }

    /// The hash of the header with this number, if it is one that was kept.
    pub fn at(&self, number: u64) -> Option<PowHash> {
        let behind = number.checked_sub(self.after)?;
        if !behind.is_multiple_of(self.stride) {
            return None;
        }
        let place = (behind / self.stride).checked_sub(1)?;
        self.hashes.get(usize::try_from(place).ok()?).copied()
    }

    /// Every so many headers one is kept.
    pub fn stride(&self) -> u64 {
        self.stride
    }

    /// Those that are kept, with their numbers, in order.
    pub fn named(&self) -> impl Iterator<Item = (u64, PowHash)> {
        let numbers = std::iter::successors(self.after.checked_add(self.stride), |number| {
            number.checked_add(self.stride)
        });
        numbers.zip(self.hashes.iter().copied())
    }

    /// How many are kept.
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{B256, U256};
    use proptest::prelude::*;

    use super::*;

    fn hash(number: u64) -> PowHash {
        PowHash(B256::from(U256::from(number)))
    }

    proptest! {
        #[test]
        fn short_chains_are_known_whole_and_long_ones_by_evenly_spaced_hashes(
            after in 0_u64..1_000, length in 1_u64..5_000, most in 2_usize..40,
        ) {
            let mut waypoints = Waypoints::behind(after, most);
            for number in after + 1..=after + length {
                waypoints.push(number, hash(number));
                prop_assert!(waypoints.len() <= most);
            }
            let known: Vec<u64> = (0..=after + length + most as u64)
                .filter(|number| waypoints.at(*number).is_some())
                .collect();
            prop_assert_eq!(known.len(), waypoints.len());
            let named: Vec<_> = known.iter().map(|number| (*number, hash(*number))).collect();
            prop_assert_eq!(waypoints.named().collect::<Vec<_>>(), named);
            for number in &known {
                prop_assert_eq!(waypoints.at(*number), Some(hash(*number)));
            }
            if length <= most as u64 {
                prop_assert_eq!(known.len() as u64, length);
            } else {
                // Half of the room is always used.
                prop_assert!(known.len() >= most / 2);
                let before = std::iter::once(after).chain(known.iter().copied());
                let steps: Vec<u64> = before.zip(&known).map(|(one, next)| next - one).collect();
                let step = steps.iter().copied().max().expect("two or more");
                prop_assert!(steps.iter().all(|other| *other == step));
                let last = known.last().expect("two or more");
                prop_assert!(after + length - last < step);
            }
        }
    }
}
