//! The rules that a block can break, one variant a rule, in the order in which they are checked.

use alloy_primitives::{Address, B256, U256};
use thiserror::Error;

use super::header::PowHash;
use super::target::Bits;

/// A broken rule, and where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub struct Fault {
    pub rule: Broken,
    /// The transaction's place in the block, counted from 0, where the rule is one of transactions.
    pub transaction: Option<usize>,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.transaction {
            Some(index) => write!(f, "transaction {index}: {}", self.rule),
            None => self.rule.fmt(f),
        }
    }
}

impl From<Broken> for Fault {
    fn from(rule: Broken) -> Self {
        Self {
            rule,
            transaction: None,
        }
    }
}

/// Makes the enum, and the names by which the rules are known outside the program.
macro_rules! rules {
    ($($(#[$meta:meta])* $variant:ident $( ( $($field:ty),* ) )? $( { $($member:ident : $kind:ty),* $(,)? } )? = $name:literal),* $(,)?) => {
        /// A rule of `docs/coin-format.md`, section 9, and what broke it.
        #[derive(Debug, Clone, PartialEq, Eq, Error)]
        pub enum Broken {
            $($(#[$meta])* $variant $( ( $($field),* ) )? $( { $($member : $kind),* } )?),*
        }

        impl Broken {
            /// The names of all rules, in the order of checking.
            pub const NAMES: &'static [&'static str] = &[$($name),*];

            /// The rule's name.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => $name),*
                }
            }
        }
    };
}

rules! {
    #[error("the block is sealed in way {found}, this program knows 1 (work)")]
    SealVersion { found: u8 } = "seal_version",
    #[error("the block has {found} bytes, {most} are the most")]
    ByteLimit { found: usize, most: u64 } = "byte_limit",
    #[error("the block cannot be read: {0}")]
    Encoding(String) = "encoding",
    #[error("the header has version {found}, this program knows 1")]
    HeaderVersion { found: u32 } = "header_version",
    #[error("bits {found} stand for no target")]
    BitsInvalid { found: Bits } = "bits_invalid",
    #[error("bits {found} are easier than the easiest target, {easiest}")]
    BitsTooEasy { found: Bits, easiest: Bits } = "bits_easier_than_easiest",
    #[error("the hash {hash} does not meet the target of bits {bits}")]
    ProofOfWork { hash: PowHash, bits: Bits } = "proof_of_work",
    #[error("the header commits to record {claimed}, the record's hash is {found}")]
    Commitment { claimed: B256, found: B256 } = "commitment",
    #[error("the header's time is {header}, the record's {record}")]
    TimeMismatch { header: u32, record: u64 } = "time_mismatch",
    #[error("the record's ommers hash is {found}, not that of the empty list")]
    OmmersHash { found: B256 } = "ommers_hash",
    #[error("the record's nonce is not zero")]
    RecordNonce = "record_nonce",
    #[error("the record's gas limit is {found}, the network's {expected}")]
    GasLimit { found: u64, expected: u64 } = "gas_limit",
    #[error("the record's base fee is {found}, the network's {expected}")]
    BaseFee { found: u64, expected: u64 } = "base_fee",
    #[error("the record's difficulty is {found}, the work of its bits {expected}")]
    DifficultyField { found: U256, expected: U256 } = "difficulty_field",
    #[error("the extra data has {found} bytes, 32 are the most")]
    ExtraDataLength { found: usize } = "extra_data_length",
    #[error("the record says {found} gas were used, the limit is {limit}")]
    GasUsedOverLimit { found: u64, limit: u64 } = "gas_used_over_limit",
    #[error("the mix hash is {found}, the parent's hash gives {expected}")]
    MixHash { found: B256, expected: B256 } = "mix_hash",
    #[error("the record's transactions root is {claimed}, the transactions give {found}")]
    TransactionsRoot { claimed: B256, found: B256 } = "transactions_root",
    #[error("type {found} is not allowed: this network takes legacy, 1 (EIP-2930) and 2 (EIP-1559)")]
    TransactionType { found: u8 } = "tx_type",
    #[error("it cannot be read: {0}")]
    TransactionEncoding(String) = "tx_encoding",
    #[error("it names no chain, so it could be replayed on another (EIP-155)")]
    TransactionUnprotected = "tx_unprotected",
    #[error("it is for chain {found}, this is chain {expected}")]
    TransactionChain { found: u64, expected: u64 } = "tx_chain_id",
    #[error("its nonce is 2^64 - 1")]
    TransactionNonceMax = "tx_nonce_max",
    #[error("its gas limit is {found}, {most} is the most (EIP-7825)")]
    TransactionGasCap { found: u64, most: u64 } = "tx_gas_cap",
    #[error("its gas limit is {found}, it needs at least {needed}")]
    TransactionIntrinsicGas { found: u64, needed: u64 } = "tx_intrinsic_gas",
    #[error("its init code has {found} bytes, {most} are the most (EIP-3860)")]
    TransactionInitCode { found: usize, most: usize } = "tx_init_code",
    #[error("its priority fee is {priority}, its greatest fee {most}")]
    TransactionPriorityOverMax { priority: u128, most: u128 } = "tx_priority_over_max",
    #[error("its signature has a high s (EIP-2)")]
    TransactionHighS = "tx_high_s",
    #[error("its signature gives no key")]
    TransactionSignature = "tx_signature",
    #[error("the parent {parent} is not known")]
    ParentUnknown { parent: PowHash } = "parent_unknown",
    #[error("the record names parent {found}, the parent's record has hash {expected}")]
    RecordParent { found: B256, expected: B256 } = "record_parent",
    #[error("the block has number {found}, its place is {expected}")]
    Number { found: u64, expected: u64 } = "number",
    #[error("the block's time is {found}, its parent's is {parent}")]
    TimeNotAboveParent { found: u32, parent: u32 } = "time_not_above_parent",
    #[error("the block's time is {found}, the clock says {now} and a block may be {ahead} s ahead")]
    TimeTooFarAhead { found: u32, now: u64, ahead: u32 } = "time_too_far_ahead",
    #[error("the block has bits {found}, its place demands {expected}")]
    BitsWrong { found: Bits, expected: Bits } = "bits_wrong",
    #[error("its nonce is {found}, the next of {sender} is {expected}")]
    TransactionNonce { sender: Address, found: u64, expected: u64 } = "tx_nonce",
    #[error("its greatest fee a gas is {found}, the base fee {base_fee}")]
    TransactionFeeBelowBase { found: u128, base_fee: u64 } = "tx_fee_below_base",
    #[error("{sender} has {balance} units and would need {needed}")]
    TransactionBalance { sender: Address, balance: U256, needed: String } = "tx_balance",
    #[error("{sender} is a contract (EIP-3607)")]
    TransactionSenderHasCode { sender: Address } = "tx_sender_has_code",
    #[error("its gas limit is {found}, the block has {left} left")]
    TransactionGasOverBlock { found: u64, left: u64 } = "tx_gas_over_block",
    #[error("the record says {claimed} gas were used, execution used {found}")]
    GasUsed { claimed: u64, found: u64 } = "gas_used",
    #[error("the record's receipts root is {claimed}, execution gives {found}")]
    ReceiptsRoot { claimed: B256, found: B256 } = "receipts_root",
    #[error("the record's logs bloom is not that of its logs")]
    LogsBloom = "logs_bloom",
    #[error("the record's state root is {claimed}, execution gives {found}")]
    StateRoot { claimed: B256, found: B256 } = "state_root",
}

impl Broken {
    /// Whether whoever made the block is to blame. A block from ahead of the clock may become valid, one whose parent is unknown may find it.
    pub fn is_peer_fault(&self) -> bool {
        !matches!(
            self,
            Self::TimeTooFarAhead { .. } | Self::ParentUnknown { .. }
        )
    }
}
