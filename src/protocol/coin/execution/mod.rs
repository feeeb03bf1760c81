//! Execution: what a block's transactions do to the state, by the EVM that revm is. `docs/coin-format.md`, section 8.

use alloy_consensus::{Transaction as _, TxEnvelope};
use revm::context_interface::cfg::gas::calculate_initial_tx_gas;
use revm::primitives::hardfork::SpecId;

use super::parameters::Spec;

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
