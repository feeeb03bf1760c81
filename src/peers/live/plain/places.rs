//! The places for questions to nodes without sessions: few, and fewer for those that take long.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::limits;

/// Gives a place to every question. Whoever takes long shares few of them, so that all others find one soon.
#[derive(Debug, Clone)]
pub struct Places {
    all: Arc<Semaphore>,
    slow: Arc<Semaphore>,
    /// What takes longer is slow.
    quick: Duration,
}

/// The right to ask one node.
#[derive(Debug)]
pub struct Place {
    places: Places,
    _one: OwnedSemaphorePermit,
    slow: Option<OwnedSemaphorePermit>,
}

/// What came of a question.
#[derive(Debug, PartialEq, Eq)]
pub struct Asked<T> {
    /// Nothing where it took long while the places for that were taken: it was given up for one that does not.
    pub answer: Option<T>,
    pub is_slow: bool,
}

impl Default for Places {
    fn default() -> Self {
        Self {
            all: Arc::new(Semaphore::new(limits::PLAIN_ROUNDS)),
            slow: Arc::new(Semaphore::new(limits::PLAIN_SLOW_ROUNDS)),
            quick: limits::PLAIN_QUICK,
        }
    }
}

impl Places {
    /// Whether there is a place for a node that was slow last time, or was not.
    pub fn has_room(&self, was_slow: bool) -> bool {
        let is_free = |places: &Semaphore| places.available_permits() > 0;
        is_free(&self.all) && (!was_slow || is_free(&self.slow))
    }

    /// A place for such a node, if there is one.
    pub fn take(&self, was_slow: bool) -> Option<Place> {
        let one = Arc::clone(&self.all).try_acquire_owned().ok()?;
        let slow = if was_slow { Some(self.slow()?) } else { None };
        Some(Place {
            places: self.clone(),
            _one: one,
            slow,
        })
    }

    fn slow(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.slow).try_acquire_owned().ok()
    }
}

impl Place {
    /// Asks, and leaves the place after that.
    pub async fn ask<T>(mut self, asking: impl Future<Output = T>) -> Asked<T> {
        let mut asking = pin!(asking);
        if let Ok(answer) = timeout(self.places.quick, &mut asking).await {
            return Asked {
                answer: Some(answer),
                is_slow: false,
            };
        }
        self.slow = self.slow.take().or_else(|| self.places.slow());
        let answer = match &self.slow {
            Some(_) => Some(asking.await),
            None => None,
        };
        Asked {
            answer,
            is_slow: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    /// Everything that is not there at once is slow.
    fn places() -> Places {
        Places {
            quick: Duration::ZERO,
            ..Places::default()
        }
    }

    #[tokio::test]
    async fn slow_questions_never_have_all_places() {
        let places = places();
        let mut held = Vec::new();
        for _ in 0..limits::PLAIN_SLOW_ROUNDS {
            let place = places.take(false).expect("a place");
            let question = tokio::spawn(place.ask(pending::<()>()));
            while places.slow.available_permits() + held.len() == limits::PLAIN_SLOW_ROUNDS {
                tokio::task::yield_now().await;
            }
            held.push(question);
        }
        let given_up = Asked {
            answer: None,
            is_slow: true,
        };
        for _ in 0..10 {
            let place = places
                .take(false)
                .expect("a place for whoever is not known");
            assert_eq!(place.ask(pending::<()>()).await, given_up);
        }
        assert!(!places.has_room(true) && places.take(true).is_none());
        let place = places.take(false).expect("a place");
        assert!(place.ask(ready(7)).await.answer == Some(7));

        held.pop().expect("one").abort();
        while !places.has_room(true) {
            tokio::task::yield_now().await;
        }
        let place = places.take(true).expect("a place for a slow one");
        let late = async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            7
        };
        let answered = Asked {
            answer: Some(7),
            is_slow: true,
        };
        assert_eq!(place.ask(late).await, answered);
    }

    #[tokio::test]
    async fn a_slow_node_that_answers_at_once_is_slow_no_more() {
        let place = places().take(true).expect("a place");
        let asked = place.ask(ready(7)).await;
        assert_eq!((asked.answer, asked.is_slow), (Some(7), false));
    }

    #[test]
    fn no_more_are_asked_at_once_than_there_are_places() {
        let places = places();
        let taken: Vec<_> = (0..100).map_while(|_| places.take(false)).collect();
        assert_eq!(taken.len(), limits::PLAIN_ROUNDS);
        assert!(!places.has_room(false));
        drop(taken);
        // A slow one that finds none leaves none taken.
        let slow: Vec<_> = (0..100).map_while(|_| places.take(true)).collect();
        assert_eq!(slow.len(), limits::PLAIN_SLOW_ROUNDS);
        assert!(places.take(true).is_none() && places.has_room(false));
    }
}
