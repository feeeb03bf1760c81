//! The protocol alone: no clock, no disk.

use std::hint::black_box;

use bcoin::protocol::classic::block::{Block, BlockHash, BlockReader};
use bcoin::protocol::classic::chain_reader::{ChainReader, ReadLimits};
use bcoin::protocol::classic::json::{Canonicalizer, Grammar};
use bcoin::protocol::classic::proof::{self, Proof};
use bcoin::protocol::classic::rules::ChainChecker;
use criterion::{BatchSize, Criterion, Throughput};
use sha2::{Digest, Sha256};

use crate::chains::{self, body_of};

/// A block of twenty transactions.
fn block() -> Block {
    let first = Block::first("2026-11-21 10:18:34.281773");
    let transaction = r#"{"amount": 12.5, "receiver": "Zo\u00eb of the harbour", "sender": "alice, who pays in time"}"#;
    let transactions = [transaction; 20].join(", ");
    Block::on_top_of(
        &first.link(),
        chains::proof(1),
        "2026-11-21 10:18:36",
        &transactions,
    )
}

/// One block's text: read, put in order, printed, hashed.
pub fn text(criterion: &mut Criterion) {
    let block = block();
    let canonical = block.text();
    // As a Python node sends it: no spaces, members in another order.
    let value: serde_json::Value = serde_json::from_str(canonical).expect("JSON");
    let sent = value.to_string().replacen(r#"{"index":2,"#, "{", 1);
    let sent = format!(
        r#"{},"index":2}}"#,
        sent.strip_suffix('}').expect("an object")
    );

    let mut group = criterion.benchmark_group("text of a block");
    group.throughput(Throughput::Bytes(canonical.len() as u64));
    let mut canonicalizer = Canonicalizer::new(Grammar::PYTHON, usize::MAX);
    for (name, text) in [("canonical already", canonical), ("as sent", sent.as_str())] {
        group.bench_function(format!("canonicalize, {name}"), |bencher| {
            bencher.iter(|| canonicalizer.read_object(black_box(text)).is_ok());
        });
        group.bench_function(format!("baseline serde_json, {name}"), |bencher| {
            bencher.iter(|| {
                let value: Result<serde_json::Value, _> = serde_json::from_str(black_box(text));
                value.map(|value| value.to_string().len()).is_ok()
            });
        });
    }
    let mut reader = BlockReader::default();
    group.bench_function("read with its five members", |bencher| {
        bencher.iter(|| reader.read(black_box(canonical)).is_ok());
    });
    group.bench_function("hash", |bencher| {
        bencher.iter(|| BlockHash::of(black_box(canonical)));
    });
    group.bench_function("baseline sha2", |bencher| {
        bencher.iter(|| Sha256::digest(black_box(canonical)));
    });
    group.finish();
}

/// The puzzle: checked for short and for the longest proofs, and searched.
pub fn proofs(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("proof");
    let (previous, next) = (chains::proof(1), chains::proof(2));
    group.bench_function("check", |bencher| {
        bencher.iter(|| black_box(next).follows(black_box(previous)));
    });
    let longest: Proof = "9".repeat(Proof::MAX_DIGITS).parse().expect("a proof");
    group.bench_function("check of 30 digits", |bencher| {
        bencher.iter(|| black_box(longest).follows(black_box(previous)));
    });
    let difference = (next.get() * next.get() - previous.get() * previous.get()).to_string();
    group.bench_function("baseline sha2", |bencher| {
        bencher.iter(|| Sha256::digest(black_box(&difference)));
    });
    group.sample_size(10);
    group.throughput(Throughput::Elements(45_293));
    group.bench_function("search, 45,293 candidates", |bencher| {
        bencher.iter(|| proof::search(black_box(previous), || true));
    });
    group.finish();
}

/// Another node's chain of 10,000 blocks: split as it arrives, and held against every rule.
pub fn rules(criterion: &mut Criterion) {
    const BLOCKS: usize = 10_000;
    let chain = chains::chain("a", BLOCKS);
    let body = body_of(&chain);
    let mut group = criterion.benchmark_group("chain of 10,000 blocks");
    group.sample_size(10);
    group.throughput(Throughput::Elements(BLOCKS as u64));
    group.bench_function("check", |bencher| {
        let texts =
            || -> Vec<String> { chain.iter().map(|block| block.text().to_owned()).collect() };
        bencher.iter_batched(
            texts,
            |texts| assert!(all_hold(texts)),
            BatchSize::LargeInput,
        );
    });
    group.bench_function("read and check", |bencher| {
        bencher.iter(|| {
            let mut reader = ChainReader::new(ReadLimits::default());
            for piece in body.as_bytes().chunks(16 * 1024) {
                reader.push(black_box(piece)).expect("a chain");
            }
            reader.finish().expect("a whole chain");
            assert!(all_hold(std::iter::from_fn(|| reader.next_block())));
        });
    });
    group.bench_function("baseline serde_json and sha2", |bencher| {
        bencher.iter(|| {
            let body: serde_json::Value = serde_json::from_str(black_box(&body)).expect("JSON");
            let blocks = body["chain"].as_array().expect("blocks");
            blocks
                .iter()
                .map(|block| usize::from(Sha256::digest(block.to_string())[0]))
                .sum::<usize>()
        });
    });
    group.finish();
}

fn all_hold(blocks: impl IntoIterator<Item = String>) -> bool {
    let mut checker = ChainChecker::new();
    blocks
        .into_iter()
        .all(|block| checker.check(&block).is_ok())
}
