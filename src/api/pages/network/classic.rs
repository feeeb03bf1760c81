//! The network of a classic node.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;

use super::super::super::v1::network::{put_together, tree};
use super::super::super::{App, blocking, problem::Problem};
use super::super::shell::{Section, Shell};
use super::super::visit::Visit;
use super::classic_replay::{block, reorgs};
use super::replay::Replay;
use super::{Asked, Others, Page};
use crate::peers::message::BlockId;
use crate::protocol::classic::block::BlockHash;
use crate::store::StoreError;

pub(in crate::api::pages) async fn page(
    State(app): State<Arc<App>>,
    visit: Visit,
    RawQuery(query): RawQuery,
) -> Response {
    let shell = app.shell(visit, Section::Network);
    shell.answer(read(&app, &shell, query.as_deref()).await)
}

async fn read<'s>(
    app: &Arc<App>,
    shell: &'s Shell,
    query: Option<&str>,
) -> Result<Page<'s>, Problem> {
    let asked = Asked::read(query)?;
    let own = BlockId(app.node.tip().link.hash.0);
    let others = Others::of(&app.face, app.node.peers(), own).await;
    let stands = others.stands(|hash| hash.parse().ok().map(|BlockHash(hash)| BlockId(hash)));
    let tips: Vec<BlockId> = stands.iter().map(|(_, stand)| stand.id).collect();
    let node = app.node.clone();
    let reorgs = reorgs(&node);
    let read = blocking(move || {
        node.read(|snapshot| {
            let block = |hash: &str| block(&snapshot, hash);
            let replay = Replay::read(&reorgs, asked.reorg, block)?;
            Ok::<_, StoreError>((tree(&snapshot, asked.blocks, &tips)?, replay))
        })
    });
    let (tree, replay) = read.await??;
    let shown = |id: &BlockId| BlockHash(id.0).to_string();
    let network = put_together(&app.face, tree, stands, shown);
    Ok(Page::of(shell, asked, network, others, replay))
}
