//! HTTP of a coin node: the six calls on real coins, and what programs read under `/v1`. A client of the node.
//!
//! A router per file, thin handlers, the description of each call beside it. What every node has in common is a
//! [`Face`]; amounts are text in coins, exact to the last unit, since JSON's numbers pass through floating point.

pub(super) mod address;
mod book;
mod chain_stream;
pub mod dev;
mod errors;
mod events;
mod health;
mod index;
mod metrics;
pub mod peer_streams;
mod searches;
pub(super) mod v1;
pub(super) mod view;

use std::sync::Arc;
use std::time::Duration;

use alloy_primitives::Address;
use axum::Router;
use axum::extract::FromRef;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;
use utoipa_axum::router::OpenApiRouter;

use super::face::Face;
use super::fallback::KnownRoute;
use super::guard::Guard;
use super::pages;
use super::pages::shell::{NetworkKind, NodeFacts, Section, Shell};
use super::pages::visit::Visit;
use super::problem::{Kind, Problem};
use super::rpc::{self, Origins};
use super::session::{self, Door};
use super::{Routes, openapi};
use crate::limits;
use crate::mempool::Suggestion;
use crate::miner::on_demand::OnDemand;
use crate::node::coin::CoinHandle;
use crate::peers::coin::pull::CoinPuller;
use crate::protocol::coin::DEV_ACCOUNTS;
use crate::store::StoreError;
use crate::wallet::keys::public_test_keys;
use crate::wallet::ring::KeyRing;
use dev::Dev;
use searches::Searches;
use v1::fees::RecentBlocks;

/// How blocks are mined for those who ask for one.
#[derive(Debug, Clone, Copy)]
pub struct MiningSettings {
    /// Who is paid.
    pub miner: Option<Address>,
    /// On how many threads a proof is searched.
    pub threads: usize,
    /// How long `mine_block` lets its caller wait. See [`limits::MINING_ANSWER`].
    pub answer_within: Duration,
    /// Whether the node mines by itself too.
    pub by_schedule: bool,
}

impl MiningSettings {
    /// The defaults for a node that pays `miner`: all cores.
    pub fn paying(miner: Option<Address>) -> Self {
        Self {
            miner,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            answer_within: limits::MINING_ANSWER,
            by_schedule: false,
        }
    }
}

/// What the handlers of a coin node work with. One a node.
pub struct CoinApp {
    pub face: Face,
    pub node: CoinHandle,
    /// Origins whose pages may call `/rpc`.
    pub rpc_origins: Origins,
    /// As many requests run the EVM at once.
    pub(in crate::api) turns: Arc<Semaphore>,
    /// Gets what outlives its caller.
    tasks: TaskTracker,
    mining: MiningSettings,
    /// Keys that this node was told to hold.
    keys: KeyRing,
    searches: Searches,
    recent_blocks: RecentBlocks,
    /// Held while the stored chain is checked.
    checking: Arc<tokio::sync::Mutex<()>>,
    /// Places for blocks of miners, which are read into memory.
    block_bodies: Semaphore,
    puller: CoinPuller,
    /// What tests of contracts change on the network `dev`.
    pub dev: Dev,
}

impl FromRef<Arc<CoinApp>> for CoinHandle {
    fn from_ref(app: &Arc<CoinApp>) -> Self {
        app.node.clone()
    }
}

impl FromRef<Arc<CoinApp>> for Door {
    fn from_ref(app: &Arc<CoinApp>) -> Self {
        Self(app.face.sessions.clone())
    }
}

impl CoinApp {
    /// `tasks` gets the searches that outlive their callers; they end with the face's shutdown.
    pub fn new(
        face: Face,
        node: CoinHandle,
        mining: MiningSettings,
        keys: KeyRing,
        puller: CoinPuller,
        tasks: TaskTracker,
    ) -> Self {
        // Where nobody set another way, what a wallet sends is mined before it is answered.
        let automines = node.parameters().is_dev() && !mining.by_schedule;
        let on_demand = OnDemand::new(
            node.clone(),
            mining.miner,
            automines,
            tasks.clone(),
            face.shutdown.clone(),
        );
        Self {
            dev: Dev {
                mining: Arc::new(on_demand),
                mines_by_schedule: mining.by_schedule,
            },
            searches: Searches::new(tasks.clone(), face.shutdown.clone()),
            rpc_origins: Origins::default(),
            turns: Arc::new(Semaphore::new(
                std::thread::available_parallelism().map_or(2, usize::from),
            )),
            tasks,
            face,
            node,
            mining,
            keys,
            recent_blocks: RecentBlocks::default(),
            checking: Arc::default(),
            block_bodies: Semaphore::new(limits::HTTP_BLOCK_BODIES),
            puller,
        }
    }

    /// The frame of a page.
    pub(in crate::api) fn shell(&self, visit: Visit, section: Section) -> Shell {
        Shell::new(visit, self.facts(), section)
    }

    /// What every page shows of the node.
    fn facts(&self) -> NodeFacts {
        // Blocks without difficulty are for lessons alone.
        let kind = match self.node.parameters().half_life {
            0 => NetworkKind::Dev,
            _ => NetworkKind::Coin,
        };
        let network = self.node.network().to_owned();
        NodeFacts { network, kind }
    }

    /// Priority fees in units a gas. Blocks.
    pub(in crate::api) fn suggested_fees(&self) -> Result<Suggestion, StoreError> {
        self.node
            .read(|snapshot| v1::fees::suggested_at(self, &snapshot))
    }

    /// Whether the node was started to mine.
    pub(in crate::api) fn mines_by_itself(&self) -> bool {
        self.dev.mines_by_schedule
    }

    /// Who is paid for blocks mined here, if anybody is.
    pub(in crate::api) fn paid(&self) -> Option<Address> {
        match self.node.parameters().is_dev() {
            true => Some(self.dev.mining.miner()),
            false => self.mining.miner,
        }
    }

    /// The keys that `/rpc` signs with for those who may change the node: on the network `dev` also those that everybody has.
    pub(in crate::api) fn keys_for_calls(&self) -> KeyRing {
        match self.node.parameters().is_dev() {
            true => self.keys.joined(public_test_keys(DEV_ACCOUNTS.len())),
            false => self.keys.clone(),
        }
    }

    /// Who is paid for blocks mined here.
    fn miner(&self) -> Result<Address, Problem> {
        self.mining.miner.ok_or_else(|| {
            let detail = "This node was not told whom to pay for the blocks it mines. Start it with `--miner 0x…`, an address of your own: \
                          `bcoin wallet new` makes one.";
            Problem::new(Kind::NoMiner, detail)
        })
    }
}

/// All routes of a coin node, guarded.
pub fn router(app: CoinApp) -> Router {
    let app = Arc::new(app);
    let routes = Routes {
        book: rpc::router(&app, app.rpc_origins.clone(), &app.tasks).merge(pages::coin_router()),
        listed: [listed_routes(), vec![rpc::ROUTE]].concat(),
        described: described_routes(&app.face.guard),
        document: openapi::coin::openapi_json,
        facts: app.facts(),
    };
    routes.guarded(&app.face, Arc::clone(&app))
}

/// The calls of the book that are here.
pub(super) fn listed_routes() -> Vec<KnownRoute> {
    book::ROUTES.to_vec()
}

/// The routes, each with its description.
pub(super) fn described_routes(guard: &Guard) -> OpenApiRouter<Arc<CoinApp>> {
    book::router(guard)
        .merge(v1::router(guard))
        .merge(peer_streams::router())
        .merge(events::router())
        .merge(session::router())
        .merge(health::router())
        .merge(metrics::router())
        .merge(index::router())
}
