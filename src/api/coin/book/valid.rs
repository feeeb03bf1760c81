//! `/is_valid`: the whole stored chain, checked again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;

use super::super::super::blocking;
use super::super::super::book::sentences;
use super::super::super::problem::{Kind, Problem};
use super::super::CoinApp;
use super::super::errors::sentence;
use crate::node::coin::{ChainFault, check_chain};
use crate::store::coin::Snapshot;

/// How often a long check says in the log how far it is.
const TELL_EVERY: Duration = Duration::from_secs(10);

/// Whether a chain holds.
#[derive(Serialize, ToSchema)]
#[schema(as = CoinValidity)]
pub struct Validity {
    /// The number of the first bad block, where one is bad.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub block: Option<u64>,
    /// What is wrong, where something is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub detail: Option<String>,
    #[schema(example = "Everything is fine. The Blockchain is correct.")]
    pub message: String,
    /// The name of the broken rule, as in `docs/coin-format.md`, where the block breaks one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub rule: Option<&'static str>,
}

/// Checks the stored chain again from its first block on: every proof, signature and rule, and every state by executing it.
///
/// The answer is a 200 both times; `message` says which it is. It takes about as long as it took to execute all blocks; whoever
/// goes away stops it.
#[utoipa::path(
    get, path = "/is_valid", tag = "book",
    responses((status = 200, description = "Whether the chain holds.", body = Validity,
        example = json!({"message": "Everything is fine. The Blockchain is correct."})))
)]
pub(in super::super) async fn is_valid(
    State(app): State<Arc<CoinApp>>,
) -> Result<Response, Problem> {
    // One check at a time: each takes all cores for a moment.
    let alone = Arc::clone(&app.checking).lock_owned().await;
    let asked_for = app.face.shutdown.child_token();
    let _ends = asked_for.clone().drop_guard();
    let checked = blocking(move || {
        let checked = app
            .node
            .read(|snapshot| match check(&app, &snapshot, &asked_for) {
                // A store that cannot be read at the moment says nothing about the chain.
                Err(ChainFault::Store(error)) if !error.is_damage() => Err(error),
                checked => Ok(checked),
            });
        drop(alone);
        checked
    })
    .await??;
    let fault = match checked {
        Ok(_) => return Ok(Json(Validity::holds()).into_response()),
        Err(fault) => fault,
    };
    if let ChainFault::GivenUp { .. } = fault {
        return Err(Problem::new(Kind::Stopping, sentence(&fault)).header(header::RETRY_AFTER, "1"));
    }
    tracing::error!(%fault, "the stored chain does not hold");
    Ok(Json(Validity::broken(&fault)).into_response())
}

fn check(
    app: &CoinApp,
    snapshot: &Snapshot,
    asked_for: &CancellationToken,
) -> Result<u64, ChainFault> {
    let mut told = Instant::now();
    check_chain(snapshot, app.node.genesis(), app.node.now(), |number| {
        if told.elapsed() >= TELL_EVERY {
            told = Instant::now();
            let of = app.node.tip().place.number;
            tracing::info!(number, of, "checking the stored chain");
        }
        !asked_for.is_cancelled()
    })
}

impl Validity {
    fn holds() -> Self {
        Self {
            block: None,
            detail: None,
            message: sentences::VALID.to_owned(),
            rule: None,
        }
    }

    fn broken(fault: &ChainFault) -> Self {
        let (block, rule) = match fault {
            ChainFault::Rule { number, fault, .. } => (Some(*number), Some(fault.rule.name())),
            ChainFault::Kept { number, .. } | ChainFault::GivenUp { number } => {
                (Some(*number), None)
            }
            ChainFault::Store(_) | ChainFault::Unsound(_) => (None, None),
        };
        Self {
            block,
            detail: Some(sentence(fault)),
            message: sentences::NOT_VALID.to_owned(),
            rule,
        }
    }
}
