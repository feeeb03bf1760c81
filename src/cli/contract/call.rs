//! `bcoin contract call`: a function asked, without a transaction.

use clap::Args;
use serde_json::{Value, json};

use super::abi::AbiOptions;
use super::sending::{names_of, would_fail};
use crate::cli::client::{NodeClient, NodeOptions};
use crate::cli::exit::Failure;
use crate::cli::terminal::{self, printable};
use crate::cli::wallet::folder::{FolderOptions, whose};
use crate::cli::wallet::send::parse_amount;
use crate::contract::interface::{decoded_answer, encoded_call, function};
use crate::contract::rpc::Call;
use crate::contract::{Argument, Rpc};
use crate::protocol::coin::amount::Amount;

#[derive(Debug, Clone, Args)]
#[command(
    after_help = "FUNCTION and ARGS are written as for `bcoin contract send`. A function that would change something
answers here what it would answer in a transaction, and changes nothing.

Examples:
  bcoin contract call $TOKEN balanceOf alice --abi Token.json
  bcoin contract call $ESCROW stage
  bcoin contract call $TOKEN transfer bob 5 --from alice"
)]
pub struct CallArgs {
    /// The contract's address, or its name in the wallet
    #[arg(value_name = "CONTRACT")]
    pub contract: String,
    /// The function's name or signature
    #[arg(value_name = "FUNCTION")]
    pub function: String,
    /// Its arguments
    #[arg(value_name = "ARGS", allow_negative_numbers = true)]
    pub arguments: Vec<String>,
    /// Ask as if this name or address called; no key is needed
    #[arg(long, value_name = "WHO")]
    pub from: Option<String>,
    /// How many coins would go along
    #[arg(long, value_name = "COINS", value_parser = parse_amount, default_value = "0")]
    pub value: Amount,
    #[command(flatten)]
    pub abi: AbiOptions,
    #[command(flatten)]
    pub node: NodeOptions,
    #[command(flatten)]
    pub folder: FolderOptions,
}

pub async fn run(args: &CallArgs) -> Result<(), Failure> {
    let names = names_of(&args.folder)?;
    let contract = whose(&args.contract, &names)?;
    let from = args.from.as_deref().map(|who| whose(who, &names));
    let from = from.transpose()?;
    let node = NodeClient::open(&args.node).await?;
    let abi = args.abi.find(&node, contract).await?;
    let arguments: Vec<Argument> = args.arguments.iter().cloned().map(Argument::from).collect();
    let function = function(&abi, &args.function, arguments.len())?;
    let call = Call {
        from,
        to: Some(contract),
        value: args.value.units(),
        input: encoded_call(function, &arguments, &|name| names.address(name))?,
    };
    let what = format!("{}({})", function.name, args.arguments.join(", "));
    let answer = Rpc::new(&node.address())?.call(&call).await;
    let answer = answer.map_err(|error| would_fail(&what, error, &abi))?;
    let values = decoded_answer(function, &answer)?;
    if args.node.json {
        let values: Vec<Value> = values
            .iter()
            .map(|named| json!({"name": named.name, "value": named.json()}))
            .collect();
        let answer = json!({"contract": contract.to_string(), "function": function.signature(), "values": values});
        return terminal::print(&format!("{answer}\n"));
    }
    if values.is_empty() {
        terminal::note("It answers nothing, and would not be refused.");
    }
    let is_one = values.iter().len() == 1;
    for named in values.iter() {
        let text = named.text();
        match named.name.as_str() {
            name if !is_one && !name.is_empty() => {
                terminal::print(&format!("{}: {}\n", printable(name), printable(&text)))?
            }
            _ => terminal::print(&format!("{}\n", printable(&text)))?,
        }
    }
    Ok(())
}
