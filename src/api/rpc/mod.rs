//! Ethereum's JSON-RPC at `/rpc`, over HTTP and WebSocket, so that wallets and client libraries work with a coin node unchanged.
//!
//! The protocol itself is jsonrpsee's, which `served` puts behind the address. `access` decides who may call what, `methods` how a method is put in, `arguments` reads parameters and `error` words what goes
//! wrong; `at` finds the block that a call is about, `shape` gives blocks and transactions the members that clients know, `feed` tells what happens. `eth`, `debug`,
//! `txpool` and `net` have the methods, and `dev` those for tests of contracts. A client of the node: what changes it goes through its handle.

mod access;
mod arguments;
mod at;
mod debug;
mod dev;
mod error;
mod eth;
mod feed;
mod methods;
mod net;
mod served;
mod shape;
mod txpool;

use std::ops::Deref;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::routing::any;
use jsonrpsee::server::{ServerHandle, stop_channel};
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::task::TaskTracker;

use super::coin::CoinApp;
use super::fallback::KnownRoute;
use crate::limits;
use crate::node::coin::CoinHandle;
use crate::protocol::coin::execution::KnownCode;
use crate::wallet::ring::KeyRing;
pub use access::Origins;
use at::{Chain, Depths, Latest};
use error::RpcError;
use eth::filters::Filters;
use feed::Feed;
use methods::Methods;
use served::Served;

/// Where it is.
pub const ROUTE: KnownRoute = KnownRoute::new("/rpc", &["POST", "GET", "OPTIONS"])
    .with_body(r#"{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber","params":[]}"#);

/// What methods work with. Clones are the same.
#[derive(Clone)]
pub struct Rpc(Arc<Inner>);

pub struct Inner {
    app: Arc<CoinApp>,
    latest: Latest,
    depths: Depths,
    /// Keys that the node signs with for those who may change it.
    keys: KeyRing,
    filters: Filters,
    feed: Feed,
    /// Code that calls have run.
    code: KnownCode,
    /// What tests of contracts have set.
    dev: dev::Held,
}

impl Deref for Rpc {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Inner {
    fn node(&self) -> &CoinHandle {
        &self.app.node
    }

    /// The chain of now.
    fn chain(&self) -> Result<Arc<Chain>, RpcError> {
        self.latest.chain(self.node())
    }

    fn depths(&self) -> Depths {
        self.depths
    }

    /// A turn to run the EVM.
    async fn turn(&self) -> Result<OwnedSemaphorePermit, RpcError> {
        let turn = Arc::clone(&self.app.turns).acquire_owned();
        match tokio::time::timeout(limits::RPC_TURN, turn).await {
            Ok(Ok(turn)) => Ok(turn),
            _ => Err(RpcError::Limit(
                "too many calls run at once: ask again in a second".to_owned(),
            )),
        }
    }

    /// Mines what waits, where blocks come on demand.
    async fn mine_what_waits(&self) {
        if let Err(error) = self.app.dev.mine_what_waits().await {
            tracing::warn!(%error, "what was handed in waits for another block");
        }
    }
}

/// The route, and what it needs running: the news of the chain, until the node ends.
pub(super) fn router<S: Clone + Send + Sync + 'static>(
    app: &Arc<CoinApp>,
    origins: Origins,
    tasks: &TaskTracker,
) -> Router<S> {
    let parameters = app.node.parameters();
    let is_dev = parameters.is_dev();
    let origins = Origins {
        of_tools: origins.of_tools || is_dev,
        ..origins
    };
    let rpc = Rpc(Arc::new(Inner {
        app: Arc::clone(app),
        latest: Latest::default(),
        depths: Depths::of(parameters, is_dev),
        keys: app.keys_for_calls(),
        filters: Filters::default(),
        feed: Feed::default(),
        code: KnownCode::default(),
        dev: dev::Held::default(),
    }));
    let (stop, handle) = stop_channel();
    let shutdown = app.face.shutdown.clone();
    tasks.spawn(feed::follow(rpc.clone(), shutdown.clone()));
    tasks.spawn(forget(rpc.clone(), shutdown.clone()));
    tasks.spawn(stop_with(shutdown, handle));
    let methods = methods(&rpc);
    let served = Arc::new(Served::new(rpc, origins, methods, stop));
    let serve = move |request: Request| {
        let served = Arc::clone(&served);
        async move { served.answer(request).await }
    };
    Router::new().route("/rpc", any(serve))
}

/// All methods.
fn methods(rpc: &Rpc) -> Methods {
    let mut methods = Methods::new(rpc.clone());
    net::register(&mut methods);
    eth::accounts::register(&mut methods);
    eth::blocks::register(&mut methods);
    eth::transactions::register(&mut methods);
    eth::calls::register(&mut methods);
    eth::fees::register(&mut methods);
    eth::logs::register(&mut methods);
    eth::filters::register(&mut methods);
    eth::subscriptions::register(&mut methods);
    eth::signing::register_open(&mut methods);
    debug::register(&mut methods);
    txpool::register(&mut methods);
    methods.strict(eth::signing::register_strict);
    if rpc.node().parameters().is_dev() {
        methods.strict(dev::register);
    }
    methods
}

/// Lets go of the snapshot that calls share when it is not the newest any more: a page that somebody reads is not written over.
async fn forget(rpc: Rpc, shutdown: tokio_util::sync::CancellationToken) {
    let mut tip = rpc.node().watch_tip();
    let work = async {
        while tip.changed().await.is_ok() {
            rpc.latest.forget();
        }
    };
    shutdown.run_until_cancelled(work).await;
}

async fn stop_with(shutdown: tokio_util::sync::CancellationToken, handle: ServerHandle) {
    shutdown.cancelled().await;
    // It may have stopped already.
    let _ = handle.stop();
}
