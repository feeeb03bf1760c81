//! A Postman collection (format 2.1) and its environment: the book's chapter against three nodes, then every other call.
//!
//! Made from the OpenAPI document: whatever a request says, sends or is asked with stands there. What is added here is the
//! order of the chapter, and what an answer must hold. Newman runs it against a fresh `bcoin up`, and again later.

use serde_json::{Value, json};

use super::book::sentences;
use super::openapi;

/// Where the book's three nodes are.
const BASES: [(&str, &str); 3] = [
    ("base1", "http://127.0.0.1:1001"),
    ("base2", "http://127.0.0.1:1002"),
    ("base3", "http://127.0.0.1:1003"),
];

/// One request of the chapter.
struct Step {
    name: &'static str,
    /// Which of [`BASES`] is asked.
    node: usize,
    method: &'static str,
    path: &'static str,
    /// In place of the document's example.
    body: Option<&'static str>,
    status: u16,
    /// Lines of the test script.
    checks: &'static [&'static str],
}

const fn get(name: &'static str, node: usize, path: &'static str) -> Step {
    Step {
        name,
        node,
        method: "GET",
        path,
        body: None,
        status: 200,
        checks: &[],
    }
}

const fn post(
    name: &'static str,
    node: usize,
    path: &'static str,
    body: Option<&'static str>,
) -> Step {
    Step {
        method: "POST",
        status: 201,
        body,
        ..get(name, node, path)
    }
}

impl Step {
    const fn checks(self, checks: &'static [&'static str]) -> Self {
        Self { checks, ..self }
    }

    const fn fails(self, status: u16) -> Self {
        Self { status, ..self }
    }
}

const HOLDS_ITS_LENGTH: &[&str] = &["pm.expect(answer.length).to.equal(answer.chain.length);"];
const IS_VALID: &[&str] = &["pm.expect(answer.message).to.equal(sentences.VALID);"];
const IS_MINED: &[&str] = &[
    "pm.expect(answer.message).to.equal(sentences.MINED);",
    "pm.expect(answer.transactions).to.not.be.empty;",
];
const IS_CONNECTED: &[&str] = &[
    "pm.expect(answer.message).to.equal(sentences.CONNECTED);",
    "pm.expect(answer.total_nodes.length).to.be.at.least(2);",
];
const HAS_NODE_1S_CHAIN: &[&str] =
    &["pm.expect(answer.chain.length).to.equal(Number(pm.collectionVariables.get('length1')));"];
const IS_REPLACED: &[&str] = &[
    "pm.expect(answer.message).to.equal(sentences.REPLACED);",
    "pm.expect(answer.replaced).to.equal(true);",
    "pm.expect(answer.peers.map(peer => peer.outcome)).to.include('adopted');",
];

/// The chapter. Node 1 gets ahead, so that the others take its chain.
const CHAPTER: [Step; 22] = [
    get("Node 1: the chain", 0, "/get_chain").checks(HOLDS_ITS_LENGTH),
    get("Node 2: the chain", 1, "/get_chain").checks(HOLDS_ITS_LENGTH),
    get("Node 3: the chain", 2, "/get_chain").checks(HOLDS_ITS_LENGTH),
    post(
        "Node 1: connect the others",
        0,
        "/connect_node",
        Some(r#"{"nodes": ["{{base2}}", "{{base3}}"]}"#),
    )
    .checks(IS_CONNECTED),
    post(
        "Node 2: connect the others",
        1,
        "/connect_node",
        Some(r#"{"nodes": ["{{base1}}", "{{base3}}"]}"#),
    )
    .checks(IS_CONNECTED),
    post(
        "Node 3: connect the others",
        2,
        "/connect_node",
        Some(r#"{"nodes": ["{{base1}}", "{{base2}}"]}"#),
    )
    .checks(IS_CONNECTED),
    post("Node 1: add a transaction", 0, "/add_transaction", None).checks(&[
        r"pm.expect(answer.message).to.match(/^This transaction will be added to the Block \d+$/);",
    ]),
    get("Node 1: mine", 0, "/mine_block").checks(IS_MINED),
    Step {
        method: "POST",
        ..get("Node 1: mine again, by POST", 0, "/mine_block")
    }
    .checks(IS_MINED),
    get("Node 1: the chain is longer", 0, "/get_chain").checks(&[
        "pm.expect(answer.length).to.be.above(2);",
        "pm.collectionVariables.set('length1', answer.length);",
    ]),
    get("Node 2: replace the chain", 1, "/replace_chain").checks(IS_REPLACED),
    Step {
        method: "POST",
        ..get("Node 3: replace the chain, by POST", 2, "/replace_chain")
    }
    .checks(IS_REPLACED),
    get("Node 2: has node 1's chain", 1, "/get_chain").checks(HAS_NODE_1S_CHAIN),
    get("Node 3: has node 1's chain", 2, "/get_chain").checks(HAS_NODE_1S_CHAIN),
    get("Node 1: keeps its chain", 0, "/replace_chain").checks(&[
        "pm.expect(answer.message).to.equal(sentences.KEPT);",
        "pm.expect(answer.replaced).to.equal(false);",
    ]),
    get("Node 1: is the chain valid?", 0, "/is_valid").checks(IS_VALID),
    get("Node 2: is the chain valid?", 1, "/is_valid").checks(IS_VALID),
    get("Node 3: is the chain valid?", 2, "/is_valid").checks(IS_VALID),
    post(
        "Wrong: a transaction without a receiver",
        0,
        "/add_transaction",
        Some(r#"{"sender": "alice", "recipient": "bob", "amount": 1}"#),
    )
    .fails(400)
    .checks(&[
        "pm.expect(answer.detail).to.include(sentences.MEMBERS_MISSING);",
        "pm.expect(answer.missing).to.eql(['receiver']);",
    ]),
    post("Wrong: connect nobody", 0, "/connect_node", Some("{}"))
        .fails(400)
        .checks(&["pm.expect(answer.detail).to.include(sentences.NO_NODE);"]),
    post(
        "Wrong: connect what is no address",
        0,
        "/connect_node",
        Some(r#"{"nodes": ["http://"]}"#),
    )
    .fails(400),
    Step {
        method: "POST",
        ..get("Wrong: POST to a call that reads", 0, "/get_chain")
    }
    .fails(405)
    .checks(&["pm.expect(answer.allowed).to.eql(['GET']);"]),
];

/// The collection, pretty, with a line end.
pub fn postman_collection() -> String {
    let document = serde_json::to_value(openapi::document()).unwrap_or_default();
    let chapter: Vec<Value> = CHAPTER
        .iter()
        .map(|step| chapter_item(&document, step))
        .collect();
    let mut collection = json!({
        "info": {
            "name": "B-Coin",
            "description": "The book's chapter against three nodes of `bcoin up`, in order, then every other call. The classic network is a lesson, not a currency.",
            "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json",
        },
        "item": [
            {"name": "The chapter", "description": "Run it from top to bottom; it may be run again.", "item": chapter},
            {"name": "More", "description": "What the node knows, for programs, and how it is. `/v1/events` is left out, since it never ends: use curl -N.", "item": reading_items(&document)},
        ],
    });
    if let Value::Object(members) = &mut collection {
        let variables = BASES.map(|(key, value)| json!({"key": key, "value": value}));
        let length = json!({"key": "length1", "value": ""});
        members.insert(
            "variable".to_owned(),
            variables.into_iter().chain([length]).collect(),
        );
    }
    pretty(&collection)
}

/// The environment, pretty, with a line end: where the three nodes are.
pub fn postman_environment() -> String {
    let values = BASES.map(
        |(key, value)| json!({"key": key, "value": value, "type": "default", "enabled": true}),
    );
    pretty(&json!({
        "id": "b-coin",
        "name": "B-Coin",
        "values": values,
        "_postman_variable_scope": "environment",
    }))
}

fn pretty(document: &Value) -> String {
    format!("{document:#}\n")
}

/// What the document says of a call.
fn operation<'a>(document: &'a Value, method: &str, path: &str) -> Option<&'a Value> {
    document.get("paths")?.get(path)?.get(method.to_lowercase())
}

fn chapter_item(document: &Value, step: &Step) -> Value {
    let described = operation(document, step.method, step.path);
    let example = described.and_then(example_body);
    let body = step.body.map(str::to_owned).or(example);
    let base = BASES.get(step.node).map_or("base1", |(name, _)| name);
    let mut request = json!({
        "method": step.method,
        "header": [],
        "url": url(base, step.path, &[]),
        "description": described.map(description).unwrap_or_default(),
    });
    if let (Some(body), Value::Object(members)) = (body, &mut request) {
        members.insert(
            "header".to_owned(),
            json!([{"key": "Content-Type", "value": "application/json"}]),
        );
        members.insert(
            "body".to_owned(),
            json!({"mode": "raw", "raw": body, "options": {"raw": {"language": "json"}}}),
        );
    }
    item(step.name, request, step.status, step.checks)
}

/// Every reading call outside the chapter that has an end.
fn reading_items(document: &Value) -> Vec<Value> {
    let paths = document.get("paths").and_then(Value::as_object);
    let reading = paths
        .into_iter()
        .flatten()
        .filter_map(|(path, item)| Some((path, item.get("get")?)));
    reading
        .filter(|(path, _)| CHAPTER.iter().all(|step| step.path != *path) && *path != "/v1/events")
        .map(|(path, operation)| {
            let (path, query) = with_examples(path, operation);
            let request = json!({
                "method": "GET",
                "header": [],
                "url": url("base1", &path, &query),
                "description": description(operation),
            });
            item(&format!("Node 1: {path}"), request, 200, &[])
        })
        .collect()
}

/// The path and the query with the examples that the document gives.
fn with_examples(path: &str, operation: &Value) -> (String, Vec<(String, String)>) {
    let mut path = path.to_owned();
    let mut query = Vec::new();
    let parameters = operation.get("parameters").and_then(Value::as_array);
    for parameter in parameters.into_iter().flatten() {
        let member = |name| {
            parameter
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let example = match parameter.get("example") {
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => continue,
        };
        match member("in") {
            "path" => path = path.replace(&format!("{{{}}}", member("name")), &example),
            "query" => query.push((member("name").to_owned(), example)),
            _ => {}
        }
    }
    (path, query)
}

fn example_body(operation: &Value) -> Option<String> {
    let example = operation.pointer("/requestBody/content/application~1json/example")?;
    Some(example.to_string())
}

fn description(operation: &Value) -> String {
    let texts =
        ["summary", "description"].map(|member| operation.get(member).and_then(Value::as_str));
    let texts: Vec<&str> = texts.into_iter().flatten().collect();
    texts.join("\n\n")
}

fn url(base: &str, path: &str, query: &[(String, String)]) -> Value {
    let pairs: Vec<String> = query
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    let raw = match pairs.is_empty() {
        true => format!("{{{{{base}}}}}{path}"),
        false => format!("{{{{{base}}}}}{path}?{}", pairs.join("&")),
    };
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let query: Vec<Value> = query
        .iter()
        .map(|(key, value)| json!({"key": key, "value": value}))
        .collect();
    json!({"raw": raw, "host": [format!("{{{{{base}}}}}")], "path": segments, "query": query})
}

fn item(name: &str, request: Value, status: u16, checks: &[&str]) -> Value {
    let mut script = vec![format!(
        "pm.test('status {status}', () => pm.response.to.have.status({status}));"
    )];
    if !checks.is_empty() {
        let used = sentences_in(checks);
        script.push("pm.test('what it says', () => {".to_owned());
        script.push("    const answer = pm.response.json();".to_owned());
        if !used.is_empty() {
            script.push(format!("    const sentences = {};", Value::Object(used)));
        }
        script.extend(checks.iter().map(|check| format!("    {check}")));
        script.push("});".to_owned());
    }
    json!({
        "name": name,
        "request": request,
        "event": [{"listen": "test", "script": {"type": "text/javascript", "exec": script}}],
    })
}

/// The book's sentences that a test names.
fn sentences_in(checks: &[&str]) -> serde_json::Map<String, Value> {
    const ALL: [(&str, &str); 7] = [
        ("MINED", sentences::MINED),
        ("VALID", sentences::VALID),
        ("CONNECTED", sentences::CONNECTED),
        ("REPLACED", sentences::REPLACED),
        ("KEPT", sentences::KEPT),
        ("MEMBERS_MISSING", sentences::MEMBERS_MISSING),
        ("NO_NODE", sentences::NO_NODE),
    ];
    ALL.into_iter()
        .filter(|(name, _)| {
            checks
                .iter()
                .any(|check| check.contains(&format!("sentences.{name})")))
        })
        .map(|(name, sentence)| (name.to_owned(), sentence.into()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chapter_makes_every_call_of_the_book_with_every_method() {
        for route in super::super::book::ROUTES {
            for method in route.methods {
                let made = |step: &&Step| step.path == route.path && step.method == *method;
                assert!(
                    CHAPTER.iter().any(|step| made(&step)),
                    "{method} {}",
                    route.path
                );
            }
        }
    }

    /// To regenerate: `cargo run -- postman > postman/b-coin.postman_collection.json` and
    /// `cargo run -- postman --environment > postman/b-coin.postman_environment.json`.
    #[test]
    fn the_committed_copies_are_what_the_code_makes() {
        let committed = include_str!("../../postman/b-coin.postman_collection.json");
        assert!(
            committed == postman_collection(),
            "run `cargo run -- postman` again, as above"
        );
        let committed = include_str!("../../postman/b-coin.postman_environment.json");
        assert!(
            committed == postman_environment(),
            "run `cargo run -- postman --environment` again"
        );
    }
}
