//! The currency: Bitcoin's consensus outside, Ethereum's execution inside. `docs/coin-format.md` has every byte.
//!
//! Three levels of validity stand in three places: [`block`] and [`transaction`] know what a block shows by itself, [`place`] what it needs its ancestors for, [`execution`] what it
//! does to the state. What a node merely prefers is policy, and not here. [`broken::Broken`] names every rule. Reading order: [`amount`], [`parameters`], [`header`],
//! [`target`], [`block`], [`transaction`], [`difficulty`], [`subsidy`], [`place`], [`judge`] (all that is wrong with an altered stretch), [`genesis`], [`state`], [`execution`].

pub mod amount;
pub mod block;
pub mod broken;
pub mod built_in;
pub mod difficulty;
pub mod execution;
pub mod genesis;
pub mod genesis_file;
pub mod header;
pub mod judge;
pub mod parameters;
pub mod place;
pub mod revert;
pub mod state;
pub mod subsidy;
pub mod target;
pub mod transaction;

pub use built_in::{DEV_ACCOUNTS, DEV_CHAIN};
