//! Why a text is no peer address, and what to write instead. The text is shown, and never trusted: it is a stranger's.

use std::fmt;

use thiserror::Error;

use crate::limits::PEER_ADDRESS_BYTES;

/// Why a text is no peer address. Each says what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AddressError {
    #[error("a peer address is empty, write one like 127.0.0.1:1001")]
    Empty,
    #[error("peer address {text} is {bytes} bytes long, at most {PEER_ADDRESS_BYTES} are read")]
    TooLong { text: Shown, bytes: usize },
    #[error(
        "peer address {text} has spaces or control characters inside, write one address without them"
    )]
    SpaceInside { text: Shown },
    #[error(
        "peer address {text} has the scheme {scheme}, only http and https are spoken here: write http://host:port"
    )]
    OtherScheme { text: Shown, scheme: Shown },
    #[error(
        "peer address {text} holds a user name or password, leave out what stands before the @"
    )]
    UserInfo { text: Shown },
    #[error(
        "peer address {text} has a query, leave out everything from the question mark on: {hint}"
    )]
    Query { text: Shown, hint: Shown },
    #[error("peer address {text} has a fragment, leave out everything from the # on: {hint}")]
    Fragment { text: Shown, hint: Shown },
    #[error("peer address {text} has a path, a node is named by host and port alone: {hint}")]
    Path { text: Shown, hint: Shown },
    #[error("peer address {text} has no host, write host and port, like 127.0.0.1:1001")]
    NoHost { text: Shown },
    #[error("peer address {text} has no port, write host and port, like {hint}")]
    NoPort { text: Shown, hint: Shown },
    #[error(
        "peer address {text} has the port {port}, a port is a number from 1 to 65535: write host:port, like 127.0.0.1:1001"
    )]
    BadPort { text: Shown, port: Shown },
    #[error(
        "peer address {text} has port 0, which nobody listens on: give the port the peer was started with, like 127.0.0.1:1001"
    )]
    PortZero { text: Shown },
    #[error("peer address {text} looks like IPv6, put the address in brackets: [::1]:1001")]
    BareIpv6 { text: Shown },
    #[error(
        "peer address {text} has a host that cannot be read ({reason}), write a name or an IP address, like 127.0.0.1:1001"
    )]
    BadHost { text: Shown, reason: String },
}

/// A text of somebody else's as an error shows it: quoted, control characters escaped, cut to a readable length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown(String);

/// Long enough for any address that a person typed, short enough for one line of a log.
const SHOWN_CHARACTERS: usize = 80;

impl Shown {
    pub(super) fn new(text: &str) -> Shown {
        Shown(text.to_owned())
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut characters = self.0.chars();
        f.write_str("`")?;
        for character in characters.by_ref().take(SHOWN_CHARACTERS) {
            write!(f, "{}", character.escape_debug())?;
        }
        f.write_str(if characters.next().is_some() {
            "…`"
        } else {
            "`"
        })
    }
}
