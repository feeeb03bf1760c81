//! Whether a kept tree is whole.

use alloy_primitives::B256;
use alloy_rlp::Decodable;
use alloy_trie::nodes::TrieNode as StoredNode;

use super::super::view::{StateView, Tree, ViewError};
use super::{Child, Node, Source};

/// The hashes of the nodes that an encoded one leads to; those within it are part of it.
///
/// # Errors
/// Where it is no node.
pub fn led_to(mut encoded: &[u8]) -> Result<Vec<B256>, alloy_rlp::Error> {
    Ok(match StoredNode::decode(&mut encoded)? {
        StoredNode::EmptyRoot | StoredNode::Leaf(_) => Vec::new(),
        StoredNode::Extension(extension) => extension.child.as_hash().into_iter().collect(),
        StoredNode::Branch(branch) => {
            let branch = branch.as_ref();
            let children = branch.children().filter_map(|(_, child)| child);
            children.filter_map(|child| child.as_hash()).collect()
        }
    })
}

/// How many keys have something under `root`: every node that it reaches is read. `None` where `go_on` gave up.
///
/// # Errors
/// [`ViewError`] when the keeper fails, or a node is missing or none ([`super::BrokenTree`]).
pub fn entries_under(
    view: &dyn StateView,
    tree: Tree,
    root: B256,
    go_on: &mut dyn FnMut() -> bool,
) -> Result<Option<u64>, ViewError> {
    let source = Source { view, tree };
    let mut entries = 0;
    // Of each node on the way down what is still to be seen: at most 16 children of 64 nodes.
    let mut left = vec![Child::from(source.root(root)?)];
    while let Some(child) = left.pop() {
        if !go_on() {
            return Ok(None);
        }
        let node = match child {
            Child::Empty => continue,
            Child::Open(node) => *node,
            Child::Sealed(reference) => source.open(&reference)?,
        };
        match node {
            Node::Empty => {}
            Node::Leaf { .. } => entries += 1,
            Node::Extension { child, .. } => left.push(child),
            Node::Branch(children) => left.extend(*children),
        }
    }
    Ok(Some(entries))
}
