//! Reads an altered copy. What is no JSON within a block's text is that block's fault, and judged as such.

use axum::extract::Request;

use super::super::super::body::{BodyLimit, read_text};
use super::super::super::guard::Guard;
use super::super::super::problem::{Kind, Problem};
use super::super::super::request::Members;
use crate::limits::{BREAK_BLOCKS, BREAK_BYTES};
use crate::protocol::classic::block::{BlockHash, Height, Link};
use crate::protocol::classic::json::{Grammar, elements};
use crate::protocol::coin::header::PowHash;

/// An altered copy, as it was sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Asked {
    /// What stands before it, as JSON; none before a first block.
    pub parent: Option<String>,
    pub blocks: Vec<AskedBlock>,
}

/// A block of the copy.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct AskedBlock {
    pub text: String,
    /// The hash of the block that it was made from.
    pub was: String,
}

impl Asked {
    /// Of a request by a page of this node, or by a program: a foreign page gets no work done here.
    pub(super) async fn read(request: Request, guard: &Guard) -> Result<Self, Problem> {
        if !guard.is_own_page(&request) {
            let detail = "Another site's page sent this: only the node's own pages, and programs, have copies judged here.";
            return Err(Problem::new(Kind::ForeignPage, detail));
        }
        let text = read_text(request.into_body(), BodyLimit::bytes(BREAK_BYTES)).await?;
        Self::of(&text)
    }

    fn of(text: &str) -> Result<Self, Problem> {
        let members = Members::read(text)?;
        let parent = members.raw("parent").filter(|parent| *parent != "null");
        let blocks = members.raw("blocks").ok_or_else(|| missing("blocks"))?;
        let blocks = elements(blocks, Grammar::REQUEST).map_err(|_| {
            bad("`blocks` must be a list of blocks, each an object with `text` and `was`.")
        })?;
        if blocks.is_empty() || blocks.len() > BREAK_BLOCKS {
            let detail = format!(
                "The copy has {} blocks, and may have 1 to {BREAK_BLOCKS}.",
                blocks.len()
            );
            return Err(bad(&detail).with("limit", BREAK_BLOCKS));
        }
        let blocks = blocks.into_iter().map(|block| {
            let members = Members::read(block)?;
            let text = members.raw("text").ok_or_else(|| missing("text"))?;
            let text = serde_json::from_str(text)
                .map_err(|_| bad("`text` must be a block's JSON as a text."))?;
            let was = members.text("was").unwrap_or_default();
            Ok(AskedBlock { text, was })
        });
        Ok(Self {
            parent: parent.map(str::to_owned),
            blocks: blocks.collect::<Result<_, Problem>>()?,
        })
    }

    /// The hash of what stands before the copy on coin.
    pub(super) fn pow_hash(&self) -> Result<PowHash, Problem> {
        let wrong = || bad("`parent` must have the `hash` of a block that this node has.");
        let parent = Members::read(self.parent.as_deref().ok_or_else(wrong)?)?;
        parent
            .text("hash")
            .and_then(|hash| hash.parse().ok())
            .ok_or_else(wrong)
    }

    /// What stands before the copy on classic.
    pub(super) fn link(&self) -> Result<Option<Link>, Problem> {
        let Some(parent) = &self.parent else {
            return Ok(None);
        };
        let members = Members::read(parent)?;
        let wrong = || {
            bad(
                "`parent` must have a `height`, a `hash` and a `proof`, or be null before a first block.",
            )
        };
        let height: u64 = members
            .raw("height")
            .and_then(|height| height.parse().ok())
            // Behind it the copy's own heights are counted.
            .filter(|height| (1..1 << 62).contains(height))
            .ok_or_else(wrong)?;
        let hash: BlockHash = members
            .text("hash")
            .and_then(|hash| hash.parse().ok())
            .ok_or_else(wrong)?;
        let proof = members.raw("proof").and_then(|proof| proof.parse().ok());
        Ok(Some(Link {
            height: Height(height),
            hash,
            proof: proof.ok_or_else(wrong)?,
        }))
    }
}

fn bad(detail: &str) -> Problem {
    Problem::new(Kind::BadMember, detail)
}

fn missing(name: &'static str) -> Problem {
    let detail = format!("The copy has no member `{name}`.");
    Problem::new(Kind::MissingMember, detail).with("missing", vec![name])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_read_and_what_is_none_is_refused() {
        let hash = "ab".repeat(32);
        let text = format!(
            r#"{{"parent": {{"height": 3, "hash": "{hash}", "proof": -533}}, "blocks": [{{"text": "{{\"index\": \"\\ud800\"", "was": "x"}}]}}"#
        );
        let asked = Asked::of(&text).expect("a copy");
        assert_eq!(asked.blocks[0].text, r#"{"index": "\ud800""#);
        let link = asked.link().expect("a link").expect("a parent");
        assert_eq!((link.height.0, link.proof.get()), (3, -533));
        for wrong in [
            "{}",
            "[]",
            r#"{"blocks": []}"#,
            r#"{"blocks": {}}"#,
            r#"{"blocks": [7]}"#,
            r#"{"blocks": [{"was": "x"}]}"#,
            r#"{"blocks": [{"text": 7}]}"#,
            r#"{"blocks": [{"text": "\ud800"}]}"#,
        ] {
            assert!(Asked::of(wrong).is_err(), "{wrong}");
        }
        let many = [r#"{"text": ""}"#; BREAK_BLOCKS + 1].join(",");
        assert!(Asked::of(&format!(r#"{{"blocks": [{many}]}}"#)).is_err());
        for parent in [
            "7",
            r#"{"height": 3}"#,
            r#"{"height": 0, "hash": "HASH", "proof": 1}"#,
            r#"{"height": 99999999999999999999, "hash": "HASH", "proof": 1}"#,
            r#"{"height": 3, "hash": "HASH", "proof": 1.5}"#,
        ] {
            let parent = parent.replace("HASH", &hash);
            let asked = Asked::of(&format!(
                r#"{{"parent": {parent}, "blocks": [{{"text": ""}}]}}"#
            ));
            assert!(asked.expect("a copy").link().is_err(), "{parent}");
        }
    }
}
