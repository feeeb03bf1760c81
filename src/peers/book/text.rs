//! The book as JSON, one address a line, and back.

use std::fmt::Write;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use super::entry::{Known, Pause};
use super::{Book, Moment, Source, Table};
use crate::limits::{BOOK_ANCHORS, BOOK_LEFT_ALONE, BOOK_LEFT_ALONE_FOR, BOOK_OPERATORS};
use crate::peers::address::PeerAddress;
use crate::peers::reach::Reach;

/// What a book's text begins with, so that another file by its name is known for one.
const FORMAT: &str = "bcoin peers";
const VERSION: u64 = 1;

/// Why a text is no book.
#[derive(Debug, Error)]
pub enum TextError {
    #[error("it is not JSON: {reason}")]
    NotJson { reason: String },
    #[error("its `format` is {found}, an address book's is \"{FORMAT}\"")]
    Foreign { found: String },
    #[error("its `version` is {found}, this program reads version {VERSION}")]
    OtherVersion { found: String },
    #[error("it is damaged: {reason}")]
    Damaged { reason: String },
    #[error("entry {entry} of `{list}` is {text:?}: {reason}")]
    BadEntry {
        list: &'static str,
        entry: usize,
        text: String,
        reason: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    #[serde(rename = "format")]
    _format: String,
    #[serde(rename = "version")]
    _version: u64,
    secret: String,
    anchors: Vec<String>,
    left_alone: Vec<LeftAlone>,
    peers: Vec<Line>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LeftAlone {
    address: String,
    until: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    address: String,
    table: Place,
    /// `operator`, `itself`, `network` or the IP address of the peer that told of it.
    source: String,
    heard: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_attempt: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_success: Option<u64>,
    #[serde(default, skip_serializing_if = "is_zero")]
    failures: u32,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Place {
    Operator,
    New,
    Tried,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Book {
    /// The book as it is kept over a restart. Left out is what comes anew with each start (the settings' addresses) and what
    /// means nothing after it (pauses, contests).
    pub fn encode(&self) -> String {
        let json = |value: &Value| value.to_string();
        let anchors: Vec<String> = self.anchors.iter().map(ToString::to_string).collect();
        let left_alone: Vec<Value> = self
            .left_alone()
            .map(|(address, until)| serde_json::json!({"address": address, "until": until}))
            .collect();
        let lines = self
            .known
            .iter()
            .filter(|(_, known)| known.source != Source::Settings)
            .filter_map(|(address, known)| serde_json::to_value(line(address, known)).ok());
        let lines: Vec<Value> = lines.collect();
        let mut text = format!(
            "{{\n\"format\": \"{FORMAT}\",\n\"version\": {VERSION},\n\"secret\": \"{}\",\n\"anchors\": {}",
            hex::encode(self.secret.0),
            json(&anchors.into()),
        );
        for (name, list) in [("left_alone", left_alone), ("peers", lines)] {
            let list: Vec<String> = list.iter().map(json).collect();
            let list = match list.is_empty() {
                true => String::new(),
                false => format!("\n{}\n", list.join(",\n")),
            };
            write!(text, ",\n\"{name}\": [{list}]").expect("a text takes all");
        }
        text.push_str("\n}\n");
        text
    }

    /// The book in a text. Addresses that `reach` does not allow (any more) are left out, and so are those beyond what a book
    /// takes; dates in the future are set to now.
    pub fn decode(text: &str, reach: Reach, now: Moment) -> Result<Book, TextError> {
        let value: Value = serde_json::from_str(text).map_err(|error| TextError::NotJson {
            reason: error.to_string(),
        })?;
        head_is_ours(&value)?;
        let damaged = |reason: String| TextError::Damaged { reason };
        let page: Page = serde_json::from_value(value).map_err(|e| damaged(e.to_string()))?;
        let mut secret = [0; 32];
        hex::decode_to_slice(&page.secret, &mut secret)
            .map_err(|error| damaged(format!("`secret` is not 64 hex digits: {error}")))?;
        let mut book = Book::new(secret, reach);
        // First, since who is left alone is taken in by nobody.
        for (entry, left) in (1..).zip(page.left_alone.iter().take(BOOK_LEFT_ALONE)) {
            let address = read_address("left_alone", entry, &left.address)?;
            let latest = now.unix.saturating_add(BOOK_LEFT_ALONE_FOR.as_secs());
            if left.until > now.unix {
                book.left_alone.insert(address, left.until.min(latest));
            }
        }
        for (entry, line) in (1..).zip(&page.peers) {
            let address = read_address("peers", entry, &line.address)?;
            let known = read_line(entry, line, now)?;
            book.take_up(address, known, now);
        }
        let mut anchors = Vec::new();
        for (entry, text) in (1..).zip(page.anchors.iter().take(BOOK_ANCHORS)) {
            anchors.push(read_address("anchors", entry, text)?);
        }
        book.set_anchors(anchors);
        Ok(book)
    }

    /// Puts a line of the file where it stood; a line that does not fit there is left out.
    fn take_up(&mut self, address: PeerAddress, mut known: Known, now: Moment) {
        if self.known.contains_key(&address) {
            return;
        }
        if known.source.is_operators() || known.table == Table::Operator {
            let both = known.source.is_operators() && known.table == Table::Operator;
            if both && self.operators.len() < BOOK_OPERATORS {
                known.pause.be_quick(now);
                self.operators.insert(address.clone());
                self.known.insert(address, known);
            }
            return;
        }
        // Its source was allowed to tell of it then; what this node may call is asked anew.
        if self.may_keep(&address, Source::Itself, now).is_err() {
            return;
        }
        match known.table {
            Table::Operator => {}
            Table::New => {
                self.place_new(address, known, now);
            }
            Table::Tried => {
                let slot = self.secret.tried_slot(&address);
                if self.tried.at(slot).is_none() {
                    self.tried.put(slot, address.clone());
                    self.known.insert(address, known);
                }
            }
        }
    }
}

/// Whether the text calls itself a book of our version, asked before anything else in it is read.
fn head_is_ours(value: &Value) -> Result<(), TextError> {
    let found = |name: &str| match value.get(name) {
        Some(found) => found.to_string().chars().take(40).collect(),
        None => "missing".to_owned(),
    };
    if value.get("format").and_then(Value::as_str) != Some(FORMAT) {
        return Err(TextError::Foreign {
            found: found("format"),
        });
    }
    if value.get("version").and_then(Value::as_u64) != Some(VERSION) {
        return Err(TextError::OtherVersion {
            found: found("version"),
        });
    }
    Ok(())
}

fn line(address: &PeerAddress, known: &Known) -> Line {
    Line {
        address: address.to_string(),
        table: match known.table {
            Table::Operator => Place::Operator,
            Table::New => Place::New,
            Table::Tried => Place::Tried,
        },
        source: match known.source {
            Source::Settings => "settings".to_owned(),
            Source::Operator => "operator".to_owned(),
            Source::Peer(ip) => ip.to_string(),
            Source::Itself => "itself".to_owned(),
            Source::Network => "network".to_owned(),
        },
        heard: known.heard,
        last_attempt: known.last_attempt,
        last_success: known.last_success,
        failures: known.failures,
    }
}

fn read_line(entry: usize, line: &Line, now: Moment) -> Result<Known, TextError> {
    let source = match line.source.as_str() {
        "operator" => Source::Operator,
        "itself" => Source::Itself,
        "network" => Source::Network,
        text => Source::Peer(text.parse().map_err(|_| TextError::BadEntry {
            list: "peers",
            entry,
            text: text.chars().take(40).collect(),
            reason: "a source is `operator`, `itself`, `network` or an IP address".to_owned(),
        })?),
    };
    let past = |date: u64| date.min(now.unix);
    Ok(Known {
        source,
        table: match line.table {
            Place::Operator => Table::Operator,
            Place::New => Table::New,
            Place::Tried => Table::Tried,
        },
        heard: past(line.heard),
        last_attempt: line.last_attempt.map(past),
        last_success: line.last_success.map(past),
        failures: line.failures,
        pause: Pause::default(),
    })
}

fn read_address(list: &'static str, entry: usize, text: &str) -> Result<PeerAddress, TextError> {
    text.parse().map_err(
        |error: crate::peers::address::AddressError| TextError::BadEntry {
            list,
            entry,
            text: text.chars().take(40).collect(),
            reason: error.to_string(),
        },
    )
}
