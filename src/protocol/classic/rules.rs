//! When a chain is valid: one variant a rule, each saying at which block and member it breaks and what was expected.

use thiserror::Error;

use super::block::{Block, BlockHash, BlockReader, BlockView, Height, Link, ShapeError};
use super::proof::Proof;

/// A rule that a block breaks.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("block {block} {rule}")]
pub struct BrokenRule {
    /// The block's position in the chain, from 1.
    pub block: Height,
    pub rule: Rule,
}

/// The rules for a chain, as what it looks like when they are broken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Rule {
    #[error(transparent)]
    Shape(#[from] ShapeError),
    #[error("claims index {claimed}, its position is {position}")]
    Index { claimed: i128, position: Height },
    #[error("claims previous hash {claimed:?}, a first block's is \"0\"")]
    FirstPreviousHash { claimed: String },
    #[error("has proof {claimed}, a first block's is 1")]
    FirstProof { claimed: Proof },
    #[error("holds transactions, a first block's list is empty")]
    FirstTransactions,
    #[error("claims previous hash {claimed:?}, its parent's hash is {parent}")]
    PreviousHash { claimed: String, parent: BlockHash },
    #[error(
        "has proof {claimed}, which does not follow its parent's {parent}: the hash of their squares' difference must begin with 0000"
    )]
    Proof { claimed: Proof, parent: Proof },
    #[error("has hash {actual}, recorded was {recorded}")]
    RecordedHash {
        actual: BlockHash,
        recorded: BlockHash,
    },
}

impl Rule {
    /// The member that breaks the rule, where it is one.
    pub fn member(&self) -> Option<&'static str> {
        match self {
            Self::Shape(error) => error.member(),
            Self::Index { .. } => Some("index"),
            Self::FirstPreviousHash { .. } | Self::PreviousHash { .. } => Some("previous_hash"),
            Self::FirstProof { .. } | Self::Proof { .. } => Some("proof"),
            Self::FirstTransactions => Some("transactions"),
            Self::RecordedHash { .. } => None,
        }
    }

    /// Whether the first block is one of the coin protocol, whose previous hash is all zeros.
    pub fn is_broken_by_coin(&self) -> bool {
        matches!(self, Self::FirstPreviousHash { claimed } if claimed.len() == 64 && claimed.bytes().all(|byte| byte == b'0'))
    }
}

/// Checks a chain block by block, from its first one or from any block that was checked before.
#[derive(Debug, Default)]
pub struct ChainChecker {
    parent: Option<Link>,
    reader: BlockReader,
}

impl ChainChecker {
    /// A checker that expects a first block.
    pub fn new() -> Self {
        Self::default()
    }

    /// A checker that expects the block on top of `parent`.
    pub fn after(parent: Link) -> Self {
        Self {
            parent: Some(parent),
            reader: BlockReader::default(),
        }
    }

    /// The last block that was checked.
    pub fn tip(&self) -> Option<Link> {
        self.parent
    }

    /// The position of the block that is expected next.
    pub fn position(&self) -> Height {
        self.parent
            .map_or(Height::FIRST, |parent| parent.height.next())
    }

    /// Checks the next block, in any spelling.
    pub fn check(&mut self, text: &str) -> Result<Block, BrokenRule> {
        let position = self.position();
        let broken = |rule| BrokenRule {
            block: position,
            rule,
        };
        let view = self
            .reader
            .read(text)
            .map_err(|shape| broken(shape.into()))?;
        let link =
            connect(self.parent.as_ref(), &view, BlockHash::of(view.text)).map_err(broken)?;
        self.parent = Some(link);
        Ok(Block::checked(&view, link))
    }

    /// Checks the next block where it is stored: its text must be canonical and hash to `recorded`.
    pub fn check_stored(&mut self, text: &str, recorded: BlockHash) -> Result<Link, BrokenRule> {
        let position = self.position();
        let broken = |rule| BrokenRule {
            block: position,
            rule,
        };
        let actual = BlockHash::of(text);
        if actual != recorded {
            return Err(broken(Rule::RecordedHash { actual, recorded }));
        }
        let view = self
            .reader
            .read_canonical(text)
            .map_err(|shape| broken(shape.into()))?;
        let link = connect(self.parent.as_ref(), &view, actual).map_err(broken)?;
        self.parent = Some(link);
        Ok(link)
    }
}

/// The link that `view` becomes on top of `parent`, or as a first block.
fn connect(parent: Option<&Link>, view: &BlockView<'_>, hash: BlockHash) -> Result<Link, Rule> {
    let height = parent.map_or(Height::FIRST, |parent| parent.height.next());
    index_is_position(view, height)?;
    match parent {
        None => is_a_first_block(view)?,
        Some(parent) => {
            previous_hash_is_parents(view, parent.hash)?;
            proof_follows_parents(view, parent.proof)?;
        }
    }
    Ok(Link {
        height,
        hash,
        proof: view.proof,
    })
}

pub(super) fn index_is_position(view: &BlockView<'_>, position: Height) -> Result<(), Rule> {
    if view.index == i128::from(position.0) {
        Ok(())
    } else {
        Err(Rule::Index {
            claimed: view.index,
            position,
        })
    }
}

fn is_a_first_block(view: &BlockView<'_>) -> Result<(), Rule> {
    FIRST_BLOCK_RULES.iter().try_for_each(|rule| rule(view))
}

/// A rule about a block by itself.
type OwnRule = fn(&BlockView<'_>) -> Result<(), Rule>;

/// What only a first block must be.
pub(super) const FIRST_BLOCK_RULES: [OwnRule; 3] = [
    first_previous_hash_is_zero,
    first_proof_is_one,
    first_transactions_are_none,
];

fn first_previous_hash_is_zero(view: &BlockView<'_>) -> Result<(), Rule> {
    if view.previous_hash == "0" {
        return Ok(());
    }
    Err(Rule::FirstPreviousHash {
        claimed: view.previous_hash.chars().take(80).collect(),
    })
}

fn first_proof_is_one(view: &BlockView<'_>) -> Result<(), Rule> {
    if view.proof == Proof::FIRST {
        return Ok(());
    }
    Err(Rule::FirstProof {
        claimed: view.proof,
    })
}

fn first_transactions_are_none(view: &BlockView<'_>) -> Result<(), Rule> {
    if view.transactions == "[]" {
        return Ok(());
    }
    Err(Rule::FirstTransactions)
}

pub(super) fn previous_hash_is_parents(
    view: &BlockView<'_>,
    parent: BlockHash,
) -> Result<(), Rule> {
    let mut digits = [0; 64];
    let printed = hex::encode_to_slice(parent.0, &mut digits);
    if printed.is_ok() && view.previous_hash.as_bytes() == digits {
        return Ok(());
    }
    Err(Rule::PreviousHash {
        claimed: view.previous_hash.chars().take(80).collect(),
        parent,
    })
}

pub(super) fn proof_follows_parents(view: &BlockView<'_>, parent: Proof) -> Result<(), Rule> {
    if view.proof.follows(parent) {
        return Ok(());
    }
    Err(Rule::Proof {
        claimed: view.proof,
        parent,
    })
}

#[cfg(test)]
mod tests {
    use super::super::chain_reader::{ChainReader, ReadLimits};
    use super::*;

    /// The blocks of tests/vectors/classic/chain.json, a body of a Python node, as they stand there.
    fn blocks() -> Vec<String> {
        let mut reader = ChainReader::new(ReadLimits::default());
        reader
            .push(include_bytes!("../../../tests/vectors/classic/chain.json"))
            .expect("the vector is a chain");
        std::iter::from_fn(|| reader.next_block()).collect()
    }

    fn check_all<'a>(blocks: impl IntoIterator<Item = &'a str>) -> Result<Vec<Block>, BrokenRule> {
        let mut checker = ChainChecker::new();
        blocks
            .into_iter()
            .map(|block| checker.check(block))
            .collect()
    }

    #[test]
    fn a_python_nodes_chain_is_valid_and_hashes_alike() {
        let blocks = blocks();
        let checked = check_all(blocks.iter().map(String::as_str)).expect("the chain is valid");
        let hashes: Vec<String> = serde_json::from_str(include_str!(
            "../../../tests/vectors/classic/chain-hashes.json"
        ))
        .expect("the vector is JSON");
        assert_eq!(
            checked
                .iter()
                .map(|block| block.hash().to_string())
                .collect::<Vec<_>>(),
            hashes
        );
        let mut again = ChainChecker::new();
        for block in &checked {
            assert_eq!(
                again.check_stored(block.text(), block.hash()),
                Ok(block.link())
            );
        }
    }

    /// One broken block a rule: the change, the block it breaks, the member, and the message.
    #[test]
    fn each_rule_names_its_block_and_member() {
        type Case = (
            usize,
            &'static str,
            &'static str,
            Option<&'static str>,
            &'static str,
        );
        let cases: [Case; 17] = [
            (
                1,
                r#""index":1"#,
                r#""index":2"#,
                Some("index"),
                "block 1 claims index 2, its position is 1",
            ),
            (
                1,
                r#""proof":1"#,
                r#""proof":533"#,
                Some("proof"),
                "block 1 has proof 533, a first block's is 1",
            ),
            (
                1,
                r#":"0""#,
                r#":"1""#,
                Some("previous_hash"),
                r#"block 1 claims previous hash "1", a first block's is "0""#,
            ),
            (
                1,
                "[]",
                "[1]",
                Some("transactions"),
                "block 1 holds transactions, a first block's list is empty",
            ),
            (
                3,
                r#""index":3"#,
                r#""index":3.0"#,
                Some("index"),
                "block 3 has 3.0 as 'index', expected an integer",
            ),
            (
                3,
                r#""index":3"#,
                r#""index":3333333333333333333333333333333333333333"#,
                Some("index"),
                "block 3 has an index of 40 digits",
            ),
            (
                3,
                r#""index":3"#,
                r#""index":true"#,
                Some("index"),
                "block 3 has true as 'index', expected an integer",
            ),
            (
                3,
                r#""proof":45293"#,
                r#""proof":45293.0"#,
                Some("proof"),
                "block 3 has 45293.0 as 'proof', expected an integer",
            ),
            (
                3,
                r#""proof":45293"#,
                r#""proof":true"#,
                Some("proof"),
                "block 3 has true as 'proof', expected an integer",
            ),
            (
                3,
                r#""proof":45293"#,
                r#""proof":45294"#,
                Some("proof"),
                "block 3 has proof 45294, which does not follow its parent's 533",
            ),
            (
                3,
                r#""proof":45293"#,
                r#""proof":1234567890123456789012345678901"#,
                Some("proof"),
                "block 3 has a proof of 31 digits",
            ),
            (
                3,
                r#""proof":45293"#,
                r#""proofs":45293"#,
                Some("proof"),
                "block 3 has no member 'proof'",
            ),
            (
                3,
                r#""previous_hash":"1"#,
                r#""previous_hash":"2"#,
                Some("previous_hash"),
                "block 3 claims previous hash \"2168f82949",
            ),
            (
                3,
                r#""timestamp":""#,
                r#""timestamp":7,"x":""#,
                Some("timestamp"),
                "block 3 has 7 as 'timestamp', expected a text",
            ),
            (
                3,
                r#""transactions":["#,
                r#""transactions":{},"x":["#,
                Some("transactions"),
                "block 3 has {} as 'transactions', expected an array",
            ),
            (
                3,
                r#""alice""#,
                r#""mallory""#,
                Some("previous_hash"),
                "block 4 claims previous hash",
            ),
            (
                3,
                "{",
                "[",
                None,
                "block 3 is not a JSON object: line 1 column 9",
            ),
        ];
        for (block, from, to, member, message) in cases {
            let mut blocks = blocks();
            let changed = blocks[block - 1].replacen(from, to, 1);
            assert_ne!(changed, blocks[block - 1], "{from} is there");
            blocks[block - 1] = changed;
            let error = check_all(blocks.iter().map(String::as_str)).expect_err(message);
            assert!(
                error.to_string().starts_with(message),
                "{error} begins with {message}"
            );
            assert_eq!(error.rule.member(), member, "{error}");
        }
    }

    #[test]
    fn further_members_are_free_and_part_of_the_text() {
        let blocks = blocks();
        let more = blocks[0].replacen('{', r#"{"zeta": NaN, "alpha": "\ud800","#, 1);
        let checked = check_all([more.as_str()]).expect("further members are free");
        assert!(
            checked[0]
                .text()
                .starts_with(r#"{"alpha": "\ud800", "index": 1"#)
        );
        assert!(checked[0].text().ends_with(r#""zeta": NaN}"#));
    }

    #[test]
    fn stored_text_must_be_canonical_and_hash_as_recorded() {
        let first = blocks()[0].clone();
        let hash = BlockHash::of(&first);
        let error = ChainChecker::new()
            .check_stored(&first, hash)
            .expect_err("the vector has no spaces");
        assert_eq!(error.rule, Rule::Shape(ShapeError::NotCanonical));
        let error = ChainChecker::new()
            .check_stored(&first, BlockHash([0; 32]))
            .expect_err("another hash");
        assert!(matches!(error.rule, Rule::RecordedHash { .. }));
    }
}
