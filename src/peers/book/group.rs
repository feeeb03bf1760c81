//! What counts as one neighbourhood: [`Group`].
//!
//! Whoever can get one address can mostly get its neighbours, so the book spreads addresses over its buckets by group, and
//! the dialler has at most one peer of its own choice in each.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::peers::address::{PeerAddress, PeerHost};
use crate::peers::reach::Reach;

/// A neighbourhood of addresses that one party easily holds whole.
///
/// * A public IPv4 address is in its /16, a public IPv6 address in its /32, which is what a provider is given. An IPv6
///   address that carries an IPv4 address (mapped, compatible, NAT64, 6to4, Teredo) is in the IPv4 address's group.
/// * A private address is a group of its own: in a home or a class room all share a prefix, and each is another machine.
/// * On loopback each port is a group of its own, as each is another node; nobody else can make such addresses.
/// * A name is a group of its own. Only an operator gives names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    V4([u8; 2]),
    V6([u16; 2]),
    Private(IpAddr),
    /// This machine; without a port where only an IP address is known.
    Machine(Option<u16>),
    Name(String),
}

impl Group {
    /// The group of an address that can be called.
    pub fn of(address: &PeerAddress) -> Group {
        match address.host() {
            PeerHost::Name(name) => Group::Name(name.clone()),
            PeerHost::Ip(ip) => match group(*ip) {
                Group::Machine(_) => Group::Machine(Some(address.port())),
                other => other,
            },
        }
    }

    /// Whether the group is a neighbourhood of the public network, where one peer of each is enough.
    pub fn is_public(&self) -> bool {
        matches!(self, Group::V4(_) | Group::V6(_))
    }

    /// The group as bytes, no two alike: what choices of buckets are made from.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let (tag, bytes) = match self {
            Group::V4(prefix) => (4, prefix.to_vec()),
            Group::V6(prefix) => (6, prefix.map(u16::to_be_bytes).concat()),
            Group::Private(IpAddr::V4(ip)) => (14, ip.octets().to_vec()),
            Group::Private(IpAddr::V6(ip)) => (16, ip.octets().to_vec()),
            Group::Machine(port) => (1, port.unwrap_or(0).to_be_bytes().to_vec()),
            Group::Name(name) => (2, name.as_bytes().to_vec()),
        };
        [vec![tag], bytes].concat()
    }
}

/// The group of an IP address, of whose port nothing is known.
pub fn group(ip: IpAddr) -> Group {
    let ip = match ip {
        IpAddr::V4(_) => ip,
        IpAddr::V6(v6) => carried_v4(v6).map_or(ip, IpAddr::V4),
    };
    // What only a node on loopback may call is loopback, and so on: one list of special addresses is enough.
    if Reach::Private.allows(ip).is_err() && Reach::Loopback.allows(ip).is_ok() {
        return Group::Machine(None);
    }
    if Reach::Public.allows(ip).is_err() && Reach::Private.allows(ip).is_ok() {
        return Group::Private(ip);
    }
    match ip {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            Group::V4([a, b])
        }
        IpAddr::V6(v6) => {
            let [a, b, ..] = v6.segments();
            Group::V6([a, b])
        }
    }
}

/// The IPv4 address that an IPv6 address stands for: RFC 4291 (mapped, compatible), RFC 6052 (NAT64), RFC 3056 (6to4) and
/// RFC 4380 (Teredo, whose last four bytes are the client's address with every bit turned).
fn carried_v4(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let from = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match ip.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] => Some(from(high, low)),
        [0x0064, 0xff9b, 0, 0, 0, 0, high, low] => Some(from(high, low)),
        [0x2002, high, low, ..] => Some(from(high, low)),
        [0x2001, 0, .., high, low] => Some(from(!high, !low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Group {
        Group::of(&text.parse().expect(text))
    }

    #[test]
    fn neighbours_share_a_group_and_tunnels_lead_to_their_end() {
        for (one, other, same) in [
            ("1.2.3.4:1", "1.2.200.9:2", true),
            ("1.2.3.4:1", "1.3.3.4:1", false),
            ("[2606:4700::1]:1", "[2606:4700:ffff::9]:1", true),
            ("[2606:4700::1]:1", "[2606:4701::1]:1", false),
            ("1.2.3.4:1", "[::ffff:1.2.9.9]:1", true),
            ("1.2.3.4:1", "[64:ff9b::102:909]:1", true),
            ("1.2.3.4:1", "[2002:102:909::1]:1", true),
            // Teredo: fefd is 0102 with every bit turned.
            ("1.2.3.4:1", "[2001:0:53aa:64c::fefd:f6f6]:1", true),
            ("10.0.0.1:1", "10.0.0.2:1", false),
            ("10.0.0.1:1", "10.0.0.1:2", true),
            ("10.0.0.1:1", "[2002:a00:1::]:1", true),
            ("127.0.0.1:1", "127.0.0.1:2", false),
            ("127.0.0.1:1", "127.0.0.2:1", true),
            ("[::1]:1", "127.0.0.2:1", true),
            ("[fd00::1]:1", "[fd00::2]:1", false),
            ("one.example:1", "two.example:1", false),
            ("one.example:1", "one.example:2", true),
        ] {
            assert_eq!(of(one) == of(other), same, "{one} {other}");
            assert_eq!(
                of(one).bytes() == of(other).bytes(),
                same,
                "{one} {other}, as bytes"
            );
        }
    }

    #[test]
    fn only_neighbourhoods_of_the_public_network_are_public() {
        for (text, public) in [
            ("1.2.3.4:1", true),
            ("[2606:4700::1]:1", true),
            ("192.168.1.1:1", false),
            ("127.0.0.1:1", false),
            ("name.example:1", false),
        ] {
            assert_eq!(of(text).is_public(), public, "{text}");
        }
    }
}
