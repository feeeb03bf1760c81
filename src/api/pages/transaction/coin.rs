//! A coin transaction by its hash: in a block with its receipt, or waiting.

use std::sync::Arc;

use askama::Template;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;

use super::super::super::blocking;
use super::super::super::coin::CoinApp;
use super::super::super::coin::address;
use super::super::super::coin::v1::history::HistoryStatus;
use super::super::super::coin::v1::transactions::{LogEntry, Mined, TransactionAnswer, find};
use super::super::super::coin::view::timestamp;
use super::super::super::problem::Problem;
use super::super::super::v1::parameters::NoParameters;
use super::super::shell::{Section, Shell};
use super::super::short;
use super::super::texts::{IN_FULL, Shown};
use super::super::visit::Visit;
use super::super::waiting::coin::waits_for;

/// Logs that are shown, and characters of the data of each.
const LOGS: usize = 20;
const LOG_CHARACTERS: usize = 400;

#[derive(Template)]
#[template(path = "transaction_coin.html")]
struct Page<'s> {
    shell: &'s Shell,
    transaction: TransactionAnswer,
    input: Shown,
    input_bytes: usize,
    /// What it waits for, in words.
    waits_for: Option<String>,
    since: String,
}

impl Page<'_> {
    fn is_failed(&self, mined: &Mined) -> bool {
        matches!(mined.status, HistoryStatus::Failed)
    }

    fn time(&self, mined: &Mined) -> String {
        timestamp(mined.time)
    }

    /// What a contract says is its author's text.
    fn reason(&self, reason: &str) -> Shown {
        Shown::of_text(reason, LOG_CHARACTERS)
    }

    fn logs<'m>(&self, mined: &'m Mined) -> &'m [LogEntry] {
        let shown = mined.logs.len().min(LOGS);
        mined.logs.get(..shown).unwrap_or_default()
    }

    fn data(&self, log: &LogEntry) -> Shown {
        Shown::of_text(&log.data, LOG_CHARACTERS)
    }

    fn more_logs(&self, mined: &Mined) -> usize {
        mined.logs.len().saturating_sub(LOGS)
    }
}

pub(in super::super) async fn page(
    State(app): State<Arc<CoinApp>>,
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
    app: &Arc<CoinApp>,
    shell: &'s Shell,
    path: Result<Path<String>, PathRejection>,
) -> Result<Page<'s>, Problem> {
    let hash = address::hash_of_path(path)?;
    let transaction = find(app, hash).await?;
    let waits = match transaction.waiting {
        Some(_) => {
            let app = Arc::clone(app);
            // The writer may hold the mempool for a moment.
            blocking(move || app.node.mempool().waits_for(&hash)).await?
        }
        None => None,
    };
    let since = transaction
        .waiting
        .as_ref()
        .map_or(0, |waiting| waiting.since);
    Ok(Page {
        shell,
        input: Shown::of_text(&transaction.input, IN_FULL),
        input_bytes: transaction.input.len().saturating_sub(2) / 2,
        waits_for: waits.map(|waits| waits_for(shell.t, &waits)),
        since: timestamp(u32::try_from(since).unwrap_or(u32::MAX)),
        transaction,
    })
}
