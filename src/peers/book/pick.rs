//! Whom to call next, and whom to tell others of.

use std::net::IpAddr;

use rand::{Rng, RngExt};

use super::buckets::Slots;
use super::group::Group;
use super::{Book, CONTEST_MS, Moment, Table};
use crate::peers::address::{PeerAddress, PeerHost, Scheme};
use crate::peers::reach::Reach;

/// Which part of the book to pick from. If it has nothing to call, the other part is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// New or tried with equal chances, however many there are of each: a flood of new ones fills half the calls at most.
    Any,
    /// One that only was heard of, for a feeler; before that, one among the tried whose place another one waits for.
    New,
    /// One that has answered before.
    Tried,
}

impl Book {
    /// An address to call now, if there is one that is due and that `skip` lets pass. The operator's are not picked: those
    /// are called whenever they are due.
    ///
    /// A bucket is drawn first and an address inside it second, so that a source which fills its few buckets to the brim gains
    /// nothing over those that told of a few addresses each.
    pub fn pick(
        &self,
        want: Want,
        now: Moment,
        rng: &mut impl Rng,
        skip: impl Fn(&PeerAddress, &Group) -> bool,
    ) -> Option<PeerAddress> {
        let may = |address: &&PeerAddress| {
            self.is_due(address, now) && !skip(address, &Group::of(address))
        };
        let new_first = match want {
            Want::Any => rng.random_bool(0.5),
            Want::New => true,
            Want::Tried => false,
        };
        if want == Want::New {
            let open = self
                .contests
                .iter()
                .filter(|contest| now.running_ms.saturating_sub(contest.since_ms) < CONTEST_MS);
            if let Some(holder) = open.map(|contest| &contest.holder).find(may) {
                return Some(holder.clone());
            }
        }
        let (first, second) = match new_first {
            true => (&self.new, &self.tried),
            false => (&self.tried, &self.new),
        };
        draw(first, rng, may)
            .or_else(|| draw(second, rng, may))
            .cloned()
    }

    /// At most `most` addresses to tell a node at `asker` of, in no order: those that we have reached, or heard of a moment
    /// ago. Never names, and never what `asker` has no business with: a public node is told of public addresses only.
    pub fn sample(
        &self,
        asker: IpAddr,
        most: usize,
        now: Moment,
        rng: &mut impl Rng,
    ) -> Vec<PeerAddress> {
        let reach = Reach::of(asker, false);
        let good = self.known.iter().filter(|(address, known)| {
            let PeerHost::Ip(ip) = address.host() else {
                return false;
            };
            let plain = address.scheme() == Scheme::Http;
            // What the operator named is nobody's business until it has answered.
            let found = known.table != Table::Operator || known.last_success.is_some();
            plain
                && found
                && known.is_worth_telling(now)
                && reach.allows(*ip).is_ok()
                && !self.is_left_alone(address, now)
        });
        // A reservoir: each subset of that size is equally likely, and nothing is sorted or copied that is not told.
        let mut told: Vec<PeerAddress> = Vec::new();
        for (seen, (address, _)) in good.enumerate() {
            if told.len() < most {
                told.push(address.clone());
            } else if let Some(place) = told.get_mut(rng.random_range(0..=seen)) {
                *place = address.clone();
            }
        }
        told
    }
}

/// A random address of a random bucket, of those that may be called.
fn draw<'a>(
    slots: &'a Slots,
    rng: &mut impl Rng,
    may: impl Fn(&&PeerAddress) -> bool,
) -> Option<&'a PeerAddress> {
    let mut buckets: Vec<_> = slots.buckets().collect();
    while !buckets.is_empty() {
        let bucket = buckets.swap_remove(rng.random_range(0..buckets.len()));
        let start = rng.random_range(0..bucket.len().max(1));
        let from_start = bucket.values().cycle().skip(start).take(bucket.len());
        if let Some(address) = from_start.into_iter().find(&may) {
            return Some(address);
        }
    }
    None
}
