//! How much of something a peer may do in its time.

use super::input::Moment;

/// A bucket that holds `most` tokens and gains `a_second` of them.
#[derive(Debug, Clone, Copy)]
pub struct Bucket {
    most: u64,
    a_second: u64,
    /// Thousandths of tokens.
    thousandths: u64,
    at: Moment,
}

impl Bucket {
    /// A full one.
    pub fn full(most: u64, a_second: u64, now: Moment) -> Self {
        Self {
            most,
            a_second,
            thousandths: most.saturating_mul(1000),
            at: now,
        }
    }

    /// Takes `tokens`, if they are there.
    pub fn takes(&mut self, tokens: u64, now: Moment) -> bool {
        let milliseconds = now.0.saturating_sub(self.at.0);
        self.at = now;
        let gained = milliseconds.saturating_mul(self.a_second);
        let held = self.thousandths.saturating_add(gained);
        self.thousandths = held.min(self.most.saturating_mul(1000));
        let wanted = tokens.saturating_mul(1000);
        match self.thousandths.checked_sub(wanted) {
            Some(left) => {
                self.thousandths = left;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_empties_and_fills_with_time() {
        let mut bucket = Bucket::full(10, 2, Moment(0));
        assert!(bucket.takes(10, Moment(0)));
        assert!(!bucket.takes(1, Moment(400)));
        assert!(bucket.takes(1, Moment(500)));
        assert!(
            !bucket.takes(11, Moment(1_000_000)),
            "never more than it holds"
        );
        assert!(bucket.takes(10, Moment(1_000_000)));
    }
}
