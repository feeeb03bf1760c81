//! Lying peers, one kind after another: nothing of theirs is adopted, each is blamed or parted from, and honest sync goes on.

use std::collections::BTreeSet;

use bcoin::peers::address::PeerAddress;
use bcoin::peers::engine::event::Event;
use bcoin::peers::engine::input::Input;

use super::kinds::{Ends, Row, all_kinds, classic_kinds, failing};
use super::liars::{Liar, Script};
use super::model::{Kind, Model};
use super::place::Place;
use super::world::World;

const HONEST: usize = 0;
const VICTIM: usize = 1;
const LIAR: usize = 2;

/// What became of one liar.
struct Outcome {
    /// Seconds until the victim had the honest chain.
    synced: f64,
    offences: BTreeSet<&'static str>,
    points: u32,
    was_parted: bool,
    held: usize,
}

/// A chain of six seconds' transfer.
fn long_chain(kind: Kind) -> Model {
    let chain = Model::new(kind);
    for number in 0..600 {
        chain.mine(number * 3, 5_000);
    }
    chain
}

/// An empty node that knows an honest one, and perhaps a liar; half a minute of life after the sync.
fn meet(chain: &Model, script: Option<Script>, seed: u64) -> Outcome {
    let mut world = World::new(seed);
    let kind = chain.kind();
    // The liar is met first, and asked first.
    let victim = Place::of(VICTIM).naming(script.map(|_| LIAR));
    let mut place = Place::of(HONEST);
    place.bandwidth = 500_000;
    world.add(place, chain.copy());
    world.add(victim, Model::new(kind));
    if let Some(script) = script {
        let own = chain.copy();
        if script.fails {
            own.add(failing());
            own.mine(2, 100);
        }
        let mut place = Place::of(LIAR);
        place.bandwidth = 500_000;
        let liar = world.add(place, own);
        world.nodes[liar].lies = Some(Liar::playing(script));
    }
    world.run_for(0.5);
    let address = Place::of(HONEST).address;
    let honest = PeerAddress::http(address.ip(), address.port());
    world.feed(VICTIM, Input::Follow(vec![honest]));
    let has_all = |world: &World| {
        let tip = world.nodes[HONEST].ledger.tip();
        world.nodes[VICTIM].ledger.tip().id == tip.id
    };
    let synced = world.run_till(200_000_000, 10_000, has_all);
    let synced = synced.expect("an honest node brings its chain") as f64 / 1e6;
    let mut held = 0;
    for _ in 0..12 {
        world.add_transaction(HONEST, 100);
        world.mine(HONEST, 300);
        world.run_for(5.0);
        held = held.max(world.engine(VICTIM).held());
    }
    assert!(has_all(&world), "it stopped following");
    let honest = world.nodes[HONEST].ledger.clone();
    for height in 0..=world.nodes[VICTIM].ledger.tip().height {
        let id = world.nodes[VICTIM].ledger.tip_at(height as usize).id;
        assert!(
            honest.is_current(&id),
            "block {height} is not the honest node's"
        );
    }
    assert_eq!(world.nodes[VICTIM].ledger.waiting_count(), 0);
    let liar = Place::of(LIAR).address.ip().to_string();
    let mut outcome = Outcome {
        synced,
        offences: BTreeSet::new(),
        points: 0,
        was_parted: false,
        held,
    };
    for event in &world.nodes[VICTIM].events {
        match event {
            Event::Blamed {
                name, offence, why, ..
            } => {
                assert!(name.starts_with(&liar), "an honest node is blamed: {why}");
                outcome.offences.insert(offence.name());
                outcome.points += offence.points();
            }
            Event::Left { name, .. } | Event::NotReached { name, .. } => {
                outcome.was_parted |= name.starts_with(&liar);
            }
            _ => {}
        }
    }
    if let Some(node) = world.nodes.get(LIAR) {
        outcome.was_parted |= node.links.is_empty();
    }
    outcome
}

/// Meets each of these liars, and says which did not end as they have to.
fn wrong_ends(chain: &Model, kinds: impl Iterator<Item = &'static Row>) -> Vec<&'static str> {
    let alone = meet(chain, None, 7);
    println!(
        "without a liar: {:.2} s, {} things held",
        alone.synced, alone.held
    );
    let mut wrong = Vec::new();
    let mut count = 0;
    for (name, script, ends) in kinds {
        count += 1;
        let outcome = meet(chain, Some(*script), 7);
        let times = outcome.synced / alone.synced;
        println!(
            "{name}: {times:.2} times as long, blamed {} points for {:?}, parted {}, {} things held",
            outcome.points, outcome.offences, outcome.was_parted, outcome.held
        );
        let is_met = match ends {
            Ends::Blamed(offence) => outcome.offences.contains(offence.name()),
            Ends::Parted => outcome.was_parted,
            Ends::Ignored => true,
        };
        if !is_met || times > 2.0 || outcome.held > 80_000 {
            wrong.push(*name);
        }
    }
    println!("{count} kinds");
    wrong
}

#[test]
fn no_liar_is_believed_and_none_holds_up_a_sync() {
    let wrong = wrong_ends(&long_chain(Kind::Coin), all_kinds());
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn no_liar_holds_up_a_chain_without_headers() {
    let wrong = wrong_ends(&long_chain(Kind::Classic), classic_kinds());
    assert!(wrong.is_empty(), "{wrong:?}");
}
