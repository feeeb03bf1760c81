//! `bcoin mine` and `bcoin replace`: the calls that make a node's chain longer.

use std::time::Duration;

use clap::Args;
use comfy_table::{Cell, Color};

use super::answer::{self, Members};
use super::client::{Answer, NodeClient, NodeOptions};
use super::exit::Failure;
use super::terminal::{self, Unit, cell, count, good, lines, table};

/// How often a search that goes on is asked about.
const ASK_AGAIN: Duration = Duration::from_millis(500);

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  bcoin mine
  bcoin mine --blocks 20 --node http://127.0.0.1:1002")]
pub struct MineArgs {
    /// How many blocks to mine, one after the other
    #[arg(long, short, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    pub blocks: u64,
    #[command(flatten)]
    pub node: NodeOptions,
}

#[derive(Debug, Args)]
#[command(
    after_help = "The node asks all nodes it knows for their chains and takes the longest valid one that is longer
than its own.

Examples:
  bcoin replace
  bcoin replace --node http://127.0.0.1:1003"
)]
pub struct ReplaceArgs {
    #[command(flatten)]
    pub node: NodeOptions,
}

pub async fn mine(args: &MineArgs) -> Result<(), Failure> {
    let node = NodeClient::open(&args.node).await?;
    let mut table = table(["HEIGHT", "PROOF", "TXS", "PREVIOUS HASH"]);
    let bar = if args.blocks > 1 {
        terminal::bar(Some(args.blocks), Unit::Blocks)
    } else {
        indicatif::ProgressBar::hidden()
    };
    for _ in 0..args.blocks {
        let answer = mined(&node).await?;
        if args.node.json {
            answer.print()?;
        } else {
            let block = answer::members(&node, &answer)?;
            // A coin chain counts from 0, and its index is the book's count.
            let height = match block.raw("number") {
                Some(_) => "number",
                None => "index",
            };
            table.add_row([
                block.shown(height),
                block.shown("proof"),
                block.items("transactions").len().to_string(),
                terminal::hash(&block.shown("previous_hash")),
            ]);
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    if args.node.json {
        return Ok(());
    }
    let mined = good(&format!("Mined {}.", count(args.blocks, "block")));
    terminal::print(&format!("{mined}\n{}", lines(&table)))
}

/// The block that the node mines; where the proof takes its time, what the search that goes on comes to.
async fn mined(node: &NodeClient) -> Result<Answer, Failure> {
    let answer = node.post("/mine_block", None).await?;
    let members = answer::members(node, &answer)?;
    let see = match members.raw("see") {
        Some(_) if members.raw("proof").is_none() => members.shown("see"),
        _ => return Ok(answer),
    };
    let sign = terminal::waiting("searching a proof");
    loop {
        let search = node.get(&see).await?;
        let members = answer::members(node, &search)?;
        let found = match members.shown("state").as_str() {
            "searching" => None,
            "mined" => members.raw("block").map(|block| block.to_owned().into()),
            _ => return Err(Failure::failed(members.shown("detail"))),
        };
        if let Some(body) = found {
            sign.finish_and_clear();
            return Ok(Answer { body });
        }
        tokio::time::sleep(ASK_AGAIN).await;
    }
}

pub async fn replace(args: &ReplaceArgs) -> Result<(), Failure> {
    let node = NodeClient::open(&args.node).await?;
    let answer = node.post("/replace_chain", None).await?;
    if args.node.json {
        return answer.print();
    }
    terminal::print(&replaced(&answer::members(&node, &answer)?))
}

fn replaced(answer: &Members<'_>) -> String {
    let blocks = answer.items("new_chain").len() as u64;
    let verdict = if answer.is_true("replaced") {
        good(&format!(
            "The node took a longer chain; it has {} now.",
            count(blocks, "block")
        ))
    } else {
        format!("The node kept its chain of {}.", count(blocks, "block"))
    };
    let peers: Vec<Members<'_>> = answer
        .items("peers")
        .into_iter()
        .filter_map(|peer| Members::of(peer).ok())
        .collect();
    if peers.is_empty() {
        return format!(
            "{verdict}\nIt knows no other node: `bcoin peers add ADDRESS` makes one known.\n"
        );
    }
    let mut table = table(["NODE", "OUTCOME", "BLOCKS", "DETAIL"]);
    for peer in &peers {
        let outcome = peer.shown("outcome").replace('_', " ");
        // A colour inside the text would count as width.
        let colour = match outcome.as_str() {
            "adopted" => Some(Color::Green),
            "invalid" | "unreachable" | "refused" => Some(Color::Red),
            _ => None,
        };
        let outcome = Cell::new(outcome);
        table.add_row([
            Cell::new(peer.shown("address")),
            match colour.filter(|_| terminal::colours()) {
                Some(colour) => outcome.fg(colour),
                None => outcome,
            },
            Cell::new(peer.shown("length")),
            Cell::new(cell(&peer.shown("detail"), 400)),
        ]);
    }
    format!("{verdict}\n{}", lines(&table))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_each_peer_said_is_shown() {
        let text = r#"{"message":"m","new_chain":[{"x":NaN},{}],"replaced":true,"peers":[
            {"address":"127.0.0.1:1002","outcome":"adopted","length":2,"detail":"longer"},
            {"address":"127.0.0.1:1003","outcome":"longer_not_chosen","detail":"d"}]}"#;
        let out = replaced(&Members::of(text).unwrap());
        assert!(
            out.starts_with("The node took a longer chain; it has 2 blocks now."),
            "{out}"
        );
        assert!(out.contains("longer not chosen"), "{out}");
        assert!(
            replaced(&Members::of(r#"{"new_chain":[{}],"peers":[]}"#).unwrap())
                .contains("kept its chain of 1 block")
        );
    }
}
