//! Sessions as connections: one WebSocket (RFC 6455) a session, opened by either side, that carries messages as bytes.
//!
//! Knows limits of size and time and what a goodbye is, and nothing of what the messages say. In reading order:
//! [`stream`] is a connection after its upgrade, whoever opened it; [`dial`] opens one, [`stream::Acceptor`] takes those
//! that others open; [`link`] runs one, with `reading` and `writing` for its two directions and [`ending`] for why it
//! ended. [`local`] finds nodes on the local network, [`plain`] meets those that have no sessions.
//! [`news`] is what people are told of, and [`splits`] tells who stands apart.
//!
//! The frames are this module's own, around the header of tungstenite: its socket reserves memory for what a frame's
//! header claims, and shares no limit among connections.

pub mod changes;
pub mod dial;
pub mod ending;
pub mod following;
pub mod key_file;
pub mod link;
pub mod local;
pub mod network;
pub mod news;
pub mod plain;
mod reading;
pub mod splits;
pub mod stream;
mod telling;
mod writing;
