//! What a node of the network `dev` does for tests of contracts: its clock moves, and it mines when somebody says so.

mod impersonation;

use std::sync::Arc;
use std::time::Duration;

use alloy_consensus::TxEip1559;
use alloy_primitives::{Address, B256, TxKind, U256};
use bcoin::mempool::Entry;
use bcoin::miner::on_demand::{NOBODY, OnDemand};
use bcoin::node::coin::{CoinError, CoinEvent, CoinHandle, Connected, DevRefused, check_chain};
use bcoin::protocol::coin::DEV_ACCOUNTS;
use bcoin::protocol::coin::parameters::{COIN, Parameters};
use bcoin::protocol::coin::state::StateView;
use bcoin::store::coin::Ledger;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::coin_world::{TestNode, mined, signed, test_keys};

const NOW: u64 = 1_800_000_000;

fn dev() -> TestNode {
    TestNode::new(Parameters::dev(), NOW)
}

fn on_demand(node: &CoinHandle, automine: bool) -> Arc<OnDemand> {
    let (tasks, shutdown) = (TaskTracker::new(), CancellationToken::new());
    let node = node.clone();
    Arc::new(OnDemand::new(node, None, automine, tasks, shutdown))
}

/// Has a coin's transfer of the first test account wait.
async fn send(node: &CoinHandle, nonce: u64) {
    let transfer = TxEip1559 {
        chain_id: 31_337,
        nonce,
        gas_limit: 21_000,
        max_fee_per_gas: 2,
        max_priority_fee_per_gas: 1,
        to: TxKind::Call(DEV_ACCOUNTS[1]),
        value: U256::from(COIN),
        ..TxEip1559::default()
    };
    let envelope = signed(&test_keys(1)[0], transfer);
    let read = node.read_transaction(envelope).expect("it holds");
    let added = node.add_transaction(Arc::new(read)).await;
    assert!(!added.expect("it waits").was_known);
}

fn tip(node: &CoinHandle) -> (u64, u32) {
    let place = node.tip().place;
    (place.number, place.time)
}

fn balance(node: &CoinHandle, address: Address) -> U256 {
    let snapshot = node.snapshot().expect("a snapshot");
    let account = StateView::account(&snapshot, address).expect("it reads");
    account.map(|account| account.balance).unwrap_or_default()
}

#[tokio::test]
async fn what_waits_is_mined_before_its_sender_is_answered() {
    let TestNode { node, .. } = &dev();
    let mining = on_demand(node, true);
    mining.mine_what_waits().await.expect("nothing to do");
    assert_eq!(tip(node).0, 0, "nothing waits, so no block is mined");

    send(node, 0).await;
    send(node, 1).await;
    mining.mine_what_waits().await.expect("it is mined");
    assert_eq!((tip(node).0, node.tip().waiting), (1, 0));

    send(node, 3).await;
    mining.mine_what_waits().await.expect("nothing to do");
    assert_eq!(
        (tip(node).0, node.tip().waiting),
        (1, 1),
        "nonce 2 is missing"
    );
    send(node, 2).await;
    mining.mine_what_waits().await.expect("it is mined");
    assert_eq!((tip(node).0, node.tip().waiting), (2, 0));
    assert_eq!(
        balance(node, NOBODY),
        U256::from(100 * COIN + 4 * 21_000 * 2)
    );

    mining.set_automine(false);
    send(node, 4).await;
    mining.mine_what_waits().await.expect("nothing to do");
    assert_eq!((tip(node).0, node.tip().waiting), (2, 1));
}

#[tokio::test]
async fn many_who_send_at_once_share_blocks() {
    let TestNode { node, .. } = &dev();
    let mining = on_demand(node, true);
    let senders = (0..20).map(|nonce| {
        let (node, mining) = (node.clone(), Arc::clone(&mining));
        async move {
            send(&node, nonce).await;
            mining.mine_what_waits().await.expect("it is mined");
        }
    });
    let tasks: Vec<_> = senders.map(tokio::spawn).collect();
    for task in tasks {
        task.await.expect("it ends");
    }
    assert_eq!(node.tip().waiting, 0);
    assert!((1..=20).contains(&tip(node).0));
}

#[tokio::test]
async fn blocks_are_mined_one_after_the_other_and_so_far_apart() {
    let TestNode { node, .. } = &dev();
    let mining = on_demand(node, false);
    mining.pay(DEV_ACCOUNTS[9]);
    mining.mine_many(4, Some(3_600)).await.expect("mined");
    let now = u32::try_from(NOW).expect("before 2106");
    assert_eq!(tip(node), (4, now + 3 * 3_600));
    mining.mine_many(2, None).await.expect("mined");
    assert_eq!(
        tip(node),
        (6, now + 3 * 3_600 + 2),
        "the clock went on from there"
    );
    let paid = U256::from((10_000 + 6 * 50) * COIN);
    assert_eq!(balance(node, DEV_ACCOUNTS[9]), paid);
}

#[tokio::test]
async fn blocks_come_every_so_often_until_they_are_stopped() {
    let TestNode { node, .. } = &dev();
    let mining = on_demand(node, false);
    let mut tips = node.watch_tip();
    mining.set_interval(Some(Duration::from_millis(1)));
    for _ in 0..3 {
        tips.changed().await.expect("a block");
    }
    mining.set_interval(None);
    // The one under way may still come; none behind it.
    let stopped_at = mining.mine().await.expect("mined").number();
    let next = mining.mine().await.expect("mined").number();
    assert_eq!(next, stopped_at + 1);
}

#[tokio::test]
async fn the_clock_moves_and_blocks_follow_it() {
    let TestNode { node, .. } = &dev();
    let mining = on_demand(node, false);
    let mined = async || mining.mine().await.expect("mined").header().time;
    let now = u32::try_from(NOW).expect("before 2106");
    assert_eq!(mined().await, now);

    assert_eq!(node.increase_time(1_000).expect("it moves"), 1_000);
    assert_eq!(node.now(), NOW + 1_000);
    assert_eq!(mined().await, now + 1_000);
    // Blocks that came faster than seconds are ahead of the clock; time passes behind the last.
    assert_eq!(mined().await, now + 1_001);
    assert_eq!(node.increase_time(60).expect("it moves"), 1_061);
    assert_eq!(mined().await, now + 1_061);

    node.set_next_time(NOW + 5_000).expect("it is set");
    assert_eq!(node.now(), NOW + 1_061, "until the block is there");
    assert_eq!(mined().await, now + 5_000);
    assert_eq!(
        (node.now(), node.moved_clock()),
        (NOW + 5_000, node.moved_clock())
    );
    assert_eq!(mined().await, now + 5_001);

    node.set_spacing(Some(15)).expect("it is set");
    assert_eq!((mined().await, mined().await), (now + 5_016, now + 5_031));
    node.set_spacing(None).expect("it is set");
    assert_eq!(mined().await, now + 5_032);

    let before = node.moved_clock();
    assert_eq!(node.set_time(NOW + 9_000).expect("it is set"), 9_000);
    node.restore_clock(before).expect("it moves back");
    assert_eq!(node.now(), NOW + 5_031);
}

#[tokio::test]
async fn the_clock_goes_neither_below_the_last_block_nor_beyond_the_last_second() {
    let TestNode { node, .. } = &dev();
    let mining = on_demand(node, false);
    let tip = mining.mine().await.expect("mined").header().time;
    let wanted = u64::from(tip);
    let below = CoinError::from(DevRefused::TimeNotAboveTip { wanted, tip });
    assert_eq!(node.set_time(wanted), Err(below.clone()));
    assert_eq!(node.set_next_time(wanted), Err(below));
    for wanted in [u64::from(u32::MAX), u64::MAX] {
        let most = u32::MAX - 1;
        let beyond = CoinError::from(DevRefused::TimeBeyondEnd { wanted, most });
        assert_eq!(node.set_next_time(wanted), Err(beyond.clone()));
        assert_eq!(node.set_time(wanted), Err(beyond));
    }
    assert!(node.increase_time(u64::MAX).is_err());
    assert_eq!(node.now(), NOW, "nothing has moved");

    // Further ahead than any other network would let a block be, and so is the one behind it.
    node.increase_time(70 * 365 * 86_400).expect("it moves");
    assert_eq!(mining.mine().await.expect("mined").number(), 2);
    node.restore_clock(Default::default())
        .expect("as after a start");
    assert_eq!(mining.mine().await.expect("mined").number(), 3);
}

#[tokio::test]
async fn what_waits_does_not_grow_old_when_the_clock_moves() {
    let TestNode { node, .. } = &dev();
    send(node, 0).await;
    node.increase_time(365 * 86_400).expect("it moves");
    assert_eq!(node.expire().await, Ok(0));
    assert_eq!(node.tip().waiting, 1);
}

#[tokio::test]
async fn no_other_network_has_a_clock_that_moves() {
    let other = Parameters {
        chain_id: 31_338,
        ..Parameters::dev()
    };
    let TestNode { node, .. } = &TestNode::new(other, NOW);
    let refused = CoinError::from(DevRefused::OtherNetwork { found: 31_338 });
    assert_eq!(node.increase_time(1), Err(refused.clone()));
    assert_eq!(node.set_time(NOW + 1), Err(refused.clone()));
    assert_eq!(node.set_next_time(NOW + 1), Err(refused.clone()));
    assert_eq!(node.set_spacing(Some(1)), Err(refused.clone()));
    assert_eq!(node.restore_clock(node.moved_clock()), Err(refused.clone()));
    let first = (0, node.genesis().hash());
    assert_eq!(node.rewind(first, Vec::new()).await, Err(refused.clone()));
    assert_eq!(node.drop_transaction(B256::ZERO).await, Err(refused));
}

fn entries(node: &CoinHandle) -> Vec<Entry> {
    node.mempool().iter().cloned().collect()
}

fn is_sound(node: &CoinHandle) {
    let snapshot = node.snapshot().expect("a snapshot");
    let audit = snapshot
        .audit(node.parameters(), || true)
        .expect("it reads");
    assert!(audit.sound, "{audit:?}");
    let checked = check_chain(&snapshot, node.genesis(), node.now(), |_| true);
    assert_eq!(checked, Ok(node.tip().place.number));
}

#[tokio::test]
async fn the_chain_goes_back_as_if_nothing_had_been_there() {
    let TestNode { node, .. } = &dev();
    let mining = on_demand(node, false);
    send(node, 0).await;
    mining.mine().await.expect("mined");
    send(node, 1).await;
    let (there, waiting) = (node.tip().place, entries(node));
    let account = |node| balance(node, DEV_ACCOUNTS[1]);
    let before = (account(node), node.tip().record_hash);

    let mut displaced = Vec::new();
    for nonce in 2..5 {
        send(node, nonce).await;
        displaced.push(mining.mine().await.expect("mined"));
    }
    send(node, 5).await;
    let mined_first = displaced[0].transactions()[0].hash();
    let side = mined(node, Address::ZERO, 77);
    mining.mine().await.expect("mined");
    let (side, kept) = node.submit_block(side).await.expect("kept");
    assert_eq!(kept, Connected::SideChain);

    let mut events = node.events().subscribe(None).live;
    let was = node.tip().place.hash;
    let gone = node.rewind((there.number, there.hash), waiting).await;
    assert_eq!(gone, Ok(4));
    assert_eq!((account(node), node.tip().record_hash), before);
    assert_eq!((node.tip().place, node.tip().waiting), (there, 1));
    let snapshot = node.snapshot().expect("a snapshot");
    for block in &displaced {
        assert_eq!(snapshot.known_block(block.hash()), Ok(None));
        assert_eq!(snapshot.body(block.hash()), Ok(None));
        assert_eq!(snapshot.by_record_hash(block.record_hash()), Ok(None));
        assert_eq!(snapshot.position(block.transactions()[0].hash()), Ok(None));
    }
    assert_eq!(snapshot.known_block(side), Ok(None), "side chains go too");
    let history = snapshot.history(DEV_ACCOUNTS[1], None, 100);
    assert_eq!(history.expect("it reads").len(), 1);
    drop(snapshot);
    assert_eq!(entries(node)[0].nonce(), 1);
    is_sound(node);

    let mut told = Vec::new();
    while let Ok(event) = events.try_recv() {
        told.push(event.event);
    }
    let reorg = CoinEvent::Reorg {
        fork: 1,
        number: 1,
        hash: there.hash,
        was,
        displaced: 4,
        connected: 0,
        returned: 0,
        returned_transactions: Vec::new(),
    };
    let waits = CoinEvent::Transaction { hash: mined_first };
    assert!(told.iter().any(|event| **event == reorg), "{told:?}");
    assert!(told.iter().any(|event| **event == waits), "{told:?}");

    // The same block as the first time is new again.
    for nonce in 2..5 {
        send(node, nonce).await;
        mining.mine().await.expect("mined");
    }
    assert_eq!((tip(node).0, node.tip().waiting), (4, 0));
    is_sound(node);
}

#[tokio::test]
async fn the_chain_goes_back_to_its_first_block_and_only_to_its_own() {
    let TestNode { node, .. } = &dev();
    let mining = on_demand(node, false);
    let first = (0, node.genesis().hash());
    assert_eq!(node.rewind(first, Vec::new()).await, Ok(0));
    let one = mining.mine().await.expect("mined");
    let two = mining.mine().await.expect("mined");
    send(node, 0).await;
    for (number, hash) in [(1, two.hash()), (3, two.hash()), (0, one.hash())] {
        let refused = DevRefused::NotOnChain { number, hash };
        let answer = node.rewind((number, hash), Vec::new()).await;
        assert_eq!(answer, Err(refused.into()));
    }
    assert_eq!(
        (tip(node).0, node.tip().waiting),
        (2, 1),
        "nothing has changed"
    );
    assert_eq!(node.rewind(first, Vec::new()).await, Ok(2));
    assert_eq!((tip(node).0, node.tip().waiting), (0, 0));
    assert_eq!(balance(node, NOBODY), U256::ZERO);
    is_sound(node);
    let again = mining.mine().await.expect("mined");
    assert_eq!(again.hash(), one.hash(), "as it was the first time");
}

#[tokio::test]
async fn what_waits_can_be_dropped() {
    let TestNode { node, .. } = &dev();
    send(node, 0).await;
    send(node, 1).await;
    let hash = entries(node)[0].hash();
    assert_eq!(node.drop_transaction(hash).await, Ok(true));
    assert_eq!(node.drop_transaction(hash).await, Ok(false));
    assert_eq!(node.tip().waiting, 1);
    assert!(node.mempool().best().next().is_none(), "nonce 0 is missing");
    is_sound(node);
}
