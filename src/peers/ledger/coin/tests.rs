//! Chains that go from one coin node to another, honest ones and others.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test ends where it is wrong"
)]

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use alloy_consensus::{SignableTransaction, TxEip1559, TxEnvelope};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, B256, TxKind, U256};
use redb::backends::InMemoryBackend;

use super::*;
use crate::limits;
use crate::node::coin::{CoinSettings, Template, start_coin};
use crate::peers::blame::Offence;
use crate::peers::ledger::tests::{
    assert_blames, brought, messages, odd_sizes, outlined, planned, with_items,
};
use crate::peers::ledger::waiting::wait_for;
use crate::peers::ledger::{Outlined, Plan};
use crate::protocol::coin::block::commitment;
use crate::protocol::coin::genesis::Genesis;
use crate::protocol::coin::header::{HEADER_BYTES, Header};
use crate::protocol::coin::parameters::Parameters;
use crate::store::StoreOptions;
use crate::store::coin::CoinStore;
use crate::wallet::keys::Key;
use crate::wallet::words::Words;

const NOW: u64 = 1_795_300_000;

struct TestNode {
    ledger: CoinLedger,
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

fn node() -> TestNode {
    node_with(Parameters::dev())
}

impl TestNode {
    /// Mines blocks that differ from another's by their miner.
    fn mine(&self, blocks: usize, miner: u8) {
        for _ in 0..blocks {
            let template = self.template(miner);
            let nonce = nonce(&template.header);
            let connected = self.ledger.node.connect_template(template, nonce);
            wait_for(connected).expect("it connects");
        }
    }

    fn template(&self, miner: u8) -> Template {
        let miner = Address::repeat_byte(miner);
        let template = self.ledger.node.template(miner, Default::default());
        template.expect("a template")
    }

    fn stand(&self) -> Stand {
        self.ledger.stand().expect("it reads")
    }
}

fn nonce(header: &Header) -> u32 {
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
fn parted(shared: usize, one: usize, other: usize) -> (TestNode, TestNode) {
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
    assert_eq!(found, Outlined::NotBetter { shown });
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
    assert_eq!(found, Outlined::NotBetter { shown });
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
fn wrong_headers_are_their_senders_doing() {
    let (from, to) = (node(), node());
    from.mine(20, 1);
    let honest = {
        let import = to.ledger.begin().expect("it reads");
        from.ledger.headers(&import.locator()).expect("it reads")
    };
    let blamed = |headers: &Headers, offence| {
        let mut import = to.ledger.begin().expect("it reads");
        assert_blames(import.headers(headers), offence);
        assert_blames(import.check(Vec::new()), None);
    };
    let malformed = Some(Offence::Malformed);
    blamed(&with_items(&honest, |items| items.truncate(799)), malformed);
    blamed(
        &Headers {
            step: 2,
            ..honest.clone()
        },
        malformed,
    );
    blamed(
        &Headers {
            after: 1,
            ..honest.clone()
        },
        malformed,
    );
    blamed(
        &Headers {
            after_id: honest.end.id,
            ..honest.clone()
        },
        malformed,
    );
    // The time of the eighth; the third left out.
    let invalid = Some(Offence::Invalid);
    blamed(
        &with_items(&honest, |items| items[7 * HEADER_BYTES + 68] ^= 1),
        invalid,
    );
    let without_third = |items: &mut Vec<u8>| {
        items.drain(2 * HEADER_BYTES..3 * HEADER_BYTES);
    };
    blamed(&with_items(&honest, without_third), invalid);
    // Fewer than there are: those that came are worth their blocks.
    let mut import = to.ledger.begin().expect("it reads");
    let few = with_items(&honest, |items| items.truncate(5 * HEADER_BYTES));
    let found = import.headers(&few).expect("they hold");
    assert!(matches!(found, Outlined::Planned(plan) if plan.end.height == 5));
}

#[test]
fn wrong_blocks_are_their_senders_doing_and_nothing_of_them_is_taken() {
    let (from, other) = parted(5, 20, 20);
    let to = node();
    let blocks_of = |ledger: &CoinLedger| -> Vec<BlockItem> {
        let (genesis, tip) = (to.stand().id, ledger.stand().expect("it reads").id);
        let read = ledger.blocks(genesis, tip, usize::MAX).expect("it reads");
        read.expect("they are on the chain").0
    };
    let (honest, others) = (blocks_of(&from.ledger), blocks_of(&other.ledger));
    let blamed = |sent: Vec<BlockItem>, good: u64, offence| {
        let mut import = to.ledger.begin().expect("it reads");
        planned(&from.ledger, &mut *import);
        assert_blames(import.check(sent), Some(offence));
        let stand = import.check(Vec::new()).expect("nothing is wrong with it");
        assert_eq!(stand.height, good);
        assert_eq!(to.stand().height, 0, "nothing was connected");
    };
    blamed(others.clone(), 5, Offence::Invalid);
    blamed(honest[1..].to_vec(), 0, Offence::Invalid);
    let mut twice = honest.clone();
    twice.push(honest[24].clone());
    blamed(twice, 25, Offence::Malformed);
    let changed = |at: usize, change: &dyn Fn(&mut Vec<u8>)| {
        let mut sent = honest.clone();
        let mut block = sent[at].block.to_vec();
        change(&mut block);
        sent[at].block = block.into();
        sent
    };
    // In the header, in the record, no end, no beginning, too much.
    blamed(changed(9, &|block| block[40] ^= 1), 9, Offence::Invalid);
    blamed(changed(9, &|block| block[200] ^= 1), 9, Offence::Invalid);
    blamed(
        changed(9, &|block| block.truncate(300)),
        9,
        Offence::Invalid,
    );
    blamed(changed(9, &Vec::clear), 9, Offence::Invalid);
    blamed(changed(9, &|block| block.push(0)), 9, Offence::Invalid);
    // The good ones before a bad one stand, and connect.
    let mut import = to.ledger.begin().expect("it reads");
    planned(&from.ledger, &mut *import);
    assert_blames(import.check(others), Some(Offence::Invalid));
    assert_eq!(import.connect().expect("they connect").height, 5);
    import.check(honest[5..].to_vec()).expect("they hold");
    assert_eq!(import.connect(), Ok(from.stand()));
}

#[test]
fn a_block_that_fails_execution_condemns_itself_and_nobody() {
    let (from, to) = (node(), node());
    from.mine(3, 1);
    brought(&from.ledger, &to.ledger).expect("it is honest");
    let mut template = from.template(1);
    template.record.state_root = B256::repeat_byte(9);
    template.header.commitment = commitment(&template.record);
    let block = template.sealed(nonce(&template.header));
    let before = to.stand();
    let headers = Headers {
        after: before.height,
        after_id: before.id,
        items: block.header.encode().to_vec().into(),
        step: 1,
        end: Stand {
            height: 4,
            id: id_of(block.header.hash()),
            ..before
        },
    };
    let mut import = to.ledger.begin().expect("it reads");
    let found = import.headers(&headers).expect("it holds");
    assert!(matches!(found, Outlined::Planned(_)));
    let sent = BlockItem {
        block: block.encode().into(),
        beside: Bytes::new(),
    };
    import.check(vec![sent]).expect("it holds by itself");
    assert_blames(import.connect(), None);
    assert_eq!(to.stand(), before);
    let mut again = to.ledger.begin().expect("it reads");
    assert_blames(again.headers(&headers), None);
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

/// The first keys of the public test words, whose accounts are rich on dev.
fn rich(count: u32) -> Vec<Key> {
    let words = "test test test test test test test test test test test junk";
    let seed = Words::parse(words).expect("words").seed("");
    let keys = (0..count).map(|index| Key::derive(&seed, index).expect("a key"));
    keys.collect()
}

fn payment(key: &Key, nonce: u64, chain_id: u64) -> Bytes {
    let transaction = TxEip1559 {
        chain_id,
        nonce,
        gas_limit: 21_000,
        max_fee_per_gas: 1_000,
        max_priority_fee_per_gas: 1_000,
        to: TxKind::Call(Address::repeat_byte(5)),
        value: U256::from(7),
        ..TxEip1559::default()
    };
    let signature = key.sign(transaction.signature_hash());
    TxEnvelope::from(transaction.into_signed(signature))
        .encoded_2718()
        .into()
}

#[test]
fn transactions_go_from_node_to_node() {
    let (from, to) = (node(), node());
    let chain_id = Parameters::dev().chain_id;
    let keys = rich(3);
    let sent: Vec<Bytes> = keys
        .iter()
        .flat_map(|key| (0..5).map(|nonce| payment(key, nonce, chain_id)))
        .collect();
    let taken = from.ledger.take(sent.clone()).expect("it writes");
    let ids = from.ledger.waiting().expect("it reads");
    assert_eq!(ids.len(), 15);
    assert_eq!(
        taken,
        ids.iter().map(|id| Taken::Waits(*id)).collect::<Vec<_>>()
    );
    assert_eq!(to.ledger.lacks(&ids), Ok(ids.clone()));
    // In the order asked for, up to the one that reaches the limit.
    let some = from.ledger.transactions(&ids, sent[0].len() + 1);
    assert_eq!(some.as_deref(), Ok(&sent[..2]));
    let all = from
        .ledger
        .transactions(&ids, usize::MAX)
        .expect("it reads");
    assert_eq!(all, sent);
    assert_eq!(to.ledger.take(all.clone()).as_ref(), Ok(&taken));
    assert_eq!(to.ledger.waiting(), Ok(ids.clone()));
    assert_eq!(
        to.ledger.take(all.clone()).as_ref(),
        Ok(&taken),
        "known ones wait"
    );
    assert_eq!(to.ledger.lacks(&ids), Ok(Vec::new()));
    // Neither what stands in a block is lacked.
    from.mine(1, 1);
    assert_eq!(from.ledger.waiting(), Ok(Vec::new()));
    assert_eq!(from.ledger.lacks(&ids), Ok(Vec::new()));
    assert_eq!(from.ledger.transactions(&ids, usize::MAX), Ok(Vec::new()));
    assert_eq!(from.ledger.take(all), Ok(taken));
    assert_eq!(from.ledger.waiting(), Ok(Vec::new()));
}

#[test]
fn transactions_that_hold_nowhere_are_their_senders_doing() {
    let to = node();
    let chain_id = Parameters::dev().chain_id;
    let keys = rich(2);
    let good = payment(&keys[0], 0, chain_id);
    let mut cut = good.to_vec();
    cut.pop();
    let sent = vec![
        cut.into(),
        Bytes::new(),
        payment(&keys[1], 0, chain_id + 1),
        payment(&keys[0], 500, chain_id),
        good,
    ];
    let taken = to.ledger.take(sent).expect("it writes");
    let [
        Taken::Broken(Offence::Malformed, _),
        Taken::Broken(Offence::Malformed, _),
        Taken::Broken(Offence::Invalid, _),
        Taken::Refused(..),
        Taken::Waits(good),
    ] = taken.as_slice()
    else {
        panic!("{taken:?}");
    };
    assert_eq!(to.ledger.waiting(), Ok(vec![*good]));
}
