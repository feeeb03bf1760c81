//! Records: what they say, behind its SHA-256.

use sha2::{Digest, Sha256};

const SEAL_BYTES: usize = 32;
const TOO_SHORT: &str = "the record is too short";

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

/// `payload` behind the SHA-256 of its record's key and itself, so that a record that comes under another key is found out.
pub(super) fn seal_under(key: &[u8], payload: &[u8]) -> Vec<u8> {
    seal_with(hash_under(key, payload), payload)
}

fn hash_under(key: &[u8], payload: &[u8]) -> Seal {
    Sha256::new()
        .chain_update(key)
        .chain_update(payload)
        .finalize()
        .into()
}

/// The recorded hash and the payload, unchecked; nothing if the record is too short to be one.
pub(super) fn split(record: &[u8]) -> Option<(Seal, &[u8])> {
    let (hash, payload) = record.split_first_chunk::<SEAL_BYTES>()?;
    Some((*hash, payload))
}

/// The payload, if it still hashes to what was recorded with it.
pub(super) fn open(record: &[u8]) -> Result<(Seal, &[u8]), String> {
    let (recorded, payload) = split(record).ok_or(TOO_SHORT)?;
    is_recorded(Sha256::digest(payload).into(), recorded)?;
    Ok((recorded, payload))
}

/// The payload of a record that was sealed under `key`.
pub(super) fn open_under<'r>(key: &[u8], record: &'r [u8]) -> Result<&'r [u8], String> {
    let (recorded, payload) = split(record).ok_or(TOO_SHORT)?;
    is_recorded(hash_under(key, payload), recorded)?;
    Ok(payload)
}

fn is_recorded(actual: Seal, recorded: Seal) -> Result<(), String> {
    if actual == recorded {
        return Ok(());
    }
    let (actual, recorded) = (hex::encode(actual), hex::encode(recorded));
    Err(format!("it hashes to {actual}, recorded was {recorded}"))
}

/// [`open`], for records that hold text.
pub(super) fn open_text(record: &[u8]) -> Result<(Seal, &str), String> {
    let (hash, payload) = open(record)?;
    Ok((hash, text(payload)?))
}

/// [`open_under`], for records that hold text.
pub(super) fn open_text_under<'r>(key: &[u8], record: &'r [u8]) -> Result<&'r str, String> {
    text(open_under(key, record)?)
}

fn text(payload: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(payload).map_err(|_| "it is not text".to_owned())
}
