//! The queue of a classic node.

use std::sync::Arc;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;

use super::super::super::v1::parameters::Parameters;
use super::super::super::{App, blocking, problem::Problem};
use super::super::block::classic::Line;
use super::super::shell::{Section, Shell};
use super::super::short;
use super::super::visit::Visit;
use super::ROWS;
use crate::store::{Snapshot, StoreError};

/// Text that is read for one page: what a peer's displaced block held may have megabytes.
const READ_BYTES: usize = 2 * 1024 * 1024;

#[derive(Template)]
#[template(path = "waiting_classic.html")]
struct Page<'s> {
    shell: &'s Shell,
    total: u64,
    rows: Vec<Row>,
    /// Whether these are the first that wait.
    is_first: bool,
    next: Option<i64>,
}

struct Row {
    /// Unique among what waits.
    sequence: i64,
    returned: bool,
    line: Line,
}

pub(in super::super) async fn page(
    State(app): State<Arc<App>>,
    visit: Visit,
    RawQuery(query): RawQuery,
) -> Response {
    let shell = app.shell(visit, Section::Waiting);
    shell.answer(read(&app, &shell, query.as_deref()).await)
}

async fn read<'s>(
    app: &Arc<App>,
    shell: &'s Shell,
    query: Option<&str>,
) -> Result<Page<'s>, Problem> {
    let after = Parameters::read(query, &["after"])?.cursor("after")?;
    let node = app.node.clone();
    let read =
        move || node.read(|snapshot| Ok((snapshot.waiting_total()?, rows(&snapshot, after)?)));
    let (total, (rows, next)) = blocking(read).await??;
    Ok(Page {
        shell,
        total,
        rows,
        is_first: after.is_none(),
        next,
    })
}

/// The rows behind `after`, and the last one's number where more follow.
fn rows(snapshot: &Snapshot, after: Option<i64>) -> Result<(Vec<Row>, Option<i64>), StoreError> {
    let mut rows: Vec<Row> = Vec::new();
    let (mut last, mut read) = (after, 0);
    // One at a time, since each may be long.
    while let Some(waiting) = snapshot.waiting(last, 1)?.pop() {
        if rows.len() == ROWS || read >= READ_BYTES {
            return Ok((rows, last));
        }
        read += waiting.text.len();
        last = Some(waiting.sequence);
        rows.push(Row {
            sequence: waiting.sequence,
            returned: waiting.returned(),
            line: Line::of(0, &waiting.text),
        });
    }
    Ok((rows, None))
}
