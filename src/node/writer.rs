//! The writer's thread: groups of commands, one commit each.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use std::{io, mem};

use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use super::apply::{self, Adoption, Branch, Mined};
use super::clock::{Clock, python_timestamp};
use super::measures::Measures;
use super::{Event, EventLog, NodeError, NodeHandle, Tip};
use crate::limits::{QueueLimits, WRITER_GROUP, WRITER_QUEUE};
use crate::protocol::classic::block::{Block, Height};
use crate::protocol::classic::proof::{Proof, Remembered};
use crate::protocol::classic::transaction::Transaction;
use crate::store::{Store, StoreError, Tables};

/// What a writer is told once.
#[derive(Clone)]
pub struct Settings {
    /// Who gets the reward for a block mined here.
    pub miner: String,
    pub clock: Clock,
    pub queue_limits: QueueLimits,
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

type Reply<T> = oneshot::Sender<Result<T, NodeError>>;

#[derive(Debug)]
pub(super) enum Command {
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
}

/// What the writer and its handles have in common.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) store: Store,
    pub(super) settings: Settings,
    pub(super) events: EventLog,
    pub(super) started: Instant,
    /// Held while a proof is searched.
    pub(super) searching: tokio::sync::Mutex<()>,
    remembered: Mutex<Remembered>,
    peers: Mutex<Vec<String>>,
    writing_fails: AtomicBool,
}

impl Shared {
    pub(super) fn remembered(&self) -> MutexGuard<'_, Remembered> {
        self.remembered
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn peers(&self) -> MutexGuard<'_, Vec<String>> {
        self.peers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_ready(&self) -> bool {
        !self.writing_fails.load(Ordering::Relaxed)
    }
}

/// The running writer; it ends when the last [`NodeHandle`] is gone.
#[derive(Debug)]
pub struct Writer {
    thread: JoinHandle<()>,
    /// Cancelled when the store failed for good (a sync, or a panic over damaged pages): the process must end.
    pub failed: CancellationToken,
}

impl Writer {
    /// Whether the writer has ended, its store closed.
    pub fn is_finished(&self) -> bool {
        self.thread.is_finished()
    }

    /// Waits until the writer has ended; blocks.
    pub fn join(self) {
        if self.thread.join().is_err() {
            tracing::error!("the writer ended in a panic");
        }
    }
}

/// Starts the writer over an open store.
///
/// # Errors
/// When the store cannot be read or the thread cannot be started.
pub fn start(store: Store, settings: Settings) -> Result<(NodeHandle, Writer), NodeError> {
    let snapshot = store.snapshot()?;
    let (state, waiting, peers) = (
        snapshot.state()?,
        snapshot.waiting_total()?,
        snapshot.peers()?,
    );
    drop(snapshot);
    let (publish_tip, tip) = watch::channel(Tip {
        link: state.tip,
        waiting,
        peers: peers.len(),
    });
    let (commands, queue) = mpsc::channel(WRITER_QUEUE);
    let measures = Measures::of(&*settings.recorder);
    let shared = Arc::new(Shared {
        store,
        settings,
        events: EventLog::default(),
        started: Instant::now(),
        searching: tokio::sync::Mutex::new(()),
        remembered: Mutex::default(),
        peers: Mutex::new(peers),
        writing_fails: AtomicBool::new(false),
    });
    let failed = CancellationToken::new();
    let mut actor = Actor {
        shared: Arc::clone(&shared),
        queue,
        publish_tip,
        measures,
        failed: failed.clone(),
        full_since: None,
        replies: Vec::new(),
        events: Vec::new(),
    };
    let thread = thread::Builder::new()
        .name("writer".to_owned())
        .spawn(move || {
            // The database may give up over damaged pages. A node that cannot write must end, for whoever restarts it.
            if catch_unwind(AssertUnwindSafe(|| actor.run())).is_err() {
                tracing::error!("the writer gave up over the store");
                actor.failed.cancel();
            }
        });
    let thread = thread.map_err(|error: io::Error| StoreError::Io {
        detail: error.to_string(),
    })?;
    Ok((
        NodeHandle {
            commands,
            tip,
            shared,
        },
        Writer { thread, failed },
    ))
}

/// About what one commit takes on a good disk: a longer wait would cost more than it gathers.
const GATHERING: Duration = Duration::from_micros(300);

/// After a full disk, writing is tried again this much later: each try has the database opened anew, and readers wait.
const FULL_DISK_PAUSE: Duration = Duration::from_millis(500);

/// An answer that waits for its commit.
type Answer = Box<dyn FnOnce(Option<&StoreError>) + Send>;

struct Actor {
    shared: Arc<Shared>,
    queue: mpsc::Receiver<Command>,
    publish_tip: watch::Sender<Tip>,
    measures: Measures,
    failed: CancellationToken,
    /// When the disk was last found full.
    full_since: Option<Instant>,
    /// Of the group that is being applied.
    replies: Vec<Answer>,
    events: Vec<Event>,
}

impl Actor {
    fn run(&mut self) {
        let mut group = Vec::with_capacity(WRITER_GROUP);
        let mut expected = 0;
        while self.queue.blocking_recv_many(&mut group, WRITER_GROUP) > 0 {
            self.gather(&mut group, expected);
            expected = group.len();
            let mut rest = mem::take(&mut group).into_iter().peekable();
            while rest.peek().is_some() {
                // A switch of branch has a commit of its own, which it can give up without harm to others.
                let mut commands = Vec::new();
                while let Some(command) = rest
                    .next_if(|next| commands.is_empty() || !matches!(next, Command::Adopt { .. }))
                {
                    let alone = matches!(command, Command::Adopt { .. });
                    commands.push(command);
                    if alone {
                        break;
                    }
                }
                self.commit(commands);
            }
        }
    }

    /// Waits a moment for as many commands as the last group had: those who were just answered are about to ask again, and
    /// one commit for all of them costs little more than one for the first few. It sleeps, since they need the processor to
    /// ask. A lone client never waits.
    fn gather(&mut self, group: &mut Vec<Command>, expected: usize) {
        let begun = Instant::now();
        loop {
            while let Ok(command) = self.queue.try_recv() {
                group.push(command);
            }
            if group.len() >= expected
                || group.len() >= WRITER_GROUP
                || begun.elapsed() >= GATHERING
            {
                return;
            }
            thread::sleep(GATHERING / 6);
        }
    }

    fn commit(&mut self, commands: Vec<Command>) {
        if let Some(full) = self
            .full_since
            .filter(|full| full.elapsed() < FULL_DISK_PAUSE)
        {
            tracing::debug!(since = ?full.elapsed(), "the disk was full a moment ago");
            return self.refuse(commands);
        }
        if !self.shared.is_ready() && self.shared.store.reopen().is_ok() {
            self.shared.writing_fails.store(false, Ordering::Relaxed);
        }
        let shared = Arc::clone(&self.shared);
        let (began, count) = (Instant::now(), commands.len());
        let mut tip = *self.publish_tip.borrow();
        let committed = shared.store.commit(|tables| {
            for command in commands {
                self.apply(tables, command)?;
            }
            tip = Tip {
                link: tables.state().tip,
                waiting: tables.waiting_total()?,
                peers: tip.peers,
            };
            Ok::<_, NodeError>(())
        });
        let failure = match committed {
            Ok(()) => {
                tip.peers = self.learn_peers();
                self.publish_tip.send_replace(tip);
                self.measures
                    .committed(count, began.elapsed(), &self.events);
                self.shared.events.publish(self.events.drain(..));
                None
            }
            Err(NodeError::Store(error)) => Some(error),
            // Only a branch gives up its commit for another reason, and has answered for itself.
            Err(_) => Some(StoreError::Unavailable),
        };
        self.events.clear();
        for reply in self.replies.drain(..) {
            reply(failure.as_ref());
        }
        if let Some(error) = failure {
            self.measures.failed();
            self.after_failure(&error);
        }
    }

    /// Peers of the commit that just succeeded join the known ones.
    fn learn_peers(&self) -> usize {
        let mut peers = self.shared.peers();
        peers.extend(self.events.iter().filter_map(|event| match event {
            Event::Peer { address } => Some(address.clone()),
            _ => None,
        }));
        peers.len()
    }

    /// Answers all as the full disk did, without trying it again.
    fn refuse(&mut self, commands: Vec<Command>) {
        for command in commands {
            let full = NodeError::Store(StoreError::NoRoom);
            // A caller that is gone does not need the answer.
            match command {
                Command::AddTransaction { reply, .. } => drop(reply.send(Err(full))),
                Command::Mine { reply } => drop(reply.send(Err(full))),
                Command::ConnectPeers { reply, .. } => drop(reply.send(Err(full))),
                Command::Adopt { reply, .. } => drop(reply.send(Err(full))),
            }
        }
    }

    fn after_failure(&mut self, error: &StoreError) {
        tracing::error!(%error, "a commit failed");
        self.full_since = (*error == StoreError::NoRoom).then(Instant::now);
        if self.shared.store.sync_failed() {
            self.failed.cancel();
        }
        if error.needs_reopening() {
            self.shared.writing_fails.store(true, Ordering::Relaxed);
            // Reading goes on at once if it can; otherwise the next command tries again.
            if self.shared.store.reopen().is_ok() {
                self.shared.writing_fails.store(false, Ordering::Relaxed);
            }
        }
    }

    /// Applies one command. Its own failure is its answer; an error here is the store's, and fails the whole group.
    fn apply(&mut self, tables: &mut Tables<'_>, command: Command) -> Result<(), NodeError> {
        match command {
            Command::AddTransaction { transaction, reply } => {
                let answer =
                    apply::add_transaction(tables, &transaction, self.shared.settings.queue_limits);
                if settle(answer, reply, &mut self.replies)? {
                    self.events.push(Event::Transaction {
                        text: transaction.into_text(),
                    });
                }
            }
            Command::Mine { reply } => self.mine(tables, reply)?,
            Command::ConnectPeers { addresses, reply } => {
                let mut known = self.shared.peers().clone();
                known.extend(self.events.iter().filter_map(|event| match event {
                    Event::Peer { address } => Some(address.clone()),
                    _ => None,
                }));
                let new = apply::connect_peers(tables, &known, addresses);
                let all = new.map(|new| {
                    self.events.extend(new.iter().map(|address| Event::Peer {
                        address: address.clone(),
                    }));
                    known.extend(new);
                    known
                });
                settle(all, reply, &mut self.replies)?;
            }
            Command::Adopt { branch, reply } => {
                let now = SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .map_or(0, |since| since.as_millis() as u64);
                match apply::adopt(tables, branch, now) {
                    Ok(adoption) => {
                        self.events.extend(adoption.event());
                        settle(Ok(adoption), reply, &mut self.replies)?;
                    }
                    Err(error) => {
                        // A caller that is gone does not need the answer.
                        let _ = reply.send(Err(error.clone()));
                        return Err(error);
                    }
                }
            }
        }
        Ok(())
    }

    fn mine(
        &mut self,
        tables: &mut Tables<'_>,
        reply: Reply<Result<Block, Proof>>,
    ) -> Result<(), NodeError> {
        // Whoever went away does not want the block any more.
        if reply.is_closed() {
            return Ok(());
        }
        let timestamp = python_timestamp((self.shared.settings.clock)());
        let reward = Transaction::reward(self.shared.store.node_id(), &self.shared.settings.miner);
        let mined = apply::mine(tables, &self.shared.remembered(), &reward, &timestamp);
        let answer = mined.map(|mined| match mined {
            Mined::Block(block, transactions) => {
                self.events.push(Event::Block {
                    height: block.height(),
                    hash: block.hash(),
                    transactions,
                });
                Ok(block)
            }
            Mined::ProofWanted { after } => Err(after),
        });
        settle(answer, reply, &mut self.replies).map(drop)
    }
}

/// Keeps an answer until the commit is done. Whether the command had an effect; a store's error fails the group instead.
fn settle<T: Send + 'static>(
    answer: Result<T, NodeError>,
    reply: Reply<T>,
    replies: &mut Vec<Answer>,
) -> Result<bool, NodeError> {
    let had_effect = answer.is_ok();
    let fails_all = match &answer {
        Err(NodeError::Store(error)) => Some(error.clone()),
        _ => None,
    };
    replies.push(Box::new(move |failure| {
        let answer = match failure {
            Some(error) => Err(NodeError::Store(error.clone())),
            None => answer,
        };
        // A caller that is gone does not need the answer.
        let _ = reply.send(answer);
    }));
    match fails_all {
        Some(error) => Err(NodeError::Store(error)),
        None => Ok(had_effect),
    }
}
