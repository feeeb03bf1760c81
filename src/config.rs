//! The settings of a node: one section a component, unknown keys refused, every value checked where it is read.
//!
//! A value comes from a flag, else from the environment (`BCOIN_…`), else from a TOML file, else from the default
//! written here. [`Layers`] puts the four together and remembers where each value came from. The command line calls it
//! once at the start; nobody reads a setting anywhere else.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use toml::{Table, Value};

use crate::limits;

mod coin;
mod peers;
mod values;
pub use coin::{KeysSection, MiningSection};
pub use peers::{PeersSection, SyncMode};
pub use values::{
    HostName, InvalidValue, LogFilter, MinerName, Network, PageOrigin, parse_network_range,
};

/// The file that is read when none is named, if the current folder has one.
pub const DEFAULT_FILE: &str = "bcoin.toml";

/// Every setting of one node.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    pub node: NodeSection,
    pub mining: MiningSection,
    pub keys: KeysSection,
    pub http: HttpSection,
    pub peers: PeersSection,
    pub store: StoreSection,
    pub log: LogSection,
}

/// What the node is, and where it keeps what it knows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NodeSection {
    pub network: Network,
    /// The receiver of the rewards. On classic by default the book's name for the port ([`default_miner`]); on other
    /// networks an address.
    pub miner: Option<MinerName>,
    /// The node's folder; by default `data/<port>` below the current folder, for other networks than classic
    /// `data/<network>/<port>`.
    pub data_dir: Option<PathBuf>,
    /// The hash of a block whose branch a coin node may switch to from any depth.
    pub switch_to: Option<String>,
}

/// Where the node answers, and to whom.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpSection {
    pub port: u16,
    pub listen: IpAddr,
    /// Names by which requests may call this node, beside IP addresses and the loopback names.
    pub host_names: Vec<HostName>,
    /// Addresses that may change this node's state without a token.
    #[serde(deserialize_with = "network_ranges")]
    pub allow: Vec<IpNet>,
    /// Whose pages may call a coin node's `/rpc`.
    pub rpc_origins: Vec<PageOrigin>,
}

impl Default for HttpSection {
    fn default() -> Self {
        Self {
            port: 1001,
            listen: IpAddr::V4(Ipv4Addr::LOCALHOST),
            host_names: Vec::new(),
            allow: Vec::new(),
            rpc_origins: Vec::new(),
        }
    }
}

/// How the store uses memory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoreSection {
    pub cache_bytes: u64,
}

impl Default for StoreSection {
    fn default() -> Self {
        Self {
            cache_bytes: limits::STORE_CACHE_BYTES as u64,
        }
    }
}

/// What is logged, on standard error.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogSection {
    pub filter: LogFilter,
    pub format: LogFormat,
}

/// How a log line looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

impl fmt::Display for LogFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Json => "json",
        })
    }
}

/// The book's miner for a port: Bharathi on the first of its three, Meghna on the others.
pub fn default_miner(port: u16) -> MinerName {
    let name = if matches!(port, 1001 | 11001) {
        "Bharathi"
    } else {
        "Meghna"
    };
    MinerName::known(name)
}

impl Config {
    /// The miner's name, chosen or the book's for this port.
    pub fn miner(&self, port: u16) -> MinerName {
        self.node
            .miner
            .clone()
            .unwrap_or_else(|| default_miner(port))
    }

    /// The node's folder, chosen or the default for this port.
    pub fn data_dir(&self, port: u16) -> PathBuf {
        self.node
            .data_dir
            .clone()
            .unwrap_or_else(|| Path::new("data").join(port.to_string()))
    }

    /// The same for a coin network of this name, whose nodes are never taken for classic ones.
    pub fn coin_data_dir(&self, network: &str, port: u16) -> PathBuf {
        let folder = || Path::new("data").join(network).join(port.to_string());
        self.node.data_dir.clone().unwrap_or_else(folder)
    }
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    Default,
    File(PathBuf),
    Environment(&'static str),
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Environment(name) => write!(f, "{name} in the environment"),
            Self::Flag(name) => f.write_str(name),
        }
    }
}

/// A value from the command line or the environment, which stands above the file's.
#[derive(Debug, Clone)]
pub struct Override {
    pub section: &'static str,
    pub key: &'static str,
    pub value: Value,
    pub origin: Origin,
}

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("the configuration file {} cannot be read: {source}", path.display())]
    Unreadable {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{}, line {line}: `{text}`: {reason}", path.display())]
    Malformed {
        path: PathBuf,
        line: usize,
        text: String,
        reason: String,
    },
    #[error("[{section}] {key}, from {origin}: {reason}")]
    Refused {
        section: &'static str,
        key: &'static str,
        origin: Origin,
        reason: String,
    },
}

/// The settings that hold, and where each came from.
#[derive(Debug, Clone, Default)]
pub struct Layers {
    pub config: Config,
    origins: BTreeMap<(String, String), Origin>,
}

impl Layers {
    /// Reads `file`, or [`DEFAULT_FILE`] if there is one in the current folder, and puts `overrides` above it.
    pub fn load(file: Option<&Path>, overrides: &[Override]) -> Result<Self, ConfigError> {
        let default = Path::new(DEFAULT_FILE);
        let path = file.or_else(|| default.exists().then_some(default));
        let text = match path {
            None => None,
            Some(path) => match std::fs::read_to_string(path) {
                Ok(text) => Some((path, text)),
                Err(source) => {
                    return Err(ConfigError::Unreadable {
                        path: path.to_owned(),
                        source,
                    });
                }
            },
        };
        Self::stack(
            text.as_ref().map(|(path, text)| (*path, text.as_str())),
            overrides,
        )
    }

    /// Puts the layers together: the file's text over the defaults, the overrides over both.
    pub fn stack(file: Option<(&Path, &str)>, overrides: &[Override]) -> Result<Self, ConfigError> {
        let mut origins = BTreeMap::new();
        let mut config = Config::default();
        if let Some((path, text)) = file {
            config =
                toml::from_str(text).map_err(|error| ConfigError::malformed(path, text, &error))?;
            let table: Table =
                toml::from_str(text).map_err(|error| ConfigError::malformed(path, text, &error))?;
            for (section, keys) in &table {
                for key in keys.as_table().into_iter().flat_map(Table::keys) {
                    origins.insert(
                        (section.clone(), key.clone()),
                        Origin::File(path.to_owned()),
                    );
                }
            }
        }
        for change in overrides {
            config = change.apply(&config)?;
            origins.insert(
                (change.section.to_owned(), change.key.to_owned()),
                change.origin.clone(),
            );
        }
        Ok(Self { config, origins })
    }

    /// Where the value of a setting came from.
    pub fn origin(&self, section: &str, key: &str) -> &Origin {
        self.origins
            .get(&(section.to_owned(), key.to_owned()))
            .unwrap_or(&Origin::Default)
    }

    /// The settings that hold as a TOML file, each with its origin beside it. It reads back as it stands.
    pub fn to_toml(&self) -> String {
        let table = Table::try_from(&self.config).expect("every setting is a TOML value");
        let mut out = String::new();
        for section in ["node", "mining", "keys", "http", "peers", "store", "log"] {
            let Some(Value::Table(keys)) = table.get(section) else {
                continue;
            };
            out.push_str(&format!("[{section}]\n"));
            for (key, value) in keys {
                out.push_str(&format!(
                    "{key} = {value} # {}\n",
                    self.origin(section, key)
                ));
            }
            for (key, meaning) in unset(section) {
                if !keys.contains_key(*key) {
                    out.push_str(&format!("# {key} is not set: {meaning}\n"));
                }
            }
            out.push('\n');
        }
        out
    }
}

/// What holds when a setting without a fixed default is left out.
fn unset(section: &str) -> &'static [(&'static str, &'static str)] {
    match section {
        "node" => &[
            (
                "miner",
                "on classic Bharathi on port 1001, Meghna on every other; on dev the first test account; else nobody",
            ),
            (
                "data_dir",
                "data/<port> below the current folder, data/<network>/<port> off classic",
            ),
            (
                "switch_to",
                "branches that are too deep wait for the operator",
            ),
        ],
        "mining" => &[
            ("threads", "the node does not mine all the time"),
            ("interval", "it does not mine by the clock"),
        ],
        "keys" => &[
            (
                "wallet_dir",
                "bcoin/wallet where this system keeps a user's files",
            ),
            ("password_file", "the password is asked for on the terminal"),
        ],
        "peers" => &[
            ("sync", "manual on classic, auto on coin networks"),
            ("nodes_file", "no peers known from the start"),
        ],
        _ => &[],
    }
}

impl Override {
    /// The settings with this one in place. Each goes in alone, so that an error names its own origin.
    fn apply(&self, config: &Config) -> Result<Config, ConfigError> {
        let mut table = Table::try_from(config).expect("every setting is a TOML value");
        if let Some(Value::Table(keys)) = table.get_mut(self.section) {
            keys.insert(self.key.to_owned(), self.value.clone());
        }
        table
            .try_into()
            .map_err(|error: toml::de::Error| ConfigError::Refused {
                section: self.section,
                key: self.key,
                origin: self.origin.clone(),
                reason: error.message().to_owned(),
            })
    }
}

impl ConfigError {
    fn malformed(path: &Path, text: &str, error: &toml::de::Error) -> Self {
        let at = error.span().map_or(0, |span| span.start).min(text.len());
        let before = text.as_bytes().get(..at).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        Self::Malformed {
            path: path.to_owned(),
            line,
            text: text
                .lines()
                .nth(line - 1)
                .unwrap_or_default()
                .trim()
                .to_owned(),
            reason: error.message().replace('\n', ", "),
        }
    }
}

fn network_ranges<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<IpNet>, D::Error> {
    Vec::<String>::deserialize(from)?
        .iter()
        .map(|text| parse_network_range(text).map_err(D::Error::custom))
        .collect()
}

#[cfg(test)]
mod tests;
