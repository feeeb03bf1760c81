//! Checking a block by itself, in the task of whoever brings it.

use std::sync::Arc;

use rayon::prelude::*;

use crate::mempool::Mempool;
use crate::protocol::coin::block::{Block, CheckedBlock};
use crate::protocol::coin::broken::Fault;
use crate::protocol::coin::parameters::Parameters;
use crate::protocol::coin::transaction::Transaction;
use alloy_primitives::B256;

/// Reads and checks an encoded block by itself, its signatures on all cores. `known` gives transactions whose signatures were checked before.
///
/// # Errors
/// The first rule that does not hold.
pub(super) fn checked_block(
    bytes: &[u8],
    parameters: &Parameters,
    known: impl Fn(B256) -> Option<Arc<Transaction>>,
) -> Result<CheckedBlock, Fault> {
    let formed = Block::decode(bytes, parameters)?.check_form(parameters)?;
    let found: Vec<Option<Arc<Transaction>>> = formed
        .transactions()
        .iter()
        .map(|transaction| known(transaction.hash()))
        .collect();
    let recovered: Vec<_> = formed
        .transactions()
        .par_iter()
        .zip(found)
        .map(|(transaction, found)| match found {
            Some(known) => Ok(known),
            None => transaction.clone().recover().map(Arc::new),
        })
        .collect();
    formed.complete(recovered)
}

/// What waits, as [`checked_block`] asks for it.
pub(super) fn waiting(mempool: &Mempool) -> impl Fn(B256) -> Option<Arc<Transaction>> {
    |hash| {
        mempool
            .get(&hash)
            .map(|entry| Arc::clone(&entry.transaction))
    }
}
