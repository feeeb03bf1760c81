//! Break it and Charts on coin.

use serde_json::{Value, json};

use super::{fault, faults, judged, page, sent};
use crate::coin_network::CoinNode;

/// The copy in a coin node's page, put together as its script does.
fn coin_copy(page: &str) -> Value {
    let value = |text: &str, name: &str| {
        let (_, rest) = text
            .split_once(&format!("{name}=\""))
            .expect("the attribute");
        let value = rest.split('"').next().expect("a value");
        value.replace("&#34;", "\"")
    };
    let (copies, _) = page
        .split_once("</main>")
        .expect("the end of what the page is about");
    let copies = copies.split("<li class=\"card copy\"").skip(1);
    let blocks = copies.map(|block| {
        let mut text = json!({"header": {}, "record": {}, "transactions": []});
        for input in block.split("<input ").skip(1) {
            let (name, value) = (value(input, "name"), value(input, "value"));
            match name.split_once('.') {
                Some(("transactions", _)) => {
                    text["transactions"]
                        .as_array_mut()
                        .expect("a list")
                        .push(json!(value));
                }
                Some((part, member)) => text[part][member] = json!(value),
                None => panic!("{name} stands in no part"),
            }
        }
        json!({"text": text.to_string(), "was": value(block, "data-was")})
    });
    let parent: Value = serde_json::from_str(&value(page, "data-parent")).expect("JSON");
    json!({"parent": parent, "blocks": blocks.collect::<Vec<_>>()})
}

fn set(copy: &mut Value, block: usize, part: &str, member: &str, to: &str) {
    let text = copy["blocks"][block]["text"].as_str().expect("text");
    let mut text: Value = serde_json::from_str(text).expect("JSON");
    assert_ne!(text[part][member], to);
    text[part][member] = json!(to);
    copy["blocks"][block]["text"] = json!(text.to_string());
}

#[tokio::test]
async fn a_coin_copy_is_judged_and_its_work_is_counted() {
    let node = CoinNode::dev().await;
    assert!(
        page(node.url("/break"), "en")
            .await
            .contains("class=\"empty\""),
        "nobody mined the genesis block"
    );
    assert!(
        page(node.url("/charts"), "zh-CN")
            .await
            .contains("class=\"empty\"")
    );
    node.mine(3).await;
    let copy = coin_copy(&page(node.url("/break"), "en").await);
    assert_eq!(copy["blocks"].as_array().map(Vec::len), Some(3));
    let judge = || node.url("/break/judge");
    let real = judged(judge(), &copy).await;
    assert_eq!(
        (real["state"].as_str(), faults(&real)),
        (Some("real"), vec![])
    );

    let zeros = format!("0x{}", "0".repeat(64));
    for (part, member, to, found) in [
        ("header", "version", "2", "header.version"),
        ("header", "previous", &zeros[2..], "header.previous"),
        ("header", "commitment", &zeros, "header.commitment"),
        ("header", "time", "1", "record.timestamp"),
        ("header", "bits", "0x207ffffe", "header.bits"),
        ("record", "state_root", &zeros, "header.commitment"),
        ("record", "number", "77", "record.number"),
        ("record", "parent_hash", &zeros, "record.parent_hash"),
        ("record", "gas_limit", "1", "record.gas_limit"),
        (
            "record",
            "transactions_root",
            &zeros,
            "record.transactions_root",
        ),
        (
            "record",
            "gas_used",
            "18446744073709551616",
            "record.gas_used",
        ),
        ("header", "nonce", "-1", "header.nonce"),
    ] {
        let mut altered = copy.clone();
        set(&mut altered, 1, part, member, to);
        let verdict = judged(judge(), &altered).await;
        assert!(
            faults(&verdict).contains(&fault(2, found)),
            "{part}.{member}: {verdict}"
        );
        assert!(
            faults(&verdict).iter().all(|(height, _)| *height > 1),
            "{part}.{member}"
        );
        let cost = judged(node.url("/break/mine"), &altered).await;
        assert_eq!(
            cost["lines"].as_array().map(Vec::len),
            Some(4),
            "{part}.{member}"
        );
    }
    let mut forged = copy.clone();
    forged["blocks"][2]["text"] = json!(
        copy["blocks"][2]["text"]
            .as_str()
            .expect("text")
            .replace("\"transactions\":[]", "\"transactions\":[\"0x01\"]")
    );
    let verdict = judged(judge(), &forged).await;
    assert_eq!(
        faults(&verdict),
        [
            fault(3, "record.transactions_root"),
            fault(3, "transactions.0")
        ]
    );
    let cost = judged(node.url("/break/mine"), &copy).await;
    assert_eq!(cost["lines"], json!([]), "nothing is broken");
}

#[tokio::test]
async fn hostile_coin_copies_are_judged_or_refused() {
    let node = CoinNode::dev().await;
    node.mine(2).await;
    let copy = coin_copy(&page(node.url("/break"), "en").await);
    for text in [
        String::new(),
        "[".repeat(100_000),
        "{}".to_owned(),
        "{\"header\": {\"version\": 1}}".to_owned(),
        "\"\\ud800\"".to_owned(),
        format!(
            "{{\"header\": {{\"version\": \"{}\"}}}}",
            "9".repeat(100_000)
        ),
    ] {
        let mut hostile = copy.clone();
        hostile["blocks"][0]["text"] = json!(text);
        let verdict = judged(node.url("/break/judge"), &hostile).await;
        assert_eq!(
            verdict["blocks"][0]["broken"].as_array().map(Vec::len),
            Some(1),
            "{text:.40}"
        );
        assert!(
            verdict["blocks"][1]["note"].is_string(),
            "its link cannot be checked"
        );
    }
    let unknown =
        json!({"parent": {"hash": "ab".repeat(32)}, "blocks": copy["blocks"]}).to_string();
    let blocks = &copy["blocks"];
    for (body, status) in [
        (unknown, 404),
        (json!({"blocks": blocks}).to_string(), 400),
        (
            json!({"parent": {"hash": 7}, "blocks": blocks}).to_string(),
            400,
        ),
        (
            json!({"parent": copy["parent"], "blocks": []}).to_string(),
            400,
        ),
    ] {
        let answer = sent(node.url("/break/judge"), body.clone()).await;
        assert_eq!(answer.status(), status, "{body:.80}");
    }
    for path in ["/break", "/charts", "/charts?blocks=1000"] {
        let text = page(node.url(path), "zh-CN").await;
        assert!(text.len() < 80 * 1024, "{path} has {}", text.len());
    }
}
