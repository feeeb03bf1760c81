//! Many liars at once, and honest peers that are slow: whoever has the chain is heard all the same.

use alloy_primitives::U256;
use bcoin::peers::address::PeerAddress;
use bcoin::peers::engine::event::Event;
use bcoin::peers::engine::input::Input;
use bcoin::peers::message::{BlockId, Message, Stand, Weight, codec};
use bytes::Bytes;

use super::liars::{HONEST, Liar, Script};
use super::model::{Kind, Model};
use super::place::Place;
use super::world::World;

/// A greeting and tips that promise more than anybody has, each liar its own.
fn promising(message: &Message, own: &Model) -> Option<Vec<Bytes>> {
    let tip = own.tip();
    let mut id = tip.id.0;
    id[0] ^= 1;
    let stand = Stand {
        height: tip.height + 100_000,
        id: BlockId(id),
        weight: Weight(tip.weight.0 + U256::from(1_000_000)),
    };
    let message = match message {
        Message::Tip(_) => Message::Tip(stand),
        Message::Hello(hello) => {
            let mut hello = hello.clone();
            hello.stand = stand;
            Message::Hello(hello)
        }
        _ => return None,
    };
    Some(vec![codec::encode(&message)])
}

/// Seconds until an empty node has an honest peer's chain that knew so many liars before; nobody honest is blamed.
fn synced(liars: usize, script: Script) -> f64 {
    const VICTIM: usize = 0;
    const HONEST_NODE: usize = 1;
    let chain = Model::new(Kind::Coin);
    for number in 0..100 {
        chain.mine(number * 3, 1_000);
    }
    let mut world = World::new(5);
    world.add(
        Place::of(VICTIM).naming(2..2 + liars),
        Model::new(Kind::Coin),
    );
    world.add(Place::of(HONEST_NODE), chain.copy());
    for at in 2..2 + liars {
        // No two of them promise the same.
        let own = chain.copy();
        own.mine(1_000 + 3 * at as u64, 10);
        let liar = world.add(Place::of(at), own);
        world.nodes[liar].lies = Some(Liar::playing(script));
    }
    world.run_for(2.0);
    let address = Place::of(HONEST_NODE).address;
    let honest = PeerAddress::http(address.ip(), address.port());
    world.feed(VICTIM, Input::Follow(vec![honest]));
    let begun = world.now;
    let tip = chain.tip().id;
    let has_it = |world: &World| world.nodes[VICTIM].ledger.keeps(&tip);
    let done = world.run_till(begun + 300_000_000, 10_000, has_it);
    let done = done.expect("an honest node brings its chain");
    world.run_for(60.0);
    let (mut blamed, honest) = (std::collections::BTreeSet::new(), address.ip().to_string());
    for event in &world.nodes[VICTIM].events {
        if let Event::Blamed { name, why, .. } = event {
            assert!(
                !name.starts_with(&honest),
                "an honest node is blamed: {why}"
            );
            blamed.insert(name.clone());
        }
    }
    assert_eq!(blamed.len(), liars, "each is blamed");
    (done - begun) as f64 / 1e6
}

/// A chain that does not wait behind others' promises for more than a few seconds.
fn comes_in_at_once(script: Script) {
    let alone = synced(0, script);
    for liars in [8, 12] {
        let among = synced(liars, script);
        println!("{liars} liars: {among:.2} s, without them {alone:.2} s");
        assert!(among <= alone + 6.0, "{liars} liars: {among} s");
    }
}

#[test]
fn liars_who_promise_and_send_nothing_keep_no_chain_out() {
    comes_in_at_once(Script {
        instead: |m, own| match m {
            Message::Headers(_) | Message::Blocks { .. } => Some(Vec::new()),
            _ => promising(m, own),
        },
        ..HONEST
    });
}

#[test]
fn liars_whose_headers_have_no_end_keep_no_chain_out() {
    comes_in_at_once(Script {
        instead: promising,
        endless: true,
        late: 4_500,
        is_late: |m| matches!(m, Message::Headers(_)),
        ..HONEST
    });
}

#[test]
fn liars_whose_headers_hold_and_whose_blocks_never_come_keep_no_chain_out() {
    comes_in_at_once(Script {
        instead: |m, _| matches!(m, Message::Blocks { .. }).then(Vec::new),
        ..HONEST
    });
}

#[test]
fn keys_without_number_that_promise_and_send_nothing_keep_no_chain_out() {
    const VICTIM: usize = 0;
    const CALLED: usize = 1;
    const CALLS: usize = 2;
    const LIARS: usize = 40;
    // Once the honest node is one that the victim called, and once one that calls it.
    for (names, honest, most) in [(CALLED, CALLED, 1_000_000), (VICTIM, CALLS, 20_000_000)] {
        let mut world = World::new(6);
        let named = (names == CALLED).then_some(CALLED);
        world.add(Place::of(VICTIM).naming(named), Model::new(Kind::Coin));
        world.add(Place::of(CALLED), Model::new(Kind::Coin));
        let named = (names == VICTIM).then_some(VICTIM);
        let mut place = Place::of(CALLS).naming(named);
        place.listens = false;
        world.add(place, Model::new(Kind::Coin));
        for at in 0..LIARS {
            let own = Model::new(Kind::Coin);
            own.mine(1_000 + 3 * at as u64, 10);
            let mut place = Place::of(10 + at).naming([VICTIM]);
            place.listens = false;
            let liar = world.add(place, own);
            world.nodes[liar].lies = Some(Liar::playing(Script {
                instead: |m, own| match m {
                    Message::Headers(_) | Message::Blocks { .. } => Some(Vec::new()),
                    _ => promising(m, own),
                },
                ..HONEST
            }));
        }
        let mut slowest = 0;
        for round in 0..24_u8 {
            world.run_for(2.5);
            // Each comes again under another key.
            for liar in 3..3 + LIARS {
                if liar % 2 == usize::from(round % 2) {
                    world.nodes[liar].secret[31] = round + 1;
                    world.crash(liar, 1_000);
                }
            }
            let mined = world.now;
            let stand = world.mine(honest, 100);
            let has_it = |world: &World| world.nodes[VICTIM].ledger.keeps(&stand.id);
            let done = world.run_till(mined + 60_000_000, 10_000, has_it);
            let took = done.expect("it follows") - mined;
            slowest = slowest.max(took);
        }
        println!("at most {:.2} s behind", slowest as f64 / 1e6);
        assert!(slowest < most, "simulated time");
    }
}

#[test]
fn slow_honest_peers_are_not_blamed_for_each_others_blocks() {
    let chain = Model::new(Kind::Classic);
    for number in 0..160 {
        chain.mine(number, 60_000);
    }
    for seed in 0..4 {
        let mut world = World::new(seed);
        world.add(Place::of(0).naming(1..4), Model::new(chain.kind()));
        for at in 1..4 {
            let mut place = Place::of(at);
            place.bandwidth = 400_000 + 100_000 * at as u64;
            world.add(place, chain.copy());
        }
        let tip = chain.tip().id;
        let has_it = |world: &World| world.nodes[0].ledger.keeps(&tip);
        let done = world.run_till(120_000_000, 10_000, has_it);
        println!("seed {seed}: {:?} µs", done);
        assert!(done.is_some());
        for event in &world.nodes[0].events {
            assert!(!matches!(event, Event::Blamed { .. }), "{event:?}");
        }
    }
}

#[test]
fn a_crowd_from_one_address_takes_no_place_of_another() {
    const HONEST_NODES: usize = 20;
    let mut world = World::new(9);
    world.add(Place::of(0), Model::new(Kind::Coin));
    for at in 1..=HONEST_NODES {
        let mut place = Place::of(at).naming([0]);
        place.listens = false;
        world.add(place, Model::new(Kind::Coin));
    }
    world.run_for(5.0);
    world.nodes[0].events.clear();
    // Keys by the dozen behind one address. Whoever is turned away comes again.
    for at in 0..70 {
        let mut place = Place::of(100).naming([0]);
        place.address.set_port(6_000 + at);
        place.listens = false;
        world.add(place, Model::new(Kind::Coin));
    }
    world.run_for(90.0);
    let crowd = Place::of(100).address.ip().to_string();
    let mut turned_away = 0;
    for event in &world.nodes[0].events {
        assert!(!matches!(event, Event::Blamed { .. }), "{event:?}");
        if let Event::Left { name, .. } = event {
            assert!(name.starts_with(&crowd), "{event:?}");
            turned_away += 1;
        }
    }
    println!("{turned_away} of the crowd made room");
    assert!(turned_away > 0, "there was room for all");
    assert!(
        world.nodes[0].links.len() <= bcoin::limits::SESSIONS + bcoin::limits::SESSIONS_GREETING
    );
    assert!(world.engine(0).held() < 10_000);
}
