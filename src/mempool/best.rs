//! What a miner is offered, in which order.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet, btree_map};
use std::iter::Peekable;

use alloy_primitives::Address;

use super::Mempool;
use super::entry::{Entry, Head};

/// See [`Mempool::best`].
#[derive(Debug, Clone)]
pub struct Best<'p> {
    pool: &'p Mempool,
    /// First ones of accounts, the best first.
    heads: Peekable<btree_map::Iter<'p, Head, Address>>,
    /// The next ones of accounts of which one was offered.
    followers: BinaryHeap<Reverse<(Head, Address, u64)>>,
    skipped: HashSet<Address>,
}

impl Mempool {
    /// The ready ones: the nonces of each account in order, and of those whose turn it is the one that pays the miner the most a gas, of equals the first that came.
    pub fn best(&self) -> Best<'_> {
        Best {
            pool: self,
            heads: self.heads.iter().peekable(),
            followers: BinaryHeap::new(),
            skipped: HashSet::new(),
        }
    }
}

impl<'p> Best<'p> {
    /// Offers no more of this account: one of its failed, or has no room in the block.
    pub fn skip_account(&mut self, address: Address) {
        self.skipped.insert(address);
    }

    fn next_place(&mut self) -> Option<(Address, u64)> {
        let head = self.heads.peek().map(|(head, _)| **head);
        let follower = self.followers.peek().map(|Reverse((head, ..))| *head);
        match (head, follower) {
            (Some(head), Some(follower)) if follower < head => self.next_follower(),
            (None, _) => self.next_follower(),
            (Some(_), _) => {
                let (_, address) = self.heads.next()?;
                let row = self.pool.rows.get(address)?;
                Some((*address, row.facts.nonce))
            }
        }
    }

    fn next_follower(&mut self) -> Option<(Address, u64)> {
        let Reverse((_, address, nonce)) = self.followers.pop()?;
        Some((address, nonce))
    }
}

impl<'p> Iterator for Best<'p> {
    type Item = &'p Entry;

    fn next(&mut self) -> Option<&'p Entry> {
        loop {
            let (address, nonce) = self.next_place()?;
            if self.skipped.contains(&address) {
                continue;
            }
            let row = self.pool.rows.get(&address)?;
            let entry = row.entries.get(&nonce)?;
            let next = nonce.saturating_add(1);
            if next < row.ready_until
                && let Some(follower) = row.entries.get(&next)
            {
                let head = Head {
                    rate: Reverse(self.pool.rate(follower)),
                    order: follower.order,
                };
                self.followers.push(Reverse((head, address, next)));
            }
            return Some(entry);
        }
    }
}
