//! `bcoin wallet send`: a transfer of coins, asked for, shown, confirmed, signed here and handed to a node.

use clap::Args;

use super::folder::{FolderOptions, names, whose, whose_or_only};
use super::ledger::{self, Speed};
use super::secrets::PasswordOptions;
use super::summary::Summary;
use super::waiting;
use crate::cli::client::{NodeClient, NodeOptions};
use crate::cli::exit::Failure;
use crate::cli::terminal::{self, good, printable};
use crate::protocol::coin::amount::Amount;
use crate::wallet::keys::Key;
use crate::wallet::names::Names;
use crate::wallet::transaction::Signed;
use crate::wallet::transfer::{TRANSFER_GAS, Transfer};

#[derive(Debug, Clone, Args)]
#[command(
    after_help = "The key never leaves this program: the node gets a signed transaction. Without --yes the
transfer is shown, and asked about, before it is signed. With --offline no node is asked and the
signed transaction is printed; any node of that chain takes it: `bcoin tx add --file -` with
{\"raw\": \"0x…\"} on standard input. A nonce counts once, so nothing is sent twice.

Examples:
  bcoin wallet send --to 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --amount 1.5 --wait
  bcoin wallet send --from savings --to daily --amount 0.25 --fee high --yes
  bcoin wallet send --to daily --amount 1 --offline --nonce 7 --chain-id 31337 --fee 1000000001"
)]
pub struct SendArgs {
    /// The name or address that pays [default: the only one of the wallet]
    #[arg(long, value_name = "WHO")]
    pub from: Option<String>,
    /// The name or address that receives
    #[arg(long, value_name = "WHO")]
    pub to: String,
    /// How many coins, as a decimal number of at most 18 places; 0 is allowed
    #[arg(long, value_name = "COINS", value_parser = parse_amount, allow_hyphen_values = true)]
    pub amount: Amount,
    /// The fee: low, normal, high, or units a gas [default: normal]
    #[arg(long, value_name = "FEE", value_parser = parse_fee)]
    pub fee: Option<Fee>,
    /// How much gas the transfer may use; more is needed where the receiver is a contract
    #[arg(long, value_name = "GAS", default_value_t = TRANSFER_GAS)]
    pub gas: u64,
    /// The transaction's nonce; that of a waiting one replaces it [default: the next free]
    #[arg(long, value_name = "N", required_if_eq("offline", "true"))]
    pub nonce: Option<u64>,
    /// The network's chain id; the node must have the same
    #[arg(long, value_name = "ID", required_if_eq("offline", "true"))]
    pub chain_id: Option<u64>,
    /// Ask no node, and print the signed transaction
    #[arg(long, conflicts_with = "wait")]
    pub offline: bool,
    /// Send without asking
    #[arg(long, short)]
    pub yes: bool,
    /// Wait until a block holds the transaction
    #[arg(long, short)]
    pub wait: bool,
    #[command(flatten)]
    pub node: NodeOptions,
    #[command(flatten)]
    pub password: PasswordOptions,
    #[command(flatten)]
    pub folder: FolderOptions,
}

/// By which rules a node refuses a transaction whose nonce another one has.
const NONCE_TAKEN: [&str; 2] = ["mempool_nonce_used", "mempool_replacement_pays_too_little"];

/// How often a nonce is chosen: more commands at once than a person starts.
const NONCE_TRIES: u32 = 16;

/// What a gas may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fee {
    AsTheNodeSays(Speed),
    Units(u128),
}

pub fn parse_amount(text: &str) -> Result<Amount, String> {
    text.parse::<Amount>().map_err(|error| error.to_string())
}

pub fn parse_fee(text: &str) -> Result<Fee, String> {
    match text {
        "low" => Ok(Fee::AsTheNodeSays(Speed::Low)),
        "normal" => Ok(Fee::AsTheNodeSays(Speed::Normal)),
        "high" => Ok(Fee::AsTheNodeSays(Speed::High)),
        units => units
            .parse()
            .map(Fee::Units)
            .map_err(|_| "a fee is low, normal, high, or a whole number of units a gas".to_owned()),
    }
}

pub async fn run(args: &SendArgs) -> Result<(), Failure> {
    let keystore = args.folder.open()?;
    let names = names(&keystore)?;
    let from = whose_or_only(args.from.as_deref(), &keystore, &names)?;
    let to = whose(&args.to, &names)?;
    // Before a node is asked: is there a key to sign with?
    keystore.find(from)?;
    let (node, mut summary) = match args.offline {
        true => (None, offline(args, from, to)?),
        false => {
            let node = NodeClient::open(&args.node).await?;
            let summary = online(args, &node, from, to).await?;
            (Some(node), summary)
        }
    };
    if !confirmed(args, &summary, &names)? {
        return Err(Failure::failed("nothing was sent"));
    }
    let key = args.password.unlock_key(&keystore, from)?;
    match node {
        None => print_signed(args, &summary, &sign(&summary, &key)?),
        Some(node) => {
            let signed = submitted(args, &node, &mut summary, &key).await?;
            drop(key);
            handed_over(args, &node, &summary, &signed).await
        }
    }
}

fn sign(summary: &Summary, key: &Key) -> Result<Signed, Failure> {
    let signed = summary.transfer.sign(key);
    signed.map_err(|error| Failure::usage(error.to_string()))
}

/// Signs and hands over. Where another transaction took the nonce meanwhile, it goes on to the next, unless the nonce was asked for.
async fn submitted(
    args: &SendArgs,
    node: &NodeClient,
    summary: &mut Summary,
    key: &Key,
) -> Result<Signed, Failure> {
    let mut tries = 1;
    loop {
        let signed = sign(summary, key)?;
        let refused = match ledger::submit(node, &signed.raw).await {
            Ok(()) => return Ok(signed),
            Err(refused) => refused,
        };
        let is_taken = refused
            .rule
            .as_deref()
            .is_some_and(|rule| NONCE_TAKEN.contains(&rule));
        if args.nonce.is_some() || !is_taken || tries == NONCE_TRIES {
            return Err(refused);
        }
        tries += 1;
        let taken = summary.transfer.nonce;
        let next = ledger::account(node, summary.from).await?.value.next_nonce;
        if next <= taken {
            return Err(refused);
        }
        terminal::note(&format!(
            "note: another transaction took nonce {taken} meanwhile; this one gets {next}"
        ));
        summary.transfer.nonce = next;
    }
}

fn offline(
    args: &SendArgs,
    from: alloy_primitives::Address,
    to: alloy_primitives::Address,
) -> Result<Summary, Failure> {
    let Some(Fee::Units(units)) = args.fee else {
        return Err(
            Failure::usage("offline no node says what a low, normal or high fee is")
                .hint("`--fee 1000000001` gives units a gas."),
        );
    };
    Summary::new(
        from,
        Transfer {
            chain_id: args.chain_id.unwrap_or_default(),
            nonce: args.nonce.unwrap_or_default(),
            to,
            amount: args.amount,
            gas_limit: args.gas,
            greatest_fee: units,
            priority_fee: units,
        },
    )
}

async fn online(
    args: &SendArgs,
    node: &NodeClient,
    from: alloy_primitives::Address,
    to: alloy_primitives::Address,
) -> Result<Summary, Failure> {
    let (network, chain_id) = ledger::network(node).await?;
    if let Some(expected) = args.chain_id.filter(|expected| *expected != chain_id) {
        return Err(Failure::failed(format!(
            "{} runs {}, whose chain id is {chain_id}, not {expected}",
            node.address(),
            printable(&network.network)
        )));
    }
    let sender = ledger::account(node, from).await?.value;
    let receiver = ledger::account(node, to).await?.value;
    let (greatest_fee, priority_fee) = match args.fee {
        // What is above the base fee goes to the miner, so all of it may.
        Some(Fee::Units(units)) => (units, units),
        Some(Fee::AsTheNodeSays(speed)) => ledger::fees(node).await?.at(speed)?,
        None => ledger::fees(node).await?.at(Speed::Normal)?,
    };
    let transfer = Transfer {
        chain_id,
        nonce: args.nonce.unwrap_or(sender.next_nonce),
        to,
        amount: args.amount,
        gas_limit: args.gas,
        greatest_fee,
        priority_fee,
    };
    let mut summary = Summary::new(from, transfer)?;
    summary.network = Some((network.network, node.address()));
    summary.balance = Some(sender.balance);
    summary.waiting = sender.next_nonce.saturating_sub(sender.nonce);
    summary.receiver_has_code = receiver.code_hash.is_some();
    if summary.receiver_has_code && args.gas == TRANSFER_GAS {
        return Err(Failure::usage(format!(
            "{to} is a contract, whose code runs when it receives coins; {TRANSFER_GAS} gas is for accounts without code"
        ))
        .hint("`--gas 100000` allows for more; what is not used is not paid."));
    }
    summary.check_balance()?;
    Ok(summary)
}

fn confirmed(args: &SendArgs, summary: &Summary, names: &Names) -> Result<bool, Failure> {
    let text = summary.text(names);
    terminal::note(text.trim_end());
    if args.yes {
        return Ok(true);
    }
    let question = match args.offline {
        true => "Sign it?",
        false => "Send it?",
    };
    let undone = "a transfer is sent only when confirmed";
    terminal::confirmed(question, undone, "`--yes` sends without asking.")
}

fn print_signed(args: &SendArgs, summary: &Summary, signed: &Signed) -> Result<(), Failure> {
    match args.node.json {
        true => terminal::print(&format!("{}\n", summary.json(signed, "signed"))),
        false => terminal::print(&format!("{}\n", signed.raw)),
    }
}

/// Says so, and waits for a block if asked to.
async fn handed_over(
    args: &SendArgs,
    node: &NodeClient,
    summary: &Summary,
    signed: &Signed,
) -> Result<(), Failure> {
    let hash = signed.hash;
    if !args.wait {
        return match args.node.json {
            true => terminal::print(&format!("{}\n", summary.json(signed, "waiting"))),
            false => {
                terminal::print(&format!("{hash}\n"))?;
                terminal::note("The node keeps it until a block takes it.");
                Ok(())
            }
        };
    }
    // The hash first, for whoever does not want to wait any longer.
    if !args.node.json {
        terminal::print(&format!("{hash}\n"))?;
    }
    let mined = waiting::until_mined(node, hash).await?;
    if args.node.json {
        let mut answer = summary.json(signed, "mined");
        if let Some(members) = answer.as_object_mut() {
            members.insert("transaction".to_owned(), mined);
        }
        return terminal::print(&format!("{answer}\n"));
    }
    let block = mined
        .get("block")
        .map_or("a block".to_owned(), |block| format!("block {block}"));
    terminal::note(&good(&format!("It is in {}.", printable(&block))));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fees_are_levels_or_whole_units() {
        assert_eq!(parse_fee("high"), Ok(Fee::AsTheNodeSays(Speed::High)));
        assert_eq!(parse_fee("1000000001"), Ok(Fee::Units(1_000_000_001)));
        for text in [
            "",
            "1.5",
            "-1",
            "fast",
            "1e9",
            "340282366920938463463374607431768211456",
        ] {
            assert!(parse_fee(text).is_err(), "{text}");
        }
    }
}
