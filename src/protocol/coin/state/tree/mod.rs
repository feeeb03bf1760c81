//! The trees that commit to the state: Ethereum's Merkle Patricia tree, keyed by hashes (`docs/decisions/state-tree.md`).
//!
//! An update reads only the nodes on the paths of what changes, and gives the nodes that it makes; none is ever taken away, so that every former root stays readable. Nodes
//! are encoded and decoded by `alloy_trie`.

mod node;
#[cfg(test)]
mod tests;
mod whole;

use alloy_consensus::constants::EMPTY_ROOT_HASH;
use alloy_primitives::{B256, Bytes, keccak256};
use alloy_trie::nodes::{BranchNode, ExtensionNodeRef, LeafNodeRef, RlpNode};
use alloy_trie::{Nibbles, TrieMask};

use super::view::{StateView, Tree, ViewError};

pub use node::BrokenTree;
use node::{Child, Children, Node, Source, below, leaf};
pub use whole::{entries_under, led_to};

/// A change of what stands at one key.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The key's hash.
    pub key: B256,
    /// Whether something stood there before, as whoever asks for the change has it.
    pub stood: bool,
    /// The RLP of what it becomes; `None`: nothing.
    pub value: Option<Vec<u8>>,
}

/// Nodes by tree and hash, maybe some of them twice.
pub type Nodes = Vec<((Tree, B256), Bytes)>;

/// The root of `tree` after `entries`, none twice, where it was `root`; what the tree had not before goes to `made`.
///
/// # Errors
/// [`ViewError`] when the keeper fails, or the kept tree is broken ([`BrokenTree`]) or not what the change was made on.
pub fn update(
    view: &dyn StateView,
    tree: Tree,
    root: B256,
    mut entries: Vec<Entry>,
    made: &mut Nodes,
) -> Result<B256, ViewError> {
    if entries.is_empty() {
        return Ok(root);
    }
    entries.sort_unstable_by_key(|entry| entry.key);
    let changes: Vec<Change<'_>> = entries
        .iter()
        .map(|entry| Change {
            path: Nibbles::unpack(entry.key),
            stood: entry.stood,
            value: entry.value.as_deref(),
        })
        .collect();
    let mut update = Update {
        source: Source { view, tree },
        made,
        encoded: Vec::with_capacity(600),
    };
    let before = update.source.root(root)?;
    let after = update.apply(before, 0, &changes)?;
    Ok(update.seal_root(after))
}

/// The encoded nodes from `root` towards `key`, as many as there are: a proof of what stands there, or that nothing does.
pub(super) fn proof(
    view: &dyn StateView,
    tree: Tree,
    root: B256,
    key: B256,
) -> Result<Vec<Bytes>, ViewError> {
    let mut nodes = Vec::new();
    walk(view, tree, root, key, |node| nodes.push(node))?;
    Ok(nodes)
}

/// What stands at `key`, if anything does.
pub(super) fn value(
    view: &dyn StateView,
    tree: Tree,
    root: B256,
    key: B256,
) -> Result<Option<Vec<u8>>, ViewError> {
    walk(view, tree, root, key, drop)
}

/// Goes from `root` to `key`, and gives the encoded nodes on the way.
fn walk(
    view: &dyn StateView,
    tree: Tree,
    root: B256,
    key: B256,
    mut passed: impl FnMut(Bytes),
) -> Result<Option<Vec<u8>>, ViewError> {
    let source = Source { view, tree };
    let path = Nibbles::unpack(key);
    let mut found = None;
    if root == EMPTY_ROOT_HASH {
        return Ok(found);
    }
    let mut depth = 0;
    let mut next = Child::Sealed(RlpNode::word_rlp(&root));
    while let Child::Sealed(reference) = next {
        if let Some(hash) = reference.as_hash() {
            passed(source.bytes(hash)?);
        }
        next = match source.open(&reference)? {
            Node::Empty => Child::Empty,
            Node::Leaf { key, value } => {
                found = (source.rest(&path, depth)? == key).then(|| value.into_owned());
                Child::Empty
            }
            Node::Extension { key, child } => {
                let rest = source.rest(&path, depth)?;
                depth += key.len();
                if rest.starts_with(&key) {
                    child
                } else {
                    Child::Empty
                }
            }
            Node::Branch(mut children) => {
                let child = source.child(&mut children, &path, depth)?;
                depth += 1;
                std::mem::take(child)
            }
        };
    }
    Ok(found)
}

struct Change<'e> {
    path: Nibbles,
    stood: bool,
    value: Option<&'e [u8]>,
}

impl Source<'_> {
    /// Holds what a change was made on against the tree.
    fn stood_as_said(&self, stands: bool, change: &Change<'_>) -> Result<(), ViewError> {
        if stands == change.stood {
            return Ok(());
        }
        Err(ViewError::new(BrokenTree::Differs {
            tree: self.tree,
            key: B256::from_slice(&change.path.pack()),
            stands,
        }))
    }
}

struct Update<'u> {
    source: Source<'u>,
    made: &'u mut Nodes,
    encoded: Vec<u8>,
}

impl Update<'_> {
    /// `node`, which stands at `depth`, after `changes`, all of which lead to it.
    fn apply<'e>(
        &mut self,
        node: Node<'e>,
        depth: usize,
        changes: &[Change<'e>],
    ) -> Result<Node<'e>, ViewError> {
        let (Some(first), Some(last)) = (changes.first(), changes.last()) else {
            return Ok(node);
        };
        let (low, high) = (
            self.source.rest(&first.path, depth)?,
            self.source.rest(&last.path, depth)?,
        );
        match node {
            Node::Branch(children) => self.apply_to_branch(children, depth, changes),
            Node::Empty if changes.len() == 1 => {
                self.source.stood_as_said(false, first)?;
                Ok(leaf(low, first.value))
            }
            Node::Empty => {
                let shared = low.common_prefix_length(&high);
                let node = self.apply_to_branch(Box::default(), depth + shared, changes)?;
                Ok(below(low.slice(..shared), node))
            }
            Node::Leaf { key, .. } if changes.len() == 1 && key == low => {
                self.source.stood_as_said(true, first)?;
                Ok(leaf(low, first.value))
            }
            Node::Leaf { key, value } => {
                if key.len() != low.len() {
                    return Err(self.source.path_error());
                }
                let shared = shared_by_all(&key, &low, &high);
                let rest = Node::Leaf {
                    key: key.slice((shared + 1).min(key.len())..),
                    value,
                };
                self.split(&key, shared, rest.into(), depth, changes)
            }
            Node::Extension { key, child } => {
                let shared = shared_by_all(&key, &low, &high);
                if shared == key.len() {
                    let node = self.open(child)?;
                    let node = self.apply(node, depth + shared, changes)?;
                    return Ok(below(key, node));
                }
                let rest = key.slice(shared + 1..);
                let rest = if rest.is_empty() {
                    child
                } else {
                    Node::Extension { key: rest, child }.into()
                };
                self.split(&key, shared, rest, depth, changes)
            }
        }
    }

    /// A branch where `key` and the changes part ways, behind `shared` nibbles; `rest` is what followed there.
    fn split<'e>(
        &mut self,
        key: &Nibbles,
        shared: usize,
        rest: Child<'e>,
        depth: usize,
        changes: &[Change<'e>],
    ) -> Result<Node<'e>, ViewError> {
        let mut children = Box::<Children<'e>>::default();
        *self.source.child(&mut children, key, shared)? = rest;
        let node = self.apply_to_branch(children, depth + shared, changes)?;
        Ok(below(key.slice(..shared), node))
    }

    fn apply_to_branch<'e>(
        &mut self,
        mut children: Box<Children<'e>>,
        depth: usize,
        changes: &[Change<'e>],
    ) -> Result<Node<'e>, ViewError> {
        let nibble = |change: &Change<'_>| change.path.get(depth);
        for group in changes.chunk_by(|a, b| nibble(a) == nibble(b)) {
            let Some(first) = group.first() else { continue };
            let child = self.source.child(&mut children, &first.path, depth)?;
            let node = self.open(std::mem::take(child))?;
            *child = self.apply(node, depth + 1, group)?.into();
        }
        let mut left = (0_u8..)
            .zip(children.iter_mut())
            .filter(|(_, child)| !matches!(child, Child::Empty));
        match (left.next(), left.next()) {
            (None, _) => Ok(Node::Empty),
            (Some(_), Some(_)) => Ok(Node::Branch(children)),
            (Some((nibble, child)), None) => {
                let key = Nibbles::from_nibbles([nibble]);
                let child = std::mem::take(child);
                let reference = match &child {
                    Child::Sealed(reference) => Some(reference.clone()),
                    Child::Empty | Child::Open(_) => None,
                };
                match (self.open(child)?, reference) {
                    // It is as it was, and need not be made again.
                    (Node::Branch(_), Some(reference)) => Ok(Node::Extension {
                        key,
                        child: Child::Sealed(reference),
                    }),
                    (node, _) => Ok(below(key, node)),
                }
            }
        }
    }

    fn open<'e>(&self, child: Child<'e>) -> Result<Node<'e>, ViewError> {
        match child {
            Child::Empty => Ok(Node::Empty),
            Child::Open(node) => Ok(*node),
            Child::Sealed(reference) => self.source.open(&reference),
        }
    }

    fn seal_root(&mut self, node: Node<'_>) -> B256 {
        if matches!(node, Node::Empty) {
            return EMPTY_ROOT_HASH;
        }
        let reference = self.seal(node);
        if let Some(hash) = reference.as_hash() {
            return hash;
        }
        // A root is known by its hash, however short it is.
        let hash = keccak256(&reference);
        let node = Bytes::copy_from_slice(&reference);
        self.made.push(((self.source.tree, hash), node));
        hash
    }

    /// Encodes a node with all beneath it.
    fn seal(&mut self, node: Node<'_>) -> RlpNode {
        match node {
            Node::Empty => RlpNode::from_rlp(&[alloy_rlp::EMPTY_STRING_CODE]),
            Node::Leaf { key, value } => self.encode(|out| LeafNodeRef::new(&key, &value).rlp(out)),
            Node::Extension { key, child } => {
                let child = self.seal_child(child).unwrap_or_default();
                self.encode(|out| ExtensionNodeRef::new(&key, &child).rlp(out))
            }
            Node::Branch(children) => {
                let mut stack = Vec::with_capacity(16);
                let mut mask = TrieMask::default();
                for (nibble, child) in (0_u8..).zip(*children) {
                    if let Some(child) = self.seal_child(child) {
                        stack.push(child);
                        mask.set_bit(nibble);
                    }
                }
                self.encode(|out| BranchNode::new(stack, mask).as_ref().rlp(out))
            }
        }
    }

    fn seal_child(&mut self, child: Child<'_>) -> Option<RlpNode> {
        match child {
            Child::Empty => None,
            Child::Sealed(reference) => Some(reference),
            Child::Open(node) => Some(self.seal(*node)),
        }
    }

    fn encode(&mut self, write: impl FnOnce(&mut Vec<u8>) -> RlpNode) -> RlpNode {
        self.encoded.clear();
        let reference = write(&mut self.encoded);
        if let Some(hash) = reference.as_hash() {
            let node = Bytes::copy_from_slice(&self.encoded);
            self.made.push(((self.source.tree, hash), node));
        }
        reference
    }
}

/// How many nibbles a key shares with all paths from `low` to `high`.
fn shared_by_all(key: &Nibbles, low: &Nibbles, high: &Nibbles) -> usize {
    key.common_prefix_length(low)
        .min(key.common_prefix_length(high))
}
