//! HTTP: what the node says to people and programs. A client of the node; the only place that knows status codes.
//!
//! [`router`] puts a classic node's routes together. [`book`] has the six calls, [`v1`] what programs read, [`session`] where nodes meet, [`health`] and [`index`] the
//! little ones; [`openapi`] describes them all. [`serve`] owns sockets and time limits, [`connections`]
//! decides who may stay, [`guard`] who may ask for what and [`changing`] who may change what, [`body`] reads requests,
//! [`problem`] words errors and [`fallback`] what is at no address.

pub mod body;
pub mod book;
pub mod chain_text;
pub mod changing;
pub mod coin;
mod connecting;
mod connection;
pub mod connections;
pub mod curl_line;
pub mod docs;
mod errors;
pub mod events;
pub mod face;
pub mod fallback;
pub mod guard;
pub mod health;
mod host;
pub mod index;
pub mod itself;
pub mod metrics;
pub mod openapi;
pub mod pages;
pub mod postman;
pub mod problem;
mod request;
pub mod rpc;
pub mod serve;
pub mod session;
mod socket;
pub mod token;
pub mod v1;

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRef;
use tokio_util::sync::CancellationToken;
use utoipa_axum::router::OpenApiRouter;

use crate::node::NodeHandle;
use crate::peers::pull::Puller;
use crate::peers::reach::Reach;
use chain_text::ChainText;
use face::Face;
use fallback::{KnownRoute, with_fallbacks};
use guard::Guard;
use itself::Itself;
use metrics::NodeMetrics;
use metrics::requests::CountRequests;
use pages::account::index::NameIndex;
use pages::shell::{NetworkKind, NodeFacts, Section, Shell};
use pages::visit::Visit;
use problem::{Kind, Problem};
use session::Door;

/// What the handlers of a classic node work with. One a node.
pub struct App {
    pub face: Face,
    pub node: NodeHandle,
    pub puller: Puller,
    chain_text: ChainText,
    /// By which the explorer finds who is named where.
    names: NameIndex,
    /// Held while the stored chain is checked.
    checking: Arc<tokio::sync::Mutex<()>>,
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
        let face = Face::new(reach, itself, guard, metrics, shutdown);
        Self::of(face, node, puller)
    }

    /// The same with its face made.
    pub fn of(face: Face, node: NodeHandle, puller: Puller) -> Self {
        Self {
            face,
            node,
            puller,
            chain_text: ChainText::default(),
            names: NameIndex::default(),
            checking: Arc::default(),
        }
    }

    /// The frame of a page.
    fn shell(&self, visit: Visit, section: Section) -> Shell {
        Shell::new(visit, self.facts(), section)
    }

    /// What every page shows of the node.
    fn facts(&self) -> NodeFacts {
        NodeFacts {
            network: self.node.network().to_owned(),
            kind: NetworkKind::Classic,
        }
    }
}

impl FromRef<Arc<App>> for Door {
    fn from_ref(app: &Arc<App>) -> Self {
        Self(app.face.sessions.clone())
    }
}

/// All routes of a classic node, guarded.
pub fn router(app: App) -> Router {
    let app = Arc::new(app);
    let routes = Routes {
        book: book::router(&app.face.guard).merge(pages::classic_router()),
        listed: book::ROUTES.to_vec(),
        described: openapi::described_routes(),
        document: openapi::openapi_json,
        facts: app.facts(),
    };
    routes.guarded(&app.face, Arc::clone(&app))
}

/// The routes of a protocol, before they are put together.
struct Routes<S> {
    /// The six calls with the pages, and what clients are told of the calls.
    book: Router<S>,
    listed: Vec<KnownRoute>,
    /// All others, with their descriptions.
    described: OpenApiRouter<S>,
    /// Makes the OpenAPI document.
    document: fn() -> String,
    facts: NodeFacts,
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    fn guarded(self, face: &Face, state: S) -> Router {
        let (described, document) = self.described.split_for_parts();
        let router = self
            .book
            .merge(described)
            .merge(openapi::router(self.document));
        let routes = openapi::known_routes(&self.listed, &document);
        let paths = routes.iter().map(|route| route.path.as_ref());
        let counting = CountRequests::new(face.metrics.recorder(), paths);
        let router = with_fallbacks(router, routes, self.facts).layer(counting);
        face.guard.protect(router.with_state(state))
    }
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
