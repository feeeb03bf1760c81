//! A classic block: its members, its canonical text, the hash over that, and the proof.

use std::sync::Arc;

use askama::Template;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use chrono::DateTime;
use sha2::{Digest, Sha256};

use super::super::super::v1::blocks::one::{Found, Name, absent, look};
use super::super::super::{App, blocking, problem::Problem};
use super::super::shell::{Section, Shell};
use super::super::short;
use super::super::texts::{IN_A_ROW, IN_FULL, Shown, member, members, name_link};
use super::super::visit::Visit;
use super::Stretch;
use crate::protocol::classic::block::{BlockHash, BlockReader, Height, transactions_of};
use crate::protocol::classic::proof::{Proof, difference_text};
use crate::store::{Snapshot, StoreError};

/// Characters of the canonical text on the page; `/v1/blocks/{hash}/text` has all of it.
const TEXT_CHARACTERS: usize = 4_000;
/// Members beside the book's five that are shown: a block from elsewhere may have any number.
const OTHER_MEMBERS: usize = 20;

#[derive(Template)]
#[template(path = "block_classic.html")]
struct Page<'s> {
    shell: &'s Shell,
    height: u64,
    hash: String,
    tip: u64,
    /// When a longer chain took its place, in UTC.
    displaced: Option<String>,
    /// Of the canonical text.
    bytes: usize,
    text: String,
    is_cut: bool,
    time: Shown,
    proof: String,
    previous_hash: String,
    has_previous: bool,
    others: Vec<(Shown, Shown)>,
    more_others: usize,
    stretch: Stretch,
    transactions: Vec<Line>,
    steps: Option<ProofSteps>,
    /// What the next block says of this one.
    next_names: Option<String>,
}

/// A transaction in a line.
pub(in super::super) struct Line {
    /// Counted from 0.
    pub place: usize,
    pub sender: Option<Named>,
    pub receiver: Option<Named>,
    pub amount: Option<Shown>,
    /// Where it is no object: what it is.
    pub other: Option<Shown>,
}

/// A name and the page about it.
pub(in super::super) struct Named {
    pub shown: Shown,
    pub link: String,
}

impl Named {
    pub(in super::super) fn of(value: &str, characters: usize) -> Self {
        Self {
            shown: Shown::of(value, characters),
            link: name_link(value),
        }
    }
}

impl Line {
    /// A transaction's canonical text in a line.
    pub(in super::super) fn of(place: usize, text: &str) -> Self {
        let Some(members) = members(text) else {
            return Self {
                place,
                sender: None,
                receiver: None,
                amount: None,
                other: Some(Shown::of(text, IN_A_ROW)),
            };
        };
        let named = |name| member(&members, name).map(|value| Named::of(value, IN_A_ROW));
        Self {
            place,
            sender: named("sender"),
            receiver: named("receiver"),
            amount: member(&members, "amount").map(|value| Shown::of(value, IN_A_ROW)),
            other: None,
        }
    }
}

/// How the proof is held against the one before.
struct ProofSteps {
    previous: String,
    /// Decimal.
    difference: String,
    hash: String,
    holds: bool,
}

impl ProofSteps {
    fn of(proof: Proof, previous: Proof) -> Self {
        let difference = difference_text(proof, previous);
        Self {
            previous: previous.to_string(),
            hash: hex::encode(Sha256::digest(&difference)),
            difference,
            holds: proof.follows(previous),
        }
    }

    fn command(&self) -> String {
        format!("printf %s {} | sha256sum", self.difference)
    }

    fn zeros(&self) -> &str {
        self.hash.get(..4).unwrap_or_default()
    }

    fn rest(&self) -> &str {
        self.hash.get(4..).unwrap_or_default()
    }
}

impl Page<'_> {
    fn confirmations(&self) -> u64 {
        (self.tip - self.height).saturating_add(1)
    }

    fn hash_command(&self) -> String {
        let (host, hash) = (&self.shell.visit.host, &self.hash);
        format!("curl -s http://{host}/v1/blocks/{hash}/text | sha256sum")
    }

    fn is_tip(&self) -> bool {
        self.displaced.is_none() && self.height == self.tip
    }

    /// By which this very block is found.
    fn id(&self) -> String {
        match self.displaced {
            Some(_) => self.hash.clone(),
            None => self.height.to_string(),
        }
    }
}

pub(in super::super) async fn page(
    State(app): State<Arc<App>>,
    visit: Visit,
    path: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Response {
    let shell = app.shell(visit, Section::Elsewhere);
    shell.answer(read(&app, &shell, path, query.as_deref()).await)
}

async fn read<'s>(
    app: &Arc<App>,
    shell: &'s Shell,
    path: Result<Path<String>, PathRejection>,
    query: Option<&str>,
) -> Result<Page<'s>, Problem> {
    let name = Name::read(path)?;
    let from = Stretch::read(query)?;
    let node = app.node.clone();
    let read = move || {
        node.read(|snapshot| {
            let (tip, found) = look(&snapshot, name)?;
            let Some(found) = found else {
                return Ok(Err(absent(name, tip)));
            };
            Ok(Ok((tip, Around::of(&snapshot, found)?)))
        })
    };
    let (tip, around) = blocking(read).await???;
    Ok(around.page(shell, tip, from))
}

/// A block, and what stands before and behind it.
struct Around {
    found: Found,
    proof: Option<Proof>,
    previous: Option<Proof>,
    next_names: Option<String>,
}

impl Around {
    fn of(snapshot: &Snapshot, found: Found) -> Result<Self, StoreError> {
        let mut reader = BlockReader::default();
        let view = reader.read_canonical(&found.text).ok();
        let proof = view.map(|view| view.proof);
        let parent = view.and_then(|view| view.previous_hash.parse().ok());
        let previous = match parent {
            Some(parent) => text_by_hash(snapshot, parent)?,
            None => None,
        };
        let previous = previous.and_then(|text| Some(reader.read_canonical(&text).ok()?.proof));
        let next = match found.displaced_at {
            None => snapshot.block(found.height.next())?,
            Some(_) => None,
        };
        let next_names = next.and_then(|next| {
            let view = reader.read_canonical(&next.text).ok()?;
            Some(view.previous_hash.to_owned())
        });
        Ok(Self {
            found,
            proof,
            previous,
            next_names,
        })
    }

    fn page(self, shell: &Shell, tip: Height, from: usize) -> Page<'_> {
        let text = &self.found.text;
        let members = members(text).unwrap_or_default();
        let value = |name| member(&members, name).unwrap_or_default();
        let all = transactions_of(text).unwrap_or_default();
        let stretch = Stretch::of(from, all.len());
        let others = members.iter().filter(|(name, _)| {
            let books = [
                "index",
                "previous_hash",
                "proof",
                "timestamp",
                "transactions",
            ];
            name.as_str().is_none_or(|name| !books.contains(&name))
        });
        let shown = |(name, value): &(_, &str)| (name_of(name), Shown::of(value, IN_A_ROW));
        let steps = self.proof.zip(self.previous);
        let text_shown = text.get(..TEXT_CHARACTERS.min(text.len())).unwrap_or(text);
        Page {
            shell,
            height: self.found.height.0,
            hash: self.found.hash.to_string(),
            tip: tip.0,
            displaced: self.found.displaced_at.map(time),
            bytes: text.len(),
            is_cut: text_shown.len() < text.len(),
            text: text_shown.to_owned(),
            time: Shown::of(value("timestamp"), IN_FULL),
            proof: value("proof").to_owned(),
            previous_hash: Shown::of(value("previous_hash"), IN_FULL).text,
            has_previous: self.previous.is_some(),
            more_others: others.clone().count().saturating_sub(OTHER_MEMBERS),
            others: others.take(OTHER_MEMBERS).map(shown).collect(),
            transactions: all
                .iter()
                .enumerate()
                .skip(stretch.shown.start)
                .take(stretch.shown.len())
                .map(|(place, text)| Line::of(place, text))
                .collect(),
            stretch,
            steps: steps.map(|(proof, previous)| ProofSteps::of(proof, previous)),
            next_names: self.next_names,
        }
    }
}

/// A block's canonical text, in the chain or displaced.
fn text_by_hash(snapshot: &Snapshot, hash: BlockHash) -> Result<Option<String>, StoreError> {
    let (_, found) = look(snapshot, Name::Hash(hash))?;
    Ok(found.map(|found| found.text))
}

/// The name of a member.
fn name_of(name: &crate::protocol::classic::json::Text) -> Shown {
    Shown::of_text(&name.to_string_lossy(), IN_A_ROW)
}

/// Milliseconds since 1970 as a time in UTC.
fn time(milliseconds: u64) -> String {
    let milliseconds = i64::try_from(milliseconds).unwrap_or(i64::MAX);
    let time = DateTime::from_timestamp_millis(milliseconds).unwrap_or_default();
    time.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}
