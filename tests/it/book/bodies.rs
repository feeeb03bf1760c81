//! What may stand in the body of a request, in which encoding, and what is said about what may not.

use serde_json::{Value, json};

use super::{TRANSACTION, get, post, problem, waiting};
use crate::network::TestNode;

const SENTENCE: &str = "Some transactional components are missing.";

fn detail(problem: &Value) -> &str {
    problem["detail"].as_str().expect("text")
}

#[tokio::test]
async fn missing_members_are_named_in_the_books_order() {
    let node = TestNode::start("m").await;
    let members = ["sender", "receiver", "amount"];
    for present in 0..7_u8 {
        let (mut body, mut missing) = (json!({"note": "dropped"}), Vec::new());
        for (bit, member) in members.iter().enumerate() {
            if present >> bit & 1 == 1 {
                body[member] = json!("x");
            } else {
                missing.push(*member);
            }
        }
        let said = post(&node, "/add_transaction", body.to_string(), 400).await;
        assert_eq!(said["type"], "/problems/missing-member");
        assert_eq!(said["missing"], json!(missing));
        assert!(detail(&said).starts_with(SENTENCE), "{said}");
        for member in missing {
            assert!(detail(&said).contains(member), "{said}");
        }
    }
    assert_eq!(waiting(&node), 0);
}

#[tokio::test]
async fn a_learner_who_writes_another_courses_names_is_told_ours() {
    let node = TestNode::start("m").await;
    for (body, hint) in [
        (
            r#"{"sender": "a", "recipient": "b", "amount": 1}"#,
            "You sent 'recipient': here it is called 'receiver'.",
        ),
        (
            r#"{"from": "a", "to": "b", "value": 1}"#,
            "You sent 'from': here it is called 'sender'.",
        ),
        (
            r#"{"sender": "a", "receiver": "b", "Amount": 1}"#,
            "You sent 'Amount': here it is called 'amount'.",
        ),
    ] {
        let said = post(&node, "/add_transaction", body, 400).await;
        assert!(detail(&said).starts_with(SENTENCE), "{said}");
        assert!(detail(&said).contains(hint), "{said}");
    }
}

#[tokio::test]
async fn forms_and_empty_bodies_are_told_what_to_send() {
    let node = TestNode::start("m").await;
    for (path, sentence) in [("/add_transaction", SENTENCE), ("/connect_node", "No node")] {
        let form = node
            .post(path, "sender=alice&receiver=bob&amount=1")
            .header("content-type", "application/x-www-form-urlencoded");
        let said = problem(form.send().await.expect("an answer"), 400).await;
        assert_eq!(said["type"], "/problems/not-json");
        assert!(detail(&said).starts_with(sentence), "{said}");
        assert!(detail(&said).contains("looks like a form"), "{said}");
        assert!(detail(&said).contains("curl -d '{"), "{said}");
        for empty in ["", " \r\n\t", "\u{feff}"] {
            let said = post(&node, path, empty, 400).await;
            assert_eq!(said["type"], "/problems/empty-body");
            assert!(detail(&said).starts_with(sentence), "{said}");
            assert!(detail(&said).contains("curl -d '{"), "{said}");
        }
    }
}

#[tokio::test]
async fn json_in_any_encoding_and_under_any_type_is_taken() {
    let node = TestNode::start("m").await;
    let text = r#"{"sender": "Zoë 😀", "receiver": "b", "amount": 1}"#;
    let utf16 = |mark: &str, write: fn(u16) -> [u8; 2]| -> Vec<u8> {
        format!("{mark}{text}")
            .encode_utf16()
            .flat_map(write)
            .collect()
    };
    let mark = "\u{feff}";
    let bodies = [
        text.as_bytes().to_vec(),
        format!("{mark}{text}").into_bytes(),
        utf16("", u16::to_le_bytes),
        utf16("", u16::to_be_bytes),
        utf16(mark, u16::to_le_bytes),
        utf16(mark, u16::to_be_bytes),
    ];
    let types = [
        None,
        Some("application/json"),
        Some("text/plain; charset=latin1"),
        Some("application/x-www-form-urlencoded"),
        Some("nonsense"),
    ];
    let mut count = 0;
    for body in &bodies {
        for content_type in types {
            let mut request = node.request("POST", "/add_transaction").body(body.clone());
            if let Some(content_type) = content_type {
                request = request.header("content-type", content_type);
            }
            let answer = request.send().await.expect("an answer");
            assert_eq!(answer.status(), 201, "{content_type:?} {body:02x?}");
            count += 1;
        }
    }
    let mined: Value = serde_json::from_str(&get(&node, "/mine_block").await).expect("JSON");
    let transactions = mined["transactions"].as_array().expect("a list");
    assert_eq!(transactions.len(), count + 1);
    for transaction in &transactions[..count] {
        assert_eq!(transaction["sender"], "Zoë 😀");
    }
}

#[tokio::test]
async fn the_three_members_are_any_json_value_and_kept_as_such() {
    let node = TestNode::start("m").await;
    for (body, kept) in [
        (
            r#"{"sender": "", "receiver": "", "amount": ""}"#,
            r#"{"amount": "", "receiver": "", "sender": ""}"#,
        ),
        (
            r#"{"note": 1, "sender": null, "receiver": false, "amount": [{}]}"#,
            r#"{"amount": [{}], "receiver": false, "sender": null}"#,
        ),
        (
            r#"{"amount": 1, "amount": 123456789012345678901234567890, "sender": -0.0, "receiver": 1e16}"#,
            r#"{"amount": 123456789012345678901234567890, "receiver": 1e+16, "sender": -0.0}"#,
        ),
    ] {
        post(&node, "/add_transaction", body, 201).await;
        let mined = get(&node, "/mine_block").await;
        let start = mined.find(r#""transactions": ["#).expect("the member");
        assert!(
            mined[start..].starts_with(&format!(r#""transactions": [{kept}, {{"#)),
            "{mined}"
        );
    }
}

#[tokio::test]
async fn what_not_every_reader_understands_is_refused_and_nothing_waits() {
    let node = TestNode::start("m").await;
    let with = |amount: &str| format!(r#"{{"sender": 1, "receiver": 2, "amount": {amount}}}"#);
    let nested = |depth: usize| with(&format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
    let digits = |count: usize| with(&"9".repeat(count));
    for body in [
        with("NaN"),
        with("Infinity"),
        with("-Infinity"),
        with("1e400"),
        with(r#""\ud800""#),
        with(r#""\udc00\ud800""#),
        with("01"),
        with("1}, {"),
        with("'x'"),
        nested(64),
        digits(4_301),
        "[]".to_owned(),
        "7".to_owned(),
        "null".to_owned(),
        "{".to_owned(),
        format!("{TRANSACTION}{TRANSACTION}"),
    ] {
        post(&node, "/add_transaction", body, 400).await;
    }
    let not_text = node.request("POST", "/add_transaction");
    let not_text = not_text.body(b"{\"sender\": \"\xe9\"}".to_vec());
    let said = problem(not_text.send().await.expect("an answer"), 400).await;
    assert_eq!(said["byte"], 13);
    assert_eq!(waiting(&node), 0);

    post(&node, "/add_transaction", nested(63), 201).await;
    post(&node, "/add_transaction", digits(4_300), 201).await;
    // The whole body counts, to the byte.
    let padded = |bytes: usize| format!("{TRANSACTION}{}", " ".repeat(bytes - TRANSACTION.len()));
    post(&node, "/add_transaction", padded(16 * 1024), 201).await;
    let said = post(&node, "/add_transaction", padded(16 * 1024 + 1), 413).await;
    assert_eq!(said["limit"], 16 * 1024);
    assert_eq!(waiting(&node), 3);
}
