//! The EVM as revm has it, and the little in which coin differs: where its state comes from, and who gets the base fee.

use std::marker::PhantomData;

use alloy_consensus::Transaction as _;
use alloy_primitives::map::{AddressMap, HashMap};
use alloy_primitives::{Address, B256, U256};
use revm::bytecode::Bytecode;
use revm::context::{BlockEnv, CfgEnv, TxEnv};
use revm::context_interface::block::BlobExcessGasAndPrice;
use revm::context_interface::journaled_state::account::JournaledAccountTr;
use revm::context_interface::result::{EVMError, HaltReason, InvalidTransaction};
use revm::context_interface::{Block, ContextTr, JournalTr, Transaction as _};
use revm::database_interface::DBErrorMarker;
use revm::handler::{EvmTr, FrameResult, FrameTr, Handler, MainnetContext};
use revm::state::AccountInfo;
use revm::{Database, MainBuilder, MainnetEvm};

use super::super::parameters::Parameters;
use super::super::state::{Account, StateKey, StateView, ViewError};
use super::super::transaction::Transaction;
use super::Environment;

/// One EVM for a whole block. Its journal holds the accounts from one transaction to the next.
pub(super) type Machine<'v> = MainnetEvm<MainnetContext<Source<'v>>>;

pub(super) type MachineError = EVMError<ViewError, InvalidTransaction>;

/// An EVM that begins a block.
pub(super) fn machine<'v>(
    parameters: &Parameters,
    parent: &'v dyn StateView,
    environment: &Environment,
) -> Machine<'v> {
    let spec = parameters.spec_at(environment.number).into();
    let block = BlockEnv {
        number: U256::from(environment.number),
        beneficiary: environment.miner,
        timestamp: U256::from(environment.time),
        gas_limit: parameters.gas_limit,
        basefee: parameters.base_fee,
        difficulty: U256::ZERO,
        prevrandao: Some(environment.mix_hash),
        blob_excess_gas_and_price: Some(BlobExcessGasAndPrice {
            excess_blob_gas: 0,
            blob_gasprice: 1,
        }),
        ..BlockEnv::default()
    };
    MainnetContext::new(Source::of(parent), spec)
        .with_cfg(CfgEnv::new_with_spec(spec).with_chain_id(parameters.chain_id))
        .with_block(block)
        .build_mainnet()
}

/// A transaction as the EVM takes it.
pub(super) fn transaction(transaction: &Transaction) -> TxEnv {
    let envelope = transaction.envelope();
    TxEnv {
        tx_type: envelope.tx_type().into(),
        caller: transaction.sender(),
        gas_limit: transaction.gas_limit(),
        gas_price: transaction.greatest_fee(),
        kind: envelope.kind(),
        value: transaction.value(),
        data: envelope.input().clone(),
        nonce: transaction.nonce(),
        chain_id: envelope.chain_id(),
        access_list: envelope.access_list().cloned().unwrap_or_default(),
        gas_priority_fee: envelope.max_priority_fee_per_gas(),
        blob_hashes: Vec::new(),
        max_fee_per_blob_gas: 0,
        authorization_list: Vec::new(),
    }
}

/// The state before the block, as the EVM asks for it: each place once, as it was then. What it was is kept, for what the block changes.
pub(super) struct Source<'v> {
    pub(super) parent: &'v dyn StateView,
    pub(super) accounts: AddressMap<Option<Account>>,
    pub(super) slots: HashMap<StateKey, U256>,
}

impl<'v> Source<'v> {
    pub(super) fn of(parent: &'v dyn StateView) -> Self {
        Self {
            parent,
            accounts: AddressMap::default(),
            slots: HashMap::default(),
        }
    }
}

impl DBErrorMarker for ViewError {}

impl Database for Source<'_> {
    type Error = ViewError;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, ViewError> {
        let account = self.parent.account(address)?;
        self.accounts.insert(address, account);
        Ok(account.map(|account| AccountInfo {
            balance: account.balance,
            nonce: account.nonce,
            code_hash: account.code_hash,
            code: None,
            ..AccountInfo::default()
        }))
    }

    fn code_by_hash(&mut self, hash: B256) -> Result<Bytecode, ViewError> {
        let code = self.parent.code(hash)?;
        // Code that only begins like a delegation (EIP-7702) is code like any other.
        Ok(Bytecode::new_raw_checked(code.clone()).unwrap_or_else(|_| Bytecode::new_legacy(code)))
    }

    fn storage(&mut self, address: Address, slot: U256) -> Result<U256, ViewError> {
        let value = self.parent.slot(address, slot)?;
        self.slots.insert((address, slot), value);
        Ok(value)
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, ViewError> {
        Ok(self.parent.record_hash(number)?.unwrap_or_default())
    }
}

/// Ethereum's handling of a transaction, but that the miner gets the base fee too.
pub(super) struct WholeFee<'v>(PhantomData<&'v ()>);

impl WholeFee<'_> {
    pub(super) fn new() -> Self {
        Self(PhantomData)
    }
}

impl<'v> Handler for WholeFee<'v> {
    type Evm = Machine<'v>;
    type Error = MachineError;
    type HaltReason = HaltReason;

    fn reward_beneficiary(
        &self,
        evm: &mut Self::Evm,
        result: &mut <<Self::Evm as EvmTr>::Frame as FrameTr>::FrameResult,
    ) -> Result<(), Self::Error> {
        let used: u64 = FrameResult::gas(result).used();
        let (block, transaction, _, journal, _, _) = evm.ctx_mut().all_mut();
        let price = transaction.effective_gas_price(block.basefee().into());
        let fee = U256::from(price) * U256::from(used);
        // Somebody had this much, so that the sum is no more than all there is.
        journal
            .load_account_mut(block.beneficiary())?
            .incr_balance(fee);
        Ok(())
    }
}
