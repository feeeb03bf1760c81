//! The flags for networks other than classic: which one, how a node mines by itself, and whose keys it holds.

use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{Args, ValueHint};

use super::{Collector, path_value};
use crate::cli::exit::Failure;
use crate::config::Network;

/// Which network.
#[derive(Debug, Clone, Default, Args)]
pub struct NetworkArgs {
    /// The network to join: classic, main, dev, or a genesis file [default: classic]
    #[arg(
        long,
        value_name = "NETWORK",
        env = "BCOIN_NETWORK",
        help_heading = "Node"
    )]
    pub network: Option<Network>,
}

/// How a coin node mines by itself, and what it leaves to its operator.
#[derive(Debug, Clone, Default, Args)]
pub struct MiningArgs {
    /// Mine all the time, on so many threads [default: only when asked]
    #[arg(long = "mine", value_name = "N", env = "BCOIN_MINE", value_parser = clap::value_parser!(u32).range(1..=1024), help_heading = "Coin")]
    pub threads: Option<u32>,
    /// Mine a block so many seconds after the last [default: only when asked]
    #[arg(long, value_name = "S", env = "BCOIN_INTERVAL", value_parser = interval, help_heading = "Coin")]
    pub interval: Option<u32>,
    /// Mine a block as soon as a transaction waits [default: false]
    #[arg(long, value_name = "BOOL", env = "BCOIN_AUTOMINE", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = BoolishValueParser::new(), hide_possible_values = true, help_heading = "Coin")]
    pub automine: Option<bool>,
    /// The hash of a block whose branch the node may switch to from any depth [default: none]
    #[arg(
        long,
        value_name = "HASH",
        env = "BCOIN_SWITCH_TO",
        help_heading = "Coin"
    )]
    pub switch_to: Option<String>,
}

fn interval(text: &str) -> Result<u32, String> {
    text.parse()
        .ok()
        .filter(|seconds| *seconds > 0)
        .ok_or_else(|| {
            format!(
                "an interval is a whole number of seconds from 1 to {}",
                u32::MAX
            )
        })
}

/// Whose keys a coin node holds.
#[derive(Debug, Clone, Default, Args)]
pub struct KeysArgs {
    /// An address, or its name in the wallet, whose key the node holds and signs with; repeatable [default: none]
    #[arg(
        long,
        value_name = "WHO",
        env = "BCOIN_UNLOCK",
        value_delimiter = ',',
        help_heading = "Coin"
    )]
    pub unlock: Option<Vec<String>>,
    /// The folder of those keys [default: the user's, as of `bcoin wallet`]
    #[arg(long, value_name = "DIR", env = "BCOIN_WALLET_DIR", value_hint = ValueHint::DirPath, help_heading = "Coin")]
    pub wallet_dir: Option<PathBuf>,
    /// A file that holds their password on its first line; none but its owner may read it [default: it is asked for]
    #[arg(long, value_name = "FILE", env = "BCOIN_PASSWORD_FILE", value_hint = ValueHint::FilePath, help_heading = "Coin")]
    pub password_file: Option<PathBuf>,
}

impl NetworkArgs {
    /// Whether the command is about the classic network.
    pub fn is_classic(&self) -> bool {
        matches!(self.network, None | Some(Network::Classic))
    }

    pub(super) fn collect(&self, to: &mut Collector<'_>) {
        to.set(
            ("node", "network"),
            ["network", "--network", "BCOIN_NETWORK"],
            self.network.clone().map(String::from),
        );
    }
}

impl MiningArgs {
    pub(super) fn collect(&self, to: &mut Collector<'_>) {
        to.set(
            ("mining", "threads"),
            ["threads", "--mine", "BCOIN_MINE"],
            self.threads.map(i64::from),
        );
        to.set(
            ("mining", "interval"),
            ["interval", "--interval", "BCOIN_INTERVAL"],
            self.interval.map(i64::from),
        );
        to.set(
            ("mining", "on_transactions"),
            ["automine", "--automine", "BCOIN_AUTOMINE"],
            self.automine,
        );
        to.set(
            ("node", "switch_to"),
            ["switch_to", "--switch-to", "BCOIN_SWITCH_TO"],
            self.switch_to.clone(),
        );
    }
}

impl KeysArgs {
    pub(super) fn collect(&self, to: &mut Collector<'_>) -> Result<(), Failure> {
        to.set(
            ("keys", "unlock"),
            ["unlock", "--unlock", "BCOIN_UNLOCK"],
            self.unlock.clone(),
        );
        to.set(
            ("keys", "wallet_dir"),
            ["wallet_dir", "--wallet-dir", "BCOIN_WALLET_DIR"],
            path_value(self.wallet_dir.as_ref())?,
        );
        to.set(
            ("keys", "password_file"),
            ["password_file", "--password-file", "BCOIN_PASSWORD_FILE"],
            path_value(self.password_file.as_ref())?,
        );
        Ok(())
    }
}
