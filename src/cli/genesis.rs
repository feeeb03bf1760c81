//! `bcoin genesis`: networks of one's own. A genesis file is made, and read back in plain words.

mod meaning;
mod new;
mod words;

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::{Args, Subcommand, ValueHint};
use serde_json::json;

use super::exit::Failure;
use super::terminal;
use crate::protocol::coin::parameters::Parameters;
use meaning::Meaning;

/// A genesis file has a few hundred accounts at most; this only keeps a wrong file out of memory.
const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;

#[derive(Debug, Args)]
pub struct GenesisArgs {
    #[command(subcommand)]
    pub command: GenesisCommand,
}

#[derive(Debug, Subcommand)]
pub enum GenesisCommand {
    /// Make the genesis file of a network of one's own
    #[command(
        after_help = "Whatever is not asked for follows from the spacing. Every node of the network needs this same
file: change one number in it, and it is another network. `bcoin genesis check FILE` says what all
its numbers mean.

Examples:
  bcoin genesis new --name class-7b
  bcoin genesis new --name class-7b --spacing 10s --half-life 10m --subsidy 50 --halving 210000
  bcoin genesis new --name lab --account 0x70997970C51812dc3A010C7d01b50e0d17dc79C8=1000.5"
    )]
    New(new::NewArgs),
    /// Say in plain words what a network's parameters mean, and whether they hold
    #[command(
        after_help = "The exit code is 0 if every parameter holds and 1 if one does not.

Examples:
  bcoin genesis check class-7b.json
  bcoin genesis check main
  bcoin genesis check dev --json"
    )]
    Check(CheckArgs),
}

#[derive(Debug, Args)]
pub struct CheckArgs {
    /// A genesis file, or one of the built-in networks main and dev (- reads standard input)
    #[arg(value_name = "FILE|main|dev", value_hint = ValueHint::FilePath)]
    pub network: PathBuf,
    /// Print all of it as JSON, for programs
    #[arg(long)]
    pub json: bool,
}

pub fn run(args: &GenesisArgs) -> Result<(), Failure> {
    match &args.command {
        GenesisCommand::New(args) => new::run(args),
        GenesisCommand::Check(args) => check(args),
    }
}

fn check(args: &CheckArgs) -> Result<(), Failure> {
    let parameters = match args.network.to_str() {
        Some("main") => Parameters::main(),
        Some("dev") => Parameters::dev(),
        _ => match Parameters::from_genesis_file(&read(args)?) {
            Ok(parameters) => parameters,
            Err(error) => {
                if args.json {
                    let fault = json!({"valid": false, "fault": error.to_string()});
                    terminal::print(&format!("{fault}\n"))?;
                }
                let name = match args.network.to_str() {
                    Some("-") => "standard input".to_owned(),
                    _ => args.network.display().to_string(),
                };
                return Err(Failure::failed(format!("{name} does not hold: {error}"))
                    .hint("`docs/coin-format.md`, section 1, has every member."));
            }
        },
    };
    let meaning = Meaning::of(parameters);
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0, |now| now.as_secs());
    terminal::print(&if args.json {
        format!("{}\n", meaning.json(now))
    } else {
        meaning.text(now)
    })
}

fn read(args: &CheckArgs) -> Result<String, Failure> {
    use std::io::Read;
    let path = &args.network;
    let failed = |error| Failure::file("read", path, &error);
    let mut text = String::new();
    let mut from: Box<dyn Read> = match path.to_str() {
        Some("-") => Box::new(std::io::stdin()),
        _ => Box::new(std::fs::File::open(path).map_err(|error| {
            failed(error).hint("A genesis file, or one of the built-in networks: main, dev.")
        })?),
    };
    from.by_ref()
        .take(MAX_FILE_BYTES + 1)
        .read_to_string(&mut text)
        .map_err(failed)?;
    if text.len() as u64 > MAX_FILE_BYTES {
        let most = MAX_FILE_BYTES >> 20;
        let name = path.display();
        return Err(Failure::failed(format!(
            "{name} has more than {most} MiB, which is no genesis file"
        )));
    }
    Ok(text)
}
