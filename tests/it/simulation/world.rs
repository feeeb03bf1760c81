//! Whole networks in one thread: engines with their ledgers, one queue of events, and one seed for all that is left to chance.
//!
//! The same seed gives the same run, byte for byte: [`World::trace`] is a hash of everything that happened.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use bcoin::peers::address::PeerAddress;
use bcoin::peers::book::Book;
use bcoin::peers::engine::event::Event;
use bcoin::peers::engine::input::{
    Answer, AskId, DialFailure, Input, LinkId, Moment, Output, Question,
};
use bcoin::peers::engine::{Engine, Settings};
use bcoin::peers::ledger::Ledger;
use bcoin::peers::message::identity::Identity;
use bcoin::peers::message::{BlockId, Stand, TransactionId};
use bcoin::peers::reach::Reach;
use bytes::Bytes;
use rand::RngExt;
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::liars::Liar;
use super::model::{Model, block_id};
use super::wire::{Connection, Item, Wires};

/// What a node's chain tells its engine.
#[derive(Debug, Clone)]
pub enum Change {
    TipMoved { stand: Stand, reorged: bool },
    Waiting(Vec<TransactionId>),
}

/// A ledger as a simulated node has it.
pub trait NodeLedger: Send {
    /// What has changed since the last call.
    fn changes(&self) -> Vec<Change>;
    fn as_ledger(&self) -> &dyn Ledger;
    /// The model behind it.
    fn model(&self) -> &Model;
}

/// Who and where a node is.
#[derive(Debug, Clone)]
pub struct Place {
    pub address: SocketAddr,
    /// Whether others can dial it.
    pub listens: bool,
    /// Bytes a second, upwards.
    pub bandwidth: u64,
    /// Its clock is this many milliseconds ahead, and gains as many millionths.
    pub ahead_ms: u64,
    pub gains: u64,
    /// Addresses that its operator named.
    pub named: Vec<SocketAddr>,
}

impl Place {
    /// Node number `at`, in a public neighbourhood of its own, with ten megabytes a second.
    pub fn of(at: usize) -> Self {
        let (high, low) = ((at / 200) as u8, (at % 200) as u8);
        let ip = Ipv4Addr::new(20 + high, 1 + low, 3, 4);
        Self {
            address: SocketAddr::new(IpAddr::V4(ip), 5000),
            listens: true,
            bandwidth: 10_000_000,
            ahead_ms: 1_000,
            gains: 0,
            named: Vec::new(),
        }
    }

    /// The same, told of these nodes by its operator.
    #[must_use]
    pub fn naming(mut self, nodes: impl IntoIterator<Item = usize>) -> Self {
        self.named = nodes.into_iter().map(|at| Self::of(at).address).collect();
        self
    }
}

pub struct Node {
    pub place: Place,
    pub ledger: Model,
    pub engine: Option<Box<Engine>>,
    /// What it says instead of the truth, and does beside it.
    pub lies: Option<Liar>,
    secret: [u8; 32],
    /// Counts its runs: what was meant for an earlier one does not reach a later.
    run: u32,
    saved: Option<Book>,
    pub links: BTreeMap<LinkId, (usize, usize)>,
    accepted: u64,
    up_free_at: u64,
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

enum Happening {
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

/// What chance decides how.
#[derive(Debug, Clone, Copy)]
pub struct Chances {
    /// Least and most latency of a link, in microseconds, and jitter on top of it.
    pub latency: (u64, u64),
    pub jitter: u64,
    /// How long ledgers take, in microseconds.
    pub ledger: (u64, u64),
    /// Whether a connection survives a cut, in thousandths.
    pub survives: u32,
}

impl Default for Chances {
    fn default() -> Self {
        Self {
            latency: (5_000, 60_000),
            jitter: 5_000,
            ledger: (200, 4_000),
            survives: 500,
        }
    }
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
    cut: BTreeSet<(usize, usize)>,
    trace: DefaultHasher,
    /// Whether bodies are told apart, which costs time.
    pub counts_bodies: bool,
}

/// A call that nobody answers is tried again after a second, as TCP does, and given up after two, as nodes do.
const CALL_AGAIN: u64 = 1_000_000;

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

    fn draw(&mut self, (least, most): (u64, u64)) -> u64 {
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

    fn put(&mut self, at: u64, happening: Happening) {
        self.number += 1;
        self.queue
            .insert((at.max(self.now), self.number), happening);
    }

    fn local(&self, node: usize) -> Moment {
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

    fn later(&mut self, node: usize, wait: u64, input: Input) {
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

    fn say(&mut self, node: usize, link: LinkId, frame: Bytes) {
        let Some(mut lies) = self.nodes[node].lies.take() else {
            return self.transmit(node, link, frame);
        };
        let ledger = self.nodes[node].ledger.clone();
        let said = lies.instead(link, &frame, &ledger, self.now);
        self.nodes[node].lies = Some(lies);
        // It thinks that it has said what it wanted.
        let length = frame.len();
        self.later(
            node,
            0,
            Input::Sent {
                link,
                bytes: length,
            },
        );
        for frame in said {
            self.transmit(node, link, frame);
        }
    }

    fn tell_lies(&mut self, node: usize) {
        let Some(mut lies) = self.nodes[node].lies.take() else {
            return;
        };
        let links: Vec<LinkId> = self.nodes[node].links.keys().copied().collect();
        let ledger = self.nodes[node].ledger.clone();
        for link in links {
            for frame in lies.unasked(link, &ledger, self.now) {
                self.transmit(node, link, frame);
            }
        }
        self.nodes[node].lies = Some(lies);
    }

    fn transmit(&mut self, node: usize, link: LinkId, frame: Bytes) {
        let Some(&(connection, side)) = self.nodes[node].links.get(&link) else {
            return;
        };
        let length = frame.len();
        let sender = &mut self.nodes[node];
        let kind = frame.first().copied().unwrap_or(u8::MAX);
        let (count, bytes) = sender.sent.entry(kind).or_default();
        *count += 1;
        *bytes += length as u64;
        let begins = self.now.max(sender.up_free_at);
        let leaves = begins + length as u64 * 1_000_000 / sender.place.bandwidth;
        sender.up_free_at = leaves;
        let other = self.wires.get(connection).ends[1 - side].0;
        let reads = self.nodes[other]
            .lies
            .as_ref()
            .is_none_or(|lies| lies.reads());
        if reads {
            let wait = leaves - self.now;
            self.later(
                node,
                wait,
                Input::Sent {
                    link,
                    bytes: length,
                },
            );
        }
        // Of what takes long the other hears while it comes.
        let mut part = begins + 500_000;
        while part < leaves {
            self.travels(connection, side, part, Item::Part);
            part += 500_000;
        }
        self.travels(connection, side, leaves, Item::Frame(frame));
    }

    /// Puts something on its way that leaves at this moment.
    fn travels(&mut self, connection: usize, side: usize, leaves: u64, item: Item) {
        let jitter = self.draw((0, self.chances.jitter));
        let wire = self.wires.get_mut(connection);
        let arrives = wire.last_arrival[side].max(leaves + wire.latency + jitter);
        wire.last_arrival[side] = arrives;
        let happening = Happening::Arrives {
            connection,
            side,
            item,
        };
        self.put(arrives, happening);
    }

    /// What was sent by `side` arrives at the other.
    fn arrives(&mut self, connection: usize, side: usize, item: Item) {
        let wire = self.wires.get(connection);
        if wire.is_lost {
            return;
        }
        let (from, (to, run, link)) = (wire.ends[side].0, wire.ends[1 - side]);
        if self.is_cut(from, to) {
            return self.wires.get_mut(connection).held[side].push(item);
        }
        if !wire.is_open[1 - side] || self.nodes[to].run != run {
            return;
        }
        match item {
            Item::Frame(frame) => {
                frame.get(..frame.len().min(64)).hash(&mut self.trace);
                if self.counts_bodies {
                    self.count_bodies(to, &frame);
                }
                let node = &self.nodes[to];
                let is_deaf = node.lies.as_ref().is_some_and(|lies| !lies.hears(&frame));
                if is_deaf {
                    return;
                }
                self.feed(to, Input::Received { link, frame });
            }
            Item::Part => self.feed(to, Input::Heard { link }),
            Item::Opened => {
                let remote = self.nodes[from].place.address;
                self.nodes[to].links.insert(link, (connection, 1 - side));
                self.feed(to, Input::Dialled { link, remote });
            }
            Item::End => {
                self.wires.get_mut(connection).is_open[1 - side] = false;
                self.nodes[to].links.remove(&link);
                let why = "the connection was closed".to_owned();
                self.feed(to, Input::Closed { link, why });
            }
        }
    }

    fn count_bodies(&mut self, node: usize, frame: &[u8]) {
        use bcoin::peers::message::{Message, codec};
        if frame.first() == Some(&6)
            && let Ok(Message::Blocks { blocks, .. }) = codec::decode(frame)
        {
            for item in blocks.iter() {
                *self.nodes[node]
                    .bodies
                    .entry(block_id(&item.block))
                    .or_default() += 1;
            }
        }
    }

    fn close(&mut self, node: usize, link: LinkId) {
        let Some((connection, side)) = self.nodes[node].links.remove(&link) else {
            return;
        };
        self.wires.get_mut(connection).is_open[side] = false;
        let leaves = self.nodes[node].up_free_at.max(self.now);
        self.travels(connection, side, leaves, Item::End);
    }

    fn dial(&mut self, node: usize, link: LinkId, address: &PeerAddress) {
        let to: Option<SocketAddr> = address.to_string().parse().ok();
        let run = self.nodes[node].run;
        let wait = self.draw(self.chances.latency) * 2;
        match to {
            Some(to) => self.put(
                self.now + wait,
                Happening::Calls {
                    node,
                    run,
                    link,
                    to,
                    again: false,
                },
            ),
            None => self.not_reached(node, link, wait),
        }
    }

    fn not_reached(&mut self, node: usize, link: LinkId, wait: u64) {
        let failure = DialFailure::Unreachable("nobody answers there".to_owned());
        self.later(node, wait, Input::NotDialled { link, failure });
    }

    /// A call reaches the other side, if there is one.
    fn calls(&mut self, node: usize, run: u32, link: LinkId, to: SocketAddr, again: bool) {
        if self.nodes[node].run != run {
            return;
        }
        let found = self.nodes.iter().position(|node| node.place.address == to);
        let Some(other) = found.filter(|other| !self.is_cut(node, *other)) else {
            // Some router says so, or nothing comes back.
            if again {
                return self.not_reached(node, link, CALL_AGAIN);
            }
            if self.random.random_bool(0.5) {
                return self.not_reached(node, link, 0);
            }
            let again = Happening::Calls {
                node,
                run,
                link,
                to,
                again: true,
            };
            return self.put(self.now + CALL_AGAIN, again);
        };
        if !self.runs(other) || !self.nodes[other].place.listens {
            return self.not_reached(node, link, 0);
        }
        let latency = self.draw(self.chances.latency);
        let there = &mut self.nodes[other];
        there.accepted += 1;
        let (other_run, other_link) = (there.run, LinkId((1 << 63) + there.accepted));
        let ends = [(node, run, link), (other, other_run, other_link)];
        let connection = self.wires.open(Connection::new(ends, latency));
        self.nodes[other].links.insert(other_link, (connection, 1));
        self.travels(connection, 1, self.now, Item::Opened);
        let from = self.nodes[node].place.address.ip();
        let port = 20_000 + (connection % 40_000) as u16;
        let remote = SocketAddr::new(from, port);
        let link = other_link;
        self.feed(other, Input::Accepted { link, remote });
    }

    pub fn is_cut(&self, one: usize, other: usize) -> bool {
        self.cut.contains(&(one.min(other), one.max(other)))
    }

    /// Nodes of different sides cannot reach each other from now on.
    pub fn partition(&mut self, side_of: &[usize]) {
        let mut cut = BTreeSet::new();
        for (one, side) in side_of.iter().enumerate() {
            for (other, other_side) in side_of.iter().enumerate().skip(one + 1) {
                if side != other_side {
                    cut.insert((one, other));
                }
            }
        }
        self.cut(cut);
    }

    /// These pairs of nodes cannot reach each other from now on, and all others can; some connections will not outlive it.
    pub fn cut(&mut self, cut: BTreeSet<(usize, usize)>) {
        let before = std::mem::replace(&mut self.cut, cut);
        let survives = self.chances.survives;
        for connection in self.wires.all() {
            let (one, other) = self.wires.pair(connection);
            let pair = (one.min(other), one.max(other));
            if self.cut.contains(&pair) && !before.contains(&pair) {
                let is_lost = self.random.random_range(0..1000) >= survives;
                self.wires.get_mut(connection).is_lost |= is_lost;
            }
            if !self.cut.contains(&pair) {
                self.let_go(connection);
            }
        }
    }

    pub fn heal(&mut self) {
        self.cut(BTreeSet::new());
    }

    /// What was held on a connection goes on its way.
    fn let_go(&mut self, connection: usize) {
        for side in 0..2 {
            for item in std::mem::take(&mut self.wires.get_mut(connection).held[side]) {
                let happening = Happening::Arrives {
                    connection,
                    side,
                    item,
                };
                self.put(self.now, happening);
            }
        }
    }

    /// A connection fails: noticed at both ends, or silent for ever.
    pub fn break_connection(&mut self, connection: usize, silently: bool) {
        if silently {
            self.wires.get_mut(connection).is_lost = true;
            return;
        }
        let wire = self.wires.get_mut(connection);
        wire.is_lost = true;
        let ends = wire.ends;
        for (side, (node, run, link)) in ends.into_iter().enumerate() {
            if self.wires.get(connection).is_open[side] && self.nodes[node].run == run {
                self.wires.get_mut(connection).is_open[side] = false;
                self.nodes[node].links.remove(&link);
                let why = "the connection was reset".to_owned();
                self.later(node, 0, Input::Closed { link, why });
            }
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
        let (network, genesis) = at.ledger.as_ledger().network();
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
