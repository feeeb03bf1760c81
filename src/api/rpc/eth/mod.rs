//! `eth_`: what wallets and client libraries ask of every node of Ethereum's kind. A file a subject.

pub mod accounts;
pub mod blocks;
pub mod calls;
pub mod fees;
pub mod filters;
pub mod logs;
pub mod signing;
pub mod subscriptions;
pub mod transactions;
