//! Reads the book's `nodes.json`: `{"nodes": ["http://127.0.0.1:1001", …]}`. Called when a node or a local network
//! starts; every error names the file, and the entry where there is one.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde_json::Value;
use thiserror::Error;

use super::address::{AddressError, PeerAddress};
use crate::limits::{KNOWN_PEERS, NODES_FILE_BYTES};

/// Why a `nodes.json` cannot be used.
#[derive(Debug, Error)]
pub enum NodesFileError {
    #[error("{} cannot be read: {source}", file.display())]
    NotRead { file: PathBuf, source: io::Error },
    #[error("{} is longer than {NODES_FILE_BYTES} bytes, which {KNOWN_PEERS} addresses never are", file.display())]
    TooLong { file: PathBuf },
    #[error("{} is neither UTF-8 nor UTF-16 text, save it as UTF-8", file.display())]
    NotText { file: PathBuf },
    #[error("{} is not JSON: {reason}", file.display())]
    NotJson { file: PathBuf, reason: String },
    #[error(r#"{} holds no list `nodes`, write {{"nodes": ["http://127.0.0.1:1001"]}}"#, file.display())]
    NoNodes { file: PathBuf },
    #[error(r#"{}, entry {entry} of `nodes` is not text, write "http://127.0.0.1:1001""#, file.display())]
    NotAText { file: PathBuf, entry: usize },
    #[error("{}, entry {entry} of `nodes`: {source}", file.display())]
    BadAddress {
        file: PathBuf,
        entry: usize,
        source: AddressError,
    },
    #[error("{} names {count} nodes, a node knows at most {KNOWN_PEERS}", file.display())]
    TooMany { file: PathBuf, count: usize },
}

/// The addresses in `file`, in its order, repeats left out. Entries are counted from 1.
pub fn read(file: &Path) -> Result<Vec<PeerAddress>, NodesFileError> {
    let not_read = |source| NodesFileError::NotRead {
        file: file.to_owned(),
        source,
    };
    let mut bytes = Vec::new();
    let most = u64::try_from(NODES_FILE_BYTES).unwrap_or(u64::MAX);
    File::open(file)
        .and_then(|open| open.take(most.saturating_add(1)).read_to_end(&mut bytes))
        .map_err(not_read)?;
    if bytes.len() > NODES_FILE_BYTES {
        return Err(NodesFileError::TooLong {
            file: file.to_owned(),
        });
    }
    parse(file, &bytes)
}

fn parse(file: &Path, bytes: &[u8]) -> Result<Vec<PeerAddress>, NodesFileError> {
    let file = || file.to_owned();
    let text = decoded(bytes).ok_or_else(|| NodesFileError::NotText { file: file() })?;
    let document: Value = serde_json::from_str(&text).map_err(|error| NodesFileError::NotJson {
        file: file(),
        reason: error.to_string(),
    })?;
    let Some(entries) = document.get("nodes").and_then(Value::as_array) else {
        return Err(NodesFileError::NoNodes { file: file() });
    };
    let mut addresses = Vec::new();
    for (entry, value) in (1..).zip(entries) {
        let text = value.as_str().ok_or_else(|| NodesFileError::NotAText {
            file: file(),
            entry,
        })?;
        let address: PeerAddress = text.parse().map_err(|source| NodesFileError::BadAddress {
            file: file(),
            entry,
            source,
        })?;
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    if addresses.len() > KNOWN_PEERS {
        return Err(NodesFileError::TooMany {
            file: file(),
            count: addresses.len(),
        });
    }
    Ok(addresses)
}

/// The text of a file as editors and PowerShell save it: UTF-8 or UTF-16, told by its byte order mark.
fn decoded(bytes: &[u8]) -> Option<String> {
    let units = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, rest) = bytes.as_chunks::<2>();
        let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
        String::from_utf16(&units).ok().filter(|_| rest.is_empty())
    };
    match bytes {
        [0xef, 0xbb, 0xbf, text @ ..] => String::from_utf8(text.to_vec()).ok(),
        [0xff, 0xfe, text @ ..] => units(text, u16::from_le_bytes),
        [0xfe, 0xff, text @ ..] => units(text, u16::from_be_bytes),
        text => String::from_utf8(text.to_vec()).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Vec<String>, String> {
        parse(Path::new("nodes.json"), text.as_bytes())
            .map(|addresses| addresses.iter().map(PeerAddress::to_string).collect())
            .map_err(|error| error.to_string())
    }

    const BOOK: &str =
        r#"{"nodes": ["http://127.0.0.1:1001", "http://127.0.0.1:1002", "127.0.0.1:1001"]}"#;

    #[test]
    fn the_books_file_is_read_in_its_order_without_repeats() {
        let expected = vec!["127.0.0.1:1001".to_owned(), "127.0.0.1:1002".to_owned()];
        assert_eq!(parsed(BOOK), Ok(expected.clone()));
        let marked = format!("\u{feff}{BOOK}");
        assert_eq!(parsed(&marked), Ok(expected));
        let little: Vec<u8> = marked.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = marked.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for bytes in [little, big] {
            let addresses = parse(Path::new("nodes.json"), &bytes).expect("UTF-16 is read");
            assert_eq!(addresses.len(), 2);
        }
    }

    #[test]
    fn errors_name_the_file_and_the_entry() {
        for (text, part) in [
            ("{", "is not JSON"),
            ("[]", "holds no list `nodes`"),
            (r#"{"nodes": {}}"#, "holds no list `nodes`"),
            (
                r#"{"nodes": ["127.0.0.1:1", 2]}"#,
                "entry 2 of `nodes` is not text",
            ),
            (
                r#"{"nodes": ["127.0.0.1:1", "127.0.0.1"]}"#,
                "entry 2 of `nodes`: peer address `127.0.0.1` has no port",
            ),
        ] {
            let error = parsed(text).expect_err(text);
            assert!(error.starts_with("nodes.json"), "{error}");
            assert!(error.contains(part), "{error}");
        }
        let error = parse(Path::new("nodes.json"), &[0xff]).expect_err("not text");
        assert!(matches!(error, NodesFileError::NotText { .. }));
        let error = read(Path::new("no-such-folder/nodes.json")).expect_err("no such file");
        assert!(error.to_string().contains("no-such-folder/nodes.json"));
    }

    #[test]
    fn as_many_nodes_as_a_node_knows_are_read_and_one_more_is_refused() {
        let naming = |count: usize| {
            let nodes: Vec<String> = (1..=count)
                .map(|port| format!("127.0.0.1:{port}"))
                .collect();
            serde_json::json!({ "nodes": nodes }).to_string()
        };
        assert_eq!(parsed(&naming(KNOWN_PEERS)).map(|all| all.len()), Ok(64));
        assert!(parsed(&naming(KNOWN_PEERS + 1)).is_err());
    }

    #[test]
    fn the_longest_file_is_read_and_one_byte_more_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("nodes.json");
        let padded = |length: usize| format!("{BOOK}{}", " ".repeat(length - BOOK.len()));
        std::fs::write(&file, padded(NODES_FILE_BYTES)).expect("written");
        assert!(read(&file).is_ok());
        std::fs::write(&file, padded(NODES_FILE_BYTES + 1)).expect("written");
        assert!(matches!(read(&file), Err(NodesFileError::TooLong { .. })));
    }
}
