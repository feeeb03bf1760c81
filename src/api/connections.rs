//! Who may stay connected: the registry of open connections.
//!
//! Owns the numbers of connections (in all, and of one address), and the choice of the one that goes when there are too
//! many. Never touches a socket: [`super::serve`] admits what it accepts, and drops it when told to.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::connection::{Connection, Phase, milliseconds};
use crate::limits::HttpLimits;

/// The registry. Clones are the same registry.
#[derive(Clone)]
pub struct Connections(Arc<Registry>);

pub(super) struct Registry {
    pub(super) limits: HttpLimits,
    /// All times of all connections are milliseconds since this.
    pub(super) epoch: Instant,
    pub(super) draining: AtomicBool,
    open: Mutex<Open>,
}

#[derive(Default)]
pub(super) struct Open {
    /// In no order; each connection knows its place.
    all: Vec<Arc<Connection>>,
    /// Of each address, connections that have not yet completed a request.
    unproven: HashMap<IpAddr, usize>,
}

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
        let connection = Arc::new(Connection::accepted(registry, address, open.all.len()));
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
    pub(super) fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> u64 {
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
    pub(super) fn prove(&mut self, connection: &Connection) {
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

#[cfg(test)]
#[path = "connections_tests.rs"]
mod tests;
