//! Messages as frames: postcard's encoding, a limit for each kind.

use bytes::Bytes;
use thiserror::Error;

use super::Message;
use crate::limits;

/// Why a frame is no message.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BadMessage {
    #[error("a frame is empty")]
    Empty,
    #[error("a message of kind {kind}, which no version that both speak has")]
    UnknownKind { kind: u8 },
    #[error("a message `{name}` of {bytes} bytes, {most} are the most")]
    TooLong {
        name: &'static str,
        bytes: usize,
        most: usize,
    },
    #[error("a message `{name}` cannot be read: {why}")]
    Unreadable { name: &'static str, why: String },
    #[error("{bytes} bytes stand behind the end of a message `{name}`")]
    BytesLeft { name: &'static str, bytes: usize },
}

/// The kinds in the order of their first byte: name, and the longest frame in bytes.
const KINDS: [(&str, usize); 17] = [
    ("hello", 1024),
    ("proof", 128),
    ("tip", 128),
    ("get_headers", 32 * limits::PEER_LOCATOR + 16),
    ("headers", limits::SESSION_HEADERS_BYTES + 256),
    ("get_blocks", 128),
    ("blocks", limits::SESSION_MESSAGE_BYTES),
    ("have", 32 * limits::SESSION_TRANSACTIONS + 16),
    ("get_transactions", 32 * limits::SESSION_TRANSACTIONS + 16),
    ("transactions", limits::SESSION_TRANSACTIONS_BYTES * 2),
    ("get_addresses", 1),
    ("addresses", 32 * limits::SESSION_ADDRESSES + 16),
    ("ping", 16),
    ("pong", 16),
    ("goodbye", limits::SESSION_TEXT_BYTES + 16),
    ("stands", 9),
    ("get_tip", 1),
];

/// A message as a frame.
pub fn encode(message: &Message) -> Bytes {
    // Writing into memory fails for types that cannot tell their length beforehand, and these all can.
    postcard::to_stdvec(message)
        .expect("messages have no maps and no lists of unknown length")
        .into()
}

/// Reads a frame.
///
/// # Errors
/// [`BadMessage`]; nothing was reserved from what the frame claims.
pub fn decode(frame: &[u8]) -> Result<Message, BadMessage> {
    let kind = *frame.first().ok_or(BadMessage::Empty)?;
    let &(name, most) = KINDS
        .get(usize::from(kind))
        .ok_or(BadMessage::UnknownKind { kind })?;
    if frame.len() > most {
        return Err(BadMessage::TooLong {
            name,
            bytes: frame.len(),
            most,
        });
    }
    let (message, rest) = postcard::take_from_bytes(frame).map_err(|error: postcard::Error| {
        BadMessage::Unreadable {
            name,
            why: error.to_string(),
        }
    })?;
    // A later version may say more in its greeting; all else is settled by then.
    if !rest.is_empty() && !matches!(message, Message::Hello(_)) {
        return Err(BadMessage::BytesLeft {
            name,
            bytes: rest.len(),
        });
    }
    Ok(message)
}
