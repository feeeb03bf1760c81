//! What `bcoin up` plans before any node runs: ports, names, who knows whom, and what the user is told.

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

use tokio::net::TcpListener;

use super::bind::{BindError, bind};
use super::client::FALLBACK_PORT;
use super::exit::Failure;
use super::launch::{LESSON, Runs, TOYS, is_dev};
use super::local_node::LocalNode;
use super::node::url_here;
use super::terminal::{bad, count, note, strong};
use crate::config::SyncMode;
use crate::peers::address::PeerAddress;
use crate::peers::nodes_file;
use crate::protocol::coin::DEV_ACCOUNTS;
use crate::protocol::coin::genesis::Genesis;

/// Each node holds a store, a writer thread and open files; a class is better off with machines of its own.
pub const MOST_NODES: u16 = 32;

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// The miners, in order of the nodes: the book's three, then others, round and round.
const MINERS: [&str; 10] = [
    "Bharathi", "Meghna", "Meghna", "Anand", "Divya", "Kavya", "Rohan", "Latha", "Suresh", "Priya",
];

/// The miner of the node at a place, counted from 0.
pub fn miner(place: usize) -> &'static str {
    MINERS
        .get(place % MINERS.len())
        .copied()
        .unwrap_or("Meghna")
}

/// Ports that were taken for a network.
pub struct LocalNetwork {
    listeners: Vec<(u16, TcpListener)>,
    /// The first port that was asked for and could not be taken, if the nodes went elsewhere.
    pub fell_back: Option<u16>,
}

/// Takes all ports, from `base` on or, where this user may not take those, from the fallback on.
pub async fn take_ports(base: u16, nodes: u16) -> Result<LocalNetwork, Failure> {
    match take_range(base, nodes).await? {
        Ok(listeners) => Ok(LocalNetwork {
            listeners,
            fell_back: None,
        }),
        Err(refused @ BindError::NotAllowed { .. }) if base != FALLBACK_PORT => {
            match take_range(FALLBACK_PORT, nodes).await? {
                Ok(listeners) => Ok(LocalNetwork {
                    listeners,
                    fell_back: Some(base),
                }),
                Err(other) => {
                    note(&format!(
                        "{} ({})",
                        refused.into_failure(),
                        "so the nodes would go to 11001 and on"
                    ));
                    Err(other.into_failure())
                }
            }
        }
        Err(error) => Err(error.into_failure()),
    }
}

async fn take_range(
    base: u16,
    nodes: u16,
) -> Result<Result<Vec<(u16, TcpListener)>, BindError>, Failure> {
    let last = base.checked_add(nodes - 1).ok_or_else(|| {
        Failure::usage(format!(
            "{} from port {base} on go beyond port 65535",
            count(nodes.into(), "node")
        ))
    })?;
    let mut listeners = Vec::new();
    for port in base..=last {
        match bind(HERE, port).await {
            Ok(listener) => listeners.push((port, listener)),
            Err(error) => return Ok(Err(error)),
        }
    }
    Ok(Ok(listeners))
}

impl LocalNetwork {
    pub fn ports(&self) -> impl Iterator<Item = u16> + '_ {
        self.listeners.iter().map(|(port, _)| *port)
    }

    pub fn into_listeners(self) -> impl Iterator<Item = (u16, TcpListener)> {
        self.listeners.into_iter()
    }

    /// The file that tells the nodes of each other: `nodes.json` in `here` if it names just these, else one that is
    /// written into `data_dir`.
    pub fn nodes_file(&self, here: &Path, data_dir: &Path) -> Result<PathBuf, Failure> {
        let mut wanted: Vec<PeerAddress> = self
            .ports()
            .map(|port| PeerAddress::http(HERE, port))
            .collect();
        wanted.sort();
        let own = here.join("nodes.json");
        if own.exists() {
            let mut named = read_nodes_file(&own)?;
            named.sort();
            if named == wanted {
                return Ok(own);
            }
        }
        let file = data_dir.join("nodes.json");
        let urls: Vec<String> = self
            .ports()
            .map(|port| format!("http://{HERE}:{port}"))
            .collect();
        let text = serde_json::to_string_pretty(&serde_json::json!({ "nodes": urls }))
            .expect("a list of texts is JSON");
        std::fs::create_dir_all(data_dir)
            .and_then(|()| std::fs::write(&file, text + "\n"))
            .map_err(|error| Failure::file("write", &file, &error))?;
        Ok(file)
    }
}

/// The addresses in a `nodes.json`.
pub fn read_nodes_file(file: &Path) -> Result<Vec<PeerAddress>, Failure> {
    nodes_file::read(file).map_err(|error| {
        Failure::usage(error.to_string())
            .hint("Mend the file, or move it away: `bcoin up` then writes one of its own.")
    })
}

/// What the user reads first.
pub fn greeting(
    runs: &Runs,
    sync: SyncMode,
    nodes: &[LocalNode],
    nodes_file: &Path,
    data_dir: &Path,
    fell_back: Option<u16>,
) -> String {
    let url = |place: usize| {
        nodes
            .get(place)
            .or(nodes.first())
            .map_or_else(String::new, |node| url_here(node.address()))
    };
    let (first, second) = (url(0), url(1));
    let mut out = format!(
        "{} Each knows the others through {}.\n",
        strong(&format!(
            "A local network of {}.",
            count(nodes.len() as u64, "node")
        )),
        nodes_file.display()
    );
    match runs {
        Runs::Classic => out.push_str(&format!("{LESSON}\n")),
        Runs::Coin { genesis, .. } => out.push_str(&coin_network(genesis)),
    }
    if let Some(port) = fell_back {
        let from = nodes
            .first()
            .map_or(FALLBACK_PORT, |node| node.address().port());
        out.push_str(&format!(
            "\n{}\n   Wherever the book says {port}, use {from}. Or allow the book's ports on this machine:\n   sudo sysctl net.ipv4.ip_unprivileged_port_start={port}\n",
            bad(&format!("!! This user may not take port {port}: THE NODES ARE ON {from} AND ON. !!")),
        ));
    }
    let then = if sync == SyncMode::Auto {
        out.push_str(
            "The nodes follow each other by themselves: a block mined on one is the tip of all.\n",
        );
        format!("  curl {second}/get_chain\n  bcoin peers list --node {second}\n")
    } else {
        format!("  curl {second}/replace_chain\n")
    };
    let calls = match runs {
        Runs::Classic => format!(
            "  curl {first}/get_chain\n  curl -d '{{\"sender\":\"Alice\",\"receiver\":\"Bob\",\"amount\":5}}' {first}/add_transaction\n  \
             curl {first}/mine_block\n{then}"
        ),
        Runs::Coin { .. } => format!(
            "  curl {first}/get_chain\n  curl {first}/mine_block\n{then}  curl {first}/v1/supply\n"
        ),
    };
    out.push_str(&format!(
        "\nOpen {first}/ in a browser to see it live, or try:\n{calls}The chains are kept in {}; --fresh starts over. Ctrl-C ends the network.\n\n",
        data_dir.display()
    ));
    out
}

/// What is to be known of a coin network: on dev the ten accounts that everybody has the keys of.
fn coin_network(genesis: &Genesis) -> String {
    let parameters = &genesis.parameters;
    let mut out = format!(
        "The network {} (chain id {}, genesis {}).\n",
        parameters.name,
        parameters.chain_id,
        genesis.hash()
    );
    if parameters.half_life == 0 {
        out.push_str(&format!("{TOYS}\n"));
    }
    if is_dev(genesis) {
        out.push_str(&format!(
            "\n{}\n   They come of the words `test test test test test test test test test test test junk`. Never send anything of value to them.\n",
            bad("!! TEN TEST ACCOUNTS: EVERYBODY HAS THEIR KEYS !!")
        ));
        for (index, address) in DEV_ACCOUNTS.iter().enumerate() {
            out.push_str(&format!("   {index}  {address}\n"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn network(nodes: u16) -> LocalNetwork {
        let mut listeners = Vec::new();
        for _ in 0..nodes {
            let listener = TcpListener::bind((HERE, 0)).await.unwrap();
            listeners.push((listener.local_addr().unwrap().port(), listener));
        }
        LocalNetwork {
            listeners,
            fell_back: None,
        }
    }

    #[tokio::test]
    async fn a_nodes_file_is_used_only_if_it_names_just_these_nodes() {
        let here = tempfile::tempdir().unwrap();
        let data = here.path().join("data");
        let network = network(2).await;
        let written = network.nodes_file(here.path(), &data).unwrap();
        assert_eq!(written, data.join("nodes.json"));
        assert_eq!(read_nodes_file(&written).unwrap().len(), 2);

        let own = here.path().join("nodes.json");
        std::fs::copy(&written, &own).unwrap();
        assert_eq!(network.nodes_file(here.path(), &data).unwrap(), own);
        std::fs::write(&own, r#"{"nodes": ["http://127.0.0.1:1"]}"#).unwrap();
        assert_eq!(network.nodes_file(here.path(), &data).unwrap(), written);
        std::fs::write(&own, r#"{"nodes": ["#).unwrap();
        let failure = network.nodes_file(here.path(), &data).unwrap_err();
        assert_eq!(failure.ending.code(), 2);
        assert!(failure.to_string().contains("nodes.json"), "{failure}");
    }

    #[tokio::test]
    async fn ports_beyond_the_last_are_wrong_usage() {
        let failure = take_ports(65_534, 3).await.err().unwrap();
        assert_eq!(failure.ending.code(), 2);
    }

    #[test]
    fn the_first_three_miners_are_the_books() {
        assert_eq!(
            [miner(0), miner(1), miner(2)],
            ["Bharathi", "Meghna", "Meghna"]
        );
        assert_eq!(miner(10), "Bharathi");
    }
}
