//! Transactions that wait for a block.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::super::problem::Problem;
use super::super::{App, blocking};
use super::answer::{Entries, cursor, of_the_moment};
use super::parameters::Parameters;
use crate::store::{Snapshot, StoreError};

/// A stretch of the queue.
#[derive(Debug, Serialize, ToSchema)]
pub struct WaitingPage {
    pub transactions: Vec<WaitingEntry>,
    /// How many wait in all.
    #[schema(minimum = 0)]
    pub total: u64,
    /// `after` of the next page; null when the queue ends here.
    #[schema(required = true)]
    pub next: Option<i64>,
}

/// A transaction that waits.
#[derive(Debug, Serialize, ToSchema)]
pub struct WaitingEntry {
    /// Its place in the queue, in the order in which blocks take them.
    pub sequence: i64,
    pub transaction: Value,
    /// Whether it stood in a block that a longer chain displaced.
    pub returned: bool,
}

/// Transactions that wait for a block, in the order in which blocks take them.
///
/// A page ends after `limit` transactions, or earlier once it has 8 MiB. Go on with `after` set to `next`.
#[utoipa::path(
    get,
    path = "/v1/transactions/waiting",
    tag = "v1",
    params(
        ("after" = inline(Option<String>), Query, pattern = "^(-?[0-9]{1,20})?$", description = "The sequence number before the first one wanted; by default the queue's beginning.", example = ""),
        ("limit" = inline(Option<u64>), Query, minimum = 1, maximum = 1000, description = "Transactions on the page; 100 by default.", example = 10),
    ),
    responses((status = 200, description = "Waiting transactions, and where the next page begins.", body = WaitingPage))
)]
pub(super) async fn waiting(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let parameters = Parameters::read(query.as_deref(), &["after", "limit"])?;
    let limit = parameters.limit()?;
    let after = parameters.cursor("after")?;
    let node = app.node.clone();
    let page = blocking(move || node.read(|snapshot| page(&snapshot, after, limit))).await??;
    Ok(of_the_moment(page))
}

fn page(snapshot: &Snapshot, after: Option<i64>, limit: usize) -> Result<String, StoreError> {
    let mut entries = Entries::new(limit);
    let mut last = after;
    let next = loop {
        // One at a time: what a peer's displaced block held may have megabytes.
        let Some(row) = snapshot.waiting(last, 1)?.pop() else {
            break None;
        };
        if entries.is_full() {
            break last;
        }
        let (sequence, text, returned) = (row.sequence, &row.text, row.returned());
        entries.push(&format!(
            r#"{{"sequence": {sequence}, "transaction": {text}, "returned": {returned}}}"#
        ));
        last = Some(sequence);
    };
    Ok(format!(
        r#"{{"transactions": [{}], "total": {}, "next": {}}}"#,
        entries.text(),
        snapshot.waiting_total()?,
        cursor(next)
    ))
}
