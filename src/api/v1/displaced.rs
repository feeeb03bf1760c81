//! Blocks that a longer chain displaced.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::problem::Problem;
use super::super::{App, blocking};
use super::answer::json_of_the_moment;
use super::parameters::Parameters;
use crate::store::{DisplacedBlock, Snapshot, StoreError};

/// A stretch of the list of displaced blocks.
#[derive(Debug, Serialize, ToSchema)]
pub struct DisplacedPage {
    pub blocks: Vec<DisplacedEntry>,
    /// `after` of the next page; null when the list ends here.
    #[schema(required = true)]
    pub next: Option<u64>,
}

/// A displaced block; `/v1/blocks/{hash}` shows all of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct DisplacedEntry {
    /// Counts displaced blocks of this node from 1.
    #[schema(minimum = 1)]
    pub sequence: u64,
    /// Where it stood.
    #[schema(minimum = 1)]
    pub height: u64,
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub hash: String,
    /// RFC 3339, in UTC.
    #[schema(format = DateTime)]
    pub displaced_at: String,
}

impl From<DisplacedBlock> for DisplacedEntry {
    fn from(block: DisplacedBlock) -> Self {
        let milliseconds = i64::try_from(block.displaced_at).unwrap_or(i64::MAX);
        let time = DateTime::<Utc>::from_timestamp_millis(milliseconds).unwrap_or_default();
        Self {
            sequence: block.sequence,
            height: block.height.0,
            hash: block.hash.to_string(),
            displaced_at: time.to_rfc3339_opts(SecondsFormat::Millis, true),
        }
    }
}

/// Blocks that a longer chain displaced, oldest first.
#[utoipa::path(
    get,
    path = "/v1/displaced",
    tag = "v1",
    params(
        ("after" = inline(Option<String>), Query, pattern = "^(-?[0-9]{1,20})?$", description = "The sequence number before the first one wanted; by default the list's beginning.", example = ""),
        ("limit" = inline(Option<u64>), Query, minimum = 1, maximum = 1000, description = "Blocks on the page; 100 by default.", example = 10),
    ),
    responses((status = 200, description = "Displaced blocks, and where the next page begins.", body = DisplacedPage))
)]
pub(super) async fn displaced(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let parameters = Parameters::read(query.as_deref(), &["after", "limit"])?;
    let limit = parameters.limit()?;
    let after = parameters.cursor("after")?.unwrap_or(0);
    let after = u64::try_from(after).unwrap_or(0);
    let node = app.node.clone();
    let page = blocking(move || node.read(|snapshot| page(&snapshot, after, limit))).await??;
    Ok(json_of_the_moment(&page))
}

fn page(snapshot: &Snapshot, after: u64, limit: usize) -> Result<DisplacedPage, StoreError> {
    let mut blocks: Vec<DisplacedEntry> = Vec::new();
    let mut last = after;
    // One at a time: a block may have megabytes.
    while let Some(block) = snapshot.displaced(last, 1)?.pop() {
        if blocks.len() == limit {
            return Ok(DisplacedPage {
                blocks,
                next: Some(last),
            });
        }
        last = block.sequence;
        blocks.push(block.into());
    }
    Ok(DisplacedPage { blocks, next: None })
}
