//! Records: what they say, behind its SHA-256.

use sha2::{Digest, Sha256};

const SEAL_BYTES: usize = 32;

/// A payload's SHA-256.
pub(super) type Seal = [u8; SEAL_BYTES];

/// `payload` behind its SHA-256.
pub(super) fn seal(payload: &[u8]) -> Vec<u8> {
    seal_with(Sha256::digest(payload).into(), payload)
}

/// `payload` behind its SHA-256, which the caller knows already.
pub(super) fn seal_with(hash: Seal, payload: &[u8]) -> Vec<u8> {
    let mut record = Vec::with_capacity(SEAL_BYTES + payload.len());
    record.extend_from_slice(&hash);
    record.extend_from_slice(payload);
    record
}

/// The recorded hash and the payload, unchecked; nothing if the record is too short to be one.
pub(super) fn split(record: &[u8]) -> Option<(Seal, &[u8])> {
    let (hash, payload) = record.split_first_chunk::<SEAL_BYTES>()?;
    Some((*hash, payload))
}

/// The payload, if it still hashes to what was recorded with it.
pub(super) fn open(record: &[u8]) -> Result<(Seal, &[u8]), String> {
    let (recorded, payload) = split(record).ok_or("the record is too short")?;
    let actual: Seal = Sha256::digest(payload).into();
    if actual == recorded {
        Ok((recorded, payload))
    } else {
        let (actual, recorded) = (hex::encode(actual), hex::encode(recorded));
        Err(format!("it hashes to {actual}, recorded was {recorded}"))
    }
}

/// [`open`], for records that hold text.
pub(super) fn open_text(record: &[u8]) -> Result<(Seal, &str), String> {
    let (hash, payload) = open(record)?;
    Ok((
        hash,
        std::str::from_utf8(payload).map_err(|_| "it is not text")?,
    ))
}
