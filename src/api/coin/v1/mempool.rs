//! What waits for a block.

use std::collections::HashMap;
use std::sync::Arc;

use alloy_primitives::B256;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::super::blocking;
use super::super::super::problem::Problem;
use super::super::super::v1::answer::json_of_the_moment;
use super::super::super::v1::parameters::Parameters;
use super::super::CoinApp;
use crate::mempool::{Entry, Mempool};
use crate::protocol::coin::amount::Amount;

/// What waits.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CoinMempool)]
pub struct MempoolAnswer {
    /// How many wait in all.
    #[schema(minimum = 0)]
    pub transactions: usize,
    /// Of their envelopes.
    #[schema(minimum = 0)]
    pub bytes: usize,
    /// In the order of their arrival; those that came back from displaced blocks stand before the others.
    pub waiting: Vec<WaitingEntry>,
    /// `after` of the next page; null when the list ends here.
    #[schema(required = true)]
    pub next: Option<String>,
}

/// A transaction that waits, in short.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CoinWaitingTransaction)]
pub struct WaitingEntry {
    #[schema(pattern = "^0x[0-9a-f]{64}$")]
    pub hash: String,
    pub sender: String,
    /// Null for one that makes a contract.
    #[schema(required = true)]
    pub receiver: Option<String>,
    /// In coins.
    #[schema(value_type = String, example = "1.5")]
    pub amount: Amount,
    #[schema(minimum = 0)]
    pub nonce: u64,
    /// What it pays, in units a gas.
    #[schema(example = "1000000001")]
    pub fee: String,
    /// How many miners are offered before it; null while a transaction with a lower nonce is missing.
    #[schema(required = true)]
    pub in_front: Option<usize>,
    /// Since when it waits, in seconds since 1970.
    pub since: u64,
}

/// What waits for a block, in the order of arrival.
///
/// Go on with `after` set to `next`.
#[utoipa::path(
    get,
    path = "/v1/mempool",
    tag = "v1",
    params(
        ("after" = inline(Option<String>), Query, pattern = "^([0-9]{1,20})?$", description = "`next` of the page before; by default the list's beginning.", example = ""),
        ("limit" = inline(Option<u64>), Query, minimum = 1, maximum = 1000, description = "Transactions on the page; 100 by default.", example = 10),
    ),
    responses((status = 200, description = "Waiting transactions, and where the next page begins.", body = MempoolAnswer))
)]
pub(in super::super) async fn mempool(
    State(app): State<Arc<CoinApp>>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let parameters = Parameters::read(query.as_deref(), &["after", "limit"])?;
    let limit = parameters.limit()?;
    let after = match parameters.text("after") {
        None | Some("") => None,
        Some(_) => parameters.number("after")?,
    };
    // The writer may hold the mempool for a moment.
    let page = blocking(move || page(&app.node.mempool(), after, limit)).await?;
    Ok(json_of_the_moment(&page))
}

fn page(mempool: &Mempool, after: Option<u64>, limit: usize) -> MempoolAnswer {
    let mut wanted = mempool
        .iter()
        .skip_while(|entry| after.is_some_and(|after| entry.order <= after));
    let entries: Vec<&Entry> = wanted.by_ref().take(limit).collect();
    let last = entries.last().map(|entry| entry.order.to_string());
    let next = last.filter(|_| wanted.next().is_some());
    let line: HashMap<B256, usize> = mempool
        .best()
        .enumerate()
        .map(|(place, entry)| (entry.hash(), place))
        .collect();
    MempoolAnswer {
        transactions: mempool.len(),
        bytes: mempool.bytes(),
        waiting: entries
            .into_iter()
            .map(|entry| WaitingEntry::of(entry, mempool, &line))
            .collect(),
        next,
    }
}

impl WaitingEntry {
    fn of(entry: &Entry, mempool: &Mempool, line: &HashMap<B256, usize>) -> Self {
        let transaction = &entry.transaction;
        Self {
            hash: entry.hash().to_string(),
            sender: entry.sender().to_string(),
            receiver: transaction.receiver().map(|address| address.to_string()),
            amount: Amount::from_units(transaction.value()),
            nonce: entry.nonce(),
            fee: mempool.rate(entry).to_string(),
            in_front: line.get(&entry.hash()).copied(),
            since: entry.since,
        }
    }
}
