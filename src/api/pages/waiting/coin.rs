//! The mempool of a coin node, as miners are offered it.

use std::sync::Arc;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;

use super::super::super::blocking;
use super::super::super::coin::CoinApp;
use super::super::super::coin::view::timestamp;
use super::super::super::problem::Problem;
use super::super::super::v1::parameters::Parameters;
use super::super::shell::{Section, Shell};
use super::super::short;
use super::super::strings::Strings;
use super::super::strings::fill;
use super::super::visit::Visit;
use super::ROWS;
use crate::mempool::{Entry, Mempool, Waits};
use crate::protocol::coin::amount::Amount;

#[derive(Template)]
#[template(path = "waiting_coin.html")]
struct Page<'s> {
    shell: &'s Shell,
    total: usize,
    /// Of all envelopes.
    bytes: usize,
    /// How many are offered to miners.
    ready: usize,
    rows: Vec<Row>,
    /// How many stand before the page.
    skipped: usize,
}

struct Row {
    hash: String,
    sender: String,
    /// None for one that makes a contract.
    receiver: Option<String>,
    amount: Amount,
    nonce: u64,
    /// In units a gas.
    fee: u128,
    returned: bool,
    waits: Option<Waits>,
    since: String,
}

impl Page<'_> {
    fn waits_for(&self, waits: &Option<Waits>) -> String {
        waits
            .as_ref()
            .map_or_else(String::new, |waits| waits_for(self.shell.t, waits))
    }

    fn next(&self) -> Option<usize> {
        let behind = self.skipped + self.rows.len();
        (behind < self.total).then_some(behind)
    }

    fn previous(&self) -> Option<String> {
        match self.skipped.saturating_sub(ROWS) {
            _ if self.skipped == 0 => None,
            0 => Some("/waiting".to_owned()),
            before => Some(format!("/waiting?after={before}")),
        }
    }

    /// The place of a row, counted from 1.
    fn place(&self, row: &usize) -> usize {
        self.skipped + row + 1
    }
}

/// What a transaction waits for, in words.
pub(in super::super) fn waits_for(t: &Strings, waits: &Waits) -> String {
    let t = &t.waiting;
    match waits {
        Waits::InLine { in_front: 0, .. } => t.for_next_block.to_owned(),
        Waits::InLine { in_front, .. } => fill(t.for_block, &[&short::number(in_front)]),
        Waits::ForNonce { nonce, .. } => fill(t.for_nonce, &[nonce]),
        Waits::ForCoins {
            needed, balance, ..
        } => fill(t.for_coins, &[balance, needed]),
    }
}

pub(in super::super) async fn page(
    State(app): State<Arc<CoinApp>>,
    visit: Visit,
    RawQuery(query): RawQuery,
) -> Response {
    let shell = app.shell(visit, Section::Waiting);
    shell.answer(read(&app, &shell, query.as_deref()).await)
}

async fn read<'s>(
    app: &Arc<CoinApp>,
    shell: &'s Shell,
    query: Option<&str>,
) -> Result<Page<'s>, Problem> {
    let parameters = Parameters::read(query, &["after"])?;
    let after = match parameters.text("after") {
        None | Some("") => 0,
        Some(_) => parameters.number("after")?.unwrap_or(0),
    };
    let app = Arc::clone(app);
    let read = move || {
        page_of(
            &app.node.mempool(),
            usize::try_from(after).unwrap_or(usize::MAX),
        )
    };
    // The writer may hold the mempool for a moment.
    let found = blocking(read).await?;
    Ok(Page {
        shell,
        total: found.total,
        bytes: found.bytes,
        ready: found.ready,
        rows: found.rows,
        skipped: found.skipped,
    })
}

struct Found {
    total: usize,
    bytes: usize,
    ready: usize,
    rows: Vec<Row>,
    skipped: usize,
}

/// What is offered comes first, the best first; then what waits for something else, in the order of arrival.
fn page_of(mempool: &Mempool, after: usize) -> Found {
    let ready = mempool.best().count();
    let total = mempool.len();
    // Behind the last stands the last page.
    let skipped = after.min(total.saturating_sub(1) / ROWS * ROWS);
    let offered = mempool.best().enumerate().map(|(in_front, entry)| {
        let waits = Waits::InLine {
            in_front,
            gas_in_front: 0,
        };
        (entry, Some(waits))
    });
    let others = mempool.iter().filter_map(|entry| {
        let waits = mempool.missing_before(&entry.hash())?;
        Some((entry, Some(waits)))
    });
    let rows = offered.chain(others).skip(skipped).take(ROWS);
    Found {
        total,
        bytes: mempool.bytes(),
        ready,
        rows: rows
            .map(|(entry, waits)| row(mempool, entry, waits))
            .collect(),
        skipped,
    }
}

fn row(mempool: &Mempool, entry: &Entry, waits: Option<Waits>) -> Row {
    let transaction = &entry.transaction;
    Row {
        hash: entry.hash().to_string(),
        sender: entry.sender().to_string(),
        receiver: transaction.receiver().map(|address| address.to_string()),
        amount: Amount::from_units(transaction.value()),
        nonce: entry.nonce(),
        fee: mempool.rate(entry),
        returned: entry.returned(),
        waits,
        since: timestamp(u32::try_from(entry.since).unwrap_or(u32::MAX)),
    }
}
