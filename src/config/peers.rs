//! The section `[peers]`.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::limits;

/// Which nodes this one knows from the start, whether it follows them by itself, and how much it takes from them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PeersSection {
    /// Whether the node finds and follows others by itself; without it the network decides.
    pub sync: Option<SyncMode>,
    /// A file as the book's `nodes.json`.
    pub nodes_file: Option<PathBuf>,
    /// Addresses of nodes beside that file's.
    pub known: Vec<String>,
    /// Whether nodes on the local network are looked for.
    pub find_local: bool,
    /// Seconds between two questions to a followed node without sessions, such as a Python node.
    pub poll_seconds: u64,
    /// Whether such nodes are told of this one, and to look at its chain after each new block.
    pub nudge: bool,
    /// Whether peers on loopback and private addresses may be called by a node that is on neither.
    pub allow_private: bool,
    pub max_pull_bytes: u64,
    pub max_pull_blocks: u64,
}

impl Default for PeersSection {
    fn default() -> Self {
        Self {
            sync: None,
            nodes_file: None,
            known: Vec::new(),
            find_local: false,
            poll_seconds: limits::PLAIN_POLL.as_secs(),
            nudge: false,
            allow_private: false,
            max_pull_bytes: limits::PULL_BYTES as u64,
            max_pull_blocks: limits::PULL_BLOCKS as u64,
        }
    }
}

/// Who has a node look at others' chains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SyncMode {
    /// Whoever calls `/replace_chain`, as in the book.
    Manual,
    /// The node itself, all the time.
    Auto,
}

impl fmt::Display for SyncMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Manual => "manual",
            Self::Auto => "auto",
        })
    }
}
