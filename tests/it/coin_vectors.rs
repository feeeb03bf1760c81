//! The coin protocol against what others computed: published vectors, and an implementation in Python that was written from `docs/coin-format.md` alone.

use alloy_primitives::{Address, B256, Bytes, U256};
use bcoin::node::coin::{CoinError, Connected};
use bcoin::protocol::coin::broken::Broken;
use bcoin::protocol::coin::difficulty::asert;
use bcoin::protocol::coin::execution::intrinsic_gas;
use bcoin::protocol::coin::header::PowHash;
use bcoin::protocol::coin::parameters::{Parameters, Spec};
use bcoin::protocol::coin::target::Bits;
use bcoin::protocol::coin::transaction::Transaction;
use bcoin::store::coin::Ledger;
use serde_json::Value;

use crate::coin_world::{TestNode, chain_file};

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("a vector is JSON")
}

fn text<'v>(value: &'v Value, member: &str) -> &'v str {
    value[member].as_str().expect("text")
}

fn compact(digits: &str) -> Bits {
    Bits(u32::from_str_radix(digits.trim_start_matches("0x"), 16).expect("hexadecimal"))
}

#[test]
fn compact_targets_are_bitcoins() {
    let vectors = json(include_str!("../vectors/targets/compact.json"));
    for vector in vectors.as_array().expect("a list") {
        let bits = compact(text(vector, "bits"));
        let expected = vector["target"].as_str();
        let expected = expected.map(|digits| U256::from_str_radix(&digits[2..], 16).expect("hex"));
        let found = bits.target().ok().map(|target| target.value());
        assert_eq!(found, expected, "{bits}");
    }
}

/// Without the amendments: the anchor's own parent is where time begins to count, and no gap is cut.
#[test]
fn asert_is_bitcoin_cashs() {
    let runs = [
        include_str!("../vectors/asert/run01"),
        include_str!("../vectors/asert/run02"),
        include_str!("../vectors/asert/run03"),
        include_str!("../vectors/asert/run04"),
        include_str!("../vectors/asert/run05"),
        include_str!("../vectors/asert/run06"),
        include_str!("../vectors/asert/run07"),
        include_str!("../vectors/asert/run08"),
        include_str!("../vectors/asert/run09"),
        include_str!("../vectors/asert/run10"),
    ];
    let easiest = Bits(0x1d00_ffff).target().expect("a target");
    let mut checked = 0;
    for run in runs {
        let head = |name: &str| {
            let line = run.lines().find(|line| line.contains(name)).expect(name);
            line.rsplit(' ').next().expect("a value")
        };
        let number = |digits: &str| digits.parse::<i128>().expect("a number");
        let anchor = compact(head("anchor nBits")).target().expect("a target");
        let anchor_height = number(head("anchor height"));
        let anchor_time = number(head("anchor ancestor time"));
        for line in run.lines().filter(|line| !line.starts_with('#')) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [_, height, time, bits] = words[..] else {
                continue;
            };
            let blocks = number(height) - anchor_height + 1;
            let behind = number(time) - anchor_time - 600 * blocks;
            let found = asert(anchor, behind, 172_800, easiest).bits();
            assert_eq!(found, compact(bits), "{line}");
            checked += 1;
        }
    }
    assert!(checked > 1_000, "{checked}");
}

/// Ethereum's own, for chain 1. What this network refuses for reasons of its own (no chain, types) is left out.
#[test]
fn transactions_are_ethereums() {
    let vectors = json(include_str!("../vectors/transactions/ethereum_tests.json"));
    let parameters = Parameters {
        chain_id: 1,
        ..Parameters::dev()
    };
    let (mut good, mut bad, mut great_fees) = (0, 0, Vec::new());
    for (name, vector) in vectors.as_object().expect("an object") {
        let bytes: Bytes = text(vector, "bytes").parse().expect("hex");
        let read = Transaction::decode(bytes, &parameters, Spec::Osaka);
        if vector["exception"].is_string() {
            assert!(read.is_err(), "{name}");
            bad += 1;
            continue;
        }
        match read {
            Ok(transaction) => {
                let hash: B256 = text(vector, "hash").parse().expect("a hash");
                let sender: Address = text(vector, "sender").parse().expect("an address");
                assert_eq!((transaction.hash(), transaction.sender()), (hash, sender));
                let gas = intrinsic_gas(transaction.envelope(), Spec::Osaka);
                let least = vector["intrinsic_gas"].as_u64().expect("a number");
                assert!(gas >= least, "{name}: {gas} is below {least}");
                good += 1;
            }
            Err(
                Broken::TransactionUnprotected
                | Broken::TransactionChain { .. }
                | Broken::TransactionType { .. }
                | Broken::TransactionGasCap { .. }
                | Broken::TransactionIntrinsicGas { .. },
            ) => {}
            // A fee a gas of 2^128 units or more.
            Err(Broken::TransactionEncoding(_)) => great_fees.push(name.as_str()),
            Err(other) => panic!("{name}: {other}"),
        }
    }
    assert_eq!(great_fees, GREAT_FEES);
    assert!(good > 5 && bad > 20, "{good} {bad}");
}

/// Those of Ethereum's transactions that offer 2^128 units a gas or more.
const GREAT_FEES: [&str; 3] = [
    "ttEIP1559/GasLimitPriceProductOverflowtMinusOne",
    "ttGasPrice/TransactionWithHighGasPrice",
    "ttVValue/V_equals38",
];

const GENESIS: &str = include_str!("../vectors/coin/python_chain.genesis.json");
const CHAIN: &[u8] = include_bytes!("../vectors/coin/python_chain.bin");
const REPORT: &str = include_str!("../vectors/coin/python_chain.report.json");
/// Later than every block of the chain.
const NOW: u64 = 1_800_000_000;

async fn python_node() -> TestNode {
    node_with(GENESIS, CHAIN).await
}

async fn node_with(genesis: &str, chain: &[u8]) -> TestNode {
    let parameters = Parameters::from_genesis_file(genesis).expect("a genesis file");
    let world = TestNode::new(parameters, NOW);
    for block in chain_file(chain).into_iter().skip(1) {
        let connected = world.node.submit_block(block).await;
        assert!(
            matches!(connected, Ok((_, Connected::Extended))),
            "{connected:?}"
        );
    }
    world
}

#[tokio::test]
async fn a_chain_made_in_python_connects() {
    let world = python_node().await;
    let report = json(REPORT);
    assert_eq!(
        world.node.parameters().hash(),
        text(&report, "parameter_hash")
            .parse::<B256>()
            .expect("a hash")
    );
    let tip = world.node.tip();
    let snapshot = world.node.snapshot().expect("the store reads");
    for each in report["each"].as_array().expect("a list") {
        let number = each["number"].as_u64().expect("a number");
        let entry = snapshot.entry_at(number).expect("a block");
        assert_eq!(entry.hash().to_string(), text(each, "hash"));
        assert_eq!(entry.state_root.to_string(), text(each, "state_root"));
    }
    assert_eq!(tip.place.hash.to_string(), text(&report, "tip"));
    assert_eq!(tip.place.work.to_string(), text(&report, "work"));
    assert_eq!(
        tip.place
            .required_bits_of_child(world.node.parameters())
            .to_string(),
        text(&report, "next_bits")
    );
    let destroyed = snapshot
        .entry_at(tip.place.number)
        .expect("the tip")
        .destroyed;
    assert_eq!(destroyed.to_string(), text(&report["supply"], "destroyed"));
    drop(snapshot);
    world.end();
}

/// On chain 31337 accounts and contracts send without a key: section 10. What executing it leaves is in its records.
#[tokio::test]
async fn a_chain_of_marked_transactions_connects() {
    let world = node_with(
        include_str!("../vectors/coin/marked_chain.genesis.json"),
        include_bytes!("../vectors/coin/marked_chain.bin"),
    )
    .await;
    let snapshot = world.node.snapshot().expect("the store reads");
    let contract = snapshot.history(Address::repeat_byte(0xc0), None, 10);
    assert_eq!(
        contract.expect("it reads").len(),
        4,
        "sent, sent, received, mined"
    );
    drop(snapshot);
    world.end();
}

/// A vector a rule: each block stands on the chain above and breaks just one.
#[tokio::test]
async fn each_rule_is_named_where_it_is_broken() {
    let cases = json(include_str!("../vectors/coin/broken_blocks.json"));
    let world = python_node().await;
    let mut named = Vec::new();
    for case in cases.as_array().expect("a list") {
        let (name, block) = (text(case, "name"), text(case, "block"));
        let block: Bytes = block.parse().expect("hex");
        let Some(rule) = case["rule"].as_str() else {
            let fresh = python_node().await;
            let connected = fresh.node.submit_block(block).await;
            assert!(connected.is_ok(), "{name}: {connected:?}");
            fresh.end();
            continue;
        };
        match world.node.submit_block(block).await {
            Err(CoinError::Invalid { fault, .. }) => {
                assert_eq!(fault.rule.name(), rule, "{name}: {fault}")
            }
            other => panic!("{name}: {other:?}"),
        }
        named.push(rule.to_owned());
    }
    named.sort();
    named.dedup();
    let missing: Vec<&&str> = Broken::NAMES
        .iter()
        .filter(|name| !named.iter().any(|found| found == **name))
        .collect();
    assert!(missing.is_empty(), "no vector breaks {missing:?}");
    let tip: PowHash = text(&json(REPORT), "tip").parse().expect("a hash");
    assert_eq!(
        world.node.tip().place.hash,
        tip,
        "a broken block moved the tip"
    );
    world.end();
}
