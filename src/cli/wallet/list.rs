//! `bcoin wallet list`: whose keys are kept, and what they hold if a node says.

use clap::Args;
use serde_json::json;

use super::folder::{FolderOptions, listing, names, nobody};
use super::{is_unreachable, ledger};
use crate::cli::client::{NodeClient, NodeOptions};
use crate::cli::exit::Failure;
use crate::cli::terminal::{self, lines, table};
use crate::protocol::coin::amount::Amount;
use crate::wallet::keystore::StoredKey;

#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Balances are shown if a node of a currency answers. The list needs neither node nor password; where
a node was named and does not answer, the exit code says so after the list.

Examples:
  bcoin wallet list
  bcoin wallet list --offline
  bcoin wallet list --json | jq -r .addresses[0].address"
)]
pub struct ListArgs {
    /// Ask no node
    #[arg(long)]
    pub offline: bool,
    #[command(flatten)]
    pub node: NodeOptions,
    #[command(flatten)]
    pub folder: FolderOptions,
}

pub async fn run(args: &ListArgs) -> Result<(), Failure> {
    let keystore = args.folder.open()?;
    let names = names(&keystore)?;
    let keys = listing(&keystore)?.keys;
    let mut unsaid = None;
    let balances = match args.offline || keys.is_empty() {
        true => None,
        false => match balances(&args.node, &keys).await {
            Ok(balances) => Some(balances),
            // A node that was named and says nothing is a failure, told once the list is there.
            Err(failure) if args.node.node.is_some() => {
                unsaid = Some(failure);
                None
            }
            Err(failure) => {
                let why = match is_unreachable(&failure) {
                    true => "no node answers".to_owned(),
                    false => failure.to_string(),
                };
                terminal::note(&format!("note: without balances, since {why}"));
                None
            }
        },
    };
    let balance = |index: usize| balances.as_ref().and_then(|all| all.get(index));
    if args.node.json {
        let addresses: Vec<_> = keys
            .iter()
            .enumerate()
            .map(|(index, key)| {
                json!({"address": key.address.to_string(), "name": names.name(key.address), "file": key.path, "balance": balance(index)})
            })
            .collect();
        let answer = json!({"wallet": keystore.folder(), "addresses": addresses});
        terminal::print(&format!("{answer}\n"))?;
        return unsaid.map_or(Ok(()), Err);
    }
    if keys.is_empty() {
        return Err(nobody(&keystore));
    }
    let mut table = match balances {
        Some(_) => table(["ADDRESS", "NAME", "COINS"]),
        None => table(["ADDRESS", "NAME", ""]),
    };
    for (index, key) in keys.iter().enumerate() {
        let name = names.name(key.address).unwrap_or("-");
        let coins = balance(index).map(Amount::to_string).unwrap_or_default();
        table.add_row([key.address.to_string(), name.to_owned(), coins]);
    }
    terminal::print(&lines(&table))?;
    unsaid.map_or(Ok(()), Err)
}

async fn balances(node: &NodeOptions, keys: &[StoredKey]) -> Result<Vec<Amount>, Failure> {
    let node = NodeClient::open(node).await?;
    ledger::network(&node).await?;
    let mut balances = Vec::new();
    for key in keys {
        balances.push(ledger::account(&node, key.address).await?.value.balance);
    }
    Ok(balances)
}
