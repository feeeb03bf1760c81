//! `bcoin bench`: how fast this machine does what a miner does.

mod answers;
mod rates;

use clap::{Args, Subcommand};

use super::exit::Failure;

#[derive(Debug, Args)]
pub struct BenchArgs {
    #[command(subcommand)]
    pub command: BenchCommand,
}

#[derive(Debug, Subcommand)]
pub enum BenchCommand {
    /// Measure the search for proofs of work: each way this machine knows, and more and more threads
    #[command(
        after_help = "All take turns of a twentieth of a second, so that whatever else runs slows all alike; medians are
shown. `portable` is a loop over the block function of Rust's sha2 crate, which uses SHA
instructions where it can.

Examples:
  bcoin bench mine
  bcoin bench mine --seconds 60 --threads 4 --json
  bcoin bench mine --check 10000000"
    )]
    Mine(MineArgs),
}

#[derive(Debug, Args)]
pub struct MineArgs {
    /// How long to measure
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=86_400), conflicts_with = "check")]
    pub seconds: u64,
    /// Up to how many threads (as many as the machine runs at once, if not said)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1_024), conflicts_with = "check")]
    pub threads: Option<u16>,
    /// Measure nothing, but compare all answers on so many nonces
    #[arg(long, value_name = "NONCES", value_parser = clap::value_parser!(u64).range(1..=1 << 36))]
    pub check: Option<u64>,
    /// Print the outcome as JSON, for programs
    #[arg(long)]
    pub json: bool,
}

pub fn run(args: &BenchArgs) -> Result<(), Failure> {
    match &args.command {
        BenchCommand::Mine(args) => match args.check {
            Some(nonces) => answers::compare(nonces, args.json),
            None => rates::measure(args),
        },
    }
}
