//! What the node says of itself: the OpenAPI document, the page that shows it, addresses that are not there.

use serde_json::Value;

use crate::network::TestNode;

#[tokio::test]
async fn every_described_call_answers_as_described() {
    let node = TestNode::start("m").await;
    let document = node.json("/openapi.json").await;
    let paths = document["paths"].as_object().expect("paths");
    for (path, item) in paths {
        for (method, operation) in item.as_object().expect("operations") {
            // Neither is one answer; both have tests of their own.
            if ["/v1/events", "/v1/session"].contains(&path.as_str()) {
                continue;
            }
            let url = path.replace("{block}", "tip");
            let body = &operation["requestBody"]["content"]["application/json"]["example"];
            let request = match method.as_str() {
                "get" => node.get(&url),
                _ => node.post(&url, body.to_string()),
            };
            let answer = request.send().await.expect("an answer");
            let status = answer.status().as_u16().to_string();
            let described = &operation["responses"][&status];
            assert!(
                status.starts_with('2') && described.is_object(),
                "{method} {path}: {status}"
            );
            let content_type = answer.headers()["content-type"].to_str().expect("text");
            assert!(
                described["content"][content_type].is_object(),
                "{path}: {content_type}"
            );
            for (name, _) in described["headers"].as_object().into_iter().flatten() {
                assert!(answer.headers().contains_key(name), "{path}: {name}");
            }
        }
    }
}

#[tokio::test]
async fn unknown_addresses_list_every_described_one() {
    let node = TestNode::start("m").await;
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
        assert_eq!(
            listed.iter().filter(|other| *other == path).count(),
            1,
            "{path}"
        );
    }
}

#[tokio::test]
async fn the_page_needs_nothing_from_elsewhere() {
    let node = TestNode::start("m").await;
    let answer = node.answer("/docs").await;
    assert_eq!(answer.url().path(), "/docs/");
    let policy = answer.headers()["content-security-policy"]
        .to_str()
        .expect("text")
        .to_owned();
    assert!(
        policy.starts_with("default-src 'self'") && !policy.contains("unsafe"),
        "{policy}"
    );
    let page = answer.text().await.expect("text");
    let mut scripts = 0;
    for tag in page.split('<').skip(1) {
        if let Some(attributes) = tag.strip_prefix("script") {
            assert!(
                attributes.contains("src=\"./") && attributes.trim_end().ends_with('>'),
                "{tag}"
            );
            scripts += 1;
        }
        for quoted in tag.split('"').skip(1).step_by(2) {
            assert!(!quoted.contains("//"), "{tag}");
        }
        if let Some((_, rest)) = tag.split_once("src=\"./").or(tag.split_once("href=\"./")) {
            let part = rest.split('"').next().expect("a name");
            assert_eq!(
                node.answer(&format!("/docs/{part}")).await.status(),
                200,
                "{part}"
            );
        }
    }
    assert!(scripts > 0);
    let script = node.answer("/docs/swagger-initializer.js").await;
    let script = script.text().await.expect("text");
    assert!(
        script.contains(r#""url": "/openapi.json""#)
            && script.contains(r#""validatorUrl": "none""#)
    );
    assert!(!script.contains("http"), "{script}");
    node.problem("/docs/nothing.js", 404).await;
    node.problem("/docs/%FF", 404).await;
}

#[tokio::test]
async fn the_environment_has_every_base_that_the_collection_asks() {
    let json = |text: String| -> Value { serde_json::from_str(&text).expect("JSON") };
    let collection = bcoin::api::postman::postman_collection();
    let environment = json(bcoin::api::postman::postman_environment());
    for (base, port) in [("base1", 1001), ("base2", 1002), ("base3", 1003)] {
        let values = environment["values"].as_array().expect("values");
        let value = values
            .iter()
            .find(|value| value["key"] == base)
            .expect(base);
        assert_eq!(value["value"], format!("http://127.0.0.1:{port}"));
        assert!(collection.contains(&format!("{{{{{base}}}}}/get_chain")));
    }
    let sections = json(collection);
    assert_eq!(sections["item"].as_array().map(Vec::len), Some(2));
}
