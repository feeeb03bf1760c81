//! Blocks: the chain page by page, one by whatever it is called, and its bytes.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::super::problem::{Kind, Problem};
use super::super::super::v1::answer::{Entries, cursor, json_of_the_moment, of_the_moment};
use super::super::super::v1::conditional::{Caching, tagged};
use super::super::super::v1::parameters::{NoParameters, Order, Parameters, shown, whole_number};
use super::super::view::BlockAnswer;
use super::super::{CoinApp, address};
use super::reading;
use crate::node::coin::stored_block;
use crate::protocol::coin::block::CheckedBlock;
use crate::protocol::coin::header::PowHash;
use crate::protocol::coin::parameters::Parameters as Network;
use crate::store::StoreError;
use crate::store::coin::{Ledger, Snapshot};

/// A stretch of the chain.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CoinBlockPage)]
pub struct BlockPage {
    pub blocks: Vec<BlockAnswer>,
    /// `from` of the next page; null when the chain ends here.
    #[schema(required = true)]
    pub next: Option<u64>,
}

/// A block that was asked for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CoinOneBlock)]
pub struct OneBlock {
    /// Blocks that stand on it, its own counted; 0 on a side chain.
    #[schema(minimum = 0)]
    pub confirmations: u64,
    /// Whether it is in the chain with the most work; others are found by their hash.
    pub on_chain: bool,
    /// Bytes of its encoded form.
    #[schema(minimum = 0)]
    pub bytes: usize,
    pub block: BlockAnswer,
}

/// The chain, page by page.
///
/// A page ends after `limit` blocks, or earlier once it has 8 MiB. Go on with `from` set to `next`.
#[utoipa::path(
    get,
    path = "/v1/blocks",
    tag = "v1",
    params(
        ("from" = inline(Option<u128>), Query, minimum = 0, description = "The first block's number. By default the genesis block's, in descending order the last one's.", example = 0),
        ("limit" = inline(Option<u64>), Query, minimum = 1, maximum = 1000, description = "Blocks on the page; 100 by default.", example = 2),
        ("order" = inline(Option<String>), Query, pattern = "^(asc|desc)$", description = "`asc`, which is the default, or `desc`.", example = "asc"),
    ),
    responses((status = 200, description = "Blocks in order, and where the next page begins.", body = BlockPage))
)]
pub(in super::super) async fn blocks(
    State(app): State<Arc<CoinApp>>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let parameters = Parameters::read(query.as_deref(), &["from", "limit", "order"])?;
    let limit = parameters.limit()?;
    let order = parameters.order()?;
    let from = parameters.number("from")?;
    let page = reading(&app, move |app, snapshot| {
        page(snapshot, app.node.parameters(), from, limit, order)
    });
    Ok(of_the_moment(page.await?))
}

fn page(
    snapshot: &Snapshot,
    network: &Network,
    from: Option<u64>,
    limit: usize,
    order: Order,
) -> Result<String, StoreError> {
    let chain = 0..=snapshot.place_of(snapshot.state()?.tip)?.place.number;
    let mut entries = Entries::new(limit);
    let mut next = order.first(&chain, from);
    while let Some(number) = next.filter(|_| !entries.is_full()) {
        let block = stored_block(snapshot, snapshot.entry_at(number)?.hash(), network)?;
        let answer = BlockAnswer::of(&block, &snapshot.receipts(number)?, network);
        let text = serde_json::to_string(&answer)
            .map_err(|error| snapshot.damaged(format_args!("block {number}"), error.to_string()))?;
        entries.push(&text);
        next = order.next(&chain, number);
    }
    let (blocks, next) = (entries.text(), cursor(next));
    Ok(format!(r#"{{"blocks": [{blocks}], "next": {next}}}"#))
}

/// What a block is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::api) enum Name {
    Tip,
    Number(u64),
    Hash(PowHash),
    Record(alloy_primitives::B256),
}

impl Name {
    pub(in crate::api) fn read(path: Result<Path<String>, PathRejection>) -> Result<Self, Problem> {
        let bad = |text: &str| {
            let detail = format!(
                "`{}` names no block: give a number, a hash of 64 hex digits, a record hash (0x and 64 hex digits), or `tip`.",
                shown(text)
            );
            Problem::new(Kind::BadParameter, detail).with("parameter", "block")
        };
        let Path(text) = path.map_err(|_| bad("A segment that is not UTF-8"))?;
        if text == "tip" {
            return Ok(Self::Tip);
        }
        if let Some(hash) = address::hash(&text) {
            return Ok(Self::Record(hash));
        }
        // Before numbers, since a hash may consist of decimal digits alone.
        if let Ok(hash) = text.parse() {
            return Ok(Self::Hash(hash));
        }
        whole_number(&text)
            .map(Self::Number)
            .ok_or_else(|| bad(&text))
    }
}

/// A block that was found.
pub(in crate::api) struct Found {
    pub hash: PowHash,
    pub encoded: Vec<u8>,
    pub block: CheckedBlock,
    pub answer: OneBlock,
}

/// The tip's number, and the block, on the chain or beside it.
pub(in crate::api) fn look(
    snapshot: &Snapshot,
    name: Name,
    network: &Network,
) -> Result<(u64, Option<Found>), StoreError> {
    let tip = snapshot.place_of(snapshot.state()?.tip)?.place;
    let at = |number| Ok(snapshot.chain_entry(number)?.map(|entry| entry.hash()));
    let hash = match name {
        Name::Tip => Some(tip.hash),
        Name::Number(number) => at(number)?,
        Name::Record(hash) => snapshot.by_record_hash(hash)?,
        Name::Hash(hash) => Some(hash),
    };
    let Some(hash) = hash else {
        return Ok((tip.number, None));
    };
    // The body of a block that failed its execution is gone.
    let Some(body) = snapshot.body(hash)? else {
        return Ok((tip.number, None));
    };
    let number = snapshot.number_on_chain(hash)?;
    let block = stored_block(snapshot, hash, network)?;
    let answer = OneBlock {
        confirmations: number.map_or(0, |number| tip.number.saturating_sub(number) + 1),
        on_chain: number.is_some(),
        bytes: body.encoded.len(),
        block: BlockAnswer::kept(&block, snapshot, network)?,
    };
    let encoded = body.encoded.to_vec();
    Ok((
        tip.number,
        Some(Found {
            hash,
            encoded,
            block,
            answer,
        }),
    ))
}

async fn find(
    app: &Arc<CoinApp>,
    path: Result<Path<String>, PathRejection>,
) -> Result<(Name, Found), Problem> {
    let name = Name::read(path)?;
    let (tip, found) = reading(app, move |app, snapshot| {
        look(snapshot, name, app.node.parameters())
    })
    .await?;
    let found = found.ok_or_else(|| absent(name, tip))?;
    Ok((name, found))
}

/// That there is no such block.
pub(in crate::api) fn absent(name: Name, tip: u64) -> Problem {
    let detail = match name {
        Name::Tip => "The tip cannot be read.".to_owned(),
        // As a number is read that does not fit.
        Name::Number(u64::MAX) => format!("No block has so high a number: the tip is block {tip}."),
        Name::Number(number) => format!("There is no block {number}: the tip is block {tip}."),
        Name::Hash(hash) => format!(
            "No block with the hash {hash} is here, neither in the chain, whose tip is block {tip}, nor beside it."
        ),
        Name::Record(hash) => {
            format!(
                "No block with the record hash {hash} is in the chain, whose tip is block {tip}."
            )
        }
    };
    Problem::new(Kind::NotFound, detail).with("tip", tip)
}

/// One block, by number, hash, record hash or as the tip; by its hash also one beside the chain.
#[utoipa::path(
    get,
    path = "/v1/blocks/{block}",
    tag = "v1",
    params(("block" = String, Path, pattern = "^([0-9]{1,20}|(0x)?[0-9a-fA-F]{64}|tip)$", description = "A number, a hash, a record hash (with 0x), or `tip`.", example = "tip")),
    responses(
        (status = 200, description = "The block.", body = OneBlock),
        (status = 404, description = "No such block; `tip` is the number of the last one."),
    )
)]
pub(in super::super) async fn block(
    State(app): State<Arc<CoinApp>>,
    path: Result<Path<String>, PathRejection>,
    _: NoParameters,
) -> Result<Response, Problem> {
    let (_, found) = find(&app, path).await?;
    Ok(json_of_the_moment(&found.answer))
}

/// One block's bytes, exactly as `docs/coin-format.md` has them: the 80 bytes behind the first are its header.
#[utoipa::path(
    get,
    path = "/v1/blocks/{block}/raw",
    tag = "v1",
    params(("block" = String, Path, pattern = "^([0-9]{1,20}|(0x)?[0-9a-fA-F]{64}|tip)$", description = "A number, a hash, a record hash (with 0x), or `tip`.", example = "0")),
    responses(
        (status = 200, description = "The encoded block.", content_type = "application/octet-stream", body = Vec<u8>, headers(
            ("ETag" = String, description = "The block's hash."),
            ("Cache-Control" = String, description = "By hash the bytes may be kept for ever; otherwise `no-cache`."),
        )),
        (status = 304, description = "`If-None-Match` named the block's hash."),
        (status = 404, description = "No such block; `tip` is the number of the last one."),
    )
)]
pub(in super::super) async fn block_raw(
    State(app): State<Arc<CoinApp>>,
    path: Result<Path<String>, PathRejection>,
    _: NoParameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (name, found) = find(&app, path).await?;
    let caching = match name {
        Name::Hash(_) | Name::Record(_) => Caching::Immutable,
        Name::Tip | Name::Number(_) => Caching::Ask,
    };
    let tag = found.hash.to_string();
    const BYTES: &str = "application/octet-stream";
    Ok(tagged(&headers, &tag, caching, BYTES, found.encoded))
}
