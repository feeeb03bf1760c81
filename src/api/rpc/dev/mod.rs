//! `evm_`, `anvil_` and `hardhat_`: what tests of contracts ask of a development node. On chain 31337 alone, and for those alone who may change the node.
//!
//! What a call changes here is in memory, and gone when the node ends: the clock, snapshots, who is impersonated, how blocks are mined. What it does to the chain is
//! in blocks as everything else, so that other nodes come to the same; what no block can hold is refused ([`unheld`]). docs/dev-helpers.md lists them all.

mod accounts;
mod chain;
mod clock;
mod mining;
mod pool;
mod snapshots;
mod unheld;
mod whole;

use super::error::RpcError;
use super::methods::Methods;
use crate::node::coin::CoinError;

pub use accounts::send_as;

/// What tests have set.
#[derive(Default)]
pub struct Held {
    impersonated: accounts::Impersonated,
    snapshots: snapshots::Snapshots,
}

pub fn register(methods: &mut Methods) {
    clock::register(methods);
    mining::register(methods);
    snapshots::register(methods);
    accounts::register(methods);
    pool::register(methods);
    chain::register(methods);
    unheld::register(methods);
}

/// The node's refusal of what the parameter of this name asks for.
fn of_parameter(name: &'static str) -> impl Fn(CoinError) -> RpcError {
    move |error| match error {
        CoinError::Dev(refused) => RpcError::parameter(name, refused),
        error => error.into(),
    }
}
