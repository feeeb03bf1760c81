//! The coin protocol as the writer drives it: transactions wait in the mempool, blocks connect behind the tip, and a branch with more work takes the chain's
//! place.
//!
//! Blocks and transactions reach the writer checked by themselves; what needs the current state is checked here, before anything is written. The mempool is in
//! memory and in the store; both change with the same commit.

mod branch;
mod check;
mod clock;
mod commands;
mod connect;
mod dev;
mod error;
mod events;
mod handle;
mod pool;
mod replay;
mod template;

pub use branch::{StoredTransaction, stored_block, stored_transaction};
pub use clock::Moved;
pub use connect::{Connected, Submitted};
pub use dev::DevRefused;
pub use error::CoinError;
pub use events::CoinEvent;
pub use handle::{Added, CoinHandle};
pub use replay::{ChainFault, check_chain};
pub use template::{Request, Template};

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use alloy_primitives::{Address, B256};

use super::{GiveUp, Outbox, Protocol, Writer, launch};
use crate::mempool::{Entry, Mempool};
use crate::protocol::coin::genesis::Genesis;
use crate::protocol::coin::header::PowHash;
use crate::protocol::coin::place::Place;
use crate::protocol::coin::transaction::Transaction;
use crate::store::StoreError;
use crate::store::coin::{self, CoinStore, Ledger, Snapshot, SourceRecord, Tables};
use clock::Clock;

/// Tells the seconds since 1970.
pub type UnixClock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// What a writer is told once.
#[derive(Clone)]
pub struct CoinSettings {
    pub genesis: Arc<Genesis>,
    pub clock: UnixClock,
    pub pool_limits: crate::limits::PoolLimits,
    /// A block whose branch the operator lets the node switch to from any depth.
    pub switch_to: Option<PowHash>,
    /// Where the writer's counters go.
    pub recorder: Arc<dyn metrics::Recorder + Send + Sync>,
}

impl std::fmt::Debug for CoinSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CoinSettings")
            .field("network", &self.genesis.parameters.name)
            .finish_non_exhaustive()
    }
}

/// The end of the current chain, and what waits behind it. Durable when it is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CoinTip {
    pub place: Place,
    /// Keccak-256 of the tip's record.
    pub record_hash: B256,
    /// Transactions that wait for a block.
    pub waiting: u64,
    /// Known peers.
    pub peers: usize,
}

type Reply<T> = super::Reply<T, CoinError>;

/// What a coin node can be asked to change.
#[derive(Debug)]
pub enum Command {
    AddTransaction {
        transaction: Arc<Transaction>,
        reply: Reply<Added>,
    },
    Connect {
        submitted: Submitted,
        keeps_light_side_chains: bool,
        reply: Reply<Connected>,
    },
    /// The operator's choice, if the block is kept already: its branch becomes the chain, however deep that goes.
    SwitchTo {
        tip: PowHash,
        reply: Reply<Connected>,
    },
    ConnectPeers {
        addresses: Vec<String>,
        reply: Reply<Vec<String>>,
    },
    /// A contract's source, held against its code before.
    KeepSource {
        contract: Address,
        source: SourceRecord,
        reply: Reply<()>,
    },
    /// Transactions that have waited too long go.
    Expire { reply: Reply<usize> },
    /// A transaction waits no more, because somebody says so; whether it waited.
    Drop { hash: B256, reply: Reply<bool> },
    /// The chain ends in this block of its own again, nothing behind it was ever there, and this waits; how many blocks went.
    Rewind {
        to: (u64, PowHash),
        waiting: Vec<Entry>,
        reply: Reply<u64>,
    },
}

/// What the writer of a coin node and its handles have in common.
pub struct Shared {
    settings: CoinSettings,
    clock: Clock,
    mempool: RwLock<Mempool>,
    /// The tip that the mempool stands on, committed or about to be. Changes only while the mempool is held.
    mempool_tip: Mutex<PowHash>,
    peers: Mutex<Vec<String>>,
    /// A branch with more work that leaves the chain too deep for the node to switch by itself.
    deep_branch: Mutex<Option<CoinError>>,
}

impl Shared {
    /// A reader may see what a commit in progress is about to keep; if the commit fails it is gone again. Beside a snapshot:
    /// [`CoinHandle::read_with_mempool`].
    fn mempool(&self) -> RwLockReadGuard<'_, Mempool> {
        self.mempool.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn mempool_mut(&self) -> RwLockWriteGuard<'_, Mempool> {
        self.mempool.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn mempool_tip(&self) -> MutexGuard<'_, PowHash> {
        self.mempool_tip
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn peers(&self) -> MutexGuard<'_, Vec<String>> {
        self.peers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn deep_branch(&self) -> MutexGuard<'_, Option<CoinError>> {
        self.deep_branch
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts the writer of a coin node over an open store.
///
/// # Errors
/// When the store cannot be read or the thread cannot be started.
pub fn start_coin(
    store: CoinStore,
    settings: CoinSettings,
) -> Result<(CoinHandle, Writer), StoreError> {
    let recorder = Arc::clone(&settings.recorder);
    let mempool = Mempool::new(&settings.genesis.parameters, settings.pool_limits);
    let protocol = Coin {
        shared: Arc::new(Shared {
            clock: Clock::new(Arc::clone(&settings.clock)),
            settings,
            mempool: RwLock::new(mempool),
            mempool_tip: Mutex::new(PowHash::ZERO),
            peers: Mutex::default(),
            deep_branch: Mutex::default(),
        }),
        in_memory: None,
        stale: Vec::new(),
    };
    launch(store, protocol, &*recorder)
}

/// What the writer of a coin node remembers.
pub struct Coin {
    shared: Arc<Shared>,
    /// The tip that the mempool stands on, once it is filled.
    in_memory: Option<PowHash>,
    /// Orders of records that did not hold any more when the mempool was filled; the next change takes them along.
    stale: Vec<u64>,
}

impl Coin {
    /// By the clock of blocks.
    fn now(&self) -> u64 {
        self.shared.clock.now()
    }

    /// By the clock of what waits.
    fn machine_now(&self) -> u64 {
        self.shared.clock.machine_now()
    }
}

impl Protocol for Coin {
    type Layout = coin::Coin;
    type Command = Command;
    type Tip = CoinTip;
    type Event = CoinEvent;
    type Shared = Shared;

    fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }

    /// None does: each command plans whole before it changes anything.
    fn stands_alone(_: &Command) -> bool {
        false
    }

    fn refuse(command: Command, error: StoreError) {
        let error = CoinError::Store(error);
        // A caller that is gone does not need the answer.
        match command {
            Command::AddTransaction { reply, .. } => drop(reply.send(Err(error))),
            Command::Connect { reply, .. } => drop(reply.send(Err(error))),
            Command::SwitchTo { reply, .. } => drop(reply.send(Err(error))),
            Command::ConnectPeers { reply, .. } => drop(reply.send(Err(error))),
            Command::KeepSource { reply, .. } => drop(reply.send(Err(error))),
            Command::Expire { reply } => drop(reply.send(Err(error))),
            Command::Drop { reply, .. } => drop(reply.send(Err(error))),
            Command::Rewind { reply, .. } => drop(reply.send(Err(error))),
        }
    }

    fn apply(
        &mut self,
        tables: &mut Tables<'_>,
        command: Command,
        outbox: &mut Outbox<CoinEvent>,
    ) -> Result<(), GiveUp> {
        for order in self.stale.drain(..) {
            tables.remove_waiting(order)?;
        }
        match command {
            Command::AddTransaction { transaction, reply } => {
                let now = self.machine_now();
                let mut mempool = self.shared.mempool_mut();
                let answer = pool::add(&mut mempool, tables, transaction, now, outbox);
                drop(mempool);
                outbox.answer(reply, answer).map(drop)
            }
            Command::Connect {
                submitted,
                keeps_light_side_chains,
                reply,
            } => {
                let answer = self.connect(tables, submitted, keeps_light_side_chains, outbox);
                outbox.answer(reply, answer).map(drop)
            }
            Command::SwitchTo { tip, reply } => {
                let answer = self.switch_to(tables, tip, outbox);
                outbox.answer(reply, answer).map(drop)
            }
            Command::ConnectPeers { addresses, reply } => {
                let answer = self.connect_peers(tables, addresses, outbox);
                outbox.answer(reply, answer).map(drop)
            }
            Command::KeepSource {
                contract,
                source,
                reply,
            } => {
                let answer = commands::keep_source(tables, contract, &source);
                outbox.answer(reply, answer).map(drop)
            }
            Command::Expire { reply } => {
                let now = self.machine_now();
                let answer = pool::expire(&mut self.shared.mempool_mut(), tables, now, outbox);
                outbox.answer(reply, answer).map(drop)
            }
            Command::Drop { hash, reply } => {
                let answer = pool::drop_one(&mut self.shared.mempool_mut(), tables, hash, outbox);
                outbox.answer(reply, answer).map(drop)
            }
            Command::Rewind { to, waiting, reply } => {
                let answer = self.rewind(tables, to, waiting, outbox);
                outbox.answer(reply, answer).map(drop)
            }
        }
    }

    fn tip(
        &self,
        tables: &Tables<'_>,
        before: &CoinTip,
        events: &[CoinEvent],
    ) -> Result<CoinTip, StoreError> {
        let known = tables.place_of(tables.state()?.tip)?;
        Ok(CoinTip {
            place: known.place,
            record_hash: known.record_hash,
            waiting: tables.waiting_total()?,
            peers: before.peers + new_peers(events).count(),
        })
    }

    fn committed(&mut self, events: &[CoinEvent]) {
        self.shared.mempool_mut().keep();
        self.shared.peers().extend(new_peers(events).cloned());
        for event in events {
            if let CoinEvent::Block { hash, .. } | CoinEvent::Reorg { hash, .. } = event {
                self.in_memory = Some(*hash);
            }
        }
    }

    fn recall(&mut self, snapshot: &Snapshot) -> Result<CoinTip, StoreError> {
        let known = snapshot.place_of(snapshot.state()?.tip)?;
        let mut mempool = self.shared.mempool_mut();
        mempool.roll_back();
        let waiting = snapshot.waiting_total()?;
        // A commit that failed at its very end may stand on the disk all the same.
        let stands = self.in_memory == Some(known.place.hash)
            && (mempool.len() + self.stale.len()) as u64 == waiting;
        if !stands {
            let parameters = &self.shared.settings.genesis.parameters;
            (*mempool, self.stale) = pool::recalled(
                snapshot,
                parameters,
                &self.shared.settings,
                self.machine_now(),
            )?;
            self.in_memory = Some(known.place.hash);
        }
        *self.shared.mempool_tip() = known.place.hash;
        drop(mempool);
        let peers = snapshot.peers()?;
        let tip = CoinTip {
            place: known.place,
            record_hash: known.record_hash,
            waiting,
            peers: peers.len(),
        };
        *self.shared.peers() = peers;
        Ok(tip)
    }
}

/// The peers that became known by these events.
fn new_peers(events: &[CoinEvent]) -> impl Iterator<Item = &String> {
    events.iter().filter_map(|event| match event {
        CoinEvent::Peer { address } => Some(address),
        _ => None,
    })
}
