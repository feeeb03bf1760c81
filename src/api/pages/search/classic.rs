//! What a query means on a classic node.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;

use super::super::super::v1::blocks::one::{Name, look};
use super::super::super::{App, blocking, problem::Problem};
use super::super::account::{Before, NameHash, make};
use super::super::shell::{Section, Shell};
use super::super::short;
use super::super::strings::Strings;
use super::super::texts::{canonical, name_link};
use super::super::visit::Visit;
use super::{Candidate, HASH_DIGITS, Query, answer};
use crate::protocol::classic::block::{Height, transactions_of};
use crate::store::{Snapshot, StoreError};

pub(in super::super) async fn page(
    State(app): State<Arc<App>>,
    visit: Visit,
    RawQuery(query): RawQuery,
) -> Response {
    let shell = app.shell(visit, Section::Elsewhere);
    match read(&app, &shell, query.as_deref()).await {
        Ok((query, candidates, is_sure)) => answer(&shell, &query, candidates, None, is_sure),
        Err(problem) => shell.problem(problem),
    }
}

/// What it may be, and whether there is nothing else that it may be.
async fn read(
    app: &Arc<App>,
    shell: &Shell,
    query: Option<&str>,
) -> Result<(Query, Vec<Candidate>, bool), Problem> {
    let query = Query::read(query)?;
    if query.is_empty() {
        return Ok((query, Vec::new(), false));
    }
    let (t, wanted) = (shell.t, query.clone());
    let name = canonical(&query.0);
    let name_hash = NameHash::of(&name);
    let reading = Arc::clone(app);
    let found = blocking(move || {
        reading.node.read(|snapshot| {
            let named = reading.names.search(&snapshot, name_hash, Before::TIP, 1)?;
            Ok((blocks(&snapshot, &wanted, t)?, named))
        })
    });
    let (mut candidates, named) = found.await??;
    if !named.is_indexed() {
        make(app);
    }
    let is_named = !named.entries.is_empty();
    // As long as not every block was looked through, the name's page goes on searching.
    let may_be_named = candidates.is_empty() && named.next.is_some();
    if is_named || may_be_named {
        candidates.push(Candidate::new(t.search.name, &query.0, name_link(&name)));
    }
    Ok((query, candidates, is_named || !may_be_named))
}

/// Blocks and transactions that are called so.
fn blocks(
    snapshot: &Snapshot,
    query: &Query,
    t: &'static Strings,
) -> Result<Vec<Candidate>, StoreError> {
    let mut candidates = Vec::new();
    let t = &t.search;
    if let Some(height) = query.height()
        && let (_, Some(found)) = look(snapshot, Name::Height(height))?
    {
        let height = found.height;
        let link = format!("/block/{height}");
        candidates.push(Candidate::new(t.block, short::number(height), link));
    }
    if let Some(digits) = query.hex(HASH_DIGITS)
        && let Ok(hash) = digits.0.parse()
        && let (_, Some(found)) = look(snapshot, Name::Hash(hash))?
    {
        let what = match found.displaced_at {
            Some(_) => t.displaced_block,
            None => t.block,
        };
        candidates.push(Candidate::new(what, hash, format!("/block/{hash}")));
    }
    if let Some((height, place)) = query.transaction()
        && let Some(block) = snapshot.block(Height(height))?
        && transactions_of(&block.text).is_ok_and(|all| place < all.len())
    {
        let id = format!("{height}-{place}");
        candidates.push(Candidate::new(
            t.transaction,
            &id,
            format!("/transaction/{id}"),
        ));
    }
    Ok(candidates)
}
