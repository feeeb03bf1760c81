//! Partitions, and faults of every kind at random: what was promised must hold when it is quiet again.

use std::collections::BTreeSet;

use bcoin::peers::engine::event::Event;
use bcoin::peers::message::{BlockId, TransactionId};
use rand::RngExt;

use super::model::{Kind, Model};
use super::place::Place;
use super::seeds::{p99_and_most, try_each};
use super::world::World;

/// A network under trial, and what its nodes have acknowledged.
struct Trial {
    world: World,
    transactions: Vec<TransactionId>,
    blocks: Vec<(usize, BlockId)>,
}

impl Trial {
    /// Nodes of which each was told of one or two others.
    fn new(seed: u64, nodes: usize) -> Self {
        let mut world = World::new(seed);
        let kind = [Kind::Coin, Kind::Classic][world.random.random_range(0..2)];
        let slowest = [2_000, 20_000, 80_000][world.random.random_range(0..3)];
        world.chances.latency = (500, slowest);
        world.chances.survives = world.random.random_range(0..=1000);
        for at in 0..nodes {
            let mut named = BTreeSet::new();
            if at > 0 {
                named.insert(world.random.random_range(0..at));
                named.insert(world.random.random_range(0..at));
            }
            let mut place = Place::of(at).naming(named);
            place.ahead_ms = world.random.random_range(1..5_000);
            place.gains = world.random.random_range(0..1_000);
            place.bandwidth = [200_000, 2_000_000, 20_000_000][world.random.random_range(0..3)];
            world.add(place, Model::new(kind));
        }
        Self {
            world,
            transactions: Vec::new(),
            blocks: Vec::new(),
        }
    }

    fn any_node(&mut self) -> usize {
        let nodes = self.world.nodes.len();
        self.world.random.random_range(0..nodes)
    }

    fn mine(&mut self, node: usize) {
        if self.world.runs(node) {
            let padding = self.world.random.random_range(0..2_000);
            let stand = self.world.mine(node, padding);
            self.blocks.push((node, stand.id));
        }
    }

    fn add_transaction(&mut self, node: usize) {
        if self.world.runs(node) {
            let bytes = self.world.random.random_range(20..500);
            let id = self.world.add_transaction(node, bytes);
            self.transactions.push(id);
        }
    }

    /// Cuts the network in two or three, or any pairs of nodes apart.
    fn cut(&mut self) {
        let nodes = self.world.nodes.len();
        let random = &mut self.world.random;
        if random.random_bool(0.3) {
            let mut pairs = BTreeSet::new();
            for one in 0..nodes {
                for other in one + 1..nodes {
                    if random.random_bool(0.5) {
                        pairs.insert((one, other));
                    }
                }
            }
            self.world.cut(pairs);
        } else {
            let sides = random.random_range(2..4);
            let side_of: Vec<usize> = (0..nodes).map(|_| random.random_range(0..sides)).collect();
            self.world.partition(&side_of);
        }
    }

    /// As long as two tips weigh the same nobody moves: one block more on one of the heaviest.
    fn break_ties(&mut self) {
        let heaviest = self.world.nodes.iter().enumerate();
        let heaviest = heaviest.max_by_key(|(_, node)| node.ledger.tip().weight);
        let node = heaviest.map_or(0, |(at, _)| at);
        for _ in 0..3 {
            self.mine(node);
        }
    }

    /// Whether every node stands on one tip, and has every transaction.
    fn is_healed(world: &World, transactions: &[TransactionId]) -> bool {
        world.is_agreed()
            && world.nodes.iter().all(|node| {
                let mined: BTreeSet<TransactionId> = node.ledger.mined().into_iter().collect();
                let has = |id| mined.contains(id) || node.ledger.waits(id);
                transactions.iter().all(has)
            })
    }

    /// What must hold when it is quiet.
    fn check(&self) {
        let world = &self.world;
        assert!(world.is_agreed(), "{:?}", self.tips());
        for (at, node) in world.nodes.iter().enumerate() {
            let mined = node.ledger.mined();
            let once: BTreeSet<TransactionId> = mined.iter().copied().collect();
            assert_eq!(once.len(), mined.len(), "node {at} has a transaction twice");
            for id in &self.transactions {
                let waits = node.ledger.waits(id);
                assert!(
                    once.contains(id) != waits,
                    "node {at}, transaction {id:?}, {waits}"
                );
            }
            for event in &node.events {
                assert!(
                    !matches!(event, Event::Banned { .. }),
                    "node {at}: {event:?}"
                );
            }
        }
        for (node, id) in &self.blocks {
            assert!(
                world.nodes[*node].ledger.keeps(id),
                "a block of node {node} is lost"
            );
        }
    }

    fn tips(&self) -> Vec<(u64, BlockId)> {
        let tips = self.world.nodes.iter().map(|node| node.ledger.tip());
        tips.map(|tip| (tip.height, tip.id)).collect()
    }

    /// What nodes blamed each other for, though all are honest.
    fn blames(&self) -> Vec<String> {
        let events = self.world.nodes.iter().flat_map(|node| &node.events);
        let blames = events.filter_map(|event| match event {
            Event::Blamed { offence, why, .. } => Some(format!("{}: {why}", offence.name())),
            _ => None,
        });
        blames.collect()
    }
}

/// Seconds from the end of a partition to one tip with every transaction known everywhere.
fn heal_time(seed: u64, nodes: usize) -> f64 {
    let mut trial = Trial::new(seed, nodes);
    // What the operator named is called quickly in the first ten minutes, whatever else holds.
    let first = if seed % 15 == 7 { 700.0 } else { 20.0 };
    trial.world.run_for(first);
    trial.cut();
    let until = trial.world.now + trial.world.random.random_range(1..60) * 1_000_000;
    while trial.world.now < until {
        let node = trial.any_node();
        if trial.world.random.random_bool(0.3) {
            trial.mine(node);
        } else {
            trial.add_transaction(node);
        }
        let wait = trial.world.random.random_range(0.0..3.0);
        trial.world.run_for(wait);
    }
    trial.break_ties();
    trial.world.run_for(0.2);
    trial.world.heal();
    let healed = trial.world.now;
    let transactions = trial.transactions.clone();
    let holds = |world: &World| Trial::is_healed(world, &transactions);
    let agreed = trial.world.run_till(healed + 120_000_000, 20_000, holds);
    let agreed = agreed.unwrap_or_else(|| panic!("two minutes later: {:?}", trial.tips()));
    trial.world.run_for(5.0);
    trial.check();
    let blames = trial.blames();
    assert!(
        blames.iter().all(|why| why.starts_with("timeout")),
        "{blames:?}"
    );
    (agreed - healed) as f64 / 1e6
}

fn heals(test: &str, nodes: usize, few: u64) {
    let times = try_each(test, few, |seed| heal_time(seed, nodes));
    let trials = times.len();
    let (p99, most) = p99_and_most(times);
    println!(
        "{nodes} nodes, {trials} partitions: one tip after {p99:.2} s at p99, {most:.2} s at most"
    );
    assert!(p99 <= 5.0);
}

#[test]
fn three_nodes_agree_within_five_seconds_of_a_partitions_end() {
    heals("three_nodes_agree", 3, 60);
}

#[test]
fn five_nodes_agree_within_five_seconds_of_a_partitions_end() {
    heals("five_nodes_agree", 5, 20);
}

#[test]
fn eight_nodes_agree_within_five_seconds_of_a_partitions_end() {
    heals("eight_nodes_agree", 8, 10);
}

/// A minute or two of faults, then quiet; the trace, and what nodes blamed each other for.
fn faults(seed: u64) -> (u64, Vec<String>) {
    let mut trial = Trial::new(seed, 2 + (seed % 7) as usize);
    trial.world.run_for(5.0);
    for _ in 0..trial.world.random.random_range(20..120) {
        let node = trial.any_node();
        match trial.world.random.random_range(0..100) {
            0..30 => trial.mine(node),
            30..70 => trial.add_transaction(node),
            70..78 => trial.cut(),
            78..86 => trial.world.heal(),
            86..91 if trial.world.runs(node) => {
                let after = trial.world.random.random_range(0..20_000_000);
                trial.world.crash(node, after);
            }
            _ => {
                let all = trial.world.wires.all();
                if !all.is_empty() {
                    let at = trial.world.random.random_range(0..all.len());
                    let silently = trial.world.random.random_bool(0.5);
                    trial.world.break_connection(all[at], silently);
                }
            }
        }
        let wait = trial.world.random.random_range(0.0..2.0);
        trial.world.run_for(wait);
    }
    trial.world.heal();
    trial.world.run_for(30.0);
    trial.break_ties();
    trial.world.run_for(60.0);
    trial.check();
    let blames = trial.blames();
    assert!(
        blames.iter().all(|why| why.starts_with("timeout")),
        "{blames:?}"
    );
    (trial.world.trace(), blames)
}

#[test]
fn no_promise_breaks_under_random_faults() {
    let runs = try_each("no_promise_breaks", 15, faults);
    let blames: usize = runs.iter().map(|(_, blames)| blames.len()).sum();
    println!(
        "{} seeds of faults, {blames} times somebody was late",
        runs.len()
    );
}

#[test]
fn what_falls_out_of_a_chain_is_told_to_those_who_never_had_it() {
    let mut world = World::new(1);
    world.chances.latency = (50_000, 50_000);
    for at in 0..3 {
        let place = Place::of(at).naming((at > 0).then_some(0));
        world.add(place, Model::new(Kind::Classic));
    }
    world.run_for(10.0);
    // A transaction and a block with it, behind a cut so short that every session outlives it, and two blocks elsewhere.
    world.chances.survives = 1000;
    world.partition(&[0, 1, 0]);
    let id = world.add_transaction(1, 100);
    world.mine(1, 0);
    world.mine(2, 0);
    world.mine(2, 0);
    world.run_for(1.0);
    world.heal();
    world.run_for(5.0);
    assert!(world.is_agreed());
    for (at, node) in world.nodes.iter().enumerate() {
        assert!(node.ledger.waits(&id), "node {at}");
    }
}

#[test]
fn sessions_of_a_quiet_network_stand() {
    let mut world = World::new(2);
    for at in 0..4 {
        let place = Place::of(at).naming((at > 0).then_some(0));
        world.add(place, Model::new(Kind::Coin));
    }
    world.run_for(5.0);
    world.nodes.iter_mut().for_each(|node| node.events.clear());
    world.run_for(120.0);
    for (at, node) in world.nodes.iter().enumerate() {
        let left = node
            .events
            .iter()
            .find(|event| matches!(event, Event::Left { .. }));
        assert!(left.is_none(), "node {at}: {left:?}");
    }
}

#[test]
fn a_seed_gives_the_same_run_again() {
    assert_eq!(faults(3), faults(3));
    assert_ne!(faults(3).0, faults(10).0);
}
