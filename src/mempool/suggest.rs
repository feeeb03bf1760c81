//! Which priority fee to offer.

use super::Mempool;
use super::entry::Entry;

/// The least suggestion, in units a gas: a billionth of a coin for a billion gas. Wallets show less than that as zero, and raise by whole multiples of it.
pub const LEAST_SUGGESTION: u128 = 1_000_000_000;

/// What it took to get into a block of the last time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecentBlock {
    pub gas_used: u64,
    /// Of the encoded block.
    pub bytes: u64,
    /// What the one of its transactions that paid least paid above the base fee, in units a gas.
    pub least_priority_fee: Option<u128>,
}

/// Priority fees in units a gas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suggestion {
    /// Enough to be among the next three blocks' worth of what waits, and for a quarter of the recent blocks.
    pub low: u128,
    /// Enough for the next block, and for half of the recent ones.
    pub normal: u128,
    /// Enough for the first half of the next block, and for nine of ten recent ones.
    pub high: u128,
}

impl Mempool {
    /// What to offer so that a transaction does not wait for long, by what waits now and by what recent blocks took, in any order.
    ///
    /// Where there is hardly room, even the lowest stands above what leaves first. A block that was not full would have taken any fee: it pulls suggestions down, so that they do not feed on themselves.
    pub fn suggest(&self, recent: impl IntoIterator<Item = RecentBlock>) -> Suggestion {
        let mut taken: Vec<u128> = recent
            .into_iter()
            .map(|block| self.would_have_taken(block))
            .collect();
        taken.sort_unstable();
        let of_recent = |percent: usize| {
            let rank = (taken.len() * percent).div_ceil(100);
            taken.get(rank.saturating_sub(1)).copied().unwrap_or(0)
        };
        let [half, one, three] = self.to_be_within([1, 2, 6]);
        let low = three.max(of_recent(25)).max(self.to_find_room());
        let low = low.max(LEAST_SUGGESTION);
        let normal = one.max(of_recent(50)).max(low);
        let high = half.max(of_recent(90)).max(normal);
        Suggestion { low, normal, high }
    }

    /// The priority fee that stands above those that leave first, so many that a fiftieth of the room is free; 0 while that much is.
    fn to_find_room(&self) -> u128 {
        let after_newcomers = |found: usize, most: usize| found + most.div_ceil(50);
        let mut count = after_newcomers(self.len(), self.limits.transactions);
        let mut bytes = after_newcomers(self.bytes(), self.limits.bytes);
        let mut dearest = None;
        for (worth, place) in &self.by_worth {
            if count <= self.limits.transactions && bytes <= self.limits.bytes {
                break;
            }
            count -= 1;
            bytes -= self.at(*place).map_or(0, Entry::bytes);
            // What is not ready leaves whatever it pays.
            dearest = worth.ready.then_some(worth.rate);
        }
        let base_fee = u128::from(self.network.base_fee);
        dearest.map_or(0, |rate| rate.saturating_sub(base_fee).saturating_add(1))
    }

    fn would_have_taken(&self, block: RecentBlock) -> u128 {
        // Full where nine tenths are used: what remains is too little for most.
        let full = |used: u64, limit: u64| u128::from(used) * 10 >= u128::from(limit) * 9;
        let is_full = full(block.gas_used, self.network.gas_limit)
            || full(block.bytes, self.network.byte_limit);
        match block.least_priority_fee {
            Some(least) if is_full => least.saturating_add(1),
            _ => 0,
        }
    }

    /// The priority fee that stands within so many half blocks' worth of what waits, ascending.
    fn to_be_within(&self, half_blocks: [u64; 3]) -> [u128; 3] {
        let base_fee = u128::from(self.network.base_fee);
        let (mut gas, mut bytes) = (0_u128, 0_u128);
        // A newcomer stands before the first that pays less, so it must pay more than the least so far.
        let mut least = u128::MAX;
        let mut offered = self.best().peekable();
        half_blocks.map(|halves| {
            let within = |used: u128, limit: u64| 2 * used < u128::from(halves) * u128::from(limit);
            while within(gas, self.network.gas_limit) && within(bytes, self.network.byte_limit) {
                let Some(entry) = offered.next() else {
                    return 0;
                };
                gas += u128::from(entry.transaction.gas_limit());
                bytes += entry.bytes() as u128;
                least = least.min(self.rate(entry));
            }
            least.saturating_sub(base_fee).saturating_add(1)
        })
    }
}
