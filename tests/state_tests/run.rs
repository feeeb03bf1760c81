//! One case on the project's own execution.
//!
//! In one thing coin differs from ethereum: the base fee is the miner's. It gets it at the end of the transaction, when the EVM has stopped, so that nothing can see it there; here it is
//! taken away again before the state root is compared.

use std::collections::BTreeMap;
use std::sync::Arc;

use alloy_consensus::constants::{EMPTY_ROOT_HASH, KECCAK_EMPTY};
use alloy_consensus::crypto::secp256k1::sign_message;
use alloy_consensus::{SignableTransaction, TxEnvelope};
use alloy_eips::eip2718::{Decodable2718, Encodable2718};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_trie::TrieAccount;
use alloy_trie::root::{state_root_unhashed, storage_root_unhashed};
use anyhow::Context;
use bcoin::protocol::coin::broken::Broken;
use bcoin::protocol::coin::execution::{Assembly, Environment, Executed};
use bcoin::protocol::coin::parameters::{Parameters, Spec};
use bcoin::protocol::coin::state::{Account, Before as Undo, BlockChange, MemoryState, StateView};
use bcoin::protocol::coin::transaction::Transaction;

use crate::fixture::{Before, Case};

/// What came of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// As ethereum has it.
    Passed,
    /// The rule that keeps the transaction out of coin, where ethereum takes it, or does not look at its type.
    Refused(&'static str),
    /// Not as ethereum has it; how.
    Differs(String),
}

/// Runs a case.
pub fn run(case: &Case) -> Outcome {
    match attempt(case) {
        Ok(outcome) => outcome,
        Err(error) => Outcome::Differs(format!("{error:#}")),
    }
}

fn attempt(case: &Case) -> anyhow::Result<Outcome> {
    let parameters = Parameters {
        chain_id: 1,
        subsidy: 0,
        gas_limit: case.env.current_gas_limit.try_into()?,
        base_fee: case
            .env
            .current_base_fee
            .context("no base fee")?
            .try_into()?,
        ..Parameters::dev()
    };
    let environment = Environment {
        number: case.env.current_number.try_into()?,
        time: case.env.current_timestamp.try_into()?,
        miner: case.env.current_coinbase,
        mix_hash: case.env.current_random.context("no PREVRANDAO")?,
    };
    let mut state = state_of(&case.pre, environment.number)?;
    let (executed, logs) = match execute(case, &parameters, &state, environment)? {
        Ok(executed) => executed,
        Err(broken) => return Ok(judge_refusal(case, &broken)),
    };
    if !case.exceptions.is_empty() {
        let expected = case.exceptions.join(" or ");
        return Ok(Outcome::Differs(format!("taken in spite of {expected}")));
    }
    state.connect(B256::ZERO, executed.state_root, &executed.change);
    let mut accounts = accounts_of(&state);
    let root = root_of(&accounts);
    if root != executed.state_root {
        let claimed = executed.state_root;
        return Ok(Outcome::Differs(format!(
            "execution says root {claimed}, its accounts have {root}"
        )));
    }
    burn_base_fee(&mut accounts, &parameters, &environment, executed.gas_used);
    let root = root_of(&accounts);
    if logs != case.logs {
        return Ok(Outcome::Differs(format!("logs {logs}, not {}", case.logs)));
    }
    if root != case.root {
        let gas = executed.gas_used;
        return Ok(Outcome::Differs(format!(
            "root {root}, not {}, gas {gas}",
            case.root
        )));
    }
    Ok(Outcome::Passed)
}

/// The transaction executed, and the hash of its logs; or the rule that it breaks.
fn execute(
    case: &Case,
    parameters: &Parameters,
    state: &MemoryState,
    environment: Environment,
) -> anyhow::Result<Result<(Executed, B256), Broken>> {
    let transaction = match Transaction::decode(protected(case)?, parameters, Spec::Osaka) {
        Ok(transaction) => transaction,
        Err(broken) => return Ok(Err(broken)),
    };
    let mut assembly = Assembly::new(parameters, state, environment);
    if let Err(broken) = assembly.add(&Arc::new(transaction))? {
        return Ok(Err(broken));
    }
    let (_, executed) = assembly.finish()?;
    let logs: Vec<_> = executed
        .receipts
        .iter()
        .flat_map(|receipt| receipt.envelope.logs())
        .collect();
    let mut encoded = Vec::new();
    alloy_rlp::encode_list::<_, alloy_primitives::Log>(&logs, &mut encoded);
    Ok(Ok((executed, keccak256(encoded))))
}

/// The envelope; where it is a legacy one without a chain id, which coin refuses, signed anew by the same key with one. Nothing in the EVM sees the difference.
fn protected(case: &Case) -> anyhow::Result<Bytes> {
    let Ok(TxEnvelope::Legacy(legacy)) = TxEnvelope::decode_2718_exact(&case.envelope) else {
        return Ok(case.envelope.clone());
    };
    let (Some(key), None) = (case.secret_key, legacy.tx().chain_id) else {
        return Ok(case.envelope.clone());
    };
    let mut legacy = legacy.strip_signature();
    legacy.chain_id = Some(1);
    let signature = sign_message(key, legacy.signature_hash())?;
    Ok(TxEnvelope::from(legacy.into_signed(signature))
        .encoded_2718()
        .into())
}

/// The state before block `number`, after blocks whose hashes ethereum's tests make of their numbers.
fn state_of(pre: &BTreeMap<Address, Before>, number: u64) -> anyhow::Result<MemoryState> {
    let mut change = BlockChange::default();
    for (address, before) in pre {
        let account = Account {
            nonce: before.nonce.try_into()?,
            balance: before.balance,
            code_hash: keccak256(&before.code),
            storage_root: EMPTY_ROOT_HASH,
        };
        change.accounts.insert(*address, Some(account));
        change.undo.push(Undo::Account(*address, None));
        if account.code_hash != KECCAK_EMPTY {
            change.codes.insert(account.code_hash, before.code.clone());
        }
        for (slot, word) in before.storage.iter().filter(|(_, word)| !word.is_zero()) {
            change.slots.insert((*address, *slot), *word);
            change.undo.push(Undo::Slot(*address, *slot, U256::ZERO));
        }
    }
    let hash = |number: u64| keccak256(number.to_string());
    let mut state = MemoryState::filled(hash(0), change)?;
    let root = state.state_root()?;
    for before in 1..number {
        state.connect(hash(before), root, &BlockChange::default());
    }
    Ok(state)
}

fn accounts_of(state: &MemoryState) -> BTreeMap<Address, TrieAccount> {
    let mut words: BTreeMap<Address, Vec<(B256, U256)>> = BTreeMap::new();
    for ((address, slot), word) in state.slots() {
        let words = words.entry(*address).or_default();
        words.push((B256::from(*slot), *word));
    }
    let accounts = state.accounts().iter().map(|(address, account)| {
        let storage_root = words
            .remove(address)
            .map_or(EMPTY_ROOT_HASH, storage_root_unhashed);
        let account = TrieAccount {
            nonce: account.nonce,
            balance: account.balance,
            storage_root,
            code_hash: account.code_hash,
        };
        (*address, account)
    });
    accounts.collect()
}

fn root_of(accounts: &BTreeMap<Address, TrieAccount>) -> B256 {
    state_root_unhashed(accounts.iter().map(|(at, account)| (*at, *account)))
}

/// Takes from the miner what ethereum burns and coin does not.
fn burn_base_fee(
    accounts: &mut BTreeMap<Address, TrieAccount>,
    parameters: &Parameters,
    environment: &Environment,
    gas_used: u64,
) {
    let burnt = U256::from(parameters.base_fee) * U256::from(gas_used);
    // A miner that the transaction itself made and ended has nothing any more, on both chains.
    let Some(miner) = accounts.get_mut(&environment.miner) else {
        return;
    };
    miner.balance -= burnt;
    if miner.nonce == 0 && miner.balance.is_zero() && miner.code_hash == KECCAK_EMPTY {
        accounts.remove(&environment.miner);
    }
}

fn judge_refusal(case: &Case, broken: &Broken) -> Outcome {
    let found = broken.name();
    // For its type alone, whatever ethereum says of it.
    if case.exceptions.is_empty() || found == "tx_type" {
        return Outcome::Refused(found);
    }
    let allowed = case.exceptions.iter().flat_map(|one| rules_for(one));
    if allowed.into_iter().any(|rule| *rule == found) {
        return Outcome::Passed;
    }
    let expected = case.exceptions.join(" or ");
    Outcome::Differs(format!("refused by {found}, not for {expected}"))
}

/// The rules of coin, by name, that an exception of ethereum's tests may meet.
fn rules_for(exception: &str) -> &'static [&'static str] {
    let name = exception.rsplit('.').next().unwrap_or(exception);
    match name {
        "INSUFFICIENT_ACCOUNT_FUNDS" => &["tx_balance"],
        "INTRINSIC_GAS_TOO_LOW" | "INTRINSIC_GAS_BELOW_FLOOR_GAS_COST" => &["tx_intrinsic_gas"],
        "SENDER_NOT_EOA" => &["tx_sender_has_code"],
        "GAS_LIMIT_EXCEEDS_MAXIMUM" => &["tx_gas_cap"],
        "GAS_ALLOWANCE_EXCEEDED" => &["tx_gas_over_block"],
        "INSUFFICIENT_MAX_FEE_PER_GAS" => &["tx_fee_below_base"],
        "INITCODE_SIZE_EXCEEDED" => &["tx_init_code"],
        "PRIORITY_GREATER_THAN_MAX_FEE_PER_GAS" => &["tx_priority_over_max"],
        // A fee a gas of 2^128 units or more cannot be read.
        "GASLIMIT_PRICE_PRODUCT_OVERFLOW" => &["tx_encoding"],
        "NONCE_MISMATCH_TOO_LOW" | "NONCE_MISMATCH_TOO_HIGH" => &["tx_nonce"],
        "NONCE_IS_MAX" => &["tx_nonce_max"],
        _ => &[],
    }
}
