//! What waits on a coin node, for peers. A transaction's identity is its hash, its bytes are its envelope.

use std::sync::Arc;

use alloy_primitives::{B256, keccak256};
use bytes::Bytes;
use rayon::prelude::*;

use super::super::waiting::answers_of;
use super::super::{LedgerError, Taken};
use crate::limits;
use crate::node::coin::{CoinError, CoinHandle};
use crate::peers::blame::Offence;
use crate::peers::message::TransactionId;
use crate::protocol::coin::broken::Broken;
use crate::protocol::coin::transaction::Transaction;
use crate::store::StoreError;
use crate::store::coin::Ledger;

/// The oldest that wait.
pub(super) fn waiting(node: &CoinHandle) -> Vec<TransactionId> {
    let mempool = node.mempool();
    let oldest = mempool.iter().take(limits::SESSION_TRANSACTIONS);
    oldest.map(|entry| TransactionId(entry.hash().0)).collect()
}

/// Those that neither wait nor stand in a block of the current chain.
pub(super) fn lacks(
    node: &CoinHandle,
    ids: &[TransactionId],
) -> Result<Vec<TransactionId>, StoreError> {
    let mut lacking: Vec<TransactionId> = {
        let mempool = node.mempool();
        let not_waiting = |id: &&TransactionId| !mempool.contains(&B256::new(id.0));
        ids.iter().filter(not_waiting).copied().collect()
    };
    if lacking.is_empty() {
        return Ok(lacking);
    }
    // Read behind the mempool: what has left it for a block meanwhile is found in the block.
    let stand = node.read(|snapshot| {
        let is_in_block = |id: &TransactionId| Ok(snapshot.position(B256::new(id.0))?.is_some());
        lacking
            .iter()
            .map(is_in_block)
            .collect::<Result<Vec<bool>, StoreError>>()
    })?;
    let mut stand = stand.into_iter();
    lacking.retain(|_| stand.next() == Some(false));
    Ok(lacking)
}

/// Those of them that still wait, in the order asked for, up to the one that brings them to `bytes`.
pub(super) fn some(node: &CoinHandle, ids: &[TransactionId], bytes: usize) -> Vec<Bytes> {
    let mempool = node.mempool();
    let mut held = 0_usize;
    let mut found = Vec::new();
    for id in ids.iter().take(limits::SESSION_TRANSACTIONS) {
        if held >= bytes {
            break;
        }
        if let Some(entry) = mempool.get(&B256::new(id.0)) {
            let envelope = entry.transaction.bytes().0.clone();
            held = held.saturating_add(envelope.len());
            found.push(envelope);
        }
    }
    found
}

/// Has them wait, in order, in as few commits as the writer makes of them.
pub(super) fn take(node: &CoinHandle, items: Vec<Bytes>) -> Result<Vec<Taken>, LedgerError> {
    let ids: Vec<TransactionId> = items
        .iter()
        .map(|item| TransactionId(keccak256(item).0))
        .collect();
    let lacking: std::collections::BTreeSet<TransactionId> =
        lacks(node, &ids)?.into_iter().collect();
    // Signatures are the dear part: on all cores, and not of what is known.
    let read: Vec<Option<Result<Transaction, Broken>>> = items
        .into_par_iter()
        .zip(&ids)
        .map(|(item, id)| {
            let is_new = lacking.contains(id);
            is_new.then(|| node.read_transaction(item.into()))
        })
        .collect();
    let submitted = ids
        .iter()
        .zip(read)
        .map(|(id, read)| submitted(node, *id, read));
    answers_of(submitted).into_iter().collect()
}

async fn submitted(
    node: &CoinHandle,
    id: TransactionId,
    read: Option<Result<Transaction, Broken>>,
) -> Result<Taken, LedgerError> {
    let transaction = match read {
        None => return Ok(Taken::Waits(id)),
        Some(Err(rule)) => return Ok(Taken::Broken(offence(&rule), rule.to_string())),
        Some(Ok(transaction)) => transaction,
    };
    match node.add_even_impersonated(Arc::new(transaction)).await {
        Ok(_) => Ok(Taken::Waits(id)),
        Err(CoinError::Refused(why)) => Ok(Taken::Refused(id, why.to_string())),
        Err(error) => Err(error.into()),
    }
}

/// What the sender of a transaction that breaks this rule did.
fn offence(rule: &Broken) -> Offence {
    match rule {
        Broken::TransactionType { .. } | Broken::TransactionEncoding(_) => Offence::Malformed,
        _ => Offence::Invalid,
    }
}
