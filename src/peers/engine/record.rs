//! What a peer's words have been worth so far: the weight that its chain cannot fall below, what it owes of headers, and whether what it
//! began led anywhere.

use std::time::Duration;

use super::input::Moment;
use crate::limits;
use crate::peers::message::Weight;

/// What each answer with headers may take beyond the pace.
const HEADERS_GRACE: Duration = Duration::from_millis(500);

/// How long bytes may take.
pub fn at_least_pace(bytes: u64) -> Duration {
    Duration::from_millis(bytes.saturating_mul(1000) / limits::PULL_RATE as u64)
}

/// See the module. Kept for as long as the session.
#[derive(Debug)]
pub struct Record {
    /// What it greeted with: that is durable, and no node goes back to less.
    least: Weight,
    /// Since when it has said that it stands lower.
    below_since: Option<Moment>,
    /// When it was asked for headers, while they have not come, and whether it was blamed for that.
    headers_asked: Option<(Moment, bool)>,
    /// How far its answers with headers are behind the least pace, and as of when.
    headers_lag: Duration,
    lag_at: Moment,
    /// When its chain was last begun with, and how often that had to give way in its headers.
    pub tried: Option<Moment>,
    pub turns: u32,
    /// Until when it is asked last for blocks of others' chains, and how often those did not go on behind what it sent.
    doubted_until: Moment,
    doubts: u32,
}

impl Record {
    pub fn of(greeted: Weight) -> Self {
        Self {
            least: greeted,
            below_since: None,
            headers_asked: None,
            headers_lag: Duration::ZERO,
            lag_at: Moment(0),
            tried: None,
            turns: 0,
            doubted_until: Moment(0),
            doubts: 0,
        }
    }

    /// What its chain weighs at the least.
    pub fn least(&self) -> Weight {
        self.least
    }

    /// Whether it has stood below what it had for so long that no message under way explains it. True once each time.
    pub fn has_fallen(&mut self, stands: Weight, now: Moment) -> bool {
        if stands >= self.least {
            self.below_since = None;
            return false;
        }
        let since = *self.below_since.get_or_insert(now);
        let has_fallen = now.since(since) >= limits::SYNC_FALLEN;
        if has_fallen {
            self.below_since = Some(now);
        }
        has_fallen
    }

    pub fn asked_for_headers(&mut self, now: Moment) {
        self.headers_asked = Some((now, false));
    }

    /// So many bytes of headers have come. Whether its answers are too far behind the least pace by now: they may go on for ever.
    pub fn answered_with_headers(&mut self, bytes: usize, now: Moment) -> bool {
        let Some((asked, _)) = self.headers_asked.take() else {
            return false;
        };
        let due = HEADERS_GRACE.saturating_add(at_least_pace(bytes as u64));
        let late = now.since(asked).saturating_sub(due);
        let forgiven = now.since(self.lag_at) / 40;
        self.lag_at = now;
        self.headers_lag = self.headers_lag.saturating_sub(forgiven) + late;
        let is_slow = self.headers_lag > limits::SYNC_HEADERS;
        if is_slow {
            self.headers_lag = Duration::ZERO;
        }
        is_slow
    }

    /// Whether there is no use in asking for more headers yet.
    pub fn owes_headers(&self, now: Moment) -> bool {
        self.headers_asked
            .is_some_and(|(at, _)| now.since(at) < limits::SYNC_HEADERS_OWED)
    }

    /// Whether headers are late. True once for each question.
    pub fn is_late_with_headers(&mut self, now: Moment) -> bool {
        match &mut self.headers_asked {
            Some((at, is_late)) if !*is_late && now.since(*at) > limits::SYNC_ANSWER => {
                *is_late = true;
                true
            }
            _ => false,
        }
    }

    /// Whose chain it is says that it does not go on behind what this peer sent of it. Either may have lied.
    pub fn doubt(&mut self, now: Moment) {
        let wait = limits::SYNC_AGAIN.saturating_mul(1 << self.doubts.min(8));
        self.doubts = self.doubts.saturating_add(1);
        self.doubted_until = now.after(wait);
    }

    pub fn is_doubted(&self, now: Moment) -> bool {
        now < self.doubted_until
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::U256;

    use super::*;

    fn weight(number: u64) -> Weight {
        Weight(U256::from(number))
    }

    #[test]
    fn who_stands_below_what_it_had_falls_when_that_lasts() {
        let mut record = Record::of(weight(10));
        let later = |wait: u64| Moment(1_000).after(limits::SYNC_FALLEN * wait as u32);
        assert!(!record.has_fallen(weight(9), Moment(1_000)));
        assert!(!record.has_fallen(weight(10), later(1)), "it came back");
        assert!(!record.has_fallen(weight(9), later(1)));
        assert!(record.has_fallen(weight(9), later(2)));
        assert!(!record.has_fallen(weight(9), later(2)), "once each time");
        assert!(record.has_fallen(weight(9), later(3)));
    }

    #[test]
    fn headers_are_late_once_and_are_owed_for_long() {
        let mut record = Record::of(weight(0));
        record.asked_for_headers(Moment(0));
        assert!(record.owes_headers(Moment(0)));
        assert!(!record.is_late_with_headers(Moment(0).after(limits::SYNC_ANSWER)));
        let late = Moment(1).after(limits::SYNC_ANSWER);
        assert!(record.is_late_with_headers(late) && !record.is_late_with_headers(late));
        assert!(!record.owes_headers(Moment(0).after(limits::SYNC_HEADERS_OWED)));
        assert!(!record.answered_with_headers(0, late));
        assert!(!record.owes_headers(late));
    }

    #[test]
    fn headers_that_keep_the_pace_are_never_slow() {
        let full = limits::SESSION_HEADERS_BYTES;
        let answers = |each: Duration| {
            let mut record = Record::of(weight(0));
            let mut now = Moment(0);
            (0..1_000).any(|_| {
                record.asked_for_headers(now);
                now = now.after(each);
                record.answered_with_headers(full, now)
            })
        };
        assert!(!answers(Duration::from_secs(3)));
        assert!(answers(Duration::from_millis(4_900)));
    }

    #[test]
    fn doubts_last_longer_each_time() {
        let mut record = Record::of(weight(0));
        assert!(!record.is_doubted(Moment(0)));
        record.doubt(Moment(0));
        assert!(record.is_doubted(Moment(0)));
        let over = Moment(0).after(limits::SYNC_AGAIN);
        assert!(!record.is_doubted(over));
        record.doubt(over);
        assert!(record.is_doubted(over.after(limits::SYNC_AGAIN)));
    }
}
