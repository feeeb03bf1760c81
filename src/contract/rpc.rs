//! A client of a node's JSON-RPC, for programs and the command line: typed calls, and errors that carry what the node said.
//!
//! It speaks what every Ethereum node speaks, and waits for none of them longer than a bound.

use std::time::Duration;

use alloy_primitives::{Address, B256, Bytes, U64, U256};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use url::Url;

pub use super::answers::{Block, Call, Log, LogsOf, Receipt, Sent};
use crate::limits::RPC_ANSWER_BYTES;

/// How long a connection may take, and how long a node may be silent before an answer.
const CONNECT_TIME: Duration = Duration::from_secs(5);
const ANSWER_TIME: Duration = Duration::from_secs(60);

/// Between two looks for a receipt.
const PAUSE: Duration = Duration::from_millis(200);

/// A node's JSON-RPC. Clones share connections.
#[derive(Debug, Clone)]
pub struct Rpc {
    http: reqwest::Client,
    url: Url,
}

/// Why a call has no answer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RpcError {
    #[error("{text:?} is no URL of a node: {why}")]
    Url { text: String, why: String },
    #[error("no answer from {url}: {why}")]
    Unreachable { url: String, why: String },
    #[error("{url} does not speak JSON-RPC: {why}")]
    NotRpc { url: String, why: String },
    /// The node's own words.
    #[error("{message} (JSON-RPC error {code})")]
    Refused {
        code: i64,
        message: String,
        /// What a contract left when it refused, for a call that reverted.
        data: Option<Bytes>,
    },
    #[error("{url} answered {method} with something else than it should: {why}")]
    OtherAnswer {
        url: String,
        method: String,
        why: String,
    },
    #[error("{url} answered with more than {RPC_ANSWER_BYTES} bytes")]
    TooLong { url: String },
}

impl RpcError {
    /// What the contract left, if the call was one that it refused.
    pub fn reverted(&self) -> Option<&[u8]> {
        match self {
            Self::Refused { code: 3, data, .. } => {
                Some(data.as_ref().map_or(&[] as &[u8], |data| data.as_ref()))
            }
            _ => None,
        }
    }

    /// Whether the node may not have heard the call, so that asking again later can help.
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }
}

impl Rpc {
    /// A client of the node at `url`, such as `http://127.0.0.1:1001`; `/rpc` is added where the URL has no path. Nothing is asked yet.
    ///
    /// # Errors
    /// [`RpcError::Url`].
    pub fn new(url: &str) -> Result<Self, RpcError> {
        let wrong = |why: String| RpcError::Url {
            text: url.to_owned(),
            why,
        };
        let mut parsed = Url::parse(url).map_err(|error| wrong(error.to_string()))?;
        if parsed.scheme() != "http" {
            return Err(wrong("only http is spoken here".to_owned()));
        }
        if parsed.path() == "/" {
            parsed.set_path("/rpc");
        }
        Self::at(parsed)
    }

    /// A client of whatever speaks JSON-RPC at exactly this URL.
    ///
    /// # Errors
    /// [`RpcError::Url`] where the system gives no client.
    pub fn at(url: Url) -> Result<Self, RpcError> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIME)
            .read_timeout(ANSWER_TIME)
            .user_agent(concat!("bcoin/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| RpcError::Url {
                text: url.to_string(),
                why: error.to_string(),
            })?;
        Ok(Self { http, url })
    }

    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// Any call by its method; `params` is an array.
    ///
    /// # Errors
    /// [`RpcError`].
    pub async fn request<T: DeserializeOwned>(
        &self,
        method: &str,
        params: Value,
    ) -> Result<T, RpcError> {
        let answer = self.answer(method, params).await?;
        T::deserialize(answer).map_err(|error| RpcError::OtherAnswer {
            url: self.url.to_string(),
            method: method.to_owned(),
            why: error.to_string(),
        })
    }

    async fn answer(&self, method: &str, params: Value) -> Result<Value, RpcError> {
        let unreachable = |error: reqwest::Error| RpcError::Unreachable {
            url: self.url.to_string(),
            why: cause(&error),
        };
        let not_rpc = |why: String| RpcError::NotRpc {
            url: self.url.to_string(),
            why,
        };
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let sent = self.http.post(self.url.clone()).json(&body).send();
        let mut response = sent.await.map_err(unreachable)?;
        let status = response.status();
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(unreachable)? {
            if body.len() + piece.len() > RPC_ANSWER_BYTES {
                return Err(RpcError::TooLong {
                    url: self.url.to_string(),
                });
            }
            body.extend_from_slice(&piece);
        }
        let mut answer: Value = serde_json::from_slice(&body)
            .map_err(|_| not_rpc(format!("it answered {status}, and no JSON")))?;
        if let Some(error) = answer.get("error").filter(|error| error.is_object()) {
            let text = |name: &str| error.get(name).and_then(Value::as_str);
            return Err(RpcError::Refused {
                code: error
                    .get("code")
                    .and_then(Value::as_i64)
                    .unwrap_or_default(),
                message: text("message").unwrap_or("no reason").to_owned(),
                data: text("data").and_then(|data| data.parse().ok()),
            });
        }
        match answer.get_mut("result") {
            Some(result) => Ok(result.take()),
            None => Err(not_rpc(format!(
                "it answered {status}, with neither a result nor an error"
            ))),
        }
    }

    async fn quantity(&self, method: &str, params: Value) -> Result<u64, RpcError> {
        let number: U64 = self.request(method, params).await?;
        Ok(number.to())
    }

    /// # Errors
    /// [`RpcError`], as all calls below.
    pub async fn chain_id(&self) -> Result<u64, RpcError> {
        self.quantity("eth_chainId", json!([])).await
    }

    /// The tip's number.
    ///
    /// # Errors
    /// [`RpcError`].
    pub async fn block_number(&self) -> Result<u64, RpcError> {
        self.quantity("eth_blockNumber", json!([])).await
    }

    /// The nonce of the account's next transaction, those that wait counted.
    ///
    /// # Errors
    /// [`RpcError`].
    pub async fn next_nonce(&self, account: Address) -> Result<u64, RpcError> {
        self.quantity("eth_getTransactionCount", json!([account, "pending"]))
            .await
    }

    /// In units.
    ///
    /// # Errors
    /// [`RpcError`].
    pub async fn balance(&self, account: Address) -> Result<U256, RpcError> {
        self.request("eth_getBalance", json!([account, "latest"]))
            .await
    }

    /// The code at an address; empty where there is no contract.
    ///
    /// # Errors
    /// [`RpcError`].
    pub async fn code(&self, account: Address) -> Result<Bytes, RpcError> {
        self.request("eth_getCode", json!([account, "latest"]))
            .await
    }

    /// A word of a contract's storage.
    ///
    /// # Errors
    /// [`RpcError`].
    pub async fn storage(&self, account: Address, slot: U256) -> Result<B256, RpcError> {
        self.request("eth_getStorageAt", json!([account, slot, "latest"]))
            .await
    }

    /// What a call would answer at the tip; nothing changes.
    ///
    /// # Errors
    /// [`RpcError`]; [`RpcError::reverted`] where the contract refuses.
    pub async fn call(&self, call: &Call) -> Result<Bytes, RpcError> {
        self.request("eth_call", json!([call.json(), "latest"]))
            .await
    }

    /// How much gas a transaction needs.
    ///
    /// # Errors
    /// As [`Rpc::call`].
    pub async fn estimate_gas(&self, call: &Call) -> Result<u64, RpcError> {
        self.quantity("eth_estimateGas", json!([call.json()])).await
    }

    /// What miners take for a gas beside the base fee, in units.
    ///
    /// # Errors
    /// [`RpcError`].
    pub async fn priority_fee(&self) -> Result<u128, RpcError> {
        let fee: U256 = self.request("eth_maxPriorityFeePerGas", json!([])).await?;
        Ok(fee.saturating_to())
    }

    /// Hands a signed transaction to the node.
    ///
    /// # Errors
    /// [`RpcError`].
    pub async fn send_raw(&self, raw: &Bytes) -> Result<B256, RpcError> {
        self.request("eth_sendRawTransaction", json!([raw])).await
    }

    /// Nothing while no block holds the transaction.
    ///
    /// # Errors
    /// [`RpcError`].
    pub async fn receipt(&self, hash: B256) -> Result<Option<Receipt>, RpcError> {
        self.request("eth_getTransactionReceipt", json!([hash]))
            .await
    }

    /// Asks for a receipt until a block holds the transaction; nothing if none does for as long as `patience`.
    ///
    /// # Errors
    /// [`RpcError`].
    pub async fn wait_for_receipt(
        &self,
        hash: B256,
        patience: Duration,
    ) -> Result<Option<Receipt>, RpcError> {
        let asking = async {
            loop {
                if let Some(receipt) = self.receipt(hash).await? {
                    return Ok(Some(receipt));
                }
                tokio::time::sleep(PAUSE).await;
            }
        };
        tokio::time::timeout(patience, asking)
            .await
            .unwrap_or(Ok(None))
    }

    /// A transaction that waits, or that a block holds.
    ///
    /// # Errors
    /// [`RpcError`].
    pub async fn transaction(&self, hash: B256) -> Result<Option<Sent>, RpcError> {
        self.request("eth_getTransactionByHash", json!([hash]))
            .await
    }

    /// A block of the current chain; the tip where no number is given.
    ///
    /// # Errors
    /// [`RpcError`].
    pub async fn block(&self, number: Option<u64>) -> Result<Option<Block>, RpcError> {
        let which = number.map_or(json!("latest"), |number| json!(U64::from(number)));
        self.request("eth_getBlockByNumber", json!([which, false]))
            .await
    }

    /// # Errors
    /// [`RpcError`].
    pub async fn logs(&self, of: &LogsOf) -> Result<Vec<Log>, RpcError> {
        let to = of.to.map_or(json!("latest"), |to| json!(U64::from(to)));
        let mut filter = json!({"fromBlock": U64::from(of.from), "toBlock": to});
        if let Some(members) = filter.as_object_mut() {
            if let Some(address) = of.address {
                members.insert("address".to_owned(), json!(address));
            }
            if !of.topics.is_empty() {
                members.insert("topics".to_owned(), json!(of.topics));
            }
        }
        self.request("eth_getLogs", json!([filter])).await
    }
}

/// The last cause of an error, which is what the system said.
fn cause(error: &dyn std::error::Error) -> String {
    let mut last = error;
    while let Some(next) = last.source() {
        last = next;
    }
    last.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_named_by_its_url() {
        let url = |text: &str| Rpc::new(text).map(|rpc| rpc.url().to_owned());
        assert_eq!(
            url("http://127.0.0.1:1001").unwrap(),
            "http://127.0.0.1:1001/rpc"
        );
        assert_eq!(url("http://a:1/x").unwrap(), "http://a:1/x");
        for text in ["127.0.0.1:1001", "https://a:1", ""] {
            assert!(matches!(url(text), Err(RpcError::Url { .. })), "{text}");
        }
    }
}
