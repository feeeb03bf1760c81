//! One transaction: in a block with its receipt, or waiting.

use std::sync::Arc;

use alloy_consensus::{Transaction as _, Typed2718 as _};
use alloy_primitives::B256;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::super::problem::{Kind, Problem};
use super::super::super::v1::answer::json_of_the_moment;
use super::super::super::v1::parameters::NoParameters;
use super::super::CoinApp;
use super::super::address;
use super::history::{HistoryStatus, fee};
use super::{reading, reading_with_mempool};
use crate::mempool::{Entry, Mempool, Waits};
use crate::node::coin::stored_transaction;
use crate::protocol::coin::amount::Amount;
use crate::protocol::coin::block::CheckedBlock;
use crate::protocol::coin::execution::{CallError, End, Receipt, TraceError, replay};
use crate::protocol::coin::revert;
use crate::protocol::coin::state::RootedState;
use crate::protocol::coin::transaction::Transaction;
use crate::store::coin::{Ledger, store_error};

/// A transaction.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CoinTransaction)]
pub struct TransactionAnswer {
    #[schema(pattern = "^0x[0-9a-f]{64}$")]
    pub hash: String,
    pub state: TransactionState,
    /// Blocks that stand on it, its own counted; 0 while it waits.
    #[schema(minimum = 0)]
    pub confirmations: u64,
    /// The EIP-2718 type: 0 legacy, 1 or 2.
    pub r#type: u8,
    pub from: String,
    /// Null for one that makes a contract.
    #[schema(required = true)]
    pub to: Option<String>,
    /// In coins.
    #[schema(value_type = String, example = "1.5")]
    pub value: Amount,
    #[schema(minimum = 0)]
    pub nonce: u64,
    #[schema(minimum = 21000)]
    pub gas_limit: u64,
    /// The greatest fee in units a gas, as decimal text.
    #[schema(example = "1000000001")]
    pub greatest_fee: String,
    /// What of it goes to the miner above the base fee at most; for a legacy transaction the whole.
    #[schema(example = "1000000000")]
    pub priority_fee: String,
    /// In hexadecimal.
    #[schema(example = "0x")]
    pub input: String,
    #[serde(flatten)]
    pub mined: Option<Mined>,
    #[serde(flatten)]
    pub waiting: Option<Waiting>,
}

/// Where a transaction is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CoinTransactionState)]
pub enum TransactionState {
    Waiting,
    Mined,
}

/// There while it waits.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CoinTransactionWaiting)]
pub struct Waiting {
    /// What it waits for, in words: `the next block`, or a lower nonce of its sender.
    pub waits_for: String,
    /// Whether nothing but a block is missing.
    pub ready: bool,
    /// Since when it waits here, in seconds since 1970.
    pub since: u64,
}

/// There once a block has it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CoinTransactionMined)]
pub struct Mined {
    /// The block's number.
    #[schema(minimum = 1)]
    pub block: u64,
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub block_hash: String,
    /// Its place in the block, counted from 0.
    pub index: u32,
    /// Of the block, seconds since 1970.
    pub time: u32,
    /// Whether it did what it was to do.
    pub status: HistoryStatus,
    /// Why it failed, in words: what its contract says, or what the machine ran into. There where it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "execution reverted: the sale has ended")]
    pub reason: Option<String>,
    pub gas_used: u64,
    /// What a gas cost, in units, as decimal text.
    pub gas_price: String,
    /// What its sender paid to the miner, in coins.
    #[schema(value_type = String, example = "0.000021000000021")]
    pub fee: Amount,
    /// The contract that it made.
    #[schema(required = true)]
    pub created: Option<String>,
    pub logs: Vec<LogEntry>,
}

/// What a contract wrote down.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CoinLog)]
pub struct LogEntry {
    pub address: String,
    pub topics: Vec<String>,
    pub data: String,
}

/// A transaction with its receipt and confirmations, or with what it waits for.
#[utoipa::path(
    get,
    path = "/v1/transactions/{hash}",
    tag = "v1",
    params(("hash" = String, Path, pattern = "^0x[0-9a-fA-F]{64}$", description = "The transaction's hash.")),
    responses(
        (status = 200, description = "The transaction.", body = TransactionAnswer),
        (status = 404, description = "It is neither in the chain nor waiting here."),
    )
)]
pub(in super::super) async fn transaction(
    State(app): State<Arc<CoinApp>>,
    path: Result<Path<String>, PathRejection>,
    _: NoParameters,
) -> Result<Response, Problem> {
    let hash = address::hash_of_path(path)?;
    Ok(json_of_the_moment(&find(&app, hash).await?))
}

/// The transaction, in the chain or waiting.
///
/// # Errors
/// The 404 where it is neither.
pub(in crate::api) async fn find(
    app: &Arc<CoinApp>,
    hash: B256,
) -> Result<TransactionAnswer, Problem> {
    let found = reading_with_mempool(app, move |app, snapshot, mempool| {
        let Some(found) = stored_transaction(snapshot, hash, app.node.parameters())? else {
            return Ok(mempool.get(&hash).map(|entry| waiting(mempool, entry)));
        };
        let tip = snapshot.place_of(snapshot.state()?.tip)?.place.number;
        let number = found.block.number();
        let mut answer = of(found.transaction(), TransactionState::Mined);
        answer.confirmations = tip.saturating_sub(number).saturating_add(1);
        answer.mined = Some(mined(&found.block, found.index, found.receipt()));
        Ok(Some(answer))
    });
    let mut found = found.await?.ok_or_else(|| {
        let detail = format!(
            "Transaction {hash} is neither in the chain nor waiting here. It may have been sent to another node, replaced by one with the same nonce, or never sent."
        );
        Problem::new(Kind::NotFound, detail)
    })?;
    if let Some(mined) = &mut found.mined
        && matches!(mined.status, HistoryStatus::Failed)
    {
        mined.reason = why_it_failed(app, hash).await?;
    }
    Ok(found)
}

/// What a transaction of the chain failed with: it is run again, since no receipt says. None where it has left the chain meanwhile.
async fn why_it_failed(app: &Arc<CoinApp>, hash: B256) -> Result<Option<String>, Problem> {
    // Closed never: it lives as long as the app.
    let turn = Arc::clone(&app.turns).acquire_owned().await.ok();
    let reason = reading(app, move |app, snapshot| {
        let parameters = app.node.parameters();
        let Some(found) = stored_transaction(snapshot, hash, parameters)? else {
            return Ok(None);
        };
        // No transaction stands in the first block.
        let parent = found.block.number().saturating_sub(1);
        let root = snapshot.entry_at(parent)?.state_root;
        let state = RootedState::new(snapshot, root, parent);
        match replay(parameters, &state, &found.block, found.index as usize) {
            Ok(ran) => Ok(match ran.end {
                End::Returned(_) | End::Created(..) => None,
                End::Reverted(data) => Some(revert::sentence(&data)),
                End::Halted(halt) => Some(halt.to_string()),
            }),
            Err(TraceError::Call(CallError::View(error))) => Err(store_error(&error)),
            Err(error) => {
                tracing::error!(%error, %hash, "a transaction of the chain did not run again");
                Ok(None)
            }
        }
    });
    let reason = reason.await;
    drop(turn);
    reason
}

fn of(transaction: &Transaction, state: TransactionState) -> TransactionAnswer {
    let envelope = transaction.envelope();
    TransactionAnswer {
        hash: transaction.hash().to_string(),
        state,
        confirmations: 0,
        r#type: envelope.ty(),
        from: transaction.sender().to_string(),
        to: transaction.receiver().map(|address| address.to_string()),
        value: Amount::from_units(transaction.value()),
        nonce: transaction.nonce(),
        gas_limit: transaction.gas_limit(),
        greatest_fee: transaction.greatest_fee().to_string(),
        priority_fee: envelope.priority_fee_or_price().to_string(),
        input: envelope.input().to_string(),
        mined: None,
        waiting: None,
    }
}

fn waiting(mempool: &Mempool, entry: &Entry) -> TransactionAnswer {
    let waits = mempool.waits_for(&entry.hash());
    let mut answer = of(&entry.transaction, TransactionState::Waiting);
    answer.waiting = Some(Waiting {
        waits_for: waits.map(|waits| reason(&waits)).unwrap_or_default(),
        ready: matches!(waits, Some(Waits::InLine { .. })),
        since: entry.since,
    });
    answer
}

/// What a transaction waits for, as a noun: it stands under `waits_for`.
pub fn reason(waits: &Waits) -> String {
    let text = waits.to_string();
    match text.strip_prefix("waits for ") {
        Some(reason) => reason.to_owned(),
        None => text,
    }
}

fn mined(block: &CheckedBlock, index: u32, receipt: &Receipt) -> Mined {
    Mined {
        block: block.number(),
        block_hash: block.hash().to_string(),
        index,
        time: block.header().time,
        status: match receipt.succeeded() {
            true => HistoryStatus::Ok,
            false => HistoryStatus::Failed,
        },
        reason: None,
        gas_used: receipt.gas_used,
        gas_price: receipt.price.to_string(),
        fee: fee(receipt),
        created: receipt.created.map(|address| address.to_string()),
        logs: receipt
            .logs()
            .iter()
            .map(|log| LogEntry {
                address: log.address.to_string(),
                topics: log.topics().iter().map(ToString::to_string).collect(),
                data: log.data.data.to_string(),
            })
            .collect(),
    }
}
