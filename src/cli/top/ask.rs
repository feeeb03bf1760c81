//! Asking one node: every answer within a time and a number of bytes, whoever answers.

use std::time::Duration;

use reqwest::{Response, StatusCode};
use serde::de::DeserializeOwned;
use tokio::time::timeout;
use url::Url;

use super::super::client::{cause, problem_sentence};
use super::super::exit::Failure;
use super::answers::clean;

/// Until a connection stands, and until an answer is whole. A node has all of it at hand.
const CONNECT_TIME: Duration = Duration::from_secs(3);
const ANSWER_TIME: Duration = Duration::from_secs(5);

/// Longest reason that is shown.
const MOST_WORDS: usize = 200;

/// Why there is no answer that can be shown.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    #[error("no answer: {0}")]
    Unreachable(String),
    #[error("no answer within {} s", .0.as_secs())]
    Slow(Duration),
    #[error("{path} has more than the {most} bytes that are read of it")]
    Long { path: &'static str, most: usize },
    #[error("{path} answered {status}{words}")]
    Refused {
        path: &'static str,
        status: u16,
        words: String,
    },
    #[error("{path} is not what a B-Coin node answers: {why}")]
    Strange { path: &'static str, why: String },
}

/// One node, ready to be asked.
#[derive(Debug, Clone)]
pub struct Asker {
    http: reqwest::Client,
    pub base: Url,
}

/// An answer of whatever status.
pub struct Said {
    pub status: StatusCode,
    pub body: Vec<u8>,
}

/// The client that all nodes are asked with. It sends no token: nothing here changes a node.
pub fn http() -> Result<reqwest::Client, Failure> {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_TIME)
        .user_agent(concat!("bcoin/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| Failure::failed(format!("cannot prepare the HTTP client: {error}")))
}

impl Asker {
    pub fn new(http: reqwest::Client, base: Url) -> Self {
        Self { http, base }
    }

    /// The node's host and port, as its row shows them.
    pub fn address(&self) -> String {
        let text = self.base.as_str().trim_end_matches('/');
        clean(text.strip_prefix("http://").unwrap_or(text), 64)
    }

    /// The answer to `path`, of at most `most` bytes, whatever its status.
    pub async fn say(&self, path: &'static str, query: &str, most: usize) -> Result<Said, Trouble> {
        let asked = async {
            let mut response = self.send(path, query, None).await?;
            let mut body = Vec::new();
            while let Some(piece) = response
                .chunk()
                .await
                .map_err(|error| unreachable(&error))?
            {
                if body.len() + piece.len() > most {
                    return Err(Trouble::Long { path, most });
                }
                body.extend_from_slice(&piece);
            }
            let status = response.status();
            Ok(Said { status, body })
        };
        timeout(ANSWER_TIME, asked)
            .await
            .unwrap_or(Err(Trouble::Slow(ANSWER_TIME)))
    }

    /// The answer of status 2xx as bytes.
    pub async fn bytes(
        &self,
        path: &'static str,
        query: &str,
        most: usize,
    ) -> Result<Vec<u8>, Trouble> {
        let said = self.say(path, query, most).await?;
        if said.status.is_success() {
            return Ok(said.body);
        }
        Err(refused(path, said.status, &said.body))
    }

    /// The answer of status 2xx as JSON.
    pub async fn json<T: DeserializeOwned>(
        &self,
        path: &'static str,
        query: &str,
        most: usize,
    ) -> Result<T, Trouble> {
        let body = self.bytes(path, query, most).await?;
        serde_json::from_slice(&body).map_err(|error| Trouble::Strange {
            path,
            why: clean(&error.to_string(), MOST_WORDS),
        })
    }

    /// A stream of events, from after the one with `last_id` on if there is one.
    pub async fn events(&self, last_id: Option<&str>) -> Result<Response, Trouble> {
        const PATH: &str = "/v1/events";
        let asked = async {
            let response = self.send(PATH, "", last_id).await?;
            if response.status().is_success() {
                Ok(response)
            } else {
                Err(refused(PATH, response.status(), &[]))
            }
        };
        timeout(ANSWER_TIME, asked)
            .await
            .unwrap_or(Err(Trouble::Slow(ANSWER_TIME)))
    }

    async fn send(
        &self,
        path: &'static str,
        query: &str,
        last_id: Option<&str>,
    ) -> Result<Response, Trouble> {
        let url = self.base.join(&format!("{path}{query}"));
        let url = url.map_err(|error| Trouble::Unreachable(error.to_string()))?;
        let mut request = self.http.get(url);
        if let Some(id) = last_id {
            request = request.header("last-event-id", id);
        }
        request.send().await.map_err(|error| unreachable(&error))
    }
}

fn unreachable(error: &reqwest::Error) -> Trouble {
    Trouble::Unreachable(clean(&cause(error), MOST_WORDS))
}

fn refused(path: &'static str, status: StatusCode, body: &[u8]) -> Trouble {
    let words = match problem_sentence(body) {
        Some(sentence) => format!(": {}", clean(&sentence, MOST_WORDS)),
        None if status == StatusCode::NOT_FOUND => "; is that a B-Coin node?".to_owned(),
        None => String::new(),
    };
    Trouble::Refused {
        path,
        status: status.as_u16(),
        words,
    }
}
