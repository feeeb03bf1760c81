//! Break it: a copy of the last blocks to change as one likes, judged by the node's own rules. The chain never changes by it.
//!
//! The copy lives in the page. `assets/break.js` sends it to `/break/judge`, which reads it ([`asked`]), has the protocol judge it
//! and says what it found ([`verdict`]). No rule is written here: `docs/decisions/break-it-is-judged-by-the-node.md` says why.

mod asked;
pub(in crate::api) mod classic;
pub(in crate::api) mod coin;
mod coin_copy;
mod coin_verdict;
mod cost;
mod fields;
mod mining;
mod ring;
mod verdict;

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use askama::Template;
use axum::http::header;
use tokio::sync::Semaphore;

use super::super::blocking;
use super::super::problem::{Kind, Problem};
use super::super::v1::parameters::Parameters;
use super::shell::Shell;
use super::short;
use crate::limits::{BREAK_AT_ONCE, BREAK_RATE_KEPT, BREAK_RATE_TIME, BREAK_TURN};
use crate::miner::search::{Path as SearchPath, measured_rate};
use fields::Copied;

/// Blocks of a copy.
const BLOCKS: u64 = 5;

/// Where copies are judged: few at once, so that whoever plays with them takes no core from the node's own work.
#[derive(Debug)]
pub struct Desk {
    free: Arc<Semaphore>,
    /// What was last measured, and when.
    rate: Mutex<Option<(Instant, f64)>>,
}

impl Default for Desk {
    fn default() -> Self {
        Self {
            free: Arc::new(Semaphore::new(BREAK_AT_ONCE)),
            rate: Mutex::default(),
        }
    }
}

impl Desk {
    /// Runs `work` where blocking is allowed, once there is a place.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let place = Arc::clone(&self.free).acquire_owned();
        let Ok(Ok(place)) = tokio::time::timeout(BREAK_TURN, place).await else {
            let detail = "Others have their copies judged. Try again in a second.";
            return Err(Problem::new(Kind::Busy, detail).header(header::RETRY_AFTER, "1"));
        };
        blocking(move || {
            let _place = place;
            work()
        })
        .await?
    }

    /// Nonces a second that this machine tries on all its cores, measured by the miner's own search and kept for a while. Blocks for a
    /// moment.
    fn rate(&self) -> f64 {
        let mut rate = self.rate.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, rate)) = *rate
            && at.elapsed() < BREAK_RATE_KEPT
        {
            return rate;
        }
        let cores = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let measured = measured_rate(SearchPath::best(), cores, BREAK_RATE_TIME);
        *rate = Some((Instant::now(), measured));
        measured
    }
}

/// From which block the copy is wanted.
fn from_of(query: Option<&str>) -> Result<Option<u64>, Problem> {
    Parameters::read(query, &["from"])?.number("from")
}

/// The first block of a copy, if the chain's blocks are these.
fn first_of(from: Option<u64>, lowest: u64, tip: u64) -> u64 {
    let last_stretch = tip.saturating_sub(BLOCKS - 1);
    from.unwrap_or(last_stretch).clamp(lowest, tip.max(lowest))
}

#[derive(Template)]
#[template(path = "break.html")]
struct Page<'s> {
    shell: &'s Shell,
    /// What stands before the copy, as the judge wants it: JSON.
    parent: String,
    blocks: Vec<Copied>,
    /// A block that has too much text to be changed here: the copy ends before it.
    too_large: Option<u64>,
    /// Where the stretch before this one begins, and the one behind.
    older: Option<u64>,
    newer: Option<u64>,
    ring: Option<ring::Ring>,
}
