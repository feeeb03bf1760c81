//! Records: what they say, behind its SHA-256.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::protocol::classic::block::{BlockHash, Height, Link};

const SEAL_BYTES: usize = 32;

/// `payload` behind its SHA-256.
pub(super) fn seal(payload: &[u8]) -> Vec<u8> {
    seal_with(Sha256::digest(payload).into(), payload)
}

/// `payload` behind its SHA-256, which the caller knows already.
pub(super) fn seal_with(hash: [u8; SEAL_BYTES], payload: &[u8]) -> Vec<u8> {
    let mut record = Vec::with_capacity(SEAL_BYTES + payload.len());
    record.extend_from_slice(&hash);
    record.extend_from_slice(payload);
    record
}

/// The recorded hash and the payload, unchecked; nothing if the record is too short to be one.
pub(super) fn split(record: &[u8]) -> Option<(BlockHash, &[u8])> {
    let (hash, payload) = record.split_first_chunk::<SEAL_BYTES>()?;
    Some((BlockHash(*hash), payload))
}

/// The payload, if it still hashes to what was recorded with it.
pub(super) fn open(record: &[u8]) -> Result<(BlockHash, &[u8]), String> {
    let (recorded, payload) = split(record).ok_or("the record is too short")?;
    let actual = BlockHash(Sha256::digest(payload).into());
    if actual == recorded {
        Ok((recorded, payload))
    } else {
        Err(format!("it hashes to {actual}, recorded was {recorded}"))
    }
}

/// [`open`], for records that hold text.
pub(super) fn open_text(record: &[u8]) -> Result<(BlockHash, &str), String> {
    let (hash, payload) = open(record)?;
    Ok((
        hash,
        std::str::from_utf8(payload).map_err(|_| "it is not text")?,
    ))
}

/// What a store is, written once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Identity {
    pub(super) format: u32,
    pub(super) network: String,
    pub(super) node_id: String,
}

/// What every commit writes anew: the tip, and sums that must not be counted again at each start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    pub tip: Link,
    /// All waiting transactions' text together.
    pub waiting_bytes: u64,
    /// The sequence number that the next new transaction gets.
    pub next_waiting: i64,
}

impl State {
    pub(super) fn to_text(self) -> String {
        let Self {
            tip,
            waiting_bytes,
            next_waiting,
        } = self;
        format!(
            "{} {} {} {waiting_bytes} {next_waiting}",
            tip.height, tip.hash, tip.proof
        )
    }

    pub(super) fn from_text(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let height = Height(words.next()?.parse().ok()?);
        let hash = words.next()?.parse().ok()?;
        let proof = words.next()?.parse().ok()?;
        let waiting_bytes = words.next()?.parse().ok()?;
        let next_waiting = words.next()?.parse().ok()?;
        Some(Self {
            tip: Link {
                height,
                hash,
                proof,
            },
            waiting_bytes,
            next_waiting,
        })
    }
}
