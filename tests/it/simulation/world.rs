//! Whole networks in one thread: engines with their ledgers, one queue of events, and one seed for all that is left to chance.
//!
//! The same seed gives the same run, byte for byte: [`World::trace`] is a hash of everything that happened.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;

use bcoin::peers::address::PeerAddress;
use bcoin::peers::book::Book;
use bcoin::peers::engine::event::Event;
use bcoin::peers::engine::input::{Answer, AskId, Input, LinkId, Moment, Output, Question};
use bcoin::peers::engine::{Engine, Settings};
use bcoin::peers::ledger::Ledger;
use bcoin::peers::message::identity::Identity;
use bcoin::peers::message::{BlockId, Stand, TransactionId};
use bcoin::peers::reach::Reach;
use rand::RngExt;
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::liars::Liar;
use super::model::Model;
use super::place::{Chances, Place};
use super::wire::{Item, Wires};

/// What a node's chain tells its engine.
#[derive(Debug, Clone)]
pub enum Change {
    TipMoved { stand: Stand, reorged: bool },
    Waiting(Vec<TransactionId>),
}

pub struct Node {
    pub place: Place,
    pub ledger: Model,
    pub engine: Option<Box<Engine>>,
    /// What it says instead of the truth, and does beside it.
    pub lies: Option<Liar>,
    pub(super) secret: [u8; 32],
    /// Counts its runs: what was meant for an earlier one does not reach a later.
    pub(super) run: u32,
    saved: Option<Book>,
    pub links: BTreeMap<LinkId, (usize, usize)>,
    pub(super) accepted: u64,
    pub(super) up_free_at: u64,
    changes_until: u64,
    ticks_at: u64,
    /// Frames sent by the first byte, and their bytes.
    pub sent: BTreeMap<u8, (u64, u64)>,
    /// How often each block's body came.
    pub bodies: BTreeMap<BlockId, u32>,
    pub events: Vec<Event>,
    /// When it came to stand on its tip.
    pub tip_since: u64,
}

pub(super) enum Happening {
    Tick {
        node: usize,
        run: u32,
    },
    Input {
        node: usize,
        run: u32,
        input: Box<Input>,
    },
    Arrives {
        connection: usize,
        side: usize,
        item: Item,
    },
    Calls {
        node: usize,
        run: u32,
        link: LinkId,
        to: SocketAddr,
        again: bool,
    },
    Restart {
        node: usize,
    },
}

pub struct World {
    /// Microseconds.
    pub now: u64,
    number: u64,
    queue: BTreeMap<(u64, u64), Happening>,
    pub random: ChaCha12Rng,
    pub chances: Chances,
    pub nodes: Vec<Node>,
    pub wires: Wires,
    /// Pairs of nodes that cannot reach each other, the smaller number first.
    pub(super) cut: BTreeSet<(usize, usize)>,
    pub(super) trace: DefaultHasher,
    /// Whether bodies are told apart, which costs time.
    pub counts_bodies: bool,
}

impl World {
    pub fn new(seed: u64) -> Self {
        Self {
            now: 0,
            number: 0,
            queue: BTreeMap::new(),
            random: ChaCha12Rng::seed_from_u64(seed),
            chances: Chances::default(),
            nodes: Vec::new(),
            wires: Wires::default(),
            cut: BTreeSet::new(),
            trace: DefaultHasher::new(),
            counts_bodies: false,
        }
    }

    /// A node more; its engine starts at once.
    pub fn add(&mut self, place: Place, ledger: Model) -> usize {
        let at = self.nodes.len();
        let mut secret = [1; 32];
        self.random.fill_bytes(&mut secret[1..]);
        self.nodes.push(Node {
            place,
            ledger,
            engine: None,
            lies: None,
            secret,
            run: 0,
            saved: None,
            links: BTreeMap::new(),
            accepted: 0,
            up_free_at: 0,
            changes_until: 0,
            ticks_at: u64::MAX,
            sent: BTreeMap::new(),
            bodies: BTreeMap::new(),
            events: Vec::new(),
            tip_since: 0,
        });
        self.start(at);
        at
    }

    pub(super) fn draw(&mut self, (least, most): (u64, u64)) -> u64 {
        self.random.random_range(least..=most.max(least))
    }

    pub fn engine(&self, node: usize) -> &Engine {
        self.nodes[node].engine.as_ref().expect("this node runs")
    }

    pub fn runs(&self, node: usize) -> bool {
        self.nodes[node].engine.is_some()
    }

    /// A hash of all that has happened.
    pub fn trace(&self) -> u64 {
        self.trace.finish()
    }

    pub(super) fn put(&mut self, at: u64, happening: Happening) {
        self.number += 1;
        self.queue
            .insert((at.max(self.now), self.number), happening);
    }

    pub(super) fn local(&self, node: usize) -> Moment {
        let place = &self.nodes[node].place;
        let ms = self.now / 1000;
        Moment(ms + place.ahead_ms + ms * place.gains / 1_000_000)
    }

    /// Runs until this moment, in microseconds.
    pub fn run_until(&mut self, until: u64) {
        while let Some(entry) = self.queue.first_entry() {
            if entry.key().0 > until {
                break;
            }
            let ((at, _), happening) = entry.remove_entry();
            self.now = at;
            self.happens(happening);
        }
        self.now = until;
    }

    pub fn run_for(&mut self, seconds: f64) {
        self.run_until(self.now + (seconds * 1e6) as u64);
    }

    /// Runs until this holds, looked at every `step` microseconds; when it did, or nothing by `limit`.
    pub fn run_till(
        &mut self,
        limit: u64,
        step: u64,
        holds: impl Fn(&Self) -> bool,
    ) -> Option<u64> {
        loop {
            if holds(self) {
                return Some(self.now);
            }
            if self.now >= limit {
                return None;
            }
            self.run_until((self.now + step).min(limit));
        }
    }

    fn happens(&mut self, happening: Happening) {
        match happening {
            Happening::Tick { node, run } => {
                if self.nodes[node].run == run {
                    self.nodes[node].ticks_at = u64::MAX;
                    self.feed(node, Input::Tick);
                    self.tell_lies(node);
                }
            }
            Happening::Input { node, run, input } => {
                if self.nodes[node].run == run {
                    self.feed(node, *input);
                }
            }
            Happening::Arrives {
                connection,
                side,
                item,
            } => self.arrives(connection, side, item),
            Happening::Calls {
                node,
                run,
                link,
                to,
                again,
            } => self.calls(node, run, link, to, again),
            Happening::Restart { node } => self.start(node),
        }
    }

    pub(super) fn later(&mut self, node: usize, wait: u64, input: Input) {
        let run = self.nodes[node].run;
        let input = Box::new(input);
        self.put(self.now + wait, Happening::Input { node, run, input });
    }

    /// Feeds an engine, and does what it wants done.
    pub fn feed(&mut self, node: usize, input: Input) {
        let moment = self.local(node);
        let Some(mut engine) = self.nodes[node].engine.take() else {
            return;
        };
        format!("{input:?}").len().hash(&mut self.trace);
        (self.now, node).hash(&mut self.trace);
        let traced = std::env::var("BCOIN_TRACED").is_ok_and(|at| at == node.to_string());
        if traced && !matches!(input, Input::Tick | Input::Sent { .. }) {
            println!("{:.6} {node}: {input:?}", self.now as f64 / 1e6);
        }
        engine.handle(moment, input);
        let mut outputs = Vec::new();
        while let Some(output) = engine.next_output() {
            outputs.push(output);
        }
        let wait = engine.wakes_at().since(moment).as_micros() as u64;
        self.nodes[node].engine = Some(engine);
        for output in outputs {
            if traced {
                println!("    {output:?}");
            }
            self.carry_out(node, output);
        }
        let tick = self.now + wait.max(1_000);
        if tick < self.nodes[node].ticks_at {
            self.nodes[node].ticks_at = tick;
            let run = self.nodes[node].run;
            self.put(tick, Happening::Tick { node, run });
        }
    }

    fn carry_out(&mut self, node: usize, output: Output) {
        match output {
            Output::Dial { link, address } => self.dial(node, link, &address),
            Output::Send { link, frame } => self.say(node, link, frame),
            Output::Close { link } => self.close(node, link),
            Output::Ask { ask, question } => self.asks(node, ask, question),
            Output::Tell(event) => self.nodes[node].events.push(event),
            Output::KeepBook => {
                let book = self.engine(node).book().clone();
                self.nodes[node].saved = Some(book);
            }
        }
    }

    fn asks(&mut self, node: usize, ask: AskId, question: Question) {
        let mut wait = self.draw(self.chances.ledger);
        if matches!(question, Question::Connect { .. } | Question::Take(_)) {
            wait *= 4;
        }
        let answer: Answer = question.ask(&self.nodes[node].ledger);
        self.later(node, wait, Input::Answered { ask, answer });
        self.pass_changes(node);
    }

    /// Tells a node's engine what its ledger says has changed, in order.
    pub fn pass_changes(&mut self, node: usize) {
        for change in self.nodes[node].ledger.changes() {
            let wait = self.draw(self.chances.ledger);
            let at = self.nodes[node].changes_until.max(self.now + wait);
            self.nodes[node].changes_until = at;
            let input = match change {
                Change::TipMoved { stand, reorged } => {
                    self.nodes[node].tip_since = self.now;
                    Input::TipMoved { stand, reorged }
                }
                Change::Waiting(ids) => Input::Waiting(ids),
            };
            self.later(node, at - self.now, input);
        }
    }

    /// The node dies: what its ledger has committed stays, and the book as it was saved.
    pub fn crash(&mut self, node: usize, restarts_after: u64) {
        let power_cut = self.random.random_bool(0.5);
        self.nodes[node].engine = None;
        self.nodes[node].run += 1;
        for (_, (connection, side)) in std::mem::take(&mut self.nodes[node].links) {
            self.wires.get_mut(connection).is_open[side] = false;
            if power_cut {
                self.wires.get_mut(connection).is_lost = true;
            } else {
                self.travels(connection, side, self.now, Item::End);
            }
        }
        let _ = self.nodes[node].ledger.changes();
        self.put(self.now + restarts_after, Happening::Restart { node });
    }

    fn start(&mut self, node: usize) {
        let mut seed = [0; 32];
        self.random.fill_bytes(&mut seed);
        let now = self.local(node);
        let at = &mut self.nodes[node];
        at.run += 1;
        at.ticks_at = u64::MAX;
        at.changes_until = 0;
        let _ = at.ledger.changes();
        let (network, genesis) = at.ledger.network();
        let mut settings = Settings::of(&network, genesis);
        settings.listens = at.place.listens.then_some(at.place.address.port());
        settings.unix_at_zero = 1_700_000_000;
        let book = at.saved.clone();
        let book = book.unwrap_or_else(|| Book::new(seed, Reach::Public));
        let identity = Identity::of(at.secret).expect("nearly every secret is one");
        let stand = at.ledger.tip();
        let engine = Engine::new(settings, identity, book, stand, seed, now);
        at.engine = Some(Box::new(engine));
        let named = at.place.named.iter();
        let named = named
            .map(|at| PeerAddress::http(at.ip(), at.port()))
            .collect();
        self.feed(node, Input::Follow(named));
    }

    // What tests ask for.

    pub fn mine(&mut self, node: usize, padding: usize) -> Stand {
        let nonce = self.random.next_u64();
        let stand = self.nodes[node].ledger.mine(nonce, padding);
        self.pass_changes(node);
        stand
    }

    pub fn add_transaction(&mut self, node: usize, bytes: usize) -> TransactionId {
        let mut item = vec![0; bytes.max(16)];
        self.random.fill_bytes(&mut item[1..]);
        let id = self.nodes[node].ledger.add(item.into());
        self.pass_changes(node);
        id
    }

    /// Whether all nodes that run stand on one tip.
    pub fn is_agreed(&self) -> bool {
        let running = self.nodes.iter().filter(|node| node.lies.is_none());
        let tips: BTreeSet<BlockId> = running.map(|node| node.ledger.tip().id).collect();
        tips.len() == 1
    }

    /// Bytes that all nodes have sent, by kind of message.
    pub fn traffic(&self) -> BTreeMap<u8, (u64, u64)> {
        let mut sum: BTreeMap<u8, (u64, u64)> = BTreeMap::new();
        for node in &self.nodes {
            for (kind, (count, bytes)) in &node.sent {
                let entry = sum.entry(*kind).or_default();
                entry.0 += count;
                entry.1 += bytes;
            }
        }
        sum
    }
}
