//! The book's six calls to the letter, asked of real nodes over HTTP.

mod bodies; // what may stand in a request, and what is said about what may not
mod keeping; // what a restart, a full block and a damaged file leave
mod peers; // connect_node and replace_chain

use bcoin::protocol::classic::block::BlockHash;
use bcoin::protocol::classic::json::{Grammar, Scanner, Token, elements};
use reqwest::Response;
use serde_json::{Value, json};

use crate::network::TestNode;

const CALLS: [(&str, &[&str]); 6] = [
    ("/get_chain", &["GET"]),
    ("/mine_block", &["GET", "POST"]),
    ("/is_valid", &["GET"]),
    ("/add_transaction", &["POST"]),
    ("/connect_node", &["POST"]),
    ("/replace_chain", &["GET", "POST"]),
];
const TRANSACTION: &str = r#"{"sender": "alice", "receiver": "bob", "amount": 5}"#;

/// The text of a successful JSON answer.
async fn text(answer: Response, status: u16) -> String {
    let content_type = answer.headers()["content-type"].clone();
    let answered = answer.status();
    let text = answer.text().await.expect("text");
    assert_eq!(answered, status, "{text}");
    assert_eq!(content_type, "application/json");
    text
}

/// The problem that an answer must be.
async fn problem(answer: Response, status: u16) -> Value {
    assert_eq!(answer.status(), status);
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let text = answer.text().await.expect("text");
    let problem: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(problem["status"], status);
    for member in ["type", "title", "detail"] {
        let text = problem[member].as_str().unwrap_or_default();
        assert!(!text.is_empty(), "{member} in {problem}");
    }
    problem
}

async fn get(node: &TestNode, path: &str) -> String {
    text(node.answer(path).await, 200).await
}

async fn post(node: &TestNode, path: &str, body: impl Into<String>, status: u16) -> Value {
    let answer = node.post(path, body).send().await.expect("an answer");
    if status < 300 {
        serde_json::from_str(&text(answer, status).await).expect("JSON")
    } else {
        problem(answer, status).await
    }
}

/// The names of an object's own members, in the order in which they stand in the text.
fn names(text: &str) -> Vec<String> {
    let mut scanner = Scanner::new(text, Grammar::PYTHON);
    let mut names = Vec::new();
    while let Some(token) = scanner.next_token().expect("JSON") {
        if let Token::Name(name) = token
            && scanner.depth() == 1
        {
            names.push(name.to_text().to_string_lossy());
        }
    }
    names
}

/// The texts of the blocks in a `get_chain` answer.
fn blocks(chain: &str) -> Vec<&str> {
    let start = chain.find('[').expect("an array");
    let end = chain.rfind(']').expect("its end");
    elements(&chain[start..=end], Grammar::PYTHON).expect("blocks")
}

fn waiting(node: &TestNode) -> u64 {
    node.daemon.node.tip().waiting
}

#[tokio::test]
async fn the_chapter_as_the_book_tells_it() {
    let node = TestNode::start("Bharathi").await;
    let chain = get(&node, "/get_chain").await;
    assert_eq!(names(&chain), ["chain", "length"]);
    let first = blocks(&chain)[0];
    assert_eq!(
        names(first),
        [
            "index",
            "previous_hash",
            "proof",
            "timestamp",
            "transactions"
        ]
    );
    let parsed: Value = serde_json::from_str(&chain).expect("JSON");
    assert_eq!(parsed["length"], 1);
    let timestamp = &parsed["chain"][0]["timestamp"];
    assert_eq!(
        parsed["chain"][0],
        json!({"index": 1, "timestamp": timestamp, "proof": 1, "previous_hash": "0", "transactions": []})
    );
    let shape: String = timestamp
        .as_str()
        .expect("text")
        .chars()
        .map(|c| if c.is_ascii_digit() { '9' } else { c })
        .collect();
    assert!(
        ["9999-99-99 99:99:99.999999", "9999-99-99 99:99:99"].contains(&shape.as_str()),
        "{timestamp}"
    );

    let added = node.post("/add_transaction", TRANSACTION).send().await;
    let added = text(added.expect("an answer"), 201).await;
    assert_eq!(
        added.replace(": ", ":"),
        r#"{"message":"This transaction will be added to the Block 2"}"#
    );

    let mined = get(&node, "/mine_block").await;
    assert_eq!(
        names(&mined),
        [
            "index",
            "message",
            "previous_hash",
            "proof",
            "timestamp",
            "transactions"
        ]
    );
    let mined: Value = serde_json::from_str(&mined).expect("JSON");
    assert_eq!(mined["message"], "Congrats, you just mined a block!");
    assert_eq!((&mined["index"], &mined["proof"]), (&json!(2), &json!(533)));
    assert_eq!(mined["previous_hash"], BlockHash::of(first).to_string());
    let id = mined["transactions"][1]["sender"].clone();
    let digits = id.as_str().expect("text").as_bytes();
    assert!(digits.len() == 32 && digits[12] == b'4' && b"89ab".contains(&digits[16]));
    assert_eq!(
        mined["transactions"],
        json!([
            {"amount": 5, "receiver": "bob", "sender": "alice"},
            {"amount": 1, "receiver": "Bharathi", "sender": id}
        ])
    );
    let again: Value = serde_json::from_str(&get(&node, "/mine_block").await).expect("JSON");
    assert_eq!(again["proof"], 45293);
    assert_eq!(
        again["transactions"],
        json!([{"amount": 1, "receiver": "Bharathi", "sender": id}])
    );

    let valid = get(&node, "/is_valid").await;
    assert_eq!(
        valid.replace(": ", ":"),
        r#"{"message":"Everything is fine. The Blockchain is correct."}"#
    );
    let replaced = get(&node, "/replace_chain").await;
    assert_eq!(
        names(&replaced),
        ["message", "new_chain", "peers", "replaced"]
    );
    let replaced: Value = serde_json::from_str(&replaced).expect("JSON");
    assert_eq!(
        replaced["message"],
        "Everything seems to be fine. It is the most extensive chain."
    );
    assert_eq!(replaced["replaced"], false);
    assert_eq!(replaced["peers"], json!([]));
    let chain: Value = serde_json::from_str(&get(&node, "/get_chain").await).expect("JSON");
    assert_eq!(replaced["new_chain"], chain["chain"]);
    assert_eq!(chain["length"], 3);
}

#[tokio::test]
async fn every_hash_is_that_of_the_text_that_get_chain_shows() {
    let node = TestNode::start("m").await;
    post(
        &node,
        "/add_transaction",
        r#"{"sender": "Zoë 😀", "receiver": [1E5, -0, 0.1e-7], "amount": {"b": null, "a": "\u007f/"}}"#,
        201,
    )
    .await;
    node.mine(3).await;
    let chain = get(&node, "/get_chain").await;
    let blocks = blocks(&chain);
    assert!(blocks[1].contains(
        r#"{"amount": {"a": "\u007f/", "b": null}, "receiver": [100000.0, 0, 1e-08], "sender": "Zo\u00eb \ud83d\ude00"}"#
    ));
    for pair in blocks.windows(2) {
        let next: Value = serde_json::from_str(pair[1]).expect("JSON");
        assert_eq!(next["previous_hash"], BlockHash::of(pair[0]).to_string());
    }
}

#[tokio::test]
async fn head_runs_nothing() {
    let node = TestNode::start("m").await;
    node.add("a").await;
    let before = node.daemon.node.tip();
    for (path, methods) in CALLS {
        let answer = node.request("HEAD", path).send().await.expect("an answer");
        assert_eq!(answer.status(), 405, "{path}");
        assert_eq!(answer.headers()["allow"], methods.join(", "), "{path}");
    }
    assert_eq!(node.daemon.node.tip(), before);
}

#[tokio::test]
async fn each_call_answers_to_its_methods_and_tells_others_how_it_is_made() {
    let node = TestNode::start("m").await;
    let before = node.daemon.node.tip();
    for (path, methods) in CALLS {
        for method in ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
            if methods.contains(&method) {
                continue;
            }
            let request = node.request(method, path).body(TRANSACTION);
            let answer = request.send().await.expect("an answer");
            assert_eq!(
                answer.headers()["allow"],
                methods.join(", "),
                "{method} {path}"
            );
            let said = problem(answer, 405).await;
            assert_eq!(said["allowed"], json!(methods), "{method} {path}");
            let detail = said["detail"].as_str().expect("text");
            if methods == ["POST"] || (methods == ["GET"] && method == "POST") {
                assert!(detail.contains("curl "), "{method} {path}: {detail}");
                assert!(
                    detail.contains(&node.url(path)),
                    "{method} {path}: {detail}"
                );
            }
        }
    }
    assert_eq!(node.daemon.node.tip(), before);
    for (path, height) in [("/mine_block", 2), ("/replace_chain", 2)] {
        for body in ["", "{}", "not JSON"] {
            post(&node, path, body, 200).await;
        }
        assert!(node.daemon.node.tip().link.height.0 >= height);
    }
    assert_eq!(node.daemon.node.tip().link.height.0, 4);
}

#[tokio::test]
async fn a_body_on_a_get_call_is_nobodys_business() {
    let node = TestNode::start("m").await;
    for path in ["/get_chain", "/mine_block", "/is_valid", "/replace_chain"] {
        for body in [TRANSACTION, "not JSON", "\u{0}"] {
            let request = node
                .get(path)
                .body(body)
                .header("content-type", "text/plain");
            text(request.send().await.expect("an answer"), 200).await;
        }
    }
    assert_eq!(node.daemon.node.tip().link.height.0, 4);
    assert_eq!(waiting(&node), 0);
}
