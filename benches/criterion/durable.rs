//! The store on a disk: every commit is synced before it counts.

use std::path::Path;

use bcoin::protocol::classic::block::Block;
use bcoin::store::{Store, StoreError, StoreOptions};
use criterion::{Criterion, Throughput};
use tempfile::TempDir;

use crate::chains;

/// A store with a chain of `length` blocks; its folder goes with it.
pub struct Filled {
    store: Store,
    chain: Vec<Block>,
    folder: TempDir,
}

impl Filled {
    pub fn with(length: usize) -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
        let chain = chains::chain("a", length);
        let store = opened(folder.path(), &chain);
        for blocks in chain[1..].chunks(10_000) {
            append(&store, blocks);
        }
        Self {
            store,
            chain,
            folder,
        }
    }

    /// The folder last, so that it goes last.
    pub fn into_parts(self) -> (Store, Vec<Block>, TempDir) {
        (self.store, self.chain, self.folder)
    }
}

fn opened(folder: &Path, chain: &[Block]) -> Store {
    let first = || chain[0].clone();
    Store::open(&folder.join("node"), StoreOptions::default(), first).expect("a store")
}

fn append(store: &Store, blocks: &[Block]) {
    let appended: Result<(), StoreError> = store.commit(|tables| {
        blocks
            .iter()
            .try_for_each(|block| tables.append_block(block))
    });
    appended.expect("a commit");
}

/// What a group of waiting transactions costs: the sync, and what one more adds to it.
pub fn transactions(criterion: &mut Criterion) {
    const TEXT: &str = r#"{"amount": 5, "receiver": "bob", "sender": "alice"}"#;
    let mut group = criterion.benchmark_group("commit of transactions");
    group.sample_size(20);
    for count in [1, 64] {
        group.throughput(Throughput::Elements(count));
        group.bench_function(count.to_string(), |bencher| {
            let filled = Filled::with(1);
            bencher.iter(|| {
                let pushed: Result<(), StoreError> = filled
                    .store
                    .commit(|tables| (0..count).try_for_each(|_| tables.push_waiting(TEXT)));
                pushed.expect("a commit");
            });
        });
    }
    group.finish();
}

/// A block on top of a short chain and of a long one: the cost must not grow with the chain.
pub fn blocks(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("append a block");
    group.sample_size(20);
    for length in [1_000, 100_000] {
        group.bench_function(format!("at {length} blocks"), |bencher| {
            let filled = Filled::with(length);
            let mut tip = filled.chain.last().expect("a tip").link();
            let mut position = length;
            bencher.iter(|| {
                let block = Block::on_top_of(&tip, chains::proof(position), "a", "");
                append(&filled.store, std::slice::from_ref(&block));
                tip = block.link();
                position += 1;
            });
        });
    }
    group.finish();
}

/// What `is_valid` does: 100,000 stored blocks read, hashed and held against the rules again.
pub fn check(criterion: &mut Criterion) {
    const BLOCKS: usize = 100_000;
    let mut group = criterion.benchmark_group("check 100,000 stored blocks");
    group.sample_size(10);
    group.throughput(Throughput::Elements(BLOCKS as u64));
    group.bench_function("is_valid", |bencher| {
        let filled = Filled::with(BLOCKS);
        bencher.iter(|| {
            let snapshot = filled.store.snapshot().expect("a snapshot");
            snapshot.check_chain().expect("a sound chain")
        });
    });
    group.bench_function("baseline read, and sha2", |bencher| {
        use bcoin::protocol::classic::block::{BlockHash, Height};
        let filled = Filled::with(BLOCKS);
        bencher.iter(|| {
            let snapshot = filled.store.snapshot().expect("a snapshot");
            let all = Height::FIRST..=Height(BLOCKS as u64);
            let read: Result<(), StoreError> = snapshot.for_each_unchecked(all, |block| {
                assert_eq!(BlockHash::of(block.text), block.hash);
                Ok(())
            });
            read.expect("a sound store");
        });
    });
    group.finish();
}
