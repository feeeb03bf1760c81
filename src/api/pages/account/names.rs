//! Which blocks of a classic chain name whom: an index in memory, made from reading.
//!
//! The store keeps none. This one begins at the tip and grows down to the first block, piece by piece, in the background; it follows the tip when it is asked. It only
//! says where to look: what a block holds is read again each time, so that no answer shows what a reorganisation has taken away.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::ops::RangeInclusive;

use sha2::{Digest, Sha256};

use super::super::texts::{member, members};
use crate::limits::NAME_INDEX_BYTES;
use crate::protocol::classic::block::{BlockHash, Height, transactions_of};
use crate::store::{Snapshot, StoreError};

/// SHA-256 of a name's canonical text: any JSON value may stand as sender or receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::api) struct NameHash(pub [u8; 32]);

impl NameHash {
    pub fn of(canonical: &str) -> Self {
        Self(Sha256::digest(canonical).into())
    }
}

/// A name in a block: the name's tag, and the block's height. Tags are short, and keyed, so that nobody can choose names that share one.
type Posting = (u32, u32);

/// Postings that the index may have.
const MOST: usize = NAME_INDEX_BYTES / size_of::<Posting>();
/// Blocks of a piece, and their text together.
const PIECE_BLOCKS: u64 = 8_192;
const PIECE_BYTES: usize = 16 * 1024 * 1024;

/// How names are told apart in the index.
#[derive(Debug, Clone)]
pub(in crate::api) struct Tags(RandomState);

impl Tags {
    fn of(&self, name: NameHash) -> u32 {
        // The lower half of it is as good a hash.
        self.0.hash_one(name.0) as u32
    }

    /// Reads what a stretch of blocks names. Where they are long it is a part of them: with the highest, or upwards with the lowest.
    pub fn read(
        &self,
        snapshot: &Snapshot,
        heights: &RangeInclusive<u64>,
        upwards: bool,
    ) -> Result<Option<Piece>, StoreError> {
        let (mut postings, mut bytes) = (Vec::new(), 0);
        let (mut lowest, mut highest): (u64, Option<(u64, BlockHash)>) = (*heights.end(), None);
        for step in 0..=heights.end() - heights.start() {
            let height = match upwards {
                true => heights.start() + step,
                false => heights.end() - step,
            };
            if bytes > PIECE_BYTES {
                break;
            }
            let Some(block) = snapshot.block(Height(height))? else {
                break;
            };
            bytes += block.text.len();
            lowest = lowest.min(height);
            if highest.is_none_or(|(known, _)| known < height) {
                highest = Some((height, block.hash));
            }
            self.add(height, &block.text, &mut postings);
        }
        postings.sort_unstable();
        postings.dedup();
        postings.shrink_to_fit();
        Ok(highest.map(|(highest, hash)| Piece {
            heights: lowest..=highest,
            hash,
            postings,
        }))
    }

    fn add(&self, height: u64, block: &str, postings: &mut Vec<Posting>) {
        // Higher ones than a tag's width can say are read block by block.
        let Ok(height) = u32::try_from(height) else {
            return;
        };
        for transaction in transactions_of(block).unwrap_or_default() {
            for name in names_of(transaction).into_iter().flatten() {
                postings.push((self.of(NameHash::of(name)), height));
            }
        }
    }
}

/// The index of a stretch of the chain, without gaps.
#[derive(Debug)]
pub(in crate::api) struct Names {
    tags: Tags,
    most: usize,
    /// In the order of their heights.
    pieces: VecDeque<Piece>,
    /// The tip on which all pieces were last found to lie.
    held_against: Option<BlockHash>,
    /// Whether no older piece has room.
    is_full: bool,
}

/// A stretch of blocks, read at once.
#[derive(Debug)]
pub(in crate::api) struct Piece {
    heights: RangeInclusive<u64>,
    /// Of the highest block: as long as it is in the chain, so are those before it.
    hash: BlockHash,
    /// Sorted.
    postings: Vec<Posting>,
}

impl Default for Names {
    fn default() -> Self {
        Self::holding(MOST)
    }
}

impl Names {
    fn holding(most: usize) -> Self {
        Self {
            tags: Tags(RandomState::new()),
            most,
            pieces: VecDeque::new(),
            held_against: None,
            is_full: false,
        }
    }

    /// The heights that are in it.
    pub fn covered(&self) -> Option<RangeInclusive<u64>> {
        let (lowest, highest) = (self.pieces.front()?, self.pieces.back()?);
        Some(*lowest.heights.start()..=*highest.heights.end())
    }

    /// The highest block up to `height` that may name this one, among those covered.
    pub fn at_or_below(&self, name: NameHash, height: u64) -> Option<u64> {
        let tag = self.tags.of(name);
        let reached = u32::try_from(height).unwrap_or(u32::MAX);
        let pieces = self.pieces.iter().rev();
        let mut pieces = pieces.skip_while(|piece| *piece.heights.start() > height);
        pieces.find_map(|piece| {
            let behind = piece
                .postings
                .partition_point(|posting| *posting <= (tag, reached));
            let (found, at) = piece.postings.get(behind.checked_sub(1)?)?;
            (*found == tag).then_some(u64::from(*at))
        })
    }

    /// Lets go of what is not in the chain any more.
    pub fn hold_against(&mut self, snapshot: &Snapshot) -> Result<(), StoreError> {
        let tip = snapshot.state()?.tip.hash;
        if self.held_against == Some(tip) {
            return Ok(());
        }
        let mut held = VecDeque::new();
        for piece in std::mem::take(&mut self.pieces).into_iter().rev() {
            let height = Height(*piece.heights.end());
            if snapshot.hash_at(height)? == Some(piece.hash) {
                held.push_front(piece);
            } else if !held.is_empty() {
                break;
            }
        }
        self.pieces = held;
        self.held_against = Some(tip);
        Ok(())
    }

    /// The heights that are to be read next: first behind the covered ones, then before them.
    pub fn wanted(&self, tip: u64) -> Option<RangeInclusive<u64>> {
        let Some(covered) = self.covered() else {
            return Some(tip.saturating_sub(PIECE_BLOCKS - 1).max(Height::FIRST.0)..=tip);
        };
        let (lowest, highest) = (*covered.start(), *covered.end());
        if highest < tip {
            return Some(highest + 1..=tip.min(highest + PIECE_BLOCKS));
        }
        let before = lowest.checked_sub(1)?;
        let is_there = before >= Height::FIRST.0 && !self.is_full;
        is_there.then(|| before.saturating_sub(PIECE_BLOCKS - 1).max(Height::FIRST.0)..=before)
    }

    /// By which blocks are read.
    pub fn tags(&self) -> Tags {
        self.tags.clone()
    }

    /// Puts a piece, read on this tip, at the end that it fits. Where it fits nowhere, since the chain has changed meanwhile, it is dropped.
    pub fn take(&mut self, piece: Piece, tip: BlockHash) {
        if self.held_against != Some(tip) {
            return;
        }
        let Some(covered) = self.covered() else {
            self.pieces.push_back(piece);
            return;
        };
        let (lowest, highest) = (*covered.start(), *covered.end());
        if *piece.heights.start() == highest + 1 {
            self.append(piece);
        } else if *piece.heights.end() + 1 == lowest {
            if self.postings() + piece.postings.len() > self.most {
                self.is_full = true;
            } else {
                self.pieces.push_front(piece);
            }
        }
    }

    fn append(&mut self, piece: Piece) {
        match self.pieces.back_mut() {
            // Blocks that come one by one make one piece.
            Some(last) if *piece.heights.end() - *last.heights.start() < PIECE_BLOCKS => {
                last.heights = *last.heights.start()..=*piece.heights.end();
                last.hash = piece.hash;
                last.postings.extend(piece.postings);
                last.postings.sort_unstable();
            }
            _ => self.pieces.push_back(piece),
        }
        while self.pieces.len() > 1 && self.postings() > self.most {
            self.pieces.pop_front();
            self.is_full = true;
        }
    }

    fn postings(&self) -> usize {
        self.pieces.iter().map(|piece| piece.postings.len()).sum()
    }
}

/// Sender and receiver of a transaction, by their canonical texts.
pub(super) fn names_of(transaction: &str) -> [Option<&str>; 2] {
    let members = members(transaction).unwrap_or_default();
    ["sender", "receiver"].map(|name| member(&members, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> NameHash {
        NameHash::of(&format!("{text:?}"))
    }

    /// A piece whose blocks are named by these.
    fn piece(names: &Names, heights: RangeInclusive<u64>, named: &[(u64, &str)]) -> Piece {
        let tags = names.tags();
        let postings = named.iter().map(|(height, text)| {
            let height = u32::try_from(*height).expect("a low one");
            (tags.of(name(text)), height)
        });
        let mut postings: Vec<Posting> = postings.collect();
        postings.sort_unstable();
        Piece {
            heights,
            hash: BlockHash([0; 32]),
            postings,
        }
    }

    const TIP: BlockHash = BlockHash([7; 32]);

    fn names(most: usize) -> Names {
        Names {
            held_against: Some(TIP),
            ..Names::holding(most)
        }
    }

    fn all_of(names: &Names, text: &str) -> Vec<u64> {
        let mut found = Vec::new();
        let mut height = u64::MAX;
        while let Some(at) = names.at_or_below(name(text), height) {
            found.push(at);
            height = at - 1;
        }
        found
    }

    #[test]
    fn it_grows_at_both_ends_and_finds_newest_first() {
        let mut names = names(100);
        assert_eq!(names.wanted(20_000), Some(11_809..=20_000));
        names.take(
            piece(
                &names,
                11_809..=20_000,
                &[(11_809, "a"), (19_000, "b"), (20_000, "a")],
            ),
            TIP,
        );
        assert_eq!(names.wanted(20_003), Some(20_001..=20_003));
        names.take(piece(&names, 20_001..=20_003, &[(20_002, "a")]), TIP);
        assert_eq!(names.wanted(20_003), Some(3_617..=11_808));
        names.take(
            piece(&names, 3_617..=11_808, &[(4_000, "a"), (5_000, "c")]),
            TIP,
        );
        names.take(piece(&names, 1..=3_616, &[(1, "a")]), TIP);
        assert_eq!(names.wanted(20_003), None);
        assert_eq!(names.covered(), Some(1..=20_003));
        assert_eq!(all_of(&names, "a"), [20_002, 20_000, 11_809, 4_000, 1]);
        assert_eq!(all_of(&names, "b"), [19_000]);
        assert_eq!(names.at_or_below(name("a"), 11_808), Some(4_000));
        assert!(all_of(&names, "nobody").is_empty());
    }

    #[test]
    fn what_was_read_on_another_tip_or_fits_nowhere_is_dropped() {
        let mut names = names(100);
        names.take(piece(&names, 10..=20, &[]), TIP);
        names.take(piece(&names, 21..=22, &[]), BlockHash([8; 32]));
        names.take(piece(&names, 23..=24, &[]), TIP);
        names.take(piece(&names, 1..=8, &[]), TIP);
        assert_eq!(names.covered(), Some(10..=20));
    }

    #[test]
    fn blocks_that_come_one_by_one_make_one_piece() {
        let mut names = names(100);
        for height in 5..=30 {
            names.take(piece(&names, height..=height, &[(height, "m")]), TIP);
        }
        assert_eq!((names.pieces.len(), names.covered()), (1, Some(5..=30)));
        assert_eq!(all_of(&names, "m").len(), 26);
    }

    #[test]
    fn as_many_names_are_kept_and_the_oldest_go() {
        let mut names = names(4);
        let far = PIECE_BLOCKS;
        names.take(
            piece(&names, far..=2 * far - 1, &[(far, "a"), (far + 1, "a")]),
            TIP,
        );
        names.take(
            piece(
                &names,
                2 * far..=3 * far - 1,
                &[(2 * far, "a"), (2 * far + 1, "a")],
            ),
            TIP,
        );
        // No room below.
        names.take(piece(&names, far - 1..=far - 1, &[(far - 1, "a")]), TIP);
        assert_eq!(names.covered(), Some(far..=3 * far - 1));
        assert_eq!(names.wanted(3 * far - 1), None);
        // Nor for all above.
        names.take(piece(&names, 3 * far..=3 * far, &[(3 * far, "a")]), TIP);
        assert_eq!(names.covered(), Some(2 * far..=3 * far));
        assert_eq!(all_of(&names, "a"), [3 * far, 2 * far + 1, 2 * far]);
    }
}
