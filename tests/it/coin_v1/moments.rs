//! What is said while blocks come and go: nothing that was acknowledged is unknown for a moment, and no nonce is given twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bcoin::protocol::coin::DEV_ACCOUNTS;
use bcoin::protocol::coin::parameters::Parameters;
use bcoin::wallet::keys::Key;
use serde_json::{Value, json};

use crate::coin_network::{CoinNode, key, signed, transfer};

/// Has blocks mined as fast as they come until it is dropped.
struct Mining(Arc<AtomicBool>);

impl Mining {
    fn on(node: &CoinNode) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, asked) = (Arc::clone(&stop), node.post("/mine_block", ""));
        tokio::spawn(async move {
            while !stopped.load(Ordering::Relaxed) {
                let again = asked.try_clone().expect("a body of text");
                let mined = again.send().await.expect("an answer");
                assert_eq!(mined.status(), 200);
            }
        });
        Self(stop)
    }
}

impl Drop for Mining {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_is_known_from_its_acknowledgement_on() {
    let node = CoinNode::dev().await;
    let mining = Mining::on(&node);
    for nonce in 0..40 {
        let sent = signed(1, DEV_ACCOUNTS[2], "1", nonce);
        node.send(&sent).await;
        let path = format!("/v1/transactions/{}", sent.hash);
        let account = format!("/v1/accounts/{}", DEV_ACCOUNTS[1]);
        let mut is_mined = false;
        for _ in 0..1_000 {
            let said = node.json(&path).await;
            assert!(!is_mined || said["state"] == "mined", "{said}");
            is_mined = said["state"] == "mined";
            assert_eq!(node.json(&account).await["next_nonce"], nonce + 1);
            if is_mined {
                break;
            }
        }
        assert!(is_mined);
    }
    drop(mining);
}

/// The book's three members: each that is acknowledged is a payment of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_nodes_own_payments_are_each_made_once() {
    let node = CoinNode::start(|settings| {
        settings.keys = bcoin::wallet::ring::KeyRing::of([key(1)]);
    })
    .await;
    let mining = Mining::on(&node);
    let payment = json!({"sender": DEV_ACCOUNTS[1], "receiver": DEV_ACCOUNTS[5], "amount": 1});
    for _ in 0..60 {
        node.posted("/add_transaction", payment.to_string(), 201)
            .await;
    }
    drop(mining);
    node.mine(2).await;
    assert_eq!(node.balance(DEV_ACCOUNTS[5]).await, "10060");
}

/// A payment out of coins that a displaced block brought waits for them, and is made when they are back.
#[tokio::test]
async fn payments_out_of_displaced_coins_come_back() {
    let (node, other) = (CoinNode::dev().await, CoinNode::dev().await);
    let stranger = Key::from_bytes(&[7; 32]).expect("a key");
    let funding = signed(1, stranger.address(), "10", 0);
    node.send(&funding).await;
    node.mine(1).await;
    let payment = transfer(DEV_ACCOUNTS[2], "4", 0)
        .sign(&stranger)
        .expect("it can be signed");
    node.send(&payment).await;
    node.mine(1).await;
    other.mine(4).await;
    let known = json!({ "nodes": [other.url("")] }).to_string();
    node.posted("/connect_node", known, 201).await;
    assert_eq!(node.json("/replace_chain").await["replaced"], true);

    let at = async |hash: String| node.json(&format!("/v1/transactions/{hash}")).await;
    assert_eq!(at(funding.hash.to_string()).await["state"], "waiting");
    let waiting: Value = at(payment.hash.to_string()).await;
    assert_eq!(waiting["state"], "waiting", "{waiting}");
    let waits_for = waiting["waits_for"].as_str().expect("text");
    assert!(
        waits_for.starts_with("coins: ") && waits_for.contains("has 0,"),
        "{waits_for}"
    );
    node.mine(2).await;
    assert_eq!(at(payment.hash.to_string()).await["state"], "mined");
    assert_eq!(node.balance(DEV_ACCOUNTS[2]).await, "10004");
}

/// The clock catches up with blocks that come faster than the seconds that their times count.
#[tokio::test]
async fn a_miner_waits_for_the_clock() {
    let parameters = Parameters {
        ahead: 1,
        ..Parameters::dev()
    };
    let node = CoinNode::start_of(parameters, |_| {}).await;
    node.mine(4).await;
    assert_eq!(node.json("/v1/node").await["height"], 4);
}

/// Nothing could follow a block from the end of time.
#[tokio::test]
async fn no_block_ends_the_network() {
    let node = CoinNode::dev().await;
    let mut template = node
        .daemon
        .node
        .template(DEV_ACCOUNTS[0], Default::default())
        .expect("a template");
    template.header.time = u32::MAX;
    template.record.timestamp = u32::MAX.into();
    let template = template.with_extra_data(Default::default());
    let block = crate::coin_world::sealed(&template);
    let refused = node
        .posted(
            "/v1/mining/blocks",
            json!({"block": block}).to_string(),
            409,
        )
        .await;
    assert_eq!(refused["rule"], "time_too_far_ahead", "{refused}");
    node.mine(1).await;
}
