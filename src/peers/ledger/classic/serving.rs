//! What a peer is shown of this node's chain. A classic chain has no headers: identities of its blocks, far apart, stand for them.

use std::ops::ControlFlow;

use bytes::Bytes;

use super::{id_of, stand_at};
use crate::limits;
use crate::peers::message::{BlockId, BlockItem, Headers};
use crate::protocol::classic::block::{BlockHash, Height};
use crate::store::{Snapshot, StoreError};

/// An answer names every so many blocks one, and the last.
pub(super) const STEP: u32 = 256;

/// Bytes of an identity.
pub(super) const ID_BYTES: usize = 32;

/// So much text is read for one answer, since a block is read to be named: an answer may end before the chain does.
const MOST_TEXT_BYTES: usize = 32 * 1024 * 1024;

/// A block and its tags fit into a message, with the little that frames them.
const MOST_ITEM_BYTES: usize = limits::SESSION_MESSAGE_BYTES - 1_024;

/// Identities of blocks behind the first of `locator` that is on the current chain; where none is, from the first block on.
pub(super) fn headers(snapshot: &Snapshot, locator: &[BlockId]) -> Result<Headers, StoreError> {
    let tip = snapshot.state()?.tip;
    let mut from = (0, BlockId::default());
    for id in locator.iter().take(limits::PEER_LOCATOR) {
        if let Some(height) = snapshot.height_of(BlockHash(id.0))? {
            from = (height.0, *id);
            break;
        }
    }
    let (after, after_id) = from;
    let mut items = Vec::new();
    let mut named = after;
    let mut read = 0_usize;
    while named < tip.height.0
        && items.len() < limits::SESSION_HEADERS_BYTES
        && read < MOST_TEXT_BYTES
    {
        named = named.saturating_add(STEP.into()).min(tip.height.0);
        let Some(block) = snapshot.block(Height(named))? else {
            break;
        };
        read = read.saturating_add(block.text.len());
        items.extend_from_slice(&block.hash.0);
    }
    Ok(Headers {
        after,
        after_id,
        items: items.into(),
        step: STEP,
        end: stand_at(Some(tip)),
    })
}

/// Blocks behind `after` (zeros: from the first on), up to `to`, in at most `bytes`, one at least; with the last one's identity.
pub(super) fn blocks(
    snapshot: &Snapshot,
    after: BlockId,
    to: BlockId,
    bytes: usize,
) -> Result<Option<(Vec<BlockItem>, BlockId)>, StoreError> {
    let from = if after == BlockId::default() {
        Some(Height(0))
    } else {
        snapshot.height_of(BlockHash(after.0))?
    };
    let (Some(from), Some(to)) = (from, snapshot.height_of(BlockHash(to.0))?) else {
        return Ok(None);
    };
    if from >= to {
        return Ok(None);
    }
    let most = bytes.min(limits::SESSION_BLOCKS_BYTES);
    let tags = snapshot.kept_tags()?;
    let mut blocks: Vec<BlockItem> = Vec::new();
    let mut last = None;
    let mut held = 0_usize;
    let read = snapshot.for_each_block(from.next()..=to, |block| {
        let mut beside = tags.of_block(block.height, block.hash)?.to_bytes();
        let mut bytes = block.text.len().saturating_add(beside.len());
        // A message holds the longest block, if not always all of its tags.
        if bytes > MOST_ITEM_BYTES {
            beside.clear();
            bytes = block.text.len();
        }
        held = held.saturating_add(bytes);
        let is_full = held > most || blocks.len() >= limits::SESSION_BLOCKS;
        if is_full && !blocks.is_empty() {
            return Err(Ended(ControlFlow::Break(())));
        }
        blocks.push(BlockItem {
            block: Bytes::copy_from_slice(block.text.as_bytes()),
            beside: beside.into(),
        });
        last = Some(id_of(block.hash));
        Ok(())
    });
    match read {
        Err(Ended(ControlFlow::Continue(error))) => Err(error),
        Ok(()) | Err(Ended(ControlFlow::Break(()))) => Ok(last.map(|last| (blocks, last))),
    }
}

/// Why blocks are read no further: there are enough, or the store failed.
struct Ended(ControlFlow<(), StoreError>);

impl From<StoreError> for Ended {
    fn from(error: StoreError) -> Ended {
        Ended(ControlFlow::Continue(error))
    }
}
