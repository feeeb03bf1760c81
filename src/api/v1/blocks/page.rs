//! The chain, page by page.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::super::problem::{Kind, Problem};
use super::super::super::{App, blocking};
use super::super::answer::{Entries, cursor, of_the_moment};
use super::super::parameters::{Order, Parameters};
use super::BlockEntry;
use crate::protocol::classic::block::Height;
use crate::store::{Snapshot, StoreError};

/// A stretch of the chain.
#[derive(Debug, Serialize, ToSchema)]
pub struct BlockPage {
    pub blocks: Vec<BlockEntry>,
    /// `from` of the next page; null when the chain ends here.
    #[schema(required = true)]
    pub next: Option<u64>,
}

/// The chain, page by page.
///
/// A page ends after `limit` blocks, or earlier once it has 8 MiB. Go on with `from` set to `next`.
#[utoipa::path(
    get,
    path = "/v1/blocks",
    tag = "v1",
    params(
        ("from" = inline(Option<u128>), Query, minimum = 1, description = "The first block's height. By default the first block's of the chain, in descending order the last one's.", example = 1),
        ("limit" = inline(Option<u64>), Query, minimum = 1, maximum = 1000, description = "Blocks on the page; 100 by default.", example = 2),
        ("order" = inline(Option<String>), Query, pattern = "^(asc|desc)$", description = "`asc`, which is the default, or `desc`.", example = "asc"),
    ),
    responses((status = 200, description = "Blocks in order, and where the next page begins.", body = BlockPage))
)]
pub(in super::super) async fn blocks(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let parameters = Parameters::read(query.as_deref(), &["from", "limit", "order"])?;
    let limit = parameters.limit()?;
    let order = parameters.order()?;
    let from = parameters.number("from")?;
    if from == Some(0) {
        let detail = "`from` is 0, and heights count from 1.";
        return Err(Problem::new(Kind::BadParameter, detail).with("parameter", "from"));
    }
    let node = app.node.clone();
    let page =
        blocking(move || node.read(|snapshot| page(&snapshot, from, limit, order))).await??;
    Ok(of_the_moment(page))
}

fn page(
    snapshot: &Snapshot,
    from: Option<u64>,
    limit: usize,
    order: Order,
) -> Result<String, StoreError> {
    let chain = Height::FIRST.0..=snapshot.state()?.tip.height.0;
    let mut entries = Entries::new(limit);
    let mut next = order.first(&chain, from);
    while let Some(height) = next.filter(|_| !entries.is_full()) {
        if let Some(block) = snapshot.block(Height(height))? {
            let (hash, text) = (block.hash, block.text);
            entries.push(&format!(
                r#"{{"height": {height}, "hash": "{hash}", "block": {text}}}"#
            ));
        }
        next = order.next(&chain, height);
    }
    Ok(format!(
        r#"{{"blocks": [{}], "next": {}}}"#,
        entries.text(),
        cursor(next)
    ))
}
