//! What waits, and what is said of it.

use std::cmp::Reverse;
use std::fmt;
use std::sync::Arc;

use alloy_primitives::{Address, B256, U256};

use crate::protocol::coin::amount::Amount;
use crate::protocol::coin::transaction::Transaction;

/// A transaction that waits.
#[derive(Debug, Clone)]
pub struct Entry {
    pub transaction: Arc<Transaction>,
    /// Its place by arrival, unique among what waits. New ones count up from 2^63; those that come back from displaced blocks count down from there, so that
    /// they stand before all others. Kept over restarts.
    pub order: u64,
    /// Seconds since 1970 when it began to wait.
    pub since: u64,
}

impl Entry {
    pub fn hash(&self) -> B256 {
        self.transaction.hash()
    }

    pub fn sender(&self) -> Address {
        self.transaction.sender()
    }

    pub fn nonce(&self) -> u64 {
        self.transaction.nonce()
    }

    /// Whether it stood in a block that was displaced.
    pub fn returned(&self) -> bool {
        self.order < super::MIDDLE
    }

    /// Bytes of the envelope.
    pub fn bytes(&self) -> usize {
        self.transaction.bytes().len()
    }

    pub(super) fn place(&self) -> Place {
        (self.sender(), self.nonce())
    }

    /// All that it may cost. What is above 2^256 never gets in.
    pub(super) fn cost(&self) -> U256 {
        self.transaction.greatest_cost().unwrap_or(U256::MAX)
    }
}

/// The same transaction in the same place since the same time.
impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        (self.hash(), self.order, self.since) == (other.hash(), other.order, other.since)
    }
}

impl Eq for Entry {}

/// Where a transaction stands: of two with the same sender and nonce only one ever takes effect.
pub(super) type Place = (Address, u64);

/// What leaves first when there is no room: first what is not ready, since it earns a miner nothing, then what pays the least a gas, of equals the last that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Worth {
    pub ready: bool,
    pub rate: u128,
    pub order: Reverse<u64>,
}

/// Who is offered first among the first of each account: who pays the most a gas, of equals the first that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Head {
    pub rate: Reverse<u128>,
    pub order: u64,
}

/// What came of handing a transaction to the pool, when it waits now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    Added(Added),
    /// It waited already: nothing has changed.
    AlreadyKnown,
}

/// A transaction that waits now, and what had to leave for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Added {
    /// Whether miners are offered it; otherwise [`super::Mempool::waits_for`] says what it waits for.
    pub ready: bool,
    /// See [`Entry::order`].
    pub order: u64,
    /// The one of the same sender and nonce, which pays less.
    pub replaced: Option<Entry>,
    /// Those that left since there was no room.
    pub evicted: Vec<Entry>,
}

/// A transaction that waits no more, or did not come to wait again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    pub entry: Entry,
    pub why: Why,
}

/// Why a transaction waits no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// A block has it.
    Included,
    /// The account has gone past its nonce: a block has another with this nonce.
    NonceUsed { next: u64 },
    /// Its sender is a contract now.
    SenderHasCode,
    /// There was no room, and others pay more.
    Evicted,
    /// It waited for too long.
    Expired,
    /// Another stands in its place already.
    PlaceTaken { by: B256 },
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Included => f.write_str("a block has it"),
            Self::NonceUsed { next } => write!(
                f,
                "a block has another transaction with its nonce, the sender's next is {next}"
            ),
            Self::SenderHasCode => f.write_str("its sender is a contract now (EIP-3607)"),
            Self::Evicted => f.write_str("there was no more room, and others pay more"),
            Self::Expired => f.write_str("it waited for too long"),
            Self::PlaceTaken { by } => {
                write!(f, "{by} stands in its place already")
            }
        }
    }
}

/// What a waiting transaction waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waits {
    /// Nothing but a block.
    InLine {
        /// How many miners are offered before it.
        in_front: usize,
        /// Their gas limits together.
        gas_in_front: u64,
    },
    /// Another transaction of its sender, which nobody has sent here.
    ForNonce { nonce: u64, sender: Address },
    /// Its sender's coins, which were there when it came or when a block had it.
    ForCoins {
        sender: Address,
        /// What the first that the coins do not suffice for and those before it may cost.
        needed: Amount,
        balance: Amount,
    },
}

impl fmt::Display for Waits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InLine { in_front: 0, .. } => f.write_str("waits for the next block"),
            Self::InLine {
                in_front,
                gas_in_front,
            } => write!(
                f,
                "waits for a block, with {in_front} in front of it that may use {gas_in_front} gas"
            ),
            Self::ForNonce { nonce, sender } => write!(f, "waits for nonce {nonce} of {sender}"),
            Self::ForCoins {
                sender,
                needed,
                balance,
            } => write!(
                f,
                "waits for coins: {sender} has {balance}, and what it has waiting may cost {needed}"
            ),
        }
    }
}
