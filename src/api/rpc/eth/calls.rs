//! Calls that change nothing, and what a transaction would need.

use std::collections::HashMap;

use alloy_eips::BlockId;
use alloy_eips::eip2930::AccessListResult;
use alloy_primitives::{Address, Bytes, TxKind, U256};
use alloy_rpc_types_eth::state::StateOverride;
use alloy_rpc_types_eth::{BlockOverrides, TransactionRequest};

use super::super::Rpc;
use super::super::arguments::Arguments;
use super::super::at::{At, at};
use super::super::error::{RpcError, of_end};
use super::super::methods::{Methods, Patience};
use super::accounts::block;
use crate::limits::RPC_CALL_GAS;
use crate::protocol::coin::execution::{
    AccountOverride, Call, CallError, Calls, End, Environment, KnownCode, Overridden, Ran,
    access_list, run_if_brief,
};
use crate::protocol::coin::parameters::Parameters;
use crate::protocol::coin::revert;
use crate::protocol::coin::state::StateView;
use crate::protocol::coin::transaction::GAS_CAP;

/// What a transfer that runs no code uses.
const TRANSFER_GAS: u64 = 21_000;

pub fn register(methods: &mut Methods) {
    methods.brief("eth_call", call);
    methods.executing("eth_estimateGas", estimate);
    methods.executing("eth_createAccessList", create_access_list);
}

/// A call, and where it runs.
pub struct Asked {
    pub request: TransactionRequest,
    pub block: BlockId,
    pub state: StateOverride,
    pub around: BlockOverrides,
}

impl Asked {
    /// # Errors
    /// [`RpcError::Parameter`].
    pub fn read(mut arguments: Arguments) -> Result<Self, RpcError> {
        let asked = Self {
            request: arguments.required("transaction")?,
            block: block(&mut arguments)?,
            state: arguments.optional("state overrides")?.unwrap_or_default(),
            around: arguments.optional("block overrides")?.unwrap_or_default(),
        };
        arguments.end()?;
        Ok(asked)
    }
}

/// Where a call runs: parameters, state and environment, overrides and all.
pub struct Place<'s> {
    pub parameters: Parameters,
    pub state: &'s dyn StateView,
    pub environment: Environment,
    pub known: &'s KnownCode,
}

/// Runs `work` where the call is to run.
///
/// # Errors
/// [`RpcError::NotFound`] for an unknown block, and what `work` fails with.
pub fn placed<T>(
    rpc: &Rpc,
    block: BlockId,
    state: StateOverride,
    around: &BlockOverrides,
    work: impl FnOnce(&Place<'_>) -> Result<T, RpcError>,
) -> Result<T, RpcError> {
    let (chain, node) = (rpc.chain()?, rpc.node());
    let others = overrides(state)?;
    at(node, &chain, block, rpc.depths(), |found| {
        let (parameters, environment) = surrounded(node.parameters(), &found, around)?;
        if others.is_empty() {
            return work(&Place {
                parameters,
                state: found.state,
                environment,
                known: &rpc.code,
            });
        }
        let state = Overridden::new(found.state, others);
        work(&Place {
            parameters,
            state: &state,
            environment,
            known: &rpc.code,
        })
    })
}

fn overrides(state: StateOverride) -> Result<HashMap<Address, AccountOverride>, RpcError> {
    let wrong = |why: String| RpcError::parameter("state overrides", why);
    let one = |(address, account): (Address, alloy_rpc_types_eth::state::AccountOverride)| {
        if account.move_precompile_to.is_some() {
            return Err(wrong("precompiles stay where they are here".to_owned()));
        }
        if account.state.is_some() && account.state_diff.is_some() {
            return Err(wrong(format!("{address} has both `state` and `stateDiff`")));
        }
        let empties_storage = account.state.is_some();
        let slots = account.state.or(account.state_diff).unwrap_or_default();
        let slots = slots
            .into_iter()
            .map(|(slot, value)| (slot.into(), value.into()));
        let other = AccountOverride {
            nonce: account.nonce,
            balance: account.balance,
            code: account.code,
            slots: slots.collect(),
            empties_storage,
        };
        Ok((address, other))
    };
    state.into_iter().map(one).collect()
}

fn surrounded(
    parameters: &Parameters,
    found: &At<'_>,
    around: &BlockOverrides,
) -> Result<(Parameters, Environment), RpcError> {
    let wrong = |why: &str| RpcError::parameter("block overrides", why);
    // Without the accounts of the first block, which nothing here reads.
    let mut parameters = Parameters {
        accounts: Vec::new(),
        specs: parameters.specs.clone(),
        name: String::new(),
        ..*parameters
    };
    let mut environment = found.environment;
    if let Some(number) = around.number {
        environment.number =
            u64::try_from(number).map_err(|_| wrong("`number` has more than 64 bits"))?;
    }
    if let Some(time) = around.time {
        environment.time =
            u32::try_from(time).map_err(|_| wrong("`time` has more than 32 bits"))?;
    }
    environment.miner = around.coinbase.unwrap_or(environment.miner);
    environment.mix_hash = around.random.unwrap_or(environment.mix_hash);
    parameters.gas_limit = around.gas_limit.unwrap_or(parameters.gas_limit);
    if let Some(base_fee) = around.base_fee {
        parameters.base_fee =
            u64::try_from(base_fee).map_err(|_| wrong("`baseFeePerGas` has more than 64 bits"))?;
    }
    Ok((parameters, environment))
}

/// A request as a call that may use at most `most_gas`.
///
/// # Errors
/// [`RpcError::Parameter`] for what no transaction of this chain says.
pub fn call_of(
    request: &TransactionRequest,
    chain_id: u64,
    most_gas: u64,
) -> Result<Call, RpcError> {
    let wrong = |why: String| RpcError::parameter("transaction", why);
    if let Some(found) = request.chain_id
        && found != chain_id
    {
        return Err(wrong(format!(
            "it is for chain {found}, this is {chain_id}"
        )));
    }
    if request.blob_versioned_hashes.is_some() || request.max_fee_per_blob_gas.is_some() {
        return Err(wrong("this chain takes no blobs".to_owned()));
    }
    if request.authorization_list.is_some() {
        return Err(wrong(
            "this chain takes no set-code transactions".to_owned(),
        ));
    }
    let input = request.input.clone();
    if input.unique_input().is_err() {
        return Err(wrong("`input` and `data` differ".to_owned()));
    }
    let (greatest_fee, priority_fee) = fees_of(request)?;
    let gas_limit = request.gas.unwrap_or(most_gas).min(most_gas);
    Ok(Call {
        from: request.from.unwrap_or_default(),
        to: match request.to {
            Some(TxKind::Call(to)) => Some(to),
            _ => None,
        },
        gas_limit,
        greatest_fee,
        priority_fee,
        value: request.value.unwrap_or_default(),
        input: input.into_input().unwrap_or_default(),
        access_list: request.access_list.clone().unwrap_or_default(),
    })
}

/// The greatest fee a gas, and what of it is for the miner.
fn fees_of(request: &TransactionRequest) -> Result<(u128, Option<u128>), RpcError> {
    let wrong = |why: &str| Err(RpcError::parameter("transaction", why));
    let TransactionRequest {
        gas_price,
        max_fee_per_gas,
        max_priority_fee_per_gas,
        ..
    } = request;
    match (gas_price, max_fee_per_gas, max_priority_fee_per_gas) {
        (Some(_), Some(_), _) | (Some(_), _, Some(_)) => {
            wrong("both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified")
        }
        (Some(price), None, None) => Ok((*price, None)),
        (None, None, None | Some(_)) => Ok((0, None)),
        (None, Some(0), _) => Ok((0, None)),
        (None, Some(most), priority) => {
            let priority = priority.unwrap_or(0);
            if priority > *most {
                return wrong("maxPriorityFeePerGas is above maxFeePerGas");
            }
            Ok((*most, Some(priority)))
        }
    }
}

fn call(rpc: &Rpc, arguments: Arguments, patience: Patience) -> Result<Option<Bytes>, RpcError> {
    let asked = Asked::read(arguments)?;
    let is_brief = patience == Patience::Brief;
    // What waits is executed first, and a former state is walked to.
    if is_brief && asked.block != BlockId::latest() {
        return Ok(None);
    }
    let call = call_of(
        &asked.request,
        rpc.node().parameters().chain_id,
        RPC_CALL_GAS as u64,
    )?;
    placed(rpc, asked.block, asked.state, &asked.around, |place| {
        let (parameters, state, environment) = (&place.parameters, place.state, &place.environment);
        let ran = if is_brief {
            run_if_brief(parameters, state, environment, &call, &rpc.code)?
        } else {
            let mut calls = Calls::new(parameters, state, environment).knowing(&rpc.code);
            Some(calls.run(&call)?)
        };
        ran.map(|ran| Ok(of_end(ran)?.output())).transpose()
    })
}

fn create_access_list(rpc: &Rpc, arguments: Arguments) -> Result<AccessListResult, RpcError> {
    let asked = Asked::read(arguments)?;
    let call = call_of(&asked.request, rpc.node().parameters().chain_id, GAS_CAP)?;
    placed(rpc, asked.block, asked.state, &asked.around, |place| {
        let (list, ran) = access_list(&place.parameters, place.state, &place.environment, &call)?;
        let error = match &ran.end {
            End::Returned(_) | End::Created(..) => None,
            End::Reverted(data) => Some(revert::sentence(data)),
            End::Halted(halt) => Some(halt.to_string()),
        };
        Ok(AccessListResult {
            access_list: list,
            gas_used: U256::from(ran.gas_used),
            error,
        })
    })
}

fn estimate(rpc: &Rpc, arguments: Arguments) -> Result<U256, RpcError> {
    let asked = Asked::read(arguments)?;
    let node = rpc.node();
    let most = GAS_CAP.min(node.parameters().gas_limit);
    let call = call_of(&asked.request, node.parameters().chain_id, most)?;
    placed(rpc, asked.block, asked.state, &asked.around, |place| {
        let gas = estimated(place, call)?;
        Ok(U256::from(gas))
    })
}

/// The least gas with which the call does what it is to do, and at most a hundredth more.
///
/// # Errors
/// What the call fails with when it has all the gas that it may have.
pub fn estimated(place: &Place<'_>, mut call: Call) -> Result<u64, RpcError> {
    affordable(place, &mut call)?;
    let calls = Calls::new(&place.parameters, place.state, &place.environment);
    let mut calls = calls.knowing(place.known);
    let mut with = |gas: u64| -> Result<Option<Ran>, RpcError> {
        let ran = calls.run(&Call {
            gas_limit: gas,
            ..call.clone()
        });
        match ran {
            Ok(ran) if ran.succeeded() => Ok(Some(ran)),
            Ok(_) => Ok(None),
            Err(CallError::Refused {
                wants_gas: true, ..
            }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    };
    if call.input.is_empty()
        && call.access_list.is_empty()
        && call.gas_limit >= TRANSFER_GAS
        && let Some(to) = call.to
        && place
            .state
            .account(to)?
            .is_none_or(|account| account.code_hash == alloy_consensus::constants::KECCAK_EMPTY)
        && with(TRANSFER_GAS)?.is_some()
    {
        return Ok(TRANSFER_GAS);
    }
    let most = call.gas_limit;
    let Some(ran) = with(most)? else {
        return Err(why_not(&mut calls, &call));
    };
    // Less than what it used cannot do. What it needed in between comes back at the end; and of what it has, a call passes on all but a 64th.
    let (mut too_little, mut enough) = (ran.gas_used.saturating_sub(1), most);
    let guess = (ran.gas_spent + 2_300).saturating_mul(64) / 63;
    if guess < enough {
        match with(guess)? {
            Some(_) => enough = guess,
            None => too_little = guess,
        }
    }
    while too_little + 1 < enough && (enough - too_little) * 100 > enough {
        // Most calls need little more than they use.
        let middle = (too_little + (enough - too_little) / 2).min(too_little.saturating_mul(2));
        let middle = middle.clamp(too_little + 1, enough - 1);
        match with(middle)? {
            Some(_) => enough = middle,
            None => too_little = middle,
        }
    }
    Ok(enough)
}

/// Lowers the gas to what the sender can pay for, if a fee is offered.
fn affordable(place: &Place<'_>, call: &mut Call) -> Result<(), RpcError> {
    if call.greatest_fee == 0 {
        return Ok(());
    }
    let account = place.state.account(call.from)?;
    let balance = account.map_or(U256::ZERO, |account| account.balance);
    let Some(left) = balance.checked_sub(call.value) else {
        let why = format!(
            "insufficient funds for gas * price + value: {} has {balance} units, the value alone is {}",
            call.from, call.value
        );
        return Err(RpcError::Failed(why));
    };
    let payable = left / U256::from(call.greatest_fee);
    let payable = u64::try_from(payable).unwrap_or(u64::MAX);
    call.gas_limit = call.gas_limit.min(payable);
    Ok(())
}

/// What the call fails with.
fn why_not(calls: &mut Calls<'_>, call: &Call) -> RpcError {
    match calls.run(call) {
        Ok(ran) => match ran.end {
            End::Halted(halt) if halt.wants_gas => RpcError::Failed(format!(
                "gas required exceeds allowance ({}): {halt}",
                call.gas_limit
            )),
            _ => of_end(ran)
                .err()
                .unwrap_or_else(|| RpcError::Internal("a call failed and then did not".to_owned())),
        },
        Err(CallError::Refused {
            wants_gas: true,
            reason,
        }) => RpcError::Failed(format!(
            "gas required exceeds allowance ({}): {reason}",
            call.gas_limit
        )),
        Err(error) => error.into(),
    }
}
