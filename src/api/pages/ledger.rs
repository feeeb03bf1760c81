//! The pages about what is in the ledger, and where each stands.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use super::super::App;
use super::super::coin::CoinApp;
use super::{account, block, chain, search, transaction, waiting};

/// All of them; both protocols have the same, but that only a classic name may be too odd for a path.
pub(super) const PATHS: &[&str] = &[
    "/chain",
    "/block/{block}",
    "/transaction/{transaction}",
    "/account/{account}",
    "/account",
    "/waiting",
    "/search",
];

pub(super) fn classic_router() -> Router<Arc<App>> {
    Router::new()
        .route("/chain", get(chain::classic::page))
        .route("/block/{block}", get(block::classic::page))
        .route(
            "/transaction/{transaction}",
            get(transaction::classic::page),
        )
        .route("/account/{account}", get(account::classic::page))
        .route("/account", get(account::classic::page_by_hash))
        .route("/waiting", get(waiting::classic::page))
        .route("/search", get(search::classic::page))
}

pub(super) fn coin_router() -> Router<Arc<CoinApp>> {
    Router::new()
        .route("/chain", get(chain::coin::page))
        .route("/block/{block}", get(block::coin::page))
        .route("/transaction/{transaction}", get(transaction::coin::page))
        .route("/account/{account}", get(account::coin::page))
        .route("/waiting", get(waiting::coin::page))
        .route("/search", get(search::coin::page))
}
