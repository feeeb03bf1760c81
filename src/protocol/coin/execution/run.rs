//! Transactions one after the other, from the state that the parent left to what the block changes.

use alloy_primitives::{B256, Bloom, U256};
use revm::context_interface::journaled_state::account::JournaledAccountTr;
use revm::context_interface::result::{EVMError, ExecutionResult};
use revm::context_interface::{ContextSetters, ContextTr, JournalTr};
use revm::handler::{EvmTr, Handler};

use super::super::broken::Broken;
use super::super::parameters::Parameters;
use super::super::state::{StateView, commit};
use super::super::subsidy::subsidy;
use super::super::transaction::Transaction;
use super::evm::{Machine, MachineError, WholeFee, machine, transaction as prepared};
use super::receipt::{Receipt, envelope, logs_bloom, receipts_root};
use super::settlement::settle;
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
        let checked = self.check(transaction);
        if !matches!(checked, Ok(Ok(()))) {
            // The check has warmed the sender.
            self.machine.ctx_mut().journal_mut().discard_tx();
            return checked;
        }
        self.machine.ctx_mut().set_tx(prepared(transaction));
        match WholeFee::new().run(&mut self.machine) {
            Ok(result) => {
                self.note(transaction, result);
                Ok(Ok(()))
            }
            Err(EVMError::Database(error)) => Err(error.into()),
            Err(error) => Err(refused(transaction, &error).into()),
        }
    }

    /// The rules of section 6 that a transaction obeys in a block, in their order.
    fn check(&mut self, transaction: &Transaction) -> Result<Result<(), Broken>, ExecutionError> {
        let sender = transaction.sender();
        let gas_left = self.gas_left();
        let journal = self.machine.ctx_mut().journal_mut();
        let account = &journal.load_account(sender)?.data.info;
        let nonce_holds = transaction.nonce() == account.nonce;
        let fee = transaction.greatest_fee();
        let cost = transaction.greatest_cost();
        Ok(if !nonce_holds {
            Err(Broken::TransactionNonce {
                sender,
                found: transaction.nonce(),
                expected: account.nonce,
            })
        } else if fee < u128::from(self.base_fee) {
            Err(Broken::TransactionFeeBelowBase {
                found: fee,
                base_fee: self.base_fee,
            })
        } else if cost.is_none_or(|cost| cost > account.balance) {
            Err(Broken::TransactionBalance {
                sender,
                balance: account.balance,
                needed: cost.map_or_else(|| "more than 2^256".to_owned(), |cost| cost.to_string()),
            })
        } else if !account.is_empty_code_hash() {
            Err(Broken::TransactionSenderHasCode { sender })
        } else if transaction.gas_limit() > gas_left {
            Err(Broken::TransactionGasOverBlock {
                found: transaction.gas_limit(),
                left: gas_left,
            })
        } else {
            Ok(())
        })
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
        let journal = self.machine.ctx_mut().journal_mut();
        if !self.subsidy.is_zero() {
            let mut miner = journal.load_account_mut(self.environment.miner)?;
            miner.incr_balance(self.subsidy);
        }
        let state = journal.finalize();
        let source = self.machine.ctx_mut().db_mut();
        let parent = source.parent;
        let (mut change, destroyed) = settle(&self.environment, self.subsidy, state, source)?;
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

/// The rules were checked, and the transaction's form before: the EVM has no reason left.
fn refused(transaction: &Transaction, error: &MachineError) -> Unsound {
    Unsound::Refused {
        transaction: transaction.hash(),
        detail: error.to_string(),
    }
}
