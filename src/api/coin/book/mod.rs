//! The book's six calls on a network with real coins: the same names, members and sentences, with signatures, work and
//! balances behind them.

mod add;
mod chain;
mod connect;
mod mine;
mod replace;
mod valid;

use std::sync::Arc;

use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};
use utoipa_axum::routes;

use super::super::changing::{RouteRule, refuse_head};
use super::super::connecting::SOME_NODES;
use super::super::fallback::KnownRoute;
use super::super::guard::Guard;
use super::CoinApp;

/// The calls with the methods they answer to.
pub const ROUTES: [KnownRoute; 6] = [
    KnownRoute::new("/get_chain", &["GET"]),
    KnownRoute::new("/mine_block", &["GET", "POST"]),
    KnownRoute::new("/is_valid", &["GET"]),
    KnownRoute::new("/add_transaction", &["POST"]).with_body(add::A_TRANSACTION),
    KnownRoute::new("/connect_node", &["POST"]).with_body(SOME_NODES),
    KnownRoute::new("/replace_chain", &["GET", "POST"]),
];

/// The calls, each under the rules for what it does and with its description. HEAD runs nothing.
pub(super) fn router(guard: &Guard) -> OpenApiRouter<Arc<CoinApp>> {
    OpenApiRouter::new()
        .routes(ruled(routes!(chain::get_chain), refuse_head("GET")))
        .routes(ruled(
            routes!(mine::mine_block),
            guard.state_changing("GET, POST"),
        ))
        .routes(ruled(routes!(valid::is_valid), refuse_head("GET")))
        .routes(ruled(
            routes!(add::add_transaction),
            guard.changing_by_content("POST"),
        ))
        .routes(ruled(
            routes!(connect::connect_node),
            guard.state_changing("POST"),
        ))
        .routes(ruled(
            routes!(replace::replace_chain),
            guard.state_changing("GET, POST"),
        ))
}

/// A route under a rule.
pub(super) fn ruled(
    (schemas, paths, router): UtoipaMethodRouter<Arc<CoinApp>>,
    rule: RouteRule,
) -> UtoipaMethodRouter<Arc<CoinApp>> {
    (schemas, paths, router.route_layer(rule))
}
