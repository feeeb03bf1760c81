//! `/replace_chain`: the chain with the most work, asked of all known nodes.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::super::blocking;
use super::super::super::book::sentences;
use super::super::super::problem::{Kind, Problem};
use super::super::super::v1::answer::JSON;
use super::super::view::BlockAnswer;
use super::super::{CoinApp, chain_stream};
use crate::peers::coin::replace;
use crate::store::coin::Ledger;

/// What became of asking.
#[derive(Serialize, ToSchema)]
#[schema(as = CoinReplaced)]
pub struct Replaced {
    pub message: String,
    /// This node's chain, as it is now.
    pub new_chain: Vec<BlockAnswer>,
    /// What each known node said, in the order in which they became known.
    pub peers: Vec<PeerSaid>,
    /// Whether a node's blocks became this node's chain, or its end.
    pub replaced: bool,
}

/// What one known node said.
#[derive(Serialize, ToSchema)]
#[schema(as = CoinPeerSaid)]
pub struct PeerSaid {
    pub address: String,
    pub outcome: PeerOutcome,
    /// Blocks of its chain, the genesis block included, where all of its headers hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub length: Option<u64>,
    /// The work of its chain, the genesis block's included, where all of its headers hold: what decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, pattern = "^[0-9]+$")]
    pub work: Option<String>,
    /// For people.
    pub detail: String,
    /// Waited for it.
    #[schema(minimum = 0)]
    pub seconds_peer: f64,
    /// This node's own checking.
    #[schema(minimum = 0)]
    pub seconds_checking: f64,
}

/// `adopted`: its chain is this node's now, or as much of it as is read at once. `valid_not_longer`: its headers hold and
/// have no more work. `longer_not_chosen`: another's had more still, or as much and was known first. `invalid`: it sent
/// something that is not a valid chain. `unreachable`: it did not answer, or not to the end. `refused`: this node did not
/// call it, or stopped reading: another network, an address that may not be called, or a limit.
#[derive(Serialize, ToSchema)]
#[schema(as = CoinPeerOutcome)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "it describes what the peers' reports say")]
pub enum PeerOutcome {
    Adopted,
    ValidNotLonger,
    LongerNotChosen,
    Invalid,
    Unreachable,
    Refused,
}

/// Asks every known node, and adopts the chain with the most work, if that is more than this node's has.
///
/// The book uses GET; POST does the same. Headers are asked for first, blocks only of the chain with the most work.
/// Transactions of displaced blocks wait again. A chain of more than 100,000 blocks that this node lacks, or of more than
/// 64 MiB, is adopted in several calls.
#[utoipa::path(
    method(get, post), path = "/replace_chain", tag = "book",
    responses((status = 200, description = "The chain as it is now, and what each node said.", body = Replaced))
)]
pub(in super::super) async fn replace_chain(
    State(app): State<Arc<CoinApp>>,
) -> Result<Response, Problem> {
    let alone = app.puller.asks_everybody().await;
    let peers = replace::known_peers(&app.node);
    let replacement = replace::replace_chain(&app.node, &app.puller, &peers).await?;
    drop(alone);
    let node = app.node.clone();
    let (snapshot, tip) = blocking(move || {
        node.read(|snapshot| {
            let tip = snapshot.place_of(snapshot.state()?.tip)?.place;
            Ok((snapshot, tip))
        })
    })
    .await??;
    let message = if replacement.replaced {
        sentences::REPLACED
    } else {
        sentences::KEPT
    };
    let peers = serde_json::to_string(&replacement.reports)
        .map_err(|error| Problem::new(Kind::Internal, error.to_string()))?;
    let before = format!(r#"{{"message": "{message}", "new_chain": ["#);
    let after = format!(
        r#"], "peers": {peers}, "replaced": {}}}"#,
        replacement.replaced
    );
    let genesis = Arc::clone(app.node.genesis());
    let body = chain_stream::body(genesis, snapshot, 0..=tip.number, before, after);
    Ok(([(header::CONTENT_TYPE, JSON)], body).into_response())
}
