//! The ledger of a coin node.

use alloy_consensus::{SignableTransaction, TxEip1559};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, Bytes, TxKind, address, bytes, keccak256};
use bcoin::protocol::coin::DEV_ACCOUNTS;
use serde_json::json;

use super::{led_to, links, page_of, search, staying};
use crate::coin_network::{CoinNode, key, signed};

/// Nobody has used it.
const NEW: Address = address!("0x00000000000000000000000000000000000000aA");

/// A transaction of a test account that may use much gas, signed.
fn raw(from: u32, to: TxKind, input: Bytes, nonce: u64) -> Bytes {
    let transaction = TxEip1559 {
        chain_id: 31_337,
        nonce,
        gas_limit: 100_000,
        max_fee_per_gas: 1_000_000_001,
        max_priority_fee_per_gas: 1_000_000_000,
        to,
        input,
        ..TxEip1559::default()
    };
    let signature = key(from).sign(transaction.signature_hash());
    transaction.into_signed(signature).encoded_2718().into()
}

async fn page(node: &CoinNode, path: &str) -> String {
    page_of(node.get(path), 200).await
}

#[tokio::test]
async fn the_chain_is_read_down_to_block_0() {
    let node = CoinNode::dev().await;
    node.mine(52).await;
    let newest = page(&node, "/chain").await;
    assert!(newest.contains("53 blocks") && newest.contains("data-height=\"52\""));
    assert!(newest.contains("data-height=\"3\"") && !newest.contains("data-height=\"2\""));
    assert!(
        newest.contains("href=\"/chain?from=2\" rel=\"next\""),
        "{newest}"
    );
    let oldest = page(&node, "/chain?from=2").await;
    assert!(oldest.contains("data-height=\"0\"") && !oldest.contains("rel=\"next\""));
    assert!(!oldest.contains("id=\"blocks\" data-live"));
}

#[tokio::test]
async fn a_block_shows_both_headers_and_the_target() {
    let node = CoinNode::dev().await;
    node.send(&signed(1, NEW, "1.5", 0)).await;
    node.mine(2).await;
    let block = node.json("/v1/blocks/1").await;
    let raw = node
        .answer("/v1/blocks/1/raw")
        .await
        .bytes()
        .await
        .expect("bytes");
    let text = |name: &str| block["block"][name].as_str().expect(name).to_owned();
    let (hash, record) = (text("hash"), text("record_hash"));
    for path in [
        "/block/1",
        &format!("/block/{hash}"),
        &format!("/block/{record}"),
    ] {
        let page = page(&node, path).await;
        // The header's bytes stand there in their order, a field after the other.
        let mut at = 0;
        for field in [1..5, 5..37, 37..69, 69..73, 73..77, 77..81] {
            let bytes = hex::encode(&raw[field.clone()]);
            let found = page[at..].find(&bytes);
            at += found.unwrap_or_else(|| panic!("{path} lacks {field:?}")) + bytes.len();
        }
        assert!(page.contains(&hash) && page.contains(&record), "{path}");
        assert!(
            page.contains(&text("state_root")) && page.contains("<svg class=\"powers\""),
            "{path}"
        );
        assert_eq!(page.matches(">The same</span>").count(), 2, "{path}");
        assert!(
            page.contains("Confirmations: 2") && page.contains(">1.5<"),
            "{path}"
        );
    }
    let genesis = page(&node, "/block/0").await;
    assert!(genesis.contains("The first block needs no proof"));
    let tip = page(&node, "/block/tip").await;
    assert!(tip.contains("There is no next block yet"));
    for link in links(&tip).iter().chain(&links(&genesis)) {
        let answer = node.answer(link).await;
        let is_to_come = ["/network", "/try", "/break", "/charts"].contains(&link.as_str());
        assert!(
            answer.status().is_success() || is_to_come,
            "{link}: {}",
            answer.status()
        );
    }
}

#[tokio::test]
async fn a_transaction_waits_and_then_is_mined() {
    let node = CoinNode::dev().await;
    let sent = signed(1, NEW, "1.25", 0);
    node.send(&sent).await;
    // Its nonce runs ahead: it waits for another.
    let ahead = signed(2, NEW, "1", 1);
    node.send(&ahead).await;
    let path = format!("/transaction/{}", sent.hash);
    let waiting = page(&node, &path).await;
    assert!(
        waiting.contains("It waits for the next block") && waiting.contains(">1.25<"),
        "{waiting}"
    );
    let pool = page(&node, "/waiting").await;
    assert!(
        pool.contains("2 transactions wait") && pool.contains("the next block"),
        "{pool}"
    );
    assert!(
        pool.contains("nonce 0 of its sender, which is not here"),
        "{pool}"
    );
    let account = page(&node, &format!("/account/{}", DEV_ACCOUNTS[1])).await;
    assert!(account.contains("Next nonce"), "{account}");
    node.mine(1).await;
    let mined = page(&node, &path).await;
    assert!(
        mined.contains(">Done</span>") && mined.contains("21,000 gas used"),
        "{mined}"
    );
    assert!(
        mined.contains("0.000021000000021") && mined.contains("Confirmations: 1"),
        "{mined}"
    );
    let account = page(&node, &format!("/account/{NEW}")).await;
    assert!(
        account.contains("<strong>1.25</strong>") && account.contains("Received"),
        "{account}"
    );
    let miner = page(&node, &format!("/account/{}", DEV_ACCOUNTS[0])).await;
    assert!(miner.contains("Reward"), "{miner}");
}

#[tokio::test]
async fn a_history_is_read_page_by_page() {
    let node = CoinNode::dev().await;
    node.mine(60).await;
    let first = page(&node, &format!("/account/{}", DEV_ACCOUNTS[0])).await;
    assert_eq!(first.matches("data-key=\"reward-").count(), 50);
    let next = links(&first)
        .into_iter()
        .find(|link| link.contains("before="));
    let second = page(&node, &next.expect("a next page")).await;
    assert_eq!(second.matches("data-key=\"reward-").count(), 10);
    assert!(second.contains("reward-1\"") && !second.contains("rel=\"next\""));
}

#[tokio::test]
async fn a_failed_transaction_says_why_and_a_contract_shows_its_code() {
    let node = CoinNode::dev().await;
    // Makes a contract that reverts whatever it is called with: PUSH0 PUSH0 REVERT.
    let made = raw(1, TxKind::Create, bytes!("625f5ffd5f526003601df3"), 0);
    node.posted("/add_transaction", json!({ "raw": made }).to_string(), 201)
        .await;
    node.mine(1).await;
    let contract = DEV_ACCOUNTS[1].create(0);
    let about = page(&node, &format!("/account/{contract}")).await;
    assert!(
        about.contains("<h1>Contract") && about.contains("3 bytes."),
        "{about}"
    );
    assert!(
        about.contains("Nobody has handed in its source here"),
        "{about}"
    );
    let call = raw(1, TxKind::Call(contract), Bytes::new(), 1);
    node.posted("/add_transaction", json!({ "raw": call }).to_string(), 201)
        .await;
    node.mine(1).await;
    let failed = page(&node, &format!("/transaction/{}", keccak256(&call))).await;
    assert!(
        failed.contains(">Failed</span>") && failed.contains("reverted"),
        "{failed}"
    );
    let block = page(&node, "/block/2").await;
    assert!(block.contains(">Failed</span>"), "{block}");
}

#[tokio::test]
async fn a_search_leads_to_the_one_thing_that_is_meant() {
    let node = CoinNode::dev().await;
    let sent = signed(1, NEW, "1", 0);
    node.send(&sent).await;
    node.mine(2).await;
    let block = node.json("/v1/blocks/1").await;
    let text = |name: &str| block["block"][name].as_str().expect(name).to_owned();
    let (hash, record) = (text("hash"), text("record_hash"));
    let transaction = sent.hash.to_string();
    let account = DEV_ACCOUNTS[0].to_string();
    let client = staying();
    for (query, link) in [
        ("1".to_owned(), "/block/1".to_owned()),
        ("#0".to_owned(), "/block/0".to_owned()),
        (hash.to_uppercase(), format!("/block/{hash}")),
        (format!("0x{hash}"), format!("/block/{hash}")),
        (record.clone(), "/block/1".to_owned()),
        (record[2..].to_uppercase(), "/block/1".to_owned()),
        (transaction.clone(), format!("/transaction/{transaction}")),
        (
            format!(" {} ", &transaction[2..]),
            format!("/transaction/{transaction}"),
        ),
        (account.clone(), format!("/account/{account}")),
        (account.to_lowercase(), format!("/account/{account}")),
        (account[2..].to_owned(), format!("/account/{account}")),
    ] {
        let request = client.get(node.url(&search(&query)));
        let answer = request.send().await.expect("an answer");
        assert_eq!(led_to(&answer), link, "{query}");
    }
    for nothing in ["99", "Ada", &"ab".repeat(32), "0x12"] {
        page_of(node.get(&search(nothing)), 404).await;
    }
    let wrong = account.replacen('f', "F", 1);
    let wrong = page_of(node.get(&search(&wrong)), 404).await;
    assert!(wrong.contains("its capitals do not fit"), "{wrong}");
}

#[tokio::test]
async fn what_is_not_there_is_a_page() {
    let node = CoinNode::dev().await;
    for path in ["/block/7".to_owned(), format!("/block/{}", "ab".repeat(32))] {
        let page = page_of(node.get(&path), 404).await;
        assert!(page.contains("href=\"/block/tip\""), "{path}");
    }
    page_of(
        node.get(&format!("/transaction/0x{}", "ab".repeat(32))),
        404,
    )
    .await;
    for path in [
        "/block/x",
        "/transaction/7-1",
        "/account/Ada",
        "/account/%FF",
        "/waiting?after=x",
    ] {
        page_of(node.get(path), 400).await;
    }
}

#[tokio::test]
async fn every_page_speaks_chinese() {
    let node = CoinNode::dev().await;
    node.mine(1).await;
    let account = format!("/account/{}", DEV_ACCOUNTS[0]);
    for (path, chinese) in [
        ("/chain", "区块链"),
        ("/block/1", "哈希不得超过目标值"),
        (account.as_str(), "余额"),
        ("/waiting", "等待中的交易"),
        ("/search", "可以搜索什么"),
    ] {
        let page = page_of(node.get(path).header("accept-language", "zh-CN"), 200).await;
        assert!(
            page.contains("<html lang=\"zh-CN\"") && page.contains(chinese),
            "{path}"
        );
    }
}
