//! Hands checked blocks to the writer in order, several at a time, so that one commit keeps many.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt, MaybeDone, maybe_done};
use futures_util::poll;
use tokio::task::unconstrained;

use crate::limits;
use crate::node::coin::{CoinError, CoinHandle, Connected, Submitted};
use crate::protocol::coin::block::CheckedBlock;
use crate::protocol::coin::place::Place;

/// What became of a peer's blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Blocks that this node has now, with those that it had already.
    pub blocks: u64,
    /// The last of them, if there is one.
    pub last: Option<u64>,
    /// Whether this node's tip moved.
    pub switched: bool,
    /// Blocks of this node's chain that made room.
    pub displaced: u64,
    /// Transactions of those that wait again.
    pub returned: usize,
}

/// What the writer had against the block at `place`, or against one before it that was executed only now.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    pub place: Place,
    pub error: CoinError,
}

/// Blocks on their way to the writer.
pub struct Connecting<'n> {
    node: &'n CoinHandle,
    sent: VecDeque<Sent>,
    /// Bytes of the blocks in `sent`.
    bytes: usize,
    pub taken: Taken,
}

type Answer = BoxFuture<'static, Result<Connected, CoinError>>;

struct Sent {
    place: Place,
    bytes: usize,
    answer: Pin<Box<MaybeDone<Answer>>>,
}

impl<'n> Connecting<'n> {
    pub fn new(node: &'n CoinHandle) -> Connecting<'n> {
        Connecting {
            node,
            sent: VecDeque::new(),
            bytes: 0,
            taken: Taken::default(),
        }
    }

    /// Sends a block, which stands at `place` and has so many bytes. Waits while too many are on their way.
    ///
    /// # Errors
    /// What the writer had against an earlier one; this one is not sent then.
    pub async fn send(
        &mut self,
        place: Place,
        bytes: usize,
        block: CheckedBlock,
    ) -> Result<(), Refused> {
        while self.sent.len() >= limits::PULL_CONNECTING
            || (!self.sent.is_empty()
                && self.bytes.saturating_add(bytes) > limits::PULL_CONNECTING_BYTES)
        {
            self.settle_one().await?;
        }
        let node = self.node.clone();
        let submitted = Submitted {
            block: Arc::new(block),
            executed: None,
        };
        let connect = async move { node.connect(submitted, true).await }.boxed();
        let mut answer = Box::pin(maybe_done(connect));
        // The first poll puts it into the writer's queue, or in line for a place there: parents before children. Tokio's
        // budget of polls could keep it from that.
        let _ = poll!(unconstrained(answer.as_mut()));
        self.bytes = self.bytes.saturating_add(bytes);
        self.sent.push_back(Sent {
            place,
            bytes,
            answer,
        });
        Ok(())
    }

    /// Waits for all that were sent.
    ///
    /// # Errors
    /// What the writer had against the first that it refused.
    pub async fn settle(&mut self) -> Result<(), Refused> {
        while !self.sent.is_empty() {
            self.settle_one().await?;
        }
        Ok(())
    }

    async fn settle_one(&mut self) -> Result<(), Refused> {
        let Some(mut sent) = self.sent.pop_front() else {
            return Ok(());
        };
        self.bytes = self.bytes.saturating_sub(sent.bytes);
        sent.answer.as_mut().await;
        let answer = sent
            .answer
            .as_mut()
            .take_output()
            .unwrap_or(Err(CoinError::ShuttingDown));
        let connected = match answer {
            Ok(connected) => connected,
            Err(error) => {
                // What stands on it is refused too, and has nothing to add.
                self.sent.clear();
                let place = sent.place;
                return Err(Refused { place, error });
            }
        };
        self.taken.blocks = self.taken.blocks.saturating_add(1);
        self.taken.last = Some(sent.place.number);
        match connected {
            Connected::Extended => self.taken.switched = true,
            Connected::Reorged {
                displaced,
                returned,
                ..
            } => {
                self.taken.switched = true;
                self.taken.displaced = self.taken.displaced.saturating_add(displaced);
                self.taken.returned = self.taken.returned.saturating_add(returned);
            }
            Connected::SideChain | Connected::AlreadyKnown => {}
        }
        Ok(())
    }
}
