//! The first page of a coin node.

use std::sync::Arc;

use axum::response::Response;

use super::super::super::coin::CoinApp;
use super::super::super::coin::v1::{difficulty, reading, supply};
use super::super::super::problem::Problem;
use super::super::super::v1::peers::connected;
use super::super::chain::{coin::rows, rate};
use super::super::shell::{Section, Shell};
use super::super::visit::Visit;
use super::{BLOCKS, CoinFacts, Page, RATE_BLOCKS};
use crate::store::coin::Ledger;

pub(in crate::api) async fn page(app: Arc<CoinApp>, visit: Visit) -> Response {
    let shell = app.shell(visit, Section::Overview);
    shell.answer(read(&app, &shell).await)
}

async fn read<'s>(app: &Arc<CoinApp>, shell: &'s Shell) -> Result<Page<'s>, Problem> {
    let tip = app.node.tip();
    let found = reading(app, |app, snapshot| {
        let number = snapshot.place_of(snapshot.state()?.tip)?.place.number;
        let first = number.saturating_sub(RATE_BLOCKS);
        let parameters = app.node.parameters();
        Ok((
            rows(snapshot, first..=number)?,
            difficulty::of(snapshot, parameters, RATE_BLOCKS)?,
            supply::of(snapshot, parameters)?,
        ))
    });
    let (mut rows, difficulty, supply) = found.await?;
    let rate = rate(&rows, 0);
    rows.truncate(BLOCKS as usize);
    Ok(Page {
        shell,
        height: tip.place.number,
        hash: tip.place.hash.to_string(),
        time: rows
            .first()
            .map_or_else(String::new, |row| row.time.clone()),
        waiting: tip.waiting,
        peers: tip.peers,
        connected: connected(&app.face).await,
        rate,
        not_ready: app.not_ready(),
        since: app.face.started_at_shown(),
        miner: app.paid().map(|address| address.to_string()),
        blocks: rows,
        coin: Some(CoinFacts {
            difficulty: difficulty.difficulty,
            hash_rate: difficulty.hash_rate,
            supply: supply.total.to_string(),
            next_halving: supply.next_halving.map(|next| next.block),
        }),
    })
}
