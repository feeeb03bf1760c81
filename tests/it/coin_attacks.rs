//! Attacks on a coin network, each met by a rule that has a name.
//!
//! `tests/attacks.sh` builds the program once more with switches in its rules, names one by `BCOIN_WITHOUT`, and runs the test of that attack: without its rule it must
//! succeed. So each test says both what the attacker gains and what takes it from him.

use std::env;
use std::sync::Arc;

use alloy_consensus::{SignableTransaction, TxEip1559, TxEnvelope};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, Bytes, Signature, TxKind, U256, uint};
use bcoin::node::coin::{CoinError, CoinHandle, Connected, Request, Template};
use bcoin::protocol::coin::block::{Block, CheckedBlock, commitment, transactions_root};
use bcoin::protocol::coin::difficulty::{CountedTime, required_bits};
use bcoin::protocol::coin::header::Header;
use bcoin::protocol::coin::parameters::{COIN, Parameters};
use bcoin::protocol::coin::state::{MemoryState, StateView};
use bcoin::store::coin::Ledger;

use crate::coin_world::{TestNode, mined, signed, test_keys};

const NOW: u64 = 1_800_000_000;
const GROUP_ORDER: U256 =
    uint!(0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141_U256);

/// Whether this build lacks the rule.
fn without(rule: &str) -> bool {
    env::var("BCOIN_WITHOUT").is_ok_and(|named| named == rule)
}

/// The rule that refused a block.
fn rule_of<T: std::fmt::Debug>(refused: Result<T, CoinError>) -> String {
    match refused {
        Err(CoinError::Invalid { fault, .. }) => fault.rule.name().to_owned(),
        Err(other) => format!("{other}"),
        Ok(taken) => format!("taken: {taken:?}"),
    }
}

fn payment(nonce: u64, to: Address, coins: u128) -> TxEip1559 {
    TxEip1559 {
        chain_id: 31_337,
        nonce,
        gas_limit: 100_000,
        max_fee_per_gas: 2_000_000_000,
        max_priority_fee_per_gas: 1_000_000_000,
        to: TxKind::Call(to),
        value: U256::from(coins * COIN),
        ..TxEip1559::default()
    }
}

async fn hand_in(node: &CoinHandle, raw: &Bytes) {
    let read = node.read_transaction(raw.clone()).expect("a transaction");
    node.add_transaction(Arc::new(read))
        .await
        .expect("it waits");
}

fn balance(node: &CoinHandle, address: Address) -> U256 {
    let snapshot = node.snapshot().expect("the store reads");
    let account = snapshot.account(address).expect("it reads");
    account.map_or(U256::ZERO, |account| account.balance)
}

async fn extend(node: &CoinHandle, extra: u64) -> Bytes {
    let block = mined(node, Address::repeat_byte(0xaa), extra);
    node.submit_block(block.clone()).await.expect("a block");
    block
}

/// Finds a nonce for a header that says what the attacker likes.
fn prove(mut block: Block) -> Bytes {
    let target = block.header.bits.target().expect("a target");
    let nonce = (0..=u32::MAX).find(|nonce| {
        let header = Header {
            nonce: *nonce,
            ..block.header
        };
        target.is_met_by(header.hash().0)
    });
    block.header.nonce = nonce.expect("a nonce");
    block.encode().into()
}

/// A template that the attacker changes before he proves it; the commitment follows.
fn forged(node: &CoinHandle, forge: impl FnOnce(&mut Block)) -> Bytes {
    prove(forged_block(node, forge))
}

fn forged_block(node: &CoinHandle, forge: impl FnOnce(&mut Block)) -> Block {
    let template: Template = node
        .template(Address::repeat_byte(0xbb), Bytes::new())
        .expect("a template");
    let mut block = template.sealed(0);
    forge(&mut block);
    block.header.commitment = commitment(&block.record);
    block
}

/// A merchant waits for six blocks and hands over the goods; then a longer branch appears in which he was never paid.
#[tokio::test]
async fn double_spend_by_a_deep_reorg() {
    let parameters = Parameters {
        reorg_depth: 5,
        ..Parameters::dev()
    };
    let (merchants, attackers) = (
        TestNode::new(parameters.clone(), NOW),
        TestNode::new(parameters, NOW),
    );
    let keys = test_keys(2);
    let merchant = Address::repeat_byte(0x33);
    hand_in(
        &merchants.node,
        &signed(&keys[0], payment(0, merchant, 5_000)),
    )
    .await;
    for extra in 0..6 {
        extend(&merchants.node, extra).await;
    }
    let paid = balance(&merchants.node, merchant);
    assert_eq!(paid, U256::from(5_000 * COIN));
    // In secret: the same coins back to himself, and one block more.
    let back = signed(&keys[0], payment(0, keys[1].address(), 5_000));
    hand_in(&attackers.node, &back).await;
    let mut taken = Ok(());
    for extra in 100..107 {
        let block = extend(&attackers.node, extra).await;
        taken = merchants.node.submit_block(block).await.map(drop);
    }
    if without("reorg_depth") {
        assert_eq!(balance(&merchants.node, merchant), U256::ZERO, "{taken:?}");
        return;
    }
    assert!(
        matches!(
            taken,
            Err(CoinError::TooDeep {
                depth: 6,
                most: 5,
                ..
            })
        ),
        "{taken:?}"
    );
    assert_eq!(balance(&merchants.node, merchant), paid);
    assert!(
        merchants.node.deep_branch().is_some(),
        "its operator is told"
    );
    let tip = attackers.node.tip().place.hash;
    let switched = merchants
        .node
        .switch_to(tip)
        .await
        .expect("its operator may");
    let whole = Connected::Reorged {
        fork: 0,
        displaced: 6,
        connected: 7,
        returned: 0,
    };
    assert_eq!(switched, whole);
    assert_eq!(merchants.node.deep_branch(), None);
}

/// Who was paid on one network hands the same signed bytes in on another, where the sender has coins too.
#[tokio::test]
async fn replay_on_another_network() {
    let parameters = Parameters {
        chain_id: 31_338,
        ..Parameters::dev()
    };
    let other = TestNode::new(parameters, NOW);
    let key = &test_keys(1)[0];
    let raw = signed(key, payment(0, Address::repeat_byte(0x33), 7));
    let block = forged(&other.node, |block| {
        with_envelopes(block, vec![raw.clone()])
    });
    let refused = rule_of(other.node.submit_block(block).await);
    if without("tx_chain_id") {
        // Nothing but the state root is left, which the attacker fills in as any miner does.
        assert_eq!(refused, "gas_used");
        let read = other.node.read_transaction(raw).expect("it reads");
        assert_eq!(read.sender(), key.address(), "and pays");
        return;
    }
    assert_eq!(refused, "tx_chain_id");
}

fn with_envelopes(block: &mut Block, envelopes: Vec<Bytes>) {
    block.record.transactions_root = transactions_root(&envelopes);
    block.envelopes = envelopes;
}

/// Another form of the same signature gives the same payment another hash: whoever waits for the first believes that he was not paid.
#[tokio::test]
async fn malleated_signature() {
    let world = TestNode::new(Parameters::dev(), NOW);
    let key = &test_keys(1)[0];
    let transaction = payment(0, Address::repeat_byte(0x33), 7);
    let signature = key.sign(transaction.signature_hash());
    let mirrored = Signature::new(signature.r(), GROUP_ORDER - signature.s(), !signature.v());
    let original = TxEnvelope::from(transaction.clone().into_signed(signature));
    let malleated = TxEnvelope::from(transaction.into_signed(mirrored));
    assert_ne!(original.tx_hash(), malleated.tx_hash());
    let read = world.node.read_transaction(malleated.encoded_2718().into());
    if without("tx_high_s") {
        assert_eq!(read.expect("it is taken").sender(), key.address());
        return;
    }
    assert_eq!(read.expect_err("a high s").name(), "tx_high_s");
}

/// A miner takes a payment to himself into two blocks.
#[tokio::test]
async fn duplicate_transaction() {
    let world = TestNode::new(Parameters::dev(), NOW);
    let key = &test_keys(1)[0];
    let raw = signed(key, payment(0, Address::repeat_byte(0xbb), 7));
    hand_in(&world.node, &raw).await;
    extend(&world.node, 0).await;
    let again = forged(&world.node, |block| with_envelopes(block, vec![raw]));
    let refused = rule_of(world.node.submit_block(again).await);
    if without("tx_nonce") {
        assert_ne!(refused, "tx_nonce", "it was executed a second time");
        return;
    }
    assert_eq!(refused, "tx_nonce");
}

/// A miner commits to a state in which he is rich, and light clients that trust headers believe it.
#[tokio::test]
async fn wrong_state_root() {
    let world = TestNode::new(Parameters::dev(), NOW);
    let block = forged(&world.node, |block| block.record.state_root.0[7] ^= 1);
    let refused = rule_of(world.node.submit_block(block).await);
    if without("state_root") {
        assert!(refused.starts_with("taken"), "{refused}");
        return;
    }
    assert_eq!(refused, "state_root");
}

/// A miner pays himself a subsidy more: the state that he commits to is right but for his own balance.
#[tokio::test]
async fn forged_reward() {
    let generous = Parameters {
        subsidy: 2 * Parameters::dev().subsidy,
        ..Parameters::dev()
    };
    let (honest, forger) = (
        TestNode::new(Parameters::dev(), NOW),
        TestNode::new(generous, NOW),
    );
    let rich = forger
        .node
        .template(Address::repeat_byte(0xbb), Bytes::new())
        .expect("a template");
    let block = forged(&honest.node, |block| {
        block.record.state_root = rich.record.state_root;
    });
    let refused = rule_of(honest.node.submit_block(block).await);
    if without("state_root") {
        assert!(refused.starts_with("taken"), "{refused}");
        let snapshot = honest.node.snapshot().expect("the store reads");
        let claimed = snapshot.entry_at(1).expect("the forged block").hash();
        assert_eq!(
            claimed,
            honest.node.tip().place.hash,
            "100 coins are committed to"
        );
        return;
    }
    assert_eq!(refused, "state_root");
}

/// A contract destroys coins: a node that only compares sums with the schedule would stop there, or forbid what the EVM allows.
#[tokio::test]
async fn self_destruct_that_burns() {
    let world = TestNode::new(Parameters::dev(), NOW);
    let key = &test_keys(1)[0];
    let burning = TxEip1559 {
        to: TxKind::Create,
        // ADDRESS SELFDESTRUCT, as init code: what it was given goes with it (EIP-6780).
        input: Bytes::from_static(&[0x30, 0xff]),
        ..payment(0, Address::ZERO, 3)
    };
    hand_in(&world.node, &signed(key, burning)).await;
    extend(&world.node, 0).await;
    let snapshot = world.node.snapshot().expect("the store reads");
    let destroyed = snapshot.entry_at(1).expect("a block").destroyed;
    if without("destroyed_tally") {
        assert_eq!(
            destroyed,
            U256::ZERO,
            "three coins are missing and nobody knows"
        );
        return;
    }
    assert_eq!(destroyed, U256::from(3 * COIN));
}

/// A miner says that it is two weeks later: the difficulty falls, and he mines what the others cannot.
#[tokio::test]
async fn time_warp() {
    let parameters = Parameters {
        spacing: 10,
        half_life: 600,
        ahead: 37,
        ..Parameters::dev()
    };
    let start = u64::from(parameters.time) + 1_000;
    let world = TestNode::new(parameters, start);
    extend(&world.node, 0).await;
    let block = forged(&world.node, |block| {
        block.header.time += 14 * 86_400;
        block.record.timestamp = block.header.time.into();
    });
    let refused = rule_of(world.node.submit_block(block).await);
    if without("time_too_far_ahead") {
        assert!(refused.starts_with("taken"), "{refused}");
        return;
    }
    assert_eq!(refused, "time_too_far_ahead");
}

/// The other way: time runs backwards, so that more blocks fit into an hour.
#[tokio::test]
async fn time_backwards() {
    let world = TestNode::new(Parameters::dev(), NOW);
    extend(&world.node, 0).await;
    let block = forged(&world.node, |block| {
        block.header.time -= 5_000;
        block.record.timestamp = block.header.time.into();
    });
    let refused = rule_of(world.node.submit_block(block).await);
    if without("time_not_above_parent") {
        assert!(refused.starts_with("taken"), "{refused}");
        return;
    }
    assert_eq!(refused, "time_not_above_parent");
}

/// One proof for many blocks: the header commits to a record that stays in the drawer, and each node is shown another.
#[tokio::test]
async fn false_commitment() {
    let world = TestNode::new(Parameters::dev(), NOW);
    let mut block = forged_block(&world.node, |_| {});
    block.record.extra_data = Bytes::from_static(b"another");
    let refused = rule_of(world.node.submit_block(prove(block)).await);
    if without("commitment") {
        assert!(refused.starts_with("taken"), "{refused}");
        return;
    }
    assert_eq!(refused, "commitment");
}

/// Cheap blocks on an old one, by the thousand, to fill the disk.
#[tokio::test]
async fn low_work_flood() {
    let parameters = Parameters {
        spacing: 1,
        half_life: 1_200,
        ..Parameters::dev()
    };
    let start = u64::from(parameters.time);
    // The clock stands, so that blocks come a second apart, as wished.
    let world = TestNode::new(parameters.clone(), start);
    for extra in 0..150 {
        extend(&world.node, extra).await;
    }
    let before = world
        .node
        .snapshot()
        .expect("the store reads")
        .known_total();
    // As slowly as the rule wants: the least work for a block.
    let genesis = world.node.genesis();
    let mut state = MemoryState::of(genesis);
    let (mut place, mut parent_record) = (genesis.place, genesis.record_hash);
    let mut last = String::new();
    for number in 1..=40 {
        let request = Request {
            parent: place,
            parent_record,
            now: start + 10 * number,
            miner: Address::repeat_byte(0xcc),
            extra_data: Bytes::new(),
        };
        let template = Template::on(&parameters, &state, request, []).expect("a template");
        let encoded = prove(template.sealed(0));
        let block = CheckedBlock::decode(&encoded, &parameters).expect("it holds by itself");
        let executed = &template.executed;
        state.connect(block.record_hash(), executed.state_root, &executed.change);
        parent_record = block.record_hash();
        place = place
            .child(block.header(), block.work(), &parameters, u64::MAX)
            .expect("its place");
        last = match world.node.submit_block(encoded).await {
            Err(CoinError::LowWork { .. }) => "low work".to_owned(),
            other => format!("{other:?}"),
        };
        // A child of what was not kept is not known.
        if number == 1 && !without("low_work") {
            assert_eq!(last, "low work");
        }
    }
    let after = world
        .node
        .snapshot()
        .expect("the store reads")
        .known_total();
    if without("low_work") {
        assert!(
            after.expect("it reads") >= before.expect("it reads") + 40,
            "{last}"
        );
        return;
    }
    assert_eq!(after, before, "nothing was kept");
}

/// Whose hash rates change overnight: blocks found in a simulation, second by second, of machines with `rate` hashes a second.
fn blocks_found(parameters: &Parameters, hours: &[(u64, f64)]) -> (Vec<u64>, Vec<f64>) {
    let (mut counted, mut number, mut time) = (CountedTime::default(), 1_u64, 0_f64);
    let (mut last, mut found, mut worst) = (0_f64, Vec::new(), Vec::new());
    let mut now = 0_f64;
    for (length, rate) in hours {
        let end = now + *length as f64 * 3_600.0;
        let (mut blocks, mut longest) = (0, 0_f64);
        now = now.max(time);
        loop {
            let bits = required_bits(parameters, number + 1, counted);
            let target = bits.target().expect("a target").value();
            let hashes = 2_f64.powi(256) / (as_float(target) + 1.0);
            let next = if *rate > 0.0 {
                now + hashes / rate
            } else {
                f64::MAX
            };
            if next >= end {
                break;
            }
            now = next;
            time = now.max(last + 1.0);
            longest = longest.max(time - last);
            number += 1;
            counted = counted.after(parameters, number, (time - last) as u64);
            last = time;
            blocks += 1;
        }
        now = end;
        found.push(blocks);
        worst.push(longest);
    }
    (found, worst)
}

fn as_float(value: U256) -> f64 {
    let limbs = value.into_limbs();
    let limbs = limbs.iter().rev();
    limbs.fold(0_f64, |sum, limb| sum * 2_f64.powi(64) + *limb as f64)
}

/// A class network of 10 s spacing sleeps from evening to morning; whoever comes first must not be handed thousands of blocks.
#[test]
fn a_night_without_miners() {
    let parameters = Parameters {
        spacing: 10,
        half_life: 600,
        easiest_bits: bcoin::protocol::coin::target::Bits(0x1f00_ffff),
        ..Parameters::dev()
    };
    let (found, _) = blocks_found(&parameters, &[(8, 10e6), (15, 0.0), (1, 10e6)]);
    let usual = 360;
    if without("counted_time") {
        assert!(found[2] > 3 * usual, "{found:?}");
        return;
    }
    assert!(found[2] < 2 * usual, "{found:?}");
}

/// Thirty machines go home and one stays: within two hours blocks come every ten seconds again.
#[test]
fn a_fall_from_thirty_machines_to_one() {
    let parameters = Parameters {
        spacing: 10,
        half_life: 600,
        easiest_bits: bcoin::protocol::coin::target::Bits(0x1f00_ffff),
        ..Parameters::dev()
    };
    let hours = [(8, 300e6), (1, 10e6), (1, 10e6)];
    let (found, worst) = blocks_found(&parameters, &hours);
    assert!(worst[1] < 600.0, "the longest wait was {} s", worst[1]);
    assert!((250..=480).contains(&found[2]), "{found:?}");
    // Where the difficulty does not follow within hours, the one who stayed waits five minutes for each block.
    let stiff = Parameters {
        half_life: 30 * 86_400,
        easiest_bits: required_bits(&parameters, 2_800, CountedTime(8 * 3_600)),
        ..parameters
    };
    let (found, _) = blocks_found(&stiff, &hours);
    assert!(found[2] < 60 || found[0] > 20_000, "{found:?}");
}
