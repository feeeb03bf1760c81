//! What the engine is fed, and what it wants done: the whole border between it and the world.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;

use super::event::Event;
use crate::peers::address::PeerAddress;
use crate::peers::ledger::{Import, Ledger, LedgerError, Outlined, Refusal, Taken};
use crate::peers::message::{BlockId, BlockItem, Headers, Stand, TransactionId};

/// Milliseconds since some moment before the engine was made.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Moment(pub u64);

impl Moment {
    #[must_use]
    pub fn after(self, wait: Duration) -> Self {
        let wait = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(wait))
    }

    /// How long ago `earlier` was; nothing where it is to come.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

/// One connection to another node; never used again for another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LinkId(pub u64);

/// One question to the ledger.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct AskId(pub u64);

/// What happened.
#[derive(Debug)]
pub enum Input {
    /// Time passed: see [`super::Engine::wakes_at`].
    Tick,
    /// A dial that was asked for led to a session.
    Dialled { link: LinkId, remote: SocketAddr },
    /// It did not.
    NotDialled { link: LinkId, failure: DialFailure },
    /// Another node has opened a session; the owner numbers such links from 2^63 on.
    Accepted { link: LinkId, remote: SocketAddr },
    /// A frame came.
    Received { link: LinkId, frame: Bytes },
    /// Bytes of a long frame are coming.
    Heard { link: LinkId },
    /// Bytes of frames left this machine.
    Sent { link: LinkId, bytes: usize },
    /// The connection is gone.
    Closed { link: LinkId, why: String },
    /// The ledger has answered.
    Answered { ask: AskId, answer: Answer },
    /// The ledger gave up over a question, and has no answer.
    NotAnswered { ask: AskId },
    /// The node's chain ends elsewhere now, durably. `reorged`: blocks made room, and their transactions may wait again.
    TipMoved { stand: Stand, reorged: bool },
    /// Transactions began to wait.
    Waiting(Vec<TransactionId>),
    /// The operator named nodes to be followed.
    Follow(Vec<PeerAddress>),
    /// The local network showed nodes.
    Found(Vec<PeerAddress>),
    /// The node ends.
    End,
}

/// Why a dial came to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DialFailure {
    /// Nobody answered.
    Unreachable(String),
    /// Somebody answered who has no sessions: a Python node, or one that follows by hand.
    NoSessions(String),
    /// This node's own rules forbid it.
    NotAllowed(String),
    /// The other refused, and said why.
    Refused(String),
}

impl fmt::Display for DialFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(why)
            | Self::NoSessions(why)
            | Self::NotAllowed(why)
            | Self::Refused(why) => f.write_str(why),
        }
    }
}

/// What the owner is to do.
#[derive(Debug)]
pub enum Output {
    /// Open a session; one of [`Input::Dialled`] and [`Input::NotDialled`] answers.
    Dial { link: LinkId, address: PeerAddress },
    /// Send a frame, in order.
    Send { link: LinkId, frame: Bytes },
    /// Send what is queued, within a second or two, and close. No [`Input::Closed`] is needed.
    Close { link: LinkId },
    /// Put a question to the ledger.
    Ask { ask: AskId, question: Question },
    /// Tell whoever wants to know.
    Tell(Event),
    /// The address book changed in a way worth keeping.
    KeepBook,
}

/// A question to the ledger, which may block.
pub enum Question {
    Begin,
    Headers {
        import: Box<dyn Import>,
        headers: Headers,
    },
    Check {
        import: Box<dyn Import>,
        blocks: Vec<BlockItem>,
    },
    Connect {
        import: Box<dyn Import>,
    },
    ServeHeaders {
        locator: Vec<BlockId>,
    },
    ServeBlocks {
        after: BlockId,
        to: BlockId,
        bytes: usize,
    },
    Waiting,
    Lacks(Vec<TransactionId>),
    ServeTransactions {
        ids: Vec<TransactionId>,
        bytes: usize,
    },
    Take(Vec<Bytes>),
}

/// What the ledger answers.
pub enum Answer {
    Begun(Result<(Box<dyn Import>, Vec<BlockId>), LedgerError>),
    Outlined(Box<dyn Import>, Result<Outlined, Refusal>),
    Checked(Box<dyn Import>, Result<Stand, Refusal>),
    Connected(Box<dyn Import>, Result<Stand, Refusal>),
    Headers(Result<Headers, LedgerError>),
    Blocks(Result<Option<(Vec<BlockItem>, BlockId)>, LedgerError>),
    Ids(Result<Vec<TransactionId>, LedgerError>),
    Transactions(Result<Vec<Bytes>, LedgerError>),
    Taken(Result<Vec<Taken>, LedgerError>),
}

impl Question {
    /// Puts it to a ledger. Blocks.
    pub fn ask(self, ledger: &dyn Ledger) -> Answer {
        match self {
            Self::Begin => Answer::Begun(ledger.begin().map(|import| {
                let locator = import.locator();
                (import, locator)
            })),
            Self::Headers {
                mut import,
                headers,
            } => {
                let outlined = import.headers(&headers);
                Answer::Outlined(import, outlined)
            }
            Self::Check { mut import, blocks } => {
                let checked = import.check(blocks);
                Answer::Checked(import, checked)
            }
            Self::Connect { mut import } => {
                let connected = import.connect();
                Answer::Connected(import, connected)
            }
            Self::ServeHeaders { locator } => Answer::Headers(ledger.headers(&locator)),
            Self::ServeBlocks { after, to, bytes } => {
                Answer::Blocks(ledger.blocks(after, to, bytes))
            }
            Self::Waiting => Answer::Ids(ledger.waiting()),
            Self::Lacks(ids) => Answer::Ids(ledger.lacks(&ids)),
            Self::ServeTransactions { ids, bytes } => {
                Answer::Transactions(ledger.transactions(&ids, bytes))
            }
            Self::Take(items) => Answer::Taken(ledger.take(items)),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Begin => "begin",
            Self::Headers { .. } => "headers",
            Self::Check { .. } => "check",
            Self::Connect { .. } => "connect",
            Self::ServeHeaders { .. } => "serve headers",
            Self::ServeBlocks { .. } => "serve blocks",
            Self::Waiting => "waiting",
            Self::Lacks(_) => "lacks",
            Self::ServeTransactions { .. } => "serve transactions",
            Self::Take(_) => "take",
        }
    }
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Begun(_) => "begun",
            Self::Outlined(..) => "outlined",
            Self::Checked(..) => "checked",
            Self::Connected(..) => "connected",
            Self::Headers(_) => "headers",
            Self::Blocks(_) => "blocks",
            Self::Ids(_) => "ids",
            Self::Transactions(_) => "transactions",
            Self::Taken(_) => "taken",
        })
    }
}
