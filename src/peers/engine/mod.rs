//! The network layer of one node, without clock, socket, thread or randomness of its own: it is fed [`Input`]s, each with the moment
//! at which it happened, and says what it wants done as [`Output`]s. The same inputs and seed give the same outputs, so that whole
//! networks run in one process and any run can be had again from its seed.
//!
//! In reading order: [`input`] is the border to the world and [`event`] what is told of; `session` is one session, `handshake`
//! how it begins and `parting` how it ends and who is blamed, `record` what it was worth; `dialling` decides whom to call and `places`
//! who may stay, `addresses` what is told of others; `slots` says whose chains come in, `follow` brings them in, and `blocks` theirs with
//! `fetch`, `announce` tells of this node's, `hints` takes tips named in short, `serve` answers questions, `transactions` passes on what
//! waits; `upkeep` is what time brings, [`view`] what people are shown.

mod addresses;
mod announce;
mod blocks;
mod dialling;
pub mod event;
mod fetch;
mod follow;
mod handshake;
mod hints;
pub mod input;
mod parting;
mod places;
mod rate;
mod recent;
mod record;
mod serve;
mod session;
mod slots;
mod transactions;
mod upkeep;
pub mod view;

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::SeedableRng;

use super::blame::Offence;
use super::book::Book;
use super::ledger::LedgerError;
use super::message::identity::{Identity, NodeKey};
use super::message::{BlockId, Message, Stand, TransactionId, codec};
use crate::limits;
use dialling::Dialling;
use event::Event;
use fetch::{Fetch, FetchId};
use input::{Answer, AskId, Input, LinkId, Moment, Output, Question};
use parting::Scores;
use session::{Session, Stage};
use transactions::Gossip;

/// What an engine is told once.
#[derive(Debug, Clone)]
pub struct Settings {
    pub network: String,
    pub genesis: BlockId,
    pub agent: String,
    /// The port at which this node can be dialled, if it can.
    pub listens: Option<u16>,
    /// Unix seconds at [`Moment`] zero, for the address book.
    pub unix_at_zero: u64,
    /// Sessions in all.
    pub sessions: usize,
}

impl Settings {
    /// The usual ones for a network.
    pub fn of(network: &str, genesis: BlockId) -> Self {
        Self {
            network: network.to_owned(),
            genesis,
            agent: concat!("bcoin/", env!("CARGO_PKG_VERSION")).to_owned(),
            listens: None,
            unix_at_zero: 0,
            sessions: limits::SESSIONS,
        }
    }
}

/// See the module.
pub struct Engine {
    settings: Settings,
    identity: Identity,
    random: ChaCha12Rng,
    now: Moment,
    own: Stand,
    /// The best tip that peers may be told of: this node's, or one that holds and is about to be.
    announced: Stand,
    sessions: BTreeMap<LinkId, Session>,
    book: Book,
    dialling: Dialling,
    scores: Scores,
    fetches: BTreeMap<FetchId, Fetch>,
    /// Blocks that were checked a moment ago, for peers that ask before they are durable.
    relayed: VecDeque<serve::Relayed>,
    shown: announce::Shown,
    /// The last block that joined the chain and was another's.
    joined: Option<BlockId>,
    gossip: Gossip,
    asked: BTreeMap<AskId, Asked>,
    counts: Counts,
    last_number: u64,
    outputs: VecDeque<Output>,
    ticked: Moment,
    slowly_at: Moment,
    ending: bool,
}

/// Whose question the ledger has.
#[derive(Debug)]
enum Asked {
    Fetch(FetchId),
    /// Blocks of a fetch, sent by this peer; the last of them by its word, and the block itself where it is a new tip.
    Check {
        fetch: FetchId,
        from: LinkId,
        relay: Option<serve::Relayed>,
    },
    ServeHeaders(LinkId),
    ServeBlocks {
        link: LinkId,
        ticket: u32,
    },
    ServeTransactions {
        link: LinkId,
        ids: Vec<TransactionId>,
    },
    /// What waits is to be told to this peer, or to all.
    Waiting(Option<LinkId>),
    Lacks(LinkId),
    /// What this peer sent of what it was asked for; whether there may be more of it.
    Take {
        link: LinkId,
        full: bool,
    },
}

/// Sums since the engine began.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Messages sent and received, by kind: number and bytes.
    pub sent: BTreeMap<&'static str, (u64, u64)>,
    pub received: BTreeMap<&'static str, (u64, u64)>,
    pub offences: BTreeMap<Offence, u64>,
    pub banned: u64,
    pub dials: u64,
    pub failed_dials: u64,
    pub refused_sessions: u64,
}

impl Engine {
    /// An engine for a node that stands at `own`; `seed` is its randomness.
    pub fn new(
        settings: Settings,
        identity: Identity,
        book: Book,
        own: Stand,
        seed: [u8; 32],
        now: Moment,
    ) -> Self {
        Self {
            settings,
            identity,
            random: ChaCha12Rng::from_seed(seed),
            now,
            own,
            announced: own,
            sessions: BTreeMap::new(),
            book,
            dialling: Dialling::new(now),
            scores: Scores::default(),
            fetches: BTreeMap::new(),
            relayed: VecDeque::new(),
            shown: announce::Shown::default(),
            joined: None,
            gossip: Gossip::default(),
            asked: BTreeMap::new(),
            counts: Counts::default(),
            last_number: 0,
            outputs: VecDeque::new(),
            ticked: now,
            slowly_at: now,
            ending: false,
        }
    }

    /// Takes in what happened at `now`; moments never go back.
    pub fn handle(&mut self, now: Moment, input: Input) {
        self.now = self.now.max(now);
        match input {
            Input::Tick => {}
            Input::Dialled { link, remote } => self.dialled(link, remote),
            Input::NotDialled { link, failure } => self.not_dialled(link, failure),
            Input::Accepted { link, remote } => self.accepted(link, remote),
            Input::Received { link, frame } => self.received(link, &frame),
            Input::Heard { link } => {
                if let Some(session) = self.sessions.get_mut(&link) {
                    session.heard = now;
                }
            }
            Input::Sent { link, bytes } => {
                if let Some(session) = self.sessions.get_mut(&link) {
                    session.has_sent(bytes, now);
                }
                self.serve_held_back(link);
            }
            Input::Closed { link, why } => self.closed(link, &why),
            Input::Answered { ask, answer } => self.answered(ask, answer),
            Input::NotAnswered { ask } => self.not_answered(ask),
            Input::TipMoved { stand, reorged } => self.tip_moved(stand, reorged),
            Input::Waiting(ids) => self.tell_waiting(None, &ids),
            Input::Follow(addresses) => self.follow_addresses(addresses),
            Input::Found(addresses) => self.found(addresses),
            Input::End => self.end(),
        }
        self.keep_up();
    }

    /// What is to be done next; to be asked until there is nothing.
    pub fn next_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// The address book, to be kept when [`Output::KeepBook`] says so and at the end.
    pub fn book(&self) -> &Book {
        &self.book
    }

    pub fn key(&self) -> NodeKey {
        self.identity.key()
    }

    /// Unix time in seconds.
    fn unix(&self) -> u64 {
        self.settings.unix_at_zero.saturating_add(self.now.0 / 1000)
    }

    fn next_link(&mut self) -> LinkId {
        self.last_number = self.last_number.saturating_add(1);
        LinkId(self.last_number)
    }

    fn tell(&mut self, event: Event) {
        self.outputs.push_back(Output::Tell(event));
    }

    fn ask(&mut self, whose: Asked, question: Question) {
        self.last_number = self.last_number.saturating_add(1);
        let ask = AskId(self.last_number);
        self.asked.insert(ask, whose);
        self.outputs.push_back(Output::Ask { ask, question });
    }

    /// Sends a message. A peer that does not take what it is sent is parted from.
    fn send(&mut self, link: LinkId, message: &Message) {
        let now = self.now;
        let Some(session) = self.sessions.get_mut(&link) else {
            return;
        };
        let frame: Bytes = codec::encode(message);
        let (number, bytes) = self.counts.sent.entry(message.name()).or_default();
        *number = number.saturating_add(1);
        *bytes = bytes.saturating_add(frame.len() as u64);
        if session.queued == 0 {
            session.moved = now;
        }
        session.queued = session.queued.saturating_add(frame.len());
        session.bytes_out = session.bytes_out.saturating_add(frame.len() as u64);
        let queued = session.queued;
        self.outputs.push_back(Output::Send { link, frame });
        if queued > limits::SESSION_QUEUE_BYTES {
            self.drop_session(link, "it does not read what it is sent");
        }
    }

    fn received(&mut self, link: LinkId, frame: &[u8]) {
        let now = self.now;
        let Some(session) = self.sessions.get_mut(&link) else {
            return;
        };
        session.heard = now;
        session.bytes_in = session.bytes_in.saturating_add(frame.len() as u64);
        if !session.rates.messages.takes(1, now) {
            // What is beyond the rate is not even read.
            return self.blame(link, Offence::Flood, "more messages than a peer may send");
        }
        let message = match codec::decode(frame) {
            Ok(message) => message,
            Err(error) => return self.blame(link, Offence::Malformed, &error.to_string()),
        };
        let (number, bytes) = self.counts.received.entry(message.name()).or_default();
        *number = number.saturating_add(1);
        *bytes = bytes.saturating_add(frame.len() as u64);
        match &session.stage {
            Stage::Greeting { .. } => self.greeted(link, message),
            Stage::Settled(_) => self.said(link, message),
        }
    }

    /// A message in a settled session.
    fn said(&mut self, link: LinkId, message: Message) {
        match message {
            Message::Hello(_) | Message::Proof(_) => {
                self.blame(link, Offence::Malformed, "it greets twice");
            }
            Message::Tip(stand) => self.peer_stands(link, stand),
            Message::GetHeaders(locator) => self.asked_for_headers(link, locator.into_vec()),
            Message::Headers(headers) => self.headers_came(link, headers),
            Message::GetBlocks {
                ticket,
                after,
                to,
                bytes,
            } => self.asked_for_blocks(link, ticket, after, to, bytes),
            Message::Blocks {
                ticket,
                blocks,
                last,
            } => self.blocks_came(link, ticket, blocks.into_vec(), last),
            Message::Have(ids) => self.announced_transactions(link, &ids),
            Message::GetTransactions(ids) => self.asked_for_transactions(link, ids.into_vec()),
            Message::Transactions(items) => self.transactions_came(link, items.into_vec()),
            Message::GetAddresses => self.asked_for_addresses(link),
            Message::Addresses(addresses) => self.addresses_came(link, &addresses),
            Message::Ping(number) => self.send(link, &Message::Pong(number)),
            Message::Pong(number) => self.ponged(link, number),
            Message::Goodbye { why, text } => self.said_goodbye(link, why, text.as_str()),
            Message::Stands(mark) => self.peer_hints(link, mark),
            Message::GetTip => self.tell_stand(link, self.announced),
        }
    }

    fn not_answered(&mut self, ask: AskId) {
        match self.asked.remove(&ask) {
            Some(Asked::Fetch(fetch) | Asked::Check { fetch, .. }) => {
                self.end_fetch(fetch, Some("this node's chain cannot be read"));
            }
            Some(Asked::ServeHeaders(link)) => self.served(link),
            // Whoever asked counts on an answer, be it an empty one.
            Some(Asked::ServeBlocks { link, ticket }) => self.serve_blocks(link, ticket, Ok(None)),
            Some(Asked::ServeTransactions { link, ids }) => {
                self.serve_transactions(link, &ids, Ok(Vec::new()));
            }
            Some(Asked::Take { link, .. }) => {
                let error = LedgerError("it gave up".to_owned());
                self.taken(link, false, Err(error));
            }
            Some(Asked::Waiting(_) | Asked::Lacks(_)) | None => {}
        }
    }

    fn answered(&mut self, ask: AskId, answer: Answer) {
        let Some(whose) = self.asked.remove(&ask) else {
            return;
        };
        match (whose, answer) {
            (Asked::Fetch(fetch), Answer::Begun(begun)) => self.begun(fetch, begun),
            (Asked::Fetch(fetch), Answer::Outlined(import, outlined)) => {
                self.outlined(fetch, import, outlined);
            }
            (Asked::Check { fetch, from, relay }, Answer::Checked(import, checked)) => {
                self.checked(fetch, from, relay, import, checked);
            }
            (Asked::Fetch(fetch), Answer::Connected(import, connected)) => {
                self.connected(fetch, import, connected);
            }
            (Asked::ServeHeaders(link), Answer::Headers(headers)) => {
                self.serve_headers(link, headers);
            }
            (Asked::ServeBlocks { link, ticket }, Answer::Blocks(blocks)) => {
                self.serve_blocks(link, ticket, blocks);
            }
            (Asked::ServeTransactions { link, ids }, Answer::Transactions(items)) => {
                self.serve_transactions(link, &ids, items);
            }
            (Asked::Waiting(link), Answer::Ids(ids)) => {
                self.tell_waiting(link, &ids.unwrap_or_default());
            }
            (Asked::Lacks(link), Answer::Ids(ids)) => self.lacked(link, ids.unwrap_or_default()),
            (Asked::Take { link, full }, Answer::Taken(taken)) => {
                self.taken(link, full, taken);
            }
            // The owner answers what was asked.
            _ => {}
        }
    }
}
