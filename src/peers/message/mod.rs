//! What two nodes say to each other in a session: typed messages, one a frame, the same for every protocol.
//!
//! What a block, a header or a transaction is, only the [`super::ledger`] of a protocol knows: here they are bytes. [`codec`] brings
//! messages into frames and holds received ones to their limits, [`bounded`] the lists in them, [`identity`] is the key by
//! which a node is known again. `docs/sessions.md` describes all of it for whoever writes another node.

pub mod bounded;
pub mod codec;
pub mod identity;

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use alloy_primitives::U256;
use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::limits;
use bounded::{Few, Text};

/// The version of the messages that this node speaks; two nodes speak the lower of theirs.
pub const VERSION: u16 = 1;

/// A block's identity: on classic the SHA-256 of its text, on coin the double SHA-256 of its header, as hashed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
pub struct BlockId(pub [u8; 32]);

impl fmt::Debug for BlockId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl BlockId {
    /// What the block is called where it is known most likely. From the middle: a proof of work may make either end equal.
    pub fn mark(&self) -> Mark {
        let mut mark = [0; 8];
        for (to, from) in mark.iter_mut().zip(self.0.iter().skip(12)) {
            *to = *from;
        }
        Mark(mark)
    }
}

/// Bytes 12 to 19 of a block's identity.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Mark(pub [u8; 8]);

/// What a waiting transaction is asked for by: on coin its hash, on classic its origin's tag and eight bytes of its text's hash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TransactionId(pub [u8; 32]);

impl fmt::Debug for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// What a whole chain weighs: its blocks on classic, its work on coin. The heavier chain wins.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Weight(pub U256);

impl fmt::Display for Weight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Big-endian, without leading zeros: most weights have three bytes.
impl Serialize for Weight {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0.to_be_bytes_trimmed_vec())
    }
}

impl<'de> Deserialize<'de> for Weight {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = Bytes::deserialize(deserializer)?;
        let number = U256::try_from_be_slice(&bytes);
        let number = number.filter(|_| bytes.first() != Some(&0));
        number.map(Weight).ok_or_else(|| {
            serde::de::Error::custom("a weight has at most 32 bytes, the first not zero")
        })
    }
}

/// The end of a chain: where a node stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, Default)]
pub struct Stand {
    /// Blocks before this one: its height on classic (counted from 1), its number on coin (counted from 0).
    pub height: u64,
    pub id: BlockId,
    pub weight: Weight,
}

/// A block on its way, and what its protocol says beside it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BlockItem {
    pub block: Bytes,
    /// On classic the tags of its transactions, 24 bytes each, as far as the sender knows them; else nothing.
    pub beside: Bytes,
}

impl BlockItem {
    /// What it measures in memory and, nearly, on the wire.
    pub fn bytes(&self) -> usize {
        self.block.len().saturating_add(self.beside.len())
    }
}

/// The first thing that each says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Hello {
    pub version: u16,
    pub network: Text<{ limits::SESSION_NAME_BYTES }>,
    /// What the network's chains begin with; zeros on classic, where every first block is valid.
    pub genesis: BlockId,
    /// The program and its version.
    pub agent: Text<{ limits::SESSION_NAME_BYTES }>,
    /// The node's public key: a compressed point of secp256k1.
    pub key: Bytes,
    /// To be signed by the other.
    pub challenge: [u8; 32],
    /// The port at which the node can be dialled at the address that the session comes from, if it can.
    pub listens: Option<u16>,
    pub stand: Stand,
}

/// An answer to [`Message::GetHeaders`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Headers {
    /// The last block of the locator that is on the sender's chain: its height and identity; on classic 0 and zeros where none is.
    pub after: u64,
    pub after_id: BlockId,
    /// Headers behind it, one behind the other: on coin each of 80 bytes; on classic identities of 32 bytes, of every `step`th block
    /// and of the last.
    pub items: Bytes,
    pub step: u32,
    /// Where the sender's chain ends.
    pub end: Stand,
}

/// Why a node ends a session.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Parting {
    /// The nodes belong to different networks.
    OtherNetwork,
    /// They speak no common version.
    OtherVersion,
    /// The node has dialled itself.
    Itself,
    /// The two have another session already.
    Twice,
    /// All places are taken.
    Full,
    /// This key or address is kept out for a while.
    KeptOut,
    /// The other has broken rules.
    Fault,
    /// The other has not answered in time.
    Silent,
    /// The node ends.
    Ending,
    /// The place is wanted for another.
    Replaced,
}

/// What is said in a session. The order of the kinds is the wire's: new ones are added at the end.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Message {
    Hello(Hello),
    /// A signature over the other's challenge: compact ECDSA, 64 bytes.
    Proof(Bytes),
    /// The sender's chain ends here now, or will as soon as its disk has it.
    Tip(Stand),
    /// Asks for headers behind the first of these blocks that is on the other's chain, newest first.
    GetHeaders(Few<BlockId, { limits::PEER_LOCATOR }>),
    Headers(Headers),
    /// Asks for blocks behind `after` up to `to`, as many as fit into `bytes`, and one at least.
    GetBlocks {
        ticket: u32,
        after: BlockId,
        to: BlockId,
        bytes: u32,
    },
    /// None of them if the other does not have both on one branch.
    Blocks {
        ticket: u32,
        blocks: Few<BlockItem, { limits::SESSION_BLOCKS }>,
        /// The last one's identity.
        last: BlockId,
    },
    /// These transactions wait at the sender.
    Have(Few<TransactionId, { limits::SESSION_TRANSACTIONS }>),
    GetTransactions(Few<TransactionId, { limits::SESSION_TRANSACTIONS }>),
    /// Some of those that were asked for, less those that wait no more.
    Transactions(Few<Bytes, { limits::SESSION_TRANSACTIONS }>),
    GetAddresses,
    Addresses(Few<WireAddress, { limits::SESSION_ADDRESSES }>),
    Ping(u64),
    Pong(u64),
    Goodbye {
        why: Parting,
        text: Text<{ limits::SESSION_TEXT_BYTES }>,
    },
    /// [`Self::Tip`] in short, for who most likely knows the block.
    Stands(Mark),
    /// Asks for a [`Self::Tip`].
    GetTip,
}

/// Where a node can be dialled, as it travels: never a name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct WireAddress {
    pub ip: IpAddr,
    pub port: u16,
}

impl From<SocketAddr> for WireAddress {
    fn from(address: SocketAddr) -> Self {
        Self {
            ip: address.ip().to_canonical(),
            port: address.port(),
        }
    }
}

impl Message {
    /// The kind's name, for metrics and errors.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Hello(_) => "hello",
            Self::Proof(_) => "proof",
            Self::Tip(_) => "tip",
            Self::GetHeaders(_) => "get_headers",
            Self::Headers(_) => "headers",
            Self::GetBlocks { .. } => "get_blocks",
            Self::Blocks { .. } => "blocks",
            Self::Have(_) => "have",
            Self::GetTransactions(_) => "get_transactions",
            Self::Transactions(_) => "transactions",
            Self::GetAddresses => "get_addresses",
            Self::Addresses(_) => "addresses",
            Self::Ping(_) => "ping",
            Self::Pong(_) => "pong",
            Self::Goodbye { .. } => "goodbye",
            Self::Stands(_) => "stands",
            Self::GetTip => "get_tip",
        }
    }
}
