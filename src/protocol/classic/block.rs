//! Blocks: canonical text, its hash, and the five members.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::json::{Canonicalizer, Grammar, JsonError, Scanner, Token};
use super::proof::Proof;

/// The longest canonical text of a block that this node reads, in bytes.
///
/// A Python node has no such limit; a block of more would be refused here and keep such a node apart.
pub const MAX_BLOCK_BYTES: usize = 8 * 1024 * 1024;

/// SHA-256 of a block's canonical text; shown as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlockHash(pub [u8; 32]);

impl BlockHash {
    /// The hash of a block with this canonical text.
    pub fn of(canonical_text: &str) -> Self {
        Self(Sha256::digest(canonical_text).into())
    }
}

impl fmt::Display for BlockHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut digits = [0; 64];
        hex::encode_to_slice(self.0, &mut digits).map_err(|_| fmt::Error)?;
        f.pad(std::str::from_utf8(&digits).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for BlockHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is not 64 hex digits.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("a block hash has 64 hex digits")]
pub struct NotAHash;

impl FromStr for BlockHash {
    type Err = NotAHash;

    fn from_str(text: &str) -> Result<Self, NotAHash> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| NotAHash)?;
        Ok(Self(bytes))
    }
}

impl Serialize for BlockHash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A block's place in its chain, counted from 1: the book's `index`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Height(pub u64);

impl Height {
    /// The first block's.
    pub const FIRST: Self = Self(1);

    /// The height of a block on top of this one.
    pub fn next(self) -> Self {
        Self(self.0.checked_add(1).expect("no chain has 2^64 blocks"))
    }
}

impl fmt::Display for Height {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// What the next block needs to know of its parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    pub height: Height,
    pub hash: BlockHash,
    pub proof: Proof,
}

/// A block that holds every rule up to its place in its chain; made by [`super::rules::ChainChecker`] and by mining.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    text: Box<str>,
    link: Link,
}

impl Block {
    /// The first block of a chain; `timestamp` as Python prints `datetime.now()`, quotes not allowed.
    pub fn first(timestamp: &str) -> Self {
        Self::assemble(Height::FIRST, "0", Proof::FIRST, timestamp, "")
    }

    /// The block on top of `parent`; `proof` must follow the parent's, `transactions` are their canonical texts joined by `", "`.
    pub fn on_top_of(parent: &Link, proof: Proof, timestamp: &str, transactions: &str) -> Self {
        Self::assemble(
            parent.height.next(),
            &parent.hash.to_string(),
            proof,
            timestamp,
            transactions,
        )
    }

    fn assemble(
        height: Height,
        previous_hash: &str,
        proof: Proof,
        timestamp: &str,
        transactions: &str,
    ) -> Self {
        debug_assert!(
            !timestamp.contains(['"', '\\']),
            "a timestamp is plain text"
        );
        let text = format!(
            r#"{{"index": {height}, "previous_hash": "{previous_hash}", "proof": {proof}, "timestamp": "{timestamp}", "transactions": [{transactions}]}}"#
        );
        let hash = BlockHash::of(&text);
        Self {
            text: text.into(),
            link: Link {
                height,
                hash,
                proof,
            },
        }
    }

    /// Takes over what a checker has checked.
    pub(super) fn checked(view: &BlockView<'_>, link: Link) -> Self {
        Self {
            text: view.text.into(),
            link,
        }
    }

    /// The canonical text: pure ASCII, the hash's preimage, and JSON.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn hash(&self) -> BlockHash {
        self.link.hash
    }

    pub fn height(&self) -> Height {
        self.link.height
    }

    pub fn proof(&self) -> Proof {
        self.link.proof
    }

    /// What a block on top of this one needs to know.
    pub fn link(&self) -> Link {
        self.link
    }
}

/// One member that a block must have, and what it must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemberRule {
    pub name: &'static str,
    pub expected: &'static str,
}

const INDEX: MemberRule = MemberRule {
    name: "index",
    expected: "an integer",
};
const PREVIOUS_HASH: MemberRule = MemberRule {
    name: "previous_hash",
    expected: "a text",
};
const PROOF: MemberRule = MemberRule {
    name: "proof",
    expected: "an integer",
};
const TIMESTAMP: MemberRule = MemberRule {
    name: "timestamp",
    expected: "a text",
};
const TRANSACTIONS: MemberRule = MemberRule {
    name: "transactions",
    expected: "an array",
};

/// What a block shows to be wrong by itself.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ShapeError {
    #[error("is not a JSON object: {0}")]
    Json(#[from] JsonError),
    #[error("has no member '{member}'")]
    MemberMissing { member: &'static str },
    #[error("has {found} as '{member}', expected {expected}")]
    MemberType {
        member: &'static str,
        expected: &'static str,
        found: String,
    },
    #[error("has a proof of {digits} digits, at most {max} are allowed", max = Proof::MAX_DIGITS)]
    ProofTooLong { digits: usize },
    #[error("has an index of {digits} digits, more than any chain can have")]
    IndexTooLong { digits: usize },
    #[error("is not stored in its canonical text")]
    NotCanonical,
    #[error("is not UTF-8 text")]
    NotUtf8,
}

impl ShapeError {
    /// The member that is wrong, where it is one.
    pub fn member(&self) -> Option<&'static str> {
        match self {
            Self::MemberMissing { member } | Self::MemberType { member, .. } => Some(member),
            Self::ProofTooLong { .. } => Some("proof"),
            Self::IndexTooLong { .. } => Some("index"),
            Self::Json(_) | Self::NotCanonical | Self::NotUtf8 => None,
        }
    }
}

/// A block of the right shape, before its place in a chain was looked at.
#[derive(Debug, Clone, Copy)]
pub struct BlockView<'a> {
    /// The canonical text.
    pub text: &'a str,
    pub index: i128,
    /// Escaped, without quotes.
    pub previous_hash: &'a str,
    pub proof: Proof,
    /// The canonical text of the array.
    pub transactions: &'a str,
}

/// Reads blocks in any spelling; its buffers are used again from block to block.
#[derive(Debug)]
pub struct BlockReader {
    canonicalizer: Canonicalizer,
}

impl Default for BlockReader {
    fn default() -> Self {
        Self {
            canonicalizer: Canonicalizer::new(Grammar::PYTHON, MAX_BLOCK_BYTES),
        }
    }
}

impl BlockReader {
    /// Reads a block in any spelling: what it shows by itself must hold.
    pub fn read(&mut self, text: &str) -> Result<BlockView<'_>, ShapeError> {
        self.canonicalizer.read_object(text)?;
        let text = self.canonicalizer.text();
        let (mut index, mut previous_hash, mut proof, mut timestamp, mut transactions) =
            (None, None, None, None, None);
        for member in self.canonicalizer.members() {
            let value = Some(member.value(text));
            match member.name(text) {
                "index" => index = value,
                "previous_hash" => previous_hash = value,
                "proof" => proof = value,
                "timestamp" => timestamp = value,
                "transactions" => transactions = value,
                _ => {}
            }
        }
        let index = integer(&INDEX, index)?;
        let index = index.parse().map_err(|_| ShapeError::IndexTooLong {
            digits: digits_in(index),
        })?;
        let previous_hash = quoted(&PREVIOUS_HASH, previous_hash)?;
        let proof = integer(&PROOF, proof)?;
        let proof = proof.parse().map_err(|_| ShapeError::ProofTooLong {
            digits: digits_in(proof),
        })?;
        quoted(&TIMESTAMP, timestamp)?;
        let transactions = typed(&TRANSACTIONS, transactions, |value| value.starts_with('['))?;
        Ok(BlockView {
            text,
            index,
            previous_hash,
            proof,
            transactions,
        })
    }

    /// Reads a block that must stand in its canonical text already.
    pub fn read_canonical(&mut self, text: &str) -> Result<BlockView<'_>, ShapeError> {
        let view = self.read(text)?;
        if view.text == text {
            Ok(view)
        } else {
            Err(ShapeError::NotCanonical)
        }
    }
}

fn typed<'a>(
    rule: &MemberRule,
    value: Option<&'a str>,
    is_right: impl Fn(&str) -> bool,
) -> Result<&'a str, ShapeError> {
    let value = value.ok_or(ShapeError::MemberMissing { member: rule.name })?;
    if is_right(value) {
        return Ok(value);
    }
    Err(ShapeError::MemberType {
        member: rule.name,
        expected: rule.expected,
        found: describe(value),
    })
}

fn integer<'a>(rule: &MemberRule, value: Option<&'a str>) -> Result<&'a str, ShapeError> {
    typed(rule, value, |value| {
        let digits = value.strip_prefix('-').unwrap_or(value);
        digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

fn quoted<'a>(rule: &MemberRule, value: Option<&'a str>) -> Result<&'a str, ShapeError> {
    let value = typed(rule, value, |value| value.starts_with('"'))?;
    Ok(value.get(1..value.len() - 1).unwrap_or_default())
}

fn digits_in(integer: &str) -> usize {
    integer.trim_start_matches('-').len()
}

/// A value as an error message shows it: short ones in full.
fn describe(value: &str) -> String {
    const SHOWN: usize = 40;
    match value.get(..SHOWN) {
        Some(start) if value.len() > SHOWN => format!("{start}…"),
        _ => value.to_owned(),
    }
}

/// The texts of the transactions in a block's canonical text.
///
/// # Errors
/// [`ShapeError`] when `text` is not a block's canonical text.
pub fn transactions_of(text: &str) -> Result<Vec<&str>, ShapeError> {
    let missing = ShapeError::MemberMissing {
        member: TRANSACTIONS.name,
    };
    let mut scanner = Scanner::new(text, Grammar::PYTHON);
    let mut next_is_wanted = false;
    while let Some(token) = scanner.next_token()? {
        match token {
            Token::Name(name) => {
                next_is_wanted =
                    scanner.depth() == 1 && name.to_text().as_str() == Some(TRANSACTIONS.name);
            }
            Token::BeginArray if next_is_wanted => {
                let start = scanner.token_start();
                let depth = scanner.depth();
                while scanner.depth() >= depth {
                    scanner.next_token()?;
                }
                let array = text.get(start..scanner.position()).ok_or(missing)?;
                return Ok(super::json::elements(array, Grammar::PYTHON)?);
            }
            _ => {}
        }
    }
    Err(missing)
}
