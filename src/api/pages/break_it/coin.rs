//! Break it on coin.

use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, Request, State};
use axum::response::Response;

use super::super::super::coin::CoinApp;
use super::super::super::coin::v1::{difficulty, reading};
use super::super::super::problem::{Kind, Problem};
use super::super::shell::{Section, Shell};
use super::super::visit::Visit;
use super::asked::{Asked, AskedBlock};
use super::coin_copy::{Unreadable, of_block, read_block};
use super::cost::{Cost, Rates};
use super::verdict::{BlockVerdict, Verdict};
use super::{BLOCKS, Page, first_of, from_of};
use crate::limits::BREAK_COPY_BYTES;
use crate::node::coin::stored_block;
use crate::protocol::coin::block::Block;
use crate::protocol::coin::judge::{Before, Judged, judge};
use crate::protocol::coin::parameters::Parameters;
use crate::protocol::coin::target::Work;
use crate::store::StoreError;
use crate::store::coin::{Ledger, Snapshot};

/// Blocks over which the network's rate is looked at.
const RATE_BLOCKS: u64 = 100;

pub(in super::super) async fn page(
    State(app): State<Arc<CoinApp>>,
    RawQuery(query): RawQuery,
    visit: Visit,
) -> Response {
    let shell = app.shell(visit, Section::BreakIt);
    shell.answer(read(&app, &shell, query.as_deref()).await)
}

async fn read<'s>(
    app: &Arc<CoinApp>,
    shell: &'s Shell,
    query: Option<&str>,
) -> Result<Page<'s>, Problem> {
    let from = from_of(query)?;
    let stretch = reading(app, move |app, snapshot| {
        stretch(snapshot, app.node.parameters(), from)
    });
    let Stretch {
        first,
        tip,
        parent,
        blocks,
        too_large,
    } = stretch.await?;
    Ok(Page {
        shell,
        parent,
        ring: None,
        older: (first > 1).then(|| first.saturating_sub(BLOCKS).max(1)),
        newer: Some(first + BLOCKS).filter(|next| *next <= tip),
        blocks: blocks
            .iter()
            .map(|block| of_block(block.record.number, block))
            .collect(),
        too_large,
    })
}

/// The blocks of a copy, and what stands before them.
struct Stretch {
    first: u64,
    tip: u64,
    parent: String,
    blocks: Vec<Block>,
    too_large: Option<u64>,
}

/// The genesis block is not in a copy: nobody mined it, and the network's parameters are all there is in it.
fn stretch(
    snapshot: &Snapshot,
    network: &Parameters,
    from: Option<u64>,
) -> Result<Stretch, StoreError> {
    let tip = snapshot.place_of(snapshot.state()?.tip)?.place.number;
    let first = first_of(from, 1, tip);
    let mut blocks = Vec::new();
    let mut too_large = None;
    let mut room = BREAK_COPY_BYTES;
    for number in first..=tip.min(first + BLOCKS - 1) {
        let block = stored_block(snapshot, snapshot.entry_at(number)?.hash(), network)?;
        // In hexadecimal a byte is two.
        match room.checked_sub(2 * block.encode().len()) {
            Some(left) => room = left,
            None => {
                too_large = Some(number);
                break;
            }
        }
        blocks.push(Block {
            header: *block.header(),
            record: block.record().clone(),
            envelopes: block
                .transactions()
                .iter()
                .map(|transaction| transaction.bytes().clone())
                .collect(),
        });
    }
    let parent = snapshot.entry_at(first - 1)?.hash();
    Ok(Stretch {
        first,
        tip,
        parent: format!(r#"{{"hash": "{parent}"}}"#),
        blocks,
        too_large,
    })
}

/// What a copy stands upon: a block that this node has.
async fn before(app: &Arc<CoinApp>, asked: &Asked) -> Result<Before, Problem> {
    let hash = asked.pow_hash()?;
    let found = reading(app, move |app, snapshot| {
        let Some(known) = snapshot.known_block(hash)? else {
            return Ok(None);
        };
        if snapshot.body(hash)?.is_none() {
            return Ok(None);
        }
        let block = stored_block(snapshot, hash, app.node.parameters())?;
        Ok(Some(Before {
            place: known.place,
            record_hash: block.record_hash(),
        }))
    });
    found.await?.ok_or_else(|| {
        let detail = format!("This node has no block {hash} for the copy to stand upon.");
        Problem::new(Kind::NotFound, detail)
    })
}

/// Judges the blocks in order. Behind one that cannot be read the others are judged alone.
fn judge_all(
    before: Before,
    blocks: &[AskedBlock],
    network: &Parameters,
    now: u64,
) -> Vec<Result<Judged, Unreadable>> {
    let mut before = Some(before);
    let judged = blocks.iter().map(|block| {
        let judged =
            read_block(&block.text).map(|block| judge(before.as_ref(), &block, network, now));
        before = judged.as_ref().ok().and_then(|judged| judged.own);
        judged
    });
    judged.collect()
}

/// Judges a copy.
pub(in super::super) async fn verdict(
    State(app): State<Arc<CoinApp>>,
    visit: Visit,
    request: Request,
) -> Result<Json<Verdict>, Problem> {
    let asked = Asked::read(request, &app.face.guard).await?;
    let before = before(&app, &asked).await?;
    let t = &visit.language.strings().break_it;
    let judge = Arc::clone(&app);
    let verdict = app.face.desk.run(move || {
        let node = &judge.node;
        let judged = judge_all(before, &asked.blocks, node.parameters(), node.now());
        let blocks = judged
            .into_iter()
            .zip(&asked.blocks)
            .zip(before.place.number + 1..);
        let blocks = blocks
            .map(|((judged, block), number)| BlockVerdict::coin(judged, &block.was, number, t));
        Ok(Verdict::of(blocks.collect(), t))
    });
    Ok(Json(verdict.await?))
}

/// Says what it would take to mine a copy again.
pub(in super::super) async fn cost(
    State(app): State<Arc<CoinApp>>,
    visit: Visit,
    request: Request,
) -> Result<Json<Cost>, Problem> {
    let asked = Asked::read(request, &app.face.guard).await?;
    let before = before(&app, &asked).await?;
    let found = reading(&app, |app, snapshot| {
        difficulty::of(snapshot, app.node.parameters(), RATE_BLOCKS)
    });
    let network_rate = found.await?.hash_rate.and_then(|rate| rate.parse().ok());
    let t = &visit.language.strings().break_it;
    let judge = Arc::clone(&app);
    let cost = app.face.desk.run(move || {
        let node = &judge.node;
        let judged = judge_all(before, &asked.blocks, node.parameters(), node.now());
        let is_broken =
            |one: &Result<Judged, Unreadable>| !matches!(one, Ok(one) if one.faults.is_empty());
        let first = judged.iter().position(is_broken);
        let broken = judged
            .get(first.unwrap_or(judged.len())..)
            .unwrap_or_default();
        let easiest = node.parameters().easiest().work();
        let work = |one: &Result<Judged, Unreadable>| match one {
            Ok(one) => one.work.unwrap_or(easiest).max(easiest),
            Err(_) => easiest,
        };
        let total: Work = broken.iter().map(work).sum();
        let rates = Rates {
            machine: judge.face.desk.rate(),
            network: network_rate,
        };
        Ok(Cost::of(broken.len(), total, &rates, t))
    });
    Ok(Json(cost.await?))
}
