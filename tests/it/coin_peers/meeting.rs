//! Nodes that forked and meet again: one tip, one state root, nothing lost, nothing made.

use std::sync::Arc;

use alloy_consensus::TxEip1559;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use bcoin::peers::address::PeerAddress;
use bcoin::peers::round::Outcome;
use bcoin::protocol::coin::parameters::Parameters;
use bcoin::protocol::coin::subsidy::issued;
use bcoin::store::coin::Ledger;
use bcoin::wallet::keys::Key;
use serde_json::Value;

use super::forged::headers_behind;
use super::liar::{Liar, block_answer, header_answer};
use super::world::{Served, assert_is, hardening, parameters};
use crate::coin_network::{CoinNode, signed as signed_transfer};
use crate::coin_scenarios::replayed;
use crate::coin_world::{signed, test_keys};
use crate::lying_peer::LyingPeer;

/// Has a transfer of `value` units wait; its hash.
async fn transfer(served: &Served, key: &Key, nonce: u64, value: u64) -> B256 {
    let raw = signed(
        key,
        TxEip1559 {
            chain_id: served.node.parameters().chain_id,
            nonce,
            gas_limit: 21_000,
            max_fee_per_gas: 2_000_000_000,
            max_priority_fee_per_gas: 1_000_000_000,
            to: TxKind::Call(Address::repeat_byte(0x77)),
            value: U256::from(value),
            ..TxEip1559::default()
        },
    );
    hand_in(served, raw).await
}

async fn hand_in(served: &Served, raw: Bytes) -> B256 {
    let read = served.node.read_transaction(raw).expect("well formed");
    let added = served.node.add_transaction(Arc::new(read)).await;
    added.expect("it may wait").hash
}

/// The state is what a replay from the genesis block gives, and no coin is there that was not issued.
fn is_sound(served: &Served) {
    let snapshot = served.node.snapshot().expect("the store reads");
    let parameters = served.node.parameters();
    let tip = served.tip().number;
    let memory = replayed(&snapshot, &served.node, parameters, tip);
    let destroyed = snapshot.entry_at(tip).expect("the tip").destroyed;
    let expected = parameters.first_balances() + issued(parameters, tip) - destroyed;
    assert_eq!(memory.supply(), expected);
}

#[tokio::test]
async fn two_nodes_fork_and_meet_again() {
    let keys = test_keys(4);
    let [one, two] = [
        Served::new(parameters()).await,
        Served::new(parameters()).await,
    ];
    one.knows(&[&two.address]).await;
    two.knows(&[&one.address]).await;

    // A common beginning: the second follows the first.
    let shared = transfer(&one, &keys[0], 0, 1).await;
    one.mine(0xa1, 3).await;
    let replaced = two.replace().await;
    assert!(replaced.replaced);
    assert_is(
        &replaced.reports[0],
        Outcome::Adopted,
        "adopted: block 3 with work 8, this node has block 0 with work 2; the chains are the same up to block 0",
    );
    assert_eq!(replaced.reports[0].report.length, Some(4));
    assert_eq!(two.tip(), one.tip());

    // Two branches: one spends with key 1 and key 2, the other with key 1 otherwise, and has more work.
    let only_one = transfer(&one, &keys[2], 0, 10).await;
    let overtaken = transfer(&one, &keys[1], 0, 10).await;
    one.mine(0xa1, 2).await;
    let instead = transfer(&two, &keys[1], 0, 99).await;
    let only_two = transfer(&two, &keys[3], 0, 99).await;
    two.mine(0xa2, 3).await;
    assert_ne!(one.tip().hash, two.tip().hash);

    let kept = two.replace().await;
    assert!(!kept.replaced);
    assert_is(
        &kept.reports[0],
        Outcome::ValidNotLonger,
        "block 5 with work 12, this node has block 6 with work 14; the chains are the same up to block 3",
    );

    let replaced = one.replace().await;
    assert!(replaced.replaced);
    assert_is(
        &replaced.reports[0],
        Outcome::Adopted,
        "2 of this node's blocks made room, 1 of their transactions wait again",
    );
    assert_eq!(one.tip(), two.tip());
    assert_eq!(one.state_root(), two.state_root());
    let snapshot = one.node.snapshot().expect("the store reads");
    let number = |hash| {
        let position = snapshot.position(hash).expect("it reads");
        position.map(|position| position.number)
    };
    assert_eq!(number(shared), Some(1));
    assert_eq!(number(instead), Some(4));
    assert_eq!(number(only_two), Some(4));
    assert_eq!(number(only_one), None);
    assert!(one.node.mempool().contains(&only_one), "it waits again");
    assert!(
        !one.node.mempool().contains(&overtaken),
        "its nonce is used"
    );
    is_sound(&one);
    is_sound(&two);

    // What waits again is in the next block, and the other follows.
    one.mine(0xa1, 1).await;
    assert!(two.replace().await.replaced);
    let snapshot = two.node.snapshot().expect("the store reads");
    let position = snapshot.position(only_one).expect("it reads");
    assert_eq!(position.map(|position| position.number), Some(7));
    assert_eq!(two.state_root(), one.state_root());
    is_sound(&two);

    let same = one.replace().await;
    assert!(!same.replaced);
    assert_is(
        &same.reports[0],
        Outcome::ValidNotLonger,
        "the chains are the same",
    );
}

#[tokio::test]
async fn of_equal_ones_the_first_seen_stays() {
    let one = Served::with_chain(parameters(), 0xa1, 3).await;
    let two = Served::with_chain(parameters(), 0xa2, 3).await;
    let report = one.report_on(&two.address).await;
    assert_is(&report, Outcome::ValidNotLonger, "the first seen stays");
    assert_eq!(one.known(), 4, "its blocks were not asked for");
}

#[tokio::test]
async fn the_most_work_wins_not_the_most_blocks() {
    // Four blocks in a hurry stand above a hundred that took their time.
    let node = Served::new(hardening()).await;
    let genesis = Arc::clone(node.node.genesis());
    let hurried = Served::with_chain(hardening(), 0xa1, 9).await;
    let slow = headers_behind(&genesis.place, &genesis.parameters, 100, 600);
    let slow = Liar::saying(header_answer(&genesis, 0, &slow), Vec::new()).await;
    node.knows(&[&slow.address, &hurried.address]).await;
    let replaced = node.replace().await;
    assert!(replaced.replaced);
    let [slow_report, hurried_report] = &replaced.reports[..] else {
        panic!("two peers")
    };
    assert_is(hurried_report, Outcome::Adopted, "adopted: block 9");
    assert_is(slow_report, Outcome::LongerNotChosen, "has more work");
    assert_eq!(slow_report.report.length, Some(101));
    assert!(hurried_report.work > slow_report.work);
    assert!(!slow.was_asked_for_blocks());
    assert_eq!(node.tip(), hurried.tip());
}

#[tokio::test]
async fn all_peers_are_asked_and_the_first_known_wins_a_tie() {
    let node = Served::with_chain(parameters(), 0xa0, 1).await;
    let short = Served::with_chain(parameters(), 0xa1, 2).await;
    let first = Served::with_chain(parameters(), 0xa2, 5).await;
    let second = Served::with_chain(parameters(), 0xa3, 5).await;
    let nobody: PeerAddress = "127.0.0.1:1".parse().expect("an address");
    node.knows(&[&short.address, &nobody, &first.address, &second.address])
        .await;
    let replaced = node.replace().await;
    assert!(replaced.replaced);
    let reports = &replaced.reports;
    assert_is(&reports[0], Outcome::LongerNotChosen, "has more work, 12");
    assert_is(&reports[1], Outcome::Unreachable, "no connection");
    assert_is(&reports[2], Outcome::Adopted, "adopted: block 5");
    assert_is(
        &reports[3],
        Outcome::LongerNotChosen,
        "has as much work and was known first",
    );
    assert_eq!(node.tip(), first.tip());
    assert_eq!(node.known(), 1 + 1 + 5, "no other blocks were taken");
}

#[tokio::test]
async fn whoever_does_not_keep_what_its_headers_promised_is_passed_over() {
    let node = Served::new(parameters()).await;
    let genesis = Arc::clone(node.node.genesis());
    let best = Served::with_chain(parameters(), 0xa1, 6).await;
    // It has the headers of the best chain, and not its blocks.
    let liar = Liar::saying(
        header_answer(&genesis, 0, &best.headers()),
        block_answer(&genesis, 0, &[]),
    )
    .await;
    let honest = Served::with_chain(parameters(), 0xa2, 4).await;
    node.knows(&[&liar.address, &honest.address]).await;
    let replaced = node.replace().await;
    assert!(replaced.replaced);
    assert_is(
        &replaced.reports[0],
        Outcome::Invalid,
        "its blocks end behind block 0, its headers went up to 6",
    );
    assert_is(&replaced.reports[1], Outcome::Adopted, "adopted: block 4");
    assert_eq!(node.tip(), honest.tip());
}

#[tokio::test]
async fn nodes_of_other_kinds_and_networks_are_explained() {
    let node = Served::with_chain(parameters(), 0xa1, 1).await;
    let flask = LyingPeer::saying(
        "HTTP/1.0 404 NOT FOUND\r\ncontent-type: text/html\r\n\r\n<!doctype html><title>404 Not Found</title>",
    )
    .await;
    let classic = crate::network::TestNode::start("classic").await;
    let classic_address =
        PeerAddress::http(classic.daemon.address.ip(), classic.daemon.address.port());
    let other = Served::with_chain(Parameters::dev(), 0xa2, 5).await;
    let page = LyingPeer::holding("<html>welcome</html>").await;
    node.knows(&[
        &flask.address,
        &classic_address,
        &other.address,
        &page.address,
    ])
    .await;
    let replaced = node.replace().await;
    assert!(!replaced.replaced);
    let reports = &replaced.reports;
    for report in &reports[..2] {
        assert_is(report, Outcome::Invalid, "does not speak the coin protocol");
        assert_is(report, Outcome::Invalid, "404");
        assert_eq!((report.report.length, report.work), (None, None));
    }
    let theirs = other.node.genesis().hash().to_string();
    assert_is(
        &reports[2],
        Outcome::Refused,
        "it belongs to another network",
    );
    assert_is(&reports[2], Outcome::Refused, &theirs);
    assert_is(
        &reports[3],
        Outcome::Invalid,
        "not a coin node's: it begins with \"<html>we\"",
    );
    classic.daemon.shut_down().await;
}

/// The whole program on both sides.
#[tokio::test]
async fn replace_chain_answers_as_the_book_has_it() {
    let [one, two] = [CoinNode::dev().await, CoinNode::dev().await];
    let body = serde_json::json!({ "nodes": [two.url("")] }).to_string();
    one.posted("/connect_node", body, 201).await;
    let sent = signed_transfer(1, Address::repeat_byte(0x77), "2.5", 0);
    two.send(&sent).await;
    two.mine(3).await;

    let answer = one.json("/replace_chain").await;
    assert_eq!(
        answer["message"],
        "Because the nodes are different, the longest chain is used to replace the chain.."
    );
    assert_eq!(answer["replaced"], true);
    assert_eq!(answer["new_chain"], two.json("/get_chain").await["chain"]);
    let peer = &answer["peers"][0];
    assert_eq!(peer["address"], two.daemon.address.to_string());
    assert_eq!(peer["outcome"], "adopted");
    assert_eq!(peer["length"], 4);
    assert_eq!(peer["work"], "8");
    assert!(peer["seconds_peer"].as_f64().expect("a number") > 0.0);
    assert!(peer["seconds_checking"].as_f64().expect("a number") > 0.0);
    assert_eq!(one.balance(Address::repeat_byte(0x77)).await, "2.5");

    let answer: Value = one.posted("/replace_chain", "", 200).await;
    assert_eq!(
        answer["message"],
        "Everything seems to be fine. It is the most extensive chain."
    );
    assert_eq!(answer["replaced"], false);
    assert_eq!(answer["peers"][0]["outcome"], "valid_not_longer");
    for node in [one, two] {
        node.daemon.shut_down().await;
    }
}
