//! `bcoin wallet history`: what went in and out of an address, as the node's index says.

use chrono::DateTime;
use clap::Args;
use serde::Deserialize;

use super::folder::{FolderOptions, whose_or_only};
use super::ledger;
use crate::cli::client::{NodeClient, NodeOptions};
use crate::cli::exit::Failure;
use crate::cli::terminal::{self, cell, lines, printable, table};

#[derive(Debug, Args)]
#[command(after_help = "The last come first.

Examples:
  bcoin wallet history
  bcoin wallet history savings --limit 100
  bcoin wallet history 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266 --json | jq .entries")]
pub struct HistoryArgs {
    /// A name or an address, of anyone [default: the only one of the wallet]
    #[arg(value_name = "WHO")]
    pub who: Option<String>,
    /// How many to show at most
    #[arg(long, short = 'n', value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub limit: u32,
    /// Go on where the page before ended
    #[arg(long, value_name = "NEXT")]
    pub before: Option<String>,
    #[command(flatten)]
    pub node: NodeOptions,
    #[command(flatten)]
    pub folder: FolderOptions,
}

#[derive(Debug, Deserialize)]
struct Page {
    entries: Vec<Entry>,
    next: Option<serde_json::Value>,
}

/// One movement. Texts stand as the node sent them: nothing is computed with them.
#[derive(Debug, Deserialize)]
struct Entry {
    block: u64,
    time: i64,
    transaction: Option<String>,
    kind: String,
    from: Option<String>,
    to: Option<String>,
    value: String,
    fee: Option<String>,
    status: String,
}

pub async fn run(args: &HistoryArgs) -> Result<(), Failure> {
    let keystore = args.folder.open()?;
    let names = keystore.names()?;
    let address = whose_or_only(args.who.as_deref(), &keystore, &names)?;
    let node = NodeClient::open(&args.node).await?;
    ledger::network(&node).await?;
    let mut path = format!("/v1/accounts/{address}/history?limit={}", args.limit);
    if let Some(before) = &args.before {
        let before: String = url::form_urlencoded::byte_serialize(before.as_bytes()).collect();
        path.push_str(&format!("&before={before}"));
    }
    let answer = node.get(&path).await?;
    if args.node.json {
        return answer.print();
    }
    let page: Page = serde_json::from_slice(&answer.body)
        .map_err(|error| Failure::failed(format!("{} sent no history: {error}", node.address())))?;
    if page.entries.is_empty() {
        return terminal::print("Nothing went in or out.\n");
    }
    let mut table = table([
        "BLOCK",
        "TIME (UTC)",
        "KIND",
        "OTHER SIDE",
        "COINS",
        "FEE",
        "TRANSACTION",
    ]);
    for entry in &page.entries {
        table.add_row(row(entry, &|other| {
            let address = other.parse().ok();
            address
                .and_then(|address| names.name(address))
                .map(str::to_owned)
        }));
    }
    terminal::print(&lines(&table))?;
    if let Some(next) = page.next {
        let next = next.as_str().map_or(next.to_string(), str::to_owned);
        terminal::note(&format!("Older ones: --before {}", printable(&next)));
    }
    Ok(())
}

fn row(entry: &Entry, name: &dyn Fn(&str) -> Option<String>) -> [String; 7] {
    let (sign, other) = match entry.kind.as_str() {
        "received" => ("+", entry.from.as_deref()),
        "reward" => ("+", None),
        "self" => ("", entry.to.as_deref()),
        _ => ("-", entry.to.as_deref()),
    };
    let failed = entry.status != "ok";
    let kind = match failed {
        true => format!("{} ({})", entry.kind, entry.status),
        false => entry.kind.clone(),
    };
    // A failed one moved nothing but its fee.
    let coins = match failed {
        true => "0".to_owned(),
        false => format!("{sign}{}", entry.value),
    };
    let other = other.map_or("-".to_owned(), |other| {
        name(other).unwrap_or_else(|| other.to_owned())
    });
    let time = DateTime::from_timestamp(entry.time, 0).map_or_else(
        || entry.time.to_string(),
        |time| time.format("%Y-%m-%d %H:%M:%S").to_string(),
    );
    let hash = entry.transaction.as_deref().unwrap_or("-");
    [
        entry.block.to_string(),
        time,
        cell(&kind, 24),
        cell(&other, 42),
        cell(&coins, 80),
        cell(entry.fee.as_deref().unwrap_or("-"), 80),
        terminal::hash(&printable(hash)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(json: serde_json::Value) -> [String; 7] {
        let entry: Entry = serde_json::from_value(json).unwrap();
        row(&entry, &|other| {
            (other == "0xb").then(|| "savings".to_owned())
        })
    }

    #[test]
    fn movements_show_their_direction() {
        let entry = |kind: &str, status: &str| {
            serde_json::json!({"block": 7, "time": 1_700_000_000, "transaction": "0xabc", "kind": kind, "from": "0xa", "to": "0xb",
                "value": "1.5", "fee": "0.000021", "status": status})
        };
        let [block, time, kind, other, coins, fee, hash] = shown(entry("sent", "ok"));
        assert_eq!(
            (block.as_str(), time.as_str()),
            ("7", "2023-11-14 22:13:20")
        );
        assert_eq!(
            (kind.as_str(), other.as_str(), coins.as_str()),
            ("sent", "savings", "-1.5")
        );
        assert_eq!((fee.as_str(), hash.as_str()), ("0.000021", "0xabc"));
        let [_, _, kind, other, coins, ..] = shown(entry("received", "ok"));
        assert_eq!(
            (kind.as_str(), other.as_str(), coins.as_str()),
            ("received", "0xa", "+1.5")
        );
        let [_, _, kind, _, coins, ..] = shown(entry("call", "failed"));
        assert_eq!((kind.as_str(), coins.as_str()), ("call (failed)", "0"));
        assert_eq!(shown(entry("self", "ok"))[4], "1.5");
        let mut reward = entry("reward", "ok");
        for member in ["transaction", "from", "fee"] {
            reward[member] = serde_json::Value::Null;
        }
        let [_, _, _, other, coins, fee, hash] = shown(reward);
        assert_eq!([other, coins, fee, hash], ["-", "+1.5", "-", "-"]);
    }

    #[test]
    fn what_a_node_sends_cannot_steer_the_terminal() {
        let json = serde_json::json!({"block": 7, "time": i64::MAX, "transaction": "\u{1b}[2J", "kind": "\u{1b}[2J", "from": "\u{1b}[2J",
            "to": "\u{1b}[2J", "value": "\u{1b}[2J", "fee": "\u{1b}[2J", "status": "\u{1b}[2J"});
        assert!(shown(json).iter().all(|text| !text.contains('\u{1b}')));
    }
}
