//! Execution: what a block's transactions do to the state, by the EVM that revm is. `docs/coin-format.md`, section 8.
//!
//! [`connect`] executes a block and checks what its record claims; an [`Assembly`] executes transactions for a block that is being made. Both run the same adapter
//! (`run`). Beside them, [`Calls`] runs what nobody has signed, and [`trace_transaction`] tells again what a transaction did: by the same EVM, and nothing is kept.

mod assembly;
mod brief;
mod call;
mod code;
mod evm;
mod overrides;
mod receipt;
mod run;
mod settlement;
#[cfg(test)]
mod tests;
mod trace;
mod weigh;
mod working;

use alloy_consensus::{Transaction as _, TxEnvelope};
use alloy_primitives::{Address, B256, Bloom, U256};
use revm::context_interface::cfg::gas::calculate_initial_tx_gas;
use revm::primitives::hardfork::SpecId;
use thiserror::Error;

use super::block::{CheckedBlock, Record};
use super::broken::{Broken, Fault};
use super::parameters::{Parameters, Spec};
use super::state::{BlockChange, StateView, ViewError};
use super::transaction::at;

pub use assembly::Assembly;
pub use call::{Call, CallError, Calls, End, Halt, Ran, access_list, run_if_brief};
pub use code::KnownCode;
pub use overrides::{AccountOverride, Overridden};
pub use receipt::Receipt;
use run::Run;
pub use trace::{
    MOST_STEPS as TRACED_STEPS, TRACERS, TraceError, replay, trace_call, trace_transaction,
};

/// What a block gives its execution; `docs/coin-format.md`, section 8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Environment {
    pub number: u64,
    /// Seconds since 1970.
    pub time: u32,
    pub miner: Address,
    /// PREVRANDAO reads it.
    pub mix_hash: B256,
}

impl Environment {
    /// What a record gives. Its time is one of a checked block, which fits.
    pub fn of(record: &Record) -> Self {
        Self {
            number: record.number,
            time: u32::try_from(record.timestamp).unwrap_or(u32::MAX),
            miner: record.beneficiary,
            mix_hash: record.mix_hash,
        }
    }
}

/// Why a block was not executed to its end.
#[derive(Debug, Clone, Error)]
pub enum ExecutionError {
    /// The block is not valid.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// Nothing is known of the block: the state could not be read.
    #[error(transparent)]
    View(#[from] ViewError),
    /// Nothing is known of the block: something cannot be true.
    #[error(transparent)]
    Unsound(#[from] Unsound),
}

/// What cannot be unless this program, the EVM or the kept state has a fault. No block is to blame, and none is taken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unsound {
    #[error("the EVM refuses transaction {transaction}, which breaks no rule: {detail}")]
    Refused { transaction: B256, detail: String },
    #[error("after block {number} there are {more} units more than there were, and its subsidy")]
    Inflation { number: u64, more: U256 },
    #[error("account {0} ended and had words in its storage before it began")]
    StorageOfNobody(Address),
}

/// What a block does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Executed {
    pub change: BlockChange,
    /// One a transaction.
    pub receipts: Vec<Receipt>,
    pub gas_used: u64,
    pub logs_bloom: Bloom,
    pub receipts_root: B256,
    pub state_root: B256,
    /// Units that contracts destroyed.
    pub destroyed: U256,
}

/// Executes a block on the state that its parent left, and checks what its record claims. Its place has been checked.
///
/// # Errors
/// [`ExecutionError::Fault`] with the first rule that does not hold; otherwise nothing is known of the block.
pub fn connect(
    parameters: &Parameters,
    parent: &dyn StateView,
    block: &CheckedBlock,
) -> Result<Executed, ExecutionError> {
    let record = block.record();
    let mut run = Run::new(parameters, parent, Environment::of(record));
    for (index, transaction) in block.transactions().iter().enumerate() {
        run.transact(transaction)?.map_err(at(index))?;
    }
    let before = run.summary();
    let claim_holds = |holds: bool, rule: Broken| {
        if holds {
            Ok(())
        } else {
            Err(Fault::from(rule))
        }
    };
    claim_holds(
        record.gas_used == before.gas_used,
        Broken::GasUsed {
            claimed: record.gas_used,
            found: before.gas_used,
        },
    )?;
    claim_holds(
        record.receipts_root == before.receipts_root,
        Broken::ReceiptsRoot {
            claimed: record.receipts_root,
            found: before.receipts_root,
        },
    )?;
    claim_holds(record.logs_bloom == before.logs_bloom, Broken::LogsBloom)?;
    let executed = run.finish(before)?;
    claim_holds(
        record.state_root == executed.state_root,
        Broken::StateRoot {
            claimed: record.state_root,
            found: executed.state_root,
        },
    )?;
    Ok(executed)
}

impl From<Spec> for SpecId {
    fn from(spec: Spec) -> Self {
        match spec {
            Spec::Osaka => Self::OSAKA,
        }
    }
}

/// The gas that a transaction needs before it does anything, or the floor of EIP-7623 if that is more.
pub fn intrinsic_gas(envelope: &TxEnvelope, spec: Spec) -> u64 {
    let list = envelope.access_list();
    let (accounts, slots) = list.map_or((0, 0), |list| {
        let slots = list.0.iter().map(|item| item.storage_keys.len());
        (list.0.len(), slots.sum::<usize>())
    });
    let gas = calculate_initial_tx_gas(
        spec.into(),
        envelope.input(),
        envelope.is_create(),
        accounts as u64,
        slots as u64,
        0,
        None,
    );
    gas.initial_total_gas().max(gas.floor_gas())
}
