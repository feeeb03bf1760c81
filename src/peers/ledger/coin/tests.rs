//! Chains that go from one coin node to another, honest ones and others.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test ends where it is wrong"
)]

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use alloy_primitives::Address;
use redb::backends::InMemoryBackend;

use super::*;
use crate::limits;
use crate::node::coin::{CoinSettings, Template, start_coin};
use crate::peers::blame::Offence;
use crate::peers::ledger::tests::{assert_blames, brought, messages, odd_sizes, outlined, planned};
use crate::peers::ledger::waiting::wait_for;
use crate::peers::ledger::{Outlined, Plan};
use crate::protocol::coin::genesis::Genesis;
use crate::protocol::coin::header::{HEADER_BYTES, Header};
use crate::protocol::coin::parameters::Parameters;
use crate::store::StoreOptions;
use crate::store::coin::CoinStore;

const NOW: u64 = 1_795_300_000;

pub(super) struct TestNode {
    pub(super) ledger: CoinLedger,
    clock: Arc<AtomicU64>,
}

fn node_with(parameters: Parameters) -> TestNode {
    let genesis = Arc::new(Genesis::of(parameters));
    let options = StoreOptions {
        network: genesis.parameters.name.clone(),
        ..StoreOptions::default()
    };
    let first = Arc::clone(&genesis);
    let path = PathBuf::from("in memory");
    let store = CoinStore::over(InMemoryBackend::new(), path, options, || (*first).clone());
    let clock = Arc::new(AtomicU64::new(NOW));
    let reading = Arc::clone(&clock);
    let settings = CoinSettings {
        genesis,
        clock: Arc::new(move || reading.load(Ordering::Relaxed)),
        pool_limits: limits::PoolLimits::default(),
        switch_to: None,
        recorder: Arc::new(metrics::NoopRecorder),
    };
    let (node, _writer) = start_coin(store.expect("a store"), settings).expect("a writer");
    TestNode {
        ledger: CoinLedger::new(node),
        clock,
    }
}

pub(super) fn node() -> TestNode {
    node_with(Parameters::dev())
}

impl TestNode {
    /// Mines blocks that differ from another's by their miner.
    pub(super) fn mine(&self, blocks: usize, miner: u8) {
        for _ in 0..blocks {
            let template = self.template(miner);
            let nonce = nonce(&template.header);
            let connected = self.ledger.node.connect_template(template, nonce);
            wait_for(connected).expect("it connects");
        }
    }

    pub(super) fn template(&self, miner: u8) -> Template {
        let miner = Address::repeat_byte(miner);
        let template = self.ledger.node.template(miner, Default::default());
        template.expect("a template")
    }

    pub(super) fn stand(&self) -> Stand {
        self.ledger.stand().expect("it reads")
    }
}

pub(super) fn nonce(header: &Header) -> u32 {
    let target = header.bits.target().expect("a target");
    let meets = |nonce: &u32| {
        let header = Header {
            nonce: *nonce,
            ..*header
        };
        target.is_met_by(header.hash().0)
    };
    (0..=u32::MAX).find(meets).expect("half of them do")
}

/// A chain of `shared` blocks on both nodes, and so many more on each.
pub(super) fn parted(shared: usize, one: usize, other: usize) -> (TestNode, TestNode) {
    let (left, right) = (node(), node());
    left.mine(shared, 1);
    brought(&left.ledger, &right.ledger).expect("it is honest");
    left.mine(one, 2);
    right.mine(other, 3);
    (left, right)
}

#[test]
fn an_empty_node_takes_a_chain_over_in_pieces_of_any_size() {
    let (from, to) = (node(), node());
    from.mine(2_100, 1);
    let mut import = to.ledger.begin().expect("it reads");
    let (found, answers) = outlined(&from.ledger, &mut *import).expect("they hold");
    // 2,048 headers are the most in one answer.
    assert_eq!(answers, 2);
    let Outlined::Planned(Plan {
        base,
        end,
        stretches,
    }) = found
    else {
        panic!("{found:?}");
    };
    assert_eq!((base, end), (to.stand(), from.stand()));
    let heights: Vec<u64> = stretches.iter().map(|stretch| stretch.height).collect();
    let evenly = (1..17).map(|at| at * 128).chain([2_100]);
    assert_eq!(heights, evenly.collect::<Vec<_>>());
    drop(import);
    assert_eq!(brought(&from.ledger, &to.ledger), Ok(from.stand()));
    assert_eq!(to.stand(), from.stand());
}

#[test]
fn of_two_branches_the_heavier_is_taken_whichever_node_has_it() {
    let (light, heavy) = parted(60, 50, 51);
    let mut import = heavy.ledger.begin().expect("it reads");
    let (found, _) = outlined(&light.ledger, &mut *import).expect("they hold");
    let shown = light.stand();
    assert_eq!(found, Outlined::NotBetter { shown, all: true });
    let mut import = light.ledger.begin().expect("it reads");
    let plan = planned(&heavy.ledger, &mut *import);
    assert_eq!((plan.base.height, plan.end), (60, heavy.stand()));
    assert_eq!(brought(&heavy.ledger, &light.ledger), Ok(heavy.stand()));
    // And back, over the branch that was displaced.
    light.mine(1, 2);
    assert_eq!(brought(&light.ledger, &heavy.ledger), Ok(light.stand()));
}

#[test]
fn equal_weight_is_not_better() {
    let (one, other) = parted(3, 4, 4);
    let mut import = one.ledger.begin().expect("it reads");
    let (found, _) = outlined(&other.ledger, &mut *import).expect("they hold");
    let shown = other.stand();
    assert_eq!(found, Outlined::NotBetter { shown, all: true });
}

#[test]
fn what_was_connected_is_not_asked_for_again() {
    let (light, heavy) = parted(30, 100, 200);
    // At first it is a side chain, at last the chain.
    for taken in [40, 80, 150] {
        let mut import = light.ledger.begin().expect("it reads");
        let plan = planned(&heavy.ledger, &mut *import);
        assert_eq!(plan.end, heavy.stand());
        let missing = 30 + taken - plan.base.height;
        for blocks in messages(&heavy.ledger, &plan, (0..missing).map(|_| 1)) {
            import.check(blocks).expect("they hold");
        }
        import.connect().expect("they connect");
        let again = light.ledger.begin().expect("it reads");
        let mut again = again;
        let plan = planned(&heavy.ledger, &mut *again);
        assert_eq!(plan.base.height, 30 + taken);
        let number = light.stand().height;
        assert_eq!(number, if taken > 100 { 30 + taken } else { 130 });
    }
}

#[test]
fn a_header_from_ahead_of_the_clock_ends_the_plan_before_it() {
    let parameters = || Parameters {
        ahead: 100,
        ..Parameters::dev()
    };
    let (from, to) = (node_with(parameters()), node_with(parameters()));
    from.mine(3, 1);
    from.clock.store(NOW + 5_000, Ordering::Relaxed);
    from.mine(2, 1);
    let mut import = to.ledger.begin().expect("it reads");
    let plan = planned(&from.ledger, &mut *import);
    assert_eq!(plan.end.height, 3);
    for blocks in messages(&from.ledger, &plan, odd_sizes()) {
        import.check(blocks).expect("they hold");
    }
    assert_eq!(import.connect(), Ok(plan.end));
    // Asked for without headers, it is nobody's doing either.
    let mut import = to.ledger.begin().expect("it reads");
    let (blocks, last) = from
        .ledger
        .blocks(plan.end.id, from.stand().id, 1)
        .expect("it reads")
        .expect("it is on the chain");
    let next = Stand {
        height: 4,
        id: last,
        ..plan.end
    };
    import.next_block(&next);
    assert_blames(import.check(blocks), None);
}

#[test]
fn the_next_block_comes_without_headers() {
    let (from, to) = parted(2, 1, 0);
    let (tip, before) = (from.stand(), to.stand());
    let mut import = to.ledger.begin().expect("it reads");
    let plan = import.next_block(&tip);
    assert_eq!((plan.base, plan.end), (before, tip));
    let sent = from.ledger.blocks(before.id, tip.id, 1_000_000);
    let (blocks, last) = sent.expect("it reads").expect("it is there");
    assert_eq!((blocks.len(), last), (1, tip.id));
    assert_eq!(import.check(blocks), Ok(tip));
    assert_eq!(import.connect(), Ok(tip));
    // Another than the one named.
    let (from, to) = parted(2, 1, 0);
    let mut import = to.ledger.begin().expect("it reads");
    let other = Stand {
        id: BlockId([7; 32]),
        ..from.stand()
    };
    import.next_block(&other);
    let sent = from.ledger.blocks(to.stand().id, from.stand().id, 1);
    let (blocks, _) = sent.expect("it reads").expect("it is there");
    assert_blames(import.check(blocks), Some(Offence::Invalid));
}

#[test]
fn blocks_are_served_within_limits_from_one_branch() {
    let (from, heavy) = parted(20, 5, 6);
    let at = |height| {
        let entry = from
            .ledger
            .node
            .read(|snapshot| crate::store::coin::Ledger::entry_at(&snapshot, height));
        id_of(entry.expect("it is there").hash())
    };
    let served = |after, to, bytes| from.ledger.blocks(after, to, bytes).expect("it reads");
    let (all, last) = served(at(0), at(25), usize::MAX).expect("they are there");
    assert_eq!((all.len(), last), (25, at(25)));
    let one = all[0].bytes();
    let counted = |bytes| served(at(0), at(25), bytes).map(|(blocks, last)| (blocks.len(), last));
    assert_eq!(counted(0), Some((1, at(1))));
    assert_eq!(counted(3 * one), Some((3, at(3))));
    assert_eq!(counted(4 * one - 1), Some((3, at(3))));
    assert_eq!(served(at(5), at(5), 1), None);
    assert_eq!(served(at(6), at(5), 1), None);
    assert_eq!(served(at(5), BlockId([1; 32]), 1), None);
    assert_eq!(served(BlockId([1; 32]), at(5), 1), None);
    // What has been displaced is served behind what it stands on.
    let (fork, before, displaced) = (at(20), at(24), at(25));
    brought(&heavy.ledger, &from.ledger).expect("it is honest");
    assert_ne!(at(25), displaced);
    let (blocks, last) = served(before, displaced, 1).expect("it is kept");
    assert_eq!((blocks.len(), last), (1, displaced));
    let (blocks, _) = served(fork, displaced, usize::MAX).expect("they are kept");
    assert_eq!(blocks.len(), 5);
    assert_eq!(served(displaced, at(26), 1), None);
    assert_eq!(served(at(25), displaced, 1), None);
}

#[test]
fn headers_begin_behind_the_first_block_that_both_have() {
    let (from, other) = parted(20, 5, 6);
    let tip = from.stand();
    let locator = other.ledger.begin().expect("it reads").locator();
    let headers = from.ledger.headers(&locator).expect("it reads");
    assert_eq!((headers.step, headers.end), (1, tip));
    assert!(headers.after <= 20);
    let count = headers.items.len() / HEADER_BYTES;
    assert_eq!(headers.after + count as u64, 25);
    for none in [&[][..], &[BlockId([1; 32])]] {
        let headers = from.ledger.headers(none).expect("it reads");
        assert_eq!((headers.after, headers.after_id), (tip.height, tip.id));
        assert!(headers.items.is_empty());
    }
}
