//! `/v1` and the routes around it, asked of real nodes.

mod documents; // what the node says of itself
mod events; // what happens, as it happens
mod metrics; // what a node has counted

use bcoin::protocol::classic::block::{BlockHash, BlockReader};
use serde_json::Value;

use crate::chains::{body, chain};
use crate::lying_peer::LyingPeer;
use crate::network::TestNode;

#[tokio::test]
async fn a_node_says_who_it_is() {
    let node = TestNode::start("Ada").await;
    node.add("a").await;
    node.connect("127.0.0.1:9").await;
    let said = node.json("/v1/node").await;
    assert_eq!(said["miner"], "Ada");
    assert_eq!(said["network"], "classic");
    assert_eq!(said["protocol"], "classic");
    assert_eq!(said["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(said["tip"]["height"], 1);
    assert_eq!(said["waiting"], 1);
    assert_eq!(said["peers"], 1);
    assert_eq!(said["id"].as_str().map(str::len), Some(32));
    let peers = node.json("/v1/peers").await;
    assert_eq!(peers["peers"][0]["address"], "127.0.0.1:9");
    assert_eq!(node.json("/livez").await["status"], "alive");
    assert_eq!(node.json("/readyz").await["status"], "ready");
    let index = node.json("/").await;
    assert!(
        index["notice"]
            .as_str()
            .expect("text")
            .contains("lesson, not a currency")
    );
    for link in index["links"].as_array().expect("links") {
        let path = link["path"].as_str().expect("a path");
        if link["method"] == "GET" && !path.ends_with("/events") {
            assert_eq!(node.answer(path).await.status(), 200, "{path}");
        }
    }
}

#[tokio::test]
async fn blocks_come_page_by_page_in_both_orders() {
    let node = TestNode::start("m").await;
    node.mine(4).await;
    let whole = node.json("/get_chain").await;
    for (order, first) in [("asc", 0), ("desc", 4)] {
        let mut path = format!("/v1/blocks?order={order}&limit=2");
        let mut heights = Vec::new();
        loop {
            let page = node.json(&path).await;
            for entry in page["blocks"].as_array().expect("blocks") {
                let height = entry["height"].as_u64().expect("a number");
                assert_eq!(entry["block"], whole["chain"][height as usize - 1]);
                heights.push(height);
            }
            let Some(next) = page["next"].as_u64() else {
                break;
            };
            path = format!("/v1/blocks?order={order}&limit=2&from={next}");
        }
        let mut expected: Vec<u64> = (1..=5).collect();
        if first == 4 {
            expected.reverse();
        }
        assert_eq!(heights, expected, "{order}");
    }
    let beyond = node
        .json("/v1/blocks?from=99999999999999999999999999")
        .await;
    assert_eq!(beyond, serde_json::json!({"blocks": [], "next": null}));
    let all = node.json("/v1/blocks?from=99&order=desc&limit=1000").await;
    assert_eq!(all["blocks"].as_array().map(Vec::len), Some(5));
}

#[tokio::test]
async fn what_cannot_be_asked_is_said() {
    let node = TestNode::start("m").await;
    for (path, says) in [
        ("/v1/blocks?limit=1001", "1 to 1000"),
        ("/v1/blocks?limit=0", "1 to 1000"),
        ("/v1/blocks?from=0", "count from 1"),
        ("/v1/blocks?from=x", "not a whole number"),
        ("/v1/blocks?order=up", "asc or desc"),
        ("/v1/blocks?form=1", "takes from, limit, order"),
        ("/v1/blocks?from=1&from=2", "twice"),
        ("/v1/node?x=1", "takes none"),
        ("/v1/blocks/x", "names no block"),
        ("/v1/blocks/%FF", "names no block"),
        ("/v1/blocks/%D9%A1", "names no block"),
        ("/v1/blocks/-1", "names no block"),
        ("/v1/blocks/1/text?a", "takes none"),
        ("/v1/transactions/waiting?after=x", "not a whole number"),
        ("/v1/displaced?limit=1001", "1 to 1000"),
    ] {
        let problem = node.problem(path, 400).await;
        assert_eq!(problem["type"], "/problems/bad-parameter", "{path}");
        let detail = problem["detail"].as_str().expect("text");
        assert!(detail.contains(says), "{path}: {detail}");
    }
    for path in [
        "/v1/blocks/0",
        "/v1/blocks/2",
        "/v1/blocks/99999999999999999999999",
        &format!("/v1/blocks/{}", "ab".repeat(32)),
        &format!("/v1/blocks/{}/text", "0".repeat(64)),
    ] {
        let problem = node.problem(path, 404).await;
        assert_eq!(problem["tip"], 1, "{path}");
    }
    let problem = node.problem("/v1/blocksx", 404).await;
    assert_eq!(problem["did_you_mean"], "/v1/blocks");
    let answer = node
        .post("/v1/blocks/tip", "")
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), 405);
    assert_eq!(answer.headers()["allow"], "GET, HEAD");
}

#[tokio::test]
async fn a_blocks_text_hashes_to_its_hash_under_every_name() {
    let node = TestNode::start("m").await;
    node.mine(1).await;
    let block = node.json("/v1/blocks/tip").await;
    let hash = block["hash"].as_str().expect("text");
    assert_eq!(
        (&block["height"], &block["displaced"]),
        (&2.into(), &false.into())
    );
    for (name, caching) in [
        ("tip", "no-cache"),
        ("2", "no-cache"),
        ("002", "no-cache"),
        (hash, "public, max-age=31536000, immutable"),
        (&hash.to_uppercase(), "public, max-age=31536000, immutable"),
    ] {
        assert_eq!(node.json(&format!("/v1/blocks/{name}")).await, block);
        let answer = node.answer(&format!("/v1/blocks/{name}/text")).await;
        let headers = answer.headers().clone();
        assert_eq!(headers["etag"], format!("\"{hash}\""));
        assert_eq!(headers["cache-control"], caching, "{name}");
        assert_eq!(headers["content-type"], "text/plain; charset=us-ascii");
        let text = answer.text().await.expect("text");
        assert_eq!(BlockHash::of(&text).to_string(), hash);
    }
    for known in [
        format!("\"{hash}\""),
        format!("W/\"x\", W/\"{hash}\""),
        "*".to_owned(),
    ] {
        for path in ["/v1/blocks/2", "/v1/blocks/2/text"] {
            let answer = node.get(path).header("If-None-Match", &known).send().await;
            let answer = answer.expect("an answer");
            assert_eq!(answer.status(), 304, "{known}");
            assert_eq!(answer.headers()["etag"], format!("\"{hash}\""));
        }
    }
    let other = node
        .get("/v1/blocks/1/text")
        .header("If-None-Match", format!("\"{hash}\""));
    assert_eq!(other.send().await.expect("an answer").status(), 200);
}

#[tokio::test]
async fn waiting_transactions_come_page_by_page() {
    let node = TestNode::start("m").await;
    for sender in ["a", "b", "c"] {
        node.add(sender).await;
    }
    let first = node.json("/v1/transactions/waiting?limit=2&after=").await;
    assert_eq!(first["total"], 3);
    assert_eq!(first["transactions"][1]["transaction"]["sender"], "b");
    assert_eq!(first["transactions"][1]["returned"], false);
    let next = first["next"].as_i64().expect("there is more");
    let second = node
        .json(&format!("/v1/transactions/waiting?limit=2&after={next}"))
        .await;
    assert_eq!(second["transactions"].as_array().map(Vec::len), Some(1));
    assert_eq!(second["transactions"][0]["transaction"]["sender"], "c");
    assert_eq!(second["next"], Value::Null);
}

/// A chain of a Python node, longer than a young node's, with what only Python's JSON can say.
fn awkward_chain() -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    let mut reader = BlockReader::default();
    let mut previous = "0".to_owned();
    for block in chain("python", 5) {
        let odd = if texts.is_empty() {
            "[]"
        } else {
            r#"[{"amount": NaN, "x": "\ud800"}]"#
        };
        let text = format!(
            r#"{{"index": {}, "previous_hash": "{previous}", "proof": {}, "timestamp": "t", "transactions": {odd}}}"#,
            block.height(),
            block.proof()
        );
        let text = reader.read(&text).expect("a block").text.to_owned();
        previous = BlockHash::of(&text).to_string();
        texts.push(text);
    }
    texts
}

#[tokio::test]
async fn displaced_blocks_are_listed_and_found_and_awkward_ones_shown_as_they_are() {
    let node = TestNode::start("m").await;
    node.add("again").await;
    node.mine(2).await;
    let old = node.json("/v1/blocks/2").await;
    let texts = awkward_chain();
    let peer = LyingPeer::holding(body(texts.iter().map(String::as_str), texts.len())).await;
    node.connect(&peer.address.to_string()).await;
    let replaced = node
        .answer("/replace_chain")
        .await
        .text()
        .await
        .expect("text");
    assert!(replaced.contains(r#""replaced": true"#), "{replaced}");

    let hash = old["hash"].as_str().expect("text");
    let list = node.json("/v1/displaced?limit=2").await;
    assert_eq!(list["blocks"][1]["hash"], hash);
    assert_eq!(list["blocks"][1]["height"], 2);
    assert_eq!(list["blocks"][1]["sequence"], 2);
    let rest = node
        .json(&format!("/v1/displaced?after={}", list["next"]))
        .await;
    assert_eq!(rest["blocks"].as_array().map(Vec::len), Some(1));
    assert_eq!(rest["next"], Value::Null);
    let answer = node.answer(&format!("/v1/blocks/{hash}")).await;
    assert_eq!(answer.headers()["etag"], format!("\"{hash}-displaced\""));
    let shown: Value = answer.json().await.expect("JSON");
    assert_eq!(
        (&shown["displaced"], &shown["block"]),
        (&true.into(), &old["block"])
    );
    let waiting = node.json("/v1/transactions/waiting").await;
    assert_eq!(waiting["transactions"][0]["returned"], true);

    let second = texts.get(1).expect("a second block");
    let shown = node
        .answer("/v1/blocks/2")
        .await
        .text()
        .await
        .expect("text");
    assert!(
        shown.contains(second.as_str()) && shown.contains("NaN"),
        "{shown}"
    );
    let page = node.answer("/v1/blocks").await.text().await.expect("text");
    assert!(texts.iter().all(|text| page.contains(text)), "{page}");

    let audit = node.json("/v1/audit").await;
    assert_eq!(audit["sound"], true);
    assert_eq!(audit["blocks"], 5);
    assert_eq!(audit["displaced"], 3);
    assert_eq!(audit["transactions"], 1);
    assert_eq!(audit["peers"], 1);
    assert_eq!(audit.get("fault"), None);
}
