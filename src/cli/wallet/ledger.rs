//! What the wallet asks a node, and what it reads in the answers.

use alloy_primitives::{Address, B256};
use bytes::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::cli::client::{Answer, NodeClient};
use crate::cli::exit::Failure;
use crate::cli::terminal::printable;
use crate::protocol::coin::amount::Amount;

/// `GET /v1/node`.
#[derive(Debug, Deserialize)]
pub struct Network {
    pub network: String,
    /// Missing where transactions are not signed.
    chain_id: Option<u64>,
}

/// `GET /v1/accounts/{address}`.
#[derive(Debug, Deserialize)]
pub struct Account {
    pub balance: Amount,
    /// Counts those in blocks.
    pub nonce: u64,
    /// Counts those that wait, too.
    pub next_nonce: u64,
    pub code_hash: Option<String>,
}

/// `GET /v1/fees`: units a gas as text.
#[derive(Debug, Deserialize)]
pub struct Fees {
    base_fee: String,
    priority_fee: Priorities,
}

#[derive(Debug, Deserialize)]
struct Priorities {
    low: String,
    normal: String,
    high: String,
}

/// How soon a transfer should be in a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speed {
    Low,
    Normal,
    High,
}

/// `GET /v1/transactions/{hash}`.
#[derive(Debug, Deserialize)]
pub struct Sent {
    pub state: String,
    pub block: Option<u64>,
    pub status: Option<String>,
    pub waits_for: Option<String>,
}

/// An answer, read and as it came.
pub struct Read<T> {
    pub value: T,
    pub json: serde_json::Value,
}

async fn read<T: DeserializeOwned>(node: &NodeClient, path: &str) -> Result<Read<T>, Failure> {
    let Answer { body } = node.get(path).await?;
    parse(node, path, &body)
}

fn parse<T: DeserializeOwned>(
    node: &NodeClient,
    path: &str,
    body: &Bytes,
) -> Result<Read<T>, Failure> {
    let failed = |error: serde_json::Error| {
        let said = printable(&error.to_string()).into_owned();
        Failure::failed(format!(
            "{} sent another answer to {path} than a node of a currency does: {said}",
            node.address()
        ))
    };
    let json: serde_json::Value = serde_json::from_slice(body).map_err(failed)?;
    let value = T::deserialize(&json).map_err(failed)?;
    Ok(Read { value, json })
}

/// The node's network, and its chain id.
pub async fn network(node: &NodeClient) -> Result<(Network, u64), Failure> {
    let network: Network = read(node, "/v1/node").await?.value;
    match network.chain_id {
        Some(chain_id) => Ok((network, chain_id)),
        None => Err(Failure::failed(format!(
            "{} runs the network {}, where nobody signs: there are neither keys nor accounts",
            node.address(),
            printable(&network.network)
        ))
        .hint("`bcoin up --network dev` starts a network with a currency.")),
    }
}

pub async fn account(node: &NodeClient, address: Address) -> Result<Read<Account>, Failure> {
    read(node, &format!("/v1/accounts/{address}")).await
}

pub async fn fees(node: &NodeClient) -> Result<Fees, Failure> {
    Ok(read(node, "/v1/fees").await?.value)
}

pub async fn transaction(node: &NodeClient, hash: B256) -> Result<Read<Sent>, Failure> {
    read(node, &format!("/v1/transactions/{hash}")).await
}

/// Hands a signed transaction to the node.
pub async fn submit(node: &NodeClient, raw: &alloy_primitives::Bytes) -> Result<(), Failure> {
    let body = serde_json::json!({ "raw": raw }).to_string();
    node.post("/add_transaction", Some(body.into_bytes()))
        .await
        .map(drop)
}

impl Fees {
    /// The greatest fee and the priority fee for a speed, in units a gas.
    pub fn at(&self, speed: Speed) -> Result<(u128, u128), Failure> {
        let text = match speed {
            Speed::Low => &self.priority_fee.low,
            Speed::Normal => &self.priority_fee.normal,
            Speed::High => &self.priority_fee.high,
        };
        let number = |text: &str| {
            let shown = printable(text).into_owned();
            text.parse::<u128>()
                .map_err(|_| Failure::failed(format!("the node's fee {shown:?} is no number")))
        };
        let (base, priority) = (number(&self.base_fee)?, number(text)?);
        let greatest = base
            .checked_add(priority)
            .ok_or_else(|| Failure::failed("the node's fees are above any that can be paid"))?;
        Ok((greatest, priority))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fees_are_read_exactly() {
        let fees: Fees = serde_json::from_str(
            r#"{"base_fee": "1", "priority_fee": {"low": "1000000000", "normal": "18446744073709551616", "high": "x"}}"#,
        )
        .unwrap();
        assert_eq!(fees.at(Speed::Low).unwrap(), (1_000_000_001, 1_000_000_000));
        let beyond_u64 = 18_446_744_073_709_551_616;
        assert_eq!(
            fees.at(Speed::Normal).unwrap(),
            (beyond_u64 + 1, beyond_u64)
        );
        assert!(fees.at(Speed::High).is_err());
    }
}
