//! What a transaction to a contract is about to do, for the person who decides, and what it did.

use alloy_json_abi::JsonAbi;
use alloy_primitives::{Address, TxKind};
use serde_json::{Value, json};

use crate::cli::exit::Failure;
use crate::cli::terminal::{good, printable, strong};
use crate::cli::wallet::folder::shown;
use crate::contract::rpc::{Log, Receipt};
use crate::contract::told::{Told, told};
use crate::protocol::coin::amount::Amount;
use crate::wallet::names::Names;
use crate::wallet::transaction::{Signed, Transaction};

/// A transaction and what is known around it.
pub struct Summary {
    pub from: Address,
    pub transaction: Transaction,
    /// `token_sale(supply=1000)` or `buy(amount=10)`.
    pub what: String,
    /// The network's name and the node's address.
    pub network: (String, String),
    pub balance: Amount,
    /// How much gas the simulation used.
    pub estimated_gas: u64,
}

impl Summary {
    /// Where the created contract will be, or the called one is.
    pub fn contract(&self) -> Address {
        match self.transaction.to {
            TxKind::Create => self.from.create(self.transaction.nonce),
            TxKind::Call(to) => to,
        }
    }

    fn costs(&self) -> Result<(Amount, Amount), Failure> {
        let too_large = || Failure::usage("amount and highest fee together are above 2^256 units");
        let fee = self.transaction.highest_fee().ok_or_else(too_large)?;
        let total = self.transaction.total().ok_or_else(too_large)?;
        Ok((fee, total))
    }

    /// Whether the sender can pay it.
    pub fn check_balance(&self) -> Result<(), Failure> {
        let (fee, total) = self.costs()?;
        if self.balance >= total {
            return Ok(());
        }
        Err(Failure::failed(format!(
            "{} holds {} coins; {} and a fee of at most {fee} are {total}",
            self.from, self.balance, self.transaction.amount
        )))
    }

    pub fn text(&self, names: &Names) -> Result<String, Failure> {
        let transaction = &self.transaction;
        let (fee, total) = self.costs()?;
        let (network, node) = &self.network;
        let (kind, contract) = match transaction.to {
            TxKind::Create => ("Creates ", self.what.clone()),
            TxKind::Call(_) => ("Calls   ", self.what.clone()),
        };
        Ok(format!(
            "  Network  {}, chain id {} (by {node})
  From     {}
  {kind} {}
  At       {}
  Amount   {} coins
  Fee      at most {fee} coins ({} gas at {} units; the simulation used {})
  Total    at most {} coins of {}
  Nonce    {}
",
            strong(&printable(network)),
            transaction.chain_id,
            shown(self.from, names),
            strong(&printable(&contract)),
            shown(self.contract(), names),
            strong(&transaction.amount.to_string()),
            transaction.gas_limit,
            transaction.greatest_fee,
            self.estimated_gas,
            strong(&total.to_string()),
            self.balance,
            transaction.nonce,
        ))
    }

    /// The same for programs. Fees a gas are text, since they can exceed what JSON's readers take for a number.
    pub fn json(&self, signed: &Signed, mined: Option<&Mined>) -> Value {
        let transaction = &self.transaction;
        let creates = matches!(transaction.to, TxKind::Create);
        let mut answer = json!({
            "hash": signed.hash,
            "state": if mined.is_some() { "mined" } else { "waiting" },
            "network": self.network.0,
            "chain_id": transaction.chain_id,
            "from": self.from.to_string(),
            "contract": self.contract().to_string(),
            "creates": creates,
            "call": self.what,
            "amount": transaction.amount,
            "nonce": transaction.nonce,
            "gas_limit": transaction.gas_limit,
            "greatest_fee_a_gas": transaction.greatest_fee.to_string(),
            "priority_fee_a_gas": transaction.priority_fee.to_string(),
            "raw": signed.raw,
        });
        if let (Some(mined), Some(members)) = (mined, answer.as_object_mut()) {
            let receipt = &mined.receipt;
            let events: Vec<Value> = mined.events.iter().map(event_json).collect();
            for (name, value) in [
                ("block", json!(receipt.block_number)),
                ("gas_used", json!(receipt.gas_used)),
                ("fee", json!(Amount::from_units(receipt.fee()))),
                ("events", json!(events)),
            ] {
                members.insert(name.to_owned(), value);
            }
        }
        answer
    }
}

/// A transaction that a block holds.
pub struct Mined {
    pub receipt: Receipt,
    pub events: Vec<Told>,
}

impl Mined {
    /// Reads a receipt's events by the contract's ABI.
    pub fn new(receipt: Receipt, abi: &JsonAbi) -> Self {
        let logs: Vec<Log> = receipt.logs.clone();
        let events = logs.into_iter().map(|log| told(abi, log)).collect();
        Self { receipt, events }
    }

    /// What is said of it on a terminal.
    pub fn note(&self) -> String {
        let Receipt {
            block_number,
            gas_used,
            ..
        } = self.receipt;
        let fee = Amount::from_units(self.receipt.fee());
        good(&format!(
            "It is in block {block_number}, and used {gas_used} gas for {fee} coins."
        ))
    }
}

/// An event as programs read it.
pub fn event_json(told: &Told) -> Value {
    let log = &told.log;
    let values: Vec<Value> = told
        .values
        .iter()
        .map(|named| json!({"name": named.name, "value": named.json(), "is_hash": named.is_hash}))
        .collect();
    json!({
        "event": told.name,
        "contract": log.address.to_string(),
        "block": log.block_number,
        "transaction": log.transaction_hash,
        "log_index": log.log_index,
        "values": values,
        "topics": log.topics,
        "data": log.data,
    })
}
