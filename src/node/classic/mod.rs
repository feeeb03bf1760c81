//! The classic protocol as the writer drives it: transactions wait in the store, blocks are mined on top of the tip, and a
//! longer branch takes the chain's place.

mod apply;
mod branch;
mod error;
mod events;
mod handle;
mod measures;
mod travelling;

pub use branch::{Adoption, Branch, BranchBlocks, BranchError};
pub use error::NodeError;
pub use events::Event;
pub use handle::NodeHandle;
pub use travelling::{NotTravelling, TakenIn, TravellingTransaction};

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use super::clock::{Clock, python_timestamp};
use super::{GiveUp, Outbox, Protocol, Writer, launch};
use crate::limits::QueueLimits;
use crate::protocol::classic::block::{Block, BlockHash, Height, Link};
use crate::protocol::classic::proof::{Proof, Remembered};
use crate::protocol::classic::tag::BlockTags;
use crate::protocol::classic::transaction::Transaction;
use crate::store::{Snapshot, Store, StoreError, Tables, classic};
use apply::Mined;
use measures::Measures;

/// What a writer is told once.
#[derive(Clone)]
pub struct Settings {
    /// Who gets the reward for a block mined here.
    pub miner: String,
    pub clock: Clock,
    pub queue_limits: QueueLimits,
    /// Whether waiting transactions are passed on to other nodes, and theirs taken. A store that once did keeps their tags for good.
    pub travels: bool,
    /// Where the writer's counters go.
    pub recorder: Arc<dyn metrics::Recorder + Send + Sync>,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings")
            .field("miner", &self.miner)
            .finish_non_exhaustive()
    }
}

/// The end of the current chain, and what waits behind it. Durable when it is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tip {
    pub link: Link,
    /// Transactions that wait for a block.
    pub waiting: u64,
    /// Known peers.
    pub peers: usize,
}

type Reply<T> = super::Reply<T, NodeError>;

/// What a classic node can be asked to change.
#[derive(Debug)]
pub enum Command {
    AddTransaction {
        transaction: Transaction,
        reply: Reply<Height>,
    },
    /// Answers with the block, or with the proof whose successor must be searched first.
    Mine { reply: Reply<Result<Block, Proof>> },
    ConnectPeers {
        addresses: Vec<String>,
        reply: Reply<Vec<String>>,
    },
    Adopt {
        branch: Branch,
        reply: Reply<Adoption>,
    },
    AddTravelling {
        transactions: Vec<TravellingTransaction>,
        reply: Reply<Vec<TakenIn>>,
    },
    LearnTags {
        block: BlockHash,
        tags: BlockTags,
        reply: Reply<bool>,
    },
}

/// What the writer of a classic node and its handles have in common.
#[derive(Debug)]
pub struct Shared {
    settings: Settings,
    /// Held while a proof is searched.
    searching: tokio::sync::Mutex<()>,
    remembered: Mutex<Remembered>,
    peers: Mutex<Vec<String>>,
}

impl Shared {
    fn remembered(&self) -> MutexGuard<'_, Remembered> {
        self.remembered
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn peers(&self) -> MutexGuard<'_, Vec<String>> {
        self.peers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts the writer of a classic node over an open store.
///
/// # Errors
/// When the store cannot be read or the thread cannot be started.
pub fn start(store: Store, settings: Settings) -> Result<(NodeHandle, Writer), NodeError> {
    let recorder = Arc::clone(&settings.recorder);
    if settings.travels {
        store.commit(|tables| tables.begin_travelling())?;
    }
    let protocol = Classic {
        node_id: store.node_id().to_owned(),
        measures: Measures::of(&*recorder),
        shared: Arc::new(Shared {
            settings,
            searching: tokio::sync::Mutex::new(()),
            remembered: Mutex::default(),
            peers: Mutex::default(),
        }),
    };
    Ok(launch(store, protocol, &*recorder)?)
}

/// What the writer of a classic node remembers. Blocks reach it checked.
#[derive(Debug)]
pub struct Classic {
    /// Who pays the reward.
    node_id: String,
    measures: Measures,
    shared: Arc<Shared>,
}

impl Protocol for Classic {
    type Layout = classic::Classic;
    type Command = Command;
    type Tip = Tip;
    type Event = Event;
    type Shared = Shared;

    fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }

    /// A switch of branch stands alone: reading the branch again may fail halfway.
    fn stands_alone(command: &Command) -> bool {
        matches!(command, Command::Adopt { .. })
    }

    fn refuse(command: Command, error: StoreError) {
        let error = NodeError::Store(error);
        // A caller that is gone does not need the answer.
        match command {
            Command::AddTransaction { reply, .. } => drop(reply.send(Err(error))),
            Command::Mine { reply } => drop(reply.send(Err(error))),
            Command::ConnectPeers { reply, .. } => drop(reply.send(Err(error))),
            Command::Adopt { reply, .. } => drop(reply.send(Err(error))),
            Command::AddTravelling { reply, .. } => drop(reply.send(Err(error))),
            Command::LearnTags { reply, .. } => drop(reply.send(Err(error))),
        }
    }

    fn apply(
        &mut self,
        tables: &mut Tables<'_>,
        command: Command,
        outbox: &mut Outbox<Event>,
    ) -> Result<(), GiveUp> {
        match command {
            Command::AddTransaction { transaction, reply } => {
                let limits = self.shared.settings.queue_limits;
                let id = apply::id_of_next(tables, &transaction);
                let answer = apply::add_transaction(tables, &transaction, limits);
                if outbox.answer(reply, answer)? {
                    outbox.tell(Event::Transaction {
                        text: transaction.into_text(),
                        id,
                    });
                }
                Ok(())
            }
            Command::AddTravelling {
                transactions,
                reply,
            } => {
                let limits = self.shared.settings.queue_limits;
                let answer = if self.shared.settings.travels {
                    apply::add_travelling(tables, transactions, limits)
                } else {
                    Err(NodeError::StaysHere)
                };
                let answer = answer.map(|(taken, added)| {
                    for (id, text) in added {
                        let id = Some(id);
                        outbox.tell(Event::Transaction { text, id });
                    }
                    taken
                });
                outbox.answer(reply, answer).map(drop)
            }
            Command::LearnTags { block, tags, reply } => {
                let answer = apply::learn_tags(tables, block, &tags);
                outbox.answer(reply, answer).map(drop)
            }
            Command::Mine { reply } => self.mine(tables, reply, outbox),
            Command::ConnectPeers { addresses, reply } => {
                let mut known = self.shared.peers().clone();
                known.extend(new_peers(outbox.events()).cloned());
                let new = apply::connect_peers(tables, &known, addresses);
                let all = new.map(|new| {
                    for address in &new {
                        outbox.tell(Event::Peer {
                            address: address.clone(),
                        });
                    }
                    known.extend(new);
                    known
                });
                outbox.answer(reply, all).map(drop)
            }
            Command::Adopt { branch, reply } => {
                let now = SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .map_or(0, |since| since.as_millis() as u64);
                match apply::adopt(tables, branch, now) {
                    Ok((adoption, back)) => {
                        if let Some(event) = adoption.event(back) {
                            outbox.tell(event);
                        }
                        outbox.answer(reply, Ok(adoption)).map(drop)
                    }
                    Err(error) => Err(outbox.give_up(reply, error)),
                }
            }
        }
    }

    fn tip(&self, tables: &Tables<'_>, before: &Tip, events: &[Event]) -> Result<Tip, StoreError> {
        Ok(Tip {
            link: tables.state().tip,
            waiting: tables.waiting_total()?,
            peers: before.peers + new_peers(events).count(),
        })
    }

    fn committed(&mut self, events: &[Event]) {
        self.shared.peers().extend(new_peers(events).cloned());
        self.measures.committed(events);
    }

    fn recall(&mut self, snapshot: &Snapshot) -> Result<Tip, StoreError> {
        let (state, waiting, peers) = (
            snapshot.state()?,
            snapshot.waiting_total()?,
            snapshot.peers()?,
        );
        let tip = Tip {
            link: state.tip,
            waiting,
            peers: peers.len(),
        };
        *self.shared.peers() = peers;
        Ok(tip)
    }
}

/// The peers that became known by these events.
fn new_peers(events: &[Event]) -> impl Iterator<Item = &String> {
    events.iter().filter_map(|event| match event {
        Event::Peer { address } => Some(address),
        _ => None,
    })
}

impl Classic {
    fn mine(
        &mut self,
        tables: &mut Tables<'_>,
        reply: Reply<Result<Block, Proof>>,
        outbox: &mut Outbox<Event>,
    ) -> Result<(), GiveUp> {
        // Whoever went away does not want the block any more.
        if reply.is_closed() {
            return Ok(());
        }
        let timestamp = python_timestamp((self.shared.settings.clock)());
        let reward = Transaction::reward(&self.node_id, &self.shared.settings.miner);
        let mined = apply::mine(tables, &self.shared.remembered(), &reward, &timestamp);
        let answer = mined.map(|mined| match mined {
            Mined::Block(block, transactions) => {
                outbox.tell(Event::Block {
                    height: block.height(),
                    hash: block.hash(),
                    transactions,
                    mined_here: true,
                });
                Ok(block)
            }
            Mined::ProofWanted { after } => Err(after),
        });
        outbox.answer(reply, answer).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use redb::backends::InMemoryBackend;

    use super::*;
    use crate::node::system_clock;
    use crate::store::StoreOptions;

    /// A branch whose first block takes the chain's place and whose second does not read.
    struct TornBranch;

    impl BranchBlocks for TornBranch {
        fn visit(
            &mut self,
            visit: &mut dyn FnMut(Block, BlockTags) -> Result<(), NodeError>,
        ) -> Result<(), NodeError> {
            visit(Block::first("another node's"), BlockTags::default())?;
            Err(BranchError::Unreadable("it is torn".to_owned()).into())
        }
    }

    #[tokio::test]
    async fn a_branch_that_ends_in_the_middle_leaves_the_node_as_it_was() {
        let store = Store::over(
            InMemoryBackend::new(),
            "in memory".into(),
            StoreOptions::default(),
            || Block::first("first"),
        );
        let settings = Settings {
            miner: "Bharathi".to_owned(),
            clock: system_clock(),
            queue_limits: QueueLimits::default(),
            travels: false,
            recorder: Arc::new(metrics::NoopRecorder),
        };
        let (node, writer) = start(store.expect("a store"), settings).expect("a writer");
        let peers = vec!["127.0.0.1:1".to_owned()];
        node.connect_peers(peers.clone()).await.expect("it is new");
        let before = node.tip();
        let torn = Branch {
            fork: None,
            tip: Height(2),
            blocks: Box::new(TornBranch),
        };
        // Behind the branch in the same queue, so that it meets what the branch left behind.
        let (adopted, added) = tokio::join!(
            node.adopt(torn),
            node.add_transaction(Transaction::between("alice", "bob", 5)),
        );
        let unreadable = BranchError::Unreadable("it is torn".to_owned());
        assert_eq!(adopted, Err(NodeError::Branch(unreadable)));
        assert_eq!(added, Ok(Height(2)));
        assert!(node.is_ready(), "the store is sound");
        let waiting = before.waiting + 1;
        assert_eq!(node.tip(), Tip { waiting, ..before });
        assert_eq!(node.peers(), peers);
        let snapshot = node.snapshot().expect("the store reads");
        assert_eq!(snapshot.displaced_total(), Ok(0));
        assert_eq!(snapshot.hash_at(Height::FIRST), Ok(Some(before.link.hash)));
        drop((node, snapshot));
        writer.join();
    }
}
