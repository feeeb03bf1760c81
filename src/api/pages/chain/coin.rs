//! Coin blocks for the pages.

use std::ops::RangeInclusive;
use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;

use super::super::super::coin::CoinApp;
use super::super::super::coin::v1::reading;
use super::super::super::coin::view::timestamp;
use super::super::super::problem::Problem;
use super::super::shell::{Section, Shell};
use super::super::visit::Visit;
use super::{Count, Page, Row, from, shown};
use crate::protocol::coin::block::header_of;
use crate::store::StoreError;
use crate::store::coin::{Ledger, Snapshot};

pub(in super::super) async fn page(
    State(app): State<Arc<CoinApp>>,
    visit: Visit,
    RawQuery(query): RawQuery,
) -> Response {
    let shell = app.shell(visit, Section::Chain);
    shell.answer(read(&app, &shell, query.as_deref()).await)
}

async fn read<'s>(
    app: &Arc<CoinApp>,
    shell: &'s Shell,
    query: Option<&str>,
) -> Result<Page<'s>, Problem> {
    let from = from(query)?;
    let found = reading(app, move |_, snapshot| {
        let heights = 0..=snapshot.place_of(snapshot.state()?.tip)?.place.number;
        let shown = shown(&heights, from);
        let rows = rows(snapshot, shown.clone())?;
        Ok((heights, shown, rows))
    });
    let (heights, shown, rows) = found.await?;
    Ok(Page {
        shell,
        heights,
        shown,
        rows,
    })
}

/// Rows of these numbers, newest first. Of each block only its header is taken apart: a full one has thousands of transactions.
pub(in super::super) fn rows(
    snapshot: &Snapshot,
    numbers: RangeInclusive<u64>,
) -> Result<Vec<Row>, StoreError> {
    numbers
        .rev()
        .map(|number| {
            let hash = snapshot.entry_at(number)?.hash();
            let what = || format!("block {hash}");
            let body = snapshot.body(hash)?;
            let body = body.ok_or_else(|| snapshot.damaged(what(), "it is missing"))?;
            let header = header_of(&body.encoded)
                .ok_or_else(|| snapshot.damaged(what(), "it ends within its header"))?;
            Ok(Row {
                height: number,
                hash: hash.to_string(),
                time: timestamp(header.time),
                transactions: Count(Some(body.senders.len())),
            })
        })
        .collect()
}
