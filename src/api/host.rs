//! The `Host` rule: which names a request may call this node by.
//!
//! A page on a foreign site can make its own name point at this machine (DNS rebinding) and would then be of the same
//! origin as this node. It cannot do so with an IP address or a loopback name, so those are always right, and every
//! other name has to be configured. Pure text; called by [`super::guard`].

use std::net::{IpAddr, Ipv6Addr};

use axum::extract::Request;
use axum::http::{Version, header};

use super::problem::{Kind, Problem};

/// The authority a request was addressed to (`host:port`), if it has to be one of ours and is.
///
/// Of a request in absolute form the target counts, and its `Host` must hold as well. HTTP/1.0 may come without either.
pub fn authority<'a>(request: &'a Request, names: &[String]) -> Result<Option<&'a str>, Problem> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let host = hosts.next();
    if hosts.next().is_some() {
        return Err(Problem::new(
            Kind::BadRequest,
            "The request has more than one Host header.",
        ));
    }
    let host = match host {
        None => None,
        Some(value) => Some(value.to_str().map_err(|_| malformed())?),
    };
    if let Some(host) = host {
        check(host, names)?;
    }
    match request.uri().authority() {
        Some(target) => {
            check(target.as_str(), names)?;
            Ok(Some(target.as_str()))
        }
        None if host.is_none() && request.version() >= Version::HTTP_11 => Err(Problem::new(
            Kind::BadRequest,
            "The request has no Host header, as HTTP/1.1 demands.",
        )),
        None => Ok(host),
    }
}

fn check(authority: &str, names: &[String]) -> Result<(), Problem> {
    let host = host_of(authority).ok_or_else(malformed)?;
    if host.parse::<IpAddr>().is_ok() || is_loopback_name(host) || is_listed(host, names) {
        return Ok(());
    }
    let host = host.to_ascii_lowercase();
    Err(Problem::new(
        Kind::UnknownHost,
        format!(
            "This node does not answer to the name `{host}`, since a foreign page could have pointed that name here. \
             Call it by its IP address or as localhost, or start it with --host-name {host}."
        ),
    )
    .with("host", host))
}

fn malformed() -> Problem {
    Problem::new(
        Kind::BadRequest,
        "The request's Host is not of the form name or name:port.",
    )
}

/// The host of `host` or `host:port`, an IPv6 address without its brackets; `None` when it has no such form.
fn host_of(authority: &str) -> Option<&str> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']')?;
            address.parse::<Ipv6Addr>().ok()?;
            (address, port)
        }
        None => {
            let (host, port) = authority.split_at(authority.find(':').unwrap_or(authority.len()));
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
            if host.is_empty() || host.len() > 255 || !host.bytes().all(plain) {
                return None;
            }
            (host, port)
        }
    };
    match port.strip_prefix(':') {
        None => port.is_empty().then_some(host),
        Some(digits) => {
            (digits.len() <= 5 && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(host)
        }
    }
}

/// `localhost` and everything under it, which browsers never look up (RFC 6761 section 6.3).
fn is_loopback_name(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    let last = host.rsplit_once('.').map_or(host, |(_, last)| last);
    last.eq_ignore_ascii_case("localhost")
}

fn is_listed(host: &str, names: &[String]) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    names.iter().any(|name| {
        name.strip_suffix('.')
            .unwrap_or(name)
            .eq_ignore_ascii_case(host)
    })
}

/// Whether `Origin` is the very origin that this authority is; `null` is none.
pub fn is_own_origin(origin: &str, authority: Option<&str>) -> bool {
    let without_default_port = |text: &str| {
        text.strip_suffix(":80")
            .unwrap_or(text)
            .to_ascii_lowercase()
    };
    match (origin.strip_prefix("http://"), authority) {
        (Some(origin), Some(authority)) => {
            without_default_port(origin) == without_default_port(authority)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn ask(uri: &str, hosts: &[&str], version: Version) -> Result<Option<String>, Kind> {
        let mut builder = axum::http::Request::builder().uri(uri).version(version);
        for host in hosts {
            builder = builder.header(header::HOST, *host);
        }
        let request = builder.body(Body::empty()).expect("a request");
        let names = ["node2".to_owned(), "Coin.Example.".to_owned()];
        authority(&request, &names)
            .map(|authority| authority.map(str::to_owned))
            .map_err(|problem| problem.kind())
    }

    #[test]
    fn the_table_of_hosts() {
        for good in [
            "127.0.0.1",
            "127.0.0.1:1001",
            "192.168.7.9:80",
            "8.8.8.8",
            "[::1]:1001",
            "[2001:db8::1]",
            "localhost",
            "LOCALHOST:1001",
            "localhost.:1001",
            "a.localhost",
            "a.b.localhost:7",
            "node2",
            "NODE2:1001",
            "node2.",
            "coin.example",
            "coin.example.:1001",
            "127.0.0.1:",
        ] {
            assert_eq!(
                ask("/", &[good], Version::HTTP_11),
                Ok(Some(good.into())),
                "{good}"
            );
        }
        for foreign in [
            "evil.example",
            "evil.example:1001",
            "localhost.evil.example",
            "127.0.0.1.nip.io",
            "notlocalhost",
            "node2.evil.example",
            "node",
            "0x7f.1",
            "2130706433",
            "127.1",
            "256.1.1.1",
            "xn--e1afmkfd",
        ] {
            assert_eq!(
                ask("/", &[foreign], Version::HTTP_11),
                Err(Kind::UnknownHost),
                "{foreign}"
            );
        }
        for broken in [
            "",
            ":1001",
            "::1",
            "::1:1001",
            "[::1",
            "[::1]x",
            "[evil.example]",
            "a@127.0.0.1",
            "127.0.0.1:1001:2",
            "127.0.0.1:port",
            "127.0.0.1:123456",
            "127.0.0.1/",
            "localhost localhost",
            "[fe80::1%25eth0]",
        ] {
            assert_eq!(
                ask("/", &[broken], Version::HTTP_11),
                Err(Kind::BadRequest),
                "{broken}"
            );
        }
    }

    #[test]
    fn a_missing_or_repeated_host_and_the_absolute_form() {
        assert_eq!(ask("/", &[], Version::HTTP_11), Err(Kind::BadRequest));
        assert_eq!(ask("/", &[], Version::HTTP_10), Ok(None));
        assert_eq!(
            ask("/", &["evil.example"], Version::HTTP_10),
            Err(Kind::UnknownHost)
        );
        assert_eq!(
            ask("/", &["localhost", "localhost"], Version::HTTP_11),
            Err(Kind::BadRequest)
        );
        let own = "http://127.0.0.1:1001/get_chain";
        assert_eq!(
            ask(own, &["localhost"], Version::HTTP_11),
            Ok(Some("127.0.0.1:1001".into()))
        );
        assert_eq!(
            ask(own, &["evil.example"], Version::HTTP_11),
            Err(Kind::UnknownHost)
        );
        assert_eq!(
            ask("http://evil.example/", &["localhost"], Version::HTTP_11),
            Err(Kind::UnknownHost)
        );
    }

    #[test]
    fn only_the_very_same_origin_is_ones_own() {
        for (origin, authority, own) in [
            ("http://127.0.0.1:1001", "127.0.0.1:1001", true),
            ("http://LocalHost:1001", "localhost:1001", true),
            ("http://localhost", "localhost:80", true),
            ("http://localhost:80", "localhost", true),
            ("http://127.0.0.1:1002", "127.0.0.1:1001", false),
            ("http://localhost:1001", "127.0.0.1:1001", false),
            ("https://127.0.0.1:1001", "127.0.0.1:1001", false),
            ("http://127.0.0.1:1001/", "127.0.0.1:1001", false),
            ("null", "127.0.0.1:1001", false),
            ("", "127.0.0.1:1001", false),
        ] {
            assert_eq!(
                is_own_origin(origin, Some(authority)),
                own,
                "{origin} at {authority}"
            );
        }
        assert!(!is_own_origin("http://", None));
    }
}
