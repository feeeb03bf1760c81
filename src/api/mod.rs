//! HTTP: what the node says to people and programs. A client of the node; the only place that knows status codes.
//!
//! [`router`] puts the routes together. [`book`] has the six calls, [`v1`] what programs read, [`health`] and [`index`] the
//! little ones; [`openapi`] describes them all. [`serve`] owns sockets and time limits, [`connections`]
//! decides who may stay, [`guard`] who may ask for what and [`changing`] who may change what, [`body`] reads requests,
//! [`problem`] words errors and [`fallback`] what is at no address.

pub mod body;
pub mod book;
pub mod chain_text;
pub mod changing;
mod connection;
pub mod connections;
pub mod curl_line;
pub mod docs;
mod errors;
pub mod events;
pub mod fallback;
pub mod guard;
pub mod health;
mod host;
pub mod index;
pub mod itself;
pub mod metrics;
pub mod openapi;
pub mod postman;
pub mod problem;
pub mod serve;
mod socket;
pub mod token;
pub mod v1;

use std::sync::Arc;
use std::time::SystemTime;

use axum::Router;
use tokio_util::sync::CancellationToken;

use crate::node::NodeHandle;
use crate::peers::pull::Puller;
use crate::peers::reach::Reach;
use chain_text::ChainText;
use fallback::with_fallbacks;
use guard::Guard;
use itself::Itself;
use metrics::NodeMetrics;
use metrics::requests::CountRequests;
use problem::{Kind, Problem};

/// What the handlers work with. One a node.
pub struct App {
    pub node: NodeHandle,
    pub puller: Puller,
    /// Which peers may be called.
    pub reach: Reach,
    pub itself: Itself,
    pub guard: Guard,
    pub metrics: NodeMetrics,
    /// Cancelled when the node ends: event streams end first.
    pub shutdown: CancellationToken,
    started_at: SystemTime,
    /// Tells this run of the node from others, in the ids of events.
    run: String,
    chain_text: ChainText,
    /// Held while the stored chain is checked.
    checking: Arc<tokio::sync::Mutex<()>>,
    /// Held while peers are asked for their chains.
    replacing: tokio::sync::Mutex<()>,
}

impl App {
    pub fn new(
        node: NodeHandle,
        puller: Puller,
        reach: Reach,
        itself: Itself,
        guard: Guard,
        metrics: NodeMetrics,
        shutdown: CancellationToken,
    ) -> Self {
        Self {
            node,
            puller,
            reach,
            itself,
            guard,
            metrics,
            shutdown,
            chain_text: ChainText::default(),
            started_at: SystemTime::now(),
            run: format!("{:08x}", uuid::Uuid::new_v4().as_fields().0),
            checking: Arc::default(),
            replacing: tokio::sync::Mutex::default(),
        }
    }
}

/// All routes, guarded.
pub fn router(app: App) -> Router {
    let guard = app.guard.clone();
    let (described, document) = openapi::described_routes().split_for_parts();
    let router = book::router(&guard)
        .merge(described)
        .merge(openapi::router());
    let routes = openapi::known_routes(&document);
    let paths = routes.iter().map(|route| route.path.as_ref());
    let counting = CountRequests::new(app.metrics.recorder(), paths);
    let router = with_fallbacks(router, routes).layer(counting);
    guard.protect(router.with_state(Arc::new(app)))
}

/// Runs `work` where blocking is allowed. A panic there, as the database may give up over damaged pages, is a problem.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(|_| {
        tracing::error!("reading the store was given up");
        let detail = "The store cannot be read: GET /v1/audit says where it is damaged. Start again from a peer or an export.";
        Problem::new(Kind::Internal, detail)
    })
}
