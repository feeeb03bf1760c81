//! Transactions one after the other, from the state that the parent left to what the block changes.

use alloy_consensus::constants::KECCAK_EMPTY;
use alloy_primitives::{B256, Bloom, U256};
use revm::Journal;
use revm::context_interface::result::{EVMError, ExecutionResult};
use revm::context_interface::{ContextSetters, ContextTr};
use revm::handler::{EvmTr, Handler};

use super::super::broken::Broken;
use super::super::parameters::Parameters;
use super::super::state::{StateView, commit};
use super::super::subsidy::subsidy;
use super::super::transaction::Transaction;
use super::evm::{Context, Machine, MachineError, WholeFee, machine, transaction as prepared};
use super::receipt::{Receipt, envelope, logs_bloom, receipts_root};
use super::settlement::settle;
use super::working::Working;
use super::{Environment, Executed, ExecutionError, Unsound};

pub(super) struct Run<'v> {
    machine: Machine<'v>,
    environment: Environment,
    gas_limit: u64,
    base_fee: u64,
    subsidy: U256,
    gas_used: u64,
    receipts: Vec<Receipt>,
}

/// What a record says of a block's transactions, but for the state.
pub(super) struct Summary {
    pub(super) gas_used: u64,
    pub(super) receipts_root: B256,
    pub(super) logs_bloom: Bloom,
}

impl<'v> Run<'v> {
    pub(super) fn new(
        parameters: &Parameters,
        parent: &'v dyn StateView,
        environment: Environment,
    ) -> Self {
        Self {
            machine: machine(parameters, parent, &environment),
            environment,
            gas_limit: parameters.gas_limit,
            base_fee: parameters.base_fee,
            subsidy: subsidy(parameters, environment.number),
            gas_used: 0,
            receipts: Vec::new(),
        }
    }

    pub(super) fn gas_left(&self) -> u64 {
        self.gas_limit - self.gas_used
    }

    /// Executes a transaction, or says which rule it breaks; then it has left nothing behind.
    pub(super) fn transact(
        &mut self,
        transaction: &Transaction,
    ) -> Result<Result<(), Broken>, ExecutionError> {
        let sender = self.working().held(transaction.sender())?;
        let facts = Facts {
            nonce: sender.nonce,
            balance: sender.balance,
            code_hash: sender.code_hash,
            base_fee: self.base_fee,
            gas_left: self.gas_left(),
        };
        if let Err(broken) = has_a_place(transaction, &facts) {
            return Ok(Err(broken));
        }
        let context = self.machine.ctx_mut();
        // The rule was checked.
        context.cfg.disable_eip3607 = transaction.is_impersonated();
        context.set_tx(prepared(transaction));
        let ran = WholeFee::new().run(&mut self.machine);
        let Journal { database, inner } = &mut self.machine.ctx.journaled_state;
        // The journal is as at the beginning, but for the accounts in it; the map's memory serves the next transaction.
        let touched = inner.state.drain();
        match ran {
            Ok(result) => {
                database.take_over(touched)?;
                self.note(transaction, result);
                Ok(Ok(()))
            }
            Err(EVMError::Database(error)) => Err(error.into()),
            Err(error) => Err(refused(transaction, &error).into()),
        }
    }

    /// What the next transaction would meet.
    pub(super) fn into_context(self) -> Context<'v> {
        self.machine.ctx
    }

    fn working(&mut self) -> &mut Working<'v> {
        self.machine.ctx_mut().db_mut()
    }

    fn note(&mut self, transaction: &Transaction, result: ExecutionResult) {
        let gas_used = result.tx_gas_used();
        self.gas_used += gas_used;
        let succeeded = result.is_success();
        let created = result.created_address();
        let kind = transaction.envelope().tx_type();
        let logs = result.into_logs();
        self.receipts.push(Receipt {
            envelope: envelope(kind, succeeded, self.gas_used, logs),
            gas_used,
            price: transaction.fee_a_gas(self.base_fee),
            created,
        });
    }

    pub(super) fn summary(&self) -> Summary {
        Summary {
            gas_used: self.gas_used,
            receipts_root: receipts_root(&self.receipts),
            logs_bloom: logs_bloom(&self.receipts),
        }
    }

    /// Pays the subsidy, and finds out what the block changes.
    pub(super) fn finish(mut self, summary: Summary) -> Result<Executed, ExecutionError> {
        let (environment, subsidy) = (self.environment, self.subsidy);
        let working = self.working();
        if !subsidy.is_zero() {
            let miner = working.held(environment.miner)?;
            miner.balance = miner.balance.saturating_add(subsidy);
        }
        let (mut change, destroyed) = settle(&environment, subsidy, working)?;
        let parent = working.parent();
        let state_root = commit(&mut change, parent, parent.state_root()?)?;
        Ok(Executed {
            change,
            receipts: self.receipts,
            gas_used: summary.gas_used,
            logs_bloom: summary.logs_bloom,
            receipts_root: summary.receipts_root,
            state_root,
            destroyed,
        })
    }
}

/// What a transaction's place in a block depends on.
struct Facts {
    nonce: u64,
    balance: U256,
    code_hash: B256,
    base_fee: u64,
    gas_left: u64,
}

/// The rules of section 6 that a transaction obeys in a block, in their order.
fn has_a_place(transaction: &Transaction, facts: &Facts) -> Result<(), Broken> {
    let sender = transaction.sender();
    if transaction.nonce() != facts.nonce {
        return Err(Broken::TransactionNonce {
            sender,
            found: transaction.nonce(),
            expected: facts.nonce,
        });
    }
    let fee = transaction.greatest_fee();
    if fee < u128::from(facts.base_fee) {
        return Err(Broken::TransactionFeeBelowBase {
            found: fee,
            base_fee: facts.base_fee,
        });
    }
    let cost = transaction.greatest_cost();
    if cost.is_none_or(|cost| cost > facts.balance) {
        return Err(Broken::TransactionBalance {
            sender,
            balance: facts.balance,
            needed: cost.map_or_else(|| "more than 2^256".to_owned(), |cost| cost.to_string()),
        });
    }
    if facts.code_hash != KECCAK_EMPTY && !transaction.is_impersonated() {
        return Err(Broken::TransactionSenderHasCode { sender });
    }
    if transaction.gas_limit() > facts.gas_left {
        return Err(Broken::TransactionGasOverBlock {
            found: transaction.gas_limit(),
            left: facts.gas_left,
        });
    }
    Ok(())
}

/// The rules were checked, and the transaction's form before: the EVM has no reason left.
fn refused(transaction: &Transaction, error: &MachineError) -> Unsound {
    Unsound::Refused {
        transaction: transaction.hash(),
        detail: error.to_string(),
    }
}
