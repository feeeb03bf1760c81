//! How long a peer may take over a body, and how much it may send: [`Paced`], which reads it under [`PaceLimits`].
//!
//! Only the time spent waiting for the peer counts. What this node does with the bytes, and a turn that a peer waits
//! for, are never held against it.

use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use thiserror::Error;
use tokio::time::{Instant, timeout};

use super::outgoing::{ChainBody, FetchError};
use crate::limits;

/// Sizes and times of one body.
#[derive(Clone, Copy, Debug)]
pub struct PaceLimits {
    pub bytes: u64,
    /// Without a byte.
    pub silence: Duration,
    /// Bytes a second, averaged over `rate_window`.
    pub rate: u64,
    pub rate_window: Duration,
    /// For the whole body.
    pub total: Duration,
}

impl PaceLimits {
    /// The limits of a body of at most `bytes`: how long it may take grows with what is allowed.
    pub fn for_bytes(bytes: u64) -> PaceLimits {
        PaceLimits {
            bytes,
            silence: limits::PULL_SILENCE,
            rate: limits::PULL_RATE as u64,
            rate_window: limits::PULL_RATE_WINDOW,
            total: Duration::from_secs(bytes / limits::PULL_PLANNED_RATE as u64)
                .max(limits::PULL_RATE_WINDOW),
        }
    }
}

/// Why a body was not read to its end.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PaceError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("not a byte for {} s", limit.as_secs_f64())]
    Silent { limit: Duration },
    #[error("slower than {rate} bytes/s over {} s", window.as_secs_f64())]
    TooSlow { rate: u64, window: Duration },
    #[error("not finished after {} s", limit.as_secs_f64())]
    TooLong { limit: Duration },
    #[error(
        "the body is longer than {limit} bytes, the most that is read of a peer (--max-pull-bytes)"
    )]
    TooLarge { limit: u64 },
    #[error(
        "the answer's head claims a body of {claimed} bytes, and at most {limit} are read of a peer (--max-pull-bytes)"
    )]
    ClaimsTooLarge { claimed: u64, limit: u64 },
}

/// A body that is read under limits.
pub struct Paced {
    body: ChainBody,
    limits: PaceLimits,
    bytes: u64,
    /// Whether there was more than the limit lets through.
    is_over: bool,
    waited: Duration,
    window_bytes: u64,
    window_waited: Duration,
}

impl Paced {
    pub fn new(body: ChainBody, limits: PaceLimits) -> Result<Paced, PaceError> {
        match body.claimed_bytes {
            Some(claimed) if claimed > limits.bytes => Err(PaceError::ClaimsTooLarge {
                claimed,
                limit: limits.bytes,
            }),
            _ => Ok(Paced {
                body,
                limits,
                bytes: 0,
                is_over: false,
                waited: Duration::ZERO,
                window_bytes: 0,
                window_waited: Duration::ZERO,
            }),
        }
    }

    /// Goes on with the body of a further answer, under what is left of the same limits.
    pub fn go_on_with(&mut self, body: ChainBody) {
        self.body = body;
    }

    /// Bytes read so far.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Time waited for the peer so far.
    pub fn waited(&self) -> Duration {
        self.waited
    }

    /// The next bytes, or nothing when the body has ended.
    /// What goes beyond the limit in bytes is cut off, and the error comes with the call after.
    pub async fn next(&mut self) -> Result<Option<Bytes>, PaceError> {
        if self.is_over {
            return Err(self.too_large());
        }
        let left = self.limits.total.saturating_sub(self.waited);
        if left.is_zero() {
            return Err(PaceError::TooLong {
                limit: self.limits.total,
            });
        }
        let asked = Instant::now();
        let answer = timeout(left.min(self.limits.silence), self.body.bytes.next()).await;
        let took = asked.elapsed();
        self.waited = self.waited.saturating_add(took);
        self.window_waited = self.window_waited.saturating_add(took);
        let mut chunk = match answer {
            Ok(Some(chunk)) => chunk?,
            Ok(None) => return Ok(None),
            Err(_) if left <= self.limits.silence => {
                return Err(PaceError::TooLong {
                    limit: self.limits.total,
                });
            }
            Err(_) => {
                return Err(PaceError::Silent {
                    limit: self.limits.silence,
                });
            }
        };
        let left = self.limits.bytes.saturating_sub(self.bytes);
        let left = usize::try_from(left).unwrap_or(usize::MAX);
        if chunk.len() > left {
            self.is_over = true;
            chunk.truncate(left);
        }
        if self.is_over && chunk.is_empty() {
            return Err(self.too_large());
        }
        let length = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        self.bytes = self.bytes.saturating_add(length);
        self.window_bytes = self.window_bytes.saturating_add(length);
        if self.window_waited >= self.limits.rate_window {
            let needed = self.limits.rate as f64 * self.window_waited.as_secs_f64();
            if (self.window_bytes as f64) < needed {
                return Err(PaceError::TooSlow {
                    rate: self.limits.rate,
                    window: self.limits.rate_window,
                });
            }
            self.window_bytes = 0;
            self.window_waited = Duration::ZERO;
        }
        Ok(Some(chunk))
    }

    fn too_large(&self) -> PaceError {
        PaceError::TooLarge {
            limit: self.limits.bytes,
        }
    }
}
