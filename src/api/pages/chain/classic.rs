//! Classic blocks for the pages.

use std::ops::RangeInclusive;
use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;

use super::super::super::{App, blocking, problem::Problem};
use super::super::shell::{Section, Shell};
use super::super::texts::{Shown, member, members};
use super::super::visit::Visit;
use super::{Count, Page, Row, from, shown};
use crate::protocol::classic::block::{Height, transactions_of};
use crate::store::{Snapshot, StoreError};

/// Text of blocks that is looked through for the rows of one page. A block may have megabytes: of what comes behind them only the beginning is read.
const READ_BYTES: usize = 2 * 1024 * 1024;
/// Characters of a timestamp, which its miner may have chosen freely.
const TIME_CHARACTERS: usize = 40;

pub(in super::super) async fn page(
    State(app): State<Arc<App>>,
    visit: Visit,
    RawQuery(query): RawQuery,
) -> Response {
    let shell = app.shell(visit, Section::Chain);
    shell.answer(read(&app, &shell, query.as_deref()).await)
}

async fn read<'s>(
    app: &Arc<App>,
    shell: &'s Shell,
    query: Option<&str>,
) -> Result<Page<'s>, Problem> {
    let from = from(query)?;
    let node = app.node.clone();
    let read = move || {
        node.read(|snapshot| {
            let heights = Height::FIRST.0..=snapshot.state()?.tip.height.0;
            let shown = shown(&heights, from);
            let rows = rows(&snapshot, shown.clone())?;
            Ok((heights, shown, rows))
        })
    };
    let (heights, shown, rows) = blocking(read).await??;
    Ok(Page {
        shell,
        heights,
        shown,
        rows,
    })
}

/// Rows of these heights, newest first.
pub(in super::super) fn rows(
    snapshot: &Snapshot,
    heights: RangeInclusive<u64>,
) -> Result<Vec<Row>, StoreError> {
    let mut rows = Vec::new();
    let mut left = READ_BYTES;
    let heights = Height(*heights.start())..=Height(*heights.end());
    snapshot.for_each_block(heights, |block| {
        let is_read = block.text.len() <= left;
        left = left.saturating_sub(block.text.len());
        let (time, transactions) = match is_read {
            true => (timestamp(block.text), transactions_of(block.text).ok()),
            false => (String::new(), None),
        };
        rows.push(Row {
            height: block.height.0,
            hash: block.hash.to_string(),
            time,
            transactions: Count(transactions.map(|all| all.len())),
        });
        Ok::<_, StoreError>(())
    })?;
    rows.reverse();
    Ok(rows)
}

/// The block's timestamp as it stands there.
pub(in super::super) fn timestamp(block: &str) -> String {
    let members = members(block).unwrap_or_default();
    let timestamp = member(&members, "timestamp").unwrap_or_default();
    Shown::of(timestamp, TIME_CHARACTERS).text
}
