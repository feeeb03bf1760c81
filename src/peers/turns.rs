//! Who is called when: how many rounds call peers, and how many bodies are read, at the same time.

use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use thiserror::Error;
use tokio::sync::{Mutex, MutexGuard, Semaphore, SemaphorePermit};

use super::outgoing::{ChainBody, FetchError};
use crate::limits;

/// What a pull cost, and whom.
#[derive(Clone, Copy, Debug, Default)]
pub struct Effort {
    /// Of the body, as sent.
    pub bytes: u64,
    /// Waited for the peer, from the call to the last byte.
    pub waited: Duration,
    /// This node's own work, part of it while the peer was waited for.
    pub checking: Duration,
}

impl Effort {
    /// Adds what a further body cost.
    pub fn add(&mut self, further: Effort) {
        self.bytes = self.bytes.saturating_add(further.bytes);
        self.waited = self.waited.saturating_add(further.waited);
        self.checking = self.checking.saturating_add(further.checking);
    }
}

/// Why no body came.
#[derive(Debug, Error)]
pub enum TurnError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("nothing is called any more")]
    Closed,
}

/// Hands out turns. One for a node.
#[derive(Debug)]
pub struct Turns {
    bodies: Semaphore,
    rounds: Semaphore,
    everybody: Mutex<()>,
}

impl Turns {
    /// At most `bodies` are read at the same time.
    pub fn new(bodies: usize) -> Turns {
        Turns {
            bodies: Semaphore::new(bodies),
            rounds: Semaphore::new(limits::PULL_ROUNDS),
            everybody: Mutex::new(()),
        }
    }

    /// Waits until nobody asks all known peers; to be held while that is done: who comes next finds its chain there already.
    pub async fn everybody(&self) -> MutexGuard<'_, ()> {
        self.everybody.lock().await
    }

    /// Waits until another round may call all peers; to be held until it ends.
    pub async fn round(&self) -> Option<SemaphorePermit<'_>> {
        self.rounds.acquire().await.ok()
    }

    /// Calls at once, so that dead peers are found out side by side; but a body that would have to wait for its turn is
    /// dropped and asked for again when the turn comes, since a peer that waits would cut a stalled reader off.
    pub async fn body<'c>(
        &self,
        call: impl Fn() -> BoxFuture<'c, Result<ChainBody, FetchError>>,
        effort: &mut Effort,
    ) -> Result<(ChainBody, SemaphorePermit<'_>), TurnError> {
        let body = timed(call(), effort).await?;
        if let Ok(turn) = self.bodies.try_acquire() {
            return Ok((body, turn));
        }
        drop(body);
        let turn = self.bodies.acquire().await.map_err(|_| TurnError::Closed)?;
        Ok((timed(call(), effort).await?, turn))
    }
}

/// Makes a call, whose time the peer has to answer for.
pub async fn timed(
    call: BoxFuture<'_, Result<ChainBody, FetchError>>,
    effort: &mut Effort,
) -> Result<ChainBody, FetchError> {
    let begun = Instant::now();
    let answer = call.await;
    effort.waited = effort.waited.saturating_add(begun.elapsed());
    answer
}
