//! The search on many threads, over one job after the other.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use super::{ALL_NONCES, Job, Outcome, Path, search};

/// Nonces that a thread takes at once: some hundredths of a second at most, so that threads end together.
const PIECE: u64 = 1 << 18;

/// The nonces of every job, and how many a thread takes at once.
#[derive(Clone)]
struct Pieces {
    nonces: Range<u64>,
    size: u64,
}

/// A nonce, and whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found<T> {
    pub nonce: u32,
    pub job: Job,
    /// What came with the job.
    pub template: T,
}

/// How a search with threads ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Search<T> {
    /// The lowest nonce of the first job that has one. Nothing if jobs ran out, or somebody said to stop.
    pub found: Option<Found<T>>,
    /// Nonces tried by all threads together.
    pub tried: u64,
}

/// Where the threads stand: pieces are given out in order.
struct Desk<T, N> {
    pieces: Pieces,
    next_job: N,
    /// The job being given out, its number and its first nonce that nobody has.
    current: Option<(Job, T)>,
    number: u32,
    free: u64,
    found: Option<(u64, Found<T>)>,
    tried: u64,
}

/// What a thread is to search.
struct Piece<T> {
    job: Job,
    template: T,
    /// Which job it is of, counted from 1.
    number: u32,
    nonces: Range<u64>,
}

impl<T> Piece<T> {
    /// Where a nonce stands among those of all jobs.
    fn place(&self, nonce: u64) -> u64 {
        u64::from(self.number) << 32 | nonce
    }
}

impl<T: Clone, N: FnMut() -> Option<(Job, T)>> Desk<T, N> {
    /// The next piece that nobody has, of the next job when one is used up.
    fn take(&mut self) -> Option<Piece<T>> {
        let Pieces { nonces, size } = &self.pieces;
        if self.current.is_none() || self.free >= nonces.end {
            self.current = (self.next_job)();
            self.number = self.number.saturating_add(1);
            self.free = nonces.start;
        }
        let (job, template) = self.current.clone()?;
        let end = (self.free + size).min(nonces.end);
        let nonces = self.free..end;
        self.free = end;
        Some(Piece {
            job,
            template,
            number: self.number,
            nonces,
        })
    }
}

/// Searches jobs on so many threads, the calling one among them, until a nonce is found, `next_job` has no other job, or `keep_going` says no.
///
/// A job ends after 2^32 nonces; the next one has another extra nonce and so another header. The answer does not depend on how many threads there are: pieces are given
/// out in order, and those that lie before a nonce that was found are searched to their end. All threads have ended when this
/// returns, a few thousandths of a second after `keep_going` said no.
pub fn search_with_threads<T: Clone + Send>(
    path: Path,
    threads: NonZeroUsize,
    next_job: impl FnMut() -> Option<(Job, T)> + Send,
    keep_going: impl Fn() -> bool + Sync,
) -> Search<T> {
    let pieces = Pieces {
        nonces: ALL_NONCES,
        size: PIECE,
    };
    search_pieces(path, threads, pieces, next_job, keep_going)
}

fn search_pieces<T: Clone + Send>(
    path: Path,
    threads: NonZeroUsize,
    pieces: Pieces,
    next_job: impl FnMut() -> Option<(Job, T)> + Send,
    keep_going: impl Fn() -> bool + Sync,
) -> Search<T> {
    let desk = Mutex::new(Desk {
        pieces,
        next_job,
        current: None,
        number: 0,
        free: 0,
        found: None,
        tried: 0,
    });
    // The place of the best nonce so far; what lies behind it need not be searched.
    let best = AtomicU64::new(u64::MAX);
    let work = || {
        loop {
            let Some(piece) = lock(&desk).take() else {
                return;
            };
            let start = piece.place(piece.nonces.start);
            let wanted = || start < best.load(Ordering::Relaxed) && keep_going();
            let outcome = search(path, &piece.job, piece.nonces.clone(), wanted);
            let mut desk = lock(&desk);
            desk.tried += outcome.tried();
            match outcome {
                Outcome::Found { nonce, .. } => {
                    let place = piece.place(nonce.into());
                    if desk.found.as_ref().is_none_or(|(other, _)| place < *other) {
                        best.fetch_min(place, Ordering::Relaxed);
                        let found = Found {
                            nonce,
                            job: piece.job,
                            template: piece.template,
                        };
                        desk.found = Some((place, found));
                    }
                    return;
                }
                Outcome::Stopped { .. } => return,
                Outcome::Exhausted { .. } => {}
            }
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads.get() {
            let thread = thread::Builder::new().name("search".to_owned());
            // A machine that gives no more threads searches with those that it gave.
            if thread.spawn_scoped(scope, work).is_err() {
                break;
            }
        }
        work();
    });
    let desk = desk.into_inner().unwrap_or_else(PoisonError::into_inner);
    Search {
        found: desk.found.map(|(_, found)| found),
        tried: desk.tried,
    }
}

fn lock<D>(desk: &Mutex<D>) -> MutexGuard<'_, D> {
    desk.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;
    use std::time::Duration;

    use proptest::prelude::*;

    use super::super::every;
    use super::*;

    /// The job with this extra nonce. A nonce of its meets the target once in so many.
    fn job(extra: u8, once_in: u16) -> Job {
        let mut target = [0xff; 32];
        [target[0], target[1]] = (u16::MAX / once_in).to_be_bytes();
        Job {
            header: [extra; 76],
            target,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        /// However many threads there are, and however the nonces are cut.
        #[test]
        fn threads_find_the_first_nonce_of_the_first_job_that_has_one(
            threads in 1..6_usize,
            end in 1..300_u64,
            size in 1..100_u64,
            once_in in 1..2_000_u16,
            jobs in 0..5_u8,
        ) {
            let expected = (0..jobs).find_map(|extra| {
                let nonces = every(Path::Portable, &job(extra, once_in), 0..end);
                nonces.first().map(|nonce| (*nonce, extra))
            });
            let mut extras = 0..jobs;
            let pieces = Pieces { nonces: 0..end, size };
            let threads = NonZeroUsize::new(threads).unwrap();
            let next_job = || extras.next().map(|extra| (job(extra, once_in), extra));
            let search = search_pieces(Path::Portable, threads, pieces, next_job, || true);
            let found = search.found.map(|found| (found.nonce, found.template));
            prop_assert_eq!(found, expected);
            match expected {
                Some((nonce, extra)) => prop_assert!(search.tried > u64::from(extra) * end + u64::from(nonce)),
                None => prop_assert_eq!(search.tried, u64::from(jobs) * end),
            }
        }
    }

    #[test]
    fn threads_end_when_they_are_told_to() {
        let impossible = Job {
            header: [7; 76],
            target: [0; 32],
        };
        let stop = AtomicBool::new(false);
        let two = NonZeroUsize::new(2).unwrap();
        let search = thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(20));
                stop.store(true, Ordering::Relaxed);
            });
            let keep_going = || !stop.load(Ordering::Relaxed);
            search_with_threads(Path::Portable, two, || Some((impossible, ())), keep_going)
        });
        assert_eq!(search.found, None);
        assert!(search.tried > 0);
    }
}
