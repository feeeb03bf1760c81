//! Whole nodes on free ports, and a client that asks them.

use std::path::Path;

use bcoin::daemon::{Daemon, Settings};
use bcoin::limits::HttpLimits;
use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;

/// A node in a folder of its own.
pub struct TestNode {
    pub daemon: Daemon,
    folder: TempDir,
    settings: Settings,
    http: reqwest::Client,
}

impl TestNode {
    /// With a miner of this name.
    pub async fn start(miner: &str) -> Self {
        Self::start_with(miner, HttpLimits::default()).await
    }

    pub async fn start_with(miner: &str, http_limits: HttpLimits) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let settings = Settings {
            http_limits,
            ..Settings::new(folder.path().join("node"), miner)
        };
        let daemon = Daemon::start(settings.clone(), listener).await;
        let http = reqwest::Client::builder().no_proxy();
        Self {
            daemon: daemon.expect("it starts"),
            folder,
            settings,
            http: http.build().expect("a client"),
        }
    }

    /// Ends the node, has `meanwhile` look at its folder, and starts it there again, on another port.
    pub async fn restarted(self, meanwhile: impl FnOnce(&Path)) -> Self {
        let Self {
            daemon,
            folder,
            settings,
            http,
        } = self;
        daemon.shut_down().await;
        meanwhile(&settings.data_dir);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let daemon = Daemon::start(settings.clone(), listener).await;
        Self {
            daemon: daemon.expect("it starts again"),
            folder,
            settings,
            http,
        }
    }

    /// A request with this method, not yet sent.
    pub fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method = method.parse().expect("a method");
        self.http.request(method, self.url(path))
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
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.json().await.expect("JSON")
    }

    /// The problem of a GET request that must fail with this status.
    pub async fn problem(&self, path: &str, status: u16) -> Value {
        let answer = self.answer(path).await;
        assert_eq!(answer.status(), status, "{path}");
        let content_type = answer.headers()["content-type"].to_str().expect("text");
        assert_eq!(content_type, "application/problem+json", "{path}");
        let problem: Value = answer.json().await.expect("JSON");
        assert_eq!(problem["status"], status, "{path}");
        problem
    }

    /// Hands in a transaction that says no more than its sender.
    pub async fn add(&self, sender: &str) {
        let body = format!(r#"{{"sender": "{sender}", "receiver": "b", "amount": 1}}"#);
        let answer = self.post("/add_transaction", body).send().await;
        assert_eq!(answer.expect("an answer").status(), StatusCode::CREATED);
    }

    /// Mines blocks.
    pub async fn mine(&self, count: usize) {
        for _ in 0..count {
            self.json("/mine_block").await;
        }
    }

    /// Makes a peer known.
    pub async fn connect(&self, address: &str) {
        let body = format!(r#"{{"nodes": ["{address}"]}}"#);
        let answer = self.post("/connect_node", body).send().await;
        assert_eq!(answer.expect("an answer").status(), StatusCode::CREATED);
    }
}
