//! Work for miners outside the node: a template, searched here with nothing but hashes, and the block handed in.

use bcoin::protocol::coin::DEV_ACCOUNTS;
use bcoin::protocol::coin::header::sha256d;
use serde_json::{Value, json};

use crate::coin_network::{CoinNode, signed};

fn bytes(json: &Value) -> Vec<u8> {
    let text = json.as_str().expect("text");
    hex::decode(text.strip_prefix("0x").expect("a prefix")).expect("hexadecimal")
}

/// A nonce behind the 76 bytes whose hash meets the target, as a miner finds it.
fn nonce_for(template: &Value) -> [u8; 4] {
    let prefix = bytes(&template["header"]);
    let target = hex::decode(template["target"].as_str().expect("text")).expect("hexadecimal");
    assert_eq!(prefix.len(), 76);
    let met = |nonce: &u32| {
        let mut hash = sha256d(&[&prefix[..], &nonce.to_le_bytes()].concat()).0;
        hash.reverse();
        hash.as_slice() <= target.as_slice()
    };
    (0..u32::MAX)
        .find(met)
        .expect("an easy target")
        .to_le_bytes()
}

#[tokio::test]
async fn a_miner_outside_fills_in_the_proof_and_is_paid() {
    let node = CoinNode::dev().await;
    let sent = signed(1, DEV_ACCOUNTS[2], "1", 0);
    node.send(&sent).await;
    let template = node
        .json(&format!("/v1/mining/template?miner={}", DEV_ACCOUNTS[5]))
        .await;
    assert_eq!(template["number"], 1);
    assert_eq!(template["transactions"], json!([sent.raw]));
    let mut block = bytes(&template["block"]);
    assert_eq!(block[1..77], bytes(&template["header"]));
    assert_eq!(block[37..69], sha256d(&bytes(&template["record"])).0);
    block[77..81].copy_from_slice(&nonce_for(&template));
    let body = json!({"block": format!("0x{}", hex::encode(&block))}).to_string();
    let taken = node.posted("/v1/mining/blocks", body.clone(), 201).await;
    assert_eq!(taken["outcome"], "extended");
    assert_eq!(
        node.json("/v1/blocks/tip").await["block"]["hash"],
        taken["hash"]
    );
    assert_eq!(node.balance(DEV_ACCOUNTS[5]).await, "10050.000021000000021");
    let again = node.posted("/v1/mining/blocks", body, 200).await;
    assert_eq!(again["outcome"], "already_known");
    node.daemon.shut_down().await;
}

#[tokio::test]
async fn a_block_that_breaks_a_rule_is_told_which() {
    let node = CoinNode::dev().await;
    let template = node.json("/v1/mining/template").await;
    let block = bytes(&template["block"]);
    let nonce = nonce_for(&template);
    let submit = async |change: &dyn Fn(&mut Vec<u8>), status: u16| {
        let mut changed = block.clone();
        changed[77..81].copy_from_slice(&nonce);
        change(&mut changed);
        let body = json!({"block": format!("0x{}", hex::encode(&changed))}).to_string();
        node.posted("/v1/mining/blocks", body, status).await
    };
    // The first nonce whose hash is above the target.
    let prefix = bytes(&template["header"]);
    let too_high = (0..u32::MAX).find(|nonce| {
        let hash = sha256d(&[&prefix[..], &nonce.to_le_bytes()].concat()).0;
        hash[31] >= 0x80
    });
    let too_high = too_high.expect("half of them are").to_le_bytes();
    let no_proof = submit(&|block| block[77..81].copy_from_slice(&too_high), 422).await;
    assert_eq!(
        (&no_proof["rule"], &no_proof["type"]),
        (&json!("proof_of_work"), &json!("/problems/block-invalid"))
    );
    assert_eq!(
        submit(&|block| block[0] = 2, 422).await["rule"],
        "seal_version"
    );
    assert_eq!(
        submit(&|block| block.truncate(block.len() - 1), 400).await["rule"],
        "encoding"
    );
    submit(&|_| {}, 201).await;
    for (body, status) in [
        ("{}", 400),
        (r#"{"block": 1}"#, 400),
        (r#"{"block": "01"}"#, 400),
        (r#"{"block": "0x0"}"#, 400),
        (r#"{"block": "0x"}"#, 400),
    ] {
        node.posted("/v1/mining/blocks", body, status).await;
    }
    node.problem("/v1/mining/template?miner=0x12", 400).await;
}

#[tokio::test]
async fn a_node_mines_on_transactions_when_told_to() {
    use bcoin::miner::coin::Schedule;
    let node =
        CoinNode::start(|settings| settings.schedule = Some((Schedule::OnTransactions, 1))).await;
    let mut tip = node.daemon.node.watch_tip();
    for nonce in 0..3 {
        node.send(&signed(1, DEV_ACCOUNTS[2], "1", nonce)).await;
        tip.wait_for(|tip| tip.waiting == 0).await.expect("it runs");
    }
    assert_eq!(node.balance(DEV_ACCOUNTS[2]).await, "10003");
    node.daemon.shut_down().await;
}
