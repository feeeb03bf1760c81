//! The ledger of a classic node.

use super::{led_to, links, page_of, search, staying};
use crate::chains::{body_of, chain};
use crate::lying_peer::LyingPeer;
use crate::network::TestNode;

async fn page(node: &TestNode, path: &str) -> String {
    page_of(node.get(path), 200).await
}

/// A node with a chain of this length, each of whose blocks has one transaction from `someone` to `name`.
async fn holding(name: &str, length: usize) -> TestNode {
    let node = TestNode::start("m").await;
    let peer = LyingPeer::holding(body_of(&chain(name, length))).await;
    node.connect(&peer.address.to_string()).await;
    let answer = node.answer("/replace_chain").await;
    let said = answer.text().await.expect("text");
    assert!(said.contains(r#""replaced": true"#), "{said}");
    node
}

#[tokio::test]
async fn the_chain_is_read_from_the_tip_to_the_very_first_block() {
    let node = holding("a", 173).await;
    let mut heights = Vec::new();
    let mut next = Some("/chain".to_owned());
    while let Some(path) = next {
        let page = page(&node, &path).await;
        assert_eq!(
            page.contains(r#"id="blocks" data-live"#),
            path == "/chain",
            "{path}"
        );
        let rows = page.split("data-height=\"").skip(1);
        heights.extend(rows.map(|row| row.split('"').next().expect("a height").to_owned()));
        let shown = page.split("<template").next().expect("the page");
        next = shown
            .split("rel=\"next\"")
            .next()
            .filter(|before| before.len() < shown.len())
            .and_then(|before| before.rsplit("href=\"").next())
            .map(|link| link.trim_end_matches(['"', ' ']).to_owned());
    }
    let expected: Vec<String> = (1..=173).rev().map(|height| height.to_string()).collect();
    assert_eq!(heights, expected);
    let beyond = page(&node, "/chain?from=99999999999999999999").await;
    assert!(beyond.contains("data-height=\"173\""));
    for wrong in ["/chain?from=x", "/chain?form=1", "/chain?from=1&from=2"] {
        page_of(node.get(wrong), 400).await;
    }
}

#[tokio::test]
async fn a_block_shows_its_text_its_hash_and_its_proof() {
    let node = TestNode::start("Ada").await;
    node.add("Bea").await;
    node.mine(2).await;
    let second = node.json("/v1/blocks/2").await;
    let hash = second["hash"].as_str().expect("text");
    let text = node
        .answer("/v1/blocks/2/text")
        .await
        .text()
        .await
        .expect("text");
    let escaped = text.replace('"', "&#34;");
    for path in [
        "/block/2",
        &format!("/block/{hash}"),
        &format!("/block/{}", hash.to_uppercase()),
    ] {
        let page = page(&node, path).await;
        assert!(page.contains(&escaped), "{path}: {page}");
        // 533 follows 1: the book's first proof.
        assert!(page.contains("533² − 1² = 284088"), "{path}");
        assert!(
            page.contains("<strong class=\"zeros\">0000</strong>"),
            "{path}"
        );
        assert!(
            page.contains(hash) && page.contains("Bea") && page.contains("Ada"),
            "{path}"
        );
        assert!(page.contains("Confirmations: 2"), "{path}");
    }
    let tip = page(&node, "/block/tip").await;
    assert!(tip.contains("There is no next block yet") && tip.contains("Confirmations: 1"));
    let first = page(&node, "/block/1").await;
    assert!(first.contains("needs no proof") && !first.contains("rel=\"prev\""));
    for link in links(&first).iter().chain(&links(&tip)) {
        let answer = node.answer(link).await;
        let is_there = answer.status().is_success();
        let is_to_come = ["/network", "/try", "/break", "/charts"].contains(&link.as_str());
        assert!(is_there || is_to_come, "{link}: {}", answer.status());
    }
}

#[tokio::test]
async fn what_is_not_there_is_a_page_that_leads_on() {
    let node = TestNode::start("m").await;
    node.mine(2).await;
    for path in [
        "/block/99",
        "/block/0",
        &format!("/block/{}", "ab".repeat(32)),
        "/transaction/9-0",
    ] {
        let page = page_of(node.get(path), 404).await;
        assert!(page.contains("href=\"/block/tip\""), "{path}: {page}");
    }
    page_of(node.get("/transaction/2-7"), 404).await;
    for path in [
        "/block/x",
        "/block/-1",
        "/block/%FF",
        "/transaction/x",
        "/transaction/1",
        "/account?hash=1",
        "/account/%FF",
        "/account/a?before=x",
        "/waiting?after=x",
    ] {
        page_of(node.get(path), 400).await;
    }
}

#[tokio::test]
async fn a_displaced_block_is_shown_as_such() {
    let node = TestNode::start("m").await;
    node.mine(1).await;
    let old = node.json("/v1/blocks/2").await;
    let old = old["hash"].as_str().expect("text");
    let peer = LyingPeer::holding(body_of(&chain("p", 4))).await;
    node.connect(&peer.address.to_string()).await;
    node.json("/replace_chain").await;

    let shown = page(&node, &format!("/block/{old}")).await;
    assert!(
        shown.contains("<span class=\"badge gone\">Displaced</span>"),
        "{shown}"
    );
    assert!(shown.contains("href=\"/block/2\"") && shown.contains("284088"));
    let transaction = page(&node, &format!("/transaction/{old}-0")).await;
    assert!(transaction.contains("In a displaced block"));
    let found = staying().get(node.url(&format!("/search?q={old}")));
    let found = found.send().await.expect("an answer");
    assert_eq!(led_to(&found), format!("/block/{old}"));
    let now = page(&node, "/block/2").await;
    assert!(!now.contains("Displaced") && !now.contains(old));
}

#[tokio::test]
async fn a_transaction_is_called_by_its_block_and_place() {
    let node = TestNode::start("Ada").await;
    let body = r#"{"sender": {"b": 1}, "receiver": "Bea", "amount": "5"}"#;
    node.post("/add_transaction", body)
        .send()
        .await
        .expect("an answer");
    node.mine(1).await;
    let first = page(&node, "/transaction/2-0").await;
    assert!(first.contains("{&#34;b&#34;: 1}") && first.contains("href=\"/account/Bea\""));
    assert!(first.contains("/account?hash=") && first.contains("A text, not a number"));
    assert!(first.contains("href=\"/transaction/2-1\"") && !first.contains("rel=\"prev\""));
    let reward = page(&node, "/transaction/2-1").await;
    assert!(reward.contains(">Reward</span>") && reward.contains("href=\"/account/Ada\""));
    let odd = links(&first)
        .into_iter()
        .find(|link| link.starts_with("/account?hash="));
    let odd = page(&node, &odd.expect("a link by hash")).await;
    assert!(
        odd.contains("not a text but another JSON value") && odd.contains("2-0</a>"),
        "{odd}"
    );
}

#[tokio::test]
async fn the_queue_is_shown_in_order_with_what_came_back() {
    let node = TestNode::start("m").await;
    assert!(page(&node, "/waiting").await.contains("Nothing waits"));
    node.add("lost").await;
    node.mine(1).await;
    let peer = LyingPeer::holding(body_of(&chain("p", 4))).await;
    node.connect(&peer.address.to_string()).await;
    node.json("/replace_chain").await;
    for number in 0..60 {
        node.add(&format!("n{number}")).await;
    }
    let first = page(&node, "/waiting").await;
    assert!(first.contains("61 transactions wait"), "{first}");
    let returned = first.find(">Returned</span>").expect("one came back");
    assert!(first.find("lost").expect("it is there") < returned);
    assert!(returned < first.find(">n0<").expect("the next"));
    let next = links(&first)
        .into_iter()
        .find(|link| link.starts_with("/waiting?after="));
    let second = page(&node, &next.expect("a next page")).await;
    assert!(second.contains(">n59<") && !second.contains(">n0<"));
}

#[tokio::test]
async fn a_name_leads_to_all_that_names_it_page_by_page() {
    let node = holding("Ada & co", 130).await;
    let mut places = Vec::new();
    let mut next = Some("/account/Ada%20%26%20co".to_owned());
    while let Some(path) = next {
        let page = page(&node, &path).await;
        places.extend(
            page.split("href=\"/transaction/")
                .skip(1)
                .map(|rest| rest.split('"').next().expect("an id").to_owned()),
        );
        next = links(&page)
            .into_iter()
            .find(|link| link.contains("before="));
    }
    let expected: Vec<String> = (2..=130)
        .rev()
        .map(|height| format!("{height}-0"))
        .collect();
    assert_eq!(places, expected);
    let none = page(&node, "/account/nobody").await;
    assert!(none.contains("No block names it") && none.contains("No balance is shown"));
    // What is mined later is there at once, whoever mined it.
    node.mine(1).await;
    assert!(page(&node, "/account/m").await.contains("131-0</a>"));
}

#[tokio::test]
async fn a_name_is_not_shown_where_a_longer_chain_took_it_away() {
    let node = TestNode::start("Ada").await;
    node.add("Bea").await;
    node.mine(2).await;
    assert!(page(&node, "/account/Bea").await.contains("2-0</a>"));
    let peer = LyingPeer::holding(body_of(&chain("Cleo", 5))).await;
    node.connect(&peer.address.to_string()).await;
    node.json("/replace_chain").await;
    assert!(
        page(&node, "/account/Bea")
            .await
            .contains("No block names it")
    );
    let cleo = page(&node, "/account/Cleo").await;
    for height in 2..=5 {
        assert!(cleo.contains(&format!(">{height}-0</a>")), "{cleo}");
    }
}

#[tokio::test]
async fn a_search_leads_to_the_one_thing_that_is_meant() {
    let node = holding("1,2", 4).await;
    node.add("Ada Lovelace").await;
    node.mine(1).await;
    let hash = node.json("/v1/blocks/3").await["hash"].clone();
    let hash = hash.as_str().expect("text");
    let client = staying();
    let ask = async |query: &str| {
        let request = client.get(node.url(&search(query)));
        request
            .header("accept", "text/html")
            .send()
            .await
            .expect("an answer")
    };
    for (query, link) in [
        ("3", "/block/3"),
        (" #3 ", "/block/3"),
        ("0003", "/block/3"),
        (hash, &format!("/block/{hash}")),
        (&hash.to_uppercase(), &format!("/block/{hash}")),
        ("5-1", "/transaction/5-1"),
        ("Ada Lovelace", "/account/Ada%20Lovelace"),
        ("  Ada Lovelace\t", "/account/Ada%20Lovelace"),
    ] {
        assert_eq!(led_to(&ask(query).await), link, "{query}");
    }
    // A number that is a name too, and one that is nothing but a name.
    let both = ask("1,2").await;
    assert_eq!(led_to(&both), "/account/1%2C2", "there is no block 12");
    for nothing in [
        "99",
        "nobody",
        "5-9",
        "ada lovelace",
        &"ab".repeat(32),
        "<script>",
    ] {
        let request = node.get(&search(nothing));
        let page = page_of(request, 404).await;
        assert!(
            page.contains("Nothing here is called that") && page.contains("by its hash"),
            "{nothing}"
        );
    }
    assert!(
        page(&node, "/search")
            .await
            .contains("What can be searched for")
    );
    page_of(node.get(&format!("/search?q={}", "x".repeat(257))), 400).await;
    page_of(node.get("/search?p=1"), 400).await;
}

#[tokio::test]
async fn every_page_speaks_both_languages() {
    let node = TestNode::start("m").await;
    node.mine(1).await;
    for (path, chinese) in [
        ("/chain", "区块链"),
        ("/block/2", "它的哈希是怎么来的"),
        ("/transaction/2-0", "规范文本"),
        ("/account/m", "不显示余额"),
        ("/waiting", "等待中的交易"),
        ("/search", "可以搜索什么"),
    ] {
        let english = page(&node, path).await;
        assert!(
            english.contains("<html lang=\"en\"") && !english.contains(chinese),
            "{path}"
        );
        let page = page_of(node.get(path).header("accept-language", "zh-CN"), 200).await;
        assert!(
            page.contains("<html lang=\"zh-CN\"") && page.contains(chinese),
            "{path}"
        );
    }
}
