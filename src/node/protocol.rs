//! A protocol as the writer drives it: the seam between the machinery of commits and what commands do.

use std::fmt::Debug;
use std::sync::Arc;

use thiserror::Error;
use tokio::sync::oneshot;

use crate::store::{Layout, StoreError};

/// The tables of a protocol in one write transaction.
pub type TablesOf<'t, P> = <<P as Protocol>::Layout as Layout>::Tables<'t>;

/// The store of a protocol as one commit left it.
pub type SnapshotOf<P> = <<P as Protocol>::Layout as Layout>::Snapshot;

/// Where a command's answer goes.
pub type Reply<T, E> = oneshot::Sender<Result<T, E>>;

/// What commands do, and what the writer remembers. Owned by the writer's thread.
///
/// A group of commands is applied in order and committed once: `apply` for each, `tip`, the commit, then `committed` if it is
/// durable and `recall` if it was given up. An implementation decides nothing about when that happens.
pub trait Protocol: Sized + Send + 'static {
    /// What the store keeps.
    type Layout: Layout;
    type Command: Send + 'static;
    /// What everyone may watch: the end of the current chain, and sums beside it.
    type Tip: Clone + PartialEq + Send + Sync + 'static;
    type Event: Send + Sync + 'static;
    /// What handles see besides the store.
    type Shared: Send + Sync + 'static;

    /// What handles see besides the store; asked once, at the start.
    fn shared(&self) -> Arc<Self::Shared>;

    /// Whether this command must have a commit of its own, which it can give up without harm to others.
    fn stands_alone(command: &Self::Command) -> bool;

    /// Answers a command that was not tried.
    fn refuse(command: Self::Command, error: StoreError);

    /// Applies one command.
    ///
    /// # Errors
    /// A command's own failure is its answer, and must have changed nothing. An error here gives up the whole group: the
    /// store's, or that of a command that stands alone.
    fn apply(
        &mut self,
        tables: &mut TablesOf<'_, Self>,
        command: Self::Command,
        outbox: &mut Outbox<Self::Event>,
    ) -> Result<(), GiveUp>;

    /// The tip that a group makes, applied and not yet committed.
    ///
    /// # Errors
    /// When the store does not read: the group is given up.
    fn tip(
        &self,
        tables: &TablesOf<'_, Self>,
        before: &Self::Tip,
        events: &[Self::Event],
    ) -> Result<Self::Tip, StoreError>;

    /// A group is durable, and memory follows. Nobody has seen its tip and events yet, nor has a caller been answered.
    fn committed(&mut self, events: &[Self::Event]);

    /// Has memory say what the disk says: at the start, and after a group was given up, before the next is applied.
    /// Returns the tip of that.
    ///
    /// # Errors
    /// When the store does not read: nothing is applied until it does.
    fn recall(&mut self, snapshot: &SnapshotOf<Self>) -> Result<Self::Tip, StoreError>;
}

/// Why a group of commands is given up.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum GiveUp {
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A command that stands alone could not be finished, and has been answered. The store is sound.
    #[error("a command could not be finished, and its changes are undone")]
    Command,
}

/// The writer takes no more commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the node is shutting down")]
pub struct ShuttingDown;

/// An error that commands are answered with.
pub trait CommandError: From<StoreError> + From<ShuttingDown> + Send + 'static {
    /// The store's error in it, which is everyone's in the group.
    fn of_store(&self) -> Option<&StoreError>;
}

/// An answer that waits for its commit.
type Answer = Box<dyn FnOnce(Option<&StoreError>) + Send>;

/// What a group of commands has to say once its commit is done.
pub struct Outbox<Event> {
    answers: Vec<Answer>,
    events: Vec<Event>,
}

impl<Event> Default for Outbox<Event> {
    fn default() -> Self {
        Self {
            answers: Vec::new(),
            events: Vec::new(),
        }
    }
}

impl<Event: Debug> Debug for Outbox<Event> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outbox")
            .field("answers", &self.answers.len())
            .field("events", &self.events)
            .finish()
    }
}

impl<Event> Outbox<Event> {
    /// Keeps an event until the commit is durable; without one it is never seen.
    pub fn tell(&mut self, event: Event) {
        self.events.push(event);
    }

    /// The events of this group so far.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Keeps an answer until the commit is done; if that fails, its error is the answer. Whether the command had an effect.
    ///
    /// # Errors
    /// A store's error, which gives up the group.
    pub fn answer<T: Send + 'static, E: CommandError>(
        &mut self,
        reply: Reply<T, E>,
        answer: Result<T, E>,
    ) -> Result<bool, GiveUp> {
        let had_effect = answer.is_ok();
        let fails_all = answer.as_ref().err().and_then(E::of_store).cloned();
        self.answers.push(Box::new(move |failure| {
            let answer = match failure {
                Some(error) => Err(error.clone().into()),
                None => answer,
            };
            // A caller that is gone does not need the answer.
            let _ = reply.send(answer);
        }));
        match fails_all {
            Some(error) => Err(GiveUp::Store(error)),
            None => Ok(had_effect),
        }
    }

    /// Answers a command that stands alone, whose changes must be undone with its transaction.
    pub fn give_up<T, E: CommandError>(&mut self, reply: Reply<T, E>, error: E) -> GiveUp {
        let reason = error
            .of_store()
            .cloned()
            .map_or(GiveUp::Command, GiveUp::Store);
        // A caller that is gone does not need the answer.
        let _ = reply.send(Err(error));
        reason
    }

    /// Hands out the events, which are durable now.
    pub(super) fn take_events(&mut self) -> impl Iterator<Item = Event> {
        self.events.drain(..)
    }

    /// Answers everyone: as planned, or with what failed the group, whose events are forgotten.
    pub(super) fn settle(&mut self, failure: Option<&StoreError>) {
        self.events.clear();
        for answer in self.answers.drain(..) {
            answer(failure);
        }
    }
}
