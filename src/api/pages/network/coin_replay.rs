//! The reorganisations of a coin node.

use super::replay::{CHOICES, Payment, Reorg, Replayed};
use crate::node::coin::{CoinEvent, CoinHandle, stored_block};
use crate::protocol::coin::amount::Amount;
use crate::protocol::coin::header::PowHash;
use crate::protocol::coin::parameters::Parameters;
use crate::protocol::coin::transaction::Transaction;
use crate::store::StoreError;
use crate::store::coin::{Ledger, Snapshot};

/// The last of those that the node remembers, oldest first.
pub(super) fn reorgs(node: &CoinHandle) -> Vec<Reorg> {
    let kept = node.events().kept();
    let reorgs = kept
        .iter()
        .rev()
        .filter_map(|numbered| match &*numbered.event {
            CoinEvent::Reorg {
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
                fork: Some(*fork),
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

/// A block, on the chain or beside it; none that was forgotten.
pub(super) fn block(
    snapshot: &Snapshot,
    hash: &str,
    network: &Parameters,
) -> Result<Option<Replayed>, StoreError> {
    let Ok(hash) = hash.parse::<PowHash>() else {
        return Ok(None);
    };
    let known = snapshot.known_block(hash)?;
    let Some(known) = known.filter(|known| !known.is_invalid) else {
        return Ok(None);
    };
    let block = stored_block(snapshot, hash, network)?;
    let number = known.place.number;
    Ok(Some(Replayed {
        height: number,
        hash: hash.to_string(),
        parent: (number > 0).then(|| known.header.previous.to_string()),
        payments: block
            .transactions()
            .iter()
            .map(|transaction| payment(transaction))
            .collect(),
        bytes: block.encode().len(),
    }))
}

fn payment(transaction: &Transaction) -> Payment {
    let id = transaction.hash().to_string();
    let receiver = transaction.receiver().map(|address| address.to_string());
    Payment {
        link: Some(format!("/transaction/{id}")),
        id,
        sender: transaction.sender().to_string(),
        receiver: receiver.unwrap_or_default(),
        amount: Amount::from_units(transaction.value()).to_string(),
    }
}
