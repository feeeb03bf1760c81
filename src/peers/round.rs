//! Asks every known peer at once, keeps the longest chain, and tells what each peer said.
//!
//! Called for `/replace_chain`. What comes out is a proposal: the node compares it with the chain it has by then, and
//! marks what became of it with [`mark_adopted`] or [`mark_overtaken`].

use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde::Serialize;

use super::address::PeerAddress;
use super::check::CheckError;
use super::pull::{Effort, Fault, OwnChain, PullError, PulledChain, Puller};
use crate::protocol::classic::block::Height;

/// What became of asking a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Its chain is this node's now.
    Adopted,
    /// Its chain holds, and is no longer than this node's.
    ValidNotLonger,
    /// Its chain holds and is longer, but another peer's was longer still, or as long and known first.
    LongerNotChosen,
    /// It answered with something that is not a valid chain.
    Invalid,
    /// It did not answer, or not to the end.
    Unreachable,
    /// This node did not call it, or stopped reading: an address that may not be called, or a limit.
    Refused,
}

impl From<Fault> for Outcome {
    fn from(fault: Fault) -> Outcome {
        match fault {
            Fault::Connection => Outcome::Unreachable,
            Fault::Answer => Outcome::Invalid,
            Fault::Refusal => Outcome::Refused,
        }
    }
}

/// What one peer said, as `/replace_chain` shows it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PeerReport {
    pub address: PeerAddress,
    pub outcome: Outcome,
    /// Blocks of its chain as counted, where all of them hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length: Option<u64>,
    /// For people.
    pub detail: String,
    /// Waited for the peer.
    pub seconds_peer: f64,
    /// This node's own checking, part of it while it waited.
    pub seconds_checking: f64,
}

/// What all peers said.
#[derive(Debug)]
pub struct Round {
    /// One a peer, in the order in which they were given.
    pub reports: Vec<PeerReport>,
    /// The longest valid chain that is longer than this node's; of equal ones that of the peer known first.
    pub longest: Option<PulledChain>,
}

impl Puller {
    /// Asks `peers`, who stand in the order in which they became known. Dropping the future drops every call.
    pub async fn pull_all(&self, peers: &[PeerAddress], own: Arc<dyn OwnChain>) -> Round {
        let own_height = own.height();
        let mut answers: FuturesUnordered<_> = peers
            .iter()
            .enumerate()
            .map(|(place, peer)| {
                let own = Arc::clone(&own);
                async move { (place, self.pull(peer, own).await) }
            })
            .collect();
        let mut longest: Option<(usize, PulledChain)> = None;
        let mut reports = Vec::with_capacity(peers.len());
        while let Some((place, (result, effort))) = answers.next().await {
            let peer = peers.get(place);
            let Some(peer) = peer.cloned() else { continue };
            reports.push((place, report(peer, &result, effort, own_height)));
            if let Ok(chain) = result
                && chain.tip.height > own_height
                && longest.as_ref().is_none_or(|(best_place, best)| {
                    (chain.length(), *best_place) > (best.length(), place)
                })
            {
                // The one before is dropped here, and its spool with it.
                longest = Some((place, chain));
            }
        }
        reports.sort_unstable_by_key(|(place, _)| *place);
        let mut reports: Vec<PeerReport> = reports.into_iter().map(|(_, report)| report).collect();
        let longest = longest.map(|(_, chain)| chain);
        if let Some(chosen) = &longest {
            compare_with_chosen(&mut reports, chosen, own_height);
        }
        Round { reports, longest }
    }
}

/// The node took over `chosen`'s chain.
pub fn mark_adopted(reports: &mut [PeerReport], chosen: &PeerAddress) {
    for report in reports.iter_mut().filter(|r| r.address == *chosen) {
        report.outcome = Outcome::Adopted;
        report.detail = format!("adopted: {}", report.detail);
    }
}

/// The node's own chain had grown to `own` blocks by the time `chosen`'s was to be taken over.
pub fn mark_overtaken(reports: &mut [PeerReport], chosen: &PeerAddress, own: Height) {
    for report in reports.iter_mut().filter(|r| r.address == *chosen) {
        report.outcome = Outcome::ValidNotLonger;
        report.detail = format!(
            "{}; while it was pulled this node's chain grew to {own}",
            report.detail
        );
    }
}

fn report(
    address: PeerAddress,
    result: &Result<PulledChain, PullError>,
    effort: Effort,
    own: Height,
) -> PeerReport {
    let (outcome, length, detail) = match result {
        Ok(chain) if chain.tip.height > own => (
            Outcome::LongerNotChosen,
            Some(chain.length()),
            valid_detail(chain, own),
        ),
        Ok(chain) => (
            Outcome::ValidNotLonger,
            Some(chain.length()),
            valid_detail(chain, own),
        ),
        Err(error) => (error.fault().into(), None, failed_detail(error)),
    };
    PeerReport {
        address,
        outcome,
        length,
        detail,
        seconds_peer: effort.waited.as_secs_f64(),
        seconds_checking: effort.checking.as_secs_f64(),
    }
}

fn valid_detail(chain: &PulledChain, own: Height) -> String {
    let length = chain.length();
    let blocks = if length == 1 { "block" } else { "blocks" };
    let mut detail = format!("{length} valid {blocks}, this node has {own}");
    match chain.fork_height() {
        Height(0) => detail.push_str("; the chains differ from the first block on"),
        fork if fork == own && fork.0 == length => detail.push_str("; the chains are the same"),
        fork => detail.push_str(&format!("; the chains are the same up to block {fork}")),
    }
    if let Some(claimed) = chain.claimed_length
        && claimed != length
    {
        detail.push_str(&format!("; it claims a length of {claimed}"));
    }
    detail
}

fn failed_detail(error: &PullError) -> String {
    match error {
        PullError::Check(CheckError::Broken(broken)) if broken.rule.is_broken_by_coin() => {
            "it is a coin node, and this one is classic: their chains have nothing in common"
                .to_owned()
        }
        PullError::Check(CheckError::Broken(_)) => format!(
            "{error}; a Python node may hold such a chain all the same, and then stays apart until an honest chain is longer than its own"
        ),
        _ => error.to_string(),
    }
}

fn compare_with_chosen(reports: &mut [PeerReport], chosen: &PulledChain, own: Height) {
    let chosen_length = chosen.length();
    for report in reports.iter_mut().filter(|r| r.address != chosen.peer) {
        match report.length {
            Some(length) if length > own.0 && length == chosen_length => {
                report.detail.push_str(&format!(
                    "; as long as that of {}, which was known first",
                    chosen.peer
                ))
            }
            Some(length) if length > own.0 => report
                .detail
                .push_str(&format!("; {} has {chosen_length}", chosen.peer)),
            _ => {}
        }
    }
}
