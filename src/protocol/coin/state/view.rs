//! Reading a state.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use alloy_consensus::constants::KECCAK_EMPTY;
use alloy_primitives::{Address, B256, Bytes, U256};

/// An account that is not empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    pub nonce: u64,
    /// In units.
    pub balance: U256,
    /// Keccak-256 of the code.
    pub code_hash: B256,
    /// Of the account's own storage tree.
    pub storage_root: B256,
}

impl Account {
    /// Whether EIP-161 sees none here.
    pub fn is_empty(&self) -> bool {
        self.nonce == 0 && self.balance.is_zero() && self.code_hash == KECCAK_EMPTY
    }
}

/// A state tree: that of all accounts, or the storage of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tree {
    Accounts,
    Storage(Address),
}

/// The state at one block, as execution and proofs read it.
pub trait StateView {
    /// `None` for an account that is empty or was never there.
    fn account(&self, address: Address) -> Result<Option<Account>, ViewError>;

    /// A word of storage, zero where nothing is written.
    fn slot(&self, address: Address, slot: U256) -> Result<U256, ViewError>;

    /// The code with this hash. Asked for hashes of accounts only, never for that of no code.
    fn code(&self, hash: B256) -> Result<Bytes, ViewError>;

    /// The record hash of the block with this number, in the chain that this state ends; `None` beyond its end.
    fn record_hash(&self, number: u64) -> Result<Option<B256>, ViewError>;

    /// A node of a tree by its hash. Nodes of former states may be there too.
    fn node(&self, tree: Tree, hash: B256) -> Result<Option<Bytes>, ViewError>;

    /// The root of the tree of all accounts.
    fn state_root(&self) -> Result<B256, ViewError>;
}

/// Why a state could not be read: the keeper's own error.
#[derive(Debug, Clone)]
pub struct ViewError(Arc<dyn Error + Send + Sync>);

impl ViewError {
    pub fn new(error: impl Error + Send + Sync + 'static) -> Self {
        Self(Arc::new(error))
    }

    /// The keeper's error, if it is of this type.
    pub fn cause<E: Error + 'static>(&self) -> Option<&E> {
        self.0.downcast_ref()
    }
}

impl fmt::Display for ViewError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the state cannot be read: {}", self.0)
    }
}

impl Error for ViewError {}
