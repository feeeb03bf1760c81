//! The nodes that this one knows, as the page shows them: where each stands, and how it is reached.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::super::super::v1::network::NetworkAnswer;
use super::super::super::v1::peers::PeersAnswer;
use super::super::strings::{Network, fill};
use super::forest::{Forest, Standing};
use crate::limits::NETWORK_WATCHED;
use crate::peers::address::{PeerAddress, PeerHost, Scheme};
use crate::peers::engine::event::Direction;
use crate::peers::fault::Fault;
use crate::peers::watch::{Glance, LookError};

/// A node.
#[derive(Debug)]
pub struct Node {
    /// By which it is called in the pictures.
    pub letter: String,
    pub address: String,
    /// Its own page.
    pub link: Option<String>,
    pub height: Option<u64>,
    pub tip: Option<String>,
    pub agent: Option<String>,
    /// Who opened the session, where there is one: this node if so.
    pub is_outbound: Option<bool>,
    pub round_trip: Option<String>,
    pub status: Status,
}

/// How a node stands to this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    Itself,
    /// On the same block.
    Same,
    /// On this node's chain, as many blocks behind.
    Behind(u64),
    /// As many blocks further on the same chain.
    Ahead(u64),
    /// On a block that this node has beside its chain.
    Beside,
    /// On a chain that leaves this node's behind this height.
    Parts(u64),
    /// On a chain that has no block in common with what is shown of this one.
    Apart,
    /// On a chain of which too little is shown to say more.
    Far,
    /// On a block that nobody here knows.
    Unknown,
    /// It does not answer, and why.
    Unreachable(String),
    /// This node may not call it, and why.
    NotCalled(String),
    /// It has no `/v1`; what it said by the book's calls, if it was asked.
    Plain(Option<String>),
    /// It answers with something else.
    Odd(String),
    /// Nobody has asked it yet.
    Asking,
}

impl Status {
    pub fn class(&self) -> &'static str {
        match self {
            Self::Itself => "itself",
            Self::Same | Self::Behind(_) | Self::Ahead(_) => "together",
            Self::Beside | Self::Parts(_) | Self::Apart | Self::Far | Self::Unknown => "apart",
            Self::Unreachable(_) | Self::NotCalled(_) | Self::Odd(_) => "gone",
            Self::Plain(_) | Self::Asking => "dim",
        }
    }

    /// What says the same without colour.
    pub fn mark(&self) -> &'static str {
        match self {
            Self::Itself => "★",
            Self::Same => "=",
            Self::Behind(_) => "↓",
            Self::Ahead(_) => "↑",
            Self::Beside | Self::Parts(_) | Self::Apart => "≠",
            Self::Far | Self::Unknown | Self::Plain(_) => "?",
            Self::Unreachable(_) | Self::NotCalled(_) | Self::Odd(_) => "✕",
            Self::Asking => "…",
        }
    }

    /// In a few words.
    pub fn words(&self, t: &Network) -> String {
        match self {
            Self::Itself => t.is_itself.to_owned(),
            Self::Same => t.is_same.to_owned(),
            Self::Behind(blocks) => fill(t.is_behind, &[blocks]),
            Self::Ahead(blocks) => fill(t.is_ahead, &[blocks]),
            Self::Beside => t.is_beside.to_owned(),
            Self::Parts(height) => fill(t.is_parted, &[height]),
            Self::Apart => t.is_apart.to_owned(),
            Self::Far => t.is_far.to_owned(),
            Self::Unknown => t.is_unknown.to_owned(),
            Self::Unreachable(_) => t.is_unreachable.to_owned(),
            Self::NotCalled(_) => t.is_not_called.to_owned(),
            Self::Plain(_) => t.is_plain.to_owned(),
            Self::Odd(_) => t.is_odd.to_owned(),
            Self::Asking => t.is_asking.to_owned(),
        }
    }

    /// What the node or its silence says, in English as programs say it.
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Unreachable(why) | Self::NotCalled(why) | Self::Odd(why) => Some(why),
            Self::Plain(said) => said.as_deref(),
            _ => None,
        }
    }
}

/// What is known of nodes from all sides.
pub struct Known<'k> {
    pub peers: PeersAnswer,
    pub network: &'k NetworkAnswer,
    pub forest: &'k Forest,
    pub glance: &'k Glance,
    /// Addresses at which nodes with sessions can be called.
    pub callable: &'k BTreeSet<String>,
    /// As the visitor typed it.
    pub host: &'k str,
}

impl Node {
    pub fn is_itself(&self) -> bool {
        self.status == Status::Itself
    }

    /// Whether it cannot be looked into.
    pub fn is_plain(&self) -> bool {
        self.status == Status::Plain(None)
    }

    pub fn numbered(at: usize, address: String) -> Self {
        Self {
            letter: letter(at),
            address,
            link: None,
            height: None,
            tip: None,
            agent: None,
            is_outbound: None,
            round_trip: None,
            status: Status::Asking,
        }
    }

    /// All of them, this one first.
    pub fn all(known: Known<'_>) -> Vec<Self> {
        let own = known.network.standing.first();
        let own_tip = own.map(|own| own.hash.as_str()).unwrap_or_default();
        let own_height = own.map_or(0, |own| own.height);
        let mut itself = Self::numbered(0, known.host.to_owned());
        itself.status = Status::Itself;
        itself.height = Some(own_height);
        itself.tip = Some(own_tip.to_owned());
        let standing = known.network.standing.iter().skip(1);
        let standing: BTreeMap<&str, _> = standing
            .map(|stands| (stands.node.as_str(), stands))
            .collect();
        let follows = known.peers.key.is_some();
        let mut nodes = vec![itself];
        for peer in known.peers.peers {
            // Other names of nodes that are listed already.
            if follows && peer.connected.is_none() {
                continue;
            }
            let mut node = Self::numbered(nodes.len(), peer.address);
            let address: Option<PeerAddress> = node.address.parse().ok();
            let is_callable =
                peer.connected != Some(true) || known.callable.contains(&node.address);
            node.link = address
                .as_ref()
                .filter(|_| is_callable)
                .map(|address| format!("{}/network", origin(address, known.host)));
            node.agent = peer.agent;
            node.is_outbound = peer
                .direction
                .map(|direction| matches!(direction, Direction::Outbound));
            let looked = address.and_then(|address| known.glance.looked.get(&address));
            node.round_trip = match peer.round_trip_ms {
                Some(milliseconds) => Some(short_time(milliseconds / 1000.0)),
                None => looked
                    .filter(|looked| looked.tree.is_ok())
                    .map(|looked| about(looked.took)),
            };
            if let Some(stands) = standing.get(node.address.as_str()) {
                node.height = Some(stands.height);
                node.tip = Some(stands.hash.clone());
                node.status = match stands.place {
                    "on_chain" if stands.hash == own_tip => Status::Same,
                    "on_chain" => Status::Behind(own_height.saturating_sub(stands.height)),
                    "beside" => Status::Beside,
                    _ => match known.forest.standing(&stands.hash, own_tip) {
                        Standing::Ahead(blocks) => Status::Ahead(blocks),
                        Standing::Parts(height) => Status::Parts(height),
                        Standing::Apart => {
                            match looked.and_then(|looked| looked.tree.as_ref().ok()) {
                                // Its chain is here from its first block on, and has nothing in common with this node's.
                                Some(tree) if tree.begins() => Status::Apart,
                                Some(_) => Status::Far,
                                None => Status::Unknown,
                            }
                        }
                    },
                };
            } else if let Some(Err(error)) = looked.map(|looked| &looked.tree) {
                node.status = not_seen(error);
            } else if let Some(said) = peer.said {
                node.status = Status::Plain(Some(said));
            } else if let Some(error) = peer.last_error {
                node.status = Status::Unreachable(error);
            }
            nodes.push(node);
        }
        nodes
    }
}

fn not_seen(error: &LookError) -> Status {
    match (error, error.fault()) {
        (LookError::NoSuchPath, _) => Status::Plain(None),
        (_, Fault::Connection) => Status::Unreachable(error.to_string()),
        (_, Fault::Refusal) => Status::NotCalled(error.to_string()),
        (_, Fault::Answer) => Status::Odd(error.to_string()),
    }
}

/// A, B and so on; beyond Z numbers.
fn letter(at: usize) -> String {
    match u8::try_from(at) {
        Ok(at @ 0..26) => char::from(b'A' + at).to_string(),
        _ => (at + 1).to_string(),
    }
}

/// Where a browser finds a node: on this machine, or by a name of one word as containers have, at the host that the visitor typed.
pub fn origin(address: &PeerAddress, host: &str) -> String {
    let is_near = match address.host() {
        PeerHost::Ip(ip) => ip.is_loopback(),
        PeerHost::Name(name) => !name.trim_end_matches('.').contains('.'),
    };
    if !is_near || address.scheme() == Scheme::Https {
        return address.origin();
    }
    let host = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    format!("http://{host}:{}", address.port())
}

/// Milliseconds with one digit behind the point where there are few.
fn short_time(seconds: f64) -> String {
    match seconds * 1000.0 {
        ..0.1 => "< 0.1 ms".to_owned(),
        few @ ..10.0 => format!("{few:.1} ms"),
        many => format!("{many:.0} ms"),
    }
}

/// A time that says no more than it means, and so seldom changes.
fn about(took: Duration) -> String {
    let most = [5, 10, 20, 50, 100, 200, 500, 1000];
    let most = most
        .into_iter()
        .find(|most| took < Duration::from_millis(*most));
    most.map_or_else(|| "≥ 1 s".to_owned(), |most| format!("< {most} ms"))
}

/// The nodes that are to be looked at, as many in a row as one round asks.
pub fn to_watch<'a>(addresses: impl Iterator<Item = &'a str>) -> Vec<PeerAddress> {
    let parsed = addresses.filter_map(|address| address.parse().ok());
    // Four rounds see all that a node told by hand may know.
    parsed.take(4 * NETWORK_WATCHED).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_on_this_machine_are_linked_by_the_name_that_the_visitor_uses() {
        for (address, host, expected) in [
            ("127.0.0.1:1002", "127.0.0.1:1001", "http://127.0.0.1:1002"),
            (
                "127.0.0.1:1002",
                "school.example:1001",
                "http://school.example:1002",
            ),
            ("bcoin-2:1002", "localhost:1001", "http://localhost:1002"),
            ("bcoin-2:1002", "localhost", "http://localhost:1002"),
            ("[::1]:1002", "[::1]:1001", "http://[::1]:1002"),
            (
                "node.example.org:80",
                "127.0.0.1:1001",
                "http://node.example.org:80",
            ),
            (
                "192.168.1.7:1002",
                "127.0.0.1:1001",
                "http://192.168.1.7:1002",
            ),
            ("https://near:443", "127.0.0.1:1001", "https://near:443"),
        ] {
            let address: PeerAddress = address.parse().expect(address);
            assert_eq!(origin(&address, host), expected);
        }
    }

    #[test]
    fn letters_end_and_numbers_go_on() {
        let letters: Vec<String> = [0, 1, 25, 26, 63].map(letter).into();
        assert_eq!(letters, ["A", "B", "Z", "27", "64"]);
    }

    #[test]
    fn times_are_short() {
        assert_eq!(
            (short_time(0.000_42), short_time(0.2)),
            ("0.4 ms".into(), "200 ms".into())
        );
        assert_eq!(short_time(0.000_02), "< 0.1 ms");
        assert_eq!(about(Duration::from_micros(700)), "< 5 ms");
        assert_eq!(about(Duration::from_secs(2)), "≥ 1 s");
    }
}
