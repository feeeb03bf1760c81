//! Whole coin nodes on free ports, and the test accounts' keys.

use std::path::Path;
use std::sync::Arc;

use alloy_primitives::Address;
use bcoin::daemon::coin::{CoinDaemon, Settings};
use bcoin::protocol::coin::DEV_ACCOUNTS;
use bcoin::protocol::coin::amount::Amount;
use bcoin::protocol::coin::genesis::Genesis;
use bcoin::protocol::coin::parameters::Parameters;
use bcoin::wallet::keys::Key;
use bcoin::wallet::transaction::Signed;
use bcoin::wallet::transfer::{TRANSFER_GAS, Transfer};
use bcoin::wallet::words::Words;
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;

/// A coin node in a folder of its own.
pub struct CoinNode {
    pub daemon: CoinDaemon,
    folder: TempDir,
    http: reqwest::Client,
}

impl CoinNode {
    /// A node of the network `dev` that pays the first test account.
    pub async fn dev() -> Self {
        Self::start(|_| {}).await
    }

    /// The same with its settings changed.
    pub async fn start(change: impl FnOnce(&mut Settings)) -> Self {
        Self::start_of(Parameters::dev(), change).await
    }

    /// A node of another network, that pays the first test account too.
    pub async fn start_of(parameters: Parameters, change: impl FnOnce(&mut Settings)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self::start_in(folder, parameters, change).await
    }

    /// A node of dev that answers elsewhere.
    pub async fn listening(listener: TcpListener, change: impl FnOnce(&mut Settings)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self::over(folder, listener, Parameters::dev(), change).await
    }

    async fn start_in(
        folder: TempDir,
        parameters: Parameters,
        change: impl FnOnce(&mut Settings),
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        Self::over(folder, listener, parameters, change).await
    }

    async fn over(
        folder: TempDir,
        listener: TcpListener,
        parameters: Parameters,
        change: impl FnOnce(&mut Settings),
    ) -> Self {
        let genesis = Arc::new(Genesis::of(parameters));
        let data_dir = folder.path().join("node");
        let mut settings = Settings::new(data_dir, genesis, Some(DEV_ACCOUNTS[0]));
        change(&mut settings);
        let daemon = CoinDaemon::start(settings, listener).await;
        let http = reqwest::Client::builder().no_proxy();
        Self {
            daemon: daemon.expect("it starts"),
            folder,
            http: http.build().expect("a client"),
        }
    }

    /// Ends the node, has `meanwhile` look at its folder, and starts it there again, on another port.
    pub async fn restarted(self, meanwhile: impl FnOnce(&Path)) -> Self {
        self.daemon.shut_down().await;
        meanwhile(&self.folder.path().join("node"));
        Self::start_in(self.folder, Parameters::dev(), |_| {}).await
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.daemon.address)
    }

    /// A GET request, not yet sent.
    pub fn get(&self, path: &str) -> RequestBuilder {
        self.http.get(self.url(path))
    }

    /// A POST request with this body, not yet sent.
    pub fn post(&self, path: &str, body: impl Into<String>) -> RequestBuilder {
        self.http.post(self.url(path)).body(body.into())
    }

    /// The answer to a GET request.
    pub async fn answer(&self, path: &str) -> Response {
        self.get(path).send().await.expect("an answer")
    }

    /// The JSON of a GET request that must succeed.
    pub async fn json(&self, path: &str) -> Value {
        let answer = self.answer(path).await;
        let status = answer.status();
        let text = answer.text().await.expect("text");
        assert_eq!(status, 200, "{path}: {text}");
        serde_json::from_str(&text).expect("JSON")
    }

    /// The JSON of a POST request that must answer with this status; a problem where that is an error.
    pub async fn posted(&self, path: &str, body: impl Into<String>, status: u16) -> Value {
        let answer = self.post(path, body).send().await.expect("an answer");
        said(answer, status).await
    }

    /// The problem of a GET request that must fail with this status.
    pub async fn problem(&self, path: &str, status: u16) -> Value {
        said(self.answer(path).await, status).await
    }

    /// Mines blocks.
    pub async fn mine(&self, count: usize) {
        for _ in 0..count {
            self.json("/mine_block").await;
        }
    }

    /// Hands in a signed transfer.
    pub async fn send(&self, signed: &Signed) -> Value {
        let body = json!({ "raw": signed.raw }).to_string();
        self.posted("/add_transaction", body, 201).await
    }

    /// What an account has, in coins.
    pub async fn balance(&self, address: Address) -> String {
        let account = self.json(&format!("/v1/accounts/{address}")).await;
        account["balance"].as_str().expect("text").to_owned()
    }
}

/// What an answer of this status says.
pub async fn said(answer: Response, status: u16) -> Value {
    let found = answer.status();
    let content_type = answer.headers()["content-type"].clone();
    let text = answer.text().await.expect("text");
    assert_eq!(found, status, "{text}");
    let json: Value = serde_json::from_str(&text).expect("JSON");
    if status < 400 {
        assert_eq!(content_type, "application/json");
    } else {
        assert_eq!(content_type, "application/problem+json");
        assert_eq!(json["status"], status);
        let detail = json["detail"].as_str().unwrap_or_default();
        assert!(!detail.is_empty(), "{json}");
    }
    json
}

/// The key of a test account.
pub fn key(index: u32) -> Key {
    let words = Words::parse("test test test test test test test test test test test junk");
    Key::derive(&words.expect("words").seed(""), index).expect("a key")
}

/// A transfer on dev that pays the least fee that wallets offer.
pub fn transfer(to: Address, coins: &str, nonce: u64) -> Transfer {
    Transfer {
        chain_id: 31_337,
        nonce,
        to,
        amount: coins.parse::<Amount>().expect("an amount"),
        gas_limit: TRANSFER_GAS,
        greatest_fee: 1_000_000_001,
        priority_fee: 1_000_000_000,
    }
}

/// The same, signed by a test account.
pub fn signed(from: u32, to: Address, coins: &str, nonce: u64) -> Signed {
    transfer(to, coins, nonce)
        .sign(&key(from))
        .expect("it can be signed")
}
