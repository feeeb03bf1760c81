//! Who is out there: the addresses of other nodes, and how their chains are fetched and judged.
//!
//! This is the only module of a node that makes outgoing requests. It never writes a chain: what it pulled is a
//! [`pull::PulledChain`], checked block by block, and the node decides. Only [`replace`] knows the node; what the rest
//! needs of a node's own chain comes through [`pull::OwnChain`].
//!
//! In reading order: [`address`] is what a peer is called, [`reach`] says which IP addresses may be called at all,
//! [`outgoing`] fetches the bytes, [`turns`] says when, [`pace`] holds a peer to its limits, [`fault`] says whose doing a
//! failure is; [`check`] judges what arrives of a classic chain and [`spool`] keeps it on disk meanwhile, [`pull`] is one
//! peer's chain, [`round`] all peers' at once and [`replace`] what the node makes of it; [`nodes_file`] reads the book's
//! `nodes.json`. [`coin`] is the same for the coin protocol. [`watch`] looks at other nodes' trees of blocks for whoever looks at
//! the network page. [`resolve`] looks names up for all who call.
//!
//! For nodes that follow others by themselves: [`message`] is what they say to each other, [`book`] remembers whom they
//! find and says whom to call, [`ledger`] is a node's chain as the others see it, [`engine`] decides without touching the
//! world, [`blame`] says what counts against whom, and [`live`] runs it all over sockets.
// Everything here meets bytes of strangers: nothing in it may stop the node.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)
)]

pub mod address;
mod address_error;
pub mod blame;
pub mod book;
pub mod check;
pub mod coin;
pub mod engine;
pub mod fault;
pub mod ledger;
pub mod live;
pub mod message;
pub mod nodes_file;
pub mod outgoing;
pub mod pace;
pub mod pull;
pub mod reach;
pub mod replace;
pub mod resolve;
pub mod round;
pub mod spool;
pub mod turns;
pub mod watch;
