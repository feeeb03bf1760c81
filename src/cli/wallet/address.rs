//! `bcoin wallet address`: the address of a name, or addresses derived from words without keeping a key.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use serde_json::json;

use super::folder::{FolderOptions, names, whose_or_only};
use super::import::{read_words, secret_text};
use super::secrets::{PassphraseOptions, PasswordOptions};
use super::stored::NewKey;
use crate::cli::exit::Failure;
use crate::cli::terminal::{self, lines, table};

#[derive(Debug, Clone, Args)]
#[command(
    after_help = "With --index the words are asked for and nothing is kept; `bcoin wallet import --index` keeps keys.

Examples:
  bcoin wallet address savings
  bcoin wallet address --index 3
  bcoin wallet address --index 0 --count 10 --file words.txt"
)]
pub struct AddressArgs {
    /// A name or an address of the wallet [default: its only one]
    #[arg(value_name = "NAME", conflicts_with = "index")]
    pub who: Option<String>,
    /// Derive the address with this index from words
    #[arg(long, short, value_name = "I", value_parser = clap::value_parser!(u32).range(..1 << 31))]
    pub index: Option<u32>,
    /// How many addresses to derive from there
    #[arg(long, short, value_name = "N", default_value_t = 1, requires = "index", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub count: u32,
    /// The file that holds the words (- reads standard input); without, they are typed unseen
    #[arg(long, short, value_name = "FILE", requires = "index", value_hint = ValueHint::FilePath)]
    pub file: Option<PathBuf>,
    /// Print the answer as JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub passphrase: PassphraseOptions,
    #[command(flatten)]
    pub folder: FolderOptions,
}

pub fn run(args: &AddressArgs) -> Result<(), Failure> {
    match args.index {
        Some(index) => derived(args, index),
        None => kept(args),
    }
}

fn kept(args: &AddressArgs) -> Result<(), Failure> {
    let keystore = args.folder.open()?;
    let names = names(&keystore)?;
    let address = whose_or_only(args.who.as_deref(), &keystore, &names)?;
    if args.json {
        let answer = json!({"address": address.to_string(), "name": names.name(address)});
        return terminal::print(&format!("{answer}\n"));
    }
    terminal::print(&format!("{address}\n"))
}

fn derived(args: &AddressArgs, index: u32) -> Result<(), Failure> {
    let no_password = PasswordOptions {
        password_file: None,
        password_stdin: false,
    };
    let words = read_words(&secret_text(args.file.as_ref(), &no_password)?)?;
    let seed = words.seed(&args.passphrase.of_words()?);
    let range = super::stored::RangeOptions {
        index,
        count: args.count,
    };
    let keys: Vec<NewKey> = range.derive(&seed, None)?;
    if args.json {
        let addresses: Vec<_> = keys
            .iter()
            .map(|new| json!({"address": new.key.address().to_string(), "path": new.path}))
            .collect();
        return terminal::print(&format!("{}\n", json!({ "addresses": addresses })));
    }
    if let [only] = keys.as_slice() {
        return terminal::print(&format!("{}\n", only.key.address()));
    }
    let mut table = table(["ADDRESS", "PATH"]);
    for new in &keys {
        let path = new.path.clone().unwrap_or_default();
        table.add_row([new.key.address().to_string(), path]);
    }
    terminal::print(&lines(&table))
}
