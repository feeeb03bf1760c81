//! Which IP addresses this node may call: the rules against being used to call somebody else (SSRF).
//!
//! `POST /connect_node` lets whoever can reach this node name addresses that it will call. So a public node never calls
//! the machine or the network behind it. Pure: every fact is an argument. Asked at `connect_node` for IP addresses, and
//! by [`super::outgoing`] at every dial for whatever a name stands for then.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use thiserror::Error;

use super::address::{PeerAddress, PeerHost};

/// How near a peer this node may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Public addresses only.
    Public,
    /// Private networks too: the node itself listens on one.
    Private,
    /// This very machine too: the node itself listens on loopback, or its owner allowed it.
    Loopback,
}

impl Reach {
    /// What follows from the address that the node listens on and from `--allow-private-peers`.
    ///
    /// A node on `0.0.0.0` or `::` can be reached from every side, the public one included, and so calls public
    /// addresses only unless the flag is set.
    pub fn of(listen: IpAddr, allow_private_peers: bool) -> Reach {
        if allow_private_peers {
            return Reach::Loopback;
        }
        match kind(listen) {
            Kind::Loopback => Reach::Loopback,
            Kind::Private => Reach::Private,
            Kind::Public | Kind::Never(_) => Reach::Public,
        }
    }

    /// Whether this node may call `ip`.
    pub fn allows(self, ip: IpAddr) -> Result<(), ReachError> {
        match kind(ip) {
            Kind::Public => Ok(()),
            Kind::Private if self >= Reach::Private => Ok(()),
            Kind::Loopback if self >= Reach::Loopback => Ok(()),
            Kind::Private => Err(ReachError::Private { ip }),
            Kind::Loopback => Err(ReachError::Loopback { ip }),
            Kind::Never(what) => Err(ReachError::Never { ip, what }),
        }
    }

    /// Whether an address as it stands may be called: an IP address is judged now, a name when it is dialled.
    pub fn allows_address(self, address: &PeerAddress) -> Result<(), ReachError> {
        match address.host() {
            PeerHost::Ip(ip) => self.allows(*ip),
            PeerHost::Name(_) => Ok(()),
        }
    }
}

/// Why an address is not called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ReachError {
    #[error("{ip} is {what}, which no node may call as a peer")]
    Never { ip: IpAddr, what: &'static str },
    #[error(
        "{ip} is this machine itself, and this node does not listen on loopback alone: start it with --allow-private-peers to let it call its own machine"
    )]
    Loopback { ip: IpAddr },
    #[error(
        "{ip} is in a private network, and this node does not listen on such an address: start it with --allow-private-peers to let it call private networks"
    )]
    Private { ip: IpAddr },
}

/// What an address is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Public,
    Private,
    Loopback,
    Never(&'static str),
}

const METADATA: Kind = Kind::Never("a cloud's metadata service");
const RESERVED: Kind = Kind::Never("a reserved address");

fn kind(ip: IpAddr) -> Kind {
    match ip {
        IpAddr::V4(ip) => kind_v4(ip),
        IpAddr::V6(ip) => kind_v6(ip),
    }
}

/// The blocks of IANA's IPv4 special-purpose registry, the narrow ones before those that hold them.
fn kind_v4(ip: Ipv4Addr) -> Kind {
    match ip.octets() {
        // AWS, Google, Azure and others; Alibaba; Azure's host; Oracle.
        [169, 254, 169, 254] | [100, 100, 100, 200] | [168, 63, 129, 16] | [192, 0, 0, 192] => {
            METADATA
        }
        [0, 0, 0, 0] => Kind::Never("the unspecified address"),
        [255, 255, 255, 255] => Kind::Never("the broadcast address"),
        [127, ..] => Kind::Loopback,
        [169, 254, ..] => Kind::Never("a link-local address"),
        [224..=239, ..] => Kind::Never("a multicast address"),
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => Kind::Private,
        [0, ..] | [192, 0, 0, _] | [192, 88, 99, _] | [198, 18..=19, ..] | [240..=255, ..] => {
            RESERVED
        }
        _ => Kind::Public,
    }
}

/// IPv6 is public only inside 2000::/3; forms that carry an IPv4 address are judged by that address.
fn kind_v6(ip: Ipv6Addr) -> Kind {
    if let Some(embedded) = embedded_v4(ip) {
        return kind_v4(embedded);
    }
    match ip.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => Kind::Never("the unspecified address"),
        [0, 0, 0, 0, 0, 0, 0, 1] => Kind::Loopback,
        // AWS; Google.
        [0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254] | [0xfd20, 0x00ce, 0, 0, 0, 0, 0, 0x0254] => {
            METADATA
        }
        [0xff00..=0xffff, ..] => Kind::Never("a multicast address"),
        [0xfe80..=0xfebf, ..] => Kind::Never("a link-local address"),
        [0xfc00..=0xfdff, ..] => Kind::Private,
        // 2001::/23 holds Teredo and other tunnels: behind them stands an IPv4 address that nothing here checks.
        [0x2001, 0..=0x01ff, ..] => RESERVED,
        [0x2000..=0x3fff, ..] => Kind::Public,
        _ => RESERVED,
    }
}

/// The IPv4 address inside a mapped, compatible, NAT64 or 6to4 address.
fn embedded_v4(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let from = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match ip.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] => Some(from(high, low)),
        // The form of RFC 2765, which some stacks still translate.
        [0, 0, 0, 0, 0xffff, 0, high, low] => Some(from(high, low)),
        [0x0064, 0xff9b, 0, 0, 0, 0, high, low] => Some(from(high, low)),
        [0x2002, high, low, ..] => Some(from(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEVER: &[&str] = &[
        "0.0.0.0",
        "0.1.2.3",
        "169.254.0.1",
        "169.254.169.254",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "192.0.0.1",
        "198.18.0.1",
        "198.19.255.255",
        "192.88.99.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.254",
        "255.255.255.255",
        "::",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "ff02::1",
        "fd00:ec2::254",
        "fd20:ce::254",
        "2001::1",
        "100::1",
        "4000::1",
        "64:ff9b:1::a00:1",
    ];
    const LOOPBACK: &[&str] = &["127.0.0.1", "127.255.255.254", "::1"];
    const PRIVATE: &[&str] = &[
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "100.64.0.1",
        "100.127.255.255",
        "fc00::1",
        "fd12:3456::1",
    ];
    const PUBLIC: &[&str] = &[
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.1",
        "172.15.255.255",
        "172.32.0.1",
        "100.63.255.255",
        "100.128.0.1",
        "169.253.0.1",
        "192.167.0.1",
        "223.255.255.255",
        "2606:4700::1111",
        "2001:200::1",
        "3ffe::1",
        // For documentation: they lead nowhere, and stand in examples and tests for public ones.
        "192.0.2.1",
        "198.51.100.7",
        "203.0.113.7",
        "2001:db8::1",
    ];

    fn ip(text: &str) -> IpAddr {
        text.parse().expect(text)
    }

    /// Every form in which an IPv4 address can travel inside IPv6.
    fn disguises(v4: Ipv4Addr) -> Vec<IpAddr> {
        let number = u128::from(u32::from(v4));
        vec![
            v4.into(),
            Ipv6Addr::from(0xffff_0000_0000 | number).into(),
            Ipv6Addr::from(0xffff_0000_0000_0000 | number).into(),
            Ipv6Addr::from(number).into(),
            Ipv6Addr::from((0x0064_ff9b << 96) | number).into(),
            Ipv6Addr::from((0x2002 << 112) | (number << 80) | 1).into(),
        ]
    }

    fn forms(text: &str) -> Vec<IpAddr> {
        match ip(text) {
            IpAddr::V4(v4) => disguises(v4),
            v6 => vec![v6],
        }
    }

    #[test]
    fn each_reach_allows_what_it_should_in_every_disguise() {
        for (texts, needed) in [
            (NEVER, None),
            (LOOPBACK, Some(Reach::Loopback)),
            (PRIVATE, Some(Reach::Private)),
            (PUBLIC, Some(Reach::Public)),
        ] {
            for form in texts.iter().flat_map(|text| forms(text)) {
                for reach in [Reach::Public, Reach::Private, Reach::Loopback] {
                    let expected = needed.is_some_and(|needed| reach >= needed);
                    assert_eq!(reach.allows(form).is_ok(), expected, "{reach:?} {form}");
                }
            }
        }
    }

    #[test]
    fn reach_follows_from_where_the_node_listens() {
        assert_eq!(Reach::of(ip("127.0.0.1"), false), Reach::Loopback);
        assert_eq!(Reach::of(ip("::1"), false), Reach::Loopback);
        assert_eq!(Reach::of(ip("192.168.1.5"), false), Reach::Private);
        assert_eq!(Reach::of(ip("0.0.0.0"), false), Reach::Public);
        assert_eq!(Reach::of(ip("::"), false), Reach::Public);
        assert_eq!(Reach::of(ip("1.1.1.1"), false), Reach::Public);
        assert_eq!(Reach::of(ip("0.0.0.0"), true), Reach::Loopback);
        assert!(
            Reach::of(ip("1.1.1.1"), true)
                .allows(ip("169.254.169.254"))
                .is_err()
        );
    }

    #[test]
    fn odd_spellings_do_not_slip_past() {
        for text in [
            "127.1:80",
            "0x7f.1:80",
            "2130706433:80",
            "[::ffff:127.0.0.1]:80",
            "[::127.0.0.1]:80",
            "[64:ff9b::7f00:1]:80",
            "[2002:7f00:1::]:80",
            "0xa9fea9fe:80",
            "[::ffff:169.254.169.254]:80",
            "0:80",
        ] {
            let address: PeerAddress = text.parse().expect(text);
            assert!(Reach::Public.allows_address(&address).is_err(), "{text}");
        }
    }

    #[test]
    fn a_refusal_says_what_to_do() {
        let message = |reach: Reach, text| reach.allows(ip(text)).expect_err(text).to_string();
        assert!(message(Reach::Public, "10.0.0.1").contains("--allow-private-peers"));
        assert!(message(Reach::Private, "127.0.0.1").contains("--allow-private-peers"));
        assert!(message(Reach::Loopback, "169.254.169.254").contains("metadata"));
    }
}
