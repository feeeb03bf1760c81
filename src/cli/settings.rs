//! The flags that set what [`crate::config`] holds, each with its environment variable.
//!
//! A flag is optional here, so that what was left out falls to the file and the defaults. The help texts name the
//! defaults of `config.rs`; a test holds the two together.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args};
use ipnet::IpNet;
use toml::Value;

use super::exit::Failure;
use crate::config::{
    HostName, Layers, LogFilter, MinerName, Origin, Override, PageOrigin, parse_network_range,
};
use crate::peers::address::PeerAddress;

mod coin;
mod follow;
pub use coin::{KeysArgs, MiningArgs, NetworkArgs};
pub use follow::FollowArgs;

/// Numbers in a TOML file are 64 bits with a sign.
const MOST: u64 = i64::MAX.unsigned_abs();

/// Settings that every long-running command takes.
#[derive(Debug, Clone, Default, Args)]
pub struct ProgramArgs {
    /// A TOML file of settings [default: bcoin.toml in the current folder, if there is one]
    #[arg(
        long,
        value_name = "FILE",
        env = "BCOIN_CONFIG",
        help_heading = "Program"
    )]
    pub config: Option<PathBuf>,
    /// Which events to log on standard error: error, warn, info, debug, trace, or a list such as info,bcoin::peers=debug [default: info]
    #[arg(
        long,
        value_name = "FILTER",
        env = "BCOIN_LOG",
        help_heading = "Program"
    )]
    pub log: Option<LogFilter>,
    /// How a log line looks: text or json [default: text]
    #[arg(long, value_name = "FORMAT", env = "BCOIN_LOG_FORMAT", value_parser = ["text", "json"], hide_possible_values = true, help_heading = "Program")]
    pub log_format: Option<String>,
    /// Memory that the store may keep pages in, in bytes [default: 16777216]
    #[arg(long, value_name = "N", env = "BCOIN_CACHE_BYTES", value_parser = clap::value_parser!(u64).range(..=MOST), help_heading = "Program")]
    pub cache_bytes: Option<u64>,
}

/// How much a node takes from its peers.
#[derive(Debug, Clone, Default, Args)]
pub struct PullArgs {
    /// Call peers on loopback and private addresses even if this node is on neither [default: false]
    #[arg(long, value_name = "BOOL", env = "BCOIN_ALLOW_PRIVATE_PEERS", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = BoolishValueParser::new(), hide_possible_values = true, help_heading = "Peers")]
    pub allow_private_peers: Option<bool>,
    /// The longest chain taken from a peer at once, in bytes [default: 67108864]
    #[arg(long, value_name = "N", env = "BCOIN_MAX_PULL_BYTES", value_parser = clap::value_parser!(u64).range(1..=MOST), help_heading = "Peers")]
    pub max_pull_bytes: Option<u64>,
    /// The longest chain taken from a peer at once, in blocks [default: 100000]
    #[arg(long, value_name = "N", env = "BCOIN_MAX_PULL_BLOCKS", value_parser = clap::value_parser!(u64).range(1..=MOST), help_heading = "Peers")]
    pub max_pull_blocks: Option<u64>,
}

/// Settings of a single node.
#[derive(Debug, Clone, Default, Args)]
pub struct NodeArgs {
    /// The port to answer on [default: 1001]
    #[arg(
        long,
        short,
        value_name = "PORT",
        env = "BCOIN_PORT",
        help_heading = "Node"
    )]
    pub port: Option<u16>,
    /// The address to answer on; off loopback, calls that change the node need its token or --allow [default: 127.0.0.1]
    #[arg(
        long,
        value_name = "ADDRESS",
        env = "BCOIN_LISTEN",
        help_heading = "Node"
    )]
    pub listen: Option<IpAddr>,
    /// The node's folder; one process at a time [default: data/PORT]
    #[arg(
        long,
        short,
        value_name = "DIR",
        env = "BCOIN_DATA_DIR",
        help_heading = "Node"
    )]
    pub data_dir: Option<PathBuf>,
    /// Who receives the rewards: on classic a name, else an address 0x… [default: classic: Bharathi on port 1001, else Meghna; dev: the first test account]
    #[arg(
        long,
        short,
        value_name = "NAME",
        env = "BCOIN_MINER",
        help_heading = "Node"
    )]
    pub miner: Option<MinerName>,
    #[command(flatten)]
    pub network: NetworkArgs,
    /// A name by which requests may call this node, beside IP addresses and localhost; repeatable [default: none]
    #[arg(
        long = "host-name",
        value_name = "NAME",
        env = "BCOIN_HOST_NAMES",
        value_delimiter = ',',
        help_heading = "Node"
    )]
    pub host_names: Option<Vec<HostName>>,
    /// Addresses that may change this node without its token: one, or a range such as 172.18.0.0/16; repeatable [default: none]
    #[arg(long, value_name = "CIDR", env = "BCOIN_ALLOW", value_delimiter = ',', value_parser = parse_network_range, help_heading = "Node")]
    pub allow: Option<Vec<IpNet>>,
    /// An origin whose pages may call /rpc: scheme, host and port, or * for all; repeatable [default: none; dev: browser extensions and Remix]
    #[arg(
        long = "rpc-origin",
        value_name = "ORIGIN",
        env = "BCOIN_RPC_ORIGINS",
        value_delimiter = ',',
        help_heading = "Coin"
    )]
    pub rpc_origins: Option<Vec<PageOrigin>>,
    /// A file of nodes to know from the start, as the book's nodes.json [default: none]
    #[arg(long, value_name = "FILE", env = "BCOIN_PEERS", help_heading = "Peers")]
    pub peers: Option<PathBuf>,
    /// A node to know from the start, as host:port or http://host:port; repeatable [default: none]
    #[arg(
        long = "peer",
        value_name = "ADDRESS",
        env = "BCOIN_PEER",
        value_delimiter = ',',
        help_heading = "Peers"
    )]
    pub known: Option<Vec<PeerAddress>>,
    #[command(flatten)]
    pub follow: FollowArgs,
    #[command(flatten)]
    pub pull: PullArgs,
    #[command(flatten)]
    pub mining: MiningArgs,
    #[command(flatten)]
    pub keys: KeysArgs,
}

/// Collects what was set by a flag or the environment.
struct Collector<'a> {
    matches: &'a ArgMatches,
    found: Vec<Override>,
}

impl Collector<'_> {
    /// `at` is section and key; `names` the argument's id, its flag and its variable.
    fn set(
        &mut self,
        at: (&'static str, &'static str),
        names: [&'static str; 3],
        value: Option<impl Into<Value>>,
    ) {
        let (Some(value), [id, flag, variable]) = (value, names) else {
            return;
        };
        let origin = match self.matches.value_source(id) {
            Some(ValueSource::EnvVariable) => Origin::Environment(variable),
            _ => Origin::Flag(flag),
        };
        self.found.push(Override {
            section: at.0,
            key: at.1,
            value: value.into(),
            origin,
        });
    }
}

/// A path as a value of a TOML file, which holds text only.
fn path_value(path: Option<&PathBuf>) -> Result<Option<String>, Failure> {
    path.map(|path| {
        path.to_str()
            .map(str::to_owned)
            .ok_or_else(|| Failure::usage(format!("the path {} is not UTF-8", path.display())))
    })
    .transpose()
}

fn number(value: Option<u64>) -> Option<i64> {
    value.and_then(|value| i64::try_from(value).ok())
}

fn texts<T: ToString>(values: Option<&Vec<T>>) -> Option<Vec<String>> {
    values.map(|values| values.iter().map(ToString::to_string).collect())
}

impl ProgramArgs {
    fn collect(&self, to: &mut Collector<'_>) {
        to.set(
            ("log", "filter"),
            ["log", "--log", "BCOIN_LOG"],
            self.log.clone().map(String::from),
        );
        to.set(
            ("log", "format"),
            ["log_format", "--log-format", "BCOIN_LOG_FORMAT"],
            self.log_format.clone(),
        );
        to.set(
            ("store", "cache_bytes"),
            ["cache_bytes", "--cache-bytes", "BCOIN_CACHE_BYTES"],
            number(self.cache_bytes),
        );
    }
}

impl PullArgs {
    fn collect(&self, to: &mut Collector<'_>) {
        to.set(
            ("peers", "allow_private"),
            [
                "allow_private_peers",
                "--allow-private-peers",
                "BCOIN_ALLOW_PRIVATE_PEERS",
            ],
            self.allow_private_peers,
        );
        to.set(
            ("peers", "max_pull_bytes"),
            ["max_pull_bytes", "--max-pull-bytes", "BCOIN_MAX_PULL_BYTES"],
            number(self.max_pull_bytes),
        );
        to.set(
            ("peers", "max_pull_blocks"),
            [
                "max_pull_blocks",
                "--max-pull-blocks",
                "BCOIN_MAX_PULL_BLOCKS",
            ],
            number(self.max_pull_blocks),
        );
    }
}

impl NodeArgs {
    fn collect(&self, to: &mut Collector<'_>) -> Result<(), Failure> {
        to.set(
            ("http", "port"),
            ["port", "--port", "BCOIN_PORT"],
            self.port.map(i64::from),
        );
        to.set(
            ("http", "listen"),
            ["listen", "--listen", "BCOIN_LISTEN"],
            self.listen.map(|listen| listen.to_string()),
        );
        to.set(
            ("node", "data_dir"),
            ["data_dir", "--data-dir", "BCOIN_DATA_DIR"],
            path_value(self.data_dir.as_ref())?,
        );
        to.set(
            ("node", "miner"),
            ["miner", "--miner", "BCOIN_MINER"],
            self.miner.clone().map(String::from),
        );
        self.network.collect(to);
        self.mining.collect(to);
        self.keys.collect(to)?;
        to.set(
            ("http", "host_names"),
            ["host_names", "--host-name", "BCOIN_HOST_NAMES"],
            texts(self.host_names.as_ref()),
        );
        to.set(
            ("http", "rpc_origins"),
            ["rpc_origins", "--rpc-origin", "BCOIN_RPC_ORIGINS"],
            texts(self.rpc_origins.as_ref()),
        );
        to.set(
            ("http", "allow"),
            ["allow", "--allow", "BCOIN_ALLOW"],
            texts(self.allow.as_ref()),
        );
        to.set(
            ("peers", "nodes_file"),
            ["peers", "--peers", "BCOIN_PEERS"],
            path_value(self.peers.as_ref())?,
        );
        to.set(
            ("peers", "known"),
            ["known", "--peer", "BCOIN_PEER"],
            texts(self.known.as_ref()),
        );
        self.follow.collect(to);
        self.pull.collect(to);
        Ok(())
    }
}

/// The settings of one node: flags and environment over the file over the defaults.
pub fn node_settings(
    program: &ProgramArgs,
    node: &NodeArgs,
    matches: &ArgMatches,
) -> Result<Layers, Failure> {
    let mut collector = Collector {
        matches,
        found: Vec::new(),
    };
    node.collect(&mut collector)?;
    program.collect(&mut collector);
    Ok(Layers::load(program.config.as_deref(), &collector.found)?)
}

/// The settings that the nodes of a local network share.
pub fn network_settings(
    program: &ProgramArgs,
    network: (&NetworkArgs, &KeysArgs),
    (follow, pull): (&FollowArgs, &PullArgs),
    matches: &ArgMatches,
) -> Result<Layers, Failure> {
    let mut collector = Collector {
        matches,
        found: Vec::new(),
    };
    network.0.collect(&mut collector);
    network.1.collect(&mut collector)?;
    follow.collect(&mut collector);
    pull.collect(&mut collector);
    program.collect(&mut collector);
    Ok(Layers::load(program.config.as_deref(), &collector.found)?)
}

#[cfg(test)]
mod tests;
