//! The search for a nonce: an 80-byte header whose double SHA-256 does not exceed a target.
//!
//! It knows 76 bytes and a number, and nothing of blocks, nodes or clocks but to choose a [`Path`]. [`search`] tries a range of nonces in the calling thread,
//! [`search_with_threads`] as many jobs as it takes on many. Callers are the miner and `bcoin bench mine`.
//!
//! ```text
//! Job ─> midstate (what is known without a nonce) ─> a path's kernel: 1 to 40 nonces at once, and only the hash's
//!                                                     most significant word ─> each candidate hashed again by `sha2`
//! ```

mod midstate;
mod path;
mod portable;
mod rate;
mod threads;
#[cfg(target_arch = "x86_64")]
mod x86;

#[cfg(test)]
mod tests;

use std::ops::{ControlFlow, Range};

use midstate::Prepared;
use path::Candidates;
pub use path::{NoSuchPath, Path};
pub use rate::{ENDLESS, measured_rate};
pub use threads::{Found, Search, search_with_threads};

/// Every nonce there is.
pub const ALL_NONCES: Range<u64> = 0..1 << 32;

/// Groups of nonces between two questions whether to go on: at most 20,480 nonces, half a thousandth of a second where so many
/// are tried at once.
const GROUPS_AT_ONCE: u64 = 512;

/// A header that lacks its nonce, and what its hash must not exceed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Job {
    /// The header's first 76 bytes. The nonce's four follow, little-endian.
    pub header: [u8; 76],
    /// The greatest double SHA-256 that is good enough, big-endian. The hash is read as a little-endian number.
    pub target: [u8; 32],
}

/// How a search ended, and how many nonces were tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The lowest nonce of the range that meets the target.
    Found { nonce: u32, tried: u64 },
    /// None of the range does.
    Exhausted { tried: u64 },
    /// Whoever asked said to stop.
    Stopped { tried: u64 },
}

impl Outcome {
    /// Nonces of the range that were tried, up to the one found.
    pub fn tried(self) -> u64 {
        match self {
            Self::Found { tried, .. } | Self::Exhausted { tried } | Self::Stopped { tried } => {
                tried
            }
        }
    }
}

/// The lowest of the `nonces` (within 0 to 2^32) that meets the job's target, on `path`, or on the portable one if this machine lacks it.
///
/// `keep_going` is asked at least every hundredth of a second in an optimised build; the range is given up once it says no.
pub fn search(path: Path, job: &Job, nonces: Range<u64>, keep_going: impl Fn() -> bool) -> Outcome {
    visit(path, job, nonces, keep_going, |_| ControlFlow::Break(()))
}

/// All of the `nonces` that meet the job's target, in order. Two paths are compared by it.
pub fn every(path: Path, job: &Job, nonces: Range<u64>) -> Vec<u32> {
    let mut found = Vec::new();
    visit(
        path,
        job,
        nonces,
        || true,
        |nonce| {
            found.push(nonce);
            ControlFlow::Continue(())
        },
    );
    found
}

/// Calls `visitor` with each nonce that meets the target, in order, until it breaks.
fn visit(
    path: Path,
    job: &Job,
    nonces: Range<u64>,
    keep_going: impl Fn() -> bool,
    mut visitor: impl FnMut(u32) -> ControlFlow<()>,
) -> Outcome {
    let prepared = Prepared::new(job);
    let kernel = path.kernel();
    let lanes = u64::from(kernel.lanes);
    let start = nonces.start;
    let end = nonces.end.min(ALL_NONCES.end);
    let mut at = start;
    while at < end {
        if !keep_going() {
            return Outcome::Stopped { tried: at - start };
        }
        // The last group may reach beyond the end, even beyond the greatest nonce, where it wraps.
        let groups = (end - at).div_ceil(lanes).min(GROUPS_AT_ONCE);
        let Some(candidates) = (kernel.scan)(&prepared, at as u32, groups as u32) else {
            at += groups * lanes;
            continue;
        };
        let Candidates {
            group,
            lanes: mut set,
        } = candidates;
        at += u64::from(group) * lanes;
        while set != 0 {
            let candidate = at + u64::from(set.trailing_zeros());
            set &= set - 1;
            let nonce = candidate as u32;
            if candidate < end && prepared.is_met_by(nonce) && visitor(nonce).is_break() {
                let tried = candidate + 1 - start;
                return Outcome::Found { nonce, tried };
            }
        }
        at += lanes;
    }
    Outcome::Exhausted {
        tried: end.saturating_sub(start),
    }
}
