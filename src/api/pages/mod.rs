//! The explorer: web pages that show the chain, the network and what the six calls do. A client of the node, like any other.
//!
//! One folder a subject: what it shows, how classic and coin are read for it, and its form in `templates/`. Pages are whole without
//! JavaScript; with it `assets/live.js` follows `/v1/events` and takes the parts marked `data-live` from the page rendered anew, so that
//! what a page says is written once. All words come from [`strings`], all text of users is escaped by the templates.
//! Nothing here changes the node: forms call the same routes as every other client, under the same rules.

pub(super) mod account;
pub(super) mod assets;
mod block;
pub(super) mod break_it;
mod chain;
mod charts;
mod ledger;
mod network;
pub(super) mod overview;
mod search;
pub(super) mod settings;
pub(super) mod shell;
mod short;
pub mod strings;
mod texts;
mod transaction;
mod try_it;
pub(super) mod visit;
mod waiting;

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderMap, header};
use axum::routing::{get, post};

use super::App;
use super::changing::mentions;
use super::coin::CoinApp;
use super::fallback::KnownRoute;

/// Everything from this node and nothing within the page; only the node's own pages may be asked, sent to, or framed by nobody.
pub(super) const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The pages that both protocols have, as clients are told of them; the first one, at `/`, is also the index for programs.
const PATHS: &[&str] = &[
    "/network",
    "/settings",
    assets::PATH,
    "/try",
    "/try/{step}",
    "/console",
    "/break",
    "/charts",
];

/// What pages send to be judged.
const SENT: &[&str] = &["/break/judge", "/break/mine"];

/// The pages of a classic node.
pub(super) fn classic_router() -> Router<Arc<App>> {
    common_router()
        .merge(ledger::classic_router())
        .route("/try", get(try_it::classic::chapter))
        .route("/try/{step}", get(try_it::classic::step))
        .route("/console", get(try_it::classic::console))
        .route("/break", get(break_it::classic::page))
        .route("/break/judge", post(break_it::classic::verdict))
        .route("/break/mine", post(break_it::classic::mined))
        .route("/charts", get(charts::classic::page))
        .route("/network", get(network::classic::page))
}

/// The pages of a coin node.
pub(super) fn coin_router() -> Router<Arc<CoinApp>> {
    common_router()
        .merge(ledger::coin_router())
        .route("/try", get(try_it::coin::chapter))
        .route("/try/{step}", get(try_it::coin::step))
        .route("/console", get(try_it::coin::console))
        .route("/break", get(break_it::coin::page))
        .route("/break/judge", post(break_it::coin::verdict))
        .route("/break/mine", post(break_it::coin::cost))
        .route("/charts", get(charts::coin::page))
        .route("/network", get(network::coin::page))
}

/// What belongs to no protocol.
fn common_router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/settings", get(settings::choose))
        .route(assets::PATH, get(assets::file))
}

/// The same, for the answers that say what is here.
pub(super) fn known_routes() -> impl Iterator<Item = KnownRoute> {
    let paths = PATHS.iter().chain(ledger::PATHS);
    let pages = paths.map(|path| KnownRoute::new(path, &["GET", "HEAD"]));
    let sent = SENT.iter().map(|path| KnownRoute::new(path, &["POST"]));
    pages.chain(sent)
}

/// Whether a page is wanted, rather than JSON.
pub(super) fn wants_page(headers: &HeaderMap) -> bool {
    let mut accepted = headers.get_all(header::ACCEPT).iter();
    accepted.any(|accept| mentions(accept.as_bytes(), "text/html"))
}
