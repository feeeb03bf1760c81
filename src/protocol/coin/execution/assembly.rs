//! Execution for a block that is being made.

use std::sync::Arc;

use super::super::broken::Broken;
use super::super::parameters::Parameters;
use super::super::state::StateView;
use super::super::transaction::Transaction;
use super::run::Run;
use super::{Environment, Executed, ExecutionError};

/// Transactions that make a block, executed one by one. Bytes are not counted here: whoever adds looks to the block's limit of bytes.
pub struct Assembly<'v> {
    run: Run<'v>,
    transactions: Vec<Arc<Transaction>>,
}

impl<'v> Assembly<'v> {
    /// Nothing yet, on the state that the parent left.
    pub fn new(
        parameters: &Parameters,
        parent: &'v dyn StateView,
        environment: Environment,
    ) -> Self {
        Self {
            run: Run::new(parameters, parent, environment),
            transactions: Vec::new(),
        }
    }

    /// Adds a transaction, or says which rule keeps it out of this place; then nothing has changed, and others can be added.
    ///
    /// # Errors
    /// [`ExecutionError::View`] or [`ExecutionError::Unsound`], never a fault; the assembly is of no more use then.
    pub fn add(
        &mut self,
        transaction: &Arc<Transaction>,
    ) -> Result<Result<(), Broken>, ExecutionError> {
        let added = self.run.transact(transaction)?;
        if added.is_ok() {
            self.transactions.push(Arc::clone(transaction));
        }
        Ok(added)
    }

    /// What the block's limit leaves for further transactions.
    pub fn gas_left(&self) -> u64 {
        self.run.gas_left()
    }

    /// Pays the subsidy; gives the transactions in order, and what their block does.
    ///
    /// # Errors
    /// [`ExecutionError::View`] or [`ExecutionError::Unsound`], never a fault.
    pub fn finish(self) -> Result<(Vec<Arc<Transaction>>, Executed), ExecutionError> {
        let summary = self.run.summary();
        Ok((self.transactions, self.run.finish(summary)?))
    }
}
