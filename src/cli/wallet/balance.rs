//! `bcoin wallet balance`: what addresses hold, as the node says.

use alloy_primitives::Address;
use clap::Args;
use serde_json::json;

use super::folder::{FolderOptions, listing, names, nobody, whose};
use super::ledger;
use crate::cli::client::{NodeClient, NodeOptions};
use crate::cli::exit::Failure;
use crate::cli::terminal::{self, lines, strong, table};
use crate::protocol::coin::amount::Amount;

#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  bcoin wallet balance
  bcoin wallet balance savings
  bcoin wallet balance 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266 --json | jq .accounts[0]")]
pub struct BalanceArgs {
    /// Names or addresses, of anyone [default: all of the wallet]
    #[arg(value_name = "WHO")]
    pub who: Vec<String>,
    #[command(flatten)]
    pub node: NodeOptions,
    #[command(flatten)]
    pub folder: FolderOptions,
}

pub async fn run(args: &BalanceArgs) -> Result<(), Failure> {
    let keystore = args.folder.open()?;
    let names = names(&keystore)?;
    let mut whom: Vec<Address> = Vec::new();
    for text in &args.who {
        whom.push(whose(text, &names)?);
    }
    if whom.is_empty() {
        whom.extend(listing(&keystore)?.keys.iter().map(|key| key.address));
    }
    if whom.is_empty() {
        return Err(nobody(&keystore));
    }
    let node = NodeClient::open(&args.node).await?;
    ledger::network(&node).await?;
    let mut table = table(["ADDRESS", "NAME", "COINS"]);
    let mut total = Amount::ZERO;
    let mut accounts = Vec::new();
    for address in whom {
        let account = ledger::account(&node, address).await?;
        let balance = account.value.balance;
        total = total
            .checked_add(balance)
            .ok_or_else(|| Failure::failed("the node's balances are above any that can be"))?;
        let name = names.name(address).unwrap_or("-");
        table.add_row([address.to_string(), name.to_owned(), balance.to_string()]);
        accounts.push(account.json);
    }
    if args.node.json {
        let answer = json!({"accounts": accounts, "total": total});
        return terminal::print(&format!("{answer}\n"));
    }
    let mut text = lines(&table);
    if accounts.len() > 1 {
        text.push_str(&format!("Together {}\n", strong(&total.to_string())));
    }
    terminal::print(&text)
}
