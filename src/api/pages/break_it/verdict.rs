//! What was found wrong with a copy, in the words of the page beside those of the rules.

use serde::Serialize;

use super::super::short;
use super::super::strings::{BreakIt, fill};
use super::ring::Point;
use crate::protocol::classic::judge::Judged;
use crate::protocol::classic::ring::place_of;
use crate::protocol::classic::rules::{BrokenRule, Rule};

/// The verdict on a whole copy.
#[derive(Debug, Serialize)]
pub(in super::super) struct Verdict {
    /// `real`, `broken`, or `other`: blocks that are not the chain's and that no rule minds.
    pub state: &'static str,
    pub summary: String,
    pub blocks: Vec<BlockVerdict>,
}

#[derive(Debug, Serialize)]
pub(in super::super) struct BlockVerdict {
    pub height: u64,
    /// None where nothing can be hashed.
    pub hash: Option<String>,
    /// Whether it is another block than the one copied.
    pub changed: bool,
    pub broken: Vec<Fault>,
    /// What could not be asked.
    pub note: Option<&'static str>,
    /// Where its proof stands in the drawing, on classic.
    pub point: Option<Point>,
}

/// A rule that a block breaks.
#[derive(Debug, Serialize)]
pub(in super::super) struct Fault {
    /// Where in the block: `transactions.0`, `proof`; empty for all of it.
    pub member: String,
    /// In the visitor's language.
    pub why: String,
    /// As the node itself says it.
    pub rule: String,
}

impl Verdict {
    pub(super) fn of(blocks: Vec<BlockVerdict>, t: &BreakIt) -> Self {
        let broken = list(blocks.iter().filter(|block| !block.broken.is_empty()), t);
        let changed: Vec<&BlockVerdict> = blocks.iter().filter(|block| block.changed).collect();
        let only_last = changed.len() == 1 && blocks.last().is_some_and(|last| last.changed);
        let (state, summary) = match (broken, changed.len()) {
            (Some((1, names)), _) => ("broken", fill(t.summary_one, &[&names])),
            (Some((count, names)), _) => ("broken", fill(t.summary_broken, &[&count, &names])),
            (None, 0) => ("real", t.summary_real.to_owned()),
            (None, _) if only_last => ("other", t.summary_last.to_owned()),
            (None, count) => ("other", fill(t.summary_other, &[&count])),
        };
        Self {
            state,
            summary,
            blocks,
        }
    }
}

/// How many, and their names.
fn list<'b>(
    blocks: impl Iterator<Item = &'b BlockVerdict>,
    t: &BreakIt,
) -> Option<(usize, String)> {
    let names: Vec<String> = blocks
        .map(|block| fill(t.block, &[&short::number(block.height)]))
        .collect();
    (!names.is_empty()).then(|| (names.len(), names.join(" · ")))
}

impl BlockVerdict {
    /// Of a classic block, made from the one with the hash `was`.
    pub(super) fn classic(judged: Judged, was: &str, t: &BreakIt) -> Self {
        let position = judged.position;
        let hash = judged.hash.map(|hash| hash.to_string());
        let place = judged.proof.and_then(place_of);
        let broken = judged.broken.into_iter().map(|rule| Fault {
            member: rule.member().unwrap_or_default().to_owned(),
            why: why(&rule, position.0, t),
            rule: BrokenRule {
                block: position,
                rule,
            }
            .to_string(),
        });
        Self {
            height: position.0,
            changed: hash.as_deref() != Some(was),
            hash,
            broken: broken.collect(),
            note: (!judged.before_is_readable).then_some(t.before_unreadable),
            point: place.map(Point::of),
        }
    }
}

fn why(rule: &Rule, position: u64, t: &BreakIt) -> String {
    let before = short::number(position.saturating_sub(1));
    match rule {
        Rule::Shape(_) => match rule.member() {
            Some(member) => fill(t.why_member, &[&member]),
            None => t.why_json.to_owned(),
        },
        Rule::Index { .. } => fill(t.why_index, &[&short::number(position)]),
        Rule::FirstPreviousHash { .. } => t.why_first_previous.to_owned(),
        Rule::FirstProof { .. } => t.why_first_proof.to_owned(),
        Rule::FirstTransactions => t.why_first_transactions.to_owned(),
        Rule::PreviousHash { .. } => fill(t.why_previous, &[&before]),
        Rule::Proof { .. } => fill(t.why_proof, &[&before]),
        // Of stored blocks, which a copy is not.
        Rule::RecordedHash { .. } => rule.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::strings::Language;
    use super::*;

    fn block(height: u64, changed: bool, is_broken: bool) -> BlockVerdict {
        let fault = Fault {
            member: String::new(),
            why: String::new(),
            rule: String::new(),
        };
        BlockVerdict {
            height,
            hash: None,
            changed,
            broken: is_broken.then_some(fault).into_iter().collect(),
            note: None,
            point: None,
        }
    }

    #[test]
    fn the_summary_names_what_is_broken_and_says_when_nothing_sees_a_change() {
        let of = |blocks: [(bool, bool); 3]| {
            let blocks = blocks.into_iter().zip(3..);
            let blocks = blocks.map(|((changed, broken), height)| block(height, changed, broken));
            let verdict = Verdict::of(blocks.collect(), &Language::English.strings().break_it);
            (verdict.state, verdict.summary)
        };
        let (state, summary) = of([(true, false), (false, true), (true, true)]);
        assert_eq!(state, "broken");
        assert!(summary.contains("Block 4 · Block 5"), "{summary}");
        assert_eq!(of([(false, false); 3]).0, "real");
        let last = of([(false, false), (false, false), (true, false)]);
        let others = of([(false, false), (true, false), (true, false)]);
        assert!(last.0 == "other" && others.0 == "other" && last.1 != others.1);
    }
}
