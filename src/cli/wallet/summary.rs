//! What a transfer is about to do, for the person who decides.

use serde_json::{Value, json};

use super::folder::shown;
use crate::cli::exit::Failure;
use crate::cli::terminal::{count, printable, strong};
use crate::protocol::coin::amount::Amount;
use crate::wallet::names::Names;
use crate::wallet::transaction::Signed;
use crate::wallet::transfer::Transfer;
use alloy_primitives::Address;

/// A transfer and what is known around it.
pub struct Summary {
    pub from: Address,
    pub transfer: Transfer,
    pub highest_fee: Amount,
    pub total: Amount,
    /// The network's name and the node's address; nothing without a node.
    pub network: Option<(String, String)>,
    /// What the sender holds; nothing without a node.
    pub balance: Option<Amount>,
    /// How many transactions of the sender wait already, and take their coins first.
    pub waiting: u64,
    /// Whether the receiver is a contract.
    pub receiver_has_code: bool,
}

impl Summary {
    /// Adds up what the transfer costs.
    pub fn new(from: Address, transfer: Transfer) -> Result<Self, Failure> {
        let too_large = || Failure::usage("amount and highest fee together are above 2^256 units");
        Ok(Self {
            from,
            highest_fee: transfer.highest_fee().ok_or_else(too_large)?,
            total: transfer.total().ok_or_else(too_large)?,
            transfer,
            network: None,
            balance: None,
            waiting: 0,
            receiver_has_code: false,
        })
    }

    /// Whether the sender can pay it.
    pub fn check_balance(&self) -> Result<(), Failure> {
        let Some(balance) = self.balance.filter(|balance| *balance < self.total) else {
            return Ok(());
        };
        Err(Failure::failed(format!(
            "{} holds {balance} coins; {} and a fee of at most {} are {}",
            self.from, self.transfer.amount, self.highest_fee, self.total
        )))
    }

    pub fn text(&self, names: &Names) -> String {
        let transfer = &self.transfer;
        let network = match &self.network {
            Some((name, node)) => format!(
                "{}, chain id {} (by {node})",
                strong(&printable(name)),
                transfer.chain_id
            ),
            None => format!("chain id {} (no node was asked)", transfer.chain_id),
        };
        let remark = match (transfer.to.is_zero(), self.receiver_has_code) {
            (true, _) => ", which is nobody's: what is sent there is lost",
            (false, true) => ", a contract: its code runs",
            (false, false) => "",
        };
        let of = self
            .balance
            .map_or_else(String::new, |balance| format!(" of {balance}"));
        let taken = match self.waiting {
            0 => String::new(),
            waiting => format!(
                ", less what {} of this account may take",
                count(waiting, "waiting transaction")
            ),
        };
        format!(
            "  Network  {network}
  From     {}
  To       {}{remark}
  Amount   {} coins
  Fee      at most {} coins ({} gas at {} units)
  Total    at most {} coins{of}{taken}
  Nonce    {}
",
            shown(self.from, names),
            shown(transfer.to, names),
            strong(&transfer.amount.to_string()),
            self.highest_fee,
            transfer.gas_limit,
            transfer.greatest_fee,
            strong(&self.total.to_string()),
            transfer.nonce,
        )
    }

    /// The same for programs. Fees a gas are text, since they can exceed what JSON's readers take for a number.
    pub fn json(&self, signed: &Signed, state: &str) -> Value {
        let transfer = &self.transfer;
        json!({
            "hash": signed.hash,
            "state": state,
            "network": self.network.as_ref().map(|(name, _)| name),
            "chain_id": transfer.chain_id,
            "from": self.from.to_string(),
            "to": transfer.to.to_string(),
            "amount": transfer.amount,
            "highest_fee": self.highest_fee,
            "total": self.total,
            "nonce": transfer.nonce,
            "gas_limit": transfer.gas_limit,
            "greatest_fee_a_gas": transfer.greatest_fee.to_string(),
            "priority_fee_a_gas": transfer.priority_fee.to_string(),
            "raw": signed.raw,
        })
    }
}
