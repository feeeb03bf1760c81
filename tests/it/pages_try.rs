//! The chapter as pages, and the console: all that they say is there without a script, and nothing in them acts by itself.

use std::collections::BTreeSet;

use reqwest::{RequestBuilder, StatusCode};
use serde_json::Value;

use crate::coin_network::CoinNode;
use crate::network::TestNode;

/// Larger than any of these pages has to be; with style sheet and scripts they stay below 150 KiB.
const LARGEST: usize = 80 * 1024;

/// A page as a browser asks for it, in a language.
async fn page(request: RequestBuilder, language: &str, status: StatusCode) -> String {
    let request = request
        .header("accept", "text/html,*/*;q=0.8")
        .header("cookie", format!("bcoin_language={language}"));
    let answer = request.send().await.expect("an answer");
    assert_eq!(answer.status(), status, "{}", answer.url());
    let header = |name: &str| answer.headers()[name].to_str().expect("text").to_owned();
    assert_eq!(header("content-type"), "text/html; charset=utf-8");
    assert!(header("content-security-policy").contains("script-src 'self'"));
    let text = answer.text().await.expect("a page");
    assert!(text.len() < LARGEST, "{} bytes", text.len());
    assert!(text.contains(&format!("<html lang=\"{language}\"")));
    nothing_acts_by_itself(&text);
    text
}

/// A link may be followed before anybody meant to: none leads to a call that changes the node.
fn nothing_acts_by_itself(page: &str) {
    for attribute in ["href=\"", "src=\"", "action=\""] {
        for target in page.split(attribute).skip(1) {
            let target = target.split('"').next().expect("an end");
            for call in [
                "/mine_block",
                "/replace_chain",
                "/add_transaction",
                "/connect_node",
            ] {
                assert!(!target.ends_with(call), "{target}");
            }
        }
    }
    assert!(!page.contains(" style=") && !page.contains(" onclick="));
}

/// The steps that a page links to, wherever they are done.
fn steps(page: &str) -> BTreeSet<&str> {
    let links = page.split("/try/").skip(1);
    links.filter_map(|link| link.split('"').next()).collect()
}

#[tokio::test]
async fn every_step_of_the_classic_chapter_has_its_line_without_a_script() {
    let node = TestNode::start("miner").await;
    let first = page(node.get("/try"), "en", StatusCode::OK).await;
    assert_eq!(steps(&first).len(), 17);
    for language in ["en", "zh-CN"] {
        for step in steps(&first) {
            let shown = page(node.get(&format!("/try/{step}")), language, StatusCode::OK).await;
            assert!(shown.contains("<code data-curl>curl "), "{step}");
        }
    }
    let step = page(node.get("/try/transaction"), "en", StatusCode::OK).await;
    let line = "curl -d &#39;{&#34;sender&#34;: &#34;alice&#34;, &#34;receiver&#34;: &#34;bob&#34;, &#34;amount&#34;: 5}&#39; http://";
    assert!(step.contains(line), "{step}");
    let none = page(node.get("/try/%3Cb%3E"), "en", StatusCode::NOT_FOUND).await;
    assert!(none.contains("no step of this chapter") && !none.contains("`<b>`"));
}

#[tokio::test]
async fn a_step_on_another_node_is_not_sent_from_here() {
    let node = TestNode::start("miner").await;
    let port = node.daemon.address.port();
    for peer in [port.wrapping_add(1), port.wrapping_add(2)] {
        node.connect(&format!("127.0.0.1:{peer}")).await;
    }
    let shown = page(node.get("/try/replace"), "en", StatusCode::OK).await;
    let there = format!("http://127.0.0.1:{}/try/replace", port.wrapping_add(1));
    assert!(
        shown.contains(&there) && !shown.contains("data-send"),
        "{shown}"
    );
    let on_this = page(node.get("/try/keep"), "en", StatusCode::OK).await;
    assert!(
        on_this.contains("data-send disabled"),
        "a script makes it work"
    );
}

#[tokio::test]
async fn what_the_page_signs_on_dev_is_taken_and_then_another_is_signed() {
    let node = CoinNode::dev().await;
    let mut seen = BTreeSet::new();
    for query in ["", "?amount=2.25", "?amount=0.000000000000000001"] {
        let shown = page(
            node.get(&format!("/try/transaction{query}")),
            "en",
            StatusCode::OK,
        )
        .await;
        let raw = shown.split("0x02").nth(1).expect("an envelope");
        let raw: String = raw.chars().take_while(char::is_ascii_hexdigit).collect();
        let answer = node.post("/add_transaction", format!(r#"{{"raw": "0x02{raw}"}}"#));
        let answer = answer.send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::CREATED, "{query}");
        assert!(seen.insert(raw));
    }
    for wrong in [
        "amount=%3Cscript%3E",
        "amount=-1",
        "receiver=bob",
        "amount=1e9",
    ] {
        let shown = page(
            node.get(&format!("/try/transaction?{wrong}")),
            "en",
            StatusCode::OK,
        )
        .await;
        assert!(shown.contains("class=\"problem\""), "{wrong}");
        assert!(
            !shown.contains("<script>") && !shown.contains("0x02f8"),
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn every_step_of_the_chapter_with_coins_has_its_line_and_moves_as_the_nodes_do() {
    let by_hand = CoinNode::dev().await;
    let first = page(by_hand.get("/try"), "en", StatusCode::OK).await;
    let expected = if by_hand.json("/v1/node").await["sync"] == "auto" {
        11
    } else {
        17
    };
    assert_eq!(steps(&first).len(), expected);
    for language in ["en", "zh-CN"] {
        for step in steps(&first) {
            let shown = page(
                by_hand.get(&format!("/try/{step}")),
                language,
                StatusCode::OK,
            )
            .await;
            assert!(shown.contains("<code data-curl>curl "), "{step}");
        }
    }
}

/// Whether the console has each operation of the document that the node serves.
fn lists_all(document: &Value, console: &str) -> Vec<String> {
    let paths = document["paths"].as_object().expect("paths").values();
    let operations = paths.flat_map(|item| item.as_object().expect("an item").values());
    let names = operations.map(|operation| {
        operation["operationId"]
            .as_str()
            .expect("a name")
            .to_owned()
    });
    let names: Vec<String> = names.collect();
    for name in &names {
        assert!(
            console.contains(&format!("href=\"/console?call={name}\"")),
            "{name}"
        );
    }
    names
}

#[tokio::test]
async fn the_console_has_every_call_of_the_nodes_own_document() {
    let classic = TestNode::start("miner").await;
    let console = page(classic.get("/console"), "zh-CN", StatusCode::OK).await;
    for name in lists_all(&classic.json("/openapi.json").await, &console) {
        let shown = page(
            classic.get(&format!("/console?call={name}")),
            "zh-CN",
            StatusCode::OK,
        )
        .await;
        assert!(shown.contains("<code data-curl>curl "), "{name}");
    }
    let coin = CoinNode::dev().await;
    let console = page(coin.get("/console"), "en", StatusCode::OK).await;
    for name in lists_all(&coin.json("/openapi.json").await, &console) {
        let shown = page(
            coin.get(&format!("/console?call={name}")),
            "en",
            StatusCode::OK,
        )
        .await;
        assert!(shown.contains("<code data-curl>curl "), "{name}");
    }
    let unknown = page(
        coin.get("/console?call=%22%3E%3Cb%3E"),
        "en",
        StatusCode::OK,
    )
    .await;
    assert!(unknown.contains("class=\"problem\"") && !unknown.contains("\"><b>"));
}
