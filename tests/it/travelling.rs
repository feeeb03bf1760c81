//! Transactions that nodes pass on: several nodes, each over a store of its own, against what was added in all.

mod scenarios;
mod world;

use std::collections::BTreeMap;

use bcoin::node::TravellingTransaction;
use proptest::prelude::*;

use world::{Node, transaction};

#[derive(Debug, Clone)]
enum Step {
    /// Few texts, so that equal ones are many.
    Add(usize, u8),
    Mine(usize),
    /// What waits on one node sets out to another; the bits say which of it.
    Send(usize, usize, u64),
    /// Something that set out arrives, and stays under way, to arrive again.
    Arrive(usize),
    Relay(usize, usize),
    Restart(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let node = || 0..4_usize;
    let step = prop_oneof![
        8 => (node(), 0..3_u8).prop_map(|(node, text)| Step::Add(node, text)),
        4 => node().prop_map(Step::Mine),
        6 => (node(), node(), any::<u64>()).prop_map(|(from, to, which)| Step::Send(from, to, which)),
        12 => any::<usize>().prop_map(Step::Arrive),
        4 => (node(), node()).prop_map(|(from, to)| Step::Relay(from, to)),
        1 => node().prop_map(Step::Restart),
    ];
    prop::collection::vec(step, 1..80)
}

async fn run(steps: Vec<Step>) {
    let mut nodes: Vec<Node> = ["a", "b", "c", "d"]
        .map(|name| Node::new(name, true))
        .into();
    let mut added: BTreeMap<String, usize> = BTreeMap::new();
    let mut under_way: Vec<(usize, TravellingTransaction)> = Vec::new();
    for step in steps {
        match step {
            Step::Add(node, text) => {
                nodes[node].add(text).await;
                *added
                    .entry(transaction(text).text().to_owned())
                    .or_default() += 1;
            }
            Step::Mine(node) => drop(nodes[node].mine().await),
            Step::Send(from, to, which) => {
                let letters = nodes[from].letters().into_iter().enumerate();
                let chosen = letters.filter(|(at, _)| which >> (at % 64) & 1 == 1);
                under_way.extend(chosen.map(|(_, letter)| (to, letter)));
            }
            Step::Arrive(which) if !under_way.is_empty() => {
                let (to, letter) = under_way[which % under_way.len()].clone();
                nodes[to].take(vec![letter]).await;
            }
            Step::Arrive(_) => {}
            Step::Relay(from, to) => drop(nodes[from].relay(&nodes[to], true).await),
            Step::Restart(node) => nodes[node].restart(true),
        }
    }
    // Everything arrives at last, and everyone hears of everything.
    for (to, letter) in under_way.into_iter().rev() {
        nodes[to].take(vec![letter]).await;
    }
    let highest = |nodes: &[Node]| {
        let heights = nodes.iter().map(|node| node.handle().tip().link.height);
        let highest = heights.enumerate().max_by_key(|(_, height)| *height);
        highest.expect("there are nodes").0
    };
    let best = highest(&nodes);
    nodes[best].mine().await;
    for _ in 0..2 {
        for from in 0..nodes.len() {
            nodes[best].relay(&nodes[from], true).await;
            for to in 0..nodes.len() {
                nodes[to].take(nodes[from].letters()).await;
            }
        }
    }
    for node in &nodes {
        assert_eq!(node.counts(), added, "in the chain or waiting");
        node.is_sound();
    }
    nodes[best].mine().await;
    for node in &nodes {
        nodes[best].relay(node, true).await;
        assert_eq!(node.waiting(), [""; 0], "one block takes all");
        assert_eq!(node.counts(), added, "in the chain");
        node.is_sound();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]
    #[test]
    fn each_transaction_is_mined_exactly_once(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        runtime.block_on(run(steps));
    }
}

/// `PROPTEST_CASES` raises it for a long run.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(24)
}
