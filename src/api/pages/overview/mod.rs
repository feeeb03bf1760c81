//! The first page: how the node is, and what happened last.

pub(in crate::api) mod classic;
pub(in crate::api) mod coin;

use askama::Template;

use super::chain::{Rate, Row};
use super::shell::Shell;
use super::short;

/// Blocks listed, and looked at for the rate.
const BLOCKS: u64 = 10;
const RATE_BLOCKS: u64 = 30;

#[derive(Template)]
#[template(path = "overview.html")]
struct Page<'s> {
    shell: &'s Shell,
    height: u64,
    hash: String,
    /// Of the tip.
    time: String,
    waiting: u64,
    /// Known ones.
    peers: usize,
    /// Sessions, where the node has them.
    connected: Option<usize>,
    rate: Option<Rate>,
    not_ready: Option<String>,
    since: String,
    miner: Option<String>,
    blocks: Vec<Row>,
    coin: Option<CoinFacts>,
}

/// What only coin has.
struct CoinFacts {
    difficulty: String,
    hash_rate: Option<String>,
    supply: String,
    next_halving: Option<u64>,
}
