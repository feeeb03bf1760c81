//! One block, by height, hash or as the tip, also one that a longer chain displaced.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::super::problem::{Kind, Problem};
use super::super::super::{App, blocking};
use super::super::answer::JSON;
use super::super::conditional::{Caching, tagged};
use super::super::parameters::{NoParameters, shown, whole_number};
use super::BlockShape;
use crate::node::NodeHandle;
use crate::protocol::classic::block::{BlockHash, Height};
use crate::store::{Snapshot, StoreError};

/// A block that was asked for.
#[derive(Debug, Serialize, ToSchema)]
pub struct OneBlock {
    #[schema(minimum = 1)]
    pub height: u64,
    /// SHA-256 of the block's canonical text.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub hash: String,
    /// Whether a longer chain took its place; such blocks are found by their hash.
    pub displaced: bool,
    pub block: BlockShape,
}

/// What a block is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::api) enum Name {
    Tip,
    Height(u64),
    Hash(BlockHash),
}

impl Name {
    pub(in crate::api) fn read(path: Result<Path<String>, PathRejection>) -> Result<Self, Problem> {
        let bad = |text: &str| {
            let detail = format!(
                "`{}` names no block: give a height, a hash of 64 hex digits, or `tip`.",
                shown(text)
            );
            Problem::new(Kind::BadParameter, detail).with("parameter", "block")
        };
        let Path(text) = path.map_err(|_| bad("A segment that is not UTF-8"))?;
        if text == "tip" {
            return Ok(Self::Tip);
        }
        // First, since a hash may consist of decimal digits alone.
        if let Ok(hash) = text.parse() {
            return Ok(Self::Hash(hash));
        }
        whole_number(&text)
            .map(Self::Height)
            .ok_or_else(|| bad(&text))
    }

    /// Whether it will always mean the same block.
    fn is_for_ever(self) -> bool {
        matches!(self, Self::Hash(_))
    }
}

/// A block that was found.
pub(in crate::api) struct Found {
    pub height: Height,
    pub hash: BlockHash,
    /// When a longer chain took its place, if one did: milliseconds since 1970.
    pub displaced_at: Option<u64>,
    pub text: String,
}

/// The tip, and the block in the chain, or by its hash among the displaced ones.
pub(in crate::api) fn look(
    snapshot: &Snapshot,
    name: Name,
) -> Result<(Height, Option<Found>), StoreError> {
    let tip = snapshot.state()?.tip.height;
    let height = match name {
        Name::Tip => Some(tip),
        Name::Height(height) => Some(Height(height)),
        Name::Hash(hash) => snapshot.height_of(hash)?,
    };
    if let Some(height) = height
        && let Some(block) = snapshot.block(height)?
    {
        let found = Found {
            height,
            hash: block.hash,
            displaced_at: None,
            text: block.text,
        };
        return Ok((tip, Some(found)));
    }
    let Name::Hash(hash) = name else {
        return Ok((tip, None));
    };
    let displaced = snapshot.displaced_by_hash(hash)?.map(|block| Found {
        height: block.height,
        hash,
        displaced_at: Some(block.displaced_at),
        text: block.text,
    });
    Ok((tip, displaced))
}

/// Finds the block that is named.
fn find(node: &NodeHandle, name: Name) -> Result<Found, Problem> {
    let (tip, found) = node.read(|snapshot| look(&snapshot, name))?;
    found.ok_or_else(|| absent(name, tip))
}

/// That there is no such block.
pub(in crate::api) fn absent(name: Name, tip: Height) -> Problem {
    let detail = match name {
        Name::Hash(hash) => format!(
            "No block with the hash {hash} is here, neither in the chain, whose tip is at height {tip}, nor displaced."
        ),
        Name::Height(0) => {
            format!("There is no block 0: heights count from 1, the tip is at height {tip}.")
        }
        Name::Height(height) => format!("There is no block {height}: the tip is at height {tip}."),
        Name::Tip => "The tip cannot be read.".to_owned(),
    };
    Problem::new(Kind::NotFound, detail).with("tip", tip.0)
}

async fn find_named(
    app: &App,
    path: Result<Path<String>, PathRejection>,
) -> Result<(Name, Found), Problem> {
    let name = Name::read(path)?;
    let node = app.node.clone();
    let found = blocking(move || find(&node, name)).await??;
    Ok((name, found))
}

/// One block, with its place and its hash.
///
/// By hash, blocks that a longer chain displaced are found as well.
#[utoipa::path(
    get,
    path = "/v1/blocks/{block}",
    tag = "v1",
    params(("block" = String, Path, pattern = "^([0-9]{1,20}|[0-9a-fA-F]{64}|tip)$", description = "A height, a hash, or `tip`.", example = "tip")),
    responses(
        (status = 200, description = "The block.", body = OneBlock, headers(
            ("ETag" = String, description = "The block's hash; with `-displaced` behind it for a displaced block."),
            ("Cache-Control" = String, description = "`no-cache`: a longer chain may displace the block."),
        )),
        (status = 304, description = "`If-None-Match` named the block."),
        (status = 404, description = "No such block; `tip` is the height of the last one."),
    )
)]
pub(in super::super) async fn block(
    State(app): State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
    _: NoParameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (_, found) = find_named(&app, path).await?;
    let Found {
        height,
        hash,
        displaced_at,
        text,
    } = found;
    let displaced = displaced_at.is_some();
    // A longer chain may displace a block, so the tag says which it was, and nobody may keep the answer unasked.
    let tag = format!("{hash}{}", if displaced { "-displaced" } else { "" });
    let body = format!(
        r#"{{"height": {height}, "hash": "{hash}", "displaced": {displaced}, "block": {text}}}"#
    );
    Ok(tagged(&headers, &tag, Caching::Ask, JSON, body))
}

/// One block's canonical text: its SHA-256 is the block's hash.
///
/// Exactly the bytes that are hashed, without a line end: `curl -s …/text | sha256sum`.
#[utoipa::path(
    get,
    path = "/v1/blocks/{block}/text",
    tag = "v1",
    params(("block" = String, Path, pattern = "^([0-9]{1,20}|[0-9a-fA-F]{64}|tip)$", description = "A height, a hash, or `tip`.", example = "1")),
    responses(
        (status = 200, description = "The canonical text.", content_type = "text/plain; charset=us-ascii", body = String, headers(
            ("ETag" = String, description = "The block's hash."),
            ("Cache-Control" = String, description = "By hash the text may be kept for ever; otherwise `no-cache`."),
        )),
        (status = 304, description = "`If-None-Match` named the block's hash."),
        (status = 404, description = "No such block; `tip` is the height of the last one."),
    )
)]
pub(in super::super) async fn block_text(
    State(app): State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
    _: NoParameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (name, found) = find_named(&app, path).await?;
    let caching = if name.is_for_ever() {
        Caching::Immutable
    } else {
        Caching::Ask
    };
    let tag = found.hash.to_string();
    Ok(tagged(
        &headers,
        &tag,
        caching,
        "text/plain; charset=us-ascii",
        found.text,
    ))
}
