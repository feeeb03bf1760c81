//! Which addresses are this node's own: a node that called itself would only wait for itself.

use std::net::{IpAddr, SocketAddr};

use crate::peers::address::{PeerAddress, PeerHost};

/// The node's own address and names.
#[derive(Debug, Clone)]
pub struct Itself {
    listen: SocketAddr,
    names: Vec<String>,
}

impl Itself {
    /// `listen` as bound; `names` as configured with `--host-name`.
    pub fn new(listen: SocketAddr, names: Vec<String>) -> Self {
        Self { listen, names }
    }

    /// Whether `address` leads back here; `asked` is this machine's address that the request came to.
    pub fn is(&self, address: &PeerAddress, asked: Option<IpAddr>) -> bool {
        if address.port() != self.listen.port() {
            return false;
        }
        let own = self.listen.ip();
        match address.host() {
            PeerHost::Ip(ip) if ip.is_loopback() => own.is_loopback() || own.is_unspecified(),
            PeerHost::Ip(ip) => *ip == own || Some(*ip) == asked,
            PeerHost::Name(name) => {
                let name = name.trim_end_matches('.');
                let is_loopback = name.eq_ignore_ascii_case("localhost")
                    && (own.is_loopback() || own.is_unspecified());
                is_loopback || self.names.iter().any(|own| own.eq_ignore_ascii_case(name))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_knows_itself_by_address_and_by_name() {
        let itself = Itself::new(([0, 0, 0, 0], 1001).into(), vec!["bcoin1".to_owned()]);
        let asked = Some(IpAddr::from([10, 0, 0, 5]));
        let is = |text: &str| itself.is(&text.parse().expect("an address"), asked);
        assert!(
            is("127.0.0.1:1001")
                && is("localhost:1001")
                && is("BCOIN1:1001")
                && is("10.0.0.5:1001")
        );
        assert!(!is("127.0.0.1:1002") && !is("bcoin2:1001") && !is("10.0.0.6:1001"));
        let on_one = Itself::new(([10, 0, 0, 5], 1001).into(), Vec::new());
        assert!(
            !on_one.is(&"127.0.0.1:1001".parse().expect("an address"), None),
            "another node may listen there"
        );
    }
}
