//! What is known of one address, and how long it is left in peace between two calls.

use std::net::IpAddr;

use super::group::{Group, group};
use crate::peers::address::PeerAddress;

/// Two clocks at one instant, both given from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Milliseconds since the node started, or any other beginning; never goes back. Pauses are counted by it.
    pub running_ms: u64,
    /// Seconds since 1970. What the file keeps is dated by it; if it jumps, nothing worse happens than a wrong date.
    pub unix: u64,
}

/// Who told of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The operator's settings (`nodes.json`, `--peer`), which come anew with each start: the file does not keep them.
    Settings,
    /// The operator of a running node (`connect_node`): kept over a restart.
    Operator,
    /// A peer at this IP address told of it.
    Peer(IpAddr),
    /// The node itself: it connected to us, and said where it listens.
    Itself,
    /// An announcement on the local network.
    Network,
}

impl Source {
    /// Whether the operator named it, be it before the start or after.
    pub fn is_operators(self) -> bool {
        matches!(self, Source::Settings | Source::Operator)
    }

    /// Whose tale it is, for the choice of buckets.
    pub(super) fn group(self, address: &PeerAddress) -> Group {
        match self {
            Source::Peer(ip) => group(ip),
            Source::Itself => Group::of(address),
            // All that the local network says is one tale: nobody signs there.
            Source::Settings | Source::Operator | Source::Network => Group::Machine(None),
        }
    }
}

/// Where an address stands in the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// The operator named it: nothing displaces it.
    Operator,
    /// Heard of, and not reached yet.
    New,
    /// It has completed a handshake with us.
    Tried,
}

/// Whose doing a failed call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Others can be reached, this one cannot.
    Theirs,
    /// No session stands at all: it is as likely our own connection. Nobody is given up for that.
    PerhapsOurs,
}

/// How a session ended that had begun with a handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The other side ended it, or the line was cut: one that stood for long is called again quickly.
    Theirs,
    /// We did, and not for a fault: a feeler has seen enough, another peer got the place, the node stops.
    Ours,
    /// We did, since its tip lagged behind: it is not called for ten minutes.
    Lagged,
}

/// What the book knows of one address. Times without a unit are seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    pub(super) source: Source,
    pub(super) table: Table,
    pub(super) heard: u64,
    pub(super) last_attempt: Option<u64>,
    pub(super) last_success: Option<u64>,
    pub(super) failures: u32,
    /// Not kept in the file: after a start everybody may be called at once.
    pub(super) pause: Pause,
}

impl Known {
    pub(super) fn heard_of(source: Source, table: Table, now: Moment) -> Known {
        Known {
            source,
            table,
            heard: now.unix,
            last_attempt: None,
            last_success: None,
            failures: 0,
            pause: Pause::default(),
        }
    }

    pub fn source(&self) -> Source {
        self.source
    }

    pub fn table(&self) -> Table {
        self.table
    }

    /// When somebody last told of it.
    pub fn heard(&self) -> u64 {
        self.heard
    }

    /// When it was last called.
    pub fn last_attempt(&self) -> Option<u64> {
        self.last_attempt
    }

    /// When a handshake last succeeded, or the session after it ended.
    pub fn last_success(&self) -> Option<u64> {
        self.last_success
    }

    /// Calls in a row that failed.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// Whether a newcomer may have its place among the new: it was never there when called, has been away for long, or
    /// nobody has spoken of it for a month.
    pub(super) fn is_given_up(&self, now: Moment) -> bool {
        let silent = |since: u64, days: u64| now.unix.saturating_sub(since) > days * DAY;
        match self.last_success {
            None => self.failures >= 3 || silent(self.heard, 30),
            Some(success) => {
                (self.failures >= 10 && silent(success, 7)) || silent(success.max(self.heard), 30)
            }
        }
    }

    /// Whether it answered so lately that nobody need test it.
    pub(super) fn was_just_there(&self, now: Moment) -> bool {
        self.last_success
            .is_some_and(|success| now.unix.saturating_sub(success) < 4 * HOUR)
    }

    /// Whether it may be told to others: reached within a week, or just heard of and not found dead since.
    pub(super) fn is_worth_telling(&self, now: Moment) -> bool {
        let within = |since: u64, span: u64| now.unix.saturating_sub(since) <= span;
        match self.last_success {
            Some(success) => within(success, 7 * DAY) && self.failures < 10,
            None => within(self.heard, 3 * HOUR) && self.failures < 2,
        }
    }
}

const HOUR: u64 = 60 * 60;
const DAY: u64 = 24 * HOUR;

/// How long whoever was with us a moment ago is called again quickly: a cut of the network must heal within 5 s.
const QUICK_FOR: u64 = 10 * 60 * 1000;
/// A session shorter than this ends like a failed call, or who hangs up at once would be called for ever.
const SHORT_SESSION: u64 = 3 * 1000;
/// One whose tip lagged may have caught up after this.
const LAGGED_FOR: u64 = 10 * 60 * 1000;

/// The growing pause before the next call, in milliseconds of [`Moment::running_ms`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pause {
    /// The next call may begin now.
    pub(super) until: u64,
    /// How often the pause has grown.
    steps: u32,
    /// Until then pauses stay short.
    quick_until: u64,
    /// When the session that stands began.
    connected: Option<u64>,
}

impl Pause {
    /// From now on for a while it is called quickly.
    pub(super) fn be_quick(&mut self, now: Moment) {
        *self = Pause {
            quick_until: now.running_ms.saturating_add(QUICK_FOR),
            ..Pause::default()
        };
    }

    /// A call begins: if its end is never told, the pause runs all the same.
    pub(super) fn attempted(&mut self, table: Table, now: Moment) {
        self.until = now.running_ms.saturating_add(self.length(table, now));
    }

    /// A call failed.
    pub(super) fn failed(&mut self, table: Table, fault: Fault, now: Moment) {
        let length = self.length(table, now);
        let length = match fault {
            Fault::Theirs => length,
            Fault::PerhapsOurs => length.min(30_000),
        };
        self.until = now.running_ms.saturating_add(length);
        let most = if now.running_ms < self.quick_until {
            2
        } else {
            20
        };
        self.steps = self.steps.saturating_add(1).min(most);
    }

    /// A handshake is done.
    pub(super) fn succeeded(&mut self, now: Moment) {
        self.connected = Some(now.running_ms);
    }

    /// The session is over.
    pub(super) fn ended(&mut self, table: Table, end: End, now: Moment) {
        let Some(connected) = self.connected.take() else {
            return;
        };
        let was_short = now.running_ms.saturating_sub(connected) < SHORT_SESSION;
        match end {
            End::Theirs if was_short => self.failed(table, Fault::Theirs, now),
            End::Theirs => self.be_quick(now),
            End::Ours => *self = Pause::default(),
            End::Lagged => {
                *self = Pause {
                    until: now.running_ms.saturating_add(LAGGED_FOR),
                    ..Pause::default()
                };
            }
        }
    }

    /// 0.5, 1, 2, 2 … seconds while quick; else twice as long each time, up to a minute for the operator's, ten for who has
    /// answered before, and an hour for who never has.
    fn length(&self, table: Table, now: Moment) -> u64 {
        if now.running_ms < self.quick_until {
            return 500 << self.steps.min(2);
        }
        let (first, most) = match table {
            Table::Operator => (500, 60_000),
            Table::Tried => (5_000, 10 * 60_000),
            Table::New => (5_000, 60 * 60_000),
        };
        (first << self.steps.min(20)).min(most)
    }
}

#[allow(clippy::indexing_slicing, reason = "a test ends where it is wrong")]
#[cfg(test)]
mod tests {
    use super::*;

    fn at(running_ms: u64) -> Moment {
        Moment {
            running_ms,
            unix: 1_700_000_000 + running_ms / 1000,
        }
    }

    /// The pauses after calls that fail at once, one after another.
    fn pauses(pause: &mut Pause, table: Table, fault: Fault, calls: usize) -> Vec<u64> {
        let mut now = pause.until;
        let mut pauses = Vec::new();
        for _ in 0..calls {
            pause.attempted(table, at(now));
            pause.failed(table, fault, at(now));
            pauses.push(pause.until - now);
            now = pause.until;
        }
        pauses
    }

    #[test]
    fn the_operators_are_called_quickly_for_ten_minutes_and_then_every_minute() {
        let mut pause = Pause::default();
        pause.be_quick(at(1));
        let pauses = pauses(&mut pause, Table::Operator, Fault::Theirs, 310);
        assert_eq!(pauses[..4], [500, 1000, 2000, 2000]);
        let quick = pauses.iter().take_while(|pause| **pause <= 2000).count();
        assert!((300..=303).contains(&quick), "{quick}");
        assert_eq!(
            pauses[quick..quick + 6],
            [4000, 8000, 16_000, 32_000, 60_000, 60_000]
        );
    }

    #[test]
    fn others_are_called_ever_more_rarely_and_not_so_if_the_fault_may_be_ours() {
        let run = |table, fault| pauses(&mut Pause::default(), table, fault, 12);
        let tried = run(Table::Tried, Fault::Theirs);
        assert_eq!(tried[..3], [5_000, 10_000, 20_000]);
        assert_eq!(tried[11], 600_000);
        assert_eq!(run(Table::New, Fault::Theirs)[11], 3_600_000);
        assert_eq!(run(Table::New, Fault::PerhapsOurs)[11], 30_000);
    }

    #[test]
    fn who_stayed_is_called_again_at_once_and_who_hung_up_is_not() {
        let mut stayed = Pause::default();
        stayed.succeeded(at(0));
        stayed.ended(Table::Tried, End::Theirs, at(SHORT_SESSION));
        assert_eq!(stayed.until, 0);
        assert_eq!(
            pauses(&mut stayed, Table::Tried, Fault::Theirs, 3),
            [500, 1000, 2000]
        );

        let mut hung_up = Pause::default();
        let mut now = 0;
        let mut lengths = Vec::new();
        for _ in 0..9 {
            hung_up.attempted(Table::Tried, at(now));
            hung_up.succeeded(at(now));
            hung_up.ended(Table::Tried, End::Theirs, at(now));
            lengths.push(hung_up.until - now);
            now = hung_up.until;
        }
        assert_eq!(lengths[0], 5_000);
        assert_eq!(lengths[8], 600_000);

        let mut lagged = Pause::default();
        lagged.succeeded(at(5));
        lagged.ended(Table::Tried, End::Lagged, at(7));
        assert_eq!(lagged.until, 7 + LAGGED_FOR);
        let mut seen = Pause::default();
        seen.attempted(Table::Tried, at(5));
        seen.succeeded(at(5));
        seen.ended(Table::Tried, End::Ours, at(7));
        assert_eq!(
            seen,
            Pause::default(),
            "our own hanging up is no fault of theirs"
        );
    }

    #[test]
    fn an_address_is_given_up_only_for_a_reason() {
        let now = Moment {
            running_ms: 0,
            unix: 100 * DAY,
        };
        let known = |failures, last_success, heard| Known {
            failures,
            last_success,
            heard,
            ..Known::heard_of(Source::Itself, Table::New, now)
        };
        for (known, given_up) in [
            (known(2, None, now.unix), false),
            (known(3, None, now.unix), true),
            (known(0, None, now.unix - 31 * DAY), true),
            (known(50, Some(now.unix - 6 * DAY), now.unix), false),
            (known(9, Some(now.unix - 8 * DAY), now.unix), false),
            (known(10, Some(now.unix - 8 * DAY), now.unix), true),
            (
                known(0, Some(now.unix - 31 * DAY), now.unix - 31 * DAY),
                true,
            ),
        ] {
            assert_eq!(known.is_given_up(now), given_up, "{known:?}");
        }
    }
}
