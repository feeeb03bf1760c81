//! What a transaction did, step by step or call by call: transactions of a block run again on the state that they met.
//!
//! The traces are geth's, made by revm-inspectors.

use std::cell::RefCell;

use alloy_primitives::{Address, B256, U256};
use alloy_rpc_types_trace::geth::{
    FourByteFrame, GethDebugBuiltInTracerType as BuiltIn, GethDebugTracerType,
    GethDebugTracingOptions, GethTrace, NoopFrame,
};
use revm::bytecode::Bytecode;
use revm::context_interface::result::{ExecResultAndState, ExecutionResult};
use revm::context_interface::{ContextSetters, ContextTr};
use revm::handler::{EvmTr, Handler};
use revm::inspector::{Inspector, InspectorHandler};
use revm::state::AccountInfo;
use revm::{Database, DatabaseRef, MainBuilder};
use revm_inspectors::tracing::{
    FourByteInspector, TraceLimitBehavior, TraceLimits, TracingInspector, TracingInspectorConfig,
};
use thiserror::Error;

use super::super::block::CheckedBlock;
use super::super::parameters::Parameters;
use super::super::state::{StateView, ViewError};
use super::super::transaction::Transaction;
use super::call::{Call, CallError, Ran, inspected};
use super::evm::{Context, Machine, WholeFee, transaction as prepared};
use super::run::Run;
use super::weigh::{TOO_HEAVY, Weigh};
use super::working::Working;
use super::{Environment, ExecutionError};

/// Tracers by the names that geth gives them; without a name every step is told.
pub const TRACERS: [&str; 4] = ["callTracer", "prestateTracer", "4byteTracer", "noopTracer"];

/// Steps of one trace, unless fewer are asked for.
pub const MOST_STEPS: u64 = 200_000;
/// Bytes that a trace copies out of memory and input.
const MOST_BYTES: usize = 64 << 20;

/// Why there is no trace.
#[derive(Debug, Error)]
pub enum TraceError {
    #[error("there is no tracer `{0}`; there are {list}, and without a tracer every step is told", list = TRACERS.join(", "))]
    NoSuchTracer(String),
    #[error("the tracer's configuration does not read: {0}")]
    Configuration(String),
    #[error("the trace has more than {MOST_BYTES} bytes; leave memory out, or set a limit")]
    TooLong,
    #[error(
        "the trace has too many steps with deep stacks, or too many calls; set a limit, disableStack, or use another tracer"
    )]
    TooHeavy,
    #[error(transparent)]
    Call(#[from] CallError),
    /// The block does not execute: something kept is damaged.
    #[error("the transactions before it do not execute: {0}")]
    Before(String),
}

impl From<ViewError> for TraceError {
    fn from(error: ViewError) -> Self {
        Self::Call(CallError::View(error))
    }
}

impl From<ExecutionError> for TraceError {
    fn from(error: ExecutionError) -> Self {
        match error {
            ExecutionError::View(error) => error.into(),
            error => Self::Before(error.to_string()),
        }
    }
}

/// Where it runs.
enum Place<'v, 's> {
    /// Behind the transactions of a block that come before.
    Within(Box<Context<'v>>, &'s Transaction),
    On(&'s Parameters, &'v dyn StateView, &'s Environment, &'s Call),
}

/// A transaction of a block, run again on the state that its parent left.
///
/// # Errors
/// [`TraceError`].
pub fn trace_transaction(
    parameters: &Parameters,
    parent: &dyn StateView,
    block: &CheckedBlock,
    index: usize,
    options: &GethDebugTracingOptions,
) -> Result<GethTrace, TraceError> {
    let (context, transaction) = before(parameters, parent, block, index)?;
    traced(Place::Within(Box::new(context), transaction), options)
}

/// A call on a state.
///
/// # Errors
/// [`TraceError`].
pub fn trace_call(
    parameters: &Parameters,
    state: &dyn StateView,
    environment: &Environment,
    call: &Call,
    options: &GethDebugTracingOptions,
) -> Result<GethTrace, TraceError> {
    traced(Place::On(parameters, state, environment, call), options)
}

/// A transaction of a block, run again: how it ended.
///
/// # Errors
/// [`TraceError::Call`] or [`TraceError::Before`].
pub fn replay(
    parameters: &Parameters,
    parent: &dyn StateView,
    block: &CheckedBlock,
    index: usize,
) -> Result<Ran, TraceError> {
    let (context, transaction) = before(parameters, parent, block, index)?;
    let mut machine = context.build_mainnet();
    machine.ctx_mut().set_tx(prepared(transaction));
    let ran = WholeFee::new().run(&mut machine).map_err(CallError::from)?;
    Ok(ran.into())
}

/// What transaction `index` of a block met.
fn before<'v, 'b>(
    parameters: &Parameters,
    parent: &'v dyn StateView,
    block: &'b CheckedBlock,
    index: usize,
) -> Result<(Context<'v>, &'b Transaction), TraceError> {
    let mut run = Run::new(parameters, parent, Environment::of(block.record()));
    let (earlier, rest) = block
        .transactions()
        .split_at_checked(index)
        .ok_or_else(|| TraceError::Before(format!("the block has no place {index}")))?;
    let transaction = rest
        .first()
        .ok_or_else(|| TraceError::Before(format!("the block has no place {index}")))?;
    for transaction in earlier {
        let ran = run.transact(transaction)?;
        ran.map_err(|rule| TraceError::Before(rule.to_string()))?;
    }
    let mut context = run.into_context();
    // It stands in a block: whoever may have sent it.
    context.cfg.disable_eip3607 = true;
    Ok((context, transaction))
}

fn traced(
    place: Place<'_, '_>,
    options: &GethDebugTracingOptions,
) -> Result<GethTrace, TraceError> {
    let configuration = |error: serde_json::Error| TraceError::Configuration(error.to_string());
    let settings = options.tracer_config.clone();
    match &options.tracer {
        None => {
            let mut asked = options.config;
            let limit = asked.limit.filter(|limit| *limit > 0).unwrap_or(MOST_STEPS);
            asked.limit = Some(limit.min(MOST_STEPS));
            let told = bounded(TracingInspectorConfig::from_geth_config(&asked));
            let steps = match asked.is_stack_enabled() {
                true => limit.min(MOST_STEPS),
                false => 0,
            };
            let (result, machine, gas_limit) = place.run((Weigh::steps(steps), told))?;
            let inspector = whole(machine.inspector.1)?.with_transaction_gas_limit(gas_limit);
            let output = result.output().cloned().unwrap_or_default();
            let trace = inspector.into_geth_builder();
            Ok(trace
                .geth_traces(result.tx_gas_used(), output, asked)
                .into())
        }
        Some(GethDebugTracerType::BuiltInTracer(BuiltIn::CallTracer)) => {
            let asked = settings.into_call_config().map_err(configuration)?;
            let (result, machine, gas_limit) = place.run(bounded(
                TracingInspectorConfig::from_geth_call_config(&asked),
            ))?;
            let inspector = whole(machine.inspector)?.with_transaction_gas_limit(gas_limit);
            let trace = inspector.into_geth_builder();
            Ok(trace.geth_call_traces(asked, result.tx_gas_used()).into())
        }
        Some(GethDebugTracerType::BuiltInTracer(BuiltIn::PreStateTracer)) => {
            let asked = settings.into_pre_state_config().map_err(configuration)?;
            let told = bounded(TracingInspectorConfig::from_geth_prestate_config(&asked));
            let (result, mut machine, _) = place.run((Weigh::frames(), told))?;
            let nothing = bounded(TracingInspectorConfig::none());
            let inspector = whole(std::mem::replace(&mut machine.inspector.1, nothing))?;
            let state = std::mem::take(&mut machine.ctx.journaled_state.inner.state);
            let found = ExecResultAndState { result, state };
            let earlier = Earlier(RefCell::new(machine.ctx.db_mut()));
            let trace = inspector.into_geth_builder();
            Ok(trace.geth_prestate_traces(&found, &asked, earlier)?.into())
        }
        Some(GethDebugTracerType::BuiltInTracer(BuiltIn::FourByteTracer)) => {
            let (_, machine, _) = place.run(FourByteInspector::default())?;
            Ok(FourByteFrame::from(&machine.inspector).into())
        }
        Some(GethDebugTracerType::BuiltInTracer(BuiltIn::NoopTracer)) => {
            Ok(NoopFrame::default().into())
        }
        Some(other) => {
            let name = serde_json::to_value(other).unwrap_or_default();
            let name = name.as_str().unwrap_or_default();
            Err(TraceError::NoSuchTracer(name.chars().take(60).collect()))
        }
    }
}

fn bounded(config: TracingInspectorConfig) -> TracingInspector {
    let limits = TraceLimits::default()
        .set_max_recorded_bytes(Some(MOST_BYTES))
        .set_behavior(TraceLimitBehavior::Skip);
    TracingInspector::new(config).with_limits(limits)
}

fn whole(inspector: TracingInspector) -> Result<TracingInspector, TraceError> {
    match inspector.limit_exceeded() {
        false => Ok(inspector),
        true => Err(TraceError::TooLong),
    }
}

impl<'v> Place<'v, '_> {
    /// Runs it; with the gas that it was given.
    fn run<I: Inspector<Context<'v>>>(
        self,
        inspector: I,
    ) -> Result<(ExecutionResult, Machine<'v, I>, u64), TraceError> {
        self.ran(inspector).map_err(|error| match error {
            CallError::Refused { reason, .. } if reason == TOO_HEAVY => TraceError::TooHeavy,
            error => error.into(),
        })
    }

    fn ran<I: Inspector<Context<'v>>>(
        self,
        inspector: I,
    ) -> Result<(ExecutionResult, Machine<'v, I>, u64), CallError> {
        match self {
            Self::Within(context, transaction) => {
                let mut machine = context.build_mainnet_with_inspector(inspector);
                machine.ctx_mut().set_tx(prepared(transaction));
                let result = WholeFee::new().inspect_run(&mut machine)?;
                Ok((result, machine, transaction.gas_limit()))
            }
            Self::On(parameters, state, environment, call) => {
                let (result, machine) = inspected(parameters, state, environment, call, inspector)?;
                Ok((result, machine, call.gas_limit))
            }
        }
    }
}

/// The state before the transaction, whose changes are not taken over yet.
struct Earlier<'w, 'v>(RefCell<&'w mut Working<'v>>);

impl DatabaseRef for Earlier<'_, '_> {
    type Error = ViewError;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, ViewError> {
        self.0.borrow_mut().basic(address)
    }

    fn code_by_hash_ref(&self, hash: B256) -> Result<Bytecode, ViewError> {
        self.0.borrow_mut().code_by_hash(hash)
    }

    fn storage_ref(&self, address: Address, slot: U256) -> Result<U256, ViewError> {
        self.0.borrow_mut().storage(address, slot)
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, ViewError> {
        self.0.borrow_mut().block_hash(number)
    }
}
