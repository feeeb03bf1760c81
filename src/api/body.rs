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
        Encoding::Utf16 { mark, read } => utf16(after(&bytes, mark), mark, read),
        Encoding::Utf32 { mark, read } => utf32(after(&bytes, mark), mark, read),
    }
}

/// Whether this looks like a web form (`sender=a&receiver=b`), as `curl -d` sends what is not JSON: the caller's hint,
/// once its JSON reader has refused the text.
pub fn looks_like_form(bytes: &[u8]) -> bool {
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
mod tests {
    use super::*;

    const TEXT: &str = r#"{"sender": "Zoë 😀", "amount": 1}"#;

    fn utf16(text: &str, write: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(write).collect()
    }

    fn utf32(text: &str, write: fn(u32) -> [u8; 4]) -> Vec<u8> {
        text.chars().flat_map(|c| write(u32::from(c))).collect()
    }

    #[test]
    fn every_encoding_of_json_gives_the_same_text_with_and_without_a_mark() {
        for text in [TEXT, "1", "{}", "[]", "\"é\""] {
            let marked = format!("\u{feff}{text}");
            for bytes in [
                text.as_bytes().to_vec(),
                marked.as_bytes().to_vec(),
                utf16(text, u16::to_le_bytes),
                utf16(text, u16::to_be_bytes),
                utf16(&marked, u16::to_le_bytes),
                utf16(&marked, u16::to_be_bytes),
                utf32(text, u32::to_le_bytes),
                utf32(text, u32::to_be_bytes),
                utf32(&marked, u32::to_le_bytes),
                utf32(&marked, u32::to_be_bytes),
            ] {
                assert_eq!(
                    decode(bytes.clone()).ok().as_deref(),
                    Some(text),
                    "{bytes:02x?}"
                );
            }
        }
    }

    #[test]
    fn what_is_no_text_is_refused_with_its_place() {
        for (bytes, byte) in [
            (b"{\"a\": \"\xe9\"}".to_vec(), 8),
            (b"\xef\xbb\xbf{\xff".to_vec(), 5),
            (b"\x1f\x8b\x08".to_vec(), 2),
            (vec![0xff, 0xfe, b'1', 0, b'2'], 5),
            (vec![0xff, 0xfe, b'1', 0, 0, 0xd8], 5),
            (vec![b'1', 0, 0, 0, 0, 0, 0x11, 0], 5),
            (vec![b'1', 0, 0, 0, 0], 5),
        ] {
            let problem = decode(bytes.clone()).expect_err("not text");
            assert_eq!(problem.kind(), Kind::NotText);
            assert_eq!(problem.to_json()["byte"], byte, "{bytes:02x?}: {problem}");
        }
    }

    #[tokio::test]
    async fn size_n_is_accepted_and_one_more_is_not() {
        let limit = BodyLimit::bytes(8);
        assert_eq!(
            read_text(Body::from("12345678"), limit)
                .await
                .ok()
                .as_deref(),
            Some("12345678")
        );
        let announced = read_text(Body::from("123456789"), limit)
            .await
            .expect_err("one too many");
        assert_eq!(announced.kind(), Kind::BodyTooLarge);
        assert_eq!(announced.to_json()["limit"], 8);

        let chunks = |texts: &'static [&'static str]| {
            Body::from_stream(futures_util::stream::iter(
                texts.iter().map(|text| Ok::<_, std::io::Error>(*text)),
            ))
        };
        assert!(read_text(chunks(&["1234", "5678"]), limit).await.is_ok());
        let streamed = read_text(chunks(&["1234", "56789"]), limit)
            .await
            .expect_err("one too many");
        assert_eq!(streamed.kind(), Kind::BodyTooLarge);
    }

    #[tokio::test]
    async fn an_empty_body_and_one_that_never_ends_have_their_own_answers() {
        for nothing in ["", " \r\n", "\u{feff}"] {
            let problem = read_text(Body::from(nothing), BodyLimit::bytes(8))
                .await
                .expect_err("empty");
            assert_eq!(problem.kind(), Kind::EmptyBody);
        }
        let silent =
            Body::from_stream(futures_util::stream::pending::<Result<&str, std::io::Error>>());
        let limit = BodyLimit {
            bytes: 8,
            time: Duration::from_millis(5),
        };
        assert_eq!(
            read_text(silent, limit).await.expect_err("silent").kind(),
            Kind::BodyTimeout
        );
    }

    #[test]
    fn forms_are_told_from_json() {
        for form in [
            "sender=a&receiver=b",
            "nodes=http://127.0.0.1:1001",
            "a=",
            "{\"a\"=1}",
        ] {
            assert_eq!(
                looks_like_form(form.as_bytes()),
                !form.starts_with('{'),
                "{form}"
            );
        }
        for other in [
            "", "=", "=a", "{}", "[1]", "\"a=b\"", "sender", "1=2", "a = b",
        ] {
            assert!(!looks_like_form(other.as_bytes()), "{other}");
        }
    }
}
