//! The EVM as revm has it, and the little in which coin differs: who gets the base fee.

use std::marker::PhantomData;

use alloy_consensus::Transaction as _;
use alloy_primitives::U256;
use revm::context::{BlockEnv, CfgEnv, TxEnv};
use revm::context_interface::block::BlobExcessGasAndPrice;
use revm::context_interface::journaled_state::account::JournaledAccountTr;
use revm::context_interface::result::{EVMError, HaltReason, InvalidTransaction};
use revm::context_interface::{Block, ContextTr, JournalTr, Transaction as _};
use revm::handler::{EvmTr, FrameResult, FrameTr, Handler, MainnetContext};
use revm::inspector::{Inspector, InspectorHandler};
use revm::interpreter::interpreter::EthInterpreter;
use revm::{MainBuilder, MainnetEvm};

use super::super::parameters::Parameters;
use super::super::state::{StateView, ViewError};
use super::super::transaction::Transaction;
use super::Environment;
use super::working::Working;

/// What the EVM works in.
pub(super) type Context<'v> = MainnetContext<Working<'v>>;

/// One EVM for a whole block. Its journal is emptied into the [`Working`] state after each transaction. `I` looks on.
pub(super) type Machine<'v, I = ()> = MainnetEvm<Context<'v>, I>;

pub(super) type MachineError = EVMError<ViewError, InvalidTransaction>;

/// An EVM that begins a block.
pub(super) fn machine<'v>(
    parameters: &Parameters,
    parent: &'v dyn StateView,
    environment: &Environment,
) -> Machine<'v> {
    context(parameters, parent, environment).build_mainnet()
}

/// What an EVM that begins a block works in.
pub(super) fn context<'v>(
    parameters: &Parameters,
    parent: &'v dyn StateView,
    environment: &Environment,
) -> Context<'v> {
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
    MainnetContext::new(Working::upon(parent), spec)
        .with_cfg(CfgEnv::new_with_spec(spec).with_chain_id(parameters.chain_id))
        .with_block(block)
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

/// Ethereum's handling of a transaction, but that the miner gets the base fee too.
pub(super) struct WholeFee<'v, I = ()>(PhantomData<(&'v (), I)>);

impl<I> WholeFee<'_, I> {
    pub(super) fn new() -> Self {
        Self(PhantomData)
    }
}

impl<'v, I> Handler for WholeFee<'v, I> {
    type Evm = Machine<'v, I>;
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

impl<'v, I: Inspector<Context<'v>>> InspectorHandler for WholeFee<'v, I> {
    type IT = EthInterpreter;
}
