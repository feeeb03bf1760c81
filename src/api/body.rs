//! Reads a request's body as JSON text, whatever its `Content-Type` says.
//!
//! Learners post with curl, Postman, Python and PowerShell, and what arrives is labelled as a form, begins with a byte
//! order mark, or is UTF-16. All of it is JSON text, so it is taken as such: the encoding is read off the bytes. Owns the
//! limits of size and time, and the decoding to UTF-8. Never parses JSON: the protocol's own reader does.

use std::time::Duration;

use axum::body::Body;
use http_body_util::BodyExt;
use hyper::body::Body as _;

use super::problem::{Kind, Problem};
use crate::limits::HTTP_BODY;

/// How much of a request's body is read, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct BodyLimit {
    /// This many bytes are accepted, one more is a 413.
    pub bytes: usize,
    /// The whole body arrives within this, else 408.
    pub time: Duration,
}

impl BodyLimit {
    /// A size, with the usual time.
    pub const fn bytes(bytes: usize) -> Self {
        Self {
            bytes,
            time: HTTP_BODY,
        }
    }
}

/// The whole body as text: within its limits, not empty, decoded to UTF-8 without a byte order mark.
pub async fn read_text(body: Body, limit: BodyLimit) -> Result<String, Problem> {
    let bytes = read_bytes(body, limit).await?;
    let text = decode(bytes)?;
    if text.trim_start_matches([' ', '\t', '\r', '\n']).is_empty() {
        return Err(empty());
    }
    Ok(text)
}

async fn read_bytes(body: Body, limit: BodyLimit) -> Result<Vec<u8>, Problem> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > limit.bytes {
        return Err(too_large(limit).with("bytes", body.size_hint().lower()));
    }
    match tokio::time::timeout(limit.time, collect(body, announced, limit)).await {
        Ok(result) => result,
        Err(_) => {
            metrics::counter!("bcoin_http_timeouts_total", "cause" => "body").increment(1);
            Err(Problem::new(
                Kind::BodyTimeout,
                format!(
                    "The body was not complete {} s after its headers. Does Content-Length say more than was sent?",
                    limit.time.as_secs_f64()
                ),
            ))
        }
    }
}

async fn collect(mut body: Body, announced: usize, limit: BodyLimit) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::with_capacity(announced);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            Problem::new(
                Kind::BrokenBody,
                format!("The body broke off after {} bytes: {error}.", bytes.len()),
            )
        })?;
        if let Some(data) = frame.data_ref() {
            if data.len() > limit.bytes - bytes.len() {
                return Err(too_large(limit));
            }
            bytes.extend_from_slice(data);
        }
    }
    Ok(bytes)
}

fn too_large(limit: BodyLimit) -> Problem {
    Problem::new(
        Kind::BodyTooLarge,
        format!(
            "The body is longer than the {} bytes that this call takes.",
            limit.bytes
        ),
    )
    .with("limit", limit.bytes)
}

fn empty() -> Problem {
    Problem::new(
        Kind::EmptyBody,
        "The body is empty: this call wants a JSON object. With curl, did you forget -d '{…}' or -d @file.json? \
         In Postman: Body, raw, JSON.",
    )
}

/// Decodes JSON text to UTF-8: from UTF-8, UTF-16 or UTF-32, told by a byte order mark or by where the zero bytes stand
/// (JSON begins with an ASCII character, RFC 4627 section 3).
pub fn decode(bytes: Vec<u8>) -> Result<String, Problem> {
    match encoding(&bytes) {
        Encoding::Utf8 { mark: 0 } => String::from_utf8(bytes)
            .map_err(|error| not_utf8(error.as_bytes(), error.utf8_error().valid_up_to())),
        Encoding::Utf8 { mark } => match std::str::from_utf8(after(&bytes, mark)) {
            Ok(text) => Ok(text.to_owned()),
            Err(error) => Err(not_utf8(&bytes, mark + error.valid_up_to())),
        },
        Encoding::Utf16WithoutZeros => utf16_without_zeros(after(&bytes, 2)),
        Encoding::Utf16 { mark, read } => utf16(after(&bytes, mark), mark, read),
        Encoding::Utf32 { mark, read } => utf32(after(&bytes, mark), mark, read),
    }
}

/// Whether this looks like a web form (`sender=a&receiver=b`, as `curl -d` sends what is not JSON, or parts between
/// boundaries, as Postman's form-data): the caller's hint, once its JSON reader has refused the text.
pub fn looks_like_form(bytes: &[u8]) -> bool {
    const PART: &[u8] = b"form-data; name=";
    if bytes.starts_with(b"--") && bytes.windows(PART.len()).any(|part| part == PART) {
        return true;
    }
    let form_byte =
        |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.~*+%&=@:/,!'()[]".contains(byte);
    let bytes = bytes.trim_ascii();
    let name = bytes.split(|byte| *byte == b'=').next().unwrap_or_default();
    !name.is_empty()
        && name.len() < bytes.len()
        && name
            .first()
            .is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_')
        && bytes.iter().all(form_byte)
}

enum Encoding {
    Utf8 {
        mark: usize,
    },
    /// A mark of UTF-16 and no zero byte, which whole JSON in UTF-16 has, since it begins with an ASCII character.
    Utf16WithoutZeros,
    Utf16 {
        mark: usize,
        read: fn([u8; 2]) -> u16,
    },
    Utf32 {
        mark: usize,
        read: fn([u8; 4]) -> u32,
    },
}

fn encoding(bytes: &[u8]) -> Encoding {
    match bytes {
        [0xff, 0xfe, 0, 0, ..] => Encoding::Utf32 {
            mark: 4,
            read: u32::from_le_bytes,
        },
        [0, 0, 0xfe, 0xff, ..] => Encoding::Utf32 {
            mark: 4,
            read: u32::from_be_bytes,
        },
        [0xff, 0xfe, rest @ ..] | [0xfe, 0xff, rest @ ..]
            if !rest.is_empty() && !rest.contains(&0) =>
        {
            Encoding::Utf16WithoutZeros
        }
        [0xff, 0xfe, ..] => Encoding::Utf16 {
            mark: 2,
            read: u16::from_le_bytes,
        },
        [0xfe, 0xff, ..] => Encoding::Utf16 {
            mark: 2,
            read: u16::from_be_bytes,
        },
        [0xef, 0xbb, 0xbf, ..] => Encoding::Utf8 { mark: 3 },
        [0, 0, 0, 1..=255, ..] => Encoding::Utf32 {
            mark: 0,
            read: u32::from_be_bytes,
        },
        [1..=255, 0, 0, 0, ..] => Encoding::Utf32 {
            mark: 0,
            read: u32::from_le_bytes,
        },
        [0, 1..=255, ..] => Encoding::Utf16 {
            mark: 0,
            read: u16::from_be_bytes,
        },
        [1..=255, 0, ..] => Encoding::Utf16 {
            mark: 0,
            read: u16::from_le_bytes,
        },
        _ => Encoding::Utf8 { mark: 0 },
    }
}

fn after(bytes: &[u8], mark: usize) -> &[u8] {
    bytes.get(mark..).unwrap_or_default()
}

/// `curl -d @file` leaves out zero bytes, so that one byte a character arrives; older versions send nothing behind the first.
fn utf16_without_zeros(bytes: &[u8]) -> Result<String, Problem> {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.trim_end().ends_with('}') => Ok(text.to_owned()),
        _ => Err(Problem::new(
            Kind::NotText,
            "The body begins as UTF-16 and has lost its zero bytes, as `curl -d @file` leaves them out: send the file with \
             --data-binary @file, or save it as UTF-8.",
        )),
    }
}

fn utf16(bytes: &[u8], mark: usize, read: fn([u8; 2]) -> u16) -> Result<String, Problem> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(not_text(
            "UTF-16",
            mark + pairs.len() * 2,
            "half a character",
        ));
    }
    let mut text = String::with_capacity(pairs.len());
    let mut position = mark;
    for unit in char::decode_utf16(pairs.iter().map(|pair| read(*pair))) {
        let c = unit.map_err(|_| not_text("UTF-16", position, "half a surrogate pair"))?;
        position += c.len_utf16() * 2;
        text.push(c);
    }
    Ok(text)
}

fn utf32(bytes: &[u8], mark: usize, read: fn([u8; 4]) -> u32) -> Result<String, Problem> {
    let (words, rest) = bytes.as_chunks::<4>();
    let mut text = String::with_capacity(words.len());
    for (index, word) in words.iter().enumerate() {
        let c = char::from_u32(read(*word))
            .ok_or_else(|| not_text("UTF-32", mark + index * 4, "no character"))?;
        text.push(c);
    }
    if rest.is_empty() {
        Ok(text)
    } else {
        Err(not_text(
            "UTF-32",
            mark + words.len() * 4,
            "half a character",
        ))
    }
}

/// `at` counts from 0; people are told the position from 1.
fn not_utf8(bytes: &[u8], at: usize) -> Problem {
    let byte = bytes.get(at).copied().unwrap_or_default();
    Problem::new(
        Kind::NotText,
        format!(
            "The body stops being UTF-8 at byte {} (0x{byte:02x}): JSON is sent as UTF-8 (or UTF-16 or UTF-32). In PowerShell say \
             -ContentType 'application/json; charset=utf-8'; in an editor save the file as UTF-8.",
            at + 1
        ),
    )
    .with("byte", at + 1)
}

fn not_text(encoding: &str, at: usize, what: &str) -> Problem {
    Problem::new(
        Kind::NotText,
        format!(
            "The body is {encoding} and has {what} at byte {}: was it cut short? In PowerShell say \
             -ContentType 'application/json; charset=utf-8' to send UTF-8 instead.",
            at + 1
        ),
    )
    .with("byte", at + 1)
}

#[cfg(test)]
#[path = "body_tests.rs"]
mod tests;
