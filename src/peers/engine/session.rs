//! One session: where it stands, what it has cost, and what the other is known to know.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use super::event::Direction;
use super::input::{LinkId, Moment, Question};
use super::rate::Bucket;
use super::recent::Recent;
use super::record::Record;
use crate::limits;
use crate::peers::address::PeerAddress;
use crate::peers::book::dialling::Role;
use crate::peers::message::identity::NodeKey;
use crate::peers::message::{BlockId, Hello, Mark, Stand, TransactionId};

/// Who opened a session, and what for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// This node did.
    Outbound(Role),
    /// The other did.
    Inbound,
}

impl Place {
    pub fn direction(self) -> Direction {
        match self {
            Self::Inbound => Direction::Inbound,
            Self::Outbound(_) => Direction::Outbound,
        }
    }
}

/// How far the greeting has come.
#[derive(Debug)]
pub enum Stage {
    /// This was said, and perhaps that was heard.
    Greeting {
        own: Box<Hello>,
        theirs: Option<Box<Hello>>,
    },
    Settled(Box<Peer>),
}

/// A node that has shown its key.
#[derive(Debug)]
pub struct Peer {
    pub key: NodeKey,
    pub agent: String,
    /// Where it can be dialled, as far as is known.
    pub listens: Option<PeerAddress>,
    pub settled: Moment,
    /// Where it stands, by its own word.
    pub stand: Stand,
    /// Where it has said since that it stands, in short, as long as this node does not know the block.
    pub hint: Option<Hint>,
    /// The last tip of this node's that it was told of.
    pub told: BlockId,
    /// The tip that it stood on when a sync with it failed, which is not tried again before `again`.
    pub failed: Option<(BlockId, Moment)>,
    pub failures: u32,
    /// Tips in a row for which it showed less than it had said.
    pub unshown: u32,
    pub knows: Recent<TransactionId>,
    /// Waiting transactions that it is to be told of.
    pub to_tell: Vec<TransactionId>,
    /// Whether it was told what waited here when the session began.
    pub told_waiting: bool,
    pub asked_addresses: bool,
    pub gave_addresses: bool,
    /// Requests for blocks that it has not answered, oldest first. Who owes so many is asked for no more.
    pub owes_blocks: Vec<Owed>,
    pub record: Record,
    /// Questions for headers that it has not answered.
    pub owes_headers: u32,
    /// Transactions that it was asked for, a list a question, oldest first. Answers may come in another order.
    pub owes_transactions: VecDeque<Vec<TransactionId>>,
    /// Answers of its that the ledger looks at.
    pub taking: usize,
    /// Requests of its that the ledger has not answered, or that wait until it has taken what is on its way.
    pub serving: usize,
    pub held_back: VecDeque<(u32, Question)>,
    /// Whether the ledger reads blocks for it.
    pub reading_blocks: bool,
    /// Since when it has stood behind this node.
    pub behind_since: Option<Moment>,
    /// Blocks that joined the chain and that it showed before it was told of them.
    pub shown: u32,
    pub last_shown: BlockId,
    /// The tip that it is yet to be told of, and since when.
    pub owed: Option<(BlockId, Moment)>,
    /// Blocks in a row that others brought, and that it had not shown to have before it was told.
    pub silent_blocks: u32,
    /// When it last brought something new: a block, or a transaction.
    pub last_block: Option<Moment>,
    pub last_transaction: Option<Moment>,
}

impl Peer {
    pub fn new(
        key: NodeKey,
        hello: &Hello,
        listens: Option<PeerAddress>,
        told: BlockId,
        now: Moment,
    ) -> Self {
        Self {
            key,
            agent: hello.agent.to_string(),
            listens,
            settled: now,
            stand: hello.stand,
            hint: None,
            told,
            failed: None,
            failures: 0,
            unshown: 0,
            knows: Recent::new(limits::SESSION_KNOWN_TRANSACTIONS),
            to_tell: Vec::new(),
            told_waiting: false,
            asked_addresses: false,
            gave_addresses: false,
            owes_blocks: Vec::new(),
            record: Record::of(hello.stand.weight),
            owes_headers: 0,
            owes_transactions: VecDeque::new(),
            taking: 0,
            serving: 0,
            held_back: VecDeque::new(),
            reading_blocks: false,
            behind_since: None,
            shown: 0,
            last_shown: BlockId::default(),
            owed: None,
            silent_blocks: 0,
            last_block: None,
            last_transaction: None,
        }
    }
}

/// A tip that a peer named in short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hint {
    pub mark: Mark,
    /// When the peer was asked for the whole of it.
    pub asked: Option<Moment>,
}

/// A request for blocks.
#[derive(Debug)]
pub struct Owed {
    pub ticket: u32,
    pub at: Moment,
    /// Its time is over, and the peer was blamed for it.
    pub is_late: bool,
}

impl Peer {
    /// Whether it has said that it stands on this block, be it in short.
    pub fn stands_on(&self, id: BlockId) -> bool {
        let is_hinted = |hint: Hint| hint.mark == id.mark();
        self.stand.id == id || self.hint.is_some_and(is_hinted)
    }

    /// Whether this may be the same node, by the ports that both can be dialled at: a node has one, at several addresses.
    pub fn may_be(&self, other: &Peer) -> bool {
        let ports = (self.listens.as_ref(), other.listens.as_ref());
        let (Some(one), Some(two)) = ports else {
            return true;
        };
        one.port() == two.port()
    }

    /// Requests for blocks that it should have answered.
    pub fn owes_for_long(&self) -> usize {
        self.owes_blocks.iter().filter(|owed| owed.is_late).count()
    }

    /// It showed a block that joined the chain, before it was told of it.
    pub fn has_shown(&mut self) {
        self.shown = self.shown.saturating_add(1);
        self.silent_blocks = 0;
    }
}

/// One session, of whatever stage.
#[derive(Debug)]
pub struct Session {
    pub link: LinkId,
    pub place: Place,
    /// What was dialled.
    pub dialled: Option<PeerAddress>,
    pub remote: SocketAddr,
    pub opened: Moment,
    pub stage: Stage,
    /// Bytes that are on their way out of this machine.
    pub queued: usize,
    pub bytes_in: u64,
    pub bytes_out: u64,
    pub heard: Moment,
    /// The ping that is under way, and when it left this machine.
    pub ping: Option<(u64, Moment)>,
    /// Bytes that have to leave before it does, its own included.
    pub before_ping: usize,
    /// When bytes last left, or began to wait.
    pub moved: Moment,
    pub last_ping: Moment,
    pub round_trip: Option<Duration>,
    pub last_error: Option<String>,
    pub rates: Rates,
}

/// What the other may send.
#[derive(Debug)]
pub struct Rates {
    pub messages: Bucket,
    pub addresses: Bucket,
    pub transactions: Bucket,
}

impl Session {
    pub fn new(
        link: LinkId,
        place: Place,
        dialled: Option<PeerAddress>,
        remote: SocketAddr,
        own: Hello,
        now: Moment,
    ) -> Self {
        Self {
            link,
            place,
            dialled,
            remote,
            opened: now,
            stage: Stage::Greeting {
                own: Box::new(own),
                theirs: None,
            },
            queued: 0,
            bytes_in: 0,
            bytes_out: 0,
            heard: now,
            ping: None,
            before_ping: 0,
            moved: now,
            last_ping: now,
            round_trip: None,
            last_error: None,
            rates: Rates {
                messages: Bucket::full(4_000, 1_000, now),
                addresses: Bucket::full(1_000, 1, now),
                transactions: Bucket::full(20_000, 5_000, now),
            },
        }
    }

    /// Bytes left this machine.
    pub fn has_sent(&mut self, bytes: usize, now: Moment) {
        self.queued = self.queued.saturating_sub(bytes);
        self.moved = now;
        if self.before_ping > 0 {
            self.before_ping = self.before_ping.saturating_sub(bytes);
            // Nobody answers a ping that stands in line behind a large block.
            if let Some((_, at)) = &mut self.ping {
                *at = now;
            }
        }
    }

    /// How much later than others the peer is told of a block.
    pub fn told_after(&self) -> Duration {
        match self.place {
            Place::Outbound(role) => role.told_after(),
            Place::Inbound => Duration::ZERO,
        }
    }

    /// The peer, once the greeting is done.
    pub fn peer(&self) -> Option<&Peer> {
        match &self.stage {
            Stage::Settled(peer) => Some(peer),
            Stage::Greeting { .. } => None,
        }
    }

    pub fn peer_mut(&mut self) -> Option<&mut Peer> {
        match &mut self.stage {
            Stage::Settled(peer) => Some(peer),
            Stage::Greeting { .. } => None,
        }
    }

    /// What people call the other: the address that was dialled or that it listens at, else where it comes from.
    pub fn name(&self) -> String {
        let listens = self.peer().and_then(|peer| peer.listens.as_ref());
        match self.dialled.as_ref().or(listens) {
            Some(address) => address.to_string(),
            None => self.remote.to_string(),
        }
    }
}
