//! One session's connection, running: messages out of a queue, messages into a channel, and one end.
//!
//! [`Links`] is what all links of a node share, [`Link`] the handle of one. A link is one task, which moves both
//! directions. It never looks into a message.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadHalf, WriteHalf, split};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::ending::{Ending, Goodbye};
use super::reading::{MessageReader, Room};
use super::stream::{Duplex, SessionStream};
use super::writing::MessageWriter;
use crate::limits;

/// After so many bytes the owner is told, even if the queue does not run empty.
const REPORT_BYTES: usize = 256 * 1024;

/// Names a link within its node: given by whoever starts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub u64);

impl fmt::Display for LinkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "link {}", self.0)
    }
}

/// What a link tells its owner. After `Closed` nothing more comes of it.
#[derive(Debug)]
pub enum LinkEvent {
    /// A message, and the place it occupies until whoever has read it drops that.
    Message {
        link: LinkId,
        message: Bytes,
        room: Room,
    },
    /// So many bytes of messages have left the queue and this machine's memory for them.
    Sent { link: LinkId, bytes: usize },
    /// Comes exactly once.
    Closed { link: LinkId, why: Ending },
}

/// The limits of a link, so that a test can shorten them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkLimits {
    /// See [`limits::SESSION_MESSAGE_BYTES`].
    pub message_bytes: usize,
    /// See [`limits::SESSION_SMALL_BYTES`].
    pub small_bytes: usize,
    /// See [`limits::SESSION_ROOM_BYTES`]; at least `message_bytes`.
    pub room_bytes: usize,
    /// See [`limits::SESSION_QUEUE`]; at least 1.
    pub queue: usize,
    /// See [`limits::SESSION_STALL`].
    pub stall: Duration,
    /// See [`limits::PULL_RATE`]: bytes a second.
    pub rate: usize,
    /// See [`limits::SESSION_CLOSING`].
    pub closing: Duration,
    /// See [`limits::SESSION_IDLE_FRAMES`].
    pub idle_frames: usize,
}

impl Default for LinkLimits {
    fn default() -> Self {
        Self {
            message_bytes: limits::SESSION_MESSAGE_BYTES,
            small_bytes: limits::SESSION_SMALL_BYTES,
            room_bytes: limits::SESSION_ROOM_BYTES,
            queue: limits::SESSION_QUEUE,
            stall: limits::SESSION_STALL,
            rate: limits::PULL_RATE,
            closing: limits::SESSION_CLOSING,
            idle_frames: limits::SESSION_IDLE_FRAMES,
        }
    }
}

/// What all links of a node share. Clones are the same.
#[derive(Clone)]
pub struct Links {
    limits: LinkLimits,
    events: mpsc::Sender<LinkEvent>,
    room: Arc<Semaphore>,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

impl Links {
    /// Links that tell `events` what happens: while that channel is full they read nothing. `tasks` gets a task a link;
    /// when `shutdown` is cancelled, each says goodbye and ends within [`LinkLimits::closing`] and a little.
    pub fn new(
        limits: LinkLimits,
        events: mpsc::Sender<LinkEvent>,
        tasks: TaskTracker,
        shutdown: CancellationToken,
    ) -> Self {
        Self {
            room: Arc::new(Semaphore::new(limits.room_bytes)),
            limits,
            events,
            tasks,
            shutdown,
        }
    }

    /// Runs a link over an upgraded connection.
    pub fn start(&self, id: LinkId, stream: SessionStream) -> Link {
        let counters = Arc::new(Counters::default());
        let (to_peer, queue) = mpsc::channel(self.limits.queue);
        let (goodbye, goodbyes) = watch::channel(None);
        let (pings, pings_seen) = watch::channel(Bytes::new());
        let SessionStream {
            io,
            already_read,
            side,
            place,
        } = stream;
        let (read, write) = split(io);
        counters.received(already_read.len());
        let reader = MessageReader {
            io: read,
            side,
            buffered: BytesMut::from(already_read),
            limits: self.limits,
            room: Arc::clone(&self.room),
            counters: Arc::clone(&counters),
            pings,
        };
        let running = Running {
            id,
            links: self.clone(),
            reader,
            writer: MessageWriter::new(write, side, self.limits, Arc::clone(&counters)),
            queue,
            pings: pings_seen,
            goodbyes,
            _place: place,
        };
        self.tasks.spawn(running.run());
        Link {
            id,
            to_peer,
            goodbye: Arc::new(goodbye),
            counters,
            message_bytes: self.limits.message_bytes,
        }
    }
}

/// The handle of a link. When the last clone is dropped, the link sends what it was given and ends.
#[derive(Clone)]
pub struct Link {
    id: LinkId,
    to_peer: mpsc::Sender<Bytes>,
    goodbye: Arc<watch::Sender<Option<Goodbye>>>,
    counters: Arc<Counters>,
    message_bytes: usize,
}

/// Why a message was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SendError {
    #[error("the link has ended")]
    Ended,
    #[error("the peer takes its messages too slowly: {limit} wait for it")]
    QueueFull { limit: usize },
    #[error("the message has {bytes} bytes, the limit is {limit}")]
    TooLong { bytes: usize, limit: usize },
}

impl Link {
    pub fn id(&self) -> LinkId {
        self.id
    }

    /// Queues a message. Never waits.
    pub fn send(&self, message: Bytes) -> Result<(), SendError> {
        let bytes = message.len();
        if bytes > self.message_bytes {
            return Err(SendError::TooLong {
                bytes,
                limit: self.message_bytes,
            });
        }
        self.to_peer.try_send(message).map_err(|error| match error {
            mpsc::error::TrySendError::Closed(_) => SendError::Ended,
            mpsc::error::TrySendError::Full(_) => SendError::QueueFull {
                limit: self.to_peer.max_capacity(),
            },
        })
    }

    /// Ends the link once what is queued has left, or after [`LinkLimits::closing`]. The first goodbye counts.
    pub fn close(&self, goodbye: Goodbye) {
        self.goodbye.send_if_modified(|said| {
            let first = said.is_none();
            if first {
                *said = Some(goodbye);
            }
            first
        });
    }

    /// What went over the wire so far.
    pub fn traffic(&self) -> Traffic {
        Traffic {
            received: self.counters.received.load(Ordering::Relaxed),
            sent: self.counters.sent.load(Ordering::Relaxed),
        }
    }
}

/// Bytes on the wire, headers of frames included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    pub received: u64,
    pub sent: u64,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    received: AtomicU64,
    sent: AtomicU64,
}

impl Counters {
    pub fn received(&self, bytes: usize) {
        self.received.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub fn sent(&self, bytes: usize) {
        self.sent.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

struct Running {
    id: LinkId,
    links: Links,
    reader: MessageReader<ReadHalf<Box<dyn Duplex>>>,
    writer: MessageWriter<WriteHalf<Box<dyn Duplex>>>,
    queue: mpsc::Receiver<Bytes>,
    pings: watch::Receiver<Bytes>,
    goodbyes: watch::Receiver<Option<Goodbye>>,
    _place: Option<OwnedSemaphorePermit>,
}

impl Running {
    async fn run(mut self) {
        let (id, events) = (self.id, &self.links.events);
        let why = tokio::select! {
            // What the peer said last tells more than that it can be sent nothing.
            biased;
            why = read_on(id, &mut self.reader, events) => why,
            () = self.links.shutdown.cancelled() => Ending::Here(Goodbye::node_ends()),
            goodbye = asked_to_end(&mut self.goodbyes) => Ending::Here(goodbye),
            why = write_on(id, &mut self.writer, &mut self.queue, &mut self.pings, events) => why,
        };
        let closing = self.links.limits.closing;
        let _ = timeout(closing, self.part(&why)).await;
        let Self { links, .. } = self;
        // The socket is gone before its end is told. The owner of a node that ends may not listen any more.
        let told = links.events.send(LinkEvent::Closed { link: id, why });
        tokio::select! {
            biased;
            _ = told => {}
            () = async {
                links.shutdown.cancelled().await;
                tokio::time::sleep(closing).await;
            } => {}
        }
    }

    /// Says what is still to be said, and listens until the peer has closed as well.
    async fn part(&mut self, why: &Ending) -> Result<(), Ending> {
        let Some(goodbye) = why.goodbye() else {
            return Ok(());
        };
        self.queue.close();
        self.writer.finish_frame().await?;
        if matches!(why, Ending::Here(_)) {
            while let Some(message) = self.queue.recv().await {
                self.writer.put(message).await?;
            }
        }
        self.writer.goodbye(&goodbye).await?;
        // Closing with unread bytes would make the kernel send a reset, and the goodbye might be lost on its way.
        let mut unread = [0; 1024];
        while self
            .reader
            .io
            .read(&mut unread)
            .await
            .is_ok_and(|count| count > 0)
        {}
        Ok(())
    }
}

/// Hands messages to the owner until none can come any more.
async fn read_on<R: AsyncRead + Unpin>(
    link: LinkId,
    reader: &mut MessageReader<R>,
    events: &mpsc::Sender<LinkEvent>,
) -> Ending {
    loop {
        let (message, room) = match reader.next().await {
            Ok(read) => read,
            Err(why) => return why,
        };
        let event = LinkEvent::Message {
            link,
            message,
            room,
        };
        if events.send(event).await.is_err() {
            return Ending::Here(Goodbye::node_ends());
        }
    }
}

/// The goodbye that the owner asked for, or the one for an owner who let go of the link.
async fn asked_to_end(goodbyes: &mut watch::Receiver<Option<Goodbye>>) -> Goodbye {
    match goodbyes.wait_for(Option::is_some).await {
        Ok(goodbye) => goodbye.clone(),
        Err(_) => None,
    }
    .unwrap_or_else(|| Goodbye::done("nothing more to say"))
}

/// Sends what the owner queued, gathered while more waits, and answers pings.
async fn write_on<W: AsyncWrite + Unpin>(
    link: LinkId,
    writer: &mut MessageWriter<W>,
    queue: &mut mpsc::Receiver<Bytes>,
    pings: &mut watch::Receiver<Bytes>,
    events: &mpsc::Sender<LinkEvent>,
) -> Ending {
    let writing = async {
        loop {
            while let Ok(message) = queue.try_recv() {
                writer.put(message).await?;
                if writer.left() >= REPORT_BYTES {
                    report(link, writer, events).await;
                }
            }
            writer.flush().await?;
            report(link, writer, events).await;
            tokio::select! {
                biased;
                Ok(()) = pings.changed() => {
                    let payload = pings.borrow_and_update().clone();
                    writer.pong(payload).await?;
                }
                message = queue.recv() => match message {
                    Some(message) => writer.put(message).await?,
                    // The owner let go, which is told to the other arm.
                    None => std::future::pending().await,
                },
            }
        }
    };
    let ended: Result<(), Ending> = writing.await;
    ended.err().unwrap_or(Ending::Lost)
}

async fn report<W: AsyncWrite + Unpin>(
    link: LinkId,
    writer: &mut MessageWriter<W>,
    events: &mpsc::Sender<LinkEvent>,
) {
    let bytes = writer.left();
    if bytes > 0 && events.send(LinkEvent::Sent { link, bytes }).await.is_ok() {
        writer.take_left();
    }
}
