//! Blocks as they come back from the store.

use crate::protocol::coin::block::CheckedBlock;
use crate::protocol::coin::header::PowHash;
use crate::protocol::coin::parameters::Parameters;
use crate::store::StoreError;
use crate::store::coin::Ledger;

/// A block that was checked before it was kept.
pub fn stored_block(
    ledger: &impl Ledger,
    hash: PowHash,
    parameters: &Parameters,
) -> Result<CheckedBlock, StoreError> {
    let what = || format!("block {hash}");
    let body = ledger
        .body(hash)?
        .ok_or_else(|| ledger.damaged(what(), "it is missing"))?;
    CheckedBlock::restore(&body.encoded, body.senders, parameters)
        .map_err(|fault| ledger.damaged(what(), fault.to_string()))
}
