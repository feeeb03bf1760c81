//! The book's `/replace_chain`: ask everybody, adopt the longest valid chain. The same for a few, for nodes that follow others.

use std::sync::Arc;

use super::address::PeerAddress;
use super::pull::{OwnChain, PulledChain, Puller};
use super::round::{PeerReport, Round, mark_adopted, mark_overtaken};
use crate::node::{Adoption, Branch, BranchBlocks, BranchError, NodeError, NodeHandle};
use crate::protocol::classic::block::{Block, BlockHash, Height};
use crate::protocol::classic::tag::BlockTags;
use crate::store::{Snapshot, StoreError};

/// What became of a round.
#[derive(Debug)]
pub struct Replacement {
    pub replaced: bool,
    /// One a peer, in the order in which they became known.
    pub reports: Vec<PeerReport>,
}

/// Every peer that the node was told of by hand, in the order in which they became known.
pub fn known_peers(node: &NodeHandle) -> Vec<PeerAddress> {
    let known = node.peers();
    known.iter().filter_map(|peer| peer.parse().ok()).collect()
}

/// Asks `peers`, in the order in which they became known, and adopts the longest valid chain that is longer than this node's.
///
/// # Errors
/// The node's own. What is wrong with a peer is in its report.
pub async fn replace_chain(
    node: &NodeHandle,
    puller: &Puller,
    peers: &[PeerAddress],
) -> Result<Replacement, NodeError> {
    // Before the snapshot: what was waited for may have changed the chain.
    let _turn = puller.round_in_turn().await;
    let own = Arc::new(CurrentChain::of(node)?);
    let Round {
        mut reports,
        longest,
    } = puller.pull_all(peers, own).await;
    let Some(chosen) = longest else {
        return Ok(Replacement {
            replaced: false,
            reports,
        });
    };
    let peer = chosen.peer.clone();
    let adoption = node.adopt(branch_of(chosen)).await?;
    match adoption {
        Adoption::Adopted { .. } => mark_adopted(&mut reports, &peer),
        Adoption::NoLongerBetter => mark_overtaken(&mut reports, &peer, node.tip().link.height),
    }
    Ok(Replacement {
        replaced: adoption != Adoption::NoLongerBetter,
        reports,
    })
}

/// This node's chain as it was when the round began.
struct CurrentChain {
    snapshot: Snapshot,
    height: Height,
}

impl CurrentChain {
    fn of(node: &NodeHandle) -> Result<Self, StoreError> {
        let snapshot = node.snapshot()?;
        let height = snapshot.state()?.tip.height;
        Ok(Self { snapshot, height })
    }
}

impl OwnChain for CurrentChain {
    fn height(&self) -> Height {
        self.height
    }

    fn hash_at(&self, height: Height) -> Option<BlockHash> {
        // A block that cannot be read is none that both chains have: the branch then brings it back.
        self.snapshot.hash_at(height).ok().flatten()
    }
}

fn branch_of(chain: PulledChain) -> Branch {
    Branch {
        fork: chain.fork,
        tip: chain.tip.height,
        blocks: Box::new(Spooled(chain)),
    }
}

struct Spooled(PulledChain);

impl BranchBlocks for Spooled {
    fn visit(
        &mut self,
        visit: &mut dyn FnMut(Block, BlockTags) -> Result<(), NodeError>,
    ) -> Result<(), NodeError> {
        for block in self.0.blocks() {
            let block = block.map_err(|error| BranchError::Unreadable(error.to_string()))?;
            visit(block, BlockTags::default())?;
        }
        Ok(())
    }
}
