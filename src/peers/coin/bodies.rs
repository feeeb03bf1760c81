//! Holds the blocks that a peer sends to the headers that it sent before. No clock and no network.

use std::sync::Arc;

use super::error::PullError;
use super::headers::child;
use super::waypoints::Waypoints;
use crate::protocol::coin::block::SEALED_BY_WORK;
use crate::protocol::coin::broken::Broken;
use crate::protocol::coin::genesis::Genesis;
use crate::protocol::coin::header::{HEADER_BYTES, Header, PowHash};
use crate::protocol::coin::place::Place;

/// What headers promised of the blocks behind one that this node has.
#[derive(Clone, Debug)]
pub struct Route {
    pub base: Place,
    /// The number of the last block, and its hash.
    pub end: u64,
    pub end_hash: PowHash,
    /// Hashes on the way there.
    pub waypoints: Waypoints,
}

impl Route {
    /// The hash of the block with this number, if it is known.
    pub fn promised(&self, number: u64) -> Option<PowHash> {
        if number == self.end {
            return Some(self.end_hash);
        }
        if number == self.base.number {
            return Some(self.base.hash);
        }
        self.waypoints.at(number)
    }
}

/// Walks along a route, block by block.
#[derive(Debug)]
pub struct Walk {
    route: Route,
    genesis: Arc<Genesis>,
    /// The last block that came.
    place: Place,
}

impl Walk {
    /// Begins behind the last block that this node has.
    pub fn along(route: Route, genesis: Arc<Genesis>) -> Walk {
        Walk {
            place: route.base,
            route,
            genesis,
        }
    }

    /// The last block that came, or the one that it began behind.
    pub fn place(&self) -> Place {
        self.place
    }

    /// Whether the last header's block has come.
    pub fn is_done(&self) -> bool {
        self.place.hash == self.route.end_hash
    }

    /// Whether the last block that came is one that the headers named.
    pub fn is_at_promised(&self) -> bool {
        self.route.promised(self.place.number) == Some(self.place.hash)
    }

    /// Goes back to a block that came before.
    pub fn back_to(&mut self, place: Place) {
        self.place = place;
    }

    /// The place of the next block, whose header must be the next of the chain. Looks no further into it.
    ///
    /// # Errors
    /// [`PullError::OtherBlock`] for one that the headers did not promise, [`PullError::Header`] for one that is not even
    /// in its place.
    pub fn step(&mut self, encoded: &[u8], now: u64) -> Result<Place, PullError> {
        let number = self.place.number.saturating_add(1);
        let header = header_of(encoded).map_err(|rule| PullError::Unreadable { number, rule })?;
        let found = header.hash();
        if let Some(promised) = self.route.promised(number)
            && promised != found
        {
            return Err(PullError::OtherBlock {
                number,
                found,
                promised,
            });
        }
        let place =
            child(&self.place, &header, &self.genesis, now).map_err(|rule| PullError::Header {
                number,
                hash: found,
                rule,
            })?;
        self.place = place;
        Ok(place)
    }
}

/// The header of an encoded block.
fn header_of(encoded: &[u8]) -> Result<Header, Broken> {
    let (seal, rest) = encoded
        .split_first()
        .ok_or(Broken::SealVersion { found: 0 })?;
    if *seal != SEALED_BY_WORK {
        return Err(Broken::SealVersion { found: *seal });
    }
    let header = rest
        .first_chunk::<HEADER_BYTES>()
        .ok_or_else(|| Broken::Encoding("it ends within the header".to_owned()))?;
    Ok(Header::decode(header))
}
