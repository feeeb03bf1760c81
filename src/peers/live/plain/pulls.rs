//! How a node takes over the chain of one that has no sessions: as the book's `/replace_chain` does, from one peer alone.

use futures_util::future::BoxFuture;

use crate::node::NodeHandle;
use crate::node::coin::CoinHandle;
use crate::peers::address::PeerAddress;
use crate::peers::coin::pull::CoinPuller;
use crate::peers::ledger::{classic, coin};
use crate::peers::message::BlockId;
use crate::peers::pull::Puller;
use crate::peers::round::{Outcome, PeerReport};

/// A node that can ask another for its chain.
pub trait Pulls: Send + Sync + 'static {
    /// Asks `peer`, and takes its chain over where it is better.
    fn pull<'a>(&'a self, peer: &'a PeerAddress) -> BoxFuture<'a, Heard>;

    /// Where this node's chain ends.
    fn tip(&self) -> BlockId;
}

/// What came of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// A chain that holds; where it is this node's by now, or as good, this node's tip.
    Chain { has: Option<BlockId>, said: String },
    /// None, and why.
    Nothing(String),
}

/// A classic node, and a puller that nobody else waits for.
pub struct ClassicPulls {
    pub node: NodeHandle,
    pub puller: Puller,
}

impl Pulls for ClassicPulls {
    fn pull<'a>(&'a self, peer: &'a PeerAddress) -> BoxFuture<'a, Heard> {
        Box::pin(async move {
            let peers = std::slice::from_ref(peer);
            let round = crate::peers::replace::replace_chain(&self.node, &self.puller, peers);
            match round.await {
                Ok(round) => heard(
                    round.reports.first(),
                    |report| report.length == Some(self.node.tip().link.height.0),
                    self.tip(),
                ),
                Err(error) => Heard::Nothing(error.to_string()),
            }
        })
    }

    fn tip(&self) -> BlockId {
        classic::stand_at(Some(self.node.tip().link)).id
    }
}

/// A coin node, and a puller that nobody else waits for.
pub struct CoinPulls {
    pub node: CoinHandle,
    pub puller: CoinPuller,
}

impl Pulls for CoinPulls {
    fn pull<'a>(&'a self, peer: &'a PeerAddress) -> BoxFuture<'a, Heard> {
        Box::pin(async move {
            let peers = std::slice::from_ref(peer);
            let round = crate::peers::coin::replace::replace_chain(&self.node, &self.puller, peers);
            match round.await {
                Ok(round) => {
                    let report = round.reports.first();
                    let work = report.and_then(|report| report.work);
                    let is_level = work == Some(self.node.tip().place.work);
                    heard(
                        report.map(|report| &report.report),
                        |_| is_level,
                        self.tip(),
                    )
                }
                Err(error) => Heard::Nothing(error.to_string()),
            }
        })
    }

    fn tip(&self) -> BlockId {
        coin::stand_at(&self.node.tip().place).id
    }
}

/// What a report says, where this node's chain ends at `tip`, and `is_level` says whether the peer's is as good.
fn heard(
    report: Option<&PeerReport>,
    is_level: impl Fn(&PeerReport) -> bool,
    tip: BlockId,
) -> Heard {
    let Some(report) = report else {
        return Heard::Nothing("it was not asked".to_owned());
    };
    match report.outcome {
        Outcome::Adopted | Outcome::ValidNotLonger | Outcome::LongerNotChosen => {
            if report.outcome == Outcome::Adopted {
                tracing::info!(peer = %report.address, detail = report.detail, "took over the chain of a node without sessions");
            }
            Heard::Chain {
                has: is_level(report).then_some(tip),
                said: report.detail.clone(),
            }
        }
        Outcome::Invalid | Outcome::Unreachable | Outcome::Refused => {
            Heard::Nothing(report.detail.clone())
        }
    }
}
