//! What a transaction did, for those who ask later, and for the roots of the record.

use alloy_consensus::constants::EMPTY_ROOT_HASH;
use alloy_consensus::{Eip658Value, Receipt as EthereumReceipt, ReceiptEnvelope, TxType};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, B256, Bloom, Log};
use alloy_trie::root::ordered_trie_root_with_encoder;

/// A transaction's receipt, and what its envelope does not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Status, gas used in the block so far, bloom and logs; its EIP-2718 bytes are under the receipts root.
    pub envelope: ReceiptEnvelope,
    pub gas_used: u64,
    /// What a gas cost, in units.
    pub price: u128,
    /// The contract that the transaction itself made.
    pub created: Option<Address>,
}

impl Receipt {
    /// Whether the transaction did what it was to do. One that failed pays its fee all the same.
    pub fn succeeded(&self) -> bool {
        self.envelope.is_success()
    }

    pub fn logs(&self) -> &[Log] {
        self.envelope.logs()
    }
}

/// The envelope of type `kind`.
pub(super) fn envelope(
    kind: TxType,
    succeeded: bool,
    cumulative_gas_used: u64,
    logs: Vec<Log>,
) -> ReceiptEnvelope {
    let receipt = EthereumReceipt {
        status: Eip658Value::Eip658(succeeded),
        cumulative_gas_used,
        logs,
    };
    ReceiptEnvelope::from_typed(kind, receipt)
}

/// The root over the receipts.
pub(super) fn receipts_root(receipts: &[Receipt]) -> B256 {
    if receipts.is_empty() {
        return EMPTY_ROOT_HASH;
    }
    ordered_trie_root_with_encoder(receipts, |receipt, out| receipt.envelope.encode_2718(out))
}

/// The bloom of all logs.
pub(super) fn logs_bloom(receipts: &[Receipt]) -> Bloom {
    let mut all = Bloom::ZERO;
    for receipt in receipts.iter().filter(|receipt| !receipt.logs().is_empty()) {
        all.accrue_bloom(receipt.envelope.logs_bloom());
    }
    all
}
