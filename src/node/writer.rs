//! The writer's thread: groups of commands, one commit each. What a command does is the protocol's.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use std::{fmt, io, mem};

use metrics::Recorder;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::measures::Measures;
use super::protocol::{GiveUp, Outbox, Protocol};
use super::{EventLog, HandleOf};
use crate::limits::{WRITER_GROUP, WRITER_QUEUE};
use crate::store::{StoreError, StoreOf};

/// What the writer and its handles have in common.
pub(super) struct Common<P: Protocol> {
    pub(super) store: StoreOf<P::Layout>,
    pub(super) shared: Arc<P::Shared>,
    pub(super) events: EventLog<P::Event>,
    pub(super) started: Instant,
    /// From a commit that the disk did not take to the next that it did.
    writing_fails: AtomicBool,
}

impl<P: Protocol> Common<P> {
    pub(super) fn is_ready(&self) -> bool {
        !self.writing_fails.load(Ordering::Relaxed)
    }
}

/// The running writer; it ends when the last [`HandleOf`] is gone.
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

/// Starts the writer of a protocol over its open store; `recorder` gets what the writer counts.
///
/// # Errors
/// When the store cannot be read or the thread cannot be started.
pub fn launch<P: Protocol>(
    store: StoreOf<P::Layout>,
    mut protocol: P,
    recorder: &dyn Recorder,
) -> Result<(HandleOf<P>, Writer), StoreError> {
    let recalled = protocol.recall(&store.snapshot()?)?;
    let (publish_tip, tip) = watch::channel(recalled);
    let (commands, queue) = mpsc::channel(WRITER_QUEUE);
    let common = Arc::new(Common {
        store,
        shared: protocol.shared(),
        events: EventLog::default(),
        started: Instant::now(),
        writing_fails: AtomicBool::new(false),
    });
    let failed = CancellationToken::new();
    let mut actor = Actor {
        common: Arc::clone(&common),
        protocol,
        queue,
        publish_tip,
        measures: Measures::of(recorder),
        failed: failed.clone(),
        full_since: None,
        must_reopen: false,
        must_recall: false,
        outbox: Outbox::default(),
    };
    let thread = thread::Builder::new()
        .name("writer".to_owned())
        .spawn(move || {
            // The database may give up over damaged pages. A node that cannot write must end, for whoever restarts it.
            if catch_unwind(AssertUnwindSafe(|| actor.run())).is_err() {
                let file = actor.common.store.path().display();
                tracing::error!(%file, "the writer gave up over the store");
                actor.failed.cancel();
            }
        });
    let thread = thread.map_err(|error: io::Error| StoreError::Io {
        detail: error.to_string(),
    })?;
    Ok((
        HandleOf {
            commands,
            tip,
            common,
        },
        Writer { thread, failed },
    ))
}

/// About what one commit takes on a good disk: a longer wait would cost more than it gathers.
const GATHERING: Duration = Duration::from_micros(300);

/// After a full disk, writing is tried again this much later: each try has the database opened anew, and readers wait.
const FULL_DISK_PAUSE: Duration = Duration::from_millis(500);

struct Actor<P: Protocol> {
    common: Arc<Common<P>>,
    protocol: P,
    queue: mpsc::Receiver<P::Command>,
    publish_tip: watch::Sender<P::Tip>,
    measures: Measures,
    failed: CancellationToken,
    /// When the disk was last found full.
    full_since: Option<Instant>,
    /// Whether the database refuses to go on as it is.
    must_reopen: bool,
    /// Whether a group was given up, so that memory may not say what the disk says.
    must_recall: bool,
    /// Of the group that is being applied.
    outbox: Outbox<P::Event>,
}

impl<P: Protocol> Actor<P> {
    fn run(&mut self) {
        let mut group = Vec::with_capacity(WRITER_GROUP);
        let mut enough = 0;
        while self.queue.blocking_recv_many(&mut group, WRITER_GROUP) > 0 {
            self.gather(&mut group, enough);
            let gathered = group.len();
            let mut rest = mem::take(&mut group).into_iter().peekable();
            while rest.peek().is_some() {
                // What stands alone can give up its commit without harm to others.
                let mut commands = Vec::new();
                while let Some(command) =
                    rest.next_if(|next| commands.is_empty() || !P::stands_alone(next))
                {
                    let alone = P::stands_alone(&command);
                    commands.push(command);
                    if alone {
                        break;
                    }
                }
                self.commit(commands);
            }
            enough = (gathered + self.queue.len()).div_ceil(2);
        }
    }

    /// Waits a moment for half as many commands as seem to be under way: one commit for many costs little more than one for a
    /// few, and while it waits for the disk the other half get ready. It sleeps, since they need the processor for that. A
    /// lone client never waits.
    fn gather(&mut self, group: &mut Vec<P::Command>, enough: usize) {
        let begun = Instant::now();
        loop {
            while let Ok(command) = self.queue.try_recv() {
                group.push(command);
            }
            if group.len() >= enough || group.len() >= WRITER_GROUP || begun.elapsed() >= GATHERING
            {
                return;
            }
            thread::sleep(GATHERING / 6);
        }
    }

    fn commit(&mut self, commands: Vec<P::Command>) {
        if let Some(full) = self
            .full_since
            .filter(|full| full.elapsed() < FULL_DISK_PAUSE)
        {
            tracing::debug!(since = ?full.elapsed(), "the disk was full a moment ago");
            return refuse::<P>(commands, &StoreError::NoRoom);
        }
        self.reopen_if_needed();
        if let Err(error) = self.recall() {
            refuse::<P>(commands, &error);
            return self.after_failure(&error);
        }
        let common = Arc::clone(&self.common);
        let (began, count) = (Instant::now(), commands.len());
        let committed = common.store.commit(|tables| {
            for command in commands {
                self.protocol.apply(tables, command, &mut self.outbox)?;
            }
            let before = self.publish_tip.borrow();
            let tip = self.protocol.tip(tables, &before, self.outbox.events())?;
            Ok::<_, GiveUp>(tip)
        });
        match committed {
            Ok(tip) => {
                // A full disk takes a commit that changes nothing.
                if !self.outbox.events().is_empty() {
                    self.common.writing_fails.store(false, Ordering::Relaxed);
                }
                self.protocol.committed(self.outbox.events());
                self.publish_tip.send_replace(tip);
                self.measures.committed(count, began.elapsed());
                self.common.events.publish(self.outbox.take_events());
                self.outbox.settle(None);
            }
            Err(given_up) => {
                self.must_recall = true;
                match given_up {
                    GiveUp::Store(error) => {
                        self.outbox.settle(Some(&error));
                        self.after_failure(&error);
                    }
                    GiveUp::Command => {
                        // It stood alone and has been answered: nobody else waits.
                        self.outbox.settle(Some(&StoreError::Unavailable));
                        self.recall_or_later();
                    }
                }
            }
        }
    }

    fn after_failure(&mut self, error: &StoreError) {
        tracing::error!(%error, "a commit failed");
        self.measures.failed();
        self.full_since = (*error == StoreError::NoRoom).then(Instant::now);
        if self.common.store.sync_failed() {
            self.failed.cancel();
        }
        if error.needs_reopening() {
            self.common.writing_fails.store(true, Ordering::Relaxed);
            // Reading goes on at once if it can; otherwise the next command tries again.
            self.must_reopen = true;
            self.reopen_if_needed();
        }
        self.recall_or_later();
    }

    fn reopen_if_needed(&mut self) {
        if self.must_reopen && self.common.store.reopen().is_ok() {
            self.must_reopen = false;
        }
    }

    /// Has memory say what the disk says, if a group was given up since it last did.
    fn recall(&mut self) -> Result<(), StoreError> {
        if !self.must_recall {
            return Ok(());
        }
        if self.common.store.sync_failed() {
            return Err(StoreError::SyncFailed);
        }
        let snapshot = self.common.store.snapshot()?;
        let recalled = self.protocol.recall(&snapshot)?;
        // A commit that failed at its very end may stand on the disk all the same.
        self.publish_tip.send_if_modified(|tip| {
            let differs = *tip != recalled;
            *tip = recalled;
            differs
        });
        self.must_recall = false;
        Ok(())
    }

    fn recall_or_later(&mut self) {
        if let Err(error) = self.recall() {
            tracing::debug!(%error, "the next command has memory read the store again");
        }
    }
}

/// Answers all without trying them.
fn refuse<P: Protocol>(commands: Vec<P::Command>, error: &StoreError) {
    for command in commands {
        P::refuse(command, error.clone());
    }
}

impl<P: Protocol> fmt::Debug for Common<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Common")
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}
