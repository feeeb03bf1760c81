//! What a node has counted.

use std::collections::HashSet;

use crate::network::TestNode;

async fn metrics(node: &TestNode) -> String {
    let answer = node.answer("/metrics").await;
    let content_type = answer.headers()["content-type"].clone();
    assert_eq!(content_type, "text/plain; version=0.0.4; charset=utf-8");
    answer.text().await.expect("text")
}

fn value(text: &str, series: &str) -> f64 {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {series} in {text}"))
        .parse()
        .expect("a number")
}

#[tokio::test]
async fn each_node_counts_for_itself() {
    let (one, other) = (TestNode::start("m").await, TestNode::start("m").await);
    one.add("a").await;
    one.add("b").await;
    one.mine(2).await;
    one.add("c").await;
    one.connect("127.0.0.1:9").await;
    one.problem("/v1/blocks/9", 404).await;
    one.problem("/nowhere", 404).await;
    let text = metrics(&one).await;
    for (series, expected) in [
        ("bcoin_tip_height", 3.0),
        ("bcoin_blocks_mined_total", 2.0),
        ("bcoin_transactions_accepted_total", 3.0),
        ("bcoin_transactions_waiting", 1.0),
        ("bcoin_reorgs_total", 0.0),
        ("bcoin_peers_known", 1.0),
        ("bcoin_blocks_displaced", 0.0),
        ("bcoin_ready", 1.0),
        ("bcoin_http_requests_in_flight", 1.0),
        ("bcoin_http_event_streams", 0.0),
        ("bcoin_commit_failures_total", 0.0),
        (
            r#"bcoin_http_requests_total{route="/add_transaction",status="2xx"}"#,
            3.0,
        ),
        (
            r#"bcoin_http_requests_total{route="/v1/blocks/{block}",status="4xx"}"#,
            1.0,
        ),
        (
            r#"bcoin_http_requests_total{route="none",status="4xx"}"#,
            1.0,
        ),
        (
            r#"bcoin_http_request_duration_seconds_count{route="/mine_block"}"#,
            2.0,
        ),
    ] {
        assert_eq!(value(&text, series), expected, "{series}");
    }
    assert!(value(&text, "bcoin_commit_commands_count") >= 4.0);
    assert!(value(&text, "bcoin_commit_duration_seconds_sum") > 0.0);
    assert!(value(&text, "bcoin_start_time_seconds") > 1.7e9);
    assert!(value(&text, "bcoin_http_connections_accepted_total") >= 1.0);
    assert!(text.contains(r#"bcoin_build_info{version=""#), "{text}");
    let text = metrics(&other).await;
    assert_eq!(value(&text, "bcoin_tip_height"), 1.0);
    assert_eq!(value(&text, "bcoin_blocks_mined_total"), 0.0);
}

#[tokio::test]
async fn every_series_is_explained_once_and_named_as_prometheus_wants() {
    let node = TestNode::start("m").await;
    node.mine(1).await;
    let refused = node
        .get("/livez")
        .header("Host", "evil.example")
        .send()
        .await;
    assert_eq!(refused.expect("an answer").status(), 421);
    let text = metrics(&node).await;
    let names = |keyword: &str| -> Vec<String> {
        text.lines()
            .filter_map(|line| line.strip_prefix(keyword)?.split_whitespace().next())
            .map(str::to_owned)
            .collect()
    };
    let (helped, typed) = (names("# HELP "), names("# TYPE "));
    let explained: HashSet<&String> = helped.iter().collect();
    assert_eq!(explained.len(), helped.len(), "each once");
    assert_eq!(explained, typed.iter().collect());
    for line in text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
    {
        let name = line.split(['{', ' ']).next().expect("a name");
        let known = ["", "_bucket", "_sum", "_count"].iter().any(|suffix| {
            let base = name.strip_suffix(suffix);
            base.is_some_and(|base| explained.contains(&base.to_owned()))
        });
        assert!(known && name.starts_with("bcoin_"), "{line}");
        assert!(!line.contains("quantile"), "{line}");
    }
    assert!(
        text.contains(r#"bcoin_http_requests_refused_total{rule="host"}"#),
        "{text}"
    );
}
