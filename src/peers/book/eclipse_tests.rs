//! Nine of ten addresses are hostile: does the node keep an honest outbound peer?
//!
//! The real book and the real dialler, in a modelled world: 100 honest nodes, each in a group of its own, which are up nine
//! times of ten, and 900 hostile ones that do as their shape of attack says. Time goes in steps of 10 s for two hours or three.
//! Kept is: from half of the time on there is an honest peer among those of our own choice, and whenever the last one has gone
//! (honest nodes go down too) there is another one within 20 minutes and two blocks, since nobody can
//! show what he is worth before a block comes; at the end there is one, and we know the honest tip.
//!
//! 1,000 worlds are run in all; `BCOIN_ECLIPSE_WORLDS=1000 cargo test --lib eclipse -- --nocapture` runs as many of each shape.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test ends where it is wrong"
)]

#[path = "eclipse_world_tests.rs"]
mod world;

use world::{Outcome, World};

const STEP: u64 = 10_000;
const HONEST: u32 = 100;
const HOSTILE: u32 = 900;
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
    hours: u64,
}

impl Shape {
    fn steps(&self) -> u64 {
        self.hours * 60 * 60 * 1000 / STEP
    }
}

const SHAPE: Shape = Shape {
    name: "hostile nodes in as many groups stay at an old tip",
    conduct: Conduct::Stale,
    groups: Groups::AsManyAsHonest,
    knew_honest: false,
    flood: false,
    restarts: false,
    spacing: 60,
    hours: 2,
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
        hours: 3,
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
    let each: u64 = each.map_or(200 / SHAPES.len() as u64, |text| {
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
