//! `bcoin chain`: blocks of a running node, as a table or one in full.

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
    /// Show one block with its transactions: its height, its hash (or record hash, with 0x), or tip
    #[arg(value_name = "BLOCK", value_parser = block_name, conflicts_with_all = ["from", "limit", "tail"])]
    pub block: Option<String>,
    /// The height to begin at
    #[arg(long, value_name = "HEIGHT")]
    pub from: Option<u64>,
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
    let height = text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u64>().is_ok();
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let hash = digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if height || hash || text == "tip" {
        Ok(text.to_ascii_lowercase())
    } else {
        Err(
            "a block is named by its height, by the 64 hex digits of its hash, or by tip"
                .to_owned(),
        )
    }
}

impl ChainArgs {
    fn page(&self) -> String {
        match (self.from, self.limit) {
            (None, None) => format!("/v1/blocks?order=desc&limit={}", self.tail.unwrap_or(10)),
            (from, limit) => {
                let from = from.map_or_else(String::new, |from| format!("&from={from}"));
                let limit = limit.unwrap_or(100);
                format!("/v1/blocks?order=asc{from}&limit={limit}")
            }
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
        // A coin node's entry is the block itself.
        let (block, height) = match entry.raw("block") {
            Some(block) => (Members::of(block)?, "height"),
            None => (Members::of(text)?, "number"),
        };
        last = entry.shown(height);
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
    if block.raw("record_hash").is_some() {
        return coin_block(entry, &block);
    }
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

/// Whom a coin transaction pays: an account, or the contract that it makes.
fn receiver(transaction: &Members<'_>) -> String {
    match (transaction.raw("receiver"), transaction.raw("created")) {
        (Some(receiver), _) if receiver != "null" => transaction.shown("receiver"),
        (_, Some(_)) => format!("{} (new contract)", transaction.shown("created")),
        _ => "new contract".to_owned(),
    }
}

/// A block of a coin node.
fn coin_block(entry: &Members<'_>, block: &Members<'_>) -> Text {
    let mut out = format!("{}\n", strong(&format!("Block {}", block.shown("number"))));
    if !entry.is_true("on_chain") {
        out.push_str("beside the chain: another branch has more work\n");
    }
    for (label, value) in [
        ("hash", block.shown("hash")),
        ("record hash", block.shown("record_hash")),
        ("previous hash", block.shown("previous_hash")),
        ("state root", block.shown("state_root")),
        (
            "bits, nonce",
            format!("{}, {}", block.shown("bits"), block.shown("proof")),
        ),
        ("time", block.shown("timestamp")),
        ("miner", block.shown("miner")),
        ("subsidy", block.shown("subsidy")),
        ("gas used", block.shown("gas_used")),
        ("confirmations", entry.shown("confirmations")),
    ] {
        out.push_str(&format!("{label:<14} {value}\n"));
    }
    let transactions = block.items("transactions");
    if transactions.is_empty() {
        out.push_str("no transactions\n");
        return Ok(out);
    }
    let mut table = table(["SENDER", "RECEIVER", "COINS", "STATUS", "TRANSACTION"]);
    for transaction in transactions {
        let transaction = Members::of(transaction)?;
        table.add_row([
            transaction.shown("sender"),
            receiver(&transaction),
            cell(&transaction.shown("amount"), VALUE_WIDTH),
            // A block beside the chain was never executed.
            transaction.shown("status"),
            terminal::hash(&transaction.shown("hash")),
        ]);
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
        assert_eq!(block_name("0").unwrap(), "0");
        let record = format!("0x{}", "AB".repeat(32));
        assert_eq!(block_name(&record).unwrap(), record.to_lowercase());
        assert_eq!(block_name(&"AB".repeat(32)).unwrap(), "ab".repeat(32));
        for text in ["-1", "", "top", "abc", "../livez"] {
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
    fn a_coin_nodes_blocks_are_shown_as_well() {
        let block = r#"{"number":3,"index":4,"hash":"cc","record_hash":"0xdd","proof":5,"timestamp":"t","transactions":[
            {"sender":"0xA","receiver":null,"amount":"1.5","hash":"0xee"}]}"#;
        let page_text = format!(r#"{{"blocks":[{block}],"next":null}}"#);
        let out = page(&Members::of(&page_text).unwrap(), true).unwrap();
        let row: Vec<&str> = out.lines().nth(1).unwrap().split_whitespace().collect();
        assert_eq!(row, ["3", "cc", "5", "1", "t"]);
        let one = format!(r#"{{"confirmations":0,"on_chain":false,"block":{block}}}"#);
        let out = one_block(&Members::of(&one).unwrap()).unwrap();
        assert!(out.starts_with("Block 3\nbeside the chain"), "{out}");
        assert!(out.contains("1.5") && out.contains("0xee"), "{out}");
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
