//! The index of names as the node holds it: asked under a lock, made in the background.

use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::super::super::{App, blocking};
use super::names::names_of;
use super::names::{NameHash, Names};
use crate::protocol::classic::block::{Height, transactions_of};
use crate::store::{Snapshot, StoreError};

/// Blocks behind the index that a question adds to it by itself.
const ADDED_AT_ONCE: u64 = 256;
/// Blocks that one question reads, and their text together.
const READ_BLOCKS: usize = 1_000;
const READ_BYTES: usize = 8 * 1024 * 1024;
/// Between two pieces, so that others get at the disk.
const PAUSE: Duration = Duration::from_millis(2);

/// A classic node's index of names.
#[derive(Debug, Default)]
pub(in crate::api) struct NameIndex {
    names: Mutex<Names>,
    is_being_made: AtomicBool,
}

/// A transaction that names somebody.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) struct Entry {
    pub height: u64,
    /// Counted from 0.
    pub place: usize,
    /// The block's canonical text has it.
    pub transaction: String,
    pub is_sender: bool,
    pub is_receiver: bool,
    /// The block's timestamp.
    pub time: String,
}

/// Where a search goes on: behind this place, towards the first block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Before {
    pub height: u64,
    pub place: usize,
}

impl Before {
    /// From the tip on.
    pub const TIP: Self = Self {
        height: u64::MAX,
        place: usize::MAX,
    };
}

/// What was found.
#[derive(Debug)]
pub(in super::super) struct Found {
    pub entries: Vec<Entry>,
    /// Where to go on; none once the first block is reached.
    pub next: Option<Before>,
    pub tip: u64,
    /// The blocks that the index knows.
    pub covered: Option<RangeInclusive<u64>>,
}

impl Found {
    /// Whether the page ended since it had read enough, and not since it was full.
    pub fn gave_up(&self, limit: usize) -> bool {
        self.next.is_some() && self.entries.len() < limit
    }

    /// Whether all blocks are in the index.
    pub fn is_indexed(&self) -> bool {
        let whole = Height::FIRST.0..=self.tip;
        self.covered.as_ref() == Some(&whole)
    }
}

impl NameIndex {
    fn names(&self) -> MutexGuard<'_, Names> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Transactions that name this one, newest first.
    ///
    /// # Errors
    /// When the store does not read.
    pub(in super::super) fn search(
        &self,
        snapshot: &Snapshot,
        name: NameHash,
        before: Before,
        limit: usize,
    ) -> Result<Found, StoreError> {
        let tip = snapshot.state()?.tip.height.0;
        self.follow(snapshot, tip)?;
        let covered = self.names().covered();
        let mut found = Found {
            entries: Vec::new(),
            next: None,
            tip,
            covered,
        };
        let mut budget = Budget::default();
        let mut at = before;
        if at.height > tip {
            at = Before {
                height: tip,
                place: usize::MAX,
            };
        }
        while let Some(height) = self.next_height(name, at.height) {
            if height < at.height {
                at = Before {
                    height,
                    place: usize::MAX,
                };
            }
            if found.entries.len() >= limit || budget.is_spent() {
                found.next = Some(at);
                break;
            }
            let Some(block) = snapshot.block(Height(height))? else {
                break;
            };
            budget.spend(block.text.len());
            let left = limit - found.entries.len();
            let places = look_through(&block.text, name, at.place);
            let goes_on = places.len() > left;
            for (place, transaction, is_sender, is_receiver) in places.into_iter().take(left) {
                at.place = place;
                found.entries.push(Entry {
                    height,
                    place,
                    transaction: transaction.to_owned(),
                    is_sender,
                    is_receiver,
                    time: super::super::chain::classic::timestamp(&block.text),
                });
            }
            if goes_on {
                found.next = Some(at);
                break;
            }
            let Some(below) = height.checked_sub(1) else {
                break;
            };
            at = Before {
                height: below,
                place: usize::MAX,
            };
        }
        Ok(found)
    }

    /// The next block down from `height` that may name it: the index says, or it has to be read.
    fn next_height(&self, name: NameHash, height: u64) -> Option<u64> {
        let is_there = |height: &u64| *height >= Height::FIRST.0;
        let names = self.names();
        let Some(covered) = names.covered().filter(|covered| covered.contains(&height)) else {
            return Some(height).filter(is_there);
        };
        let named = names.at_or_below(name, height);
        named.or_else(|| covered.start().checked_sub(1).filter(is_there))
    }

    /// Adds what few blocks have come since.
    fn follow(&self, snapshot: &Snapshot, tip: u64) -> Result<(), StoreError> {
        let mut names = self.names();
        names.hold_against(snapshot)?;
        let Some(wanted) = names.wanted(tip) else {
            return Ok(());
        };
        let follows = names
            .covered()
            .is_some_and(|known| known.end() < wanted.start());
        if follows && wanted.end() - wanted.start() < ADDED_AT_ONCE {
            let tip = snapshot.state()?.tip.hash;
            if let Some(piece) = names.tags().read(snapshot, &wanted, true)? {
                names.take(piece, tip);
            }
        }
        Ok(())
    }

    /// Makes a piece more; whether there is still one to be made.
    fn make_a_piece(&self, snapshot: &Snapshot) -> Result<bool, StoreError> {
        let tip = snapshot.state()?.tip;
        let (tags, wanted, upwards) = {
            let mut names = self.names();
            names.hold_against(snapshot)?;
            let Some(wanted) = names.wanted(tip.height.0) else {
                return Ok(false);
            };
            let upwards = names
                .covered()
                .is_some_and(|known| known.end() < wanted.start());
            (names.tags(), wanted, upwards)
        };
        if let Some(piece) = tags.read(snapshot, &wanted, upwards)? {
            self.names().take(piece, tip.hash);
        }
        Ok(true)
    }
}

/// What one question may read.
#[derive(Debug, Default)]
struct Budget {
    blocks: usize,
    bytes: usize,
}

impl Budget {
    fn spend(&mut self, bytes: usize) {
        self.blocks += 1;
        self.bytes += bytes;
    }

    fn is_spent(&self) -> bool {
        self.blocks >= READ_BLOCKS || self.bytes >= READ_BYTES
    }
}

/// Places below `below` of the transactions that name it, the last first: place, text, and whether as sender and as receiver.
fn look_through(block: &str, name: NameHash, below: usize) -> Vec<(usize, &str, bool, bool)> {
    let all = transactions_of(block).unwrap_or_default();
    let placed = all.into_iter().enumerate().rev();
    placed
        .filter(|(place, _)| *place < below)
        .filter_map(|(place, transaction)| {
            let [is_sender, is_receiver] = names_of(transaction)
                .map(|named| named.is_some_and(|named| NameHash::of(named) == name));
            (is_sender || is_receiver).then_some((place, transaction, is_sender, is_receiver))
        })
        .collect()
}

/// Makes the index in the background, if nobody does; it ends when all is in it, and with the node.
pub(in super::super) fn make(app: &Arc<App>) {
    if app.names.is_being_made.swap(true, Ordering::SeqCst) {
        return;
    }
    let app = Arc::downgrade(app);
    tokio::spawn(async move {
        // Held only for a piece at a time, so that the node can end.
        while let Some(app) = app.upgrade() {
            let goes_on = !app.face.shutdown.is_cancelled() && {
                let making = Arc::clone(&app);
                let made = blocking(move || {
                    making
                        .node
                        .read(|snapshot| making.names.make_a_piece(&snapshot))
                });
                matches!(made.await, Ok(Ok(true)))
            };
            if !goes_on {
                app.names.is_being_made.store(false, Ordering::SeqCst);
                return;
            }
            drop(app);
            tokio::time::sleep(PAUSE).await;
        }
    });
}
