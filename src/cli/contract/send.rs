//! `bcoin contract send`: a function called by a transaction.

use alloy_primitives::TxKind;
use clap::Args;

use super::abi::AbiOptions;
use super::sending::{self, Order, SendingOptions, names_of};
use crate::cli::client::NodeClient;
use crate::cli::exit::Failure;
use crate::cli::terminal::{self, printable};
use crate::cli::wallet::folder::whose;
use crate::contract::Argument;
use crate::contract::interface::{encoded_call, function};

#[derive(Debug, Clone, Args)]
#[command(
    after_help = "FUNCTION is a name, or a signature in quotes where several have the name. ARGS are written as for
`bcoin contract deploy`. The call is simulated first: what the contract would refuse is not sent,
and its reason is shown. The transaction's hash and the events go to standard output.

Examples:
  bcoin contract send $TOKEN transfer bob 1.5coin --abi Token.json --from alice
  bcoin contract send $SALE buy 100 --value 0.1 --yes
  bcoin contract send $TOKEN 'mint(address,uint256)' bob 5 --json | jq .events"
)]
pub struct SendArgs {
    /// The contract's address, or its name in the wallet
    #[arg(value_name = "CONTRACT")]
    pub contract: String,
    /// The function's name or signature
    #[arg(value_name = "FUNCTION")]
    pub function: String,
    /// Its arguments
    #[arg(value_name = "ARGS", allow_negative_numbers = true)]
    pub arguments: Vec<String>,
    #[command(flatten)]
    pub abi: AbiOptions,
    #[command(flatten)]
    pub sending: SendingOptions,
}

pub async fn run(args: &SendArgs) -> Result<(), Failure> {
    let names = names_of(&args.sending.folder)?;
    let contract = whose(&args.contract, &names)?;
    let node = NodeClient::open(&args.sending.node).await?;
    let abi = args.abi.find(&node, contract).await?;
    let arguments: Vec<Argument> = args.arguments.iter().cloned().map(Argument::from).collect();
    let function = function(&abi, &args.function, arguments.len())?;
    let order = Order {
        to: TxKind::Call(contract),
        input: encoded_call(function, &arguments, &|name| names.address(name))?,
        what: format!("{}({})", function.name, args.arguments.join(", ")),
        abi: &abi,
    };
    let outcome = sending::run(&args.sending, &node, &names, order).await?;
    if args.sending.node.json {
        let answer = outcome
            .summary
            .json(&outcome.signed, outcome.mined.as_ref());
        return terminal::print(&format!("{answer}\n"));
    }
    terminal::print(&format!("{}\n", outcome.signed.hash))?;
    let Some(mined) = &outcome.mined else {
        terminal::note("The node keeps it until a block takes it.");
        return Ok(());
    };
    terminal::note(&mined.note());
    for told in &mined.events {
        terminal::print(&format!("{}\n", printable(&told.to_string())))?;
    }
    Ok(())
}
