//! The one writer. One thread owns all changes; everyone else holds a [`HandleOf`] a protocol: a classic node's is
//! [`NodeHandle`].
//!
//! The writer takes what has queued up, applies it in order, commits once, and only then answers each caller, moves the tip
//! and tells of events: an acknowledgement is durable, and throughput is not bound by one sync a request. Reading goes to
//! [`HandleOf::snapshot`] and never waits for it. The writer decides nothing about validity: blocks reach it checked. What a
//! command does, what is remembered and what is told is the protocol's: see [`Protocol`].

pub mod classic;
mod clock;
pub mod coin;
mod events;
mod handle;
mod measures;
mod protocol;
mod writer;

pub use classic::{
    Adoption, Branch, BranchBlocks, BranchError, Event, NodeError, NodeHandle, NotTravelling,
    Settings, TakenIn, Tip, TravellingTransaction, start,
};
pub use clock::{Clock, python_timestamp, system_clock};
pub use events::{EventLog, NumberedEvent, Subscription};
pub use handle::HandleOf;
pub use protocol::{
    CommandError, GiveUp, Outbox, Protocol, Reply, ShuttingDown, SnapshotOf, TablesOf,
};
pub use writer::{Writer, launch};
