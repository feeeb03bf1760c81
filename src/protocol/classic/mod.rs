//! The book's chain, byte-compatible with its Python nodes. Pure: facts come in as arguments.
//!
//! Reading order: [`json`] (the bytes), [`transaction`] and [`block`] (what they say), [`proof`] (the puzzle), [`rules`] (when
//! a chain is valid), [`judge`] (what is wrong with an altered stretch of one), [`ring`] (all proofs there are), [`chain_reader`] (another node's `get_chain` body, as it arrives), [`tag`] (what tells equal transactions
//! apart between nodes of this program).
//!
//! # Three levels of validity
//! 1. What a block shows by itself: JSON of the right shape ([`block::BlockReader`]).
//! 2. What it needs its parent for: index, previous hash, proof ([`rules::ChainChecker`]).
//! 3. What is only this node's policy: sizes and counts of what it pulls, the order of waiting transactions (not here).
//!
//! # What this network cannot promise
//! A proof looks at nothing but the proof before it, so the same 225 proofs serve every chain, and forging a chain of any
//! length costs one hash a block. It is a lesson, not a currency.

pub mod block;
pub mod chain_reader;
pub mod json;
pub mod judge;
pub mod proof;
pub mod ring;
pub mod rules;
pub mod tag;
pub mod transaction;
