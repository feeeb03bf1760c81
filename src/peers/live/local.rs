//! Nodes on the local network: announced and found by multicast DNS (RFC 6762) and its service discovery (RFC 6763).
//!
//! What is found is a hint that anybody on the network can make up: an address to try, of a network by its own account.
//! Nothing here stops a node: where multicast does not work, nobody is found.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use mdns_sd::{ResolvedService, ServiceDaemon, ServiceEvent, ServiceInfo};
use thiserror::Error;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::limits;
use crate::peers::address::PeerAddress;

/// The kind of service that a node is.
const SERVICE: &str = "_bcoin._tcp.local.";

/// The TXT records: the network's name, and the node's key.
const NETWORK: &str = "network";
const KEY: &str = "key";

/// How often a search looks whether the node ends.
const TURN: Duration = Duration::from_millis(100);

/// How a node shows itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announced {
    /// The network's name.
    pub network: String,
    /// The node's public key, in hexadecimal: tells a node from itself.
    pub key: String,
    /// Where it listens; an unspecified address stands for all that the machine has.
    pub listens: SocketAddr,
}

/// A node of the same network that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub address: PeerAddress,
    /// Its key, as it says; not checked.
    pub key: String,
}

/// Why the local network is not searched.
#[derive(Debug, Error)]
pub enum LocalError {
    #[error("multicast DNS does not work here: {0}")]
    Mdns(#[from] mdns_sd::Error),
    #[error("the search was given up in a panic")]
    Panicked,
}

/// Announces this node, and sends others of its network as they are found, some of them again and again. Ends when
/// `shutdown` is cancelled or nobody listens to `found` any more. Finds are dropped while `found` is full: they come again.
///
/// # Errors
/// [`LocalError`], with which a node goes on all the same.
pub async fn find_local(
    us: Announced,
    found: mpsc::Sender<Found>,
    shutdown: CancellationToken,
) -> Result<(), LocalError> {
    let searching = tokio::task::spawn_blocking(move || search(&us, &found, &shutdown));
    searching.await.map_err(|_| LocalError::Panicked)?
}

fn search(
    us: &Announced,
    found: &mpsc::Sender<Found>,
    shutdown: &CancellationToken,
) -> Result<(), LocalError> {
    let daemon = ServiceDaemon::new()?;
    let result = announce(us).and_then(|service| {
        daemon.register(service)?;
        daemon.browse(SERVICE)
    });
    let events = match result {
        Ok(events) => events,
        Err(error) => {
            let _ = daemon.shutdown();
            return Err(error.into());
        }
    };
    while !shutdown.is_cancelled() && !found.is_closed() {
        if let Ok(ServiceEvent::ServiceResolved(service)) = events.recv_timeout(TURN) {
            for one in others(us, &service) {
                let _ = found.try_send(one);
            }
        } else if events.is_disconnected() {
            break;
        }
    }
    // Takes the announcement back; waiting for that is not worth a node's end.
    let told = daemon.shutdown();
    if let Ok(told) = told {
        let _ = told.recv_timeout(TURN);
    }
    Ok(())
}

fn announce(us: &Announced) -> Result<ServiceInfo, mdns_sd::Error> {
    let name: String = us.key.chars().take(16).collect();
    let host = format!("bcoin-{name}.local.");
    let properties = [(NETWORK, us.network.as_str()), (KEY, us.key.as_str())];
    let ip = us.listens.ip();
    let port = us.listens.port();
    if ip.is_unspecified() {
        let everywhere = ServiceInfo::new(SERVICE, &name, &host, "", port, &properties[..])?;
        return Ok(everywhere.enable_addr_auto());
    }
    ServiceInfo::new(SERVICE, &name, &host, ip, port, &properties[..])
}

/// The addresses of a node that is another than this one, and of its network.
fn others(us: &Announced, service: &ResolvedService) -> Vec<Found> {
    let says = |name| service.get_property_val_str(name).unwrap_or_default();
    let key = says(KEY);
    let is_key = key.len() == us.key.len() && key.bytes().all(|byte| byte.is_ascii_hexdigit());
    if says(NETWORK) != us.network || !is_key || key == us.key {
        return Vec::new();
    }
    let port = service.get_port();
    let mut addresses: Vec<IpAddr> = service
        .get_addresses()
        .iter()
        .map(mdns_sd::ScopedIp::to_ip_addr)
        .collect();
    addresses.sort_unstable();
    addresses.truncate(limits::HTTP_CONNECT_NODE_ADDRESSES);
    addresses
        .into_iter()
        .filter(|_| port != 0)
        .map(|ip| Found {
            address: PeerAddress::http(ip, port),
            key: key.to_owned(),
        })
        .collect()
}
