//! HTTP: what the node says to people and programs. A client of the node; the only place that knows status codes.
//!
//! [`serve`] owns sockets and time limits, [`connections`] decides who may stay, [`guard`] and [`changing`]
//! who may ask for what, [`body`] reads requests, [`problem`] and [`fallback`] word errors.

pub mod body;
pub mod changing;
pub mod connection;
pub mod connections;
pub mod fallback;
pub mod guard;
mod host;
pub mod problem;
pub mod serve;
mod socket;
pub mod token;
