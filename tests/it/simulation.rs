//! Whole networks in one process, from one seed: see `docs/sessions.md` for what nodes say to each other.
//!
//! `BCOIN_SEEDS=1000 cargo test --release --test it simulation -- --nocapture` runs more, and prints what it measured.

mod crowds; // many liars at once, and slow honest peers
mod faults; // partitions, and faults of every kind at random
mod kinds; // every kind of liar, a row each
mod liars; // what lying peers say instead of the truth
mod lines; // what travels, and what keeps it from arriving
mod lying; // what becomes of each
mod mesh; // traffic, and how soon what is new is everywhere
mod model; // a ledger in plain memory
mod place; // where nodes are, and what lines are like
mod seeds; // which seeds are tried
mod wire; // connections
mod world; // engines, ledgers, the queue of events, and chance
