//! Searches for a block that somebody asked for: one at a time, the others in line, and those that outlive their callers.
//!
//! Whoever goes away while waiting stops the search it asked for. Whoever was told to come back later finds the outcome here.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::header;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::super::problem::{Kind, Problem};
use crate::limits::{MINING_RESULTS, MINING_SEARCHES};
use crate::node::coin::CoinError;
use crate::protocol::coin::block::CheckedBlock;

/// What a search comes to.
pub type Outcome = Result<Arc<CheckedBlock>, CoinError>;

/// The searches of a node.
pub struct Searches {
    tasks: TaskTracker,
    shutdown: CancellationToken,
    places: Arc<Semaphore>,
    /// Held by the one that searches.
    turn: Arc<tokio::sync::Mutex<()>>,
    left: Arc<Mutex<Left>>,
}

/// Searches that were left behind, by their numbers.
#[derive(Default)]
struct Left {
    last: u64,
    states: BTreeMap<u64, State>,
}

/// How a search that was left behind stands.
#[derive(Debug, Clone)]
pub enum State {
    Searching,
    Done(Outcome),
}

/// What a caller is told.
pub enum Answer {
    Mined(Arc<CheckedBlock>),
    /// Ask again for the search with this number.
    Later(u64),
}

type Search = Pin<Box<dyn Future<Output = Outcome> + Send>>;

impl Searches {
    /// `tasks` gets what outlives its caller; it ends with `shutdown`.
    pub fn new(tasks: TaskTracker, shutdown: CancellationToken) -> Self {
        Self {
            tasks,
            shutdown,
            places: Arc::new(Semaphore::new(MINING_SEARCHES)),
            turn: Arc::default(),
            left: Arc::default(),
        }
    }

    /// Runs `search` when its turn comes, and waits `answer_within` for it.
    ///
    /// # Errors
    /// A 503 when too many search, or what the search failed with.
    pub async fn run(
        &self,
        search: impl Future<Output = Outcome> + Send + 'static,
        answer_within: Duration,
    ) -> Result<Answer, Problem> {
        let place = self.place()?;
        let turn = Arc::clone(&self.turn);
        let mut search: Search = Box::pin(async move {
            let _turn = turn.lock().await;
            search.await
        });
        match tokio::time::timeout(answer_within, &mut search).await {
            Ok(outcome) => Ok(Answer::Mined(outcome?)),
            Err(_) => Ok(Answer::Later(self.leave(search, place))),
        }
    }

    /// How the search with this number stands, if it is still known.
    pub fn state(&self, number: u64) -> Option<State> {
        self.left().states.get(&number).cloned()
    }

    fn place(&self) -> Result<OwnedSemaphorePermit, Problem> {
        Arc::clone(&self.places).try_acquire_owned().map_err(|_| {
            let detail = format!(
                "{MINING_SEARCHES} searches for a block are under way or in line, as many as this node takes. Ask again later."
            );
            Problem::new(Kind::Busy, detail).header(header::RETRY_AFTER, "30")
        })
    }

    /// Has a search go on without its caller.
    fn leave(&self, search: Search, place: OwnedSemaphorePermit) -> u64 {
        let number = {
            let mut left = self.left();
            left.last += 1;
            let number = left.last;
            left.states.insert(number, State::Searching);
            if left.states.len() > MINING_RESULTS {
                left.states.pop_first();
            }
            number
        };
        let (shutdown, left) = (self.shutdown.clone(), Arc::clone(&self.left));
        self.tasks.spawn(async move {
            let outcome = tokio::select! {
                outcome = search => outcome,
                () = shutdown.cancelled() => Err(CoinError::ShuttingDown),
            };
            if let Err(error) = &outcome {
                tracing::warn!(%error, number, "a search for a block failed");
            }
            let mut left = left.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(state) = left.states.get_mut(&number) {
                *state = State::Done(outcome);
            }
            drop(place);
        });
        number
    }

    fn left(&self) -> MutexGuard<'_, Left> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn searches() -> Searches {
        Searches::new(TaskTracker::new(), CancellationToken::new())
    }

    #[tokio::test]
    async fn a_long_search_goes_on_and_its_outcome_can_be_asked_for() {
        let searches = searches();
        let (end, ended) = tokio::sync::oneshot::channel::<()>();
        let search = async move {
            let _ = ended.await;
            Err(CoinError::SearchStopped)
        };
        let answer = searches.run(search, Duration::from_millis(1)).await;
        let Ok(Answer::Later(number)) = answer else {
            panic!("it does not end by itself");
        };
        assert!(matches!(searches.state(number), Some(State::Searching)));
        end.send(()).expect("it waits");
        searches.tasks.close();
        searches.tasks.wait().await;
        let state = searches.state(number);
        assert!(matches!(
            state,
            Some(State::Done(Err(CoinError::SearchStopped)))
        ));
        assert!(searches.state(number + 1).is_none());
    }

    #[tokio::test]
    async fn as_many_search_as_may_and_one_more_is_told_to_wait() {
        let searches = searches();
        for _ in 0..MINING_SEARCHES {
            let search = std::future::pending::<Outcome>();
            let answer = searches.run(search, Duration::ZERO).await;
            assert!(matches!(answer, Ok(Answer::Later(_))));
        }
        let search = std::future::pending::<Outcome>();
        let refused = searches.run(search, Duration::ZERO).await;
        assert_eq!(
            refused.err().map(|problem| problem.kind()),
            Some(Kind::Busy)
        );
        searches.shutdown.cancel();
        searches.tasks.close();
        searches.tasks.wait().await;
        assert_eq!(searches.places.available_permits(), MINING_SEARCHES);
    }

    #[tokio::test]
    async fn whoever_goes_away_stops_its_search() {
        struct Tells(Arc<Mutex<bool>>);
        impl Drop for Tells {
            fn drop(&mut self) {
                *self.0.lock().expect("nobody panics") = true;
            }
        }
        let searches = searches();
        let stopped = Arc::new(Mutex::new(false));
        let tells = Tells(Arc::clone(&stopped));
        let search = async move {
            let _tells = tells;
            std::future::pending::<Outcome>().await
        };
        let caller = searches.run(search, Duration::from_secs(3600));
        let gone = tokio::time::timeout(Duration::from_millis(20), caller).await;
        assert!(gone.is_err());
        assert!(*stopped.lock().expect("nobody panics"));
        assert_eq!(searches.places.available_permits(), MINING_SEARCHES);
    }
}
