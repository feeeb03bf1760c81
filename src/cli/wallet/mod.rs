//! `bcoin wallet`: words and keys of the user, and what is done with them. Secrets come by hidden prompts, files or
//! standard input, never by arguments or the environment; [`crate::wallet`] holds them.

mod address;
mod balance;
mod export;
pub(super) mod folder;
mod history;
mod import;
pub(super) mod ledger;
mod list;
mod new;
pub(super) mod secrets;
pub(super) mod send;
mod stored;
mod summary;
mod waiting;

use clap::{Args, Subcommand};
use tokio::runtime::Handle;

use super::exit::{Ending, Failure};
use super::signals::Signals;
use crate::config::KeysSection;
use crate::wallet::keyfile::KeyfileError;
use crate::wallet::keystore::KeystoreError;
use crate::wallet::names::NameError;
use crate::wallet::ring::KeyRing;

#[derive(Debug, Args)]
pub struct WalletArgs {
    #[command(subcommand)]
    pub command: WalletCommand,
}

#[derive(Debug, Clone, Subcommand)]
pub enum WalletCommand {
    /// Make new words, show them once, and keep the keys of their first addresses
    New(new::NewArgs),
    /// Take in words, a private key or a keystore file
    Import(import::ImportArgs),
    /// List the addresses whose keys are kept, with what they hold
    List(list::ListArgs),
    /// Print an address: of a name, or derived from words
    Address(address::AddressArgs),
    /// Ask the node what addresses hold
    Balance(balance::BalanceArgs),
    /// Send coins
    Send(Box<send::SendArgs>),
    /// Show what went in and out of an address
    History(history::HistoryArgs),
    /// Print the keystore file of an address, or its private key
    Export(export::ExportArgs),
}

pub async fn run(args: &WalletArgs) -> Result<(), Failure> {
    let (runtime, command) = (Handle::current(), args.command.clone());
    Signals::listen()?
        .or_leave(move || runtime.block_on(run_command(&command)))
        .await
}

async fn run_command(command: &WalletCommand) -> Result<(), Failure> {
    match command {
        WalletCommand::New(args) => new::run(args),
        WalletCommand::Import(args) => import::run(args),
        WalletCommand::List(args) => list::run(args).await,
        WalletCommand::Address(args) => address::run(args),
        WalletCommand::Balance(args) => balance::run(args).await,
        WalletCommand::Send(args) => send::run(args).await,
        WalletCommand::History(args) => history::run(args).await,
        WalletCommand::Export(args) => export::run(args),
    }
}

impl From<KeystoreError> for Failure {
    fn from(error: KeystoreError) -> Self {
        let hint = match &error {
            KeystoreError::Missing { .. } => {
                "`bcoin wallet list` shows whose keys are kept, `bcoin wallet import` takes in others."
            }
            KeystoreError::Ambiguous { .. } => "Move all but one of them out of the folder.",
            KeystoreError::Keyfile {
                source: KeyfileError::WrongPassword,
                ..
            } => {
                "Capitals count; a file that was damaged says the same. Nobody can reset a password, but from the words the key can be imported again."
            }
            KeystoreError::Name {
                source: NameError::Unreadable(_) | NameError::Version { .. },
                ..
            } => "Move that file away: it holds names, and no key.",
            _ => return Self::failed(error.to_string()),
        };
        Self::failed(error.to_string()).hint(hint)
    }
}

/// Opens the keys that a node is told to hold.
pub(super) fn held_keys(settings: &KeysSection) -> Result<KeyRing, Failure> {
    if settings.unlock.is_empty() {
        return Ok(KeyRing::default());
    }
    let folder = folder::FolderOptions {
        wallet_dir: settings.wallet_dir.clone(),
    };
    let keystore = folder.open()?;
    let names = folder::names(&keystore)?;
    let mut addresses = Vec::new();
    for who in &settings.unlock {
        let address = folder::whose(who, &names)?;
        // Before anyone types: is there a key?
        keystore.find(address)?;
        addresses.push(address);
    }
    let password = secrets::PasswordOptions {
        password_file: settings.password_file.clone(),
        password_stdin: false,
    };
    let open = |password: &[u8]| KeyRing::open(&keystore, addresses.iter().copied(), password);
    let (keys, _) = password.unlock("the keys that the node is to hold", open)?;
    Ok(keys)
}

/// No node answers, which for some commands is no failure.
pub(super) fn is_unreachable(failure: &Failure) -> bool {
    failure.ending == Ending::Unreachable
}
