//! HTTP: what the node says to people and programs. A client of the node; the only place that knows status codes.
//!
//! [`serve`] owns sockets and time limits, [`connections`] decides who may stay, [`guard`] who may ask for what,
//! [`body`] reads requests, [`problem`] words errors.

pub mod body;
pub mod connections;
pub mod fallback;
pub mod problem;
pub mod serve;
mod socket;
