//! The kinds of value that a setting can have beside numbers and paths. Each is checked when it is made, whether it came
//! from a file, the environment or a flag, and its error says what is allowed.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// The longest miner's name, in characters: it stands in every block that the node mines.
const MAX_MINER_CHARS: usize = 128;

/// The longest host name that DNS knows.
const MAX_HOST_NAME_BYTES: usize = 253;

/// Why a text cannot be the value of a setting; says what is allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidValue {
    #[error(
        "a miner's name has 1 to {MAX_MINER_CHARS} characters and no control characters, this has {chars}"
    )]
    Miner { chars: usize },
    #[error(
        "{text:?} is not a host name: letters, digits, `-` and dots are allowed, without scheme or port (example: node1.lab)"
    )]
    HostName { text: String },
    #[error(
        "{text:?} is no origin of pages: allowed are scheme, host and port as a browser shows them, without a path (example: https://wallet.example), and * for all"
    )]
    Origin { text: String },
    #[error(
        "{text:?} is not a range of addresses: allowed are one address (172.18.0.1) and CIDR notation (172.18.0.0/16)"
    )]
    Range { text: String },
    #[error(
        "{text:?} is no network: allowed are classic, main, dev, and the path of a genesis file, such as school.json or ./school"
    )]
    Network { text: String },
    #[error(
        "{text:?} is not a log filter: allowed are error, warn, info, debug, trace, off, and lists such as info,bcoin::peers=debug ({reason})"
    )]
    Filter { text: String, reason: String },
}

/// The receiver of a node's rewards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MinerName(String);

impl MinerName {
    /// A name that is written in this program.
    pub(crate) fn known(name: &'static str) -> Self {
        Self(name.to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MinerName {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let chars = text.chars().count();
        if chars == 0 || chars > MAX_MINER_CHARS || text.chars().any(char::is_control) {
            return Err(InvalidValue::Miner { chars });
        }
        Ok(Self(text.to_owned()))
    }
}

/// The networks that this program can join.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Network {
    /// The book's network: a lesson, not a currency.
    #[default]
    Classic,
    /// The currency.
    Main,
    /// For lessons and development: blocks cost nothing, and everybody has the keys of its first accounts.
    Dev,
    /// The network of a genesis file.
    File(PathBuf),
}

impl FromStr for Network {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        match text {
            "classic" => Ok(Self::Classic),
            "main" => Ok(Self::Main),
            "dev" => Ok(Self::Dev),
            // A bare word would be a slip of the keyboard more often than a file.
            path if path.ends_with(".json") || path.contains(std::path::is_separator) => {
                Ok(Self::File(path.into()))
            }
            _ => Err(InvalidValue::Network {
                text: text.to_owned(),
            }),
        }
    }
}

impl TryFrom<String> for Network {
    type Error = InvalidValue;

    fn try_from(text: String) -> Result<Self, InvalidValue> {
        text.parse()
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.to_string()
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Classic => f.write_str("classic"),
            Self::Main => f.write_str("main"),
            Self::Dev => f.write_str("dev"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

/// A name by which requests may call a node, in lower case and without a dot at its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostName(String);

impl HostName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for HostName {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        let label_holds = |label: &str| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .bytes()
                    // Service names of containers may hold an underscore.
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        };
        if name.len() > MAX_HOST_NAME_BYTES || !name.split('.').all(label_holds) {
            return Err(InvalidValue::HostName {
                text: text.to_owned(),
            });
        }
        Ok(Self(name))
    }
}

/// Where pages come from that may call `/rpc`: an origin as browsers write it, in lower case, or `*` for all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PageOrigin(String);

impl FromStr for PageOrigin {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let origin = text.to_ascii_lowercase();
        let holds = origin.split_once("://").is_some_and(|(scheme, host)| {
            let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
            let of_host = |byte: u8| byte.is_ascii_graphic() && !b"/?#@\\\"'<>".contains(&byte);
            !scheme.is_empty()
                && scheme.bytes().all(letter)
                && !host.is_empty()
                && host.bytes().all(of_host)
        });
        if origin == "*" || (holds && origin.len() <= MAX_HOST_NAME_BYTES) {
            return Ok(Self(origin));
        }
        Err(InvalidValue::Origin {
            text: text.to_owned(),
        })
    }
}

/// Which events are logged, in the words of the `tracing` filters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LogFilter(String);

impl LogFilter {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for LogFilter {
    fn default() -> Self {
        Self("info".to_owned())
    }
}

impl FromStr for LogFilter {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let refused = |reason: String| InvalidValue::Filter {
            text: text.to_owned(),
            reason,
        };
        if text.trim().is_empty() {
            return Err(refused("it is empty".to_owned()));
        }
        tracing_subscriber::EnvFilter::try_new(text).map_err(|error| refused(error.to_string()))?;
        // The filter reads any single word as the name of a module, so that a typo in a level would log nothing at all.
        let level_or_module = |part: &str| {
            part.contains(['=', ':', '['])
                || part.parse::<tracing::level_filters::LevelFilter>().is_ok()
                || part == "bcoin"
        };
        match text
            .split(',')
            .map(str::trim)
            .find(|part| !level_or_module(part))
        {
            Some(part) => Err(refused(format!("{part:?} is no level"))),
            None => Ok(Self(text.to_owned())),
        }
    }
}

/// Reads one address or a range in CIDR notation.
pub fn parse_network_range(text: &str) -> Result<IpNet, InvalidValue> {
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| InvalidValue::Range {
            text: text.to_owned(),
        })
}

/// What makes a checked text a value of a TOML file and printable.
macro_rules! text_value {
    ($($name:ident),+) => {$(
        impl TryFrom<String> for $name {
            type Error = InvalidValue;

            fn try_from(text: String) -> Result<Self, InvalidValue> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

text_value!(MinerName, HostName, PageOrigin, LogFilter);
