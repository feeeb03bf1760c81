//! Frames in, messages out: the reading half of a link.
//!
//! Memory grows with the bytes that came, never with what a header claims. Messages larger than
//! [`SESSION_SMALL_BYTES`](crate::limits::SESSION_SMALL_BYTES) take their place in a room that all links of a node share,
//! before they are read, so that sixty peers with a large message each occupy no more than the room holds.

use std::io::Cursor;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use super::ending::{Ending, Goodbye};
use super::link::{Counters, LinkLimits};
use super::stream::Side;
use crate::peers::outgoing::escaped;

/// What a link reads at once of small messages: idle links cost no more.
const READ_BYTES: usize = 4 * 1024;

/// The longest header of a frame, and the longest control frame's payload (RFC 6455, sections 5.2 and 5.5).
const HEADER_BYTES: usize = 14;
const CONTROL_BYTES: u64 = 125;

/// The place of a large message among all that are being read. Dropping it lets others be read.
#[derive(Debug, Default)]
pub struct Room {
    _permit: Option<OwnedSemaphorePermit>,
}

pub(super) struct MessageReader<R> {
    pub io: R,
    pub side: Side,
    /// Bytes that came and belong to frames not yet read.
    pub buffered: BytesMut,
    pub limits: LinkLimits,
    pub room: Arc<Semaphore>,
    pub counters: Arc<Counters>,
    /// The payload of the last ping, for the other half to answer.
    pub pings: watch::Sender<Bytes>,
}

/// What has come of a message.
struct Begun {
    bytes: Vec<u8>,
    room: Option<OwnedSemaphorePermit>,
    since: Instant,
}

impl<R: AsyncRead + Unpin> MessageReader<R> {
    /// The next message. An error is the link's end, the peer's goodbye among them.
    pub async fn next(&mut self) -> Result<(Bytes, Room), Ending> {
        let mut begun: Option<Begun> = None;
        let mut idle_frames = 0_usize;
        loop {
            let pace = begun.as_ref().map(Begun::pace);
            let (header, length) = self.header(pace).await?;
            if matches!(header.opcode, OpCode::Control(_)) || length == 0 && !header.is_final {
                idle_frames += 1;
                if idle_frames > self.limits.idle_frames {
                    return Err(Ending::Idling {
                        frames: idle_frames,
                        limit: self.limits.idle_frames,
                    });
                }
            }
            match header.opcode {
                OpCode::Control(control) => self.control(control, &header, length).await?,
                OpCode::Data(kind) => {
                    let mut message = match (kind, begun.take()) {
                        (Data::Text, _) => return Err(Ending::Text),
                        (Data::Binary, None) => self.begins(length, header.is_final).await?,
                        (Data::Continue, Some(message)) => message,
                        (Data::Continue, None) => return Err(malformed("a rest without a start")),
                        (Data::Binary, Some(_)) => {
                            return Err(malformed("a message within a message"));
                        }
                        (Data::Reserved(_), _) => {
                            return Err(malformed("a frame of no known kind"));
                        }
                    };
                    self.extend(&mut message, &header, length).await?;
                    if header.is_final {
                        let room = Room {
                            _permit: message.room,
                        };
                        return Ok((message.bytes.into(), room));
                    }
                    begun = Some(message);
                }
            }
        }
    }

    /// The next frame's header and the length of its payload.
    async fn header(&mut self, pace: Option<Pace>) -> Result<(FrameHeader, u64), Ending> {
        loop {
            let mut cursor = Cursor::new(&self.buffered);
            let parsed = FrameHeader::parse(&mut cursor)
                .map_err(|_| malformed("a frame of no known kind"))?;
            let read = usize::try_from(cursor.position()).unwrap_or(usize::MAX);
            let Some((header, length)) = parsed else {
                self.fill(pace).await?;
                continue;
            };
            debug_assert!(read <= HEADER_BYTES);
            let _ = self.buffered.split_to(read.min(self.buffered.len()));
            if header.rsv1 || header.rsv2 || header.rsv3 {
                return Err(malformed("bits that nobody agreed on"));
            }
            match (self.side, header.mask) {
                (Side::Accepted, Some(_)) | (Side::Dialled, None) => return Ok((header, length)),
                (Side::Accepted, None) => return Err(malformed("a frame without its mask")),
                (Side::Dialled, Some(_)) => return Err(malformed("a frame with a mask")),
            }
        }
    }

    /// Reads what is there, a little at least; for a message that has begun, before its time is over.
    async fn fill(&mut self, pace: Option<Pace>) -> Result<(), Ending> {
        self.buffered.reserve(READ_BYTES);
        let mut io = (&mut self.io).take(READ_BYTES as u64);
        let read = io.read_buf(&mut self.buffered);
        let count = match pace {
            Some(pace) => pace.hold(&self.limits, read).await?,
            None => read.await,
        };
        self.count(count).map(|_| ())
    }

    fn count(&self, read: std::io::Result<usize>) -> Result<usize, Ending> {
        match read {
            Ok(0) => Err(Ending::Lost),
            Ok(count) => {
                self.counters.received(count);
                Ok(count)
            }
            Err(error) => Err(Ending::Broken {
                reason: error.to_string(),
            }),
        }
    }

    async fn control(
        &mut self,
        control: Control,
        header: &FrameHeader,
        length: u64,
    ) -> Result<(), Ending> {
        if !header.is_final || length > CONTROL_BYTES {
            return Err(malformed(
                "a control frame in pieces or of more than 125 bytes",
            ));
        }
        let mut payload = Vec::new();
        let since = Instant::now();
        self.payload(&mut payload, header, length, since).await?;
        match control {
            Control::Ping => {
                self.pings.send_replace(payload.into());
                Ok(())
            }
            Control::Pong => Ok(()),
            Control::Close => Err(goodbye(&payload)),
            Control::Reserved(_) => Err(malformed("a frame of no known kind")),
        }
    }

    /// A message of `length` bytes begins, or of an unknown length if its first frame is not the last.
    async fn begins(&mut self, length: u64, is_final: bool) -> Result<Begun, Ending> {
        let bytes = self.within_limit(length)?;
        let room = match is_final && bytes > self.limits.small_bytes {
            true => Some(place_for(Arc::clone(&self.room), bytes).await?),
            false => None,
        };
        Ok(Begun {
            bytes: Vec::new(),
            room,
            since: Instant::now(),
        })
    }

    fn within_limit(&self, bytes: u64) -> Result<usize, Ending> {
        let limit = self.limits.message_bytes;
        match usize::try_from(bytes) {
            Ok(bytes) if bytes <= limit => Ok(bytes),
            _ => Err(Ending::TooLong { bytes, limit }),
        }
    }

    /// Reads a frame's payload to the end of what has come of its message.
    async fn extend(
        &mut self,
        message: &mut Begun,
        header: &FrameHeader,
        length: u64,
    ) -> Result<(), Ending> {
        let before = message.bytes.len() as u64;
        let total = self.within_limit(before.saturating_add(length))?;
        if message.room.is_none() && total > self.limits.small_bytes {
            // Of a message in pieces nobody knows the length: it gets the largest place at once, since two that waited
            // for more while holding some would wait for each other.
            let waits_from = Instant::now();
            let room = place_for(Arc::clone(&self.room), self.limits.message_bytes);
            message.room = Some(room.await?);
            message.since += waits_from.elapsed();
        }
        self.payload(&mut message.bytes, header, length, message.since)
            .await
    }

    async fn payload(
        &mut self,
        into: &mut Vec<u8>,
        header: &FrameHeader,
        length: u64,
        since: Instant,
    ) -> Result<(), Ending> {
        let start = into.len();
        let mut left = self.within_limit(length)?;
        loop {
            let buffered = self.buffered.split_to(left.min(self.buffered.len()));
            if !buffered.is_empty() {
                into.reserve_exact(buffered.len());
                into.extend_from_slice(&buffered);
                left -= buffered.len();
            }
            if left == 0 {
                break;
            }
            let pace = Pace {
                bytes: into.len(),
                since,
            };
            if left < READ_BYTES {
                // Along with the frames behind it.
                self.fill(Some(pace)).await?;
                continue;
            }
            if into.capacity() == into.len() {
                into.reserve_exact(left.min(into.len().max(self.limits.small_bytes)));
            }
            let most = left.min(into.capacity() - into.len()) as u64;
            let mut io = (&mut self.io).take(most);
            let count = pace.hold(&self.limits, io.read_buf(into)).await?;
            left = left.saturating_sub(self.count(count)?);
        }
        if let (Some(mask), Some(payload)) = (header.mask, into.get_mut(start..)) {
            apply_mask(payload, mask, 0);
        }
        Ok(())
    }
}

/// Waits for a place, in line. Nothing is asked of a peer's time meanwhile.
async fn place_for(room: Arc<Semaphore>, bytes: usize) -> Result<OwnedSemaphorePermit, Ending> {
    let places = u32::try_from(bytes).unwrap_or(u32::MAX);
    let place = room.acquire_many_owned(places).await;
    place.map_err(|_| Ending::Here(Goodbye::node_ends()))
}

impl Begun {
    fn pace(&self) -> Pace {
        Pace {
            bytes: self.bytes.len(),
            since: self.since,
        }
    }
}

/// How far a message has got, and since when.
#[derive(Clone, Copy)]
struct Pace {
    bytes: usize,
    since: Instant,
}

impl Pace {
    /// Waits for what comes next, as long as the peer may take for it: the bytes that came have earned it time.
    async fn hold<T>(
        self,
        limits: &LinkLimits,
        next: impl Future<Output = T>,
    ) -> Result<T, Ending> {
        let rate = limits.rate.max(1);
        let earned = (self.bytes as u64).saturating_mul(1000) / rate as u64;
        let deadline = self.since + limits.stall + Duration::from_millis(earned);
        let late = |_| Ending::TooSlow {
            bytes: self.bytes,
            rate,
        };
        timeout_at(deadline, next).await.map_err(late)
    }
}

/// Masks or unmasks bytes that stand `at` so far into their payload.
pub(super) fn apply_mask(bytes: &mut [u8], mask: [u8; 4], at: usize) {
    let mut mask = mask;
    mask.rotate_left(at % 4);
    let (words, rest) = bytes.as_chunks_mut::<4>();
    let number = u32::from_ne_bytes(mask);
    for word in words {
        *word = (u32::from_ne_bytes(*word) ^ number).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(mask) {
        *byte ^= mask;
    }
}

fn malformed(what: &'static str) -> Ending {
    Ending::Malformed { what }
}

/// A close frame's payload, as the end that it is.
fn goodbye(payload: &[u8]) -> Ending {
    match payload.split_at_checked(2) {
        None if payload.is_empty() => Ending::There {
            code: 1005,
            reason: String::new(),
        },
        None => malformed("half a code in a goodbye"),
        Some((code, reason)) => {
            let code = code
                .iter()
                .fold(0, |code, byte| code << 8 | u16::from(*byte));
            // Those that may stand in a close frame (RFC 6455, section 7.4).
            if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
                return malformed("a goodbye with a code that none may have");
            }
            let Ok(reason) = std::str::from_utf8(reason) else {
                return malformed("a goodbye that is no text");
            };
            Ending::There {
                code,
                reason: escaped(reason, CONTROL_BYTES as usize),
            }
        }
    }
}

#[cfg(test)]
#[path = "reading_tests.rs"]
mod tests;
