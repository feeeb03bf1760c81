//! B-Coin: a small blockchain node that speaks the book's six HTTP calls, keeps its chain on disk and shows its work.
//!
//! # The map
//! ```text
//! HTTP ──> api ───┐                        ┌──> protocol (pure: is it valid?)
//! peers ─> sync ──┼─> NodeHandle ─> actor ─┼──> chain    (pure: planned change)
//! miner ─> proof ─┘    typed calls         └──> store    (one commit)
//!                                                 │ only once it is durable
//!           watch<Tip>, events <──────────────────┴──> mempool, miner, gossip, event streams
//!  api reads ───────────────────────────────> store snapshot (never behind writes)
//! ```
//!
//! # Invariants
//! * `protocol`, `chain` and `mempool` know no clock, thread, socket or file.
//! * Only the actor in `node` writes.
//! * Only `store` knows the database.
//! * Only `wallet` holds private keys of accounts, and on disk encrypted alone.
//! * Only `peers` (and the clients in `cli` and `contract`) makes outgoing requests.
//! * Only `api` knows status codes.
//! * Only `main.rs` exits.
//!
//! # The seam
//! A node runs one of two protocols, each in a folder of its own name under `protocol`, `store` and `node`. The machinery
//! between them has one type parameter: [`store::StoreOf`] a [`store::Layout`], which says what the tables hold, and
//! [`node::HandleOf`] a [`node::Protocol`], which says what commands do. [`store::Store`] and [`node::NodeHandle`] are the
//! classic protocol's. `docs/decisions/the-seam.md` says why.
//!
//! # Modules in reading order
//! [`blockchain`] is the book's struct over the same rules, in memory. [`protocol`] says what a block is and when it is valid, [`chain`] plans what becomes current, [`store`] keeps it,
//! [`mempool`] is what waits on a coin network, [`node`] is the one writer, [`wallet`] holds words and keys, [`contract`] drives contracts from outside, [`miner`] finds proofs, [`peers`] finds other nodes, follows them and fetches their chains, [`api`] is the HTTP face,
//! [`daemon`] puts one node together, [`limits`] the one table of limits, [`config`] the settings, [`cli`] the command line.

// What peers, clients and the disk say must end in an error and never in a panic. Tests may panic: that is how they fail.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::panic,
        clippy::unreachable
    )
)]

pub mod api;
pub mod blockchain;
pub mod chain;
pub mod cli;
pub mod config;
pub mod contract;
pub mod daemon;
pub mod limits;
pub mod mempool;
pub mod miner;
pub mod node;
pub mod peers;
pub mod protocol;
pub mod store;
pub mod wallet;

pub use blockchain::Blockchain;
