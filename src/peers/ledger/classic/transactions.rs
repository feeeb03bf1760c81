//! What waits on a classic node, for peers. A transaction is named by its origin's tag and its text; its bytes are the tag, then the
//! canonical text.

use bytes::Bytes;

use super::super::waiting::wait_for;
use super::super::{LedgerError, Taken};
use crate::limits;
use crate::node::{NodeHandle, TakenIn, TravellingTransaction};
use crate::peers::blame::Offence;
use crate::peers::message::TransactionId;
use crate::protocol::classic::tag::{self, Tag};
use crate::store::StoreError;

/// The oldest that wait and travel.
pub(super) fn waiting(node: &NodeHandle) -> Result<Vec<TransactionId>, StoreError> {
    if !node.travels() {
        return Ok(Vec::new());
    }
    let page = node.read(|snapshot| snapshot.travelling(None, limits::SESSION_TRANSACTIONS))?;
    let ids = page.ids.into_iter();
    Ok(ids.map(|id| TransactionId(id.0)).collect())
}

/// Those that neither wait here nor ever did, nor stand in a block.
pub(super) fn lacks(
    node: &NodeHandle,
    ids: &[TransactionId],
) -> Result<Vec<TransactionId>, StoreError> {
    if !node.travels() {
        return Ok(Vec::new());
    }
    node.read(|snapshot| {
        let mut lacking = Vec::new();
        for id in ids {
            if !snapshot.knows(&tag::TransactionId(id.0))? {
                lacking.push(*id);
            }
        }
        Ok(lacking)
    })
}

/// Those of them that still wait, in the order asked for, up to the one that brings them to `bytes`.
pub(super) fn some(
    node: &NodeHandle,
    ids: &[TransactionId],
    bytes: usize,
) -> Result<Vec<Bytes>, StoreError> {
    if !node.travels() {
        return Ok(Vec::new());
    }
    node.read(|snapshot| {
        let mut held = 0_usize;
        let mut found = Vec::new();
        for id in ids.iter().take(limits::SESSION_TRANSACTIONS) {
            if held >= bytes {
                break;
            }
            let id = tag::TransactionId(id.0);
            let (Some(tag), Some(text)) = (id.tag(), snapshot.travelling_text(&id)?) else {
                continue;
            };
            let item = [&tag.bytes(), text.as_bytes()].concat();
            held = held.saturating_add(item.len());
            found.push(Bytes::from(item));
        }
        Ok(found)
    })
}

/// Has them wait, in one commit.
pub(super) fn take(node: &NodeHandle, items: &[Bytes]) -> Result<Vec<Taken>, LedgerError> {
    let read: Vec<Result<TravellingTransaction, Taken>> = items.iter().map(travelling).collect();
    let sound: Vec<TravellingTransaction> =
        read.iter().filter_map(|read| read.clone().ok()).collect();
    let taken = if node.travels() && !sound.is_empty() {
        wait_for(node.add_travelling(sound))?
    } else {
        Vec::new()
    };
    let mut taken = taken.into_iter();
    let told = read.into_iter().map(|read| match read {
        Err(broken) => broken,
        Ok(transaction) => {
            let id = TransactionId(transaction.id().0);
            match taken.next() {
                Some(TakenIn::Added | TakenIn::AlreadyKnown) => Taken::Waits(id),
                Some(TakenIn::QueueFull) => {
                    let why = "as many transactions wait as this node keeps";
                    Taken::Refused(id, why.to_owned())
                }
                None => {
                    let why = "this node takes no transactions of others";
                    Taken::Refused(id, why.to_owned())
                }
            }
        }
    });
    Ok(told.collect())
}

/// Reads a tag and a text.
fn travelling(item: &Bytes) -> Result<TravellingTransaction, Taken> {
    let broken = |why: String| Taken::Broken(Offence::Malformed, why);
    let (tag, text) = item
        .split_first_chunk::<{ Tag::BYTES }>()
        .ok_or_else(|| broken("it ends within its tag".to_owned()))?;
    let tag = Tag::from_bytes(*tag).ok_or_else(|| broken("it has no tag".to_owned()))?;
    let text = std::str::from_utf8(text).map_err(|error| broken(error.to_string()))?;
    TravellingTransaction::new(tag, text).map_err(|why| broken(why.to_string()))
}
