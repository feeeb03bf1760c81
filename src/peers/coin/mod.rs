//! How a coin node takes over the chain with the most work: headers first, then the blocks that it lacks.
//!
//! A peer's headers are checked and summed as they come and not kept, so that whoever sends low work costs the node a few
//! hashes and nothing else. Only a sum above the tip's work has the blocks asked for; each must be the one that its header
//! promised, is checked by itself on all cores, and goes to the writer, which keeps what it was given. So a pull that ends
//! in the middle has cost nothing either, and the next goes on from there.
//!
//! In reading order: [`wire`] is what travels, [`locator`] says where this node's chain is, [`headers`] judges headers and
//! [`waypoints`] remembers them, [`bodies`] holds blocks to them, [`connecting`] hands blocks to the writer, [`pull`] is one
//! peer's chain, [`error`] why there is none, [`report`] what is said of it, and [`replace`] asks all peers.

pub mod bodies;
pub mod connecting;
pub mod error;
pub mod headers;
pub mod locator;
pub mod pull;
pub mod replace;
pub mod report;
pub mod waypoints;
pub mod wire;
