//! Where an address may stand: each has one place among the new and one among the tried, which nobody outside can tell.
//!
//! After Bitcoin Core's `addrman` (`src/addrman_impl.h`), with SHA-256 over a secret in place of its SipHash: for new ones
//! (source group, address group) chooses among the few buckets of the source group; for tried ones the address chooses
//! among the few buckets of its group; the place inside the bucket follows from the address.

use std::collections::BTreeMap;
use std::fmt;

use sha2::{Digest, Sha256};

use super::group::Group;
use crate::limits::{
    BOOK_BUCKET, BOOK_GROUP_BUCKETS, BOOK_NEW_BUCKETS, BOOK_SOURCE_BUCKETS, BOOK_TRIED_BUCKETS,
};
use crate::peers::address::PeerAddress;

/// What makes the places of one node's book its own. Never shown in a log.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Secret(pub(super) [u8; 32]);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// One place in a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot {
    bucket: u64,
    position: u64,
}

impl Secret {
    /// Where an address stands while it is only heard of.
    pub(super) fn new_slot(&self, source: &Group, address: &PeerAddress) -> Slot {
        let source = source.bytes();
        let [share, ..] = self.draw(b"share", &[&source, &Group::of(address).bytes()]);
        let share = share % BOOK_SOURCE_BUCKETS as u64;
        let [bucket, ..] = self.draw(b"new", &[&source, &share.to_be_bytes()]);
        let [_, position, ..] = self.own_draw(address);
        Slot {
            bucket: bucket % BOOK_NEW_BUCKETS as u64,
            position: position % BOOK_BUCKET as u64,
        }
    }

    /// Where an address stands once it has answered.
    pub(super) fn tried_slot(&self, address: &PeerAddress) -> Slot {
        let [share, _, position, _] = self.own_draw(address);
        let share = share % BOOK_GROUP_BUCKETS as u64;
        let group = Group::of(address).bytes();
        let [bucket, ..] = self.draw(b"tried", &[&group, &share.to_be_bytes()]);
        Slot {
            bucket: bucket % BOOK_TRIED_BUCKETS as u64,
            position: position % BOOK_BUCKET as u64,
        }
    }

    fn own_draw(&self, address: &PeerAddress) -> [u64; 4] {
        self.draw(b"address", &[address.to_string().as_bytes()])
    }

    /// Four numbers that only the holder of the secret can foresee.
    fn draw(&self, what: &[u8], parts: &[&[u8]]) -> [u64; 4] {
        let mut hash = Sha256::new_with_prefix(self.0);
        for part in [what].iter().chain(parts) {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let digest: [u8; 32] = hash.finalize().into();
        let mut numbers = [0; 4];
        for (number, bytes) in numbers.iter_mut().zip(digest.as_chunks::<8>().0) {
            *number = u64::from_be_bytes(*bytes);
        }
        numbers
    }
}

/// A table of buckets; only places that are taken cost memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Slots {
    buckets: BTreeMap<u64, BTreeMap<u64, PeerAddress>>,
}

impl Slots {
    pub(super) fn at(&self, slot: Slot) -> Option<&PeerAddress> {
        self.buckets.get(&slot.bucket)?.get(&slot.position)
    }

    /// Puts an address into a place that is free: whoever held it was cleared before.
    pub(super) fn put(&mut self, slot: Slot, address: PeerAddress) {
        let before = self
            .buckets
            .entry(slot.bucket)
            .or_default()
            .insert(slot.position, address);
        debug_assert!(before.is_none(), "{before:?} still stood at {slot:?}");
    }

    pub(super) fn clear(&mut self, slot: Slot) {
        if let Some(bucket) = self.buckets.get_mut(&slot.bucket) {
            bucket.remove(&slot.position);
            if bucket.is_empty() {
                self.buckets.remove(&slot.bucket);
            }
        }
    }

    /// The buckets that hold anything.
    pub(super) fn buckets(&self) -> impl Iterator<Item = &BTreeMap<u64, PeerAddress>> {
        self.buckets.values()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::peers::book::group::group;

    const SECRET: Secret = Secret([7; 32]);

    fn address(number: u32) -> PeerAddress {
        PeerAddress::http(number.to_be_bytes().into(), 1001)
    }

    #[test]
    fn a_group_reaches_its_few_buckets_and_all_groups_together_reach_all() {
        let source = group([8, 8, 8, 8].into());
        // Addresses from all over, as told by one source.
        let told: BTreeSet<u64> = (0..20_000)
            .map(|n| {
                SECRET
                    .new_slot(&source, &address(0x0100_0000 + n * 65_599))
                    .bucket
            })
            .collect();
        assert!((8..=BOOK_SOURCE_BUCKETS).contains(&told.len()), "{told:?}");
        let own: BTreeSet<u64> = (0..20_000)
            .map(|n| SECRET.tried_slot(&address(0x0102_0000 + n)).bucket)
            .collect();
        assert!((2..=BOOK_GROUP_BUCKETS).contains(&own.len()), "{own:?}");
        let everybody: BTreeSet<u64> = (0..20_000)
            .map(|n| SECRET.tried_slot(&address(0x0100_0000 + n * 65_599)).bucket)
            .collect();
        assert_eq!(everybody.len(), BOOK_TRIED_BUCKETS);
    }

    #[test]
    fn another_secret_gives_other_places() {
        let other = Secret([8; 32]);
        let source = group([8, 8, 8, 8].into());
        let moved = (0..100).filter(|n| {
            let address = address(0x0100_0000 + n * 65_599);
            SECRET.new_slot(&source, &address) != other.new_slot(&source, &address)
                && SECRET.tried_slot(&address) != other.tried_slot(&address)
        });
        assert!(moved.count() > 90);
    }

    #[test]
    fn a_secret_is_not_shown() {
        assert_eq!(format!("{SECRET:?}"), "Secret(…)");
    }
}
