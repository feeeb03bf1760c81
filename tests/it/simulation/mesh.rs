//! Meshes of many nodes: what a block costs, and how soon everyone has it.

use std::collections::BTreeSet;

use super::model::{Kind, Model};
use super::place::Place;
use super::world::World;

/// Nodes that all know the first, and find the others by themselves.
fn mesh(seed: u64, nodes: usize, kind: Kind) -> World {
    let mut world = World::new(seed);
    world.counts_bodies = true;
    for at in 0..nodes {
        let place = Place::of(at).naming((at > 0).then_some(0));
        world.add(place, Model::new(kind));
    }
    world
}

/// Whether every node can be reached from the first over settled sessions.
fn is_connected(world: &World) -> bool {
    let mut reached = BTreeSet::from([0]);
    let mut open = vec![0];
    while let Some(at) = open.pop() {
        for (connection, side) in world.nodes[at].links.values() {
            let wire = world.wires.get(*connection);
            let other = wire.ends[1 - side].0;
            if wire.is_open == [true; 2] && reached.insert(other) {
                open.push(other);
            }
        }
    }
    reached.len() == world.nodes.len()
}

fn sum_of(world: &World, kinds: &[u8]) -> u64 {
    let traffic = world.traffic();
    kinds
        .iter()
        .filter_map(|kind| traffic.get(kind))
        .map(|(_, bytes)| bytes)
        .sum()
}

/// Tips, headers, blocks and the questions for them.
const OF_BLOCKS: [u8; 7] = [2, 3, 4, 5, 6, 15, 16];

#[test]
fn a_block_costs_a_mesh_of_fifty_at_most_three_times_its_size_a_node() {
    let mut world = mesh(1, 50, Kind::Coin);
    world.run_for(40.0);
    assert!(is_connected(&world));
    let links: usize = world.nodes.iter().map(|node| node.links.len()).sum();
    println!("50 nodes, {} sessions", links / 2);
    for (size, most) in [(300, 3.0), (1_000, 3.0), (10_000, 3.0), (1_000_000, 3.0)] {
        let before = sum_of(&world, &OF_BLOCKS);
        let mined = world.now;
        let stand = world.mine(17, size - 84);
        let limit = world.now + 30_000_000;
        let all = world.run_till(limit, 1_000, |world| {
            world
                .nodes
                .iter()
                .all(|node| node.ledger.tip().id == stand.id)
        });
        let all = all.expect("everybody has it");
        world.run_for(5.0);
        let cost = sum_of(&world, &OF_BLOCKS) - before;
        let times = cost as f64 / (size as f64 * 50.0);
        println!(
            "a block of {size} bytes: {:.2} times its size a node, everywhere after {:.3} s",
            times,
            (all - mined) as f64 / 1e6
        );
        let within = if size < 1_000_000 { 500_000 } else { 5_000_000 };
        assert!(all - mined < within, "simulated time");
        for (at, node) in world.nodes.iter().enumerate() {
            let times = node.bodies.get(&stand.id).copied().unwrap_or(0);
            // Who waits a second for a large block asks a second peer too.
            let most = if size < 1_000_000 { 1 } else { 2 };
            assert!(times <= most, "node {at} was sent the block {times} times");
        }
        assert!(times <= most, "{times}");
    }
}

/// Whether each node knows where each of its peers stands.
fn all_know_where_all_stand(world: &World) -> bool {
    let tip = world.nodes[0].ledger.tip().id;
    (0..world.nodes.len()).all(|at| {
        let view = world.engine(at).view();
        view.peers.iter().all(|peer| peer.stand.id == tip)
    })
}

#[test]
fn fifty_nodes_that_cannot_be_called_hear_of_a_block_through_the_one_that_can() {
    let mut world = World::new(3);
    world.add(Place::of(0), Model::new(Kind::Coin));
    for at in 1..=50 {
        let mut place = Place::of(at).naming([0]);
        place.listens = false;
        world.add(place, Model::new(Kind::Coin));
    }
    world.run_for(20.0);
    assert!(is_connected(&world));
    for miner in [0, 1, 50, 33] {
        let mined = world.now;
        let stand = world.mine(miner, 300);
        let has_it = |world: &World| {
            let mut nodes = world.nodes.iter();
            nodes.all(|node| node.ledger.tip().id == stand.id)
        };
        let all = world.run_till(mined + 30_000_000, 1_000, has_it);
        let all = all.expect("everybody has it");
        assert!(all - mined < 1_000_000, "simulated time");
        let known = world.run_till(all + 10_000_000, 10_000, all_know_where_all_stand);
        let known = known.expect("everybody knows where everybody stands");
        println!(
            "a block of node {miner}: everywhere after {:.3} s, and known to be after {:.3} s",
            (all - mined) as f64 / 1e6,
            (known - mined) as f64 / 1e6
        );
        assert!(known - all <= 3_000_000, "simulated time");
    }
}

#[test]
fn a_transaction_reaches_a_mesh_of_fifty_and_is_sent_once_to_each() {
    let mut world = mesh(2, 50, Kind::Classic);
    world.run_for(40.0);
    let before = sum_of(&world, &[9]);
    let added = world.now;
    let id = world.add_transaction(33, 200);
    let all = world.run_till(added + 30_000_000, 1_000, |world| {
        world.nodes.iter().all(|node| node.ledger.waits(&id))
    });
    let all = all.expect("everybody has it");
    world.run_for(5.0);
    let bytes = sum_of(&world, &[9]) - before;
    println!(
        "a transaction of 200 bytes: everywhere after {:.3} s, {bytes} bytes of answers",
        (all - added) as f64 / 1e6
    );
    assert!(bytes <= 50 * 210, "{bytes}");
    assert!(all - added < 1_000_000, "simulated time");
}

#[test]
fn three_hundred_nodes_form_one_network_from_one_address_within_a_minute() {
    let mut world = mesh(5, 300, Kind::Coin);
    world.counts_bodies = false;
    let formed = world.run_till(55_000_000, 500_000, is_connected);
    let formed = formed.expect("one network");
    world.run_until(world.now.max(45_000_000));
    let mined = world.now;
    let stand = world.mine(250, 1_000);
    let all = world.run_till(60_000_000, 10_000, |world| {
        world
            .nodes
            .iter()
            .all(|node| node.ledger.tip().id == stand.id)
    });
    let all = all.expect("every node stands on the block within a minute of its start");
    println!(
        "300 nodes: one network after {:.1} s, a block everywhere after {:.3} s",
        formed as f64 / 1e6,
        (all - mined) as f64 / 1e6
    );
}
