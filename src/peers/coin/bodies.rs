//! Holds the blocks that a peer sends to the headers that it sent before. No clock and no network.

use super::error::PullError;
use super::headers::{HeaderChain, child};
use crate::protocol::coin::block::SEALED_BY_WORK;
use crate::protocol::coin::broken::Broken;
use crate::protocol::coin::genesis::Genesis;
use crate::protocol::coin::header::{HEADER_BYTES, Header};
use crate::protocol::coin::place::Place;

/// Walks along a chain of headers, block by block.
#[derive(Debug)]
pub struct Walk<'a> {
    chain: &'a HeaderChain,
    genesis: &'a Genesis,
    /// The last block that came.
    place: Place,
}

impl<'a> Walk<'a> {
    /// Begins behind the last block that this node has.
    pub fn along(chain: &'a HeaderChain, genesis: &'a Genesis) -> Walk<'a> {
        Walk {
            chain,
            genesis,
            place: chain.base,
        }
    }

    /// The last block that came, or the one that it began behind.
    pub fn place(&self) -> Place {
        self.place
    }

    /// Whether the last header's block has come.
    pub fn is_done(&self) -> bool {
        self.place.hash == self.chain.tip.hash
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
        let promised = if number == self.chain.tip.number {
            Some(self.chain.tip.hash)
        } else {
            self.chain.waypoints.at(number)
        };
        if let Some(promised) = promised
            && promised != found
        {
            return Err(PullError::OtherBlock {
                number,
                found,
                promised,
            });
        }
        let place =
            child(&self.place, &header, self.genesis, now).map_err(|rule| PullError::Header {
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
