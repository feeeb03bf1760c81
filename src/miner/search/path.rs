//! The ways to search that this program knows, and which of them this machine has.

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use thiserror::Error;

use super::midstate::Prepared;
use super::{Job, portable, search};

/// One way to search. All give the same answers; they differ in the instructions they use, and in how fast they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Path {
    /// Schedules in lanes of AVX-512, rounds by SHA instructions, forty nonces at once.
    Avx512Sha,
    /// Sixteen lanes of AVX-512.
    Avx512,
    /// Four streams of SHA instructions.
    ShaNi,
    /// Eight lanes of AVX2.
    Avx2,
    /// The `sha2` crate's block function, one nonce at a time.
    Portable,
}

/// How a path is walked on this machine.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kernel {
    /// Nonces tried at once: a group.
    pub lanes: u32,
    /// The first group that has candidates, out of so many from a nonce on. Nonces wrap.
    pub scan: fn(&Prepared, base: u32, groups: u32) -> Option<Candidates>,
}

/// Nonces whose hashes the most significant word of the target allows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidates {
    /// Which group of those asked for.
    pub group: u32,
    /// Which of its nonces, a bit each, the first lowest. Never 0.
    pub lanes: u64,
}

impl Path {
    /// Every path that this program knows.
    pub const ALL: [Self; 5] = [
        Self::Avx512Sha,
        Self::Avx512,
        Self::ShaNi,
        Self::Avx2,
        Self::Portable,
    ];

    /// The paths of this machine. The portable one is always there, and last.
    pub fn available() -> Vec<Self> {
        Self::ALL
            .into_iter()
            .filter(|path| path.is_available())
            .collect()
    }

    /// Whether this machine has what the path needs.
    pub fn is_available(self) -> bool {
        self == Self::Portable || self.special().is_some()
    }

    /// The fastest path of this machine. Processors with the same instructions differ in which that is, so it is measured, once in a process
    /// and in about a hundredth of a second.
    pub fn best() -> Self {
        static BEST: OnceLock<Path> = OnceLock::new();
        *BEST.get_or_init(Self::fastest)
    }

    fn fastest() -> Self {
        const TURNS: usize = 4;
        // Enough that what a path does once a search plays no part. Without optimisation a nonce takes a hundred times as long.
        const NONCES: u64 = if cfg!(debug_assertions) { 128 } else { 8_192 };
        // Nothing meets a target of zero.
        let job = Job {
            header: [0; 76],
            target: [0; 32],
        };
        let mut times: Vec<_> = Self::available()
            .into_iter()
            .map(|path| (Duration::MAX, path))
            .collect();
        // Who is disturbed in one turn is not in another.
        for _ in 0..TURNS {
            for (shortest, path) in &mut times {
                let start = Instant::now();
                search(*path, &job, 0..NONCES, || true);
                *shortest = start.elapsed().min(*shortest);
            }
        }
        let fastest = times.into_iter().min_by_key(|(time, _)| *time);
        fastest.map_or(Self::Portable, |(_, path)| path)
    }

    /// How to walk this path, or the portable one where the machine lacks it.
    pub(super) fn kernel(self) -> Kernel {
        self.special().unwrap_or(portable::KERNEL)
    }

    #[cfg(target_arch = "x86_64")]
    fn special(self) -> Option<Kernel> {
        super::x86::kernel(self)
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn special(self) -> Option<Kernel> {
        None
    }

    fn name(self) -> &'static str {
        match self {
            Self::Avx512Sha => "avx512+sha",
            Self::Avx512 => "avx512",
            Self::ShaNi => "sha-ni",
            Self::Avx2 => "avx2",
            Self::Portable => "portable",
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A text that names no path.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "no path of the search is called {0}; there are avx512+sha, avx512, sha-ni, avx2 and portable"
)]
pub struct NoSuchPath(String);

impl FromStr for Path {
    type Err = NoSuchPath;

    fn from_str(text: &str) -> Result<Self, NoSuchPath> {
        Self::ALL
            .into_iter()
            .find(|path| path.name() == text)
            .ok_or_else(|| NoSuchPath(text.to_owned()))
    }
}
