//! The inside, measured: `cargo bench`, or `cargo bench -- NAME` for a part.
//!
//! Where a library does nearly the same, it runs beside ours on the same bytes, as `baseline …`. Stores lie on the disk that
//! holds `target/`, with every commit synced.

// The makers of chains are the tests' own, which use more of them.
#[allow(dead_code, reason = "the benches need only some of it")]
#[path = "../../tests/it/chains.rs"]
mod chains;
mod classic; // text, hash, proof, rules
mod coin; // execution beside revm alone, a whole block
mod durable; // commits, appending, checking what is stored
mod served; // get_chain's text

use criterion::{criterion_group, criterion_main};

criterion_group!(
    inside,
    classic::text,
    classic::proofs,
    classic::rules,
    durable::transactions,
    durable::blocks,
    durable::check,
    served::get_chain,
    coin::transfers,
);
criterion_main!(inside);
