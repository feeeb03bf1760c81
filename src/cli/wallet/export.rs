//! `bcoin wallet export`: the encrypted file of an address, or after a question its private key.

use clap::Args;
use zeroize::Zeroizing;

use super::folder::{FolderOptions, names, shown, whose_or_only};
use super::secrets::{PasswordOptions, Secret};
use crate::cli::exit::Failure;
use crate::cli::terminal;

#[derive(Debug, Clone, Args)]
#[command(
    after_help = "The keystore file opens with its password in geth, eth-account, MetaMask and others. The private
key is not locked at all: who sees it has the coins.

Examples:
  bcoin wallet export savings > savings.json
  bcoin wallet export savings --private-key"
)]
pub struct ExportArgs {
    /// A name or an address of the wallet [default: its only one]
    #[arg(value_name = "WHO")]
    pub who: Option<String>,
    /// Print the private key itself, in the clear
    #[arg(long)]
    pub private_key: bool,
    /// Do not ask whether to print the private key
    #[arg(long, short, requires = "private_key")]
    pub yes: bool,
    /// Print the answer as JSON (a keystore file is JSON anyway)
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub password: PasswordOptions,
    #[command(flatten)]
    pub folder: FolderOptions,
}

pub fn run(args: &ExportArgs) -> Result<(), Failure> {
    let keystore = args.folder.open()?;
    let names = names(&keystore)?;
    let address = whose_or_only(args.who.as_deref(), &keystore, &names)?;
    if !args.private_key {
        let text = keystore.read(address)?;
        return terminal::print(&format!("{}\n", text.trim_end()));
    }
    keystore.find(address)?;
    let question = format!(
        "Print the private key of {}? Who sees it has the coins.",
        shown(address, &names)
    );
    if !args.yes
        && !terminal::confirmed(
            &question,
            "a private key is printed only when asked for",
            "`--yes` prints it without asking.",
        )?
    {
        return Err(Failure::failed("nothing was printed"));
    }
    let key = args.password.unlock_key(&keystore, address)?;
    let digits = Zeroizing::new(hex::encode(key.to_bytes()));
    let text = match args.json {
        // Both texts are hexadecimal: nothing in them needs an escape, and no other copy of the key is made.
        true => Secret::new(format!(
            r#"{{"address": "{address}", "private_key": "0x{}"}}"#,
            *digits
        )),
        false => Secret::new(format!("0x{}", *digits)),
    };
    terminal::print(&Secret::new(format!("{}\n", *text)))
}
