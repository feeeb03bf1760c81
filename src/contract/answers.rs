//! What JSON-RPC carries, as far as programs need it.

use alloy_primitives::{Address, B256, Bytes, U64, U256};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

/// A call to be simulated: what `eth_call` and `eth_estimateGas` take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    pub from: Option<Address>,
    /// Nothing for the creation of a contract.
    pub to: Option<Address>,
    /// In units.
    pub value: U256,
    pub input: Bytes,
}

impl Call {
    pub(super) fn json(&self) -> Value {
        let mut call = json!({"input": self.input});
        if let Some(members) = call.as_object_mut() {
            if let Some(from) = self.from {
                members.insert("from".to_owned(), json!(from));
            }
            if let Some(to) = self.to {
                members.insert("to".to_owned(), json!(to));
            }
            if !self.value.is_zero() {
                members.insert("value".to_owned(), json!(self.value));
            }
        }
        call
    }
}

fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    U64::deserialize(deserializer).map(|number| number.to())
}

fn some_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(Option::<U64>::deserialize(deserializer)?.map(|number| number.to()))
}

/// What a contract wrote down for the outside.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Log {
    pub address: Address,
    pub topics: Vec<B256>,
    pub data: Bytes,
    #[serde(default, deserialize_with = "some_number")]
    pub block_number: Option<u64>,
    #[serde(default)]
    pub block_hash: Option<B256>,
    #[serde(default)]
    pub transaction_hash: Option<B256>,
    /// Its place among all logs of the block.
    #[serde(default, deserialize_with = "some_number")]
    pub log_index: Option<u64>,
}

/// What became of a transaction that a block holds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    pub transaction_hash: B256,
    #[serde(deserialize_with = "number")]
    pub block_number: u64,
    pub block_hash: B256,
    pub from: Address,
    pub to: Option<Address>,
    /// Where the contract is that it created.
    pub contract_address: Option<Address>,
    /// 1 where it did what it should; 0 where it was refused, and only the fee moved.
    #[serde(deserialize_with = "number")]
    pub status: u64,
    #[serde(deserialize_with = "number")]
    pub gas_used: u64,
    /// In units a gas.
    pub effective_gas_price: U256,
    pub logs: Vec<Log>,
}

impl Receipt {
    pub fn succeeded(&self) -> bool {
        self.status == 1
    }

    /// What the sender paid for its gas, in units.
    pub fn fee(&self) -> U256 {
        self.effective_gas_price
            .saturating_mul(U256::from(self.gas_used))
    }
}

/// A block's head, as far as programs need it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Block {
    #[serde(deserialize_with = "number")]
    pub number: u64,
    pub hash: B256,
    #[serde(deserialize_with = "number")]
    pub timestamp: u64,
    #[serde(deserialize_with = "number")]
    pub gas_limit: u64,
    #[serde(default)]
    pub base_fee_per_gas: Option<U256>,
}

/// A transaction, as far as programs need it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sent {
    pub hash: B256,
    pub from: Address,
    pub to: Option<Address>,
    pub input: Bytes,
    pub value: U256,
    #[serde(default, deserialize_with = "some_number")]
    pub block_number: Option<u64>,
}

/// Which logs: of a contract, from a block to another (both inclusive), with these topics.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogsOf {
    pub address: Option<Address>,
    pub from: u64,
    /// The tip where nothing is said.
    pub to: Option<u64>,
    /// By place; nothing for any.
    pub topics: Vec<Option<B256>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_reads_as_nodes_write_it() {
        let hash = B256::repeat_byte(1);
        let receipt: Receipt = serde_json::from_value(json!({
            "transactionHash": hash, "blockNumber": "0x10", "blockHash": hash, "from": Address::ZERO, "to": null,
            "contractAddress": Address::ZERO, "status": "0x1", "gasUsed": "0x5208", "effectiveGasPrice": "0x2",
            "logs": [{"address": Address::ZERO, "topics": [hash], "data": "0x", "blockNumber": "0x10", "logIndex": "0x0"}],
            "type": "0x2", "cumulativeGasUsed": "0x5208"
        }))
        .unwrap();
        assert!(receipt.succeeded());
        assert_eq!(receipt.fee(), U256::from(42_000));
        assert_eq!(receipt.block_number, 16);
        assert_eq!(receipt.logs[0].block_number, Some(16));
    }
}
