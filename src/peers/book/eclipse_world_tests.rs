//! The modelled world of the tests beside it.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test ends where it is wrong"
)]

#[path = "eclipse_node_tests.rs"]
mod node;

use std::collections::BTreeMap;
use std::net::IpAddr;

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{Conduct, Groups, HONEST, HOSTILE, STEP, Shape};
use crate::peers::address::{PeerAddress, PeerHost};
use crate::peers::book::dialling::{Dialler, Outbound, Role};
use crate::peers::book::{Book, End, Fault, Group, Moment, Source};
use crate::peers::reach::Reach;

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
        PeerHost::Ip(ip) => *ip,
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

pub(super) struct World {
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
pub(super) struct Outcome {
    pub(super) kept: bool,
    pub(super) follows: bool,
    pub(super) honest_peers: usize,
}

impl World {
    pub(super) fn new(shape: Shape, seed: u64) -> World {
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
            world.run(300);
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
            Conduct::Turn if self.step < self.shape.steps() / 2 => Conduct::Serve,
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
            if self.step >= self.shape.steps() / 2 {
                self.longest_gap = self.longest_gap.max(self.gap);
            }
            if self.step == self.shape.steps() / 2 {
                (self.gap, self.longest_gap) = (0, 0);
            }
        }
    }

    pub(super) fn outcome(mut self) -> Outcome {
        let half = self.shape.steps() / 2 + 50;
        self.run(half);
        if self.shape.restarts {
            self.restart();
        }
        self.run(self.shape.steps() - half);
        let honest_peers = self.lines.values().filter(|line| {
            line.outbound.role == Role::Chosen
                && line.outbound.since.is_some()
                && is_honest(&line.outbound.address)
        });
        let honest_peers = honest_peers.count();
        let follows = self.our_tip == self.honest_tip;
        Outcome {
            kept: honest_peers > 0
                && self.longest_gap <= (20 * 60 + 2 * self.shape.spacing) * 1000 / STEP
                && follows,
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
        for _ in 0..3 {
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

    /// Somebody honest finds a block. Of our peers that show blocks at all, some show it before we told them.
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
            // The honest are often slower than our own telling them, unless that waits; the hostile, if they serve, are fast.
            let told_late = !line.outbound.role.told_after().is_zero();
            let chance = match (is_honest(address), told_late) {
                (true, false) => 0.3,
                (true, true) => 0.95,
                (false, _) => 0.9,
            };
            let shows = is_honest(address) || serve;
            if line.outbound.since.is_some() && shows && self.rng.random_bool(chance) {
                showing.push(address.clone());
            }
        }
        if showing.is_empty() {
            return;
        }
        self.our_tip += 1;
        for (address, line) in &mut self.lines {
            if showing.contains(address) {
                line.outbound.shown += 1;
                line.outbound.silent_blocks = 0;
            } else {
                line.outbound.silent_blocks += 1;
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
                    line.outbound.shown += lacking;
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
}
