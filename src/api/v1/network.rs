//! The tree of recent blocks as this node knows it, and who stands where in it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::face::Face;
use super::super::problem::{Kind, Problem};
use super::super::{App, blocking};
use super::answer::json_of_the_moment;
use super::parameters::{Parameters, shown};
use super::peers::sync;
use crate::limits::{NETWORK_BLOCKS, NETWORK_BLOCKS_DEFAULT, NETWORK_READ_BYTES};
use crate::peers::message::{BlockId, Stand};
use crate::protocol::classic::block::{BlockHash, BlockReader, Height, transactions_of};
use crate::store::{Snapshot, StoreError};

/// The recent blocks that this node knows, and who stands on which.
#[derive(Debug, Serialize, ToSchema)]
pub struct NetworkAnswer {
    /// `auto`: the node follows others by itself. `manual`: nothing moves until it is told to replace its chain.
    #[schema(pattern = "^(auto|manual)$", example = "auto")]
    pub sync: &'static str,
    /// Highest first, and at one height the one on the current chain first. A parent that is not here is further back.
    pub blocks: Vec<TreeBlock>,
    /// This node first, then its peers.
    pub standing: Vec<Standing>,
}

/// A block of the tree.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TreeBlock {
    /// Its height, on coin networks its number.
    #[schema(minimum = 0)]
    pub height: u64,
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub hash: String,
    /// The block before it; null for the first.
    #[schema(required = true, pattern = "^[0-9a-f]{64}$")]
    pub parent: Option<String>,
    /// Whether it is on this node's current chain, rather than displaced or beside it.
    pub on_chain: bool,
    /// How many it has; null where counting them would take too much reading.
    #[schema(required = true, minimum = 0)]
    pub transactions: Option<usize>,
    /// Who stands on it, as in `standing`.
    pub standing: Vec<String>,
}

/// Where a node's chain ends.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Standing {
    /// `this node`, or a peer's address as `/v1/peers` has it; a peer stands where it last said.
    #[schema(example = "127.0.0.1:1002")]
    pub node: String,
    #[schema(minimum = 0)]
    pub height: u64,
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub hash: String,
    /// What decides between chains, as decimal text: blocks on classic, work on coin.
    #[schema(pattern = "^[0-9]+$", example = "24")]
    pub weight: String,
    /// `on_chain` of this node, `beside` it, or `unknown`: this node does not have that block.
    #[schema(pattern = "^(on_chain|beside|unknown)$")]
    pub place: &'static str,
}

/// What is read of a store for the tree.
#[derive(Debug)]
pub struct Tree {
    pub blocks: Vec<TreeBlock>,
    /// Where this node stands, in the same state of the store.
    pub own: Stand,
    /// The place of each peer's tip.
    pub places: BTreeMap<BlockId, &'static str>,
}

/// The tree of recent blocks as this node knows it, and who stands on which.
///
/// The last blocks of the current chain, those beside them that were displaced or that peers stand on, and where this node and its
/// peers stand. Enough to draw: each block names its parent.
#[utoipa::path(
    get,
    path = "/v1/network",
    tag = "v1",
    params(("blocks" = inline(Option<u64>), Query, minimum = 1, maximum = 256, description = "Blocks of the current chain; 32 by default. As many others are shown at most.", example = 8)),
    responses((status = 200, description = "The tree.", body = NetworkAnswer))
)]
pub(super) async fn network(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let most = wanted(query.as_deref())?;
    let peers = peers(&app.face).await;
    let tips: Vec<BlockId> = peers.iter().map(|(_, stand)| stand.id).collect();
    let node = app.node.clone();
    let tree = blocking(move || node.read(|snapshot| tree(&snapshot, most, &tips))).await??;
    Ok(json_of_the_moment(&put_together(
        &app.face,
        tree,
        peers,
        |id| BlockHash(id.0).to_string(),
    )))
}

/// How many blocks of the current chain are asked for.
pub fn wanted(query: Option<&str>) -> Result<usize, Problem> {
    let parameters = Parameters::read(query, &["blocks"])?;
    let blocks = parameters.number("blocks")?;
    match usize::try_from(blocks.unwrap_or(NETWORK_BLOCKS_DEFAULT as u64)) {
        Ok(blocks @ 1..=NETWORK_BLOCKS) => Ok(blocks),
        _ => {
            let given = shown(parameters.text("blocks").unwrap_or_default());
            let detail = format!("`blocks` is {given}, and may be 1 to {NETWORK_BLOCKS}.");
            Err(Problem::new(Kind::BadParameter, detail)
                .with("parameter", "blocks")
                .with("limit", NETWORK_BLOCKS))
        }
    }
}

/// Where the peers stand, by their addresses.
pub async fn peers(face: &Face) -> Vec<(String, Stand)> {
    let Some(network) = &face.network else {
        return Vec::new();
    };
    let view = network.view().await;
    let peers = view.map(|view| view.peers).unwrap_or_default();
    let named = peers.iter().map(|peer| (peer.shown_address(), peer.stand));
    named.collect()
}

/// The answer, out of what the store and the peers say.
pub fn put_together(
    face: &Face,
    tree: Tree,
    peers: Vec<(String, Stand)>,
    shown: impl Fn(&BlockId) -> String,
) -> NetworkAnswer {
    let standing_at = |node: String, stand: &Stand, place| Standing {
        node,
        height: stand.height,
        hash: shown(&stand.id),
        weight: stand.weight.to_string(),
        place,
    };
    let mut standing = vec![standing_at("this node".to_owned(), &tree.own, "on_chain")];
    for (peer, stand) in peers {
        let place = tree.places.get(&stand.id).copied().unwrap_or("unknown");
        standing.push(standing_at(peer, &stand, place));
    }
    let mut blocks = tree.blocks;
    blocks.sort_by(|one, other| {
        let by_height = other.height.cmp(&one.height);
        by_height
            .then(other.on_chain.cmp(&one.on_chain))
            .then(one.hash.cmp(&other.hash))
    });
    for block in &mut blocks {
        let here = standing
            .iter()
            .filter(|standing| standing.hash == block.hash);
        block.standing = here.map(|standing| standing.node.clone()).collect();
    }
    NetworkAnswer {
        sync: sync(face),
        blocks,
        standing,
    }
}

/// Reads the last `most` blocks, fewer where they are long, and as many displaced ones at most.
pub(in crate::api) fn tree(
    snapshot: &Snapshot,
    most: usize,
    tips: &[BlockId],
) -> Result<Tree, StoreError> {
    let tip = snapshot.state()?.tip;
    let mut reading = Reading::default();
    let mut lowest = tip.height;
    for height in (1..=tip.height.0).rev().map(Height).take(most) {
        let Some(block) = snapshot.block(height)? else {
            break;
        };
        lowest = height;
        reading.add(height, block.hash, true, &block.text);
        if reading.read >= NETWORK_READ_BYTES {
            break;
        }
    }
    let mut places = BTreeMap::new();
    for id in tips {
        let hash = BlockHash(id.0);
        if snapshot.height_of(hash)?.is_some() {
            places.insert(*id, "on_chain");
        } else if let Some(block) = snapshot.displaced_by_hash(hash)? {
            places.insert(*id, "beside");
            reading.add(block.height, hash, false, &block.text);
        }
    }
    let last = snapshot.displaced_total()?;
    let mut displaced = (0..last).rev().take(most);
    while let Some(before) = displaced
        .next()
        .filter(|_| reading.read < 2 * NETWORK_READ_BYTES)
    {
        // One at a time: a block may have megabytes.
        let Some(block) = snapshot.displaced(before, 1)?.pop() else {
            break;
        };
        if block.height >= lowest && snapshot.height_of(block.hash)?.is_none() {
            reading.add(block.height, block.hash, false, &block.text);
        }
    }
    Ok(Tree {
        blocks: reading.blocks,
        own: crate::peers::ledger::classic::stand_at(Some(tip)),
        places,
    })
}

#[derive(Default)]
struct Reading {
    reader: BlockReader,
    /// Bytes so far.
    read: usize,
    seen: BTreeSet<BlockHash>,
    blocks: Vec<TreeBlock>,
}

impl Reading {
    fn add(&mut self, height: Height, hash: BlockHash, on_chain: bool, text: &str) {
        if !self.seen.insert(hash) {
            return;
        }
        self.read = self.read.saturating_add(text.len());
        // Sealed by its hash, it reads as it did when it was checked; what damage there is, the audit tells.
        let parent = self.reader.read_canonical(text).ok().and_then(|view| {
            // The first block has none.
            view.previous_hash.parse::<BlockHash>().ok()
        });
        let transactions = transactions_of(text).ok().map(|all| all.len());
        self.blocks.push(TreeBlock {
            height: height.0,
            hash: hash.to_string(),
            parent: parent.map(|parent| parent.to_string()),
            on_chain,
            transactions,
            standing: Vec::new(),
        });
    }
}
