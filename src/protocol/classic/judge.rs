//! Judges a stretch of blocks that somebody altered: every rule that each block breaks, where [`super::rules`] stops at the first.
//!
//! The rules are those of [`super::rules`]. A block is held against the block before it as that one stands in the stretch, so
//! that a change shows where it breaks a link and not in everything behind it.

use super::block::{Block, BlockHash, BlockReader, Height, Link, MAX_BLOCK_BYTES, ShapeError};
use super::json::{Canonicalizer, Grammar};
use super::proof::Proof;
use super::rules::{
    BrokenRule, ChainChecker, FIRST_BLOCK_RULES, Rule, index_is_position, previous_hash_is_parents,
    proof_follows_parents,
};

/// What a block turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// Its place in the chain.
    pub position: Height,
    /// Of its canonical text; none where it is no JSON object.
    pub hash: Option<BlockHash>,
    /// None where it has none that can be one.
    pub proof: Option<Proof>,
    /// In the order of checking.
    pub broken: Vec<Rule>,
    /// Whether its links could be looked at: what stands before it may be unreadable.
    pub before_is_readable: bool,
}

impl Judged {
    /// What stands before the first block of a stretch on top of `parent`.
    fn of(parent: Link) -> Self {
        Self {
            position: parent.height,
            hash: Some(parent.hash),
            proof: Some(parent.proof),
            broken: Vec::new(),
            before_is_readable: true,
        }
    }
}

/// Judges blocks on top of `parent`, or from a first block on.
pub fn judge<'t>(parent: Option<Link>, texts: impl IntoIterator<Item = &'t str>) -> Vec<Judged> {
    let mut reader = BlockReader::default();
    let mut before = parent.map(Judged::of);
    let mut judged = Vec::new();
    for text in texts {
        let block = judge_one(before.as_ref(), text, &mut reader);
        judged.push(block.clone());
        before = Some(block);
    }
    judged
}

fn judge_one(before: Option<&Judged>, text: &str, reader: &mut BlockReader) -> Judged {
    let position = before.map_or(Height::FIRST, |before| before.position.next());
    let unreadable = before.is_some_and(|before| before.hash.is_none());
    let mut judged = Judged {
        position,
        hash: None,
        proof: None,
        broken: Vec::new(),
        before_is_readable: !unreadable,
    };
    let view = match reader.read(text) {
        Ok(view) => view,
        Err(shape) => {
            judged.hash = hash_of_any(text);
            judged.broken.push(shape.into());
            return judged;
        }
    };
    judged.hash = Some(BlockHash::of(view.text));
    judged.proof = Some(view.proof);
    let mut note = |rule: Result<(), Rule>| judged.broken.extend(rule.err());
    note(index_is_position(&view, position));
    match before {
        None => FIRST_BLOCK_RULES.iter().for_each(|rule| note(rule(&view))),
        Some(before) => {
            if let Some(hash) = before.hash {
                note(previous_hash_is_parents(&view, hash));
            }
            if let Some(proof) = before.proof {
                note(proof_follows_parents(&view, proof));
            }
        }
    }
    judged
}

/// The hash of an object that is no block: its members may have any type.
fn hash_of_any(text: &str) -> Option<BlockHash> {
    let mut canonicalizer = Canonicalizer::new(Grammar::PYTHON, MAX_BLOCK_BYTES);
    canonicalizer.read_object(text).ok()?;
    Some(BlockHash::of(canonicalizer.text()))
}

/// The block on top of `parent`, or as a first one, with index, previous hash and proof set right; all its other members stay. `proof` is
/// to follow the parent's, and is not looked at in a first block.
///
/// # Errors
/// What else is wrong with it.
pub fn mend(text: &str, parent: Option<&Link>, proof: Proof) -> Result<Block, BrokenRule> {
    let position = parent.map_or(Height::FIRST, |parent| parent.height.next());
    let mut canonicalizer = Canonicalizer::new(Grammar::PYTHON, MAX_BLOCK_BYTES);
    canonicalizer
        .read_object(text)
        .map_err(|error| BrokenRule {
            block: position,
            rule: ShapeError::from(error).into(),
        })?;
    let text = canonicalizer.text();
    let members = text.strip_suffix('}').unwrap_or(text);
    let comma = if members == "{" { "" } else { ", " };
    let previous = parent.map_or_else(|| "0".to_owned(), |parent| parent.hash.to_string());
    let proof = parent.map_or(Proof::FIRST, |_| proof);
    // Of a repeated name the last value stands.
    let mended = format!(
        r#"{members}{comma}"index": {position}, "previous_hash": "{previous}", "proof": {proof}}}"#
    );
    let mut checker = parent.map_or_else(ChainChecker::new, |parent| ChainChecker::after(*parent));
    checker.check(&mended)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::chain_reader::{ChainReader, ReadLimits};
    use super::super::json::Value;
    use super::*;

    /// The blocks of tests/vectors/classic/chain.json, a body of a Python node.
    fn blocks() -> Vec<String> {
        let mut reader = ChainReader::new(ReadLimits::default());
        reader
            .push(include_bytes!("../../../tests/vectors/classic/chain.json"))
            .expect("the vector is a chain");
        std::iter::from_fn(|| reader.next_block()).collect()
    }

    fn of(blocks: &[String]) -> Vec<Judged> {
        judge(None, blocks.iter().map(String::as_str))
    }

    /// The positions of broken blocks with the members at fault.
    fn faults(judged: &[Judged]) -> Vec<(u64, Option<&'static str>)> {
        let blocks = judged.iter();
        blocks
            .flat_map(|block| {
                block
                    .broken
                    .iter()
                    .map(|rule| (block.position.0, rule.member()))
            })
            .collect()
    }

    #[test]
    fn a_real_chain_holds_from_its_first_block_and_from_any_other() {
        let blocks = blocks();
        let whole = of(&blocks);
        assert_eq!(faults(&whole), []);
        let link = Link {
            height: Height(4),
            hash: whole[3].hash.expect("a hash"),
            proof: whole[3].proof.expect("a proof"),
        };
        let rest = judge(Some(link), blocks[4..].iter().map(String::as_str));
        assert_eq!(rest, whole[4..]);
    }

    #[test]
    fn a_change_breaks_the_block_and_the_link_behind_it_and_nothing_more() {
        let mut blocks = blocks();
        let proof = of(&blocks)[4].proof.expect("a proof");
        blocks[4] = blocks[4].replacen(&format!(r#""proof":{proof}"#), r#""proof":7"#, 1);
        let found = [
            (5, Some("proof")),
            (6, Some("previous_hash")),
            (6, Some("proof")),
        ];
        assert_eq!(faults(&of(&blocks)), found);
        blocks[4] = "{".to_owned();
        let judged = of(&blocks);
        assert_eq!(faults(&judged), [(5, None)]);
        assert!(judged[4].hash.is_none() && !judged[5].before_is_readable);
        blocks[4] = r#"{"proof": 7}"#.to_owned();
        let judged = of(&blocks);
        assert_eq!(
            faults(&judged),
            [(5, Some("index")), (6, Some("previous_hash"))]
        );
        assert!(judged[4].hash.is_some() && judged[5].before_is_readable);
    }

    #[test]
    fn mending_sets_three_members_and_keeps_the_others() {
        let blocks = blocks();
        let whole = of(&blocks);
        let parent = Link {
            height: Height(4),
            hash: BlockHash([7; 32]),
            proof: whole[3].proof.expect("a proof"),
        };
        let more = blocks[4].replacen('{', r#"{"zeta": {"a": [NaN, "\ud800"]}, "index": 99,"#, 1);
        let mended = mend(&more, Some(&parent), whole[4].proof.expect("a proof"));
        let mended = mended.expect("it can be mended");
        assert_eq!(
            (mended.height(), mended.link().proof),
            (Height(5), whole[4].proof.expect("a proof"))
        );
        assert!(
            mended
                .text()
                .ends_with(r#""zeta": {"a": [NaN, "\ud800"]}}"#)
        );
        assert!(mended.text().contains(&"07".repeat(32)));
        assert!(mend("{}", Some(&parent), parent.proof).is_err());
        assert!(mend("7", None, Proof::FIRST).is_err());
        let first = mend(&blocks[0], None, Proof::FIRST).expect("a first block");
        assert_eq!(Some(first.hash()), whole[0].hash);
    }

    /// Something else that a member could be.
    fn other_value() -> impl Strategy<Value = String> {
        prop_oneof![
            "[0-9]{1,12}".prop_map(|digits| digits.parse::<u64>().unwrap_or(0).to_string()),
            "[a-z]{0,8}".prop_map(|text| format!("\"{text}\"")),
            Just("null".to_owned()),
            Just("[]".to_owned()),
            Just("{}".to_owned()),
            Just("1e400".to_owned()),
            Just("\"\\ud800\"".to_owned()),
            (0..900_usize).prop_map(|depth| "[".repeat(depth) + &"]".repeat(depth)),
        ]
    }

    const MEMBERS: [&str; 5] = [
        "index",
        "previous_hash",
        "proof",
        "timestamp",
        "transactions",
    ];

    proptest! {
        /// Any single change is found, at the block or at the link behind it. Only what the last block says freely is seen by no rule.
        #[test]
        fn any_single_change_is_found_at_the_right_block(
            at in 0..15_usize,
            member in 0..5_usize,
            value in other_value(),
        ) {
            let mut blocks = blocks();
            let before = of(&blocks);
            let name = MEMBERS[member];
            let Ok(Value::Object(mut members)) = Value::parse(&blocks[at], Grammar::PYTHON) else {
                panic!("a block is an object");
            };
            if let Ok(value) = Value::parse(&value, Grammar::PYTHON) {
                members.insert(name.into(), value);
            }
            let changed = Value::Object(members).to_canonical();
            let is_same = BlockHash::of(&changed) == before[at].hash.expect("a hash");
            blocks[at] = changed;
            let judged = of(&blocks);
            let faults = faults(&judged);
            if is_same {
                prop_assert_eq!(faults, []);
            } else {
                prop_assert_ne!(judged[at].hash, before[at].hash);
                let next = at as u64 + 2;
                let is_last = at + 1 == blocks.len();
                prop_assert_eq!(faults.contains(&(next, Some("previous_hash"))), !is_last);
                let own = faults.iter().any(|fault| *fault == (at as u64 + 1, Some(name)));
                let is_free = matches!(name, "timestamp" | "transactions");
                prop_assert!(own || is_free, "{name} {faults:?}");
                prop_assert!(faults.iter().all(|(block, _)| *block == at as u64 + 1 || *block == next));
            }
        }
    }
}
