//! `bcoin contract deploy`: a contract created from its artifact.

use std::path::PathBuf;

use alloy_primitives::{Bytes, TxKind};
use clap::{Args, ValueHint};

use super::sending::{self, Order, SendingOptions, names_of};
use crate::cli::client::NodeClient;
use crate::cli::exit::Failure;
use crate::cli::terminal::{self, printable};
use crate::contract::interface::encoded_constructor;
use crate::contract::{Argument, Artifact};

#[derive(Debug, Clone, Args)]
#[command(
    after_help = "ARTIFACT is what a compiler wrote: one of examples/contracts, Foundry's out/X.sol/X.json, Hardhat's,
solc's standard JSON or Vyper's combined_json; FILE:Name chooses one of several contracts in it.
ARGS are the constructor's: numbers (1000, 1e18, 1.5coin, 10gwei), addresses or names of the wallet,
true and false, 0x… for bytes, text; arrays and tuples as JSON. The creation is simulated first:
what would fail is not sent. The contract's address goes to standard output.

Examples:
  bcoin contract deploy examples/contracts/registry/registry.json --from alice
  bcoin contract deploy Token.json \"A token\" 1e24 '[\"alice\", \"bob\"]' --value 0.5 --yes
  TOKEN=$(bcoin contract deploy Token.json 1000 --yes --password-file pass)"
)]
pub struct DeployArgs {
    /// The contract as its compiler left it
    #[arg(value_name = "ARTIFACT", value_hint = ValueHint::FilePath)]
    pub artifact: PathBuf,
    /// The constructor's arguments
    #[arg(value_name = "ARGS", allow_negative_numbers = true)]
    pub arguments: Vec<String>,
    #[command(flatten)]
    pub sending: SendingOptions,
}

pub async fn run(args: &DeployArgs) -> Result<(), Failure> {
    let artifact = Artifact::read(&args.artifact)?;
    let names = names_of(&args.sending.folder)?;
    let arguments: Vec<Argument> = args.arguments.iter().cloned().map(Argument::from).collect();
    let encoded = encoded_constructor(&artifact.abi, &arguments, &|name| names.address(name))?;
    let code = artifact.creation_code()?;
    let input: Bytes = [code.as_ref(), encoded.as_ref()].concat().into();
    let node = NodeClient::open(&args.sending.node).await?;
    let order = Order {
        to: TxKind::Create,
        input,
        what: format!("{}({})", artifact.name, args.arguments.join(", ")),
        abi: &artifact.abi,
    };
    let outcome = sending::run(&args.sending, &node, &names, order).await?;
    let summary = &outcome.summary;
    if args.sending.node.json {
        let answer = summary.json(&outcome.signed, outcome.mined.as_ref());
        return terminal::print(&format!("{answer}\n"));
    }
    terminal::print(&format!("{}\n", summary.contract()))?;
    match &outcome.mined {
        None => terminal::note(&format!(
            "The transaction {} waits; the contract is there once a block has taken it.",
            outcome.signed.hash
        )),
        Some(mined) => {
            terminal::note(&mined.note());
            for told in &mined.events {
                terminal::note(&format!("  {}", printable(&told.to_string())));
            }
        }
    }
    Ok(())
}
