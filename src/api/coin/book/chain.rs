//! `/get_chain`: the whole chain.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::super::blocking;
use super::super::super::problem::Problem;
use super::super::super::v1::answer::JSON;
use super::super::super::v1::conditional::{Caching, tagged_lazily};
use super::super::view::BlockAnswer;
use super::super::{CoinApp, chain_stream};
use crate::store::coin::Ledger;

/// The whole chain.
#[derive(Serialize, ToSchema)]
#[schema(as = CoinChain)]
pub struct ChainAnswer {
    pub chain: Vec<BlockAnswer>,
    /// Blocks in the chain, the genesis block included.
    #[schema(minimum = 1)]
    pub length: u64,
}

/// The whole chain, first block first, each block with the book's five members beside the real ones.
///
/// It is read while it is sent: use `/v1/blocks` for a part of it.
#[utoipa::path(
    get, path = "/get_chain", tag = "book",
    responses(
        (status = 200, description = "All blocks.", body = ChainAnswer,
            headers(("ETag" = String, description = "The last block's hash."), ("Cache-Control" = String, description = "`no-cache`."))),
        (status = 304, description = "`If-None-Match` named the last block's hash."),
    )
)]
pub(in super::super) async fn get_chain(
    State(app): State<Arc<CoinApp>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let node = app.node.clone();
    let (snapshot, tip) = blocking(move || {
        node.read(|snapshot| {
            let tip = snapshot.place_of(snapshot.state()?.tip)?.place;
            Ok((snapshot, tip))
        })
    })
    .await??;
    let tag = tip.hash.to_string();
    // Nothing is read for a client that has the answer.
    let body = || {
        let genesis = Arc::clone(app.node.genesis());
        let before = r#"{"chain": ["#.to_owned();
        let after = format!(r#"], "length": {}}}"#, tip.number.saturating_add(1));
        chain_stream::body(genesis, snapshot, 0..=tip.number, before, after)
    };
    Ok(tagged_lazily(&headers, &tag, Caching::Ask, JSON, body))
}
