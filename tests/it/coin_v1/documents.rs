//! What a coin node says of itself: the OpenAPI document, addresses that are not there.

use bcoin::protocol::coin::DEV_ACCOUNTS;

use crate::coin_network::{CoinNode, signed};

#[tokio::test]
async fn every_described_call_answers_as_described() {
    let node = CoinNode::dev().await;
    let sent = signed(1, DEV_ACCOUNTS[2], "1", 0);
    node.send(&sent).await;
    node.mine(1).await;
    let waiting = serde_json::json!({"raw": signed(1, DEV_ACCOUNTS[2], "1", 1).raw});
    let document = node.json("/openapi.json").await;
    let paths = document["paths"].as_object().expect("paths");
    assert!(paths.len() > 25, "{}", paths.len());
    for (path, item) in paths {
        for (method, operation) in item.as_object().expect("operations") {
            // Streams and sessions have no end; a search that goes on, a block that was mined elsewhere and a contract's source have tests of their own.
            if [
                "/v1/events",
                "/v1/session",
                "/v1/mining/searches/{number}",
                "/v1/mining/blocks",
                "/v1/contracts/{address}/source",
            ]
            .contains(&path.as_str())
            {
                continue;
            }
            let url = path
                .replace("{block}", "tip")
                .replace("{address}", &DEV_ACCOUNTS[1].to_string())
                .replace("{hash}", &sent.hash.to_string());
            let body = match path.as_str() {
                "/add_transaction" => waiting.to_string(),
                _ => operation["requestBody"]["content"]["application/json"]["example"].to_string(),
            };
            let request = match method.as_str() {
                "get" => node.get(&url),
                _ => node.post(&url, body),
            };
            let answer = request.send().await.expect("an answer");
            let status = answer.status().as_u16().to_string();
            let described = &operation["responses"][&status];
            assert!(
                status.starts_with('2') && described.is_object(),
                "{method} {path}: {status}"
            );
            let content_type = answer.headers()["content-type"]
                .to_str()
                .expect("text")
                .to_owned();
            let content = &described["content"][&content_type];
            assert!(content.is_object(), "{path}: {content_type}");
            for (name, _) in described["headers"].as_object().into_iter().flatten() {
                assert!(answer.headers().contains_key(name), "{path}: {name}");
            }
            // Every member that is always there is there.
            let Some(schema) = content["schema"]["$ref"].as_str() else {
                continue;
            };
            let schema = document
                .pointer(schema.trim_start_matches('#'))
                .expect("a schema");
            let json: serde_json::Value = answer.json().await.expect("JSON");
            for name in schema["required"].as_array().into_iter().flatten() {
                let name = name.as_str().expect("a name");
                assert!(json.get(name).is_some(), "{path}: {name}");
            }
        }
    }
}

#[tokio::test]
async fn unknown_addresses_list_every_described_one() {
    let node = CoinNode::dev().await;
    let document = node.json("/openapi.json").await;
    let problem = node.problem("/nowhere/at/all", 404).await;
    let listed: Vec<&str> = problem["routes"]
        .as_array()
        .expect("routes")
        .iter()
        .filter_map(|route| route.as_str()?.split_once(' '))
        .map(|(_, path)| path)
        .collect();
    for path in document["paths"].as_object().expect("paths").keys() {
        let count = listed.iter().filter(|other| *other == path).count();
        assert_eq!(count, 1, "{path}");
    }
    let page = node.answer("/docs").await;
    assert_eq!((page.status().as_u16(), page.url().path()), (200, "/docs/"));
    let wrong = node
        .post("/v1/supply", "{}")
        .send()
        .await
        .expect("an answer");
    assert_eq!(wrong.status(), 405);
    assert_eq!(wrong.headers()["allow"], "GET, HEAD");
    let wrong = node.answer("/v1/mining/blocks").await;
    assert_eq!(
        (wrong.status().as_u16(), &wrong.headers()["allow"]),
        (405, &"POST".parse().expect("a value"))
    );
}
