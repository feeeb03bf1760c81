//! The reorganisations of a classic node.

use super::replay::{CHOICES, Payment, Reorg, Replayed};
use crate::node::{Event, NodeHandle};
use crate::protocol::classic::block::{BlockHash, BlockReader};
use crate::protocol::classic::json::{Grammar, Value};
use crate::protocol::classic::transaction::payments_of;
use crate::store::{Snapshot, StoreError};

/// The last of those that the node remembers, oldest first.
pub(super) fn reorgs(node: &NodeHandle) -> Vec<Reorg> {
    let kept = node.events().kept();
    let reorgs = kept
        .iter()
        .rev()
        .filter_map(|numbered| match &*numbered.event {
            Event::Reorg {
                fork,
                hash,
                was,
                displaced,
                connected,
                returned,
                returned_transactions,
                ..
            } => Some(Reorg {
                number: numbered.number,
                fork: Some(*fork).filter(|fork| *fork > 0),
                was: was.to_string(),
                hash: hash.to_string(),
                displaced: *displaced,
                connected: *connected,
                returned: *returned,
                named: returned_transactions
                    .iter()
                    .map(ToString::to_string)
                    .collect(),
            }),
            _ => None,
        });
    let mut last: Vec<Reorg> = reorgs.take(CHOICES).collect();
    last.reverse();
    last
}

/// A block, on the chain or displaced.
pub(super) fn block(snapshot: &Snapshot, hash: &str) -> Result<Option<Replayed>, StoreError> {
    let Ok(hash) = hash.parse::<BlockHash>() else {
        return Ok(None);
    };
    let found = match snapshot.height_of(hash)? {
        Some(height) => snapshot.block(height)?.map(|block| (height, block.text)),
        None => snapshot
            .displaced_by_hash(hash)?
            .map(|block| (block.height, block.text)),
    };
    let Some((height, text)) = found else {
        return Ok(None);
    };
    let mut reader = BlockReader::default();
    let view = reader.read_canonical(&text).ok();
    // The first block has none.
    let parent = view.and_then(|view| view.previous_hash.parse::<BlockHash>().ok());
    let payments = payments_of(&text).unwrap_or_default();
    Ok(Some(Replayed {
        height: height.0,
        hash: hash.to_string(),
        parent: parent.map(|parent| parent.to_string()),
        payments: payments.into_iter().map(payment).collect(),
        bytes: text.len(),
    }))
}

/// A transaction by its three members, which may be any JSON.
fn payment(text: &str) -> Payment {
    let value = Value::parse(text, Grammar::PYTHON).unwrap_or(Value::Null);
    let member = |name: &str| match value.get(name) {
        Some(Value::String(text)) => text.to_string_lossy(),
        Some(other) => other.to_canonical(),
        None => String::new(),
    };
    Payment {
        id: text.to_owned(),
        sender: member("sender"),
        receiver: member("receiver"),
        amount: member("amount"),
        link: None,
    }
}
