//! How fast a machine searches.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use super::{Job, Path, search_with_threads};

/// Nothing meets its target, so that a search goes on until it is stopped.
pub const ENDLESS: Job = Job {
    header: [0x5a; 76],
    target: [0; 32],
};

/// Nonces a second that so many threads try on a path, measured for `time`.
pub fn measured_rate(path: Path, threads: NonZeroUsize, time: Duration) -> f64 {
    let start = Instant::now();
    let next_job = || Some((ENDLESS, ()));
    let search = search_with_threads(path, threads, next_job, || start.elapsed() < time);
    search.tried as f64 / start.elapsed().as_secs_f64()
}
