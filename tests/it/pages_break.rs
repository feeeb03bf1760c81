//! The pages Break it and Charts, asked of real nodes: what the judge says of honest, altered and hostile copies.

mod coin; // the same on a coin node

use reqwest::{Client, Response};
use serde_json::{Value, json};

use crate::network::TestNode;

async fn sent(url: String, body: impl Into<String>) -> Response {
    let request = Client::new().post(url).body(body.into());
    request.send().await.expect("an answer")
}

async fn judged(url: String, copy: &Value) -> Value {
    let answer = sent(url, copy.to_string()).await;
    assert_eq!(answer.status(), 200);
    answer.json().await.expect("JSON")
}

/// Heights of blocks at fault, with the members.
fn faults(verdict: &Value) -> Vec<(u64, String)> {
    let blocks = verdict["blocks"].as_array().expect("blocks");
    let faults = blocks.iter().flat_map(|block| {
        let height = block["height"].as_u64().expect("a height");
        let broken = block["broken"].as_array().expect("rules");
        broken.iter().map(move |fault| {
            let said = |name: &str| fault[name].as_str().expect("text").to_owned();
            assert!(!said("why").is_empty() && !said("rule").is_empty());
            (height, said("member"))
        })
    });
    faults.collect()
}

fn fault(height: u64, member: &str) -> (u64, String) {
    (height, member.to_owned())
}

/// A copy of a classic node's chain from block 3 on, as the page would send it.
async fn classic_copy(node: &TestNode) -> Value {
    let parent = node.json("/v1/blocks/2").await;
    let tip = node.json("/v1/node").await["tip"]["height"]
        .as_u64()
        .expect("a height");
    let mut blocks = Vec::new();
    for height in 3..=tip {
        let text = node.answer(&format!("/v1/blocks/{height}/text")).await;
        let text = text.text().await.expect("text");
        let hash = node.json(&format!("/v1/blocks/{height}")).await["hash"].clone();
        blocks.push(json!({"text": text, "was": hash}));
    }
    json!({
        "parent": {"height": 2, "hash": parent["hash"], "proof": parent["block"]["proof"]},
        "blocks": blocks,
    })
}

fn replace(copy: &mut Value, block: usize, from: &str, to: &str) {
    let text = copy["blocks"][block]["text"].as_str().expect("text");
    let changed = text.replacen(from, to, 1);
    assert_ne!(changed, text, "{from}");
    copy["blocks"][block]["text"] = json!(changed);
}

#[tokio::test]
async fn a_classic_copy_is_judged_block_by_block_and_mined_again() {
    let node = TestNode::start("Ada").await;
    for _ in 0..5 {
        node.add("alice").await;
        node.mine(1).await;
    }
    let before = node.json("/v1/node").await["tip"].clone();
    let copy = classic_copy(&node).await;
    let judge = || node.url("/break/judge");
    let real = judged(judge(), &copy).await;
    assert_eq!(
        (real["state"].as_str(), faults(&real)),
        (Some("real"), vec![])
    );
    assert!(
        real["blocks"][0]["point"]["x"].is_number(),
        "its proof is in the drawing"
    );

    let mut altered = copy.clone();
    replace(&mut altered, 1, "alice", "mallory");
    let verdict = judged(judge(), &altered).await;
    assert_eq!(verdict["state"], "broken");
    assert_eq!(faults(&verdict), [fault(5, "previous_hash")]);
    assert_eq!(verdict["blocks"][1]["changed"], true);
    let rule = verdict["blocks"][2]["broken"][0]["rule"]
        .as_str()
        .expect("text");
    assert!(rule.starts_with("block 5 claims previous hash"), "{rule}");

    let mined = judged(node.url("/break/mine"), &altered).await;
    let mined = mined["blocks"].as_array().expect("blocks");
    assert_eq!(mined.len(), 2, "from the first broken block on");
    for (place, block) in (2..).zip(mined) {
        let text = altered["blocks"][place]["text"].as_str().expect("text");
        let mut text: Value = serde_json::from_str(text).expect("JSON");
        assert_eq!(
            block["proof"],
            text["proof"].to_string(),
            "a proof depends on the proof before it alone"
        );
        text["previous_hash"] = block["previous_hash"].clone();
        altered["blocks"][place]["text"] = json!(text.to_string());
    }
    let forged = judged(judge(), &altered).await;
    assert_eq!(
        (forged["state"].as_str(), faults(&forged)),
        (Some("other"), vec![])
    );

    let mut last = copy.clone();
    replace(&mut last, 3, "alice", "mallory");
    let verdict = judged(judge(), &last).await;
    assert_eq!(
        (verdict["state"].as_str(), faults(&verdict)),
        (Some("other"), vec![]),
        "no rule sees it"
    );
    assert_eq!(node.json("/v1/node").await["tip"], before);
}

#[tokio::test]
async fn hostile_copies_are_judged_or_refused_and_the_node_goes_on() {
    let node = TestNode::start("Ada").await;
    node.mine(4).await;
    let copy = classic_copy(&node).await;
    let deep = |depth: usize| format!("{{\"a\": {}{}}}", "[".repeat(depth), "]".repeat(depth));
    let digits = "9".repeat(5_000);
    for (text, hash) in [
        (deep(900), true),
        (deep(5_000), false),
        ("[".repeat(100_000), false),
        (format!("{{\"proof\": {digits}}}"), false),
        (format!("{{\"proof\": {}}}", &digits[..4_000]), true),
        (
            "{\"index\": 1e400, \"timestamp\": \"\\ud800\"}".to_owned(),
            true,
        ),
        ("{\"proof\": NaN}".to_owned(), true),
        (String::new(), false),
        ("\u{0}\u{1f600}".to_owned(), false),
        ("{\"a\": 1}, {\"b\": 2}".to_owned(), false),
    ] {
        let mut hostile = copy.clone();
        hostile["blocks"][0]["text"] = json!(text);
        let verdict = judged(node.url("/break/judge"), &hostile).await;
        let first = &verdict["blocks"][0];
        assert!(
            !first["broken"].as_array().expect("rules").is_empty(),
            "{text:.40}"
        );
        assert_eq!(first["hash"].is_string(), hash, "{text:.40}");
        let mined = judged(node.url("/break/mine"), &hostile).await;
        assert_eq!(
            mined["blocks"].as_array().map(Vec::len),
            Some(0),
            "{text:.40}"
        );
    }
    // A proof of thirty digits has to be searched behind, in the time there is.
    let mut long = copy.clone();
    let proof = serde_json::from_str::<Value>(long["blocks"][0]["text"].as_str().expect("text"));
    let proof = proof.expect("JSON")["proof"].to_string();
    replace(
        &mut long,
        0,
        &format!("\"proof\": {proof}"),
        &format!("\"proof\": {}", &digits[..30]),
    );
    assert!(judged(node.url("/break/mine"), &long).await["summary"].is_string());

    let block = copy["blocks"][0].clone();
    let many = json!({"parent": null, "blocks": vec![block; 17]}).to_string();
    let large = format!(
        "{{\"blocks\": [{{\"text\": \"{}\"}}]}}",
        "a".repeat(256 * 1024)
    );
    for (body, status) in [
        (String::new(), 400),
        ("[]".to_owned(), 400),
        ("{".to_owned(), 400),
        (deep(100), 400),
        ("{\"blocks\": [{\"text\": \"\\ud800\"}]}".to_owned(), 400),
        ("{\"blocks\": [{\"text\": {}}]}".to_owned(), 400),
        ("{\"blocks\": 7}".to_owned(), 400),
        (
            "{\"parent\": 7, \"blocks\": [{\"text\": \"\"}]}".to_owned(),
            400,
        ),
        (many, 400),
        (large, 413),
    ] {
        for path in ["/break/judge", "/break/mine"] {
            let answer = sent(node.url(path), body.clone()).await;
            assert_eq!(answer.status(), status, "{body:.60}");
            let problem: Value = answer.json().await.expect("JSON");
            assert!(problem["detail"].as_str().expect("text").len() < 400);
        }
    }
    let foreign = node
        .post("/break/judge", copy.to_string())
        .header("origin", "http://evil.example");
    assert_eq!(foreign.send().await.expect("an answer").status(), 403);
    assert_eq!(node.answer("/break/judge").await.status(), 405);
    assert_eq!(
        judged(node.url("/break/judge"), &copy).await["state"],
        "real"
    );
}

async fn page(url: String, language: &str) -> String {
    let request = Client::new().get(url).header("accept", "text/html");
    let answer = request
        .header("accept-language", language)
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), 200);
    answer.text().await.expect("text")
}

#[tokio::test]
async fn the_pages_stay_small_and_show_hostile_text_as_text() {
    let node = TestNode::start("<script>alert(1)</script>").await;
    for sender in [
        "<img src=x>",
        "'\\\" onload=",
        "\\u202e\\u0000",
        "\\ud83d\\ude00",
    ] {
        node.add(sender).await;
    }
    node.mine(1).await;
    for _ in 0..60 {
        node.add("a").await;
    }
    node.mine(2).await;
    for path in [
        "/break",
        "/break?from=1",
        "/break?from=99",
        "/charts",
        "/charts?blocks=100000",
    ] {
        for language in ["en", "zh-CN"] {
            let text = page(node.url(path), language).await;
            assert!(text.len() < 80 * 1024, "{path} has {}", text.len());
            assert!(
                !text.contains("<script>alert") && !text.contains("<img src=x"),
                "{path}"
            );
            assert!(
                !text.contains("style=\"") && !text.contains("<style"),
                "{path}"
            );
        }
    }
    let text = page(node.url("/charts"), "en").await;
    assert!(text.contains("<svg class=\"chart\"") && text.contains("&#60;script&#62;alert(1)"));
    for path in [
        "/break?from=x",
        "/break?other=1",
        "/charts?blocks=0",
        "/charts?blocks=1000001",
    ] {
        assert_eq!(node.answer(path).await.status(), 400, "{path}");
    }
    let empty = TestNode::start("Ada").await;
    assert!(
        page(empty.url("/charts"), "en")
            .await
            .contains("class=\"empty\"")
    );
    assert!(
        page(empty.url("/break"), "en")
            .await
            .contains("data-parent=\"null\"")
    );
}
