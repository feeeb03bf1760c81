//! The judgement on a peer's headers as they arrive: each checked by itself and in its place, its work added, and gone.
//! No clock and no network: [`super::pull`] feeds it.

use std::sync::Arc;

use super::bodies::Route;
use super::error::PullError;
use super::locator::OwnChain;
use super::waypoints::Waypoints;
use super::wire::{HeaderReader, WireError};
use crate::limits;
use crate::node::coin::CoinHandle;
use crate::peers::pace::PaceError;
use crate::protocol::coin::block::header_is_valid;
use crate::protocol::coin::broken::Broken;
use crate::protocol::coin::genesis::Genesis;
use crate::protocol::coin::header::{Header, PowHash};
use crate::protocol::coin::place::Place;
use crate::store::StoreError;
use crate::store::coin::{Ledger, Snapshot};

/// What this node has of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Had {
    OnChain,
    Beside,
    Invalid,
}

/// Tells what this node has of a block, if anything.
pub type Lookup<'a> = dyn FnMut(PowHash) -> Result<Option<Had>, StoreError> + 'a;

/// What a node's store has of blocks, as one commit left it: the one that was the last when this is asked first.
pub fn had_by(node: &CoinHandle) -> impl FnMut(PowHash) -> Result<Option<Had>, StoreError> + '_ {
    let mut opened = None;
    move |hash| {
        let snapshot = match &opened {
            Some(snapshot) => snapshot,
            None => opened.insert(node.read(Ok)?),
        };
        had(snapshot, hash)
    }
}

fn had(snapshot: &Snapshot, hash: PowHash) -> Result<Option<Had>, StoreError> {
    let Some(known) = snapshot.known_block(hash)? else {
        return Ok(None);
    };
    Ok(Some(if known.is_invalid {
        Had::Invalid
    } else if snapshot.number_on_chain(hash)?.is_some() {
        Had::OnChain
    } else {
        Had::Beside
    }))
}

/// A peer's headers, all valid, from a block that this node has.
#[derive(Clone, Debug)]
pub struct HeaderChain {
    /// The last block that is on this node's current chain too.
    pub fork: Place,
    /// A block that this node has: behind it blocks are to be asked for. The last that it has, or that one's parent where
    /// this node has all of them and does not follow them: its writer is to look at the last once more.
    pub base: Place,
    parent: Place,
    /// The last header.
    pub tip: Place,
    /// Headers between `base` and `tip`.
    pub waypoints: Waypoints,
    /// Why `tip` is not the peer's last header, if it is not.
    pub ended: Option<Ended>,
}

/// Why no more headers were taken, although the peer had more.
#[derive(Clone, Debug, PartialEq)]
pub enum Ended {
    /// The next is from too far ahead of this node's clock.
    Ahead(Broken),
    /// A limit of this node.
    Limit(PaceError),
}

/// Checks one peer's headers, push by push.
#[derive(Debug)]
pub struct HeaderCheck {
    genesis: Arc<Genesis>,
    /// This node's clock, seconds since 1970.
    now: u64,
    own: Arc<OwnChain>,
    reader: HeaderReader,
    state: State,
    /// What the peer claims its last number to be.
    promised: u64,
    /// The block behind which the answer that is read began.
    began: PowHash,
}

#[derive(Debug)]
enum State {
    /// Before the first preamble.
    Before,
    /// Before the preamble of a further answer.
    Between(HeaderChain),
    Within(HeaderChain),
}

impl HeaderCheck {
    pub fn new(genesis: Arc<Genesis>, own: Arc<OwnChain>, now: u64) -> HeaderCheck {
        HeaderCheck {
            genesis,
            now,
            own,
            reader: HeaderReader::default(),
            state: State::Before,
            promised: 0,
            began: PowHash::ZERO,
        }
    }

    /// Takes the next bytes. The first header that breaks a rule ends it. Whether more may come: not behind a header from
    /// too far ahead.
    ///
    /// # Errors
    /// [`PullError`].
    pub fn push(&mut self, bytes: &[u8], had: &mut Lookup<'_>) -> Result<bool, PullError> {
        self.reader.push(bytes);
        self.begin()?;
        let State::Within(chain) = &mut self.state else {
            return Ok(true);
        };
        while chain.ended.is_none()
            && let Some(header) = self.reader.next_header()?
        {
            chain.follow(&header, &self.genesis, self.now, had)?;
        }
        Ok(chain.ended.is_none())
    }

    /// Looks at an answer's preamble, once it is there.
    fn begin(&mut self) -> Result<(), PullError> {
        if matches!(self.state, State::Within(_)) {
            return Ok(());
        }
        let Some(preamble) = self.reader.preamble()? else {
            return Ok(());
        };
        let ours = self.genesis.hash();
        if preamble.genesis != ours {
            return Err(PullError::OtherNetwork {
                theirs: preamble.genesis,
                ours,
            });
        }
        self.promised = preamble.last;
        let chain = match std::mem::replace(&mut self.state, State::Before) {
            State::Before => {
                let mut located = self.own.located.iter();
                let fork = located.find(|place| place.number == preamble.after);
                HeaderChain::behind(*fork.ok_or(PullError::ForkNotOffered {
                    number: preamble.after,
                })?)
            }
            State::Between(chain) | State::Within(chain) => {
                if preamble.after != chain.tip.number {
                    return Err(PullError::ChainChanged {
                        number: preamble.after,
                    });
                }
                chain
            }
        };
        self.began = chain.tip.hash;
        self.state = State::Within(chain);
        Ok(())
    }

    /// The answer has ended. Gives the hash to go on behind, if there was something in it and more was promised.
    ///
    /// # Errors
    /// When it ended in the middle of something.
    pub fn end_of_answer(&mut self) -> Result<Option<PowHash>, PullError> {
        std::mem::take(&mut self.reader).finish()?;
        let State::Within(chain) = std::mem::replace(&mut self.state, State::Before) else {
            return Err(WireError::NoPreamble.into());
        };
        let tip = chain.tip;
        self.state = State::Between(chain);
        let has_more = tip.number < self.promised && tip.hash != self.began;
        Ok(has_more.then_some(tip.hash))
    }

    /// The headers, cut off where a limit ended them.
    ///
    /// # Errors
    /// When there was no answer.
    pub fn finish(&mut self, limit: Option<PaceError>) -> Result<HeaderChain, PullError> {
        match std::mem::replace(&mut self.state, State::Before) {
            State::Before => Err(WireError::NoPreamble.into()),
            State::Between(mut chain) | State::Within(mut chain) => {
                chain.ended = chain.ended.or(limit.map(Ended::Limit));
                chain.finish();
                Ok(chain)
            }
        }
    }
}

impl HeaderChain {
    /// No headers yet, behind a block of this node's current chain.
    pub fn behind(fork: Place) -> HeaderChain {
        HeaderChain {
            fork,
            base: fork,
            parent: fork,
            tip: fork,
            waypoints: Waypoints::behind(fork.number, limits::PULL_WAYPOINTS),
            ended: None,
        }
    }

    /// Judges the next header and has the chain end in it; one from too far ahead of `now` ends the chain before it.
    ///
    /// # Errors
    /// [`PullError::Header`], [`PullError::KnownInvalid`], and what `had` fails with.
    pub fn follow(
        &mut self,
        header: &Header,
        genesis: &Genesis,
        now: u64,
        had: &mut Lookup<'_>,
    ) -> Result<(), PullError> {
        let place = match child(&self.tip, header, genesis, now) {
            Ok(place) => place,
            Err(rule @ Broken::TimeTooFarAhead { .. }) => {
                self.ended = Some(Ended::Ahead(rule));
                return Ok(());
            }
            Err(rule) => {
                return Err(PullError::Header {
                    number: self.tip.number.saturating_add(1),
                    hash: header.hash(),
                    rule,
                });
            }
        };
        // A block whose parent this node lacks, it lacks too.
        let known = if self.tip.hash == self.base.hash {
            had(place.hash)?
        } else {
            None
        };
        match known {
            Some(Had::Invalid) => {
                return Err(PullError::KnownInvalid {
                    number: place.number,
                    hash: place.hash,
                });
            }
            Some(Had::OnChain) => {
                self.fork = place;
                self.base = place;
                self.parent = place;
            }
            Some(Had::Beside) => self.parent = std::mem::replace(&mut self.base, place),
            None => {
                if self.waypoints.is_empty() {
                    self.waypoints = Waypoints::behind(self.base.number, limits::PULL_WAYPOINTS);
                }
                self.waypoints.push(place.number, place.hash);
            }
        }
        self.tip = place;
        Ok(())
    }

    /// There are no more headers: has one block at least to ask for where there was one header.
    pub fn finish(&mut self) {
        if self.tip.hash == self.base.hash {
            self.base = self.parent;
        }
    }

    /// The way that the blocks behind `base` take.
    pub fn route(&self) -> Route {
        Route {
            base: self.base,
            end: self.tip.number,
            end_hash: self.tip.hash,
            waypoints: self.waypoints.clone(),
        }
    }
}

/// The place of a block with this header behind `parent`: by itself first, then there.
pub(super) fn child(
    parent: &Place,
    header: &Header,
    genesis: &Genesis,
    now: u64,
) -> Result<Place, Broken> {
    let work = header_is_valid(header, &genesis.parameters)?;
    parent.child(header, work, &genesis.parameters, now)
}
