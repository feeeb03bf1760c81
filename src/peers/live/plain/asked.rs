//! What asking nodes without sessions came to, for people.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::peers::address::PeerAddress;

/// What such a node has said, or why it has said nothing.
pub type Said = Result<String, String>;

/// The last of each node. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Asked(Arc<Mutex<BTreeMap<PeerAddress, Said>>>);

impl Asked {
    /// All of them now.
    pub fn all(&self) -> BTreeMap<PeerAddress, Said> {
        self.now().clone()
    }

    pub(super) fn note(&self, address: &PeerAddress, said: Said) {
        self.now().insert(address.clone(), said);
    }

    /// Forgets nodes that are asked no more.
    pub(super) fn keep(&self, is_kept: impl Fn(&PeerAddress) -> bool) {
        self.now().retain(|address, _| is_kept(address));
    }

    fn now(&self) -> MutexGuard<'_, BTreeMap<PeerAddress, Said>> {
        // Nobody leaves it half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
