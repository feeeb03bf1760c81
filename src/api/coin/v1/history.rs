//! What an account has sent, received and earned, newest first.

use std::sync::Arc;

use alloy_consensus::Transaction as _;
use alloy_primitives::{Address, U256};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::super::problem::{Kind, Problem};
use super::super::super::v1::answer::json_of_the_moment;
use super::super::super::v1::parameters::{Parameters, shown, whole_number};
use super::super::CoinApp;
use super::super::address;
use super::reading;
use crate::node::coin::stored_block;
use crate::protocol::coin::amount::Amount;
use crate::protocol::coin::block::CheckedBlock;
use crate::protocol::coin::execution::Receipt;
use crate::protocol::coin::parameters::Parameters as Network;
use crate::protocol::coin::subsidy::subsidy;
use crate::protocol::coin::transaction::Transaction;
use crate::store::StoreError;
use crate::store::coin::{Ledger, Position, REWARD, Snapshot};

/// A stretch of an account's history.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CoinHistory)]
pub struct HistoryAnswer {
    pub entries: Vec<HistoryEntry>,
    /// `before` of the next page; null when the history ends here.
    #[schema(required = true, example = "7-0")]
    pub next: Option<String>,
}

/// A transaction that the account sent or that was sent to it, or a reward. Coins that a contract sends while it runs are
/// in the balance, and not listed here.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CoinHistoryEntry)]
pub struct HistoryEntry {
    /// The block's number.
    #[schema(minimum = 1)]
    pub block: u64,
    /// Of the block, seconds since 1970.
    pub time: u32,
    /// Null for a reward.
    #[schema(required = true, pattern = "^0x[0-9a-f]{64}$")]
    pub transaction: Option<String>,
    pub kind: HistoryKind,
    /// Null for a reward, which nobody sends.
    #[schema(required = true)]
    pub from: Option<String>,
    /// For a contract that was made, its address; null where that failed.
    #[schema(required = true)]
    pub to: Option<String>,
    /// In coins: what was sent, or subsidy and fees together. It moved only where `status` is ok.
    #[schema(value_type = String, example = "1.5")]
    pub value: Amount,
    /// In coins: what the sender paid to the miner, even where the transaction failed.
    #[schema(value_type = String, example = "0.000021000000021")]
    pub fee: Amount,
    pub status: HistoryStatus,
}

/// What it was to this account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CoinHistoryKind)]
pub enum HistoryKind {
    Sent,
    Received,
    /// From the account to itself.
    #[serde(rename = "self")]
    ToItself,
    /// Subsidy and fees of a block.
    Reward,
    /// With input, for a contract: by the account, or to it.
    Call,
    /// The account made a contract.
    Create,
    /// The account is the contract that was made.
    Created,
}

/// Whether a transaction did what it was to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CoinHistoryStatus)]
pub enum HistoryStatus {
    Ok,
    Failed,
}

impl HistoryStatus {
    pub fn of(receipt: &Receipt) -> Self {
        if receipt.succeeded() {
            Self::Ok
        } else {
            Self::Failed
        }
    }
}

/// What an account has sent, received and earned, newest first.
///
/// Listed are transactions by the account and to it, and rewards. Coins that a contract sent it while it ran are not: they
/// are in the balance, so that a balance can be more or less than the entries add up to. Go on with `before` set to `next`.
#[utoipa::path(
    get,
    path = "/v1/accounts/{address}/history",
    tag = "v1",
    params(
        ("address" = String, Path, pattern = "^0x[0-9a-fA-F]{40}$", description = "The account.", example = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"),
        ("before" = inline(Option<String>), Query, pattern = "^([0-9]{1,20}-[0-9]{1,10})?$", description = "`next` of the page before; by default the history's end.", example = ""),
        ("limit" = inline(Option<u64>), Query, minimum = 1, maximum = 1000, description = "Entries on the page; 100 by default.", example = 10),
    ),
    responses((status = 200, description = "Entries, and where the next page begins.", body = HistoryAnswer))
)]
pub(in super::super) async fn history(
    State(app): State<Arc<CoinApp>>,
    path: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let account = address::of_path(path)?;
    let parameters = Parameters::read(query.as_deref(), &["before", "limit"])?;
    let limit = parameters.limit()?;
    let before = before(&parameters)?;
    let page = reading(&app, move |app, snapshot| {
        page(snapshot, app.node.parameters(), account, before, limit)
    });
    Ok(json_of_the_moment(&page.await?))
}

/// A cursor, as `next` of the page before gave it.
pub(in crate::api) fn before(parameters: &Parameters) -> Result<Option<Position>, Problem> {
    let Some(text) = parameters.text("before").filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let read = || {
        let (number, index) = text.split_once('-')?;
        Some(Position {
            number: whole_number(number)?,
            index: u32::try_from(whole_number(index)?).unwrap_or(u32::MAX),
        })
    };
    read().map(Some).ok_or_else(|| {
        let detail = format!(
            "`before` is `{}`; it is `next` of another page, such as 7-0.",
            shown(text)
        );
        Problem::new(Kind::BadParameter, detail).with("parameter", "before")
    })
}

/// A block, to be read once for all its entries.
struct Read {
    block: CheckedBlock,
    receipts: Vec<Receipt>,
}

/// Entries before `before`, newest first.
pub(in crate::api) fn page(
    snapshot: &Snapshot,
    network: &Network,
    account: Address,
    before: Option<Position>,
    limit: usize,
) -> Result<HistoryAnswer, StoreError> {
    let mut positions = snapshot.history(account, before, limit.saturating_add(1))?;
    let more = positions.len() > limit;
    positions.truncate(limit);
    let next = positions.last().filter(|_| more);
    let next = next.map(|last| format!("{}-{}", last.number, last.index));
    let mut entries = Vec::with_capacity(positions.len());
    let mut read: Option<Read> = None;
    for position in positions {
        entries.push(entry(snapshot, network, account, position, &mut read)?);
    }
    for (account, position) in snapshot.history_beside(account, before)? {
        entry(snapshot, network, account, position, &mut read)?;
    }
    Ok(HistoryAnswer { entries, next })
}

/// What stands at a place that must concern an account; `read` is the block that was read last.
fn entry(
    snapshot: &Snapshot,
    network: &Network,
    account: Address,
    position: Position,
    read: &mut Option<Read>,
) -> Result<HistoryEntry, StoreError> {
    let number = position.number;
    let current = match read.take().filter(|read| read.block.number() == number) {
        Some(current) => current,
        None => Read {
            block: stored_block(snapshot, snapshot.entry_at(number)?.hash(), network)?,
            receipts: snapshot.receipts(number)?,
        },
    };
    let found = current.entry(position.index, account, network);
    *read = Some(current);
    found.ok_or_else(|| {
        let detail = format!(
            "it names place {} of block {number}, which does not concern the account",
            position.index
        );
        snapshot.damaged(format_args!("the history of {account}"), detail)
    })
}

impl Read {
    fn entry(&self, index: u32, account: Address, network: &Network) -> Option<HistoryEntry> {
        if index == REWARD {
            let concerned = self.block.record().beneficiary == account;
            return concerned.then(|| self.reward(network));
        }
        let index = usize::try_from(index).ok()?;
        let transaction = self.block.transactions().get(index)?;
        let receipt = self.receipts.get(index)?;
        let to = transaction.receiver().or(receipt.created);
        if account != transaction.sender() && to != Some(account) {
            return None;
        }
        Some(HistoryEntry {
            block: self.block.number(),
            time: self.block.header().time,
            transaction: Some(transaction.hash().to_string()),
            kind: kind_for(account, transaction),
            from: Some(transaction.sender().to_string()),
            to: to.map(|address| address.to_string()),
            value: Amount::from_units(transaction.value()),
            fee: fee(receipt),
            status: HistoryStatus::of(receipt),
        })
    }

    fn reward(&self, network: &Network) -> HistoryEntry {
        let fees = self.receipts.iter().map(|receipt| fee(receipt).units());
        let all = fees.fold(subsidy(network, self.block.number()), U256::saturating_add);
        HistoryEntry {
            block: self.block.number(),
            time: self.block.header().time,
            transaction: None,
            kind: HistoryKind::Reward,
            from: None,
            to: Some(self.block.record().beneficiary.to_string()),
            value: Amount::from_units(all),
            fee: Amount::ZERO,
            status: HistoryStatus::Ok,
        }
    }
}

/// What a transaction cost its sender beside its value.
pub fn fee(receipt: &Receipt) -> Amount {
    // Below 2^64 times 2^128.
    Amount::from_units(U256::from(receipt.gas_used) * U256::from(receipt.price))
}

fn kind_for(account: Address, transaction: &Transaction) -> HistoryKind {
    let sent = transaction.sender() == account;
    let Some(receiver) = transaction.receiver() else {
        return match sent {
            true => HistoryKind::Create,
            false => HistoryKind::Created,
        };
    };
    match (sent, receiver == account) {
        _ if !transaction.envelope().input().is_empty() => HistoryKind::Call,
        (true, true) => HistoryKind::ToItself,
        (true, false) => HistoryKind::Sent,
        (false, _) => HistoryKind::Received,
    }
}
