//! What `/replace_chain` says of a peer on coin.

use serde::{Serialize, Serializer};

use super::connecting::Taken;
use super::error::PullError;
use super::headers::{Ended, HeaderChain};
use crate::peers::address::PeerAddress;
use crate::peers::round::{Outcome, PeerReport};
use crate::peers::turns::Effort;
use crate::protocol::coin::place::Place;
use crate::protocol::coin::target::Work;

/// What one peer said. Its `length` counts the genesis block.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CoinPeerReport {
    #[serde(flatten)]
    pub report: PeerReport,
    /// Work of its chain as summed, where all of its headers hold: a decimal number.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "decimal")]
    pub work: Option<Work>,
}

#[expect(clippy::ref_option, reason = "serde calls it so")]
fn decimal<S: Serializer>(work: &Option<Work>, serializer: S) -> Result<S::Ok, S::Error> {
    match work {
        Some(work) => serializer.collect_str(work),
        None => serializer.serialize_none(),
    }
}

/// What was heard of a peer in a round.
#[derive(Debug)]
pub struct Heard {
    pub peer: PeerAddress,
    pub headers: Result<HeaderChain, PullError>,
    /// Where its blocks were asked for: what became of them.
    pub blocks: Option<(Taken, Result<(), PullError>)>,
    pub effort: Effort,
}

impl Heard {
    /// The work of its headers, if they hold and it is more than this.
    pub fn work_above(&self, work: Work) -> Option<Work> {
        let chain = self.headers.as_ref().ok()?;
        Some(chain.tip.work).filter(|found| *found > work)
    }

    /// The report, where the node's tip was `own` when the round began; `chosen` is the peer whose blocks the tip moved to.
    pub fn report(&self, own: &Place, chosen: Option<&Heard>) -> CoinPeerReport {
        let (outcome, detail) = match (&self.headers, &self.blocks) {
            (Err(error), _) => (error.fault().into(), error.to_string()),
            (Ok(chain), None) => unasked(chain, own, chosen),
            (Ok(chain), Some((taken, ended))) => asked(chain, own, taken, ended),
        };
        let chain = self.headers.as_ref().ok();
        CoinPeerReport {
            report: PeerReport {
                address: self.peer.clone(),
                outcome,
                length: chain.map(|chain| chain.tip.number.saturating_add(1)),
                detail,
                seconds_peer: self.effort.waited.as_secs_f64(),
                seconds_checking: self.effort.checking.as_secs_f64(),
            },
            work: chain.map(|chain| chain.tip.work),
        }
    }
}

/// A peer whose headers were enough.
fn unasked(chain: &HeaderChain, own: &Place, chosen: Option<&Heard>) -> (Outcome, String) {
    let mut detail = valid(chain, own);
    if chain.tip.work <= own.work {
        if chain.tip.work == own.work && chain.tip.hash != own.hash {
            detail.push_str("; of equal ones the first seen stays");
        }
        return (Outcome::ValidNotLonger, detail);
    }
    if let Some(chosen) = chosen
        && let Ok(better) = &chosen.headers
    {
        let peer = &chosen.peer;
        if better.tip.work == chain.tip.work {
            detail.push_str(&format!(
                "; that of {peer} has as much work and was known first"
            ));
        } else {
            detail.push_str(&format!(
                "; that of {peer} has more work, {}",
                better.tip.work
            ));
        }
    }
    (Outcome::LongerNotChosen, detail)
}

/// A peer whose blocks were asked for.
fn asked(
    chain: &HeaderChain,
    own: &Place,
    taken: &Taken,
    ended: &Result<(), PullError>,
) -> (Outcome, String) {
    let valid = valid(chain, own);
    let moved = moved(taken);
    match ended {
        Ok(()) if taken.switched => (Outcome::Adopted, format!("adopted: {valid}{moved}")),
        Ok(()) => (
            Outcome::ValidNotLonger,
            format!("{valid}; while it was pulled this node's chain outgrew it"),
        ),
        Err(error) if error.is_limit() => {
            let last = taken.last.unwrap_or(chain.base.number);
            let outcome = if taken.switched {
                Outcome::Adopted
            } else {
                Outcome::Refused
            };
            let adopted = if taken.switched { "adopted" } else { "kept" };
            let detail = format!(
                "{adopted} up to block {last}: {valid}{moved}; {error}: ask again for the rest"
            );
            (outcome, detail)
        }
        Err(error) => (error.fault().into(), format!("{error}{}", kept(taken))),
    }
}

/// What was seen of a chain of which all headers hold.
fn valid(chain: &HeaderChain, own: &Place) -> String {
    let (tip, fork) = (&chain.tip, chain.fork.number);
    let mut detail = format!(
        "block {} with work {}, this node has block {} with work {}",
        tip.number, tip.work, own.number, own.work
    );
    if tip.hash == own.hash {
        detail.push_str("; the chains are the same");
    } else {
        detail.push_str(&format!("; the chains are the same up to block {fork}"));
    }
    match &chain.ended {
        None => {}
        Some(Ended::Ahead(rule)) => detail.push_str(&format!(
            "; its next block is not valid yet: {rule}. Compare the clocks"
        )),
        Some(Ended::Limit(limit)) => {
            detail.push_str(&format!("; it has more headers, but {limit}"))
        }
    }
    detail
}

/// What made room for a branch.
fn moved(taken: &Taken) -> String {
    match taken.displaced {
        0 => String::new(),
        displaced => format!(
            "; {displaced} of this node's blocks made room, {} of their transactions wait again",
            taken.returned
        ),
    }
}

/// What stands of a pull that failed.
fn kept(taken: &Taken) -> String {
    match (taken.last, taken.switched) {
        (None, _) => String::new(),
        (Some(last), true) => format!(
            "; up to block {last} its chain holds and was adopted{}",
            moved(taken)
        ),
        (Some(last), false) => {
            format!("; its blocks up to {last} are kept beside this node's chain")
        }
    }
}
