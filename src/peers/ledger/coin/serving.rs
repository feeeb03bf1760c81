//! What a peer is shown of this node's chain.

use std::collections::VecDeque;

use super::{hash_of, id_of, stand_at};
use crate::limits;
use crate::peers::message::{BlockId, BlockItem, Headers};
use crate::protocol::coin::header::{HEADER_BYTES, PowHash};
use crate::store::StoreError;
use crate::store::coin::{Ledger, Snapshot};

/// So far from its end a branch that is not the current chain is looked at: enough for blocks that have just been displaced.
const MOST_BESIDE: usize = 256;

/// Headers behind the first block of `locator` that is on the current chain; where none is, none.
pub(super) fn headers(snapshot: &Snapshot, locator: &[BlockId]) -> Result<Headers, StoreError> {
    let tip = snapshot.place_of(snapshot.state()?.tip)?.place;
    let mut from = (tip.number, tip.hash);
    for id in locator.iter().take(limits::PEER_LOCATOR) {
        let hash = hash_of(*id);
        if let Some(number) = snapshot.number_on_chain(hash)? {
            from = (number, hash);
            break;
        }
    }
    let (after, after_hash) = from;
    let most = (limits::SESSION_HEADERS_BYTES / HEADER_BYTES) as u64;
    let mut items = Vec::new();
    for number in after.saturating_add(1)..=tip.number.min(after.saturating_add(most)) {
        let hash = snapshot.entry_at(number)?.hash();
        items.extend_from_slice(&snapshot.place_of(hash)?.header.encode());
    }
    Ok(Headers {
        after,
        after_id: id_of(after_hash),
        items: items.into(),
        step: 1,
        end: stand_at(&tip),
    })
}

/// Blocks behind `after`, up to `to`, in at most `bytes`, one at least; with the last one's identity.
pub(super) fn blocks(
    snapshot: &Snapshot,
    after: PowHash,
    to: PowHash,
    bytes: usize,
) -> Result<Option<(Vec<BlockItem>, BlockId)>, StoreError> {
    let bounds = (
        snapshot.number_on_chain(after)?,
        snapshot.number_on_chain(to)?,
    );
    match bounds {
        (Some(after), Some(to)) => {
            let numbers = after.saturating_add(1)..=to;
            let hashes = numbers.map(|number| Ok(snapshot.entry_at(number)?.hash()));
            collected(snapshot, hashes, bytes)
        }
        // Whoever asks for a block of the current chain does not stand beside it.
        (None, Some(_)) => Ok(None),
        (_, None) => match beside(snapshot, after, to)? {
            Some(hashes) => collected(snapshot, hashes.into_iter().map(Ok), bytes),
            None => Ok(None),
        },
    }
}

/// The blocks behind `after`, up to `to`, which is beside the current chain.
fn beside(
    snapshot: &Snapshot,
    after: PowHash,
    to: PowHash,
) -> Result<Option<VecDeque<PowHash>>, StoreError> {
    let mut hashes = VecDeque::new();
    let mut hash = to;
    while hash != after {
        let known = snapshot.known_block(hash)?;
        let Some(known) = known.filter(|known| !known.is_invalid) else {
            return Ok(None);
        };
        if hashes.len() >= MOST_BESIDE || known.place.number == 0 {
            return Ok(None);
        }
        hashes.push_front(hash);
        hash = known.header.previous;
    }
    Ok(Some(hashes))
}

fn collected(
    snapshot: &Snapshot,
    hashes: impl Iterator<Item = Result<PowHash, StoreError>>,
    bytes: usize,
) -> Result<Option<(Vec<BlockItem>, BlockId)>, StoreError> {
    let most = bytes.min(limits::SESSION_BLOCKS_BYTES);
    let mut blocks: Vec<BlockItem> = Vec::new();
    let mut last = None;
    let mut held = 0_usize;
    for hash in hashes.take(limits::SESSION_BLOCKS) {
        let hash = hash?;
        let body = snapshot
            .body(hash)?
            .ok_or_else(|| snapshot.damaged(format_args!("block {hash}"), "it is missing"))?;
        held = held.saturating_add(body.encoded.len());
        if held > most && !blocks.is_empty() {
            break;
        }
        blocks.push(BlockItem {
            block: body.encoded.0,
            beside: bytes::Bytes::new(),
        });
        last = Some(id_of(hash));
    }
    Ok(last.map(|last| (blocks, last)))
}
