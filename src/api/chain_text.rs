//! The whole chain as one answer, kept as the bytes that go out.
//!
//! `/get_chain` is the call that learners and peers make most, and its answer only ever grows at its end, or is cut back by a
//! longer chain. So the text of sealed stretches of the chain is kept in memory up to a budget; what lies beyond is read from
//! the store while it is sent. Nothing has to tell this cache of a switch: a stretch stands if its last block is still there,
//! since that block's hash covers all before it.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use axum::body::{Body, HttpBody};
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use tokio::sync::mpsc;

use crate::limits::{CHAIN_TEXT_BYTES, CHAIN_TEXT_SEGMENT_BYTES};
use crate::node::NodeHandle;
use crate::protocol::classic::block::{BlockHash, Height, Link};
use crate::store::{Snapshot, StoreError};

/// The chain's text, as far as it is kept.
#[derive(Debug, Default)]
pub struct ChainText {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    sealed: Vec<Segment>,
    bytes: usize,
    /// What lies behind the last sealed segment, as it goes out; made again when a block comes.
    open: Option<Segment>,
}

/// A stretch of the chain: blocks with a separator before each but the chain's first.
#[derive(Debug, Clone)]
struct Segment {
    last: Height,
    hash: BlockHash,
    text: Bytes,
}

/// The blocks of one chain, as an answer holds them between its brackets.
#[derive(Debug)]
pub struct ChainBlocks {
    /// The last block.
    pub tip: Link,
    kept: Vec<Bytes>,
    /// Blocks beyond the budget, and where to read them.
    rest: Option<(Height, Snapshot)>,
}

impl ChainText {
    /// The current chain's blocks. Blocks on the store when the chain has changed.
    pub fn blocks(&self, node: &NodeHandle) -> Result<ChainBlocks, StoreError> {
        let tip = node.tip().link;
        if let Some(blocks) = self.kept().blocks_up_to(tip) {
            return Ok(blocks);
        }
        let mut kept = self.kept();
        // Taken under the lock, so that no thread brings an older state than the one kept.
        node.read(|snapshot| {
            kept.follow(&snapshot)?;
            let tip = snapshot.state()?.tip;
            let mut blocks = kept.all();
            let last = blocks.last().map_or(0, |(last, _)| last.0);
            Ok(ChainBlocks {
                tip,
                kept: blocks.drain(..).map(|(_, text)| text).collect(),
                rest: (last < tip.height.0).then(|| (Height(last + 1), snapshot)),
            })
        })
    }

    /// Whether [`Self::blocks`] answers at once.
    pub fn is_current(&self, node: &NodeHandle) -> bool {
        self.kept().blocks_up_to(node.tip().link).is_some()
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn last(&self) -> Option<&Segment> {
        self.open.as_ref().or(self.sealed.last())
    }

    fn all(&self) -> Vec<(Height, Bytes)> {
        self.sealed
            .iter()
            .chain(&self.open)
            .map(|segment| (segment.last, segment.text.clone()))
            .collect()
    }

    fn blocks_up_to(&self, tip: Link) -> Option<ChainBlocks> {
        let last = self.last()?;
        let kept = (last.hash == tip.hash).then(|| self.all())?;
        Some(ChainBlocks {
            tip,
            kept: kept.into_iter().map(|(_, text)| text).collect(),
            rest: None,
        })
    }

    /// Drops what is no longer in the chain and adds what is new, up to the budget.
    fn follow(&mut self, snapshot: &Snapshot) -> Result<(), StoreError> {
        while let Some(last) = self.last() {
            if snapshot.hash_at(last.last)? == Some(last.hash) {
                break;
            }
            match self.open.take().or_else(|| self.sealed.pop()) {
                Some(dropped) => self.bytes -= dropped.text.len(),
                None => break,
            }
        }
        let mut from = self.last().map_or(Height::FIRST, |last| last.last.next());
        // The open stretch grows, so its bytes are copied; it is never longer than a segment.
        let mut text = Vec::new();
        if let Some(open) = self.open.take() {
            self.bytes -= open.text.len();
            text.extend_from_slice(&open.text);
        }
        let mut last: Option<(Height, BlockHash)> = None;
        if !text.is_empty() {
            let before = Height(from.0 - 1);
            last = snapshot.hash_at(before)?.map(|hash| (before, hash));
        }
        while self.bytes + text.len() < CHAIN_TEXT_BYTES {
            let until = Height(from.0.saturating_add(BLOCKS_AT_ONCE));
            let mut read = 0;
            snapshot.for_each_block(from..=until, |block| {
                separate(&mut text, block.height);
                text.extend_from_slice(block.text.as_bytes());
                last = Some((block.height, block.hash));
                read += 1;
                if text.len() >= CHAIN_TEXT_SEGMENT_BYTES {
                    let text = Bytes::from(std::mem::take(&mut text));
                    self.bytes += text.len();
                    self.sealed.push(Segment {
                        last: block.height,
                        hash: block.hash,
                        text,
                    });
                }
                Ok::<_, StoreError>(())
            })?;
            match last {
                Some((height, _)) if read > 0 => from = height.next(),
                _ => break,
            }
        }
        if let Some((last, hash)) = last
            && !text.is_empty()
        {
            let text = Bytes::from(text);
            self.bytes += text.len();
            self.open = Some(Segment { last, hash, text });
        }
        Ok(())
    }
}

/// Blocks that are read between two looks at the budget.
const BLOCKS_AT_ONCE: u64 = 255;

fn separate(text: &mut Vec<u8>, height: Height) {
    if height != Height::FIRST {
        text.extend_from_slice(b", ");
    }
}

impl ChainBlocks {
    /// The answer: `before`, the blocks, `after`.
    pub fn into_body(self, before: String, after: String) -> Body {
        let mut frames = VecDeque::from([Bytes::from(before)]);
        frames.extend(self.kept);
        let after = Bytes::from(after);
        let rest = self
            .rest
            .map(|(from, snapshot)| stream_rest(from, snapshot));
        match rest {
            Some(rest) => Body::new(ChainBody {
                frames,
                rest: Some((rest, after)),
            }),
            None => {
                frames.push_back(after);
                Body::new(ChainBody { frames, rest: None })
            }
        }
    }
}

/// Reads the blocks from `from` on, on a thread of their own, as fast as they are taken.
fn stream_rest(from: Height, snapshot: Snapshot) -> mpsc::Receiver<Bytes> {
    const PIECES_AHEAD: usize = 4;
    let (pieces, taken) = mpsc::channel(PIECES_AHEAD);
    tokio::task::spawn_blocking(move || {
        let mut text = Vec::new();
        let read = snapshot.for_each_block(from..=Height(u64::MAX), |block| {
            separate(&mut text, block.height);
            text.extend_from_slice(block.text.as_bytes());
            if text.len() >= CHAIN_TEXT_SEGMENT_BYTES {
                // Whoever asked went away.
                pieces
                    .blocking_send(Bytes::from(std::mem::take(&mut text)))
                    .map_err(|_| StoreError::Unavailable)?;
            }
            Ok::<_, StoreError>(())
        });
        match read {
            Ok(()) => drop(pieces.blocking_send(Bytes::from(text))),
            Err(StoreError::Unavailable) => {}
            // The answer breaks off before its length, which no reader takes for a whole chain.
            Err(error) => tracing::error!(%error, "an answer was broken off"),
        }
    });
    taken
}

/// Bytes that are there already, then those that are still read.
struct ChainBody {
    frames: VecDeque<Bytes>,
    rest: Option<(mpsc::Receiver<Bytes>, Bytes)>,
}

impl HttpBody for ChainBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(frame) = self.frames.pop_front() {
            return Poll::Ready(Some(Ok(Frame::data(frame))));
        }
        let Some((rest, _)) = self.rest.as_mut() else {
            return Poll::Ready(None);
        };
        match rest.poll_recv(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Some(piece)) => Poll::Ready(Some(Ok(Frame::data(piece)))),
            Poll::Ready(None) => {
                Poll::Ready(self.rest.take().map(|(_, after)| Ok(Frame::data(after))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.frames.is_empty() && self.rest.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        let known: u64 = self.frames.iter().map(|frame| frame.len() as u64).sum();
        match self.rest {
            None => SizeHint::with_exact(known),
            Some(_) => {
                let mut hint = SizeHint::new();
                hint.set_lower(known);
                hint
            }
        }
    }
}
