//! Accounts of a coin network, and names of a classic one, which are no accounts: nobody checks them.

pub(super) mod classic;
pub(super) mod coin;
pub(in crate::api) mod index;
mod names;

pub(super) use index::{Before, make};
pub(super) use names::NameHash;
