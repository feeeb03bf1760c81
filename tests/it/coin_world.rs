//! Coin nodes in memory, for tests: no HTTP, no disk, a clock that stands.

use std::path::PathBuf;
use std::sync::Arc;

use alloy_primitives::Bytes;
use bcoin::limits::PoolLimits;
use bcoin::node::Writer;
use bcoin::node::coin::{CoinHandle, CoinSettings, start_coin};
use bcoin::protocol::coin::genesis::Genesis;
use bcoin::protocol::coin::parameters::Parameters;
use bcoin::store::StoreOptions;
use bcoin::store::coin::CoinStore;
use redb::StorageBackend;
use redb::backends::InMemoryBackend;

/// A node with a clock that stands.
pub struct TestNode {
    pub node: CoinHandle,
    writer: Option<Writer>,
}

impl TestNode {
    /// A new node of a network, in memory.
    pub fn new(parameters: Parameters, now: u64) -> Self {
        Self::over(InMemoryBackend::new(), parameters, now)
    }

    /// A node over any storage.
    pub fn over(backend: impl StorageBackend, parameters: Parameters, now: u64) -> Self {
        let genesis = Arc::new(Genesis::of(parameters));
        let options = StoreOptions {
            network: genesis.parameters.name.clone(),
            ..StoreOptions::default()
        };
        let first = Arc::clone(&genesis);
        let store = CoinStore::over(backend, PathBuf::from("in memory"), options, || {
            (*first).clone()
        });
        let settings = CoinSettings {
            genesis,
            clock: Arc::new(move || now),
            pool_limits: PoolLimits::default(),
            switch_to: None,
            recorder: Arc::new(metrics::NoopRecorder),
        };
        let (node, writer) = start_coin(store.expect("a store"), settings).expect("a writer");
        Self {
            node,
            writer: Some(writer),
        }
    }

    /// Ends the node; all other handles must be gone.
    pub fn end(mut self) {
        let writer = self.writer.take();
        drop(self);
        if let Some(writer) = writer {
            writer.join();
        }
    }
}

/// A chain file's blocks: each behind its length.
pub fn chain_file(bytes: &[u8]) -> Vec<Bytes> {
    let mut rest = bytes;
    let mut blocks = Vec::new();
    while let Some((length, behind)) = rest.split_first_chunk::<4>() {
        let (block, behind) = behind.split_at(u32::from_le_bytes(*length) as usize);
        blocks.push(Bytes::copy_from_slice(block));
        rest = behind;
    }
    blocks
}
