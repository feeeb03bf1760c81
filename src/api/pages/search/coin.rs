//! What a query means on a coin node.

use std::sync::Arc;

use alloy_primitives::B256;
use axum::extract::{RawQuery, State};
use axum::response::Response;

use super::super::super::coin::CoinApp;
use super::super::super::coin::v1::blocks::{Name, look};
use super::super::super::coin::v1::reading_with_mempool;
use super::super::super::problem::Problem;
use super::super::shell::{Section, Shell};
use super::super::short;
use super::super::strings::Strings;
use super::super::visit::Visit;
use super::{ADDRESS_DIGITS, Candidate, HASH_DIGITS, Query, answer};
use crate::mempool::Mempool;
use crate::node::coin::stored_transaction;
use crate::protocol::coin::parameters::Parameters;
use crate::store::StoreError;
use crate::store::coin::Snapshot;
use crate::wallet::address::{AddressError, parse};

pub(in super::super) async fn page(
    State(app): State<Arc<CoinApp>>,
    visit: Visit,
    RawQuery(query): RawQuery,
) -> Response {
    let shell = app.shell(visit, Section::Elsewhere);
    match read(&app, &shell, query.as_deref()).await {
        Ok((query, candidates, hint)) => answer(&shell, &query, candidates, hint, true),
        Err(problem) => shell.problem(problem),
    }
}

async fn read(
    app: &Arc<CoinApp>,
    shell: &Shell,
    query: Option<&str>,
) -> Result<(Query, Vec<Candidate>, Option<String>), Problem> {
    let query = Query::read(query)?;
    let t = shell.t;
    let wanted = query.clone();
    let found = reading_with_mempool(app, move |app, snapshot, mempool| {
        let network = app.node.parameters();
        let mut found = blocks(snapshot, &wanted, network, t)?;
        found.extend(transaction(snapshot, mempool, &wanted, network, t)?);
        Ok(found)
    });
    let mut candidates = found.await?;
    let mut hint = None;
    match address(&query, t) {
        Some(Ok(account)) => candidates.push(account),
        Some(Err(AddressError::Checksum { .. })) => hint = Some(t.search.checksum.to_owned()),
        Some(Err(_)) | None => {}
    }
    Ok((query, candidates, hint))
}

/// Blocks that are called so, on the chain or beside it.
fn blocks(
    snapshot: &Snapshot,
    query: &Query,
    network: &Parameters,
    t: &'static Strings,
) -> Result<Vec<Candidate>, StoreError> {
    let mut candidates = Vec::new();
    let t = &t.search;
    if let Some(number) = query.height()
        && look(snapshot, Name::Number(number), network)?.1.is_some()
    {
        let link = format!("/block/{number}");
        candidates.push(Candidate::new(t.block, short::number(number), link));
    }
    let Some(digits) = query.hex(HASH_DIGITS) else {
        return Ok(candidates);
    };
    if let Ok(hash) = digits.0.parse()
        && let Some(found) = look(snapshot, Name::Hash(hash), network)?.1
    {
        let what = match found.answer.on_chain {
            true => t.block,
            false => t.block_beside,
        };
        candidates.push(Candidate::new(what, hash, format!("/block/{hash}")));
    }
    if let Some(hash) = digits.hash()
        && let Some(found) = look(snapshot, Name::Record(hash), network)?.1
    {
        let link = format!("/block/{}", found.answer.block.number);
        candidates.push(Candidate::new(t.record, hash, link));
    }
    Ok(candidates)
}

/// The transaction with this hash, in the chain or waiting.
fn transaction(
    snapshot: &Snapshot,
    mempool: &Mempool,
    query: &Query,
    network: &Parameters,
    t: &'static Strings,
) -> Result<Option<Candidate>, StoreError> {
    let Some(hash) = query.hex(HASH_DIGITS).and_then(|digits| digits.hash()) else {
        return Ok(None);
    };
    let is_here = mempool.contains(&hash) || stored_transaction(snapshot, hash, network)?.is_some();
    let link = format!("/transaction/{hash}");
    Ok(is_here.then(|| Candidate::new(t.search.transaction, hash, link)))
}

/// Every address is an account, used or not; capitals must hold its checksum, as they were typed.
fn address(query: &Query, t: &'static Strings) -> Option<Result<Candidate, AddressError>> {
    query.hex(ADDRESS_DIGITS)?;
    let typed = &query.0;
    let digits = typed.get(typed.len().checked_sub(ADDRESS_DIGITS)?..)?;
    let parsed = parse(&format!("0x{digits}")).map(|written| {
        let address = written.address;
        Candidate::new(t.search.account, address, format!("/account/{address}"))
    });
    Some(parsed)
}

impl super::HexDigits {
    fn hash(&self) -> Option<B256> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(&self.0, &mut bytes).ok()?;
        Some(B256::new(bytes))
    }
}
