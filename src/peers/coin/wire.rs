//! What travels between coin nodes over HTTP: two answers, each a preamble and then items until the answer ends.
//!
//! | offset | bytes | of the preamble | |
//! | --- | --- | --- | --- |
//! | 0 | 8 | kind and version | `bcoin-h1` (headers) or `bcoin-b1` (blocks) |
//! | 8 | 32 | genesis | the network's genesis block, its proof-of-work hash as hashed |
//! | 40 | 8 | after | LE, the number of the block behind which the items begin |
//! | 48 | 8 | last | LE, the number of the sender's last block, of blocks that of the last that was asked for |
//!
//! An item is an encoded header (80 bytes, `docs/coin-format.md`, section 2), or the length of an encoded block (4 bytes,
//! LE) and the block (section 5). An answer may end before `last`: whoever wants more asks again. Readers take the bytes
//! in pieces of any size, and reserve nothing from a length that the sender claims.

use std::str::FromStr;

use alloy_primitives::B256;
use bytes::{Bytes, BytesMut};
use thiserror::Error;

use crate::limits;
use crate::protocol::coin::header::{HEADER_BYTES, Header, PowHash};

/// Where a node serves the headers of its current chain. `from`: a locator.
pub const HEADERS_PATH: &str = "/v1/chain/headers";
/// Where a node serves the blocks of its current chain. `from`, `to`: hashes.
pub const BLOCKS_PATH: &str = "/v1/chain/blocks";
/// The media type of both answers.
pub const MEDIA_TYPE: &str = "application/octet-stream";

/// Bytes of an encoded [`Preamble`].
pub const PREAMBLE_BYTES: usize = 56;
/// Bytes in front of an encoded block.
const LENGTH_BYTES: usize = 4;
const KIND_BYTES: usize = 8;

/// What an answer is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Items {
    Headers,
    Blocks,
}

/// What stands in front of the items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preamble {
    /// The network, by its first block.
    pub genesis: PowHash,
    /// The items begin behind the block with this number.
    pub after: u64,
    /// A claim: up to which number there is something to ask for.
    pub last: u64,
}

/// Why bytes are no answer of a coin node.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WireError {
    #[error(
        "the answer is not a coin node's: it begins with {found}, where {expected} is to stand"
    )]
    OtherKind {
        found: String,
        expected: &'static str,
    },
    #[error("the answer ends within its first {PREAMBLE_BYTES} bytes")]
    NoPreamble,
    #[error("the answer ends in the middle of {what} {number}")]
    Truncated { what: &'static str, number: u64 },
    #[error("block {number} is said to have {bytes} bytes, {most} are the most on this network")]
    BlockTooLong { number: u64, bytes: u64, most: u64 },
}

/// Why text is no locator.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LocatorError {
    #[error("it names more than {most} blocks")]
    TooMany { most: usize },
    #[error("`{text}` is no hash: 64 hexadecimal digits are")]
    NotAHash { text: String },
}

impl Items {
    const fn kind(self) -> &'static str {
        match self {
            Items::Headers => "bcoin-h1",
            Items::Blocks => "bcoin-b1",
        }
    }

    const fn one(self) -> &'static str {
        match self {
            Items::Headers => "header",
            Items::Blocks => "block",
        }
    }
}

impl Preamble {
    pub fn encode(&self, items: Items) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(PREAMBLE_BYTES);
        bytes.extend_from_slice(items.kind().as_bytes());
        bytes.extend_from_slice(self.genesis.0.as_slice());
        bytes.extend_from_slice(&self.after.to_le_bytes());
        bytes.extend_from_slice(&self.last.to_le_bytes());
        bytes
    }
}

/// Adds a block to an answer.
pub fn push_block(answer: &mut Vec<u8>, encoded: &[u8]) {
    let length = u32::try_from(encoded.len()).expect("a block has at most 2^26 bytes");
    answer.extend_from_slice(&length.to_le_bytes());
    answer.extend_from_slice(encoded);
}

/// The path that asks for headers behind the newest of these blocks.
pub fn headers_path(locator: impl IntoIterator<Item = PowHash>) -> String {
    let hashes: Vec<String> = locator.into_iter().map(|hash| hash.to_string()).collect();
    format!("{HEADERS_PATH}?from={}", hashes.join(","))
}

/// The path that asks for the blocks behind `from`, up to `to`.
pub fn blocks_path(from: PowHash, to: PowHash) -> String {
    format!("{BLOCKS_PATH}?from={from}&to={to}")
}

/// Reads a locator: hashes with commas between them.
///
/// # Errors
/// [`LocatorError`]. An empty text is a locator without a block.
pub fn read_locator(text: &str) -> Result<Vec<PowHash>, LocatorError> {
    let most = limits::PEER_LOCATOR;
    if text.is_empty() {
        return Ok(Vec::new());
    }
    // What is beyond the most is not looked at.
    let hashes: Vec<&str> = text.split(',').take(most.saturating_add(1)).collect();
    if hashes.len() > most {
        return Err(LocatorError::TooMany { most });
    }
    let read = |text: &str| {
        PowHash::from_str(text).map_err(|_| LocatorError::NotAHash {
            text: text.chars().take(HEADER_BYTES).collect(),
        })
    };
    hashes.into_iter().map(read).collect()
}

/// An answer as it arrives.
#[derive(Debug)]
struct Unread {
    items: Items,
    preamble: Option<Preamble>,
    /// Items that were handed out.
    read: u64,
    bytes: BytesMut,
}

impl Unread {
    fn new(items: Items) -> Unread {
        Unread {
            items,
            preamble: None,
            read: 0,
            bytes: BytesMut::new(),
        }
    }

    /// The preamble, once it is there. What is of another kind is refused before that.
    fn preamble(&mut self) -> Result<Option<Preamble>, WireError> {
        if self.preamble.is_some() {
            return Ok(self.preamble);
        }
        if self.bytes.len() >= KIND_BYTES {
            self.begins_as_it_has_to()?;
        }
        if self.bytes.len() < PREAMBLE_BYTES {
            return Ok(None);
        }
        let _kind = self.take::<KIND_BYTES>();
        self.preamble = (|| {
            Some(Preamble {
                genesis: PowHash(B256::new(self.take()?)),
                after: u64::from_le_bytes(self.take()?),
                last: u64::from_le_bytes(self.take()?),
            })
        })();
        Ok(self.preamble)
    }

    /// Whether what is there of the kind is that of these items.
    fn begins_as_it_has_to(&self) -> Result<(), WireError> {
        let expected = self.items.kind();
        let mut begins = self.bytes.iter().zip(expected.as_bytes());
        if begins.all(|(found, expected)| found == expected) {
            return Ok(());
        }
        let start: Vec<u8> = self.bytes.iter().take(KIND_BYTES).copied().collect();
        Err(WireError::OtherKind {
            found: format!("{:?}", String::from_utf8_lossy(&start)),
            expected,
        })
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let taken = self.bytes.first_chunk::<N>().copied()?;
        drop(self.bytes.split_to(N));
        Some(taken)
    }

    /// The number of the item that comes next, going by the preamble.
    fn number(&self) -> u64 {
        let after = self.preamble.map_or(0, |preamble| preamble.after);
        after.saturating_add(self.read).saturating_add(1)
    }

    fn finish(&mut self) -> Result<(), WireError> {
        if self.preamble()?.is_none() {
            self.begins_as_it_has_to()?;
            return Err(WireError::NoPreamble);
        }
        if self.bytes.is_empty() {
            return Ok(());
        }
        Err(WireError::Truncated {
            what: self.items.one(),
            number: self.number(),
        })
    }
}

/// Reads an answer of headers.
#[derive(Debug)]
pub struct HeaderReader(Unread);

impl Default for HeaderReader {
    fn default() -> HeaderReader {
        HeaderReader(Unread::new(Items::Headers))
    }
}

impl HeaderReader {
    /// Takes the next bytes; what they hold is to be taken out before the next.
    pub fn push(&mut self, bytes: &[u8]) {
        self.0.bytes.extend_from_slice(bytes);
    }

    /// The preamble, once it has arrived.
    ///
    /// # Errors
    /// [`WireError::OtherKind`].
    pub fn preamble(&mut self) -> Result<Option<Preamble>, WireError> {
        self.0.preamble()
    }

    /// The next header, if all of it has arrived.
    ///
    /// # Errors
    /// [`WireError::OtherKind`].
    pub fn next_header(&mut self) -> Result<Option<Header>, WireError> {
        if self.0.preamble()?.is_none() {
            return Ok(None);
        }
        let header = self.0.take().map(|bytes| Header::decode(&bytes));
        if header.is_some() {
            self.0.read = self.0.read.saturating_add(1);
        }
        Ok(header)
    }

    /// The answer has ended.
    ///
    /// # Errors
    /// When it ended in the middle of something.
    pub fn finish(mut self) -> Result<(), WireError> {
        self.0.finish()
    }
}

/// Reads an answer of blocks. Holds no more than the longest block and the bytes of one push.
#[derive(Debug)]
pub struct BlockReader {
    unread: Unread,
    /// Bytes of the longest block.
    most: u64,
    /// Of the block that is arriving.
    length: Option<usize>,
}

impl BlockReader {
    /// For blocks of at most `most` bytes.
    pub fn new(most: u64) -> BlockReader {
        BlockReader {
            unread: Unread::new(Items::Blocks),
            most,
            length: None,
        }
    }

    /// Takes the next bytes; what they hold is to be taken out before the next.
    pub fn push(&mut self, bytes: &[u8]) {
        self.unread.bytes.extend_from_slice(bytes);
    }

    /// The preamble, once it has arrived.
    ///
    /// # Errors
    /// [`WireError::OtherKind`].
    pub fn preamble(&mut self) -> Result<Option<Preamble>, WireError> {
        self.unread.preamble()
    }

    /// The next encoded block, if all of it has arrived.
    ///
    /// # Errors
    /// [`WireError::OtherKind`]; [`WireError::BlockTooLong`] as soon as its length is there.
    pub fn next_block(&mut self) -> Result<Option<Bytes>, WireError> {
        if self.unread.preamble()?.is_none() {
            return Ok(None);
        }
        let length = match self.length {
            Some(length) => length,
            None => match self.unread.take::<LENGTH_BYTES>() {
                Some(length) => self.fitting(u32::from_le_bytes(length))?,
                None => return Ok(None),
            },
        };
        self.length = Some(length);
        if self.unread.bytes.len() < length {
            return Ok(None);
        }
        self.length = None;
        self.unread.read = self.unread.read.saturating_add(1);
        Ok(Some(self.unread.bytes.split_to(length).freeze()))
    }

    fn fitting(&self, length: u32) -> Result<usize, WireError> {
        let fits = usize::try_from(length)
            .ok()
            .filter(|_| u64::from(length) <= self.most);
        fits.ok_or_else(|| WireError::BlockTooLong {
            number: self.unread.number(),
            bytes: length.into(),
            most: self.most,
        })
    }

    /// The answer has ended.
    ///
    /// # Errors
    /// When it ended in the middle of something.
    pub fn finish(mut self) -> Result<(), WireError> {
        let within = self.length.is_some();
        match self.unread.finish() {
            // Only its length came.
            Ok(()) if within => Err(WireError::Truncated {
                what: Items::Blocks.one(),
                number: self.unread.number(),
            }),
            ended => ended,
        }
    }
}
