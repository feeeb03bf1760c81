//! A peer's chain on its way into a coin node: headers are summed and let go, and blocks held to what is left of them.

use std::fmt;
use std::mem;

use super::super::waiting::wait_for;
use super::super::{Import, Outlined, Plan, Refusal, Stretch};
use super::{hash_of, id_of, stand_at};
use crate::limits;
use crate::node::coin::{CoinError, CoinHandle};
use crate::peers::blame::Offence;
use crate::peers::coin::bodies::{Route, Walk};
use crate::peers::coin::connecting::{Connecting, Refused};
use crate::peers::coin::error::PullError;
use crate::peers::coin::headers::{HeaderChain, had_by};
use crate::peers::coin::locator::OwnChain;
use crate::peers::coin::waypoints::Waypoints;
use crate::peers::message::{BlockId, BlockItem, Headers, Stand};
use crate::protocol::coin::block::CheckedBlock;
use crate::protocol::coin::broken::Broken;
use crate::protocol::coin::header::{HEADER_BYTES, Header};
use crate::protocol::coin::place::Place;
use crate::store::StoreError;

/// Blocks in a stretch, where the headers allow for so few.
const STRETCH_BLOCKS: u64 = 128;

/// Of headers in one import: what lies beyond is left to the next.
const MOST_HEADERS_BYTES: usize = limits::PULL_BYTES;

/// One import.
pub(super) struct CoinImport {
    node: CoinHandle,
    own: OwnChain,
    /// Headers so far, while more are to come.
    chain: Option<HeaderChain>,
    headers_bytes: usize,
    /// Along the headers' blocks, once they are planned.
    walk: Option<Walk>,
    /// In order; each with its place and its length in bytes.
    checked: Vec<(Place, usize, CheckedBlock)>,
}

impl CoinImport {
    pub(super) fn begin(node: CoinHandle) -> Result<CoinImport, StoreError> {
        Ok(CoinImport {
            own: OwnChain::of(&node)?,
            node,
            chain: None,
            headers_bytes: 0,
            walk: None,
            checked: Vec::new(),
        })
    }

    /// The chain that these headers go on with. One that begins at a block of this node's begins anew, since the peer may have
    /// switched branches meanwhile.
    fn continued(&mut self, headers: &Headers) -> Result<HeaderChain, Refusal> {
        let after = hash_of(headers.after_id);
        let is_after = |place: &Place| place.hash == after && place.number == headers.after;
        let chain = self.chain.take();
        if let Some(chain) = chain.filter(|chain| is_after(&chain.tip)) {
            return Ok(chain);
        }
        let fork = self.own.located.iter().find(|place| is_after(place));
        let fork = fork.ok_or_else(|| {
            let number = headers.after;
            Refusal::blaming(Offence::Malformed, PullError::ForkNotOffered { number })
        })?;
        Ok(HeaderChain::behind(*fork))
    }

    /// Whether there is no more to ask for behind these headers, the last of which is `tip`.
    fn is_over(&self, headers: &Headers, chain: &HeaderChain) -> bool {
        chain.ended.is_some()
            || chain.tip.number >= headers.end.height
            || headers.items.len() < limits::SESSION_HEADERS_BYTES
            || self.headers_bytes >= MOST_HEADERS_BYTES
    }

    fn planned(&mut self, route: Route, end: Stand) -> Plan {
        let plan = Plan {
            base: stand_at(&route.base),
            end,
            stretches: stretches(&route),
        };
        self.checked.clear();
        self.walk = Some(Walk::along(route, self.node.genesis().clone()));
        plan
    }
}

impl Import for CoinImport {
    fn locator(&self) -> Vec<BlockId> {
        let read = self.chain.iter().map(|chain| chain.tip.hash);
        let own = self.own.located.iter().map(|place| place.hash);
        let both = read.chain(own).map(id_of);
        both.take(limits::PEER_LOCATOR).collect()
    }

    fn headers(&mut self, headers: &Headers) -> Result<Outlined, Refusal> {
        let (items, rest) = headers.items.as_chunks::<HEADER_BYTES>();
        if headers.step != 1 || !rest.is_empty() {
            let why = "headers of a coin chain have 80 bytes each, and leave none out";
            return Err(Refusal::blaming(Offence::Malformed, why));
        }
        let mut chain = self.continued(headers)?;
        let node = self.node.clone();
        let now = node.now();
        let mut had = had_by(&node);
        for item in items {
            let header = Header::decode(item);
            let followed = chain.follow(&header, node.genesis(), now, &mut had);
            followed.map_err(refused_headers)?;
            if chain.ended.is_some() {
                break;
            }
        }
        self.headers_bytes = self.headers_bytes.saturating_add(headers.items.len());
        if !self.is_over(headers, &chain) {
            self.chain = Some(chain);
            let locator = self.locator();
            return Ok(Outlined::More { locator });
        }
        chain.finish();
        let end = stand_at(&chain.tip);
        if chain.tip.work <= self.node.tip().place.work {
            let all = chain.ended.is_none() && self.headers_bytes < MOST_HEADERS_BYTES;
            return Ok(Outlined::NotBetter { shown: end, all });
        }
        Ok(Outlined::Planned(self.planned(chain.route(), end)))
    }

    fn next_block(&mut self, to: &Stand) -> Plan {
        let base = self.node.tip().place;
        let route = Route {
            base,
            end: to.height,
            end_hash: hash_of(to.id),
            waypoints: Waypoints::behind(base.number, limits::PULL_WAYPOINTS),
        };
        self.planned(route, *to)
    }

    fn reached(&self) -> BlockId {
        let walked = self.walk.as_ref().map(Walk::place);
        id_of(walked.map_or(self.node.tip().place.hash, |place| place.hash))
    }

    fn check(&mut self, blocks: Vec<BlockItem>) -> Result<Stand, Refusal> {
        let Some(walk) = &mut self.walk else {
            return Err(Refusal::of_nobody("no blocks are planned"));
        };
        let now = self.node.now();
        // Whoever sent what stands before did not have to send what the headers name.
        let mut stands_on_another = !walk.is_at_promised();
        for item in blocks {
            if walk.is_done() {
                let why = "it sends more blocks than were asked for";
                return Err(Refusal::blaming(Offence::Malformed, why));
            }
            let before = walk.place();
            let place = walk
                .step(&item.block, now)
                .map_err(|error| refused_block(error, stands_on_another))?;
            stands_on_another = false;
            match self.node.check_block(&item.block) {
                Ok(block) => self.checked.push((place, item.block.len(), block)),
                Err(error) => {
                    walk.back_to(before);
                    return Err(refused_body(&place, error));
                }
            }
        }
        Ok(stand_at(&walk.place()))
    }

    fn connect(&mut self) -> Result<Stand, Refusal> {
        let checked = mem::take(&mut self.checked);
        let node = &self.node;
        let connected = wait_for(async move {
            let mut connecting = Connecting::new(node);
            for (place, bytes, block) in checked {
                connecting.send(place, bytes, block).await?;
            }
            connecting.settle().await
        });
        // Whoever sent the block could see no more of it than was checked.
        connected.map_err(|Refused { place, error }| {
            let number = place.number;
            let why = match error {
                CoinError::Invalid { hash, fault } if hash == place.hash => {
                    let rule = fault.rule.name();
                    format!("block {number} ({hash}) breaks the rule {rule}: {fault}")
                }
                error => format!("block {number} does not connect: {error}"),
            };
            Refusal::of_nobody(why)
        })?;
        Ok(stand_at(&self.node.tip().place))
    }
}

/// The ends of stretches on a route: of as many blocks as [`STRETCH_BLOCKS`], or as two waypoints are apart.
fn stretches(route: &Route) -> Vec<Stretch> {
    let apart = STRETCH_BLOCKS.div_ceil(route.waypoints.stride());
    let apart = usize::try_from(apart).unwrap_or(1).max(1);
    let named = route.waypoints.named().skip(apart.saturating_sub(1));
    let mut stretches: Vec<Stretch> = named
        .step_by(apart)
        .filter(|(number, _)| *number < route.end)
        .map(|(height, hash)| Stretch {
            height,
            id: id_of(hash),
        })
        .collect();
    stretches.push(Stretch {
        height: route.end,
        id: id_of(route.end_hash),
    });
    stretches
}

/// Why headers are not taken.
fn refused_headers(error: PullError) -> Refusal {
    match error {
        PullError::Header { .. } => Refusal::blaming(Offence::Invalid, error),
        // What is wrong with a known block may have been told to the peer by nobody.
        error => Refusal::of_nobody(error),
    }
}

/// Why a block that is not in its place is not taken.
fn refused_block(error: PullError, stands_on_another: bool) -> Refusal {
    let is_nobodys = match &error {
        PullError::Header { rule, .. } => match rule {
            Broken::TimeTooFarAhead { .. } => true,
            Broken::ParentUnknown { .. } => stands_on_another,
            _ => false,
        },
        _ => false,
    };
    if is_nobodys {
        Refusal::of_nobody(error)
    } else {
        Refusal::blaming(Offence::Invalid, error)
    }
}

/// Why a block that is in its place does not hold by itself.
fn refused_body(place: &Place, error: CoinError) -> Refusal {
    match error {
        CoinError::Invalid { fault, .. } => {
            let (number, hash) = (place.number, place.hash);
            let error = PullError::Block {
                number,
                hash,
                fault,
            };
            Refusal::blaming(Offence::Invalid, error)
        }
        error => Refusal::of_nobody(error),
    }
}

impl fmt::Debug for CoinImport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CoinImport")
            .field("checked", &self.checked.len())
            .finish_non_exhaustive()
    }
}
