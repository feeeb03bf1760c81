//! One block, and how its hash comes about.

pub(super) mod classic;
pub(super) mod coin;
mod target;

use std::ops::Range;

use super::super::problem::Problem;
use super::super::v1::parameters::Parameters;

/// Transactions listed on one page of a block.
const TRANSACTIONS: usize = 50;

/// A stretch of a block's transactions, counted from 0.
#[derive(Debug, PartialEq, Eq)]
struct Stretch {
    shown: Range<usize>,
    total: usize,
}

impl Stretch {
    /// As `?from=` has it.
    fn read(query: Option<&str>) -> Result<usize, Problem> {
        let parameters = Parameters::read(query, &["from"])?;
        let from = match parameters.text("from") {
            None | Some("") => None,
            Some(_) => parameters.number("from")?,
        };
        Ok(from.map_or(0, |from| usize::try_from(from).unwrap_or(usize::MAX)))
    }

    /// From `from` on; behind the last there is the last page.
    fn of(from: usize, total: usize) -> Self {
        let last_page = total.saturating_sub(1) / TRANSACTIONS * TRANSACTIONS;
        let start = from.min(last_page);
        Self {
            shown: start..start.saturating_add(TRANSACTIONS).min(total),
            total,
        }
    }

    /// The last one shown.
    fn last(&self) -> usize {
        self.shown.end.saturating_sub(1)
    }

    fn is_all(&self) -> bool {
        self.shown.len() == self.total
    }

    /// `from` of the stretch before.
    fn before(&self) -> Option<usize> {
        let before = self.shown.start.checked_sub(TRANSACTIONS);
        match self.shown.start {
            0 => None,
            _ => Some(before.unwrap_or(0)),
        }
    }

    /// `from` of the stretch behind.
    fn behind(&self) -> Option<usize> {
        (self.shown.end < self.total).then_some(self.shown.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transactions_come_in_stretches() {
        let of = |from: usize, total| {
            let stretch = Stretch::of(from, total);
            (stretch.shown.clone(), stretch.before(), stretch.behind())
        };
        assert_eq!(of(0, 0), (0..0, None, None));
        assert_eq!(of(0, 50), (0..50, None, None));
        assert_eq!(of(0, 120), (0..50, None, Some(50)));
        assert_eq!(of(50, 120), (50..100, Some(0), Some(100)));
        assert_eq!(of(usize::MAX, 120), (100..120, Some(50), None));
        assert_eq!(of(7, 120), (7..57, Some(0), Some(57)));
        assert!(Stretch::read(Some("from=0")).is_ok_and(|from| from == 0));
        assert!(Stretch::read(Some("from=50")).is_ok_and(|from| from == 50));
        assert!(Stretch::read(Some("from=x")).is_err() && Stretch::read(Some("a=1")).is_err());
    }
}
