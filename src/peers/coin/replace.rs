//! The book's `/replace_chain` on coin: ask everybody for headers, adopt the chain with the most work. The same for a few,
//! for nodes that follow others.

use std::cmp::Reverse;
use std::sync::Arc;

use futures_util::future::join_all;

use super::error::PullError;
use super::locator::OwnChain;
use super::pull::CoinPuller;
use super::report::{CoinPeerReport, Heard};
use crate::node::coin::{CoinError, CoinHandle};
use crate::peers::address::PeerAddress;

/// What became of a round.
#[derive(Debug)]
pub struct Replacement {
    /// Whether a peer's blocks moved this node's tip.
    pub replaced: bool,
    /// One a peer, in the order in which they became known.
    pub reports: Vec<CoinPeerReport>,
}

/// Every peer that the node was told of by hand, in the order in which they became known.
pub fn known_peers(node: &CoinHandle) -> Vec<PeerAddress> {
    let known = node.peers();
    known.iter().filter_map(|peer| peer.parse().ok()).collect()
}

/// Asks each of `peers` for its headers, and the one with the most work for its blocks, if that is more than this node's
/// chain has; of equal ones the one known first. Where it does not keep what its headers promised, the next is asked.
///
/// # Errors
/// The node's own. What is wrong with a peer is in its report.
pub async fn replace_chain(
    node: &CoinHandle,
    puller: &CoinPuller,
    peers: &[PeerAddress],
) -> Result<Replacement, CoinError> {
    // Before the chain is looked at: what was waited for may have changed it.
    let _turn = puller.round_in_turn().await;
    let reading = node.clone();
    let own = tokio::task::spawn_blocking(move || OwnChain::of(&reading));
    let own = Arc::new(own.await.map_err(|_| CoinError::ShuttingDown)??);
    let asked = peers.iter().map(|peer| async {
        let (headers, effort) = puller.headers(node, &own, peer).await;
        Heard {
            peer: peer.clone(),
            headers,
            blocks: None,
            effort,
        }
    });
    let mut heard = join_all(asked).await;
    own_failure(
        heard
            .iter()
            .filter_map(|heard| heard.headers.as_ref().err()),
    )?;

    let mut by_work: Vec<usize> = (0..heard.len()).collect();
    // Stable: of equal ones the first known stays first.
    by_work.sort_by_key(|place| {
        Reverse(
            heard
                .get(*place)
                .and_then(|one| one.work_above(own.tip.work)),
        )
    });
    let mut chosen = None;
    for place in by_work {
        let Some(one) = heard.get_mut(place) else {
            continue;
        };
        // Whoever has no more than the tip has by now has nothing to offer, nor have those behind.
        let Ok(chain) = &one.headers else { break };
        if chain.tip.work <= node.tip().place.work {
            break;
        }
        let (taken, ended, effort) = puller.blocks(node, chain, &one.peer).await;
        one.effort.add(effort);
        let is_over =
            ended.is_ok() || (taken.switched && ended.as_ref().is_err_and(PullError::is_limit));
        one.blocks = Some((taken, ended));
        if taken.switched {
            chosen = Some(place);
        }
        if is_over {
            break;
        }
    }
    own_failure(
        heard
            .iter()
            .filter_map(|heard| heard.blocks.as_ref()?.1.as_ref().err()),
    )?;
    let chosen = chosen.and_then(|place| heard.get(place));
    Ok(Replacement {
        replaced: chosen.is_some(),
        reports: heard
            .iter()
            .map(|one| one.report(&own.tip, chosen))
            .collect(),
    })
}

/// A failure of this node, if one is among these.
fn own_failure<'e>(errors: impl Iterator<Item = &'e PullError>) -> Result<(), CoinError> {
    for error in errors {
        if let PullError::Node(own) = error {
            return Err(own.clone());
        }
    }
    Ok(())
}
