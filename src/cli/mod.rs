//! The command line: what each command is called, what it takes and how it ends. One file a command family.
//!
//! `main.rs` calls [`parse`], then [`Request::settings`] to know how to log, then [`run`]. The clients here talk to a
//! running node over HTTP as any user would.

pub mod answer;
pub mod bench;
pub mod bind;
pub mod board;
pub mod chain;
pub mod chain_file;
pub mod checks;
pub mod client;
pub mod contract;
pub mod documents;
pub mod exit;
pub mod export;
pub mod folders;
pub mod genesis;
pub mod import;
pub mod launch;
pub mod local_network;
pub mod local_node;
pub mod logging;
pub mod mine;
pub mod node;
pub mod peers;
pub mod settings;
pub mod signals;
pub mod terminal;
pub mod top;
pub mod tty;
pub mod tx;
pub mod up;
pub mod verify;
pub mod wallet;

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command as Clap, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::config::Layers;
use exit::Failure;
use logging::LogSink;

/// Columns of a help text.
const WIDEST: usize = 100;

/// A small blockchain node that speaks the book's six HTTP calls, keeps its chain on disk and shows its work.
#[derive(Debug, Parser)]
#[command(
    name = "bcoin",
    version,
    arg_required_else_help = true,
    max_term_width = WIDEST,
    after_help = "Environment: each option names its variable; NO_COLOR makes all output plain.
Exit codes: 0 ok, 1 failed or not valid, 2 wrong usage, 3 node not reachable, 4 data folder refused.
`bcoin help COMMAND` shows examples."
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start a local network of three nodes and show it
    Up(Box<up::UpArgs>),
    /// Run one node
    Node(Box<node::RunArgs>),
    /// Show blocks of the node, or one in full
    Chain(chain::ChainArgs),
    /// Have the node mine
    Mine(mine::MineArgs),
    /// Transactions: hand one to the node
    Tx(tx::TxArgs),
    /// Words and keys of your own: make them, send coins, ask what they hold
    Wallet(wallet::WalletArgs),
    /// Contracts: deploy them, call them, watch them, and check what they are made of
    Contract(contract::ContractArgs),
    /// Other nodes: list the known ones, add some
    Peers(peers::PeersArgs),
    /// Watch nodes live: tips, lag, rates, the tree of recent blocks, events
    Top(top::TopArgs),
    /// Have the node ask the nodes it knows, and take the longest valid chain
    Replace(mine::ReplaceArgs),
    /// Ask the node whether its chain is valid
    Valid(checks::ValidArgs),
    /// Have every stored byte read again, by the node or in its folder, and name the first fault
    Audit(checks::AuditArgs),
    /// Check a classic chain in a file, offline
    Verify(verify::VerifyArgs),
    /// Save a classic chain as a file of one block a line
    Export(export::ExportArgs),
    /// Take a classic chain from a file into the folder of a node that is not running
    Import(import::ImportArgs),
    /// Networks of one's own on the coin protocol: make a genesis file, or read what one means
    Genesis(genesis::GenesisArgs),
    /// Delete what nodes keep, to start over
    Reset(folders::ResetArgs),
    /// Measure what this machine can do: the search for proofs of work
    Bench(bench::BenchArgs),
    /// Tell by the exit code whether the node on this machine is ready
    Healthcheck(checks::HealthcheckArgs),
    /// Print the settings that hold, and where each comes from
    Config(Box<ConfigArgs>),
    /// Print what a shell needs to complete commands
    Completions(documents::CompletionsArgs),
    /// Write the manual pages into a folder
    Man(documents::ManArgs),
    /// Print the OpenAPI document of every call
    Openapi(documents::OpenapiArgs),
    /// Print a Postman collection of every call, or its environment
    Postman(documents::PostmanArgs),
}

#[derive(Debug, Args)]
#[command(
    after_help = "A flag stands above the environment, the environment above the file, the file above the default.
The output is a settings file itself.

Examples:
  bcoin config
  bcoin config --port 1002 > bcoin.toml"
)]
pub struct ConfigArgs {
    #[command(flatten)]
    pub program: settings::ProgramArgs,
    #[command(flatten)]
    pub node: settings::NodeArgs,
}

/// A command line that was understood.
pub struct Request {
    cli: Cli,
    matches: ArgMatches,
}

/// The whole command as clap knows it, for help, completions and manual pages.
pub fn command() -> Clap {
    // What stands in the environment at the moment is nothing a help text or a manual page should hold.
    fn hide_values(command: Clap) -> Clap {
        command
            .mut_args(|arg| arg.hide_env_values(true))
            .mut_subcommands(hide_values)
    }
    hide_values(Cli::command())
}

/// Understands a command line. The error is clap's, which prints itself and knows its exit code; help and version come
/// out as such errors, too.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Request, clap::Error> {
    let matches = command()
        .try_get_matches_from(arguments)
        .map_err(name_variable)
        .map_err(name_who_mines)?;
    one_place_is_named(&matches)?;
    let cli = Cli::from_arg_matches(&matches)?;
    Ok(Request { cli, matches })
}

/// Who names a node and a folder means either. A node in the environment is meant for other commands.
fn one_place_is_named(matches: &ArgMatches) -> Result<(), clap::Error> {
    let Some(("audit" | "export", matches)) = matches.subcommand() else {
        return Ok(());
    };
    let folder = matches.contains_id("data_dir");
    match matches.value_source("node") {
        Some(ValueSource::CommandLine) if folder => Err(command().error(
            ErrorKind::ArgumentConflict,
            "the argument '--node <URL>' cannot be used with '--data-dir <DIR>'",
        )),
        _ => Ok(()),
    }
}

/// Says who mines by itself, where that is asked of nodes that do not.
fn name_who_mines(mut error: clap::Error) -> clap::Error {
    let mining = ["--mine", "--interval", "--automine"];
    let asked = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(flag)) => mining.contains(&flag.as_str()),
        _ => false,
    };
    if error.kind() == ErrorKind::UnknownArgument && asked {
        let note = "only `bcoin node` mines by itself; other nodes mine when asked: `bcoin mine`";
        error.insert(
            ContextKind::Suggested,
            ContextValue::StyledStrs(vec![note.into()]),
        );
        error.remove(ContextKind::SuggestedArg);
        error.remove(ContextKind::Usage);
    }
    error
}

/// Says of a refused value that it came from the environment, which clap leaves out.
fn name_variable(mut error: clap::Error) -> clap::Error {
    let Some(ContextValue::String(value)) = error.get(ContextKind::InvalidValue).cloned() else {
        return error;
    };
    let typed = std::env::args()
        .any(|argument| argument == value || argument.ends_with(&format!("={value}")));
    let from = std::env::vars().find(|(name, held)| name.starts_with("BCOIN_") && *held == value);
    if let (false, Some((name, _))) = (typed, from) {
        let note = format!("the value stands in {name} in the environment");
        error.insert(
            ContextKind::Suggested,
            ContextValue::StyledStrs(vec![note.into()]),
        );
    }
    error
}

impl Request {
    /// The settings that hold for the command, if it takes any.
    pub fn settings(&self) -> Result<Option<Layers>, Failure> {
        let Some((_, matches)) = self.matches.subcommand() else {
            return Ok(None);
        };
        // Every command is named, so that a new one cannot forget its settings.
        match &self.cli.command {
            Command::Up(args) => {
                let network = (&args.network, &args.keys);
                settings::network_settings(
                    &args.program,
                    network,
                    (&args.follow, &args.pull),
                    matches,
                )
                .map(Some)
            }
            Command::Node(args) => {
                settings::node_settings(&args.program, &args.node, matches).map(Some)
            }
            Command::Config(args) => {
                settings::node_settings(&args.program, &args.node, matches).map(Some)
            }
            Command::Chain(_)
            | Command::Mine(_)
            | Command::Tx(_)
            | Command::Wallet(_)
            | Command::Contract(_)
            | Command::Peers(_)
            | Command::Top(_)
            | Command::Replace(_)
            | Command::Valid(_)
            | Command::Audit(_)
            | Command::Verify(_)
            | Command::Export(_)
            | Command::Import(_)
            | Command::Genesis(_)
            | Command::Reset(_)
            | Command::Bench(_)
            | Command::Healthcheck(_)
            | Command::Completions(_)
            | Command::Man(_)
            | Command::Openapi(_)
            | Command::Postman(_) => Ok(None),
        }
    }
}

/// Runs the command to its end.
pub async fn run(request: Request, settings: Option<Layers>, log: &LogSink) -> Result<(), Failure> {
    let settings = settings.unwrap_or_default();
    match &request.cli.command {
        Command::Up(args) => up::run(args, &settings.config, log).await,
        Command::Node(_) => node::run(&settings.config).await,
        Command::Chain(args) => chain::run(args).await,
        Command::Mine(args) => mine::mine(args).await,
        Command::Tx(args) => tx::run(args).await,
        Command::Wallet(args) => wallet::run(args).await,
        Command::Contract(args) => contract::run(args).await,
        Command::Peers(args) => peers::run(args).await,
        Command::Top(args) => top::run(args).await,
        Command::Replace(args) => mine::replace(args).await,
        Command::Valid(args) => checks::valid(args).await,
        Command::Audit(args) => checks::audit(args).await,
        Command::Verify(args) => verify::run(args),
        Command::Export(args) => export::run(args).await,
        Command::Import(args) => import::run(args).await,
        Command::Genesis(args) => genesis::run(args),
        Command::Reset(args) => folders::reset(args),
        Command::Bench(args) => bench::run(args),
        Command::Healthcheck(args) => checks::healthcheck(args).await,
        Command::Config(_) => documents::config(&settings),
        Command::Completions(args) => documents::completions(args, command()),
        // The manual's writer leaves out a variable whose value is hidden, and never prints a value itself.
        Command::Man(args) => documents::man(args, Cli::command()),
        Command::Openapi(args) => documents::openapi(args),
        Command::Postman(args) => documents::postman(args),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_of_the_command_line_holds() {
        command().debug_assert();
    }

    #[test]
    fn every_command_explains_itself() {
        fn walk(command: &Clap, path: &str) {
            for sub in command.get_subcommands() {
                let path = format!("{path} {}", sub.get_name());
                assert!(sub.get_about().is_some(), "{path} has no about");
                assert!(
                    sub.has_subcommands() || sub.get_after_help().is_some(),
                    "{path} has no examples"
                );
                // Wrapped by the terminal, a line would end in the middle of a sentence.
                let help = sub.get_after_help().map(ToString::to_string);
                for line in help.unwrap_or_default().lines() {
                    assert!(line.chars().count() <= WIDEST, "{path}: {line}");
                }
                walk(sub, &path);
            }
        }
        walk(&command(), "bcoin");
    }
}
