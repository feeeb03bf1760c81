//! The tree of recent blocks as this node knows it, and who stands where in it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;

use super::super::super::problem::Problem;
use super::super::super::v1::answer::json_of_the_moment;
use super::super::super::v1::network::{
    NetworkAnswer, Tree, TreeBlock, peers, put_together, wanted,
};
use super::super::CoinApp;
use super::reading;
use crate::limits::{EVENTS_KEPT, NETWORK_READ_BYTES};
use crate::node::coin::{CoinEvent, CoinHandle};
use crate::peers::ledger::coin::stand_at;
use crate::peers::message::BlockId;
use crate::protocol::coin::header::PowHash;
use crate::store::StoreError;
use crate::store::coin::{Ledger, Snapshot};

/// The tree of recent blocks as this node knows it, and who stands on which.
///
/// The last blocks of the current chain, those beside them that were displaced (among the last 1,024 events of this run) or that peers
/// stand on, and where this node and its peers stand. Enough to draw: each block names its parent.
#[utoipa::path(
    get,
    path = "/v1/network",
    tag = "v1",
    params(("blocks" = inline(Option<u64>), Query, minimum = 1, maximum = 256, description = "Blocks of the current chain; 32 by default. As many others are shown at most.", example = 8)),
    responses((status = 200, description = "The tree.", body = NetworkAnswer))
)]
pub(in super::super) async fn network(
    State(app): State<Arc<CoinApp>>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let most = wanted(query.as_deref())?;
    let peers = peers(&app.face).await;
    let tips: Vec<BlockId> = peers.iter().map(|(_, stand)| stand.id).collect();
    let connected = lately_connected(&app.node);
    let tree = reading(&app, move |_, snapshot| {
        tree(snapshot, most, &tips, &connected)
    });
    let tree = tree.await?;
    let shown = |id: &BlockId| PowHash(id.0.into()).to_string();
    Ok(json_of_the_moment(&put_together(
        &app.face, tree, peers, shown,
    )))
}

/// The ends of the current chain of late, newest first: those that are no longer on it were displaced.
pub(in crate::api) fn lately_connected(node: &CoinHandle) -> Vec<PowHash> {
    let last = node.events().subscribe(None).last;
    let kept = node
        .events()
        .subscribe(Some(last.saturating_sub(EVENTS_KEPT as u64)));
    let ends = kept.missed.iter().rev().filter_map(|event| {
        if let CoinEvent::Block { hash, .. } | CoinEvent::Reorg { hash, .. } = *event.event {
            Some(hash)
        } else {
            None
        }
    });
    ends.collect()
}

/// Reads the last `most` blocks, and as many at most beside them: those that lead to `tips`, and to `connected`.
pub(in crate::api) fn tree(
    snapshot: &Snapshot,
    most: usize,
    tips: &[BlockId],
    connected: &[PowHash],
) -> Result<Tree, StoreError> {
    let tip = snapshot.place_of(snapshot.state()?.tip)?.place;
    let mut reading = Reading {
        snapshot,
        read: 0,
        seen: BTreeSet::new(),
        blocks: Vec::new(),
    };
    let lowest = tip.number.saturating_sub(most as u64 - 1);
    for number in (lowest..=tip.number).rev() {
        reading.add(snapshot.entry_at(number)?.hash(), true)?;
    }
    let mut places = BTreeMap::new();
    let mut left = most;
    for id in tips {
        let hash = PowHash(id.0.into());
        if snapshot.number_on_chain(hash)?.is_some() {
            places.insert(*id, "on_chain");
        } else if snapshot.known_block(hash)?.is_some() {
            places.insert(*id, "beside");
            reading.add_branch(hash, lowest, &mut left)?;
        }
    }
    for hash in connected {
        reading.add_branch(*hash, lowest, &mut left)?;
    }
    Ok(Tree {
        blocks: reading.blocks,
        own: stand_at(&tip),
        places,
    })
}

struct Reading<'s> {
    snapshot: &'s Snapshot,
    /// Bytes of bodies so far.
    read: usize,
    seen: BTreeSet<PowHash>,
    blocks: Vec<TreeBlock>,
}

impl Reading<'_> {
    /// Adds a block beside the chain, and those before it that are beside it as well, down to `lowest`.
    fn add_branch(
        &mut self,
        mut hash: PowHash,
        lowest: u64,
        left: &mut usize,
    ) -> Result<(), StoreError> {
        while *left > 0 && !self.seen.contains(&hash) {
            let Some(known) = self.snapshot.known_block(hash)? else {
                return Ok(());
            };
            if known.place.number < lowest || self.snapshot.number_on_chain(hash)?.is_some() {
                return Ok(());
            }
            *left -= 1;
            self.add(hash, false)?;
            hash = known.header.previous;
        }
        Ok(())
    }

    fn add(&mut self, hash: PowHash, on_chain: bool) -> Result<(), StoreError> {
        self.seen.insert(hash);
        let known = self.snapshot.place_of(hash)?;
        let mut transactions = None;
        // The body of a block that failed its execution is gone.
        if self.read < NETWORK_READ_BYTES
            && let Some(body) = self.snapshot.body(hash)?
        {
            self.read = self.read.saturating_add(body.encoded.len());
            transactions = Some(body.senders.len());
        }
        let number = known.place.number;
        self.blocks.push(TreeBlock {
            height: number,
            hash: hash.to_string(),
            parent: (number > 0).then(|| known.header.previous.to_string()),
            on_chain,
            transactions,
            standing: Vec::new(),
        });
        Ok(())
    }
}
