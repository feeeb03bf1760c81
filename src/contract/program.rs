//! Programs that drive contracts: a node, accounts that sign here, contracts by their ABI.
//!
//! What changes the chain is simulated first, so that a transaction which would fail is never sent and the reason comes in words; then it is
//! signed, sent, and waited for. All of it by texts as [`super::reading`] takes them, or by Rust's own values through [`crate::args!`].

use std::time::Duration;

use alloy_json_abi::JsonAbi;
use alloy_primitives::{Address, B256, Bytes, TxKind};

use super::arguments::Argument;
use super::artifact::{Artifact, ArtifactError};
use super::deployed::Contract;
use super::interface::{self, InterfaceError};
use super::reading::no_names;
use super::revert::Revert;
use super::rpc::{Call, Receipt, Rpc, RpcError};
use super::told::{Told, told};
use super::values::Values;
use crate::protocol::coin::amount::Amount;
use crate::wallet::keys::{Key, KeyError, PUBLIC_TEST_WORDS};
use crate::wallet::transaction::{Transaction, TransactionError};
use crate::wallet::words::Words;

/// How long a block may let a transaction wait, unless [`Node::patience`] says otherwise.
const PATIENCE: Duration = Duration::from_secs(180);

/// Why a program's step did not happen.
#[derive(Debug, thiserror::Error)]
pub enum ContractError {
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    #[error(transparent)]
    Interface(#[from] InterfaceError),
    #[error(transparent)]
    Rpc(#[from] RpcError),
    #[error(transparent)]
    Transaction(#[from] TransactionError),
    /// Found out before anything was sent.
    #[error("{what} would be refused: {revert}")]
    WouldRevert { what: String, revert: Revert },
    /// In a block: only the fee moved.
    #[error("{what} was refused in block {block} (transaction {hash})")]
    Reverted {
        what: String,
        hash: B256,
        block: u64,
    },
    #[error("no block took the transaction {hash} within {} s", waited.as_secs())]
    NotMined { hash: B256, waited: Duration },
    #[error("the receipt of the transaction {hash} names no contract")]
    NoContract { hash: B256 },
}

impl ContractError {
    /// Why the contract refused, if it did so before anything was sent.
    pub fn revert(&self) -> Option<&Revert> {
        match self {
            Self::WouldRevert { revert, .. } => Some(revert),
            _ => None,
        }
    }
}

/// An account whose key this program holds.
#[derive(Debug, Clone)]
pub struct Account {
    key: Key,
    address: Address,
}

impl Account {
    /// One of the public test accounts, by its index from 0.
    pub fn test(index: u32) -> Self {
        let words = Words::parse(PUBLIC_TEST_WORDS).expect("the test words are words");
        let key = Key::derive(&words.seed(""), index);
        Self::of(key.expect("the words give a key at every small index"))
    }

    /// From 64 hexadecimal digits.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn from_key(text: &str) -> Result<Self, KeyError> {
        text.parse().map(Self::of)
    }

    pub fn of(key: Key) -> Self {
        let address = key.address();
        Self { key, address }
    }

    pub fn address(&self) -> Address {
        self.address
    }
}

/// A node, as a program sees it.
#[derive(Debug, Clone)]
pub struct Node {
    rpc: Rpc,
    chain_id: u64,
    patience: Duration,
}

/// A transaction that a block holds and that did what it should.
#[derive(Debug, Clone, PartialEq)]
pub struct Done {
    pub receipt: Receipt,
    /// What contracts told on its way, decoded where the ABI of the contract called knows the event.
    pub events: Vec<Told>,
}

impl Done {
    /// The first event of this name.
    pub fn event(&self, name: &str) -> Option<&Values> {
        let mut named = self.events.iter();
        named
            .find(|told| told.name.as_deref() == Some(name))
            .map(|told| &told.values)
    }
}

/// What is to be done, in words for errors.
pub(super) struct Step<'a> {
    pub what: &'a str,
    pub to: Option<Address>,
    pub input: Bytes,
    pub amount: Amount,
    pub abi: &'a JsonAbi,
}

impl Node {
    /// Asks the node at `url` for its chain id.
    ///
    /// # Errors
    /// [`RpcError`] where none answers.
    pub async fn connect(url: &str) -> Result<Self, RpcError> {
        Self::over(Rpc::new(url)?).await
    }

    /// As [`Node::connect`], over a client that is there already.
    ///
    /// # Errors
    /// [`RpcError`] where none answers.
    pub async fn over(rpc: Rpc) -> Result<Self, RpcError> {
        let chain_id = rpc.chain_id().await?;
        Ok(Self {
            rpc,
            chain_id,
            patience: PATIENCE,
        })
    }

    /// The same node, whose blocks may let a transaction wait for so long.
    pub fn patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// The node's JSON-RPC, for whatever else is to be asked.
    pub fn rpc(&self) -> &Rpc {
        &self.rpc
    }

    pub fn chain_id(&self) -> u64 {
        self.chain_id
    }

    /// # Errors
    /// [`RpcError`].
    pub async fn balance(&self, account: Address) -> Result<Amount, RpcError> {
        self.rpc.balance(account).await.map(Amount::from_units)
    }

    /// A contract that is there already.
    pub fn contract(&self, address: Address, abi: &JsonAbi) -> Contract {
        Contract::new(self.clone(), address, abi.clone())
    }

    /// Deploys a contract, and waits until a block holds it.
    ///
    /// # Errors
    /// [`ContractError`].
    pub async fn deploy(
        &self,
        from: &Account,
        artifact: &Artifact,
        arguments: &[Argument],
    ) -> Result<Contract, ContractError> {
        self.deploy_paying(from, artifact, arguments, Amount::ZERO)
            .await
    }

    /// As [`Node::deploy`], and the contract gets coins.
    ///
    /// # Errors
    /// [`ContractError`].
    pub async fn deploy_paying(
        &self,
        from: &Account,
        artifact: &Artifact,
        arguments: &[Argument],
        amount: Amount,
    ) -> Result<Contract, ContractError> {
        let done = self
            .run(
                from,
                Step {
                    what: &format!("the creation of {}", artifact.name),
                    to: None,
                    input: creation(artifact, arguments)?,
                    amount,
                    abi: &artifact.abi,
                },
            )
            .await?;
        let hash = done.receipt.transaction_hash;
        let address = done.receipt.contract_address;
        let address = address.ok_or(ContractError::NoContract { hash })?;
        Ok(self.contract(address, &artifact.abi))
    }

    /// Sends coins.
    ///
    /// # Errors
    /// [`ContractError`].
    pub async fn transfer(
        &self,
        from: &Account,
        to: Address,
        amount: Amount,
    ) -> Result<Done, ContractError> {
        self.run(
            from,
            Step {
                what: "the transfer",
                to: Some(to),
                input: Bytes::new(),
                amount,
                abi: &JsonAbi::new(),
            },
        )
        .await
    }

    pub(super) async fn run(&self, from: &Account, step: Step<'_>) -> Result<Done, ContractError> {
        let call = Call {
            from: Some(from.address()),
            to: step.to,
            value: step.amount.units(),
            input: step.input,
        };
        let gas = self.rpc.estimate_gas(&call).await;
        let gas = gas.map_err(|error| refused(step.what, error, step.abi))?;
        let (greatest_fee, priority_fee) = fees(&self.rpc).await?;
        let transaction = Transaction {
            chain_id: self.chain_id,
            nonce: self.rpc.next_nonce(from.address()).await?,
            to: step.to.map_or(TxKind::Create, TxKind::Call),
            amount: step.amount,
            input: call.input,
            gas_limit: with_margin(&self.rpc, gas).await?,
            greatest_fee,
            priority_fee,
        };
        let signed = transaction.sign(&from.key)?;
        self.rpc.send_raw(&signed.raw).await?;
        let hash = signed.hash;
        let waited = self.patience;
        let receipt = self.rpc.wait_for_receipt(hash, waited).await?;
        let receipt = receipt.ok_or(ContractError::NotMined { hash, waited })?;
        if !receipt.succeeded() {
            return Err(ContractError::Reverted {
                what: step.what.to_owned(),
                hash,
                block: receipt.block_number,
            });
        }
        let logs = receipt.logs.iter().cloned();
        let events = logs.map(|log| told(step.abi, log)).collect();
        Ok(Done { receipt, events })
    }
}

/// The code that creates a contract with these arguments.
///
/// # Errors
/// [`ContractError::Artifact`] or [`ContractError::Interface`].
pub fn creation(artifact: &Artifact, arguments: &[Argument]) -> Result<Bytes, ContractError> {
    let code = artifact.creation_code()?;
    let arguments = interface::encoded_constructor(&artifact.abi, arguments, &no_names)?;
    Ok([code.as_ref(), arguments.as_ref()].concat().into())
}

pub(super) fn refused(what: &str, error: RpcError, abi: &JsonAbi) -> ContractError {
    match error.reverted() {
        Some(bytes) => ContractError::WouldRevert {
            what: what.to_owned(),
            revert: Revert::explain(bytes, abi),
        },
        None => error.into(),
    }
}

/// The greatest fee and the priority fee in units a gas, with room for the base fee to double.
async fn fees(rpc: &Rpc) -> Result<(u128, u128), RpcError> {
    let priority = rpc.priority_fee().await?;
    let base = rpc.block(None).await?.and_then(|tip| tip.base_fee_per_gas);
    let base: u128 = base.unwrap_or_default().saturating_to();
    let greatest = base.saturating_mul(2).saturating_add(priority);
    Ok((greatest, priority))
}

/// A quarter more than was estimated, since the state may change until the transaction is in a block; what is not used is not paid.
///
/// # Errors
/// [`RpcError`].
pub async fn with_margin(rpc: &Rpc, gas: u64) -> Result<u64, RpcError> {
    let wanted = gas.saturating_add(gas / 4);
    let most = rpc.block(None).await?.map(|tip| tip.gas_limit);
    Ok(most.map_or(wanted, |most| wanted.min(most).max(gas)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_accounts_are_the_public_ones() {
        for (index, address) in [
            (0, "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"),
            (1, "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"),
            (9, "0xa0Ee7A142d267C1f36714E4a8F75612F20a79720"),
        ] {
            assert_eq!(Account::test(index).address().to_string(), address);
        }
    }
}
