//! A classic name: the transactions in which it stands, newest first.

use std::sync::Arc;

use askama::Template;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;

use super::super::super::problem::{Kind, Problem};
use super::super::super::v1::parameters::{Parameters, shown, whole_number};
use super::super::super::{App, blocking};
use super::super::block::classic::{Line, Named};
use super::super::shell::{Section, Shell};
use super::super::short;
use super::super::texts::{IN_A_ROW, IN_FULL, Shown, canonical, in_path};
use super::super::visit::Visit;
use super::index::{Before, Entry, Found, make};
use super::names::{NameHash, names_of};

/// Transactions on a page.
const ROWS: usize = 50;

#[derive(Template)]
#[template(path = "account_classic.html")]
struct Page<'s> {
    shell: &'s Shell,
    /// None for one that is called by its hash and was not found.
    name: Option<Shown>,
    hash: String,
    rows: Vec<Row>,
    /// The address of what comes behind.
    next: Option<String>,
    gave_up: bool,
    is_first: bool,
    path: String,
    /// While the index is not whole: how far down it reaches, and the tip.
    indexed_from: Option<u64>,
    is_indexed: bool,
    tip: u64,
    /// Behind which block the next page goes on.
    next_height: u64,
}

struct Row {
    height: u64,
    place: usize,
    time: String,
    is_sender: bool,
    is_receiver: bool,
    /// On the other side, if it is another.
    other: Option<Named>,
    line: Line,
}

impl Row {
    fn of(entry: Entry) -> Self {
        let [sender, receiver] = names_of(&entry.transaction);
        let other = match (entry.is_sender, entry.is_receiver) {
            (true, false) => receiver,
            (false, true) => sender,
            _ => None,
        };
        Self {
            height: entry.height,
            place: entry.place,
            time: entry.time,
            is_sender: entry.is_sender,
            is_receiver: entry.is_receiver,
            other: other.map(|other| Named::of(other, IN_A_ROW)),
            line: Line::of(entry.place, &entry.transaction),
        }
    }
}

/// `/account/{name}`.
pub(in super::super) async fn page(
    State(app): State<Arc<App>>,
    visit: Visit,
    path: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Response {
    let shell = app.shell(visit, Section::Elsewhere);
    let page = match path {
        Ok(Path(name)) => named(&app, &shell, &name, query.as_deref()).await,
        Err(_) => Err(Problem::new(
            Kind::BadParameter,
            "The name in the address is not UTF-8.",
        )),
    };
    shell.answer(page)
}

async fn named<'s>(
    app: &Arc<App>,
    shell: &'s Shell,
    name: &str,
    query: Option<&str>,
) -> Result<Page<'s>, Problem> {
    let parameters = Parameters::read(query, &["before"])?;
    let before = before(&parameters)?;
    let name_hash = NameHash::of(&canonical(name));
    let mut page = read(app, shell, name_hash, before).await?;
    page.name = Some(Shown::of_text(name, IN_FULL));
    page.path = format!("/account/{}", in_path(name));
    page.next = page.next.map(|next| format!("{}?before={next}", page.path));
    Ok(page)
}

/// `/account?hash=…`: what cannot be said in an address is called by its hash.
pub(in super::super) async fn page_by_hash(
    State(app): State<Arc<App>>,
    visit: Visit,
    RawQuery(query): RawQuery,
) -> Response {
    let shell = app.shell(visit, Section::Elsewhere);
    let page = by_hash(&app, &shell, query.as_deref()).await;
    shell.answer(page)
}

async fn by_hash<'s>(
    app: &Arc<App>,
    shell: &'s Shell,
    query: Option<&str>,
) -> Result<Page<'s>, Problem> {
    let parameters = Parameters::read(query, &["hash", "before"])?;
    let before = before(&parameters)?;
    let text = parameters.text("hash").unwrap_or_default();
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| {
        let detail = format!(
            "`hash` is `{}`; it is the SHA-256 of a name's canonical text, 64 hexadecimal digits. A name that can be typed stands in the path: /account/Ada.",
            shown(text)
        );
        Problem::new(Kind::BadParameter, detail).with("parameter", "hash")
    })?;
    let mut page = read(app, shell, NameHash(bytes), before).await?;
    page.path = format!("/account?hash={}", hex::encode(bytes));
    page.next = page.next.map(|next| format!("{}&before={next}", page.path));
    Ok(page)
}

/// The page; of its address only the cursor is filled in.
async fn read<'s>(
    app: &Arc<App>,
    shell: &'s Shell,
    name: NameHash,
    before: Option<Before>,
) -> Result<Page<'s>, Problem> {
    let reading = Arc::clone(app);
    let search = move || {
        reading.node.read(|snapshot| {
            let before = before.unwrap_or(Before::TIP);
            reading.names.search(&snapshot, name, before, ROWS)
        })
    };
    let found: Found = blocking(search).await??;
    if !found.is_indexed() {
        make(app);
    }
    let own = found.entries.first().map(|entry| own_name(entry, name));
    Ok(Page {
        shell,
        name: own.flatten(),
        hash: hex::encode(name.0),
        gave_up: found.gave_up(ROWS),
        is_indexed: found.is_indexed(),
        indexed_from: found.covered.as_ref().map(|covered| *covered.start()),
        tip: found.tip,
        next_height: found.next.map_or(0, |next| next.height),
        next: found
            .next
            .map(|next| format!("{}-{}", next.height, next.place)),
        rows: found.entries.into_iter().map(Row::of).collect(),
        is_first: before.is_none(),
        path: String::new(),
    })
}

/// The name itself, as a transaction has it.
fn own_name(entry: &Entry, name: NameHash) -> Option<Shown> {
    let named = names_of(&entry.transaction).into_iter().flatten();
    let mut own = named.filter(|named| NameHash::of(named) == name);
    own.next().map(|own| Shown::of(own, IN_FULL))
}

/// A cursor, as the page before gave it.
fn before(parameters: &Parameters) -> Result<Option<Before>, Problem> {
    let Some(text) = parameters.text("before").filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let read = || {
        let (height, place) = text.split_once('-')?;
        Some(Before {
            height: whole_number(height)?,
            place: usize::try_from(whole_number(place)?).unwrap_or(usize::MAX),
        })
    };
    read().map(Some).ok_or_else(|| {
        let detail = format!(
            "`before` is `{}`; it is a block's height and a place in it, such as 7-0.",
            shown(text)
        );
        Problem::new(Kind::BadParameter, detail).with("parameter", "before")
    })
}
