//! Nine of ten addresses are hostile: does the node keep an honest outbound peer?
//!
//! The real book and the real dialler, in a modelled world: 100 honest nodes, each in a group of its own, which are up nine
//! times of ten, and 900 hostile ones that do as their shape of attack says. Time goes in steps of 5 s for three hours.
//! Kept is: from half of the time on there is an honest peer among those of our own choice, and whenever the last one has gone
//! (honest nodes go down too) there is another one within [`GAP`]; at the end there is one, and we know the honest tip.
//!
//! 1,000 worlds are run in all; `BCOIN_ECLIPSE_WORLDS=1000 cargo test --lib eclipse -- --nocapture` runs as many of each shape.

use std::collections::BTreeMap;
use std::net::IpAddr;

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::dialling::{Dialler, Order, Outbound, Role, Why};
use super::*;
use crate::limits::{BOOK_ANCHORS, OUTBOUND_PEERS};

const STEP: u64 = 5_000;
const STEPS: u64 = 3 * 60 * 60 * 1000 / STEP;
const HONEST: u32 = 100;
const HOSTILE: u32 = 900;
/// How long the node may be without an honest peer after its last one went down: 15 minutes.
const GAP: u64 = 15 * 60 * 1000 / STEP;

/// What hostile nodes do when they are called.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Conduct {
    /// Never answer.
    Silent,
    /// Stay at the tip of the beginning.
    Stale,
    /// Show just what we told them, so that they never lag.
    Echo,
    /// The same, and claim to have more.
    Boast,
    /// Hang up after the handshake.
    Drop,
    /// Show every block before anybody else until half of the time is over, then [`Conduct::Echo`].
    Turn,
    /// Show every block before anybody else, always: nothing tells them apart from the honest.
    Serve,
}

/// In which groups the hostile addresses are.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Groups {
    One,
    AsManyAsHonest,
    Each,
}

#[derive(Clone, Copy)]
struct Shape {
    name: &'static str,
    conduct: Conduct,
    groups: Groups,
    /// The node was out there among the honest before the attack; else the attackers spoke first.
    knew_honest: bool,
    /// A connection tells addresses without end: hostile ones, and made-up ones where nobody is.
    flood: bool,
    restarts: bool,
    /// Seconds between two blocks, in the mean.
    spacing: u64,
}

const SHAPE: Shape = Shape {
    name: "hostile nodes in as many groups stay at an old tip",
    conduct: Conduct::Stale,
    groups: Groups::AsManyAsHonest,
    knew_honest: false,
    flood: false,
    restarts: false,
    spacing: 60,
};

const SHAPES: [Shape; 10] = [
    SHAPE,
    Shape {
        name: "one /16 echoes, and floods from one connection",
        conduct: Conduct::Echo,
        groups: Groups::One,
        flood: true,
        ..SHAPE
    },
    Shape {
        name: "hostile nodes in as many groups echo",
        conduct: Conduct::Echo,
        ..SHAPE
    },
    Shape {
        name: "each in a group of its own, they echo blocks of every ten minutes",
        conduct: Conduct::Echo,
        groups: Groups::Each,
        spacing: 600,
        ..SHAPE
    },
    Shape {
        name: "each in a group of its own, they boast and flood",
        conduct: Conduct::Boast,
        groups: Groups::Each,
        flood: true,
        ..SHAPE
    },
    Shape {
        name: "they never answer, and flood",
        conduct: Conduct::Silent,
        groups: Groups::Each,
        flood: true,
        ..SHAPE
    },
    Shape {
        name: "they hang up",
        conduct: Conduct::Drop,
        groups: Groups::Each,
        ..SHAPE
    },
    Shape {
        name: "they serve every block first, and turn in the middle",
        conduct: Conduct::Turn,
        groups: Groups::Each,
        ..SHAPE
    },
    Shape {
        name: "the node knew 100 honest ones, they echo and flood, it restarts",
        conduct: Conduct::Echo,
        groups: Groups::Each,
        knew_honest: true,
        flood: true,
        restarts: true,
        ..SHAPE
    },
    Shape {
        name: "the attackers came first, they echo, the node restarts",
        conduct: Conduct::Echo,
        groups: Groups::Each,
        restarts: true,
        ..SHAPE
    },
];

/// Honest nodes are at 20.x, hostile ones elsewhere.
fn honest(number: u32) -> PeerAddress {
    let [.., d] = number.to_be_bytes();
    PeerAddress::http([20, d, 1, 1].into(), 1001)
}

fn is_honest(address: &PeerAddress) -> bool {
    matches!(Group::of(address), Group::V4([20, _]))
}

/// Somebody answers there at all; addresses of 200.x are made up.
fn is_real(address: &PeerAddress) -> bool {
    !matches!(Group::of(address), Group::V4([200, _]))
}

fn ip_of(address: &PeerAddress) -> IpAddr {
    match address.host() {
        crate::peers::address::PeerHost::Ip(ip) => *ip,
        other => panic!("{other:?} is no IP address"),
    }
}

/// A session and the world's side of it.
struct Line {
    outbound: Outbound,
    answers: bool,
    /// The step in which the other side goes down.
    until: u64,
}

struct World {
    shape: Shape,
    rng: ChaCha8Rng,
    book: Book,
    dialler: Dialler,
    under_attack: bool,
    lines: BTreeMap<PeerAddress, Line>,
    step: u64,
    /// Blocks that the honest have, and that we have.
    honest_tip: u32,
    our_tip: u32,
    first_tip: u32,
    /// Steps in a row without an honest peer of our choice, and the most of them in the second half.
    gap: u64,
    longest_gap: u64,
}

/// How a world ended.
struct Outcome {
    kept: bool,
    follows: bool,
    honest_peers: usize,
}

impl World {
    fn new(shape: Shape, seed: u64) -> World {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut secret = [0; 32];
        rng.fill_bytes(&mut secret);
        let mut world = World {
            shape,
            rng,
            book: Book::new(secret, Reach::Public),
            dialler: Dialler::new(),
            under_attack: false,
            lines: BTreeMap::new(),
            step: 0,
            honest_tip: 100,
            our_tip: 100,
            first_tip: 100,
            gap: 0,
            longest_gap: 0,
        };
        if shape.knew_honest {
            world.hear_of_honest(HONEST);
            for number in 0..HONEST {
                world.book.succeeded(&honest(number), world.now());
                world.book.ended(&honest(number), End::Ours, world.now());
            }
            // Its peers are honest when the attack begins.
            world.run(600);
            world.step = 0;
        }
        world.under_attack = true;
        for number in 0..HOSTILE {
            let address = world.hostile(number);
            let from = ip_of(&world.hostile(number / 10));
            world.hear(address, from);
        }
        world.hear_of_honest(HONEST);
        world
    }

    fn now(&self) -> Moment {
        Moment {
            running_ms: 1_000_000 + self.step * STEP,
            unix: 1_700_000_000 + self.step * STEP / 1000,
        }
    }

    fn hostile(&self, number: u32) -> PeerAddress {
        let [_, _, c, d] = number.to_be_bytes();
        let ip = match self.shape.groups {
            Groups::One => [150, 150, c, d],
            Groups::AsManyAsHonest => [100, (number % HONEST) as u8, c, d],
            Groups::Each => [60 + c, d, 1, 1],
        };
        PeerAddress::http(ip.into(), 1001)
    }

    fn hear(&mut self, address: PeerAddress, from: IpAddr) {
        let now = self.now();
        self.book.learn(address, Source::Peer(from), now);
    }

    /// Ten honest seeds tell of the honest.
    fn hear_of_honest(&mut self, many: u32) {
        for number in 0..many {
            let from = ip_of(&honest(number / 10));
            self.hear(honest(number), from);
        }
    }

    fn conduct(&self) -> Conduct {
        match self.shape.conduct {
            Conduct::Turn if self.step < STEPS / 2 => Conduct::Serve,
            Conduct::Turn => Conduct::Echo,
            other => other,
        }
    }

    fn shows_blocks(&self, address: &PeerAddress) -> bool {
        is_honest(address) || self.conduct() == Conduct::Serve
    }

    fn run(&mut self, steps: u64) {
        for _ in 0..steps {
            self.step += 1;
            self.shake_hands();
            self.find_block();
            self.catch_up();
            self.part();
            self.flood();
            self.dial();
            let ours =
                |line: &&Line| line.outbound.role == Role::Chosen && line.outbound.since.is_some();
            let honest_peers = self
                .lines
                .values()
                .filter(ours)
                .filter(|line| is_honest(&line.outbound.address))
                .count();
            self.gap = match honest_peers {
                0 => self.gap + 1,
                _ => 0,
            };
            if self.step >= STEPS / 2 + GAP {
                self.longest_gap = self.longest_gap.max(self.gap);
            }
        }
    }

    fn outcome(mut self) -> Outcome {
        let half = STEPS / 2 + 100;
        self.run(half);
        if self.shape.restarts {
            self.restart();
        }
        self.run(STEPS - half);
        let honest_peers = self.lines.values().filter(|line| {
            line.outbound.role == Role::Chosen
                && line.outbound.since.is_some()
                && is_honest(&line.outbound.address)
        });
        let honest_peers = honest_peers.count();
        let follows = self.our_tip == self.honest_tip;
        Outcome {
            kept: honest_peers > 0 && self.longest_gap <= GAP && follows,
            follows,
            honest_peers,
        }
    }

    fn shake_hands(&mut self) {
        let now = self.now();
        let called: Vec<PeerAddress> = self
            .lines
            .values()
            .filter(|line| line.outbound.since.is_none())
            .map(|line| line.outbound.address.clone())
            .collect();
        for address in called {
            let hostile = !is_honest(&address);
            let conduct = self.conduct();
            let answers = self.lines[&address].answers && !(hostile && conduct == Conduct::Silent);
            if !answers {
                self.lines.remove(&address);
                self.book.failed(&address, Fault::Theirs, now);
                continue;
            }
            self.book.succeeded(&address, now);
            if hostile && conduct == Conduct::Drop {
                self.lines.remove(&address);
                self.book.ended(&address, End::Theirs, now);
                continue;
            }
            let line = self.lines.get_mut(&address).expect("it was called");
            line.outbound.since = Some(now.running_ms);
            line.outbound.claims_more = hostile && conduct == Conduct::Boast;
            self.ask_for_addresses(&address);
        }
    }

    /// The honest tell of what is out there, nine of ten hostile; the hostile only of their own.
    fn ask_for_addresses(&mut self, of: &PeerAddress) {
        for _ in 0..10 {
            let hostile = if self.under_attack { HOSTILE } else { 0 };
            let number = self.rng.random_range(0..HONEST + hostile);
            let address = match number.checked_sub(HONEST) {
                None if is_honest(of) => honest(number),
                None => self.hostile(number),
                Some(number) => self.hostile(number),
            };
            self.hear(address, ip_of(of));
        }
    }

    /// Somebody honest finds a block. Of our peers that show blocks at all, one shows it first and some before we told them.
    fn find_block(&mut self) {
        if !self
            .rng
            .random_bool(STEP as f64 / 1000.0 / self.shape.spacing as f64)
        {
            return;
        }
        let synced = self.our_tip == self.honest_tip;
        self.honest_tip += 1;
        if !synced {
            return;
        }
        let serve = self.conduct() == Conduct::Serve;
        let mut showing: Vec<PeerAddress> = Vec::new();
        for (address, line) in &self.lines {
            // The hostile, if they serve at all, are the faster.
            let chance = if is_honest(address) { 0.3 } else { 0.9 };
            let shows = is_honest(address) || serve;
            if line.outbound.since.is_some() && shows && self.rng.random_bool(chance) {
                showing.push(address.clone());
            }
        }
        if showing.is_empty() {
            return;
        }
        let hostile: Vec<_> = showing
            .iter()
            .filter(|address| !is_honest(address))
            .cloned()
            .collect();
        let candidates = if hostile.is_empty() {
            &showing
        } else {
            &hostile
        };
        let first = candidates[self.rng.random_range(0..candidates.len())].clone();
        self.our_tip += 1;
        for (address, line) in &mut self.lines {
            if *address == first {
                line.outbound.brought += 1;
            }
            match showing.contains(address) {
                true => line.outbound.silent_blocks = 0,
                false => line.outbound.silent_blocks += 1,
            }
        }
    }

    /// Whoever shows blocks brings all that we lack.
    fn catch_up(&mut self) {
        let now = self.now();
        let lacking = self.honest_tip - self.our_tip;
        let brings = self
            .lines
            .iter()
            .filter(|(address, line)| line.outbound.since.is_some() && self.shows_blocks(address))
            .map(|(address, _)| address.clone())
            .next();
        if let Some(brings) = brings.filter(|_| lacking > 0) {
            self.our_tip = self.honest_tip;
            for (address, line) in &mut self.lines {
                if *address == brings {
                    line.outbound.brought += lacking;
                    line.outbound.silent_blocks = 0;
                } else if is_honest(address) {
                    line.outbound.silent_blocks = 0;
                } else {
                    line.outbound.silent_blocks += lacking;
                }
            }
        }
        let stale = self.conduct() == Conduct::Stale && self.our_tip > self.first_tip;
        for (address, line) in &mut self.lines {
            if stale && !is_honest(address) && line.outbound.since.is_some() {
                line.outbound.behind_since.get_or_insert(now.running_ms);
            }
        }
    }

    /// Nodes go down.
    fn part(&mut self) {
        let now = self.now();
        let (step, book) = (self.step, &mut self.book);
        self.lines.retain(|address, line| {
            let stays = line.outbound.since.is_none() || step < line.until;
            if !stays {
                book.ended(address, End::Theirs, now);
            }
            stays
        });
    }

    fn flood(&mut self) {
        if !(self.shape.flood && self.under_attack) {
            return;
        }
        let from = ip_of(&self.hostile(0));
        let known = self.hostile(self.step as u32 % HOSTILE);
        self.hear(known, from);
        for _ in 0..3 {
            let made_up = [200, self.rng.random(), self.rng.random(), 1];
            self.hear(PeerAddress::http(made_up.into(), 1001), from);
        }
    }

    fn dial(&mut self) {
        let now = self.now();
        let outbound: Vec<Outbound> = self
            .lines
            .values()
            .map(|line| line.outbound.clone())
            .collect();
        for order in self
            .dialler
            .step(&self.book, &outbound, now, &mut self.rng, |_| false)
        {
            match order {
                Order::Dial { address, role } => self.call(address, role),
                Order::Keep { address } => {
                    self.lines
                        .get_mut(&address)
                        .expect("it stands")
                        .outbound
                        .role = Role::Chosen;
                }
                Order::HangUp { address, why } => {
                    self.lines.remove(&address).expect("it stands");
                    let end = match why {
                        Why::Lags => End::Lagged,
                        Why::Displaced | Why::Seen => End::Ours,
                    };
                    self.book.ended(&address, end, now);
                }
            }
        }
        let chosen = self
            .lines
            .values()
            .filter(|line| line.outbound.role == Role::Chosen);
        assert!(chosen.clone().count() <= OUTBOUND_PEERS);
        let mut chosen: Vec<_> = chosen
            .filter_map(|line| Some((line.outbound.since?, line.outbound.address.clone())))
            .collect();
        chosen.sort();
        let anchors = chosen.into_iter().take(BOOK_ANCHORS);
        self.book.set_anchors(anchors.map(|(_, address)| address));
    }

    fn call(&mut self, address: PeerAddress, role: Role) {
        let now = self.now();
        self.book.attempted(&address, now);
        // An honest node is up nine times of ten, and then for four hours in the mean; hostile ones never sleep.
        let up = self.rng.random_bool(0.9);
        let minutes = -self.rng.random_range(0.000_001..1.0_f64).ln() * 240.0;
        let (answers, until) = match is_honest(&address) {
            true => (up, self.step + (minutes * 60_000.0) as u64 / STEP),
            false => (is_real(&address), u64::MAX),
        };
        let outbound = Outbound {
            address: address.clone(),
            role,
            since: None,
            behind_since: None,
            claims_more: false,
            brought: 0,
            silent_blocks: 0,
        };
        let before = self.lines.insert(
            address,
            Line {
                outbound,
                answers,
                until,
            },
        );
        assert!(before.is_none(), "nobody is called twice");
    }

    fn restart(&mut self) {
        let text = self.book.encode();
        self.book = Book::decode(&text, Reach::Public, self.now()).expect("its own text");
        self.dialler = Dialler::new();
        self.lines.clear();
    }
}

/// The outcomes of so many worlds of one shape.
fn worlds(shape: Shape, seeds: u64) -> Vec<Outcome> {
    let threads = std::thread::available_parallelism().map_or(1, |threads| threads.get() as u64);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|first| {
                scope.spawn(move || {
                    let seeds = (first..seeds).step_by(threads as usize);
                    seeds
                        .map(|seed| World::new(shape, seed).outcome())
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        let outcomes = workers
            .into_iter()
            .map(|worker| worker.join().expect("a world ends"));
        outcomes.flatten().collect()
    })
}

#[test]
fn with_nine_of_ten_addresses_hostile_an_honest_peer_is_kept_in_999_worlds_of_1_000() {
    let each = std::env::var("BCOIN_ECLIPSE_WORLDS").ok();
    let each: u64 = each.map_or(1_000 / SHAPES.len() as u64, |text| {
        text.parse().expect("a number")
    });
    let (mut kept, mut all) = (0, 0);
    for shape in SHAPES {
        let outcomes = worlds(shape, each);
        let here = outcomes.iter().filter(|outcome| outcome.kept).count();
        let follow = outcomes.iter().filter(|outcome| outcome.follows).count();
        let honest: usize = outcomes.iter().map(|outcome| outcome.honest_peers).sum();
        println!(
            "{here} of {each} kept an honest peer, {follow} know the tip, {:.1} honest peers in the mean: {}",
            honest as f64 / each as f64,
            shape.name
        );
        kept += here;
        all += outcomes.len();
    }
    println!("{kept} of {all} kept an honest peer");
    assert!(all > 0 && kept * 1_000 >= all * 999, "{kept} of {all}");
}

/// Nobody can tell such nodes from honest ones. The node follows the honest chain, and that is all it is after.
#[test]
fn hostile_nodes_that_serve_every_block_do_no_harm() {
    let shape = Shape {
        conduct: Conduct::Serve,
        groups: Groups::Each,
        ..SHAPE
    };
    let outcomes = worlds(shape, 20);
    let kept = outcomes.iter().filter(|outcome| outcome.kept).count();
    println!("{kept} of 20 kept an honest peer among those that serve every block");
    assert!(outcomes.iter().all(|outcome| outcome.follows));
}
