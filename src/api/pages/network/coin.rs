//! The network of a coin node.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;

use super::super::super::coin::CoinApp;
use super::super::super::coin::v1::network::{lately_connected, tree};
use super::super::super::coin::v1::reading;
use super::super::super::problem::Problem;
use super::super::super::v1::network::put_together;
use super::super::shell::{Section, Shell};
use super::super::visit::Visit;
use super::coin_replay::{block, reorgs};
use super::replay::Replay;
use super::{Asked, Others, Page};
use crate::peers::message::BlockId;
use crate::protocol::coin::header::PowHash;

pub(in crate::api::pages) async fn page(
    State(app): State<Arc<CoinApp>>,
    visit: Visit,
    RawQuery(query): RawQuery,
) -> Response {
    let shell = app.shell(visit, Section::Network);
    shell.answer(read(&app, &shell, query.as_deref()).await)
}

async fn read<'s>(
    app: &Arc<CoinApp>,
    shell: &'s Shell,
    query: Option<&str>,
) -> Result<Page<'s>, Problem> {
    let asked = Asked::read(query)?;
    let own = BlockId(app.node.tip().place.hash.0.0);
    let others = Others::of(&app.face, app.node.peers(), own).await;
    let stands = others.stands(|hash| hash.parse().ok().map(|PowHash(hash)| BlockId(hash.0)));
    let tips: Vec<BlockId> = stands.iter().map(|(_, stand)| stand.id).collect();
    let connected = lately_connected(&app.node);
    let reorgs = reorgs(&app.node);
    let read = reading(app, move |app, snapshot| {
        let block = |hash: &str| block(snapshot, hash, app.node.parameters());
        let replay = Replay::read(&reorgs, asked.reorg, block)?;
        Ok((tree(snapshot, asked.blocks, &tips, &connected)?, replay))
    });
    let (tree, replay) = read.await?;
    let shown = |id: &BlockId| PowHash(id.0.into()).to_string();
    let network = put_together(&app.face, tree, stands, shown);
    Ok(Page::of(shell, asked, network, others, replay))
}
