//! A contract that is on a chain: called, sent to, listened to.

use alloy_json_abi::JsonAbi;
use alloy_primitives::{Address, U256};

use super::arguments::Argument;
use super::interface;
use super::program::{Account, ContractError, Done, Node, Step, refused};
use super::reading::no_names;
use super::rpc::{Call, LogsOf};
use super::told::{Told, told};
use super::values::Values;
use crate::protocol::coin::amount::Amount;

/// A contract on a node's chain.
#[derive(Debug, Clone)]
pub struct Contract {
    node: Node,
    address: Address,
    abi: JsonAbi,
}

impl Contract {
    pub(super) fn new(node: Node, address: Address, abi: JsonAbi) -> Self {
        Self { node, address, abi }
    }

    pub fn address(&self) -> Address {
        self.address
    }

    pub fn abi(&self) -> &JsonAbi {
        &self.abi
    }

    /// The same contract, asked by another node.
    pub fn on(&self, node: &Node) -> Self {
        node.contract(self.address, &self.abi)
    }

    /// What a function answers at the tip; nothing changes. `function` is a name, or a signature where several have the name.
    ///
    /// # Errors
    /// [`ContractError`]; [`ContractError::WouldRevert`] where the contract refuses.
    pub async fn call(
        &self,
        function: &str,
        arguments: &[Argument],
    ) -> Result<Values, ContractError> {
        self.call_as(None, function, arguments).await
    }

    /// As [`Contract::call`], as if this account asked.
    ///
    /// # Errors
    /// [`ContractError`].
    pub async fn call_as(
        &self,
        from: Option<Address>,
        function: &str,
        arguments: &[Argument],
    ) -> Result<Values, ContractError> {
        let function = interface::function(&self.abi, function, arguments.len())?;
        let call = Call {
            from,
            to: Some(self.address),
            value: U256::ZERO,
            input: interface::encoded_call(function, arguments, &no_names)?,
        };
        let answer = self.node.rpc().call(&call).await;
        let answer = answer.map_err(|error| refused(&function.name, error, &self.abi))?;
        Ok(interface::decoded_answer(function, &answer)?)
    }

    /// Sends a transaction that calls a function, and waits until a block holds it.
    ///
    /// # Errors
    /// [`ContractError`]; [`ContractError::WouldRevert`] where nothing was sent, since the contract would refuse.
    pub async fn send(
        &self,
        from: &Account,
        function: &str,
        arguments: &[Argument],
    ) -> Result<Done, ContractError> {
        self.pay(from, function, arguments, Amount::ZERO).await
    }

    /// As [`Contract::send`], with coins.
    ///
    /// # Errors
    /// [`ContractError`].
    pub async fn pay(
        &self,
        from: &Account,
        function: &str,
        arguments: &[Argument],
        amount: Amount,
    ) -> Result<Done, ContractError> {
        let function = interface::function(&self.abi, function, arguments.len())?;
        let step = Step {
            what: &function.name,
            to: Some(self.address),
            input: interface::encoded_call(function, arguments, &no_names)?,
            amount,
            abi: &self.abi,
        };
        self.node.run(from, step).await
    }

    /// The contract's events of this name from a block on, oldest first; of all names where it is empty.
    ///
    /// # Errors
    /// [`ContractError`].
    pub async fn events(&self, name: &str, from: u64) -> Result<Vec<Told>, ContractError> {
        let topics = match name {
            "" => Vec::new(),
            name => vec![Some(interface::event(&self.abi, name)?.selector())],
        };
        let of = LogsOf {
            address: Some(self.address),
            from,
            to: None,
            topics,
        };
        let logs = self.node.rpc().logs(&of).await?;
        let told = logs.into_iter().map(|log| told(&self.abi, log));
        Ok(told.collect())
    }
}
