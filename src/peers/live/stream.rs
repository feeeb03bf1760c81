//! A connection after its upgrade, and what both sides of an upgrade agree on.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_util::task::TaskTracker;

use crate::limits;

/// Where a node takes sessions.
pub const PATH: &str = "/v1/session";

/// The WebSocket subprotocol: what is said in a session, and in which version.
pub const SUBPROTOCOL: &str = "bcoin.1";

/// What `Sec-WebSocket-Accept` answers to a `Sec-WebSocket-Key` (RFC 6455, section 4.2.2).
pub fn accept_key(key: &[u8]) -> String {
    derive_accept_key(key)
}

/// A stream of bytes in both directions.
pub trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// Which end of the upgrade this node was: the end that asked masks what it sends (RFC 6455, section 5.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Dialled,
    Accepted,
}

/// A connection that carries frames from now on.
pub struct SessionStream {
    pub(super) io: Box<dyn Duplex>,
    /// What was read of the peer's frames along with the upgrade.
    pub(super) already_read: Bytes,
    pub(super) side: Side,
    /// The place among the sessions that others opened.
    pub(super) place: Option<OwnedSemaphorePermit>,
}

impl SessionStream {
    pub fn new(io: impl Duplex + 'static, side: Side, already_read: Bytes) -> Self {
        Self {
            io: Box::new(io),
            already_read,
            side,
            place: None,
        }
    }
}

/// A session that another node opened.
pub struct Inbound {
    pub stream: SessionStream,
    /// Who opened it.
    pub remote: SocketAddr,
    /// Which of this machine's addresses it came to.
    pub local: SocketAddr,
}

/// Takes the sessions that others open. Clones are the same acceptor.
#[derive(Clone)]
pub struct Acceptor {
    places: Arc<Semaphore>,
    limit: usize,
    inbound: mpsc::Sender<Inbound>,
    tasks: TaskTracker,
}

/// Why a session is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NotTaken {
    #[error("others have opened {limit} sessions here, as many as this node takes")]
    Full { limit: usize },
    #[error("sessions come faster than this node greets them")]
    Busy,
    #[error("the node ends")]
    Ends,
}

impl Acceptor {
    /// Hands what it takes to `inbound`; `tasks` gets the upgrades that are under way.
    pub fn new(inbound: mpsc::Sender<Inbound>, tasks: TaskTracker) -> Self {
        Self::with_places(inbound, tasks, limits::SESSION_UPGRADES)
    }

    /// The same with another number of sessions than [`limits::SESSION_UPGRADES`].
    pub fn with_places(inbound: mpsc::Sender<Inbound>, tasks: TaskTracker, limit: usize) -> Self {
        Self {
            places: Arc::new(Semaphore::new(limit)),
            limit,
            inbound,
            tasks,
        }
    }

    /// A place for one more session: asked for before its upgrade is agreed to.
    ///
    /// # Errors
    /// [`NotTaken`], which the other node is told.
    pub fn place(&self) -> Result<Place, NotTaken> {
        let session = Arc::clone(&self.places)
            .try_acquire_owned()
            .map_err(|_| NotTaken::Full { limit: self.limit })?;
        let hand_over = self.inbound.clone().try_reserve_owned();
        let hand_over = hand_over.map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => NotTaken::Busy,
            mpsc::error::TrySendError::Closed(_) => NotTaken::Ends,
        })?;
        Ok(Place { session, hand_over })
    }

    /// Where upgrades that are under way run.
    pub fn tasks(&self) -> &TaskTracker {
        &self.tasks
    }

    /// How many sessions others have open here.
    pub fn taken(&self) -> usize {
        self.limit.saturating_sub(self.places.available_permits())
    }
}

/// A place for one session. Dropping it gives it back.
pub struct Place {
    session: OwnedSemaphorePermit,
    hand_over: mpsc::OwnedPermit<Inbound>,
}

impl Place {
    /// Hands the session over to the acceptor's owner; the place is given back when its stream is dropped.
    pub fn fill(self, mut inbound: Inbound) {
        inbound.stream.place = Some(self.session);
        self.hand_over.send(inbound);
    }
}
