//! Nodes of a tree: as they are kept, and as they are worked on.

use std::borrow::Cow;

use alloy_consensus::constants::EMPTY_ROOT_HASH;
use alloy_primitives::{B256, Bytes};
use alloy_rlp::Decodable;
use alloy_trie::Nibbles;
use alloy_trie::nodes::{RlpNode, TrieNode as StoredNode};
use thiserror::Error;

use super::super::view::{StateView, Tree, ViewError};

/// What is wrong with a kept tree.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BrokenTree {
    #[error("{tree:?} has no node {hash}")]
    Missing { tree: Tree, hash: B256 },
    #[error("node {hash} of {tree:?} cannot be read: {detail}")]
    Unreadable {
        tree: Tree,
        hash: B256,
        detail: String,
    },
    #[error("a path of {tree:?} does not end after 32 bytes")]
    Path { tree: Tree },
    #[error("{tree:?} {} at key {key}, and what is kept beside it {}", if *.stands { "has something" } else { "has nothing" }, if *.stands { "has nothing" } else { "has something" })]
    Differs {
        tree: Tree,
        /// Hashed.
        key: B256,
        /// Whether the tree has something there.
        stands: bool,
    },
}

/// A node being worked on.
pub(super) enum Node<'e> {
    Empty,
    Leaf { key: Nibbles, value: Cow<'e, [u8]> },
    Extension { key: Nibbles, child: Child<'e> },
    Branch(Box<Children<'e>>),
}

pub(super) type Children<'e> = [Child<'e>; 16];

#[derive(Default)]
pub(super) enum Child<'e> {
    #[default]
    Empty,
    /// As its parent has it: a hash, or the node itself where that is shorter.
    Sealed(RlpNode),
    Open(Box<Node<'e>>),
}

impl<'e> From<Node<'e>> for Child<'e> {
    fn from(node: Node<'e>) -> Self {
        match node {
            Node::Empty => Self::Empty,
            node => Self::Open(Box::new(node)),
        }
    }
}

/// Where nodes come from.
pub(super) struct Source<'v> {
    pub(super) view: &'v dyn StateView,
    pub(super) tree: Tree,
}

impl Source<'_> {
    pub(super) fn bytes(&self, hash: B256) -> Result<Bytes, ViewError> {
        let tree = self.tree;
        self.view
            .node(tree, hash)?
            .ok_or_else(|| ViewError::new(BrokenTree::Missing { tree, hash }))
    }

    pub(super) fn root<'e>(&self, root: B256) -> Result<Node<'e>, ViewError> {
        if root == EMPTY_ROOT_HASH {
            return Ok(Node::Empty);
        }
        self.open(&RlpNode::word_rlp(&root))
    }

    pub(super) fn open<'e>(&self, reference: &RlpNode) -> Result<Node<'e>, ViewError> {
        let (hash, stored) = match reference.as_hash() {
            Some(hash) => (hash, StoredNode::decode(&mut self.bytes(hash)?.as_ref())),
            None => (B256::ZERO, StoredNode::decode(&mut reference.as_slice())),
        };
        let stored = stored.map_err(|error| {
            ViewError::new(BrokenTree::Unreadable {
                tree: self.tree,
                hash,
                detail: error.to_string(),
            })
        })?;
        Ok(match stored {
            StoredNode::EmptyRoot => Node::Empty,
            StoredNode::Leaf(leaf) => Node::Leaf {
                key: leaf.key,
                value: leaf.value.into(),
            },
            StoredNode::Extension(extension) => Node::Extension {
                key: extension.key,
                child: Child::Sealed(extension.child),
            },
            StoredNode::Branch(branch) => {
                let mut children = Box::new(Children::default());
                for (child, (_, stored)) in children.iter_mut().zip(branch.as_ref().children()) {
                    if let Some(stored) = stored {
                        *child = Child::Sealed(stored.clone());
                    }
                }
                Node::Branch(children)
            }
        })
    }

    pub(super) fn path_error(&self) -> ViewError {
        ViewError::new(BrokenTree::Path { tree: self.tree })
    }

    /// What is left of a path behind `depth` nibbles.
    pub(super) fn rest(&self, path: &Nibbles, depth: usize) -> Result<Nibbles, ViewError> {
        if depth > path.len() {
            return Err(self.path_error());
        }
        Ok(path.slice(depth..))
    }

    pub(super) fn child<'c, 'e>(
        &self,
        children: &'c mut Children<'e>,
        path: &Nibbles,
        depth: usize,
    ) -> Result<&'c mut Child<'e>, ViewError> {
        path.get(depth)
            .and_then(|nibble| children.get_mut(usize::from(nibble)))
            .ok_or_else(|| self.path_error())
    }
}

pub(super) fn leaf<'e>(key: Nibbles, value: Option<&'e [u8]>) -> Node<'e> {
    value.map_or(Node::Empty, |value| Node::Leaf {
        key,
        value: value.into(),
    })
}

/// `node` behind some more nibbles.
pub(super) fn below<'e>(prefix: Nibbles, node: Node<'e>) -> Node<'e> {
    if prefix.is_empty() {
        return node;
    }
    match node {
        Node::Empty => Node::Empty,
        Node::Leaf { key, value } => Node::Leaf {
            key: prefix.join(&key),
            value,
        },
        Node::Extension { key, child } => Node::Extension {
            key: prefix.join(&key),
            child,
        },
        branch => Node::Extension {
            key: prefix,
            child: branch.into(),
        },
    }
}
