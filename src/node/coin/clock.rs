//! The clock of blocks. On the network `dev` it can be moved, so that tests of contracts need not wait for a deadline; elsewhere it is the machine's.
//!
//! How it was moved is in memory alone: a node that starts again begins with the machine's clock, and its blocks come behind their parents all the same. What waits
//! is measured by the machine's clock always: no transaction grows old because somebody moved the time of blocks.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::UnixClock;

/// How a clock was moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Moved {
    /// Seconds that this clock is before the machine's.
    pub(super) shift: i64,
    /// The time of the next block that is made here.
    pub(super) next: Option<u32>,
    /// Seconds from one block that is made here to the next.
    pub(super) spacing: Option<u32>,
}

/// A clock, and how it was moved.
pub(super) struct Clock {
    machine: UnixClock,
    moved: Mutex<Moved>,
}

impl Clock {
    pub(super) fn new(machine: UnixClock) -> Self {
        Self {
            machine,
            moved: Mutex::default(),
        }
    }

    /// The machine's, in seconds since 1970.
    pub(super) fn machine_now(&self) -> u64 {
        (self.machine)()
    }

    /// As it was moved, in seconds since 1970.
    pub(super) fn now(&self) -> u64 {
        let shift = self.moved().shift;
        self.machine_now().saturating_add_signed(shift)
    }

    /// What the time of a block is to be that is made here behind one of time `parent`, at least.
    pub(super) fn time_of_child(&self, parent: u32) -> u64 {
        let Moved { next, spacing, .. } = *self.moved();
        let set = next.filter(|next| *next > parent);
        let set = set.or_else(|| Some(parent.saturating_add(spacing?)));
        set.map_or_else(|| self.now(), u64::from)
    }

    /// A block that was made here has this time: where that was set for it, the clock goes on from there.
    pub(super) fn follow(&self, time: u32) {
        let mut moved = self.moved();
        let was_next = moved.next.is_some_and(|next| next <= time);
        if was_next {
            moved.next = None;
        }
        if was_next || moved.spacing.is_some() {
            moved.shift = self.shift_to(time.into());
        }
    }

    /// The shift with which the clock shows `time` now.
    pub(super) fn shift_to(&self, time: u64) -> i64 {
        let clamped = |time: u64| i64::try_from(time).unwrap_or(i64::MAX);
        clamped(time).saturating_sub(clamped(self.machine_now()))
    }

    pub(super) fn moved(&self) -> MutexGuard<'_, Moved> {
        self.moved.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
