//! Messages in, frames out: the writing half of a link.
//!
//! Holds at most one message and one piece of it that is on its way: what waits behind it waits in the link's queue. What
//! is begun survives a dropped future, so that a goodbye can follow a whole frame.

use std::sync::Arc;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use super::ending::{Ending, Goodbye};
use super::link::{Counters, LinkLimits};
use super::reading::apply_mask;
use super::stream::Side;

/// What goes out in one write; small messages are gathered up to it.
const PIECE_BYTES: usize = 64 * 1024;

/// What an idle link keeps of its buffer.
const KEPT_BYTES: usize = 4 * 1024;

pub(super) struct MessageWriter<W> {
    io: W,
    side: Side,
    limits: LinkLimits,
    counters: Arc<Counters>,
    /// Bytes of frames, ready to go.
    out: BytesMut,
    /// Of those, bytes of messages.
    of_messages: usize,
    /// The rest of the frame that is begun.
    begun: Option<Begun>,
    /// Bytes of messages that have left and that nobody was told of.
    left: usize,
}

struct Begun {
    payload: Bytes,
    mask: Option<[u8; 4]>,
    /// How much of the payload is in `out` already.
    at: usize,
    is_message: bool,
}

impl<W: AsyncWrite + Unpin> MessageWriter<W> {
    pub fn new(io: W, side: Side, limits: LinkLimits, counters: Arc<Counters>) -> Self {
        Self {
            io,
            side,
            limits,
            counters,
            out: BytesMut::new(),
            of_messages: 0,
            begun: None,
            left: 0,
        }
    }

    /// Sends a message, or gathers it for [`MessageWriter::flush`].
    pub async fn put(&mut self, message: Bytes) -> Result<(), Ending> {
        self.begin(OpCode::Data(Data::Binary), message)?;
        self.advance().await
    }

    /// Answers a ping.
    pub async fn pong(&mut self, payload: Bytes) -> Result<(), Ending> {
        self.begin(OpCode::Control(Control::Pong), payload)?;
        self.advance().await
    }

    /// Ends the frame that is begun, if one is.
    pub async fn finish_frame(&mut self) -> Result<(), Ending> {
        self.advance().await
    }

    /// Says goodbye, which nothing follows. The frame before was completed.
    pub async fn goodbye(&mut self, goodbye: &Goodbye) -> Result<(), Ending> {
        let mut payload = BytesMut::new();
        payload.put_u16(goodbye.code);
        payload.put_slice(goodbye.reason().as_bytes());
        self.begin(OpCode::Control(Control::Close), payload.freeze())?;
        self.advance().await?;
        self.flush().await?;
        self.io.shutdown().await.map_err(broken)
    }

    /// Sends what was gathered, and keeps no more memory than an idle link needs.
    pub async fn flush(&mut self) -> Result<(), Ending> {
        self.write_out().await?;
        if self.out.capacity() > KEPT_BYTES {
            self.out = BytesMut::new();
        }
        let limit = self.limits.stall;
        match timeout(limit, self.io.flush()).await {
            Ok(result) => result.map_err(broken),
            Err(_) => Err(Ending::Stalled { limit }),
        }
    }

    /// Bytes of messages that left since this was asked last.
    pub fn take_left(&mut self) -> usize {
        std::mem::take(&mut self.left)
    }

    /// The same, to look at.
    pub fn left(&self) -> usize {
        self.left
    }

    /// The frame before was completed: [`MessageWriter::advance`] saw to it.
    fn begin(&mut self, opcode: OpCode, payload: Bytes) -> Result<(), Ending> {
        let mask = match self.side {
            Side::Dialled => Some(fresh_mask()?),
            Side::Accepted => None,
        };
        let header = FrameHeader {
            is_final: true,
            opcode,
            mask,
            ..FrameHeader::default()
        };
        let written = header.format(payload.len() as u64, &mut (&mut self.out).writer());
        debug_assert!(written.is_ok(), "memory takes every byte");
        self.begun = Some(Begun {
            payload,
            mask,
            at: 0,
            is_message: matches!(opcode, OpCode::Data(_)),
        });
        Ok(())
    }

    /// Brings the frame that is begun into the buffer, which goes out whenever it is full.
    async fn advance(&mut self) -> Result<(), Ending> {
        loop {
            if self.out.len() >= PIECE_BYTES {
                self.write_out().await?;
            }
            let Some(begun) = &mut self.begun else {
                return Ok(());
            };
            let room = PIECE_BYTES.saturating_sub(self.out.len());
            let piece = begun.payload.split_to(room.min(begun.payload.len()));
            let start = self.out.len();
            self.out.extend_from_slice(&piece);
            if let (Some(mask), Some(placed)) = (begun.mask, self.out.get_mut(start..)) {
                apply_mask(placed, mask, begun.at);
            }
            begun.at = begun.at.wrapping_add(piece.len());
            if begun.is_message {
                self.of_messages += piece.len();
            }
            if begun.payload.is_empty() {
                self.begun = None;
            }
        }
    }

    async fn write_out(&mut self) -> Result<(), Ending> {
        let limit = self.limits.stall;
        while !self.out.is_empty() {
            match timeout(limit, self.io.write(&self.out)).await {
                Err(_) => return Err(Ending::Stalled { limit }),
                Ok(Err(error)) => return Err(broken(error)),
                Ok(Ok(0)) => return Err(Ending::Lost),
                Ok(Ok(count)) => {
                    self.out.advance(count);
                    self.counters.sent(count);
                }
            }
        }
        self.left += std::mem::take(&mut self.of_messages);
        Ok(())
    }
}

/// A mask that nobody could foresee, as RFC 6455 demands in section 5.3.
fn fresh_mask() -> Result<[u8; 4], Ending> {
    let mut mask = [0; 4];
    let filled = getrandom::fill(&mut mask);
    filled.map(|()| mask).map_err(|error| Ending::Broken {
        reason: error.to_string(),
    })
}

fn broken(error: std::io::Error) -> Ending {
    Ending::Broken {
        reason: error.to_string(),
    }
}
