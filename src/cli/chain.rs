//! `bcoin chain`: blocks of a running node, as a table or one in full.

use std::num::NonZeroU64;

use clap::Args;

use super::answer::{self, Members};
use super::client::{NodeClient, NodeOptions};
use super::exit::Failure;
use super::terminal::{self, cell, lines, strong, table};

/// The most blocks that a node hands out on one page.
const MOST_BLOCKS: u64 = 1_000;

/// How many characters of a free value a table shows.
const VALUE_WIDTH: usize = 48;

#[derive(Debug, Args)]
#[command(
    after_help = "Without options the last ten blocks are shown, the tip at the end.

Examples:
  bcoin chain
  bcoin chain --tail 30
  bcoin chain --from 100 --limit 50
  bcoin chain tip
  bcoin chain 7 --json | jq .block.transactions"
)]
pub struct ChainArgs {
    /// Show one block with its transactions: its height, its hash, or tip
    #[arg(value_name = "BLOCK", value_parser = block_name, conflicts_with_all = ["from", "limit", "tail"])]
    pub block: Option<String>,
    /// The height to begin at
    #[arg(long, value_name = "HEIGHT")]
    pub from: Option<NonZeroU64>,
    /// How many blocks to show from there, at most 1000 [default: 100]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=MOST_BLOCKS))]
    pub limit: Option<u64>,
    /// How many of the last blocks to show, at most 1000 [default: 10]
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=MOST_BLOCKS), conflicts_with_all = ["from", "limit"])]
    pub tail: Option<u64>,
    #[command(flatten)]
    pub node: NodeOptions,
}

/// Reads the name of one block.
fn block_name(text: &str) -> Result<String, String> {
    let height = text.parse::<NonZeroU64>().is_ok();
    let hash = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if height || hash || text == "tip" {
        Ok(text.to_ascii_lowercase())
    } else {
        Err(
            "a block is named by its height from 1, by the 64 hex digits of its hash, or by tip"
                .to_owned(),
        )
    }
}

impl ChainArgs {
    fn page(&self) -> String {
        match (self.from, self.limit) {
            (None, None) => format!("/v1/blocks?order=desc&limit={}", self.tail.unwrap_or(10)),
            (from, limit) => format!(
                "/v1/blocks?order=asc&from={}&limit={}",
                from.map_or(1, NonZeroU64::get),
                limit.unwrap_or(100)
            ),
        }
    }
}

pub async fn run(args: &ChainArgs) -> Result<(), Failure> {
    let node = NodeClient::open(&args.node).await?;
    let path = args
        .block
        .as_ref()
        .map_or_else(|| args.page(), |block| format!("/v1/blocks/{block}"));
    let answer = node.get(&path).await?;
    if args.node.json {
        return answer.print();
    }
    let members = answer::members(&node, &answer)?;
    let text = match args.block {
        Some(_) => one_block(&members),
        None => page(&members, args.from.is_none() && args.limit.is_none()),
    };
    terminal::print(&text.map_err(|error| {
        Failure::failed(format!(
            "{} sent a block that is no JSON: {error}",
            node.address()
        ))
    })?)
}

type Text = Result<String, crate::protocol::classic::json::JsonError>;

fn page(page: &Members<'_>, backwards: bool) -> Text {
    let mut blocks = page.items("blocks");
    if blocks.is_empty() {
        return Ok("No blocks there.\n".to_owned());
    }
    if backwards {
        blocks.reverse();
    }
    let mut table = table(["HEIGHT", "HASH", "PROOF", "TXS", "TIMESTAMP"]);
    let mut last = String::new();
    for text in blocks {
        let entry = Members::of(text)?;
        let block = Members::of(entry.raw("block").unwrap_or_default())?;
        last = entry.shown("height");
        table.add_row([
            last.clone(),
            terminal::hash(&entry.shown("hash")),
            cell(&block.shown("proof"), 32),
            block.items("transactions").len().to_string(),
            cell(&block.shown("timestamp"), 32),
        ]);
    }
    let more = match (page.raw("next"), last.parse::<u64>()) {
        (Some(next), Ok(last)) if next != "null" && !backwards => {
            format!(
                "There are more: `--from {}` goes on.\n",
                last.saturating_add(1)
            )
        }
        _ => String::new(),
    };
    Ok(format!("{}{more}", lines(&table)))
}

fn one_block(entry: &Members<'_>) -> Text {
    let block = Members::of(entry.raw("block").unwrap_or_default())?;
    let mut out = format!("{}\n", strong(&format!("Block {}", entry.shown("height"))));
    if entry.is_true("displaced") {
        out.push_str("displaced: a longer chain took its place\n");
    }
    for (label, value) in [
        ("hash", entry.shown("hash")),
        ("previous hash", block.shown("previous_hash")),
        ("proof", block.shown("proof")),
        ("timestamp", block.shown("timestamp")),
    ] {
        out.push_str(&format!("{label:<14} {value}\n"));
    }
    let transactions = block.items("transactions");
    if transactions.is_empty() {
        out.push_str("no transactions\n");
        return Ok(out);
    }
    let mut table = table(["SENDER", "RECEIVER", "AMOUNT"]);
    for transaction in transactions {
        let transaction = Members::of(transaction)?;
        table.add_row(
            ["sender", "receiver", "amount"].map(|name| match transaction.raw(name) {
                // An empty text would look as if nothing were there.
                Some(empty @ "\"\"") => empty.to_owned(),
                _ => cell(&transaction.shown(name), VALUE_WIDTH),
            }),
        );
    }
    out.push('\n');
    out.push_str(&lines(&table));
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_named_in_three_ways() {
        assert_eq!(block_name("tip").unwrap(), "tip");
        assert_eq!(block_name("7").unwrap(), "7");
        assert_eq!(block_name(&"AB".repeat(32)).unwrap(), "ab".repeat(32));
        for text in ["0", "-1", "", "top", "abc", "../livez"] {
            assert!(block_name(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_page_shows_blocks_that_only_python_reads() {
        let text = r#"{"blocks":[{"height":2,"hash":"bb","block":{"index":2,"proof":533,"timestamp":"t\u001b","previous_hash":"aa","transactions":[{"amount":NaN},1],"x":"\ud800"}},
            {"height":1,"hash":"aa","block":{"index":1,"proof":1,"timestamp":"s","previous_hash":"0","transactions":[]}}],"next":null}"#;
        let out = page(&Members::of(text).unwrap(), true).unwrap();
        let rows: Vec<Vec<&str>> = out
            .lines()
            .map(|line| line.split_whitespace().collect())
            .collect();
        assert_eq!(rows[1], ["1", "aa", "1", "0", "s"]);
        assert_eq!(rows[2], ["2", "bb", "533", "2", "t\\u{1b}"]);
    }

    #[test]
    fn one_block_shows_its_transactions() {
        let text = r#"{"height":2,"hash":"bb","displaced":true,"block":{"index":2,"proof":533,"timestamp":"t","previous_hash":"aa",
            "transactions":[{"sender":"A","receiver":{"k":1},"amount":Infinity}]}}"#;
        let out = one_block(&Members::of(text).unwrap()).unwrap();
        assert!(out.contains("displaced"), "{out}");
        assert!(
            out.contains(r#"{"k": 1}"#) && out.contains("Infinity"),
            "{out}"
        );
    }
}
