//! What happened, in order, for whoever watches. What an event says is the protocol's; named without it, these types are
//! the classic protocol's.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::broadcast;

use super::classic::Event as ClassicEvent;
use crate::limits::EVENTS_KEPT;

/// An event with its number, counted from 1 since the node started.
#[derive(Debug)]
pub struct NumberedEvent<E = ClassicEvent> {
    pub number: u64,
    pub event: Arc<E>,
}

impl<E> Clone for NumberedEvent<E> {
    fn clone(&self) -> Self {
        Self {
            number: self.number,
            event: Arc::clone(&self.event),
        }
    }
}

/// The last [`EVENTS_KEPT`] events, and those to come.
#[derive(Debug)]
pub struct EventLog<E = ClassicEvent> {
    kept: Mutex<Kept<E>>,
    live: broadcast::Sender<NumberedEvent<E>>,
}

#[derive(Debug)]
struct Kept<E> {
    next: u64,
    events: VecDeque<NumberedEvent<E>>,
}

/// A place in the stream of events.
#[derive(Debug)]
pub struct Subscription<E = ClassicEvent> {
    /// Events behind the number that was asked for, oldest first.
    pub missed: Vec<NumberedEvent<E>>,
    /// Whether events behind that number are gone already, so that the subscriber must read afresh.
    pub incomplete: bool,
    /// The number of the last event before those to come, 0 before the first.
    pub last: u64,
    pub live: broadcast::Receiver<NumberedEvent<E>>,
}

impl<E> Default for EventLog<E> {
    fn default() -> Self {
        Self {
            kept: Mutex::new(Kept {
                next: 1,
                events: VecDeque::new(),
            }),
            live: broadcast::Sender::new(EVENTS_KEPT),
        }
    }
}

impl<E> EventLog<E> {
    pub(super) fn publish(&self, events: impl IntoIterator<Item = E>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        for event in events {
            let event = NumberedEvent {
                number: kept.next,
                event: Arc::new(event),
            };
            kept.next += 1;
            if kept.events.len() == EVENTS_KEPT {
                kept.events.pop_front();
            }
            kept.events.push_back(event.clone());
            // Without a subscriber nobody needs it now.
            let _ = self.live.send(event);
        }
    }

    /// The last events, oldest first.
    pub fn kept(&self) -> Vec<NumberedEvent<E>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.events.iter().cloned().collect()
    }

    /// The events behind number `after`, and all to come; without it only those to come.
    pub fn subscribe(&self, after: Option<u64>) -> Subscription<E> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let live = self.live.subscribe();
        let last = kept.next - 1;
        let Some(after) = after else {
            return Subscription {
                missed: Vec::new(),
                incomplete: false,
                last,
                live,
            };
        };
        let oldest = kept.events.front().map_or(kept.next, |event| event.number);
        let incomplete = after >= kept.next || after + 1 < oldest;
        let missed = kept
            .events
            .iter()
            .filter(|event| !incomplete && event.number > after)
            .cloned()
            .collect();
        Subscription {
            missed,
            incomplete,
            last,
            live,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(number: usize) -> ClassicEvent {
        ClassicEvent::Peer {
            address: number.to_string(),
        }
    }

    #[test]
    fn a_subscriber_gets_what_it_missed_or_is_told_that_it_is_gone() {
        let log = EventLog::default();
        log.publish((1..=5).map(peer));
        let numbers = |subscription: &Subscription| {
            subscription
                .missed
                .iter()
                .map(|event| event.number)
                .collect::<Vec<_>>()
        };
        assert_eq!(numbers(&log.subscribe(Some(3))), [4, 5]);
        assert_eq!(numbers(&log.subscribe(Some(5))), [0; 0]);
        assert!(!log.subscribe(Some(0)).incomplete);
        assert!(
            log.subscribe(Some(6)).incomplete,
            "a number of an earlier run"
        );
        log.publish((0..EVENTS_KEPT).map(peer));
        assert!(log.subscribe(Some(4)).incomplete, "the fifth event is gone");
        assert_eq!(log.subscribe(Some(5)).missed.len(), EVENTS_KEPT);
    }
}
