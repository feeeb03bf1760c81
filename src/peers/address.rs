//! What a peer is called: [`PeerAddress`], read leniently, printed in one way.
//!
//! The book's node keeps the text that stands between `http://` and the path, and shows it in `total_nodes`; so does
//! this one. Parsing looks at text alone and asks nobody; whether an address may be *called* is [`super::reach`]'s to say.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use serde::{Serialize, Serializer};
use url::{Host, Url};

pub use super::address_error::AddressError;
use super::address_error::Shown;
use crate::limits::PEER_ADDRESS_BYTES;

/// Where a node can be called: scheme, host and port. Printed as `127.0.0.1:1001`, with its scheme only for https.
///
/// Two spellings of one address are equal: upper case, a trailing slash, `0x7f.1` and `[::ffff:127.0.0.1]` are all
/// brought to one form when parsed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PeerAddress {
    scheme: Scheme,
    host: PeerHost,
    port: u16,
}

/// How a peer is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scheme {
    Http,
    Https,
}

/// The host of a peer: an IP address that can be judged at once, or a name that has to be resolved first.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PeerHost {
    Ip(IpAddr),
    Name(String),
}

impl PeerAddress {
    /// A peer on plain HTTP at an IP address, as the node itself has one.
    pub fn http(ip: IpAddr, port: u16) -> PeerAddress {
        PeerAddress {
            scheme: Scheme::Http,
            host: PeerHost::Ip(ip.to_canonical()),
            port,
        }
    }

    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    pub fn host(&self) -> &PeerHost {
        &self.host
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address as a URL without a path: `http://127.0.0.1:1001`.
    pub fn origin(&self) -> String {
        match self.scheme {
            Scheme::Http => format!("http://{self}"),
            Scheme::Https => self.to_string(),
        }
    }
}

impl fmt::Display for PeerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.scheme == Scheme::Https {
            f.write_str("https://")?;
        }
        match &self.host {
            PeerHost::Ip(IpAddr::V4(ip)) => write!(f, "{ip}")?,
            PeerHost::Ip(IpAddr::V6(ip)) => write!(f, "[{ip}]")?,
            PeerHost::Name(name) => f.write_str(name)?,
        }
        write!(f, ":{}", self.port)
    }
}

impl Serialize for PeerAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FromStr for PeerAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<PeerAddress, AddressError> {
        let text = text.trim();
        let shown = || Shown::new(text);
        if text.is_empty() {
            return Err(AddressError::Empty);
        }
        if text.len() > PEER_ADDRESS_BYTES {
            return Err(AddressError::TooLong {
                text: shown(),
                bytes: text.len(),
            });
        }
        // The URL parser drops tabs and line ends silently: an address that it rewrites is not the one that was read.
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(AddressError::SpaceInside { text: shown() });
        }
        let (scheme, rest) = split_scheme(text)?;
        let (authority, tail) = split_before(rest, &['/', '?', '#', '\\']);
        if authority.contains('@') {
            return Err(AddressError::UserInfo { text: shown() });
        }
        tail_is_empty(text, scheme, authority, tail)?;
        let (host_text, port_text) = split_port(text, authority)?;
        if host_text.is_empty() {
            return Err(AddressError::NoHost { text: shown() });
        }
        // A URL has its scheme's port; a bare host may be anything, most likely a port forgotten.
        let is_url = rest.len() < text.len();
        let port = match (port_text, scheme) {
            (None | Some(""), Scheme::Https) => 443,
            (None | Some(""), Scheme::Http) if is_url => 80,
            (None | Some(""), Scheme::Http) => {
                return Err(AddressError::NoPort {
                    text: shown(),
                    hint: Shown::new(&format!("{host_text}:1001")),
                });
            }
            (Some(digits), _) => read_port(text, digits)?,
        };
        Ok(PeerAddress {
            scheme,
            host: read_host(text, host_text)?,
            port,
        })
    }
}

/// Splits in front of the first of the marks.
fn split_before<'a>(text: &'a str, marks: &[char]) -> (&'a str, &'a str) {
    text.split_at(text.find(marks).unwrap_or(text.len()))
}

fn split_scheme(text: &str) -> Result<(Scheme, &str), AddressError> {
    let Some((scheme, rest)) = text.split_once("://") else {
        return Ok((Scheme::Http, text));
    };
    match scheme.to_ascii_lowercase().as_str() {
        "http" => Ok((Scheme::Http, rest)),
        "https" => Ok((Scheme::Https, rest)),
        _ => Err(AddressError::OtherScheme {
            text: Shown::new(text),
            scheme: Shown::new(scheme),
        }),
    }
}

/// What follows host and port is nothing, or the one slash that a browser's address bar leaves.
fn tail_is_empty(
    text: &str,
    scheme: Scheme,
    authority: &str,
    tail: &str,
) -> Result<(), AddressError> {
    let shown = Shown::new(text);
    let hint = Shown::new(&match scheme {
        Scheme::Http => authority.to_owned(),
        Scheme::Https => format!("https://{authority}"),
    });
    let path = split_before(tail, &['?', '#']).0;
    if tail.is_empty() || tail == "/" {
        Ok(())
    } else if path.len() > 1 || path.starts_with('\\') {
        Err(AddressError::Path { text: shown, hint })
    } else if tail.trim_start_matches('/').starts_with('?') {
        Err(AddressError::Query { text: shown, hint })
    } else {
        Err(AddressError::Fragment { text: shown, hint })
    }
}

/// Splits `host:port`; brackets keep the colons of IPv6 together.
fn split_port<'a>(
    text: &str,
    authority: &'a str,
) -> Result<(&'a str, Option<&'a str>), AddressError> {
    let bad_host = |reason: &str| AddressError::BadHost {
        text: Shown::new(text),
        reason: reason.to_owned(),
    };
    if authority.starts_with('[') {
        let end = authority
            .find(']')
            .ok_or_else(|| bad_host("a bracket is not closed"))?;
        let (host, rest) = authority.split_at(end.saturating_add(1));
        return match rest.strip_prefix(':') {
            Some(port) => Ok((host, Some(port))),
            None if rest.is_empty() => Ok((host, None)),
            None => Err(bad_host(
                "something stands between the bracket and the port",
            )),
        };
    }
    match authority.rsplit_once(':') {
        Some((host, _)) if host.contains(':') => Err(AddressError::BareIpv6 {
            text: Shown::new(text),
        }),
        Some((host, port)) => Ok((host, Some(port))),
        None => Ok((authority, None)),
    }
}

fn read_port(text: &str, digits: &str) -> Result<u16, AddressError> {
    let bad = || AddressError::BadPort {
        text: Shown::new(text),
        port: Shown::new(digits),
    };
    // `parse` alone would also take "+1001".
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(bad());
    }
    match digits.parse::<u16>() {
        Ok(0) => Err(AddressError::PortZero {
            text: Shown::new(text),
        }),
        Ok(port) => Ok(port),
        Err(_) => Err(bad()),
    }
}

/// Reads a host as browsers do: `127.1`, `0x7f.1` and `2130706433` are the IPv4 address that a resolver would make of
/// them, and a mapped IPv6 address is the IPv4 address inside it. Whatever is left as a name is one.
fn read_host(text: &str, host: &str) -> Result<PeerHost, AddressError> {
    let bad = |reason: String| AddressError::BadHost {
        text: Shown::new(text),
        reason,
    };
    let url = Url::parse(&format!("http://{host}/")).map_err(|e| bad(e.to_string()))?;
    match url.host() {
        Some(Host::Ipv4(ip)) => Ok(PeerHost::Ip(IpAddr::V4(ip))),
        Some(Host::Ipv6(ip)) => Ok(PeerHost::Ip(unmapped(ip))),
        Some(Host::Domain(name)) => Ok(PeerHost::Name(name.to_owned())),
        None => Err(bad("empty".to_owned())),
    }
}

fn unmapped(ip: Ipv6Addr) -> IpAddr {
    IpAddr::V6(ip).to_canonical()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(text: &str) -> String {
        text.parse::<PeerAddress>().expect(text).to_string()
    }

    fn refused(text: &str) -> AddressError {
        text.parse::<PeerAddress>().expect_err(text)
    }

    #[test]
    fn many_spellings_have_one_form() {
        for (text, form) in [
            ("127.0.0.1:1001", "127.0.0.1:1001"),
            ("http://127.0.0.1:1001", "127.0.0.1:1001"),
            ("http://127.0.0.1:1001/", "127.0.0.1:1001"),
            (" \tHTTP://LocalHost:1001\r\n", "localhost:1001"),
            ("node_2:1002", "node_2:1002"),
            ("http://example.org:80", "example.org:80"),
            ("https://example.org", "https://example.org:443"),
            ("https://example.org:443/", "https://example.org:443"),
            ("HTTPS://Example.org:8443", "https://example.org:8443"),
            ("[::1]:1001", "[::1]:1001"),
            ("http://[2001:DB8:0::1]:1001", "[2001:db8::1]:1001"),
            ("127.1:1001", "127.0.0.1:1001"),
            ("0x7f.1:1001", "127.0.0.1:1001"),
            ("0177.0.0.1:1001", "127.0.0.1:1001"),
            ("2130706433:1001", "127.0.0.1:1001"),
            ("127.0.0.1.:1001", "127.0.0.1:1001"),
            ("%31%32%37.0.0.1:1001", "127.0.0.1:1001"),
            ("１２７.0.0.1:1001", "127.0.0.1:1001"),
            ("[::ffff:127.0.0.1]:1001", "127.0.0.1:1001"),
            ("[::ffff:a9fe:a9fe]:80", "169.254.169.254:80"),
            ("bücher.example:1001", "xn--bcher-kva.example:1001"),
            ("127.0.0.1:01001", "127.0.0.1:1001"),
            ("http://127.0.0.1", "127.0.0.1:80"),
            ("http://node.example/", "node.example:80"),
            ("http://127.0.0.1:/", "127.0.0.1:80"),
        ] {
            assert_eq!(canonical(text), form, "{text}");
            assert_eq!(canonical(form), form, "{form} again");
        }
    }

    #[test]
    fn an_origin_has_its_scheme() {
        let http: PeerAddress = "127.0.0.1:1001".parse().expect("an address");
        let https: PeerAddress = "https://example.org".parse().expect("an address");
        assert_eq!(http.origin(), "http://127.0.0.1:1001");
        assert_eq!(https.origin(), "https://example.org:443");
        assert_eq!(http, PeerAddress::http([127, 0, 0, 1].into(), 1001));
    }

    #[test]
    fn each_refusal_names_the_text_and_what_is_wrong() {
        for (text, wrong) in [
            ("", "is empty"),
            (" \n", "is empty"),
            (
                "127.0.0.1",
                "has no port, write host and port, like `127.0.0.1:1001`",
            ),
            (
                "[::1]",
                "has no port, write host and port, like `[::1]:1001`",
            ),
            ("ftp://127.0.0.1:1001", "has the scheme `ftp`"),
            ("file:///etc/passwd", "has the scheme `file`"),
            ("://127.0.0.1:1001", "has the scheme ``"),
            ("http://me:secret@127.0.0.1:1001", "holds a user name"),
            ("127.0.0.1:1001/get_chain", "has a path"),
            ("127.0.0.1:1001//", "has a path"),
            ("127.0.0.1:1001\\x", "has a path"),
            ("http:/127.0.0.1:1001", "has a path"),
            ("127.0.0.1:1001?x", "has a query"),
            ("127.0.0.1:1001/?x", "has a query"),
            ("127.0.0.1:1001#x", "has a fragment"),
            ("127.0.0.1:1001/#x?y", "has a fragment"),
            (":1001", "has no host"),
            ("http://", "has no host"),
            ("127.0.0.1:0", "has port 0"),
            ("127.0.0.1:00", "has port 0"),
            ("127.0.0.1:65536", "has the port `65536`"),
            ("127.0.0.1:+1001", "has the port `+1001`"),
            ("127.0.0.1:http", "has the port `http`"),
            ("127.0.0.1: 1001", "has spaces"),
            ("127.0.\t0.1:1001", "has spaces"),
            ("127.0.0.1:1001 127.0.0.1:1002", "has spaces"),
            ("::1:1001", "looks like IPv6"),
            ("[::1:1001", "(a bracket is not closed)"),
            ("[::1]1001", "has a host that cannot be read"),
            ("[fe80::1%25eth0]:1001", "has a host that cannot be read"),
            ("256.1.1.1:1001", "has a host that cannot be read"),
            ("a|b:1001", "has a host that cannot be read"),
        ] {
            let message = refused(text).to_string();
            let escaped: String = text.trim().escape_debug().collect();
            assert!(message.contains(&escaped), "{message}");
            assert!(message.contains(wrong), "{text:?}: {message}");
        }
    }

    #[test]
    fn the_longest_address_is_read_and_one_byte_more_is_refused() {
        let name = |length: usize| format!("{}:1001", "a".repeat(length - ":1001".len()));
        assert!(name(PEER_ADDRESS_BYTES).parse::<PeerAddress>().is_ok());
        let error = refused(&name(PEER_ADDRESS_BYTES + 1));
        assert!(matches!(error, AddressError::TooLong { bytes: 256, .. }));
        assert!(error.to_string().len() < 200, "{error}");
    }

    #[test]
    fn an_error_escapes_what_it_shows() {
        let message = refused("a\u{1b}[31mb:1").to_string();
        assert!(message.contains("\\u{1b}[31m"), "{message}");
    }
}
