//! A classic transaction, called by its block and its place in it: it has no identity of its own.

use std::sync::Arc;

use askama::Template;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;

use super::super::super::problem::{Kind, Problem};
use super::super::super::v1::blocks::one::{Found, Name, absent, look};
use super::super::super::v1::parameters::{NoParameters, shown, whole_number};
use super::super::super::{App, blocking};
use super::super::block::classic::Named;
use super::super::chain::classic::timestamp;
use super::super::shell::{Section, Shell};
use super::super::short;
use super::super::texts::{IN_A_ROW, IN_FULL, Shown, member, members};
use super::super::visit::Visit;
use crate::protocol::classic::block::{Height, transactions_of};
use crate::protocol::classic::transaction::is_reward;

/// Members beside the book's three that are shown.
const OTHER_MEMBERS: usize = 20;

#[derive(Template)]
#[template(path = "transaction_classic.html")]
struct Page<'s> {
    shell: &'s Shell,
    /// Of the block: its height, or the hash of a displaced one.
    block: String,
    height: u64,
    hash: String,
    is_displaced: bool,
    confirmations: u64,
    time: String,
    /// Counted from 0.
    place: usize,
    /// Whether the block has another behind it.
    has_next: bool,
    is_reward: bool,
    sender: Option<Named>,
    receiver: Option<Named>,
    amount: Option<Shown>,
    others: Vec<(Shown, Shown)>,
    more_others: usize,
    text: Shown,
    bytes: usize,
}

/// Which one is meant.
struct Id {
    block: Name,
    place: usize,
}

impl Id {
    fn read(path: Result<Path<String>, PathRejection>) -> Result<Self, Problem> {
        let bad = |text: &str| {
            let detail = format!(
                "`{}` names no transaction: give a block's height or hash and the place in it, counted from 0, such as 7-0.",
                shown(text)
            );
            Problem::new(Kind::BadParameter, detail).with("parameter", "transaction")
        };
        let Path(text) = path.map_err(|_| bad("A segment that is not UTF-8"))?;
        let read = || {
            let (block, place) = text.rsplit_once('-')?;
            let block = Name::read(Ok(Path(block.to_owned()))).ok()?;
            let place = usize::try_from(whole_number(place)?).unwrap_or(usize::MAX);
            Some(Self { block, place })
        };
        read().ok_or_else(|| bad(&text))
    }
}

pub(in super::super) async fn page(
    State(app): State<Arc<App>>,
    visit: Visit,
    path: Result<Path<String>, PathRejection>,
    known: Result<NoParameters, Problem>,
) -> Response {
    let shell = app.shell(visit, Section::Elsewhere);
    let page = match known {
        Ok(_) => read(&app, &shell, path).await,
        Err(problem) => Err(problem),
    };
    shell.answer(page)
}

async fn read<'s>(
    app: &Arc<App>,
    shell: &'s Shell,
    path: Result<Path<String>, PathRejection>,
) -> Result<Page<'s>, Problem> {
    let Id { block, place } = Id::read(path)?;
    let node = app.node.clone();
    let (tip, found) = blocking(move || node.read(|snapshot| look(&snapshot, block))).await??;
    let found = found.ok_or_else(|| absent(block, tip))?;
    page_of(shell, tip, &found, place)
}

fn page_of<'s>(
    shell: &'s Shell,
    tip: Height,
    found: &Found,
    place: usize,
) -> Result<Page<'s>, Problem> {
    let all = transactions_of(&found.text).unwrap_or_default();
    let height = found.height.0;
    let wanted = all.get(place);
    let text = wanted.ok_or_else(|| {
        let detail = format!(
            "Block {height} has no transaction {place}: it has {}, counted from 0.",
            all.len()
        );
        Problem::new(Kind::NotFound, detail).with("block", height)
    })?;
    let members = members(text).unwrap_or_default();
    let value = |name| member(&members, name);
    let others = members.iter().filter(|(name, _)| {
        let books = ["sender", "receiver", "amount"];
        name.as_str().is_none_or(|name| !books.contains(&name))
    });
    let is_displaced = found.displaced_at.is_some();
    Ok(Page {
        shell,
        block: match is_displaced {
            true => found.hash.to_string(),
            false => height.to_string(),
        },
        height,
        hash: found.hash.to_string(),
        is_displaced,
        confirmations: match is_displaced {
            true => 0,
            false => (tip.0 - height).saturating_add(1),
        },
        time: timestamp(&found.text),
        place,
        has_next: place + 1 < all.len(),
        is_reward: place + 1 == all.len() && is_reward(text),
        sender: value("sender").map(|value| Named::of(value, IN_FULL)),
        receiver: value("receiver").map(|value| Named::of(value, IN_FULL)),
        amount: value("amount").map(|value| Shown::of(value, IN_FULL)),
        more_others: others.clone().count().saturating_sub(OTHER_MEMBERS),
        others: others
            .take(OTHER_MEMBERS)
            .map(|(name, value)| {
                let name = Shown::of_text(&name.to_string_lossy(), IN_A_ROW);
                (name, Shown::of(value, IN_A_ROW))
            })
            .collect(),
        bytes: text.len(),
        text: Shown::of_text(text, IN_FULL),
    })
}
