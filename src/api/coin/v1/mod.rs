//! `/v1` of a coin node: accounts, transactions, blocks, supply, fees, proofs, and work for outside miners. One file a
//! subject.
//!
//! Handlers read a snapshot where blocking is allowed and never wait for the writer, but for a commit that the mempool is ahead of; what waits is read under the
//! mempool's lock, shortly. Every list is paged by a cursor and bounded in entries and bytes.

pub mod accounts;
pub mod audit;
pub mod blocks;
pub mod contracts;
pub mod difficulty;
pub mod fees;
pub mod history;
pub mod mempool;
pub mod mining;
pub mod network;
pub mod node;
pub mod peers;
pub mod proofs;
pub mod supply;
pub mod transactions;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::blocking;
use super::super::guard::Guard;
use super::super::problem::Problem;
use super::CoinApp;
use super::book::ruled;
use crate::mempool::Mempool;
use crate::store::StoreError;
use crate::store::coin::Snapshot;

/// The routes, each with its description.
pub(super) fn router(guard: &Guard) -> OpenApiRouter<Arc<CoinApp>> {
    OpenApiRouter::new()
        .routes(routes!(node::node))
        .routes(routes!(blocks::blocks))
        .routes(routes!(blocks::block))
        .routes(routes!(blocks::block_raw))
        .routes(routes!(accounts::account))
        .routes(routes!(history::history))
        .routes(routes!(contracts::contract))
        .routes(ruled(
            routes!(contracts::keep_source),
            guard.state_changing("POST"),
        ))
        .routes(routes!(transactions::transaction))
        .routes(routes!(mempool::mempool))
        .routes(routes!(fees::fees))
        .routes(routes!(supply::supply))
        .routes(routes!(difficulty::difficulty))
        .routes(routes!(proofs::transaction_proof))
        .routes(routes!(proofs::account_proof))
        .routes(routes!(mining::template))
        .routes(routes!(mining::search))
        .routes(ruled(routes!(mining::submit), guard.state_changing("POST")))
        .routes(routes!(peers::peers))
        .routes(routes!(network::network))
        .routes(routes!(audit::audit))
}

/// Reads a snapshot beside the mempool that belongs to it, where blocking is allowed.
pub(in crate::api) async fn reading_with_mempool<T: Send + 'static>(
    app: &Arc<CoinApp>,
    mut read: impl FnMut(&CoinApp, &Snapshot, &Mempool) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, Problem> {
    let app = Arc::clone(app);
    let read = move || {
        let node = &app.node;
        node.read_with_mempool(|snapshot, mempool| read(&app, snapshot, mempool))
    };
    Ok(blocking(read).await??)
}

/// Reads a snapshot where blocking is allowed.
pub(in crate::api) async fn reading<T: Send + 'static>(
    app: &Arc<CoinApp>,
    mut read: impl FnMut(&CoinApp, &Snapshot) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, Problem> {
    let app = Arc::clone(app);
    Ok(blocking(move || app.node.read(|snapshot| read(&app, &snapshot))).await??)
}
