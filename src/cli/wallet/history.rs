//! `bcoin wallet history`: what went in and out of an address, as the node's index says.

use alloy_primitives::Address;
use chrono::DateTime;
use clap::Args;
use serde::Deserialize;

use super::folder::{FolderOptions, names, whose_or_only};
use super::ledger;
use crate::cli::client::{NodeClient, NodeOptions};
use crate::cli::exit::Failure;
use crate::cli::terminal::{self, cell, lines, printable, table};

#[derive(Debug, Clone, Args)]
#[command(
    after_help = "The last come first. FEE is what this address paid. Coins that a contract sends while it runs are
in the balance, and not listed here.

Examples:
  bcoin wallet history
  bcoin wallet history savings --limit 100
  bcoin wallet history 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266 --json | jq .entries"
)]
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
    let names = names(&keystore)?;
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
        table.add_row(row(entry, address, &|other| {
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

fn row(entry: &Entry, of: Address, name: &dyn Fn(&str) -> Option<String>) -> [String; 7] {
    let is_of = |side: &Option<String>| {
        let address = side.as_deref().and_then(|side| side.parse().ok());
        address == Some(of)
    };
    // By the sides and not by the kind, since a call or a new contract is one thing to who pays and another to who is paid.
    let (pays, is_paid) = (is_of(&entry.from), is_of(&entry.to));
    let (sign, other) = match (pays, is_paid) {
        (true, true) => ("", entry.to.as_deref()),
        (true, false) => ("-", entry.to.as_deref()),
        (false, _) => ("+", entry.from.as_deref()),
    };
    let fee = entry.fee.as_deref().filter(|_| pays);
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
        cell(fee.unwrap_or("-"), 80),
        terminal::hash(&printable(hash)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
    const OTHER: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";

    fn shown(json: serde_json::Value) -> [String; 7] {
        let entry: Entry = serde_json::from_value(json).unwrap();
        row(&entry, OWN.parse().unwrap(), &|other| {
            (other == OTHER).then(|| "savings".to_owned())
        })
    }

    fn entry(kind: &str, status: &str, from: &str, to: &str) -> serde_json::Value {
        serde_json::json!({"block": 7, "time": 1_700_000_000, "transaction": "0xabc", "kind": kind, "from": from, "to": to,
            "value": "1.5", "fee": "0.000021", "status": status})
    }

    /// Other side, coins and fee.
    fn moved(json: serde_json::Value) -> [String; 3] {
        let [_, _, _, other, coins, fee, _] = shown(json);
        [other, coins, fee]
    }

    #[test]
    fn movements_show_their_direction() {
        let [block, time, kind, _, _, _, hash] = shown(entry("sent", "ok", OWN, OTHER));
        assert_eq!(
            [block, time, kind, hash],
            ["7", "2023-11-14 22:13:20", "sent", "0xabc"]
        );
        let [_, _, kind, ..] = shown(entry("call", "failed", OWN, OTHER));
        assert_eq!(kind, "call (failed)");
        for kind in ["sent", "call", "create"] {
            let out = moved(entry(kind, "ok", OWN, OTHER));
            assert_eq!(out, ["savings", "-1.5", "0.000021"], "{kind}");
            let failed = moved(entry(kind, "failed", OWN, OTHER));
            assert_eq!(failed, ["savings", "0", "0.000021"], "{kind}");
        }
        // A contract that is called or was made has received: whoever sent paid the fee.
        for kind in ["received", "call", "created"] {
            let into = moved(entry(kind, "ok", OTHER, OWN));
            assert_eq!(into, ["savings", "+1.5", "-"], "{kind}");
        }
        let itself = moved(entry("self", "ok", OWN, OWN));
        assert_eq!(itself, [OWN, "1.5", "0.000021"]);
        let mut reward = entry("reward", "ok", OTHER, OWN);
        for member in ["transaction", "from"] {
            reward[member] = serde_json::Value::Null;
        }
        reward["fee"] = "0".into();
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
