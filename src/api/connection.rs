//! One open connection: what it is doing, since when, and which time limit runs.
//!
//! Shared between the connection's task, which reports what happens, and the registry of [`super::connections`], which
//! looks on from other threads and may end it. All of it is atomic numbers: a request takes no lock here, except the
//! first of its connection. Never touches a socket.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::task::Waker;
use std::time::{Duration, Instant};

use futures_util::task::AtomicWaker;

use super::connections::Registry;

/// What a connection is doing, in the order in which connections are given up for a newcomer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Phase {
    /// The last answer is out; waiting for the client to close as well.
    Closing,
    /// Accepted, and no byte came yet.
    Silent,
    /// Some bytes of a request came, its headers are not complete.
    Headers,
    /// Between two requests.
    Idle,
    /// A request is in flight: from its headers to the last byte of its answer. Never given up.
    Serving,
    /// No longer HTTP (a WebSocket). Never given up, and no time limit of HTTP holds.
    Upgraded,
    /// Given up: whoever holds the socket drops it.
    Ended,
}

impl Phase {
    fn from_number(number: u8) -> Self {
        use Phase::*;
        [Closing, Silent, Headers, Idle, Serving, Upgraded]
            .get(usize::from(number))
            .copied()
            .unwrap_or(Ended)
    }
}

/// Which time limit a connection has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timeout {
    FirstByte,
    Headers,
    StalledReader,
    Idle,
    Closing,
}

impl Timeout {
    /// The cause as the metrics name it.
    pub fn cause(self) -> &'static str {
        match self {
            Timeout::FirstByte => "first_byte",
            Timeout::Headers => "headers",
            Timeout::StalledReader => "stalled_reader",
            Timeout::Idle => "idle",
            Timeout::Closing => "closing",
        }
    }
}

/// One open connection. Its task reports what happens; the registry looks on from other threads.
pub struct Connection {
    pub(super) registry: Arc<Registry>,
    pub(super) address: IpAddr,
    pub(super) phase: AtomicU8,
    /// When the phase began.
    since: AtomicU64,
    /// When the last request ended, or the connection was accepted.
    pub(super) last_request: AtomicU64,
    /// Since when the client has taken nothing of what waits for it, or [`NEVER`].
    blocked: AtomicU64,
    /// The time of the task's present turn: one look at the clock a turn is enough.
    pub(super) now: AtomicU64,
    pub(super) unproven: AtomicBool,
    /// Index in `Open::all`, or `usize::MAX`. Changed under the registry's lock only.
    pub(super) place: AtomicUsize,
    /// Of its task, or of whoever reads from it after an upgrade.
    pub(super) waker: AtomicWaker,
}

const NEVER: u64 = u64::MAX;

impl Connection {
    /// A connection that was accepted now, at this place of the registry.
    pub(super) fn accepted(registry: &Arc<Registry>, address: IpAddr, place: usize) -> Self {
        let now = registry.now();
        Self {
            registry: Arc::clone(registry),
            address,
            phase: AtomicU8::new(Phase::Silent as u8),
            since: AtomicU64::new(now),
            last_request: AtomicU64::new(now),
            blocked: AtomicU64::new(NEVER),
            now: AtomicU64::new(now),
            unproven: AtomicBool::new(true),
            place: AtomicUsize::new(place),
            waker: AtomicWaker::new(),
        }
    }

    pub fn phase(&self) -> Phase {
        Phase::from_number(self.phase.load(Ordering::Acquire))
    }

    /// False when the phase was another meanwhile.
    pub(super) fn change(&self, from: Phase, to: Phase) -> bool {
        self.phase
            .compare_exchange(from as u8, to as u8, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }

    /// Moves on to another phase at the present time, unless the connection was given up.
    fn enter(&self, to: Phase) -> bool {
        let now = self.now();
        loop {
            let from = self.phase();
            if from == Phase::Ended {
                return false;
            }
            if self.change(from, to) {
                self.since.store(now, Ordering::Relaxed);
                return true;
            }
        }
    }

    /// The task's turn begins: whoever changes this connection from outside wakes this waker.
    pub fn turn(&self, waker: &Waker) {
        self.waker.register(waker);
        self.tick();
    }

    /// Looks at the clock.
    pub fn tick(&self) {
        self.now.store(self.registry.now(), Ordering::Relaxed);
    }

    /// The time of the present turn, in milliseconds since [`Connection::instant`]'s zero.
    pub fn now(&self) -> u64 {
        self.now.load(Ordering::Relaxed)
    }

    /// A time of this connection on the machine's clock.
    pub fn instant(&self, time: u64) -> Instant {
        self.registry.epoch + Duration::from_millis(time)
    }

    pub fn is_draining(&self) -> bool {
        self.registry.draining.load(Ordering::Acquire)
    }

    /// Bytes came from the client.
    pub fn bytes_came(&self) {
        if matches!(self.phase(), Phase::Silent | Phase::Idle) {
            self.enter(Phase::Headers);
        }
    }

    /// The client took bytes.
    pub fn bytes_went(&self) {
        self.blocked.store(NEVER, Ordering::Relaxed);
        if self.phase() == Phase::Idle {
            self.since.store(self.now(), Ordering::Relaxed);
        }
    }

    /// There are bytes for the client that it does not take.
    pub fn bytes_wait(&self) {
        if self.blocked.load(Ordering::Relaxed) == NEVER {
            self.blocked.store(self.now(), Ordering::Relaxed);
        }
    }

    /// Whether the client has been taking nothing for so long that the socket is to be asked once more.
    pub fn reader_seems_stalled(&self) -> bool {
        let blocked = self.blocked.load(Ordering::Relaxed);
        blocked != NEVER && self.now() >= after(blocked, self.registry.limits.stalled_reader)
    }

    /// A request's headers are complete. False when the connection was given up before: then nothing may run.
    pub fn request_begins(&self) -> bool {
        self.enter(Phase::Serving)
    }

    /// The answer's body has ended, or nobody wants it any more.
    pub fn request_ends(&self) {
        let now = self.now();
        self.last_request.store(now, Ordering::Relaxed);
        self.since.store(now, Ordering::Relaxed);
        if self.change(Phase::Serving, Phase::Idle) && self.unproven.load(Ordering::Relaxed) {
            self.registry.open().prove(self);
        }
    }

    /// The connection now speaks something else.
    pub fn upgraded(&self) {
        self.enter(Phase::Upgraded);
        self.registry.open().prove(self);
    }

    /// Everything is said; the client is expected to close.
    pub fn closing(&self) {
        self.enter(Phase::Closing);
    }

    /// The next time limit, with its time in milliseconds; `None` while no limit runs.
    pub fn deadline(&self) -> Option<(u64, Timeout)> {
        let limits = &self.registry.limits;
        let blocked = self.blocked.load(Ordering::Relaxed);
        if blocked != NEVER {
            return Some((
                after(blocked, limits.stalled_reader),
                Timeout::StalledReader,
            ));
        }
        let (limit, timeout) = match self.phase() {
            Phase::Silent => (limits.first_byte, Timeout::FirstByte),
            Phase::Headers => (limits.headers, Timeout::Headers),
            Phase::Idle => (limits.idle, Timeout::Idle),
            Phase::Closing => (limits.closing, Timeout::Closing),
            Phase::Serving | Phase::Upgraded | Phase::Ended => return None,
        };
        Some((after(self.since.load(Ordering::Relaxed), limit), timeout))
    }
}

fn after(time: u64, limit: Duration) -> u64 {
    time.saturating_add(milliseconds(limit))
}

pub(super) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
