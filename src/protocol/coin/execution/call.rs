//! What a transaction would do that nobody has signed. Nothing is kept of it.
//!
//! The same EVM and the same handling as in a block, but for what only a signature can promise: the nonce is not looked at, and whoever offers no fee pays none.

use std::fmt;

use alloy_consensus::TxType;
use alloy_eips::eip2930::AccessList;
use alloy_primitives::{Address, Bytes, Log, TxKind, U256};
use revm::context::{FrameStack, TxEnv};
use revm::context_interface::result::{
    EVMError, ExecutionResult, HaltReason, InvalidTransaction, Output,
};
use revm::context_interface::{ContextSetters, ContextTr};
use revm::handler::instructions::EthInstructions;
use revm::handler::{EthPrecompiles, EvmTr, Handler};
use revm::inspector::{Inspector, InspectorHandler};
use revm_inspectors::access_list::AccessListInspector;
use thiserror::Error;

use super::super::parameters::Parameters;
use super::super::state::{StateView, ViewError};
use super::Environment;
use super::brief::{Brief, GIVEN_UP};
use super::code::KnownCode;
use super::evm::{Context, Machine, MachineError, WholeFee, context};

/// A transaction without a signature.
#[derive(Debug, Clone, Default)]
pub struct Call {
    pub from: Address,
    /// None makes a contract.
    pub to: Option<Address>,
    pub gas_limit: u64,
    /// The greatest fee a gas, in units; at zero nothing is paid, not even the base fee.
    pub greatest_fee: u128,
    /// What of it goes to the miner above the base fee at most; none for the whole.
    pub priority_fee: Option<u128>,
    /// In units.
    pub value: U256,
    pub input: Bytes,
    pub access_list: AccessList,
}

/// How a transaction ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    Returned(Bytes),
    /// With the address of the contract that it made.
    Created(Address, Bytes),
    /// By its own will, with what it says of the reason.
    Reverted(Bytes),
    /// By a fault that took all gas.
    Halted(Halt),
}

/// Why a transaction took all gas and did nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Halt {
    /// In the EVM's words.
    pub reason: String,
    /// Whether more gas could have helped.
    pub wants_gas: bool,
}

impl fmt::Display for Halt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

/// What a transaction did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    pub end: End,
    /// What it would pay for.
    pub gas_used: u64,
    /// What it needed in between: refunds come at the end.
    pub gas_spent: u64,
    pub logs: Vec<Log>,
}

impl Ran {
    pub fn succeeded(&self) -> bool {
        matches!(self.end, End::Returned(_) | End::Created(..))
    }

    /// What it returned, the code of the contract that it made, or the reason that it reverted with.
    pub fn output(&self) -> Bytes {
        match &self.end {
            End::Returned(output) | End::Created(_, output) | End::Reverted(output) => {
                output.clone()
            }
            End::Halted(_) => Bytes::new(),
        }
    }
}

impl From<ExecutionResult> for Ran {
    fn from(result: ExecutionResult) -> Self {
        let (gas_used, spent) = (result.tx_gas_used(), result.gas().total_gas_spent());
        let (end, logs) = match result {
            ExecutionResult::Success { output, logs, .. } => match output {
                Output::Call(output) => (End::Returned(output), logs),
                Output::Create(code, address) => {
                    (End::Created(address.unwrap_or_default(), code), logs)
                }
            },
            ExecutionResult::Revert { output, .. } => (End::Reverted(output), Vec::new()),
            ExecutionResult::Halt { reason, .. } => {
                let wants_gas = matches!(reason, HaltReason::OutOfGas(_));
                let reason = reason.to_string();
                (End::Halted(Halt { reason, wants_gas }), Vec::new())
            }
        };
        Self {
            end,
            gas_used,
            gas_spent: spent.max(gas_used),
            logs,
        }
    }
}

/// Why a call did not run.
#[derive(Debug, Clone, Error)]
pub enum CallError {
    #[error(transparent)]
    View(#[from] ViewError),
    /// It could not stand in a block as it is.
    #[error("{reason}")]
    Refused { reason: String, wants_gas: bool },
}

impl From<MachineError> for CallError {
    fn from(error: MachineError) -> Self {
        match error {
            EVMError::Database(error) => Self::View(error),
            EVMError::Transaction(why) => Self::Refused {
                wants_gas: matches!(
                    why,
                    InvalidTransaction::CallGasCostMoreThanGasLimit { .. }
                        | InvalidTransaction::GasFloorMoreThanGasLimit { .. }
                ),
                reason: match why {
                    InvalidTransaction::LackOfFundForMaxFee { fee, balance } => format!(
                        "insufficient funds for gas * price + value: the sender has {balance} units and needs {fee}"
                    ),
                    InvalidTransaction::CallGasCostMoreThanGasLimit {
                        initial_gas,
                        gas_limit,
                    } => {
                        format!(
                            "intrinsic gas too low: the gas limit is {gas_limit}, it needs {initial_gas}"
                        )
                    }
                    InvalidTransaction::GasFloorMoreThanGasLimit {
                        gas_floor,
                        gas_limit,
                    } => {
                        format!(
                            "intrinsic gas too low: the gas limit is {gas_limit}, its data needs {gas_floor}"
                        )
                    }
                    why => why.to_string(),
                },
            },
            other => Self::Refused {
                reason: other.to_string(),
                wants_gas: false,
            },
        }
    }
}

/// Calls on one state, each as if it were alone. What was read is remembered for the next.
pub struct Calls<'v> {
    machine: Machine<'v>,
}

/// What calls work in: no signature, no promise.
fn lenient<'v>(
    parameters: &Parameters,
    state: &'v dyn StateView,
    environment: &Environment,
) -> Context<'v> {
    let mut context = context(parameters, state, environment);
    context.cfg.disable_nonce_check = true;
    context.cfg.disable_block_gas_limit = true;
    context.cfg.disable_eip3607 = true;
    // The caller of this module decides how much a call may use.
    context.cfg.tx_gas_limit_cap = Some(u64::MAX);
    context
}

/// An EVM for few frames: room for many at once, as for a block, costs more than most calls.
fn light<'v, I>(context: Context<'v>, inspector: I) -> Machine<'v, I> {
    let spec = *context.cfg().spec();
    Machine {
        ctx: context,
        inspector,
        instruction: EthInstructions::new_mainnet_with_spec(spec),
        precompiles: EthPrecompiles::new(spec),
        frame_stack: FrameStack::new(),
    }
}

impl<'v> Calls<'v> {
    /// Calls in a block with this environment, on the state that its transactions so far have left.
    pub fn new(
        parameters: &Parameters,
        state: &'v dyn StateView,
        environment: &Environment,
    ) -> Self {
        let machine = light(lenient(parameters, state, environment), ());
        Self { machine }
    }

    /// With codes that were read before.
    #[must_use]
    pub fn knowing(mut self, known: &'v KnownCode) -> Self {
        self.machine.ctx_mut().db_mut().knowing(known);
        self
    }

    /// Runs a call; nothing stays of it.
    ///
    /// # Errors
    /// [`CallError`] when it does not even begin.
    pub fn run(&mut self, call: &Call) -> Result<Ran, CallError> {
        prepare(self.machine.ctx_mut(), call);
        let ran = WholeFee::new().run(&mut self.machine);
        self.machine.ctx.journaled_state.inner.state.clear();
        Ok(Ran::from(ran?))
    }
}

/// Runs a call if it does little: within about a millisecond, so that nothing need give way to it. None where it does more.
///
/// # Errors
/// [`CallError`] when it does not even begin.
pub fn run_if_brief(
    parameters: &Parameters,
    state: &dyn StateView,
    environment: &Environment,
    call: &Call,
    known: &KnownCode,
) -> Result<Option<Ran>, CallError> {
    let mut context = lenient(parameters, state, environment);
    context.db_mut().knowing(known);
    prepare(&mut context, call);
    let mut machine = light(context, Brief::default());
    match WholeFee::new().inspect_run(&mut machine) {
        Ok(ran) => Ok(Some(ran.into())),
        Err(EVMError::Custom(why)) if why == GIVEN_UP => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Runs a call with somebody looking on; gives back the machine too, with what the call changed in its journal.
pub(super) fn inspected<'v, I: Inspector<Context<'v>>>(
    parameters: &Parameters,
    state: &'v dyn StateView,
    environment: &Environment,
    call: &Call,
    inspector: I,
) -> Result<(ExecutionResult, Machine<'v, I>), CallError> {
    let mut context = lenient(parameters, state, environment);
    prepare(&mut context, call);
    let mut machine = light(context, inspector);
    let ran = WholeFee::new().inspect_run(&mut machine)?;
    Ok((ran, machine))
}

fn prepare(context: &mut Context<'_>, call: &Call) {
    // Who offers nothing pays nothing.
    context.cfg.disable_base_fee = call.greatest_fee == 0;
    let chain_id = context.cfg().chain_id;
    context.set_tx(TxEnv {
        tx_type: match (&call.priority_fee, call.access_list.is_empty()) {
            (Some(_), _) => TxType::Eip1559.into(),
            // The oldest type has no list, and is charged for none.
            (None, false) => TxType::Eip2930.into(),
            (None, true) => TxType::Legacy.into(),
        },
        caller: call.from,
        gas_limit: call.gas_limit,
        gas_price: call.greatest_fee,
        kind: call.to.map_or(TxKind::Create, TxKind::Call),
        value: call.value,
        data: call.input.clone(),
        nonce: 0,
        chain_id: Some(chain_id),
        access_list: call.access_list.clone(),
        gas_priority_fee: call.priority_fee,
        ..TxEnv::default()
    });
}

/// The accounts and words that a call touches beside its sender, its receiver and precompiles, and what it did with that list.
///
/// # Errors
/// [`CallError`] when the call does not even begin.
pub fn access_list(
    parameters: &Parameters,
    state: &dyn StateView,
    environment: &Environment,
    call: &Call,
) -> Result<(AccessList, Ran), CallError> {
    // A list changes what is left of the gas, and that may change what is touched: until nothing does.
    const ROUNDS: u32 = 5;
    let mut call = call.clone();
    for _ in 1..ROUNDS {
        let (list, ran) = touched(parameters, state, environment, &call)?;
        if list == call.access_list {
            return Ok((list, ran));
        }
        call.access_list = list;
    }
    touched(parameters, state, environment, &call)
}

fn touched(
    parameters: &Parameters,
    state: &dyn StateView,
    environment: &Environment,
    call: &Call,
) -> Result<(AccessList, Ran), CallError> {
    let inspector = AccessListInspector::new(call.access_list.clone());
    let (result, machine) = inspected(parameters, state, environment, call, inspector)?;
    Ok((machine.inspector.into_access_list(), Ran::from(result)))
}
