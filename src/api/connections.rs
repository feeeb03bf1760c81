//! Who may stay connected: the registry of open connections, and what each of them is doing.
//!
//! Owns the numbers of connections (in all, and of one address), the choice of the one that goes when there are too
//! many, and the clock that each connection's time limits are read off. Never touches a socket: [`super::serve`] admits
//! what it accepts, reports what happens on it, and drops it when told to.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::{Duration, Instant};

use futures_util::task::AtomicWaker;

use crate::limits::HttpLimits;

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

/// The registry. Clones are the same registry.
#[derive(Clone)]
pub struct Connections(Arc<Registry>);

struct Registry {
    limits: HttpLimits,
    /// All times of all connections are milliseconds since this.
    epoch: Instant,
    draining: AtomicBool,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    /// In no order; each connection knows its place.
    all: Vec<Arc<Connection>>,
    /// Of each address, connections that have not yet completed a request.
    unproven: HashMap<IpAddr, usize>,
}

/// One open connection. Its task reports what happens; the registry looks on from other threads.
pub struct Connection {
    registry: Arc<Registry>,
    address: IpAddr,
    phase: AtomicU8,
    /// When the phase began.
    since: AtomicU64,
    /// When the last request ended, or the connection was accepted.
    last_request: AtomicU64,
    /// Since when the client has taken nothing of what waits for it, or [`NEVER`].
    blocked: AtomicU64,
    /// The time of the task's present turn: one look at the clock a turn is enough.
    now: AtomicU64,
    unproven: AtomicBool,
    /// Index in `Open::all`, or `usize::MAX`. Changed under the registry's lock only.
    place: AtomicUsize,
    waker: AtomicWaker,
}

const NEVER: u64 = u64::MAX;

/// The right to be connected; dropping it gives the place back.
pub struct Slot(Arc<Connection>);

impl Connections {
    pub fn new(limits: HttpLimits) -> Self {
        Self(Arc::new(Registry {
            limits,
            epoch: Instant::now(),
            draining: AtomicBool::new(false),
            open: Mutex::default(),
        }))
    }

    /// Takes a newcomer in, giving up another connection where a limit is reached; `None` when every candidate has a
    /// request in flight.
    pub fn admit(&self, address: IpAddr) -> Option<Slot> {
        let registry = &self.0;
        let address = address.to_canonical();
        let of_address = match is_private(address) {
            true => registry.limits.connections_of_private,
            false => registry.limits.connections_of_public,
        };
        let mut open = registry.open();
        let crowded = open
            .unproven
            .get(&address)
            .is_some_and(|count| *count >= of_address);
        let room = !crowded
            || open.give_up(|other| {
                other.address == address && other.unproven.load(Ordering::Relaxed)
            });
        let room = room && (open.all.len() < registry.limits.connections || open.give_up(|_| true));
        if !room {
            drop(open);
            metrics::counter!("bcoin_http_connections_refused_total").increment(1);
            return None;
        }
        let now = registry.now();
        let connection = Arc::new(Connection {
            registry: Arc::clone(registry),
            address,
            phase: AtomicU8::new(Phase::Silent as u8),
            since: AtomicU64::new(now),
            last_request: AtomicU64::new(now),
            blocked: AtomicU64::new(NEVER),
            now: AtomicU64::new(now),
            unproven: AtomicBool::new(true),
            place: AtomicUsize::new(open.all.len()),
            waker: AtomicWaker::new(),
        });
        open.all.push(Arc::clone(&connection));
        *open.unproven.entry(address).or_default() += 1;
        drop(open);
        metrics::counter!("bcoin_http_connections_accepted_total").increment(1);
        Some(Slot(connection))
    }

    /// Gives up one connection without a request in flight, as when file descriptors run out.
    pub fn make_room(&self) -> bool {
        self.0.open().give_up(|_| true)
    }

    /// How many connections are open.
    pub fn len(&self) -> usize {
        self.0.open().all.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// From now on connections end after the request they are at.
    pub fn drain(&self) {
        self.0.draining.store(true, Ordering::Release);
        for connection in &self.0.open().all {
            connection.waker.wake();
        }
    }

    /// Ends every connection, whatever it is doing.
    pub fn cut_all(&self) {
        for connection in &self.0.open().all {
            connection
                .phase
                .store(Phase::Ended as u8, Ordering::Release);
            connection.waker.wake();
        }
    }
}

impl Registry {
    /// A panic while the lock is held leaves counts that are at worst too high; going on is right.
    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> u64 {
        milliseconds(self.epoch.elapsed())
    }
}

impl Open {
    /// Ends the first in the order of [`Phase`], and among equals the one longest without a request.
    fn give_up(&mut self, candidate: impl Fn(&Connection) -> bool) -> bool {
        // A candidate may begin a request while we look: then look again, not for ever.
        for _ in 0..8 {
            let Some((phase, connection)) = self
                .all
                .iter()
                .map(|connection| (connection.phase(), connection))
                .filter(|(phase, connection)| *phase < Phase::Serving && candidate(connection))
                .min_by_key(|(phase, other)| (*phase, other.last_request.load(Ordering::Relaxed)))
            else {
                return false;
            };
            let connection = Arc::clone(connection);
            if connection.change(phase, Phase::Ended) {
                self.remove(&connection);
                connection.waker.wake();
                metrics::counter!("bcoin_http_connections_evicted_total").increment(1);
                return true;
            }
        }
        false
    }

    fn remove(&mut self, connection: &Connection) {
        let place = connection.place.swap(usize::MAX, Ordering::Relaxed);
        if place < self.all.len() {
            self.all.swap_remove(place);
            if let Some(moved) = self.all.get(place) {
                moved.place.store(place, Ordering::Relaxed);
            }
        }
        self.prove(connection);
    }

    /// The connection no longer counts as one that has not completed a request.
    fn prove(&mut self, connection: &Connection) {
        if connection.unproven.swap(false, Ordering::Relaxed)
            && let Some(count) = self.unproven.get_mut(&connection.address)
        {
            *count -= 1;
            if *count == 0 {
                self.unproven.remove(&connection.address);
            }
        }
    }
}

impl Connection {
    pub fn phase(&self) -> Phase {
        Phase::from_number(self.phase.load(Ordering::Acquire))
    }

    /// False when the phase was another meanwhile.
    fn change(&self, from: Phase, to: Phase) -> bool {
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

impl Slot {
    pub fn connection(&self) -> &Arc<Connection> {
        &self.0
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.registry.open().remove(&self.0);
    }
}

/// Loopback, or an address that only a network of one's own has: many people may stand behind one.
pub fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [first, second, ..] = v4.octets();
            let shared = first == 100 && (64..128).contains(&second);
            v4.is_loopback() || v4.is_private() || v4.is_link_local() || shared
        }
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

fn after(time: u64, limit: Duration) -> u64 {
    time.saturating_add(milliseconds(limit))
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
#[path = "connections_tests.rs"]
mod tests;
