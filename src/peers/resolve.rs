//! From a peer's address to the socket addresses that may be connected to, for everything here that calls out.
//!
//! A name is looked up once a call, and every address it stands for has to pass [`Reach`]. Whoever calls connects to
//! these addresses and to no others, so that a name which changes its mind between check and call gains nothing.

use std::net::SocketAddr;
use std::time::Duration;

use thiserror::Error;
use tokio::time::timeout;

use super::address::{PeerAddress, PeerHost, Scheme};
use super::reach::{Reach, ReachError};

/// Why a peer is not called.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ResolveError {
    #[error(transparent)]
    OutOfReach(#[from] ReachError),
    #[error(
        "this build calls peers by http alone: give its http address, or that of a tunnel's end on this machine"
    )]
    HttpsNotSpoken,
    #[error(
        "the name {name} cannot be resolved ({reason}): check its spelling and that this machine knows it"
    )]
    NotResolved { name: String, reason: String },
    #[error("the name {name} was not resolved within {} s", limit.as_secs_f64())]
    Timeout { name: String, limit: Duration },
}

/// Where `peer` is now: at least one address, each within `reach`.
///
/// # Errors
/// Also when a single one of several addresses is out of reach: no honest name is half in a private network.
pub async fn resolve(
    reach: Reach,
    peer: &PeerAddress,
    limit: Duration,
) -> Result<Vec<SocketAddr>, ResolveError> {
    if peer.scheme() == Scheme::Https {
        return Err(ResolveError::HttpsNotSpoken);
    }
    let addresses = match peer.host() {
        PeerHost::Ip(ip) => vec![SocketAddr::new(*ip, peer.port())],
        PeerHost::Name(name) => {
            timeout(limit, look_up(name, peer.port()))
                .await
                .map_err(|_| ResolveError::Timeout {
                    name: name.clone(),
                    limit,
                })??
        }
    };
    for address in &addresses {
        reach.allows(address.ip())?;
    }
    Ok(addresses)
}

async fn look_up(name: &str, port: u16) -> Result<Vec<SocketAddr>, ResolveError> {
    let not_resolved = |reason: String| ResolveError::NotResolved {
        name: name.to_owned(),
        reason,
    };
    let addresses: Vec<SocketAddr> = tokio::net::lookup_host((name, port))
        .await
        .map_err(|error| not_resolved(error.to_string()))?
        .collect();
    if addresses.is_empty() {
        return Err(not_resolved("it has no address".to_owned()));
    }
    Ok(addresses)
}
