//! A coin account: what it has, the code at it, and what concerned it.

use std::sync::Arc;

use askama::Template;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;

use super::super::super::coin::CoinApp;
use super::super::super::coin::address;
use super::super::super::coin::v1::accounts::{self, AccountAnswer};
use super::super::super::coin::v1::contracts::{self, ContractAnswer};
use super::super::super::coin::v1::history::{
    HistoryAnswer, HistoryEntry, HistoryKind, HistoryStatus, before, page as history_page,
};
use super::super::super::coin::v1::reading;
use super::super::super::coin::view::timestamp;
use super::super::super::problem::Problem;
use super::super::super::v1::parameters::Parameters;
use super::super::shell::{Section, Shell};
use super::super::short;
use super::super::texts::{IN_A_ROW, Shown};
use super::super::visit::Visit;

/// Entries of the history on a page.
const ROWS: usize = 50;

#[derive(Template)]
#[template(path = "account_coin.html")]
struct Page<'s> {
    shell: &'s Shell,
    account: AccountAnswer,
    /// Where there is code.
    contract: Option<ContractAnswer>,
    history: HistoryAnswer,
    is_first: bool,
}

impl Page<'_> {
    fn waiting(&self) -> u64 {
        self.account.next_nonce.saturating_sub(self.account.nonce)
    }

    fn code_hash(&self) -> &str {
        self.account.code_hash.as_deref().unwrap_or_default()
    }

    /// What others handed in.
    fn said(&self, text: &str) -> Shown {
        Shown::of_text(text, IN_A_ROW)
    }

    fn kind(&self, entry: &HistoryEntry) -> &'static str {
        let t = &self.shell.t.account;
        match entry.kind {
            HistoryKind::Sent => t.sent,
            HistoryKind::Received => t.received,
            HistoryKind::ToItself => t.to_itself,
            HistoryKind::Reward => t.reward,
            HistoryKind::Call => t.call,
            HistoryKind::Create => t.create,
            HistoryKind::Created => t.was_created,
        }
    }

    fn is_failed(&self, entry: &HistoryEntry) -> bool {
        matches!(entry.status, HistoryStatus::Failed)
    }

    /// Who stands on the other side.
    fn other<'e>(&self, entry: &'e HistoryEntry) -> Option<&'e String> {
        let own = Some(&self.account.address);
        match (entry.from.as_ref(), entry.to.as_ref()) {
            (from, to) if from == own && to == own => None,
            (from, to) if from == own => to,
            (from, _) => from,
        }
    }

    fn time(&self, entry: &HistoryEntry) -> String {
        timestamp(entry.time)
    }

    fn key(&self, entry: &HistoryEntry) -> String {
        match &entry.transaction {
            Some(hash) => hash.clone(),
            None => format!("reward-{}", entry.block),
        }
    }
}

pub(in super::super) async fn page(
    State(app): State<Arc<CoinApp>>,
    visit: Visit,
    path: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Response {
    let shell = app.shell(visit, Section::Elsewhere);
    shell.answer(read(&app, &shell, path, query.as_deref()).await)
}

async fn read<'s>(
    app: &Arc<CoinApp>,
    shell: &'s Shell,
    path: Result<Path<String>, PathRejection>,
    query: Option<&str>,
) -> Result<Page<'s>, Problem> {
    let address = address::of_path(path)?;
    let parameters = Parameters::read(query, &["before"])?;
    let before = before(&parameters)?;
    let account = accounts::find(app, address).await?;
    let contract = match account.code_hash {
        Some(_) => Some(contracts::find(app, address).await?),
        None => None,
    };
    let history = reading(app, move |app, snapshot| {
        history_page(snapshot, app.node.parameters(), address, before, ROWS)
    });
    Ok(Page {
        shell,
        account,
        contract,
        history: history.await?,
        is_first: before.is_none(),
    })
}
