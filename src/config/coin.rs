//! What is set for coin networks alone: how a node mines by itself, and whose keys it holds.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// How a coin node mines by itself; with nothing set it mines when asked. At most one of these is set.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MiningSection {
    /// Threads that mine all the time.
    pub threads: Option<u32>,
    /// Seconds from one block to the search for the next.
    pub interval: Option<u32>,
    /// Whether a block is mined as soon as a transaction waits.
    pub on_transactions: bool,
}

/// Whose keys a coin node holds. Never a key itself, nor a password: the file that holds one may stand here.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KeysSection {
    /// Addresses, or their names in the wallet.
    pub unlock: Vec<String>,
    /// The folder of keys; by default the user's.
    pub wallet_dir: Option<PathBuf>,
    /// Holds the password of the keys on its first line; by default it is asked for.
    pub password_file: Option<PathBuf>,
}
