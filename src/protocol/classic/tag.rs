//! Origin tags: what tells equal transactions apart where nodes pass them on.
//!
//! The book's transactions have no identity, and none is put into them. A tag travels beside the text: the node that took the
//! transaction from its client, and a number there.

use std::fmt;

use sha2::{Digest, Sha256};

use super::block::BlockHash;

/// Where a transaction entered the network: a UUID in 16 bytes and a big-endian number in 8.
///
/// The UUID is a node's, of version 4, and the number counts what waited there. What is displaced with a block whose tags nobody
/// knows is named by that block and its position there, alike on all nodes: the UUID is then of version 8 (RFC 9562, 5.8), made of
/// the hash's first bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag([u8; Tag::BYTES]);

/// The bytes of a UUID that hold its version and its variant.
const VERSION_AT: usize = 6;
const VARIANT_AT: usize = 8;

impl Tag {
    pub const BYTES: usize = 24;

    /// The transaction at this place of a node's queue.
    pub fn of_node(node: [u8; 16], place: i64) -> Self {
        // Places below 1 become the largest numbers, so that all differ.
        Self::assemble(node, place as u64)
    }

    /// The transaction at a position of a block, counted from 0.
    pub fn of_block(block: BlockHash, position: usize) -> Self {
        let (uuid, _) = block.0.split_first_chunk().expect("32 bytes have 16");
        let mut uuid: [u8; 16] = *uuid;
        for (at, kept, set) in [(VERSION_AT, 0x0f, 0x80), (VARIANT_AT, 0x3f, 0x80)] {
            let byte = uuid
                .get_mut(at)
                .expect("16 bytes have a seventh and a ninth");
            *byte = *byte & kept | set;
        }
        Self::assemble(uuid, position as u64)
    }

    fn assemble(uuid: [u8; 16], number: u64) -> Self {
        let mut bytes = [0; Self::BYTES];
        let (first, last) = bytes.split_at_mut(uuid.len());
        first.copy_from_slice(&uuid);
        last.copy_from_slice(&number.to_be_bytes());
        Self(bytes)
    }

    /// The tag in these bytes; zeros stand for none.
    pub fn from_bytes(bytes: [u8; Self::BYTES]) -> Option<Self> {
        (bytes != [0; Self::BYTES]).then_some(Self(bytes))
    }

    pub fn bytes(&self) -> [u8; Self::BYTES] {
        self.0
    }

    fn parts(&self) -> ([u8; 16], u64) {
        let (uuid, number) = self.0.split_first_chunk().expect("24 bytes have 16");
        let number = number.try_into().expect("24 bytes are 16 and 8");
        (*uuid, u64::from_be_bytes(number))
    }

    /// The place in the queue of `node` that this names, if it names one there.
    pub fn place_at(&self, node: [u8; 16]) -> Option<i64> {
        let (uuid, number) = self.parts();
        (uuid == node).then_some(number as i64)
    }

    /// The first bytes of the hash of the block, and the position there, that this names, if it names one.
    pub fn block_and_position(&self) -> Option<([u8; VERSION_AT], usize)> {
        let (uuid, number) = self.parts();
        let (first, rest) = uuid.split_first_chunk().expect("16 bytes have 6");
        let is_of_block = rest.first().is_some_and(|version| version >> 4 == 8);
        is_of_block.then_some((*first, usize::try_from(number).ok()?))
    }

    /// Whether it names a block's position, so that another name may be known elsewhere.
    pub fn is_of_block(&self) -> bool {
        self.block_and_position().is_some()
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tag({self})")
    }
}

/// What a travelling transaction is asked for by: its tag, and the first 8 bytes of its text's SHA-256, so that a tag that
/// somebody put to another text hides nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransactionId(pub [u8; TransactionId::BYTES]);

impl TransactionId {
    pub const BYTES: usize = Tag::BYTES + 8;

    pub fn of(tag: Tag, canonical_text: &str) -> Self {
        let mut bytes = [0; Self::BYTES];
        let (first, last) = bytes.split_at_mut(Tag::BYTES);
        first.copy_from_slice(&tag.0);
        last.copy_from_slice(&text_key(canonical_text).to_be_bytes());
        Self(bytes)
    }

    /// The tag in it; none where it is zeros.
    pub fn tag(&self) -> Option<Tag> {
        let (tag, _) = self.0.split_first_chunk().expect("32 bytes have 24");
        Tag::from_bytes(*tag)
    }

    /// Whether the text can be this transaction's.
    pub fn is_of_text(&self, canonical_text: &str) -> bool {
        self.text_key() == text_key(canonical_text)
    }

    /// What equal texts have in common: [`text_key`].
    pub fn text_key(&self) -> u64 {
        let (_, key) = self.0.split_last_chunk().expect("32 bytes have 8");
        u64::from_be_bytes(*key)
    }
}

impl fmt::Debug for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TransactionId({})", hex::encode(self.0))
    }
}

/// The first 8 bytes of a text's SHA-256, as a number: equal texts have equal ones.
pub fn text_key(canonical_text: &str) -> u64 {
    let hash: [u8; 32] = Sha256::digest(canonical_text).into();
    let (first, _) = hash.split_first_chunk().expect("32 bytes have 8");
    u64::from_be_bytes(*first)
}

/// The tags of a block's transactions by position, as far as they are known; the reward has none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BlockTags(Vec<Option<Tag>>);

impl BlockTags {
    /// Tags one behind the other, zeros for one that is not known; nothing if the bytes do not come out even.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (tags, rest) = bytes.as_chunks::<{ Tag::BYTES }>();
        rest.is_empty()
            .then(|| Self(tags.iter().copied().map(Tag::from_bytes).collect()))
    }

    /// What [`Self::from_bytes`] reads; empty where no tag is known.
    pub fn to_bytes(&self) -> Vec<u8> {
        if self.none_known() {
            return Vec::new();
        }
        let bytes = |tag: &Option<Tag>| tag.map_or([0; Tag::BYTES], |tag| tag.0);
        self.0.iter().flat_map(bytes).collect()
    }

    /// The tag of the transaction at a position, if it is known.
    pub fn at(&self, position: usize) -> Option<Tag> {
        self.0.get(position).copied().flatten()
    }

    pub fn none_known(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Option<Tag>> for BlockTags {
    fn from_iter<I: IntoIterator<Item = Option<Tag>>>(tags: I) -> Self {
        Self(tags.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_says_whose_it_is_and_of_what() {
        let node = *uuid::Uuid::new_v4().as_bytes();
        for place in [-3, 0, 1, i64::MAX] {
            let tag = Tag::of_node(node, place);
            assert_eq!(tag.place_at(node), Some(place));
            assert_eq!(tag.place_at([0x44; 16]), None);
            assert!(!tag.is_of_block(), "{tag}");
            assert_eq!(Tag::from_bytes(tag.bytes()), Some(tag));
        }
        let tag = Tag::of_block(BlockHash([0xff; 32]), 7);
        assert_eq!(tag.block_and_position(), Some(([0xff; 6], 7)));
        let uuid = uuid::Uuid::from_slice(&tag.bytes()[..16]).expect("16 bytes");
        assert_eq!(uuid.get_version_num(), 8);
        assert_eq!(uuid.get_variant(), uuid::Variant::RFC4122);
    }

    #[test]
    fn an_id_holds_the_tag_and_belongs_to_one_text() {
        let tag = Tag::of_node([0x45; 16], 9);
        let id = TransactionId::of(tag, "a");
        assert_eq!(id.tag(), Some(tag));
        assert!(id.is_of_text("a") && !id.is_of_text("b"));
        assert_ne!(id, TransactionId::of(tag, "b"));
        assert_eq!(TransactionId([0; 32]).tag(), None);
    }

    #[test]
    fn tags_of_a_block_read_back_with_gaps() {
        let tag = Tag::of_node([0x45; 16], 9);
        let tags: BlockTags = [None, Some(tag)].into_iter().collect();
        assert_eq!(tags.to_bytes().len(), 48);
        assert_eq!(BlockTags::from_bytes(&tags.to_bytes()), Some(tags.clone()));
        assert_eq!(
            (tags.at(0), tags.at(1), tags.at(2)),
            (None, Some(tag), None)
        );
        assert_eq!(BlockTags::from_bytes(&[0; 25]), None);
        let unknown: BlockTags = [None, None].into_iter().collect();
        assert!(unknown.to_bytes().is_empty());
    }
}
