//! Ports: taking one, and saying what to do when that is refused.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpListener;
use url::Url;

use super::client::NodeClient;
use super::exit::Failure;
use crate::api::serve;

/// The first port that a user without rights may take on Linux, unless the machine is set otherwise.
const FIRST_FREE_PORT: u16 = 1024;

/// How long whoever sits on a port may take to say who it is.
const WHO_TIME: Duration = Duration::from_secs(1);

/// Why a port cannot be taken.
#[derive(Debug)]
pub enum BindError {
    /// This user may not take it.
    NotAllowed { address: SocketAddr },
    /// Somebody has it; who, if they say so.
    InUse {
        address: SocketAddr,
        by: Option<String>,
    },
    Other {
        address: SocketAddr,
        source: io::Error,
    },
}

/// Takes a port. Port 0 takes any that is free.
pub async fn bind(ip: IpAddr, port: u16) -> Result<TcpListener, BindError> {
    let address = SocketAddr::new(ip, port);
    match serve::listen(address) {
        Ok(listener) => Ok(listener),
        Err(error) => Err(match error.kind() {
            io::ErrorKind::PermissionDenied => BindError::NotAllowed { address },
            io::ErrorKind::AddrInUse => BindError::InUse {
                address,
                by: occupant(address).await,
            },
            _ => BindError::Other {
                address,
                source: error,
            },
        }),
    }
}

impl BindError {
    /// What a user reads who asked for this very port.
    pub fn into_failure(self) -> Failure {
        match self {
            Self::NotAllowed { address } => {
                let failure =
                    Failure::failed(format!("this user may not take port {}", address.port()));
                if address.port() >= FIRST_FREE_PORT {
                    return failure.hint("Choose another with --port.");
                }
                failure.hint(format!(
                    "Ports below {FIRST_FREE_PORT} need a right on Linux. Three ways out:
         another port:                 bcoin node --port {}
         allow them on this machine:   sudo sysctl net.ipv4.ip_unprivileged_port_start={}
         allow them to this program:   sudo setcap cap_net_bind_service=+ep \"$(command -v bcoin)\"",
                    address.port().saturating_add(10_000),
                    address.port(),
                ))
            }
            Self::InUse { address, by } => {
                let failure = Failure::failed(format!("port {} is in use", address.port()));
                match by {
                    Some(by) => failure.hint(format!("{by} answers there. Is it running already?")),
                    None => failure.hint(format!(
                        "`ss -ltnp 'sport = :{0}'` (Linux) or `lsof -i :{0}` (macOS) shows by whom; --port chooses another.",
                        address.port()
                    )),
                }
            }
            Self::Other { address, source } => Failure::failed(format!(
                "cannot listen on {address}: {source}"
            ))
            .hint("--listen must be an address of this machine, such as 127.0.0.1 or 0.0.0.0."),
        }
    }
}

/// Asks whoever sits on a port who it is, as a node would be asked.
async fn occupant(address: SocketAddr) -> Option<String> {
    let ip = if address.ip().is_unspecified() {
        IpAddr::V4(Ipv4Addr::LOCALHOST)
    } else {
        address.ip()
    };
    let url = Url::parse(&format!("http://{}/", SocketAddr::new(ip, address.port()))).ok()?;
    let node = NodeClient::new(url, None).ok()?;
    let answer = tokio::time::timeout(WHO_TIME, node.get("/v1/node"))
        .await
        .ok()?
        .ok()?;
    let json: serde_json::Value = serde_json::from_slice(&answer.body).ok()?;
    json.get("protocol")?;
    let miner = json
        .get("miner")
        .and_then(serde_json::Value::as_str)
        .unwrap_or("unknown");
    Some(format!(
        "A B-Coin node with the miner {}",
        super::terminal::printable(miner)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_port_in_use_is_named() {
        let ip = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let first = bind(ip, 0).await.expect("any free port can be taken");
        let port = first.local_addr().unwrap().port();
        drop(tokio::spawn(async move {
            // Takes connections and says nothing, as a program of another kind may.
            let mut held = Vec::new();
            while let Ok(connection) = first.accept().await {
                held.push(connection);
            }
        }));
        let failure = bind(ip, port)
            .await
            .expect_err("the port is in use")
            .into_failure();
        assert!(
            failure
                .to_string()
                .contains(&format!("port {port} is in use")),
            "{failure}"
        );
        assert!(failure.hint.unwrap().contains("ss -ltnp"));
    }

    #[test]
    fn a_refused_low_port_comes_with_the_ways_out() {
        let address = SocketAddr::from(([127, 0, 0, 1], 1001));
        let failure = BindError::NotAllowed { address }.into_failure();
        let hint = failure.hint.clone().unwrap();
        for way in [
            "--port 11001",
            "sysctl net.ipv4.ip_unprivileged_port_start=1001",
            "setcap cap_net_bind_service=+ep",
        ] {
            assert!(hint.contains(way), "{hint}");
        }
        assert_eq!(failure.ending.code(), 1);
    }
}
