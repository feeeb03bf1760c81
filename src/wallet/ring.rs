//! The keys that a node was told to hold: opened once at its start, in memory until it ends.

use std::collections::BTreeMap;
use std::sync::Arc;

use alloy_primitives::Address;
use tokio::sync::{Mutex, MutexGuard};

use super::keys::Key;
use super::keystore::{Keystore, KeystoreError};

/// Opened keys by their addresses.
/// Clones are the same ring.
#[derive(Debug, Clone, Default)]
pub struct KeyRing {
    keys: Arc<BTreeMap<Address, Key>>,
    /// Held from the choice of a nonce until the transaction with it waits.
    signing: Arc<Mutex<()>>,
}

impl KeyRing {
    /// Opens the keys of these addresses, all with one password. Takes about a second each.
    ///
    /// # Errors
    /// [`KeystoreError`] for the first that does not open.
    pub fn open(
        keystore: &Keystore,
        addresses: impl IntoIterator<Item = Address>,
        password: &[u8],
    ) -> Result<Self, KeystoreError> {
        let opened = addresses
            .into_iter()
            .map(|address| Ok((address, keystore.open(address, password)?)));
        let keys: BTreeMap<_, _> = opened.collect::<Result<_, KeystoreError>>()?;
        Ok(Self {
            keys: Arc::new(keys),
            signing: Arc::default(),
        })
    }

    /// A ring of keys that are open already.
    pub fn of(keys: impl IntoIterator<Item = Key>) -> Self {
        let keys: BTreeMap<_, _> = keys.into_iter().map(|key| (key.address(), key)).collect();
        Self {
            keys: Arc::new(keys),
            signing: Arc::default(),
        }
    }

    /// This ring with more keys in it; the turns are the same.
    #[must_use]
    pub fn joined(&self, more: impl IntoIterator<Item = Key>) -> Self {
        let more = more.into_iter().map(|key| (key.address(), key));
        let keys = self.keys.iter().map(|(at, key)| (*at, key.clone()));
        Self {
            keys: Arc::new(keys.chain(more).collect()),
            signing: Arc::clone(&self.signing),
        }
    }

    /// The key of an address, for what has no nonce.
    pub fn key(&self, address: Address) -> Option<&Key> {
        self.keys.get(&address)
    }

    /// The key of an address, and the turn to use it: one at a time, so that no two transactions get the same nonce.
    pub async fn key_in_turn(&self, address: Address) -> Option<(&Key, MutexGuard<'_, ()>)> {
        let key = self.keys.get(&address)?;
        Some((key, self.signing.lock().await))
    }

    /// Whose keys these are.
    pub fn addresses(&self) -> impl Iterator<Item = Address> + '_ {
        self.keys.keys().copied()
    }
}
