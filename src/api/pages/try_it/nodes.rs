//! The chapter's three nodes, as one of them knows them: which is which, and where a visitor finds the others.

use url::Url;

use crate::peers::address::{PeerAddress, PeerHost, Scheme};

/// Where `bcoin up` puts the first node: the book's port, and the one where that may not be taken.
const FIRST_PORTS: [u16; 2] = [1001, 11001];
/// How many nodes the chapter has.
pub(super) const NODES: usize = 3;

/// A node of the chapter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// Counted from 1.
    pub number: usize,
    /// `127.0.0.1:1002`.
    pub address: String,
    /// `http://127.0.0.1:1002`.
    pub origin: String,
    /// This one.
    pub is_here: bool,
    /// Whether this node knows it; where it knows too few, the chapter's ports stand in.
    pub is_known: bool,
}

impl Place {
    /// A node without a number, as nobody is.
    pub fn alone(host: &str) -> Self {
        Self {
            number: 0,
            address: host.to_owned(),
            origin: format!("http://{host}"),
            is_here: true,
            is_known: true,
        }
    }
}

/// A node before it has its number.
#[derive(Debug)]
struct Found {
    host: String,
    port: u16,
    is_secure: bool,
    is_here: bool,
    is_known: bool,
}

/// The chapter's nodes and, if it is none of them, this one behind them. `host` is as the visitor typed it.
///
/// They are numbered by port, then by name, so that each of them numbers all alike. A peer that has a name or an address
/// of its own machine alone is to be found where the visitor found this node.
pub(super) fn places(host: &str, peers: &[String]) -> Vec<Place> {
    let (own_host, own_port) = split(host);
    let mut found = vec![Found {
        host: own_host.clone(),
        port: own_port,
        is_secure: false,
        is_here: true,
        is_known: true,
    }];
    for peer in peers.iter().filter_map(|peer| peer.parse().ok()) {
        let peer = linked(&peer, &own_host, own_port);
        let is_new = |other: &Found| (&other.host, other.port) != (&peer.host, peer.port);
        if found.iter().all(is_new) {
            found.push(peer);
        }
    }
    stand_in(&mut found, &own_host);
    let neighbours = found
        .iter()
        .any(|node| !node.is_here && node.host == own_host);
    found.sort_by(|a, b| {
        let key = |node: &Found| (neighbours && node.host != own_host, node.port);
        key(a).cmp(&key(b)).then_with(|| a.host.cmp(&b.host))
    });
    let numbered = found.into_iter().zip(1..);
    numbered
        .filter(|(node, number)| *number <= NODES || node.is_here)
        .map(|(node, number)| node.numbered(number))
        .collect()
}

impl Found {
    fn numbered(self, number: usize) -> Place {
        let address = format!("{}:{}", self.host, self.port);
        let scheme = if self.is_secure { "https" } else { "http" };
        Place {
            number,
            origin: format!("{scheme}://{address}"),
            address,
            is_here: self.is_here,
            is_known: self.is_known,
        }
    }
}

/// A host and its port, of what stands in a browser's address bar.
fn split(host: &str) -> (String, u16) {
    let url = Url::parse(&format!("http://{host}/")).ok();
    let port = url.as_ref().and_then(Url::port_or_known_default);
    let name = url.as_ref().and_then(Url::host_str);
    (name.unwrap_or("127.0.0.1").to_owned(), port.unwrap_or(80))
}

/// Where the visitor finds a peer.
fn linked(peer: &PeerAddress, own_host: &str, own_port: u16) -> Found {
    let (host, is_near) = match peer.host() {
        PeerHost::Ip(ip @ std::net::IpAddr::V6(_)) => (format!("[{ip}]"), ip.is_loopback()),
        PeerHost::Ip(ip) => (ip.to_string(), ip.is_loopback()),
        PeerHost::Name(name) => (name.clone(), !name.trim_end_matches('.').contains('.')),
    };
    // Several machines with one name each on one port are not all here.
    let is_here = is_near && peer.port() != own_port;
    Found {
        host: if is_here { own_host.to_owned() } else { host },
        port: peer.port(),
        is_secure: peer.scheme() == Scheme::Https,
        is_here: false,
        is_known: true,
    }
}

/// Fills up to three with the ports of the chapter.
fn stand_in(found: &mut Vec<Found>, own_host: &str) {
    let lowest = found.iter().map(|node| node.port).min().unwrap_or(0);
    let begins = |first: &u16| (*first..first + NODES as u16).contains(&lowest);
    let first = FIRST_PORTS.into_iter().find(begins).unwrap_or(lowest);
    for port in (0..NODES as u16).map(|step| first.saturating_add(step)) {
        if found.len() < NODES && found.iter().all(|node| node.port != port) {
            found.push(Found {
                host: own_host.to_owned(),
                port,
                is_secure: false,
                is_here: false,
                is_known: false,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Number, origin and marks of each.
    fn shown(host: &str, peers: &[&str]) -> Vec<String> {
        let peers: Vec<String> = peers.iter().map(|peer| (*peer).to_owned()).collect();
        let of = |place: &Place| {
            let here = if place.is_here { "*" } else { "" };
            let known = if place.is_known { "" } else { "?" };
            format!("{} {}{here}{known}", place.number, place.origin)
        };
        places(host, &peers).iter().map(of).collect()
    }

    #[test]
    fn every_node_of_a_network_numbers_all_alike() {
        let first = shown("127.0.0.1:1001", &["127.0.0.1:1003", "127.0.0.1:1002"]);
        assert_eq!(
            first,
            [
                "1 http://127.0.0.1:1001*",
                "2 http://127.0.0.1:1002",
                "3 http://127.0.0.1:1003"
            ]
        );
        let third = shown("localhost:11003", &["127.0.0.1:11001", "127.0.0.1:11002"]);
        assert_eq!(
            third,
            [
                "1 http://localhost:11001",
                "2 http://localhost:11002",
                "3 http://localhost:11003*"
            ]
        );
        let apart = ["10.0.0.1:1001", "10.0.0.3:1001"];
        assert_eq!(shown("10.0.0.2:1001", &apart)[1], "2 http://10.0.0.2:1001*");
        assert_eq!(
            shown("10.0.0.1:1001", &["10.0.0.2:1001", "10.0.0.3:1001"])[0],
            "1 http://10.0.0.1:1001*"
        );
        let six = shown("[::1]:1002", &["[::1]:1001"]);
        assert_eq!(six[0], "1 http://[::1]:1001");
    }

    #[test]
    fn names_of_one_label_are_found_where_the_visitor_is_and_others_where_they_say() {
        let composed = shown("localhost:1001", &["bcoin2:1002", "bcoin3:1003"]);
        assert_eq!(composed[2], "3 http://localhost:1003");
        let one_port = shown("bcoin1:1001", &["bcoin2:1001", "bcoin3:1001"]);
        assert_eq!(one_port[1], "2 http://bcoin2:1001");
        let mixed = shown(
            "127.0.0.1:1001",
            &[
                "evil.example:80",
                "127.0.0.1:1002",
                "https://node.example:443",
            ],
        );
        assert_eq!(
            mixed,
            [
                "1 http://127.0.0.1:1001*",
                "2 http://127.0.0.1:1002",
                "3 http://evil.example:80"
            ]
        );
    }

    #[test]
    fn a_node_that_knows_nobody_shows_the_chapters_ports() {
        assert_eq!(
            shown("127.0.0.1:1002", &[]),
            [
                "1 http://127.0.0.1:1001?",
                "2 http://127.0.0.1:1002*",
                "3 http://127.0.0.1:1003?"
            ]
        );
        assert_eq!(shown("127.0.0.1:7000", &[])[2], "3 http://127.0.0.1:7002?");
        assert_eq!(shown("127.0.0.1:65535", &[]).len(), 1);
        assert_eq!(shown("node", &[])[0], "1 http://node:80*");
    }

    #[test]
    fn a_fourth_node_stands_behind_the_three() {
        let peers = ["127.0.0.1:1001", "127.0.0.1:1002", "127.0.0.1:1003"];
        let fourth = shown("127.0.0.1:1004", &peers);
        assert_eq!(fourth[3], "4 http://127.0.0.1:1004*");
        let first = ["127.0.0.1:1002", "127.0.0.1:1003", "127.0.0.1:1004"];
        assert_eq!(shown("127.0.0.1:1001", &first).len(), 3);
    }
}
