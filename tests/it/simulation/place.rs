//! Where a simulated node is, and what the lines between nodes are like.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Who and where a node is.
#[derive(Debug, Clone)]
pub struct Place {
    pub address: SocketAddr,
    /// Whether others can dial it.
    pub listens: bool,
    /// Bytes a second, upwards.
    pub bandwidth: u64,
    /// Its clock is this many milliseconds ahead, and gains as many millionths.
    pub ahead_ms: u64,
    pub gains: u64,
    /// Addresses that its operator named.
    pub named: Vec<SocketAddr>,
}

impl Place {
    /// Node number `at`, in a public neighbourhood of its own, with ten megabytes a second.
    pub fn of(at: usize) -> Self {
        let (high, low) = ((at / 200) as u8, (at % 200) as u8);
        let ip = Ipv4Addr::new(20 + high, 1 + low, 3, 4);
        Self {
            address: SocketAddr::new(IpAddr::V4(ip), 5000),
            listens: true,
            bandwidth: 10_000_000,
            ahead_ms: 1_000,
            gains: 0,
            named: Vec::new(),
        }
    }

    /// The same, told of these nodes by its operator.
    #[must_use]
    pub fn naming(mut self, nodes: impl IntoIterator<Item = usize>) -> Self {
        self.named = nodes.into_iter().map(|at| Self::of(at).address).collect();
        self
    }
}

/// What chance decides how.
#[derive(Debug, Clone, Copy)]
pub struct Chances {
    /// Least and most latency of a link, in microseconds, and jitter on top of it.
    pub latency: (u64, u64),
    pub jitter: u64,
    /// How long ledgers take, in microseconds.
    pub ledger: (u64, u64),
    /// Whether a connection survives a cut, in thousandths.
    pub survives: u32,
}

impl Default for Chances {
    fn default() -> Self {
        Self {
            latency: (5_000, 60_000),
            jitter: 5_000,
            ledger: (200, 4_000),
            survives: 500,
        }
    }
}
