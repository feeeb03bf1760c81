//! From an order to a receipt: simulated, shown, confirmed, signed here, handed to the node, waited for.

use std::time::Duration;

use alloy_json_abi::JsonAbi;
use alloy_primitives::{Address, Bytes, TxKind};
use clap::Args;

use super::summary::{Mined, Summary};
use crate::cli::client::{NodeClient, NodeOptions};
use crate::cli::exit::Failure;
use crate::cli::terminal::{self, printable};
use crate::cli::wallet::folder::{FolderOptions, names, whose_or_only};
use crate::cli::wallet::ledger::{self, Speed};
use crate::cli::wallet::secrets::PasswordOptions;
use crate::cli::wallet::send::{Fee, parse_amount, parse_fee};
use crate::contract::program::with_margin;
use crate::contract::rpc::{Call, Receipt};
use crate::contract::{Revert, Rpc, RpcError};
use crate::protocol::coin::amount::Amount;
use crate::wallet::keys::Key;
use crate::wallet::names::Names;
use crate::wallet::transaction::{Signed, Transaction};

/// How often the node is asked for a receipt, and how often in a row it may not answer.
const PAUSE: Duration = Duration::from_millis(300);
const PATIENCE: u32 = 30;

/// How often a nonce is chosen: more commands at once than a person starts.
const NONCE_TRIES: u32 = 16;

#[derive(Debug, Clone, Args)]
pub struct SendingOptions {
    /// The name or address that signs and pays [default: the only one of the wallet]
    #[arg(long, value_name = "WHO")]
    pub from: Option<String>,
    /// How many coins go along, as a decimal number of at most 18 places
    #[arg(long, value_name = "COINS", value_parser = parse_amount, default_value = "0", allow_hyphen_values = true)]
    pub value: Amount,
    /// The fee: low, normal, high, or units a gas [default: normal]
    #[arg(long, value_name = "FEE", value_parser = parse_fee)]
    pub fee: Option<Fee>,
    /// How much gas it may use [default: a quarter more than the simulation used]
    #[arg(long, value_name = "GAS")]
    pub gas: Option<u64>,
    /// The transaction's nonce; that of a waiting one replaces it [default: the next free]
    #[arg(long, value_name = "N")]
    pub nonce: Option<u64>,
    /// The network's chain id; the node must have the same
    #[arg(long, value_name = "ID")]
    pub chain_id: Option<u64>,
    /// Send without asking
    #[arg(long, short)]
    pub yes: bool,
    /// Do not wait until a block holds the transaction
    #[arg(long)]
    pub no_wait: bool,
    #[command(flatten)]
    pub node: NodeOptions,
    #[command(flatten)]
    pub password: PasswordOptions,
    #[command(flatten)]
    pub folder: FolderOptions,
}

/// What is to be sent.
pub struct Order<'a> {
    pub to: TxKind,
    pub input: Bytes,
    /// In words, with the arguments.
    pub what: String,
    /// For the reasons of refusals, and for events.
    pub abi: &'a JsonAbi,
}

/// What was sent, and what became of it unless nobody waited.
pub struct Outcome {
    pub summary: Summary,
    pub signed: Signed,
    pub mined: Option<Mined>,
}

/// Sends an order; asks first, unless told not to.
pub async fn run(
    options: &SendingOptions,
    node: &NodeClient,
    names_known: &Names,
    order: Order<'_>,
) -> Result<Outcome, Failure> {
    let keystore = options.folder.open()?;
    let from = whose_or_only(options.from.as_deref(), &keystore, names_known)?;
    // Before a node is asked: is there a key to sign with?
    keystore.find(from)?;
    let rpc = Rpc::new(&node.address())?;
    let mut summary = planned(options, node, &rpc, from, &order).await?;
    terminal::note(summary.text(names_known)?.trim_end());
    let way_out = "`--yes` sends without asking.";
    let undone = "a transaction is sent only when confirmed";
    if !options.yes && !terminal::confirmed("Send it?", undone, way_out)? {
        return Err(Failure::failed("nothing was sent"));
    }
    let key = options.password.unlock_key(&keystore, from)?;
    let signed = submitted(options, &rpc, &mut summary, &key).await?;
    drop(key);
    let mined = match options.no_wait {
        true => None,
        false => {
            let receipt = until_mined(&rpc, &signed).await?;
            if !receipt.succeeded() {
                return Err(Failure::failed(format!(
                    "{} was refused in block {} (transaction {}): only the fee moved",
                    printable(&summary.what), receipt.block_number, signed.hash
                ))
                .hint("The simulation before went well, so something changed in between; the same command says what holds now."));
            }
            Some(Mined::new(receipt, order.abi))
        }
    };
    Ok(Outcome {
        summary,
        signed,
        mined,
    })
}

/// The wallet's names.
pub fn names_of(folder: &FolderOptions) -> Result<Names, Failure> {
    names(&folder.open()?)
}

async fn planned(
    options: &SendingOptions,
    node: &NodeClient,
    rpc: &Rpc,
    from: Address,
    order: &Order<'_>,
) -> Result<Summary, Failure> {
    let (network, chain_id) = ledger::network(node).await?;
    if let Some(expected) = options.chain_id.filter(|expected| *expected != chain_id) {
        return Err(Failure::failed(format!(
            "{} runs {}, whose chain id is {chain_id}, not {expected}",
            node.address(),
            printable(&network.network)
        )));
    }
    let call = Call {
        from: Some(from),
        to: order.to.to().copied(),
        value: options.value.units(),
        input: order.input.clone(),
    };
    let sender = ledger::account(node, from).await?.value;
    let estimated_gas = match rpc.estimate_gas(&call).await {
        Ok(gas) => gas,
        Err(error) => return Err(would_fail(&order.what, error, order.abi)),
    };
    let (greatest_fee, priority_fee) = match options.fee {
        // What is above the base fee goes to the miner, so all of it may.
        Some(Fee::Units(units)) => (units, units),
        Some(Fee::AsTheNodeSays(speed)) => ledger::fees(node).await?.at(speed)?,
        None => ledger::fees(node).await?.at(Speed::Normal)?,
    };
    let gas_limit = match options.gas {
        Some(gas) if gas < estimated_gas => {
            return Err(Failure::usage(format!(
                "{} needs {estimated_gas} gas, {gas} are allowed",
                printable(&order.what)
            ))
            .hint(
                "Without `--gas` the command takes what is needed; what is not used is not paid.",
            ));
        }
        Some(gas) => gas,
        None => with_margin(rpc, estimated_gas).await?,
    };
    let summary = Summary {
        from,
        transaction: Transaction {
            chain_id,
            nonce: options.nonce.unwrap_or(sender.next_nonce),
            to: order.to,
            amount: options.value,
            input: order.input.clone(),
            gas_limit,
            greatest_fee,
            priority_fee,
        },
        what: order.what.clone(),
        network: (network.network, node.address()),
        balance: sender.balance,
        estimated_gas,
    };
    summary.check_balance()?;
    Ok(summary)
}

/// A call that the contract refuses, in words; anything else as the node said it.
pub fn would_fail(what: &str, error: RpcError, abi: &JsonAbi) -> Failure {
    let Some(bytes) = error.reverted() else {
        return error.into();
    };
    let mut failure = Failure::failed(format!(
        "{} would be refused: {}",
        printable(what),
        printable(&Revert::explain(bytes, abi).to_string())
    ));
    failure.rule = Some("execution_reverted".to_owned());
    failure.hint("It was only simulated: nothing was sent, and no fee was paid.")
}

/// Signs and hands over. Where another transaction took the nonce meanwhile, it goes on to the next, unless the nonce was asked for.
async fn submitted(
    options: &SendingOptions,
    rpc: &Rpc,
    summary: &mut Summary,
    key: &Key,
) -> Result<Signed, Failure> {
    let mut tries = 1;
    loop {
        let signed = summary.transaction.clone().sign(key);
        let signed = signed.map_err(|error| Failure::usage(error.to_string()))?;
        let refused = match rpc.send_raw(&signed.raw).await {
            Ok(_) => return Ok(signed),
            Err(refused) => refused,
        };
        let taken = summary.transaction.nonce;
        let is_answer = matches!(refused, RpcError::Refused { .. });
        if options.nonce.is_some() || !is_answer || tries == NONCE_TRIES {
            return Err(refused.into());
        }
        tries += 1;
        let next = rpc.next_nonce(summary.from).await?;
        if next <= taken {
            return Err(refused.into());
        }
        terminal::note(&format!(
            "note: another transaction took nonce {taken} meanwhile; this one gets {next}"
        ));
        summary.transaction.nonce = next;
    }
}

async fn until_mined(rpc: &Rpc, signed: &Signed) -> Result<Receipt, Failure> {
    let sign = terminal::waiting(&format!("{} waits for a block", signed.hash));
    let mut failures = 0;
    loop {
        match rpc.receipt(signed.hash).await {
            Ok(Some(receipt)) => {
                sign.finish_and_clear();
                return Ok(receipt);
            }
            Ok(None) => failures = 0,
            Err(error) => {
                failures += 1;
                if failures == PATIENCE {
                    sign.finish_and_clear();
                    return Err(Failure::from(error).hint(format!(
                        "The node was handed the transaction {} before; it may still be mined.",
                        signed.hash
                    )));
                }
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}
