//! `bcoin contract`: contracts deployed, called, sent to and watched by what their ABI calls things, checked against their sources, and
//! looked over by an analyser. [`crate::contract`] reads artifacts and arguments and speaks JSON-RPC; keys come as for `bcoin wallet`.

mod abi;
mod call;
mod deploy;
mod events;
mod explained;
mod findings;
mod inspect;
mod recompile;
mod review;
mod send;
mod sending;
mod summary;
mod tools;
mod verify;

use clap::{Args, Subcommand};
use tokio::runtime::Handle;

use super::exit::{Ending, Failure};
use super::signals::Signals;
use super::terminal::printable;
use crate::contract::{ArtifactError, InterfaceError, RpcError};

#[derive(Debug, Args)]
pub struct ContractArgs {
    #[command(subcommand)]
    pub command: ContractCommand,
}

#[derive(Debug, Clone, Subcommand)]
pub enum ContractCommand {
    /// Create a contract from its artifact
    Deploy(Box<deploy::DeployArgs>),
    /// Ask a contract; nothing changes and nothing is paid
    Call(call::CallArgs),
    /// Have a contract do something, by a transaction
    Send(Box<send::SendArgs>),
    /// Show what a contract told, and what it tells from now on
    Events(events::EventsArgs),
    /// Show what stands at an address: code, origin, functions, storage
    Inspect(inspect::InspectArgs),
    /// Hold a contract against its source, and have the node keep that
    Verify(verify::VerifyArgs),
    /// Look over a source with slither, and explain what it finds
    Review(review::ReviewArgs),
}

pub async fn run(args: &ContractArgs) -> Result<(), Failure> {
    let (runtime, command) = (Handle::current(), args.command.clone());
    Signals::listen()?
        .or_leave(move || runtime.block_on(run_command(&command)))
        .await
}

async fn run_command(command: &ContractCommand) -> Result<(), Failure> {
    match command {
        ContractCommand::Deploy(args) => deploy::run(args).await,
        ContractCommand::Call(args) => call::run(args).await,
        ContractCommand::Send(args) => send::run(args).await,
        ContractCommand::Events(args) => events::run(args).await,
        ContractCommand::Inspect(args) => inspect::run(args).await,
        ContractCommand::Verify(args) => verify::run(args).await,
        ContractCommand::Review(args) => review::run(args),
    }
}

impl From<ArtifactError> for Failure {
    fn from(error: ArtifactError) -> Self {
        let hint = match &error {
            ArtifactError::Several { names } => {
                let name = names.first().map_or("NAME", String::as_str);
                format!("`FILE:{name}` chooses one of them.")
            }
            ArtifactError::NoAbi | ArtifactError::NotJson(_) => {
                "`vyper -f combined_json`, `forge build` and Hardhat write artifacts; so do the examples in examples/contracts.".to_owned()
            }
            _ => return Self::failed(printable(&error.to_string())),
        };
        Self::failed(printable(&error.to_string())).hint(hint)
    }
}

impl From<InterfaceError> for Failure {
    fn from(error: InterfaceError) -> Self {
        let said = printable(&error.to_string()).into_owned();
        match &error {
            InterfaceError::NotAsDeclared { .. }
            | InterfaceError::Type(_)
            | InterfaceError::NoValue { .. }
            | InterfaceError::OtherType { .. } => Self::failed(said),
            InterfaceError::Overloaded { .. } => {
                Self::usage(said).hint("A signature in quotes names one of them.")
            }
            _ => Self::usage(said),
        }
    }
}

impl From<RpcError> for Failure {
    fn from(error: RpcError) -> Self {
        let said = printable(&error.to_string()).into_owned();
        match &error {
            RpcError::Unreachable { .. } => Self::new(Ending::Unreachable, said)
                .hint("`bcoin up --network dev` starts a network with a currency here, `bcoin node --network dev` a single node."),
            RpcError::NotRpc { .. } => {
                Self::failed(said).hint("Is that a B-Coin node of a network with a currency?")
            }
            _ => Self::failed(said),
        }
    }
}
