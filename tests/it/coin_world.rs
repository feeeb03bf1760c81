//! Coin nodes in memory, for tests: no HTTP, no disk, a clock that stands.

use std::path::PathBuf;
use std::sync::Arc;

use alloy_consensus::{SignableTransaction, TxEip1559, TxEnvelope};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, Bytes};
use bcoin::limits::PoolLimits;
use bcoin::node::Writer;
use bcoin::node::coin::{CoinHandle, CoinSettings, Template, start_coin};
use bcoin::protocol::coin::genesis::Genesis;
use bcoin::protocol::coin::header::Header;
use bcoin::protocol::coin::parameters::Parameters;
use bcoin::store::StoreOptions;
use bcoin::store::coin::CoinStore;
use bcoin::wallet::keys::Key;
use bcoin::wallet::words::Words;
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

/// The public test words, whose accounts are rich on dev.
pub const TEST_WORDS: &str = "test test test test test test test test test test test junk";

/// The first keys of the public test words.
pub fn test_keys(count: u32) -> Vec<Key> {
    let seed = Words::parse(TEST_WORDS).expect("words").seed("");
    let keys = (0..count).map(|index| Key::derive(&seed, index).expect("a key"));
    keys.collect()
}

/// A signed transaction of type 2.
pub fn signed(key: &Key, transaction: TxEip1559) -> Bytes {
    let signature = key.sign(transaction.signature_hash());
    let envelope = TxEnvelope::from(transaction.into_signed(signature));
    envelope.encoded_2718().into()
}

/// Mines a block on the node's tip without handing it in: its encoded bytes. `extra` makes blocks of the same parent differ.
pub fn mined(node: &CoinHandle, miner: Address, extra: u64) -> Bytes {
    let extra = Bytes::copy_from_slice(&extra.to_be_bytes());
    sealed(&node.template(miner, extra).expect("a template"))
}

/// The encoded block that a template becomes once a nonce is found.
pub fn sealed(template: &Template) -> Bytes {
    let target = template.header.bits.target().expect("a target");
    let nonce = (0..=u32::MAX).find(|nonce| {
        let header = Header {
            nonce: *nonce,
            ..template.header
        };
        target.is_met_by(header.hash().0)
    });
    template.sealed(nonce.expect("a nonce")).encode().into()
}
