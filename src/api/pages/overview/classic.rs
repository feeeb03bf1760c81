//! The first page of a classic node.

use std::sync::Arc;

use axum::response::Response;

use super::super::super::v1::peers::connected;
use super::super::super::{App, blocking, problem::Problem};
use super::super::chain::{classic::rows, rate};
use super::super::shell::{Section, Shell};
use super::super::visit::Visit;
use super::{BLOCKS, Page, RATE_BLOCKS};
use crate::protocol::classic::block::Height;

pub(in crate::api) async fn page(app: Arc<App>, visit: Visit) -> Response {
    let shell = app.shell(visit, Section::Overview);
    shell.answer(read(&app, &shell).await)
}

async fn read<'s>(app: &Arc<App>, shell: &'s Shell) -> Result<Page<'s>, Problem> {
    let tip = app.node.tip();
    let node = app.node.clone();
    let rows = blocking(move || {
        node.read(|snapshot| {
            let height = snapshot.state()?.tip.height.0;
            let first = height.saturating_sub(RATE_BLOCKS).max(Height::FIRST.0);
            rows(&snapshot, first..=height)
        })
    });
    let mut rows = rows.await??;
    let rate = rate(&rows, Height::FIRST.0);
    rows.truncate(BLOCKS as usize);
    Ok(Page {
        shell,
        height: tip.link.height.0,
        hash: tip.link.hash.to_string(),
        time: rows
            .first()
            .map_or_else(String::new, |row| row.time.clone()),
        waiting: tip.waiting,
        peers: tip.peers,
        connected: connected(&app.face).await,
        rate,
        not_ready: app.not_ready().map(str::to_owned),
        since: app.face.started_at_shown(),
        miner: Some(app.node.miner_name().to_owned()),
        blocks: rows,
        coin: None,
    })
}
