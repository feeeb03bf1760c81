//! The JSON-RPC at `/rpc`: who may call, what a call is told, and that what is foretold is what happens. Client libraries are tried in `tests/clients`.

use bcoin::protocol::coin::DEV_ACCOUNTS;
use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

use crate::coin_network::CoinNode;

/// Reverts with what it is called with.
const ECHO: &str = "365f5f37365ffd";
/// Sets so many words of storage as its input says.
const WRITER: &str = "5f355b8015601257808055600190036002565b00";
/// Where nothing is, but what a call puts there for itself.
const ANYWHERE: &str = "0x00000000000000000000000000000000000a11ce";
/// Writes its input down as a log.
const LOGGER: &str = "365f5f37365fa000";

fn request(node: &CoinNode, method: Method) -> RequestBuilder {
    let client = reqwest::Client::builder().no_proxy().build();
    client.expect("a client").request(method, node.url("/rpc"))
}

async fn call(node: &CoinNode, method: &str, params: Value) -> Value {
    let request = json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params});
    let answer = asked(node, &[], request).await;
    assert_eq!(answer.status(), 200);
    let answer: Value = answer.json().await.expect("JSON");
    assert_eq!(answer["jsonrpc"], "2.0");
    assert_eq!(answer["id"], 7);
    answer
}

async fn result(node: &CoinNode, method: &str, params: Value) -> Value {
    let answer = call(node, method, params).await;
    assert!(answer.get("error").is_none(), "{method}: {answer}");
    answer["result"].clone()
}

async fn asked(node: &CoinNode, headers: &[(&'static str, &'static str)], body: Value) -> Response {
    let mut request = request(node, Method::POST)
        .header("content-type", "application/json")
        .body(body.to_string());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.expect("an answer")
}

/// A contract with this code; its address.
async fn deployed(node: &CoinNode, code: &str) -> Value {
    let bytes = code.len() / 2;
    // Copies what stands behind it, and returns that as the contract's code.
    let creation = format!("0x60{bytes:02x}600a5f3960{bytes:02x}5ff3{code}");
    assert_eq!(creation.len(), 2 + 20 + code.len());
    let sent = json!([{"from": DEV_ACCOUNTS[0], "data": creation}]);
    let hash = result(node, "eth_sendTransaction", sent).await;
    let receipt = result(node, "eth_getTransactionReceipt", json!([hash])).await;
    assert_eq!(receipt["status"], "0x1", "{receipt}");
    receipt["contractAddress"].clone()
}

fn number(value: &Value) -> u64 {
    let text = value.as_str().expect("a quantity");
    u64::from_str_radix(text.trim_start_matches("0x"), 16).expect("a quantity")
}

/// `Error("too early")`.
fn too_early() -> String {
    format!(
        "0x08c379a0{:064x}{:064x}{:0<64}",
        32,
        9,
        hex::encode("too early")
    )
}

#[tokio::test]
async fn why_a_transaction_failed_is_said_wherever_it_is_asked_for() {
    let node = CoinNode::dev().await;
    let echo = deployed(&node, ECHO).await;
    let request =
        json!({"from": DEV_ACCOUNTS[1], "to": echo, "data": too_early(), "gas": "0x186a0"});
    for method in ["eth_call", "eth_estimateGas"] {
        let answer = call(&node, method, json!([request])).await;
        assert_eq!(answer["error"]["code"], 3, "{answer}");
        assert_eq!(answer["error"]["message"], "execution reverted: too early");
        assert_eq!(answer["error"]["data"], too_early());
    }
    let hash = result(&node, "eth_sendTransaction", json!([request])).await;
    let receipt = result(&node, "eth_getTransactionReceipt", json!([hash])).await;
    assert_eq!(receipt["status"], "0x0");
    let hash = hash.as_str().expect("a hash");
    let shown = node.json(&format!("/v1/transactions/{hash}")).await;
    assert_eq!(shown["reason"], "execution reverted: too early", "{shown}");
    let traced = result(
        &node,
        "debug_traceTransaction",
        json!([hash, {"tracer": "callTracer"}]),
    );
    let traced = traced.await;
    assert_eq!(traced["revertReason"], "too early", "{traced}");
    assert_eq!(traced["gasUsed"], receipt["gasUsed"]);
}

#[tokio::test]
async fn what_is_estimated_does_and_a_little_less_does_not() {
    let node = CoinNode::dev().await;
    let writer = deployed(&node, WRITER).await;
    for words in [0_u32, 1, 7, 60] {
        let data = format!("0x{words:064x}");
        let request = json!({"from": DEV_ACCOUNTS[2], "to": writer, "data": data});
        let estimate = number(&result(&node, "eth_estimateGas", json!([request])).await);
        let listed = result(&node, "eth_createAccessList", json!([request])).await;
        assert_eq!(listed["error"], Value::Null, "{listed}");
        let mut send = request.clone();
        send["gas"] = json!(format!("{estimate:#x}"));
        let hash = result(&node, "eth_sendTransaction", json!([send])).await;
        let receipt = result(&node, "eth_getTransactionReceipt", json!([hash])).await;
        assert_eq!(receipt["status"], "0x1", "{words} words with {estimate}");
        let used = number(&receipt["gasUsed"]);
        assert!(used <= estimate, "{words} words: {used} of {estimate}");
        // On the same state, it is a hundredth too much at most; now its words are set, and it needs less.
        let again = number(&result(&node, "eth_estimateGas", json!([request])).await);
        assert!(words == 0 || again < estimate);
        let little = json!({"from": DEV_ACCOUNTS[2], "to": writer, "data": data, "gas": format!("{:#x}", again * 97 / 100)});
        let answer = call(&node, "eth_estimateGas", json!([little])).await;
        assert_eq!(answer["error"]["code"], -32000, "{answer}");
    }
}

#[tokio::test]
async fn a_log_is_found_by_every_way_at_once() {
    let node = CoinNode::dev().await;
    let logger = deployed(&node, LOGGER).await;
    let filter = result(&node, "eth_newFilter", json!([{"address": logger}])).await;
    let blocks = result(&node, "eth_newBlockFilter", json!([])).await;
    let send = json!([{"from": DEV_ACCOUNTS[0], "to": logger, "data": "0xabcd"}]);
    let hash = result(&node, "eth_sendTransaction", send).await;
    let news = result(&node, "eth_getFilterChanges", json!([filter])).await;
    let found = result(
        &node,
        "eth_getLogs",
        json!([{"address": logger, "fromBlock": "0x0"}]),
    )
    .await;
    assert_eq!(news, found);
    assert_eq!(news[0]["transactionHash"], hash);
    assert_eq!(news[0]["data"], "0xabcd");
    let receipt = result(&node, "eth_getTransactionReceipt", json!([hash])).await;
    assert_eq!(receipt["logs"], found);
    let hashes = result(&node, "eth_getFilterChanges", json!([blocks])).await;
    assert_eq!(hashes, json!([receipt["blockHash"]]));
    // What was told is not told again; all of it can be asked for.
    assert_eq!(
        result(&node, "eth_getFilterChanges", json!([filter])).await,
        json!([])
    );
    assert_eq!(
        result(&node, "eth_getFilterLogs", json!([filter])).await,
        found
    );
    assert_eq!(
        result(&node, "eth_uninstallFilter", json!([filter])).await,
        true
    );
    let gone = call(&node, "eth_getFilterChanges", json!([filter])).await;
    assert_eq!(gone["error"]["code"], -32000);
}

/// A call that goes on for long is run apart, and ends as it should.
#[tokio::test]
async fn long_calls_end_like_brief_ones() {
    let node = CoinNode::dev().await;
    // Counts down from its input.
    let counter = deployed(&node, "5f355b8015600f57600190036002565b00").await;
    for rounds in [1_u32, 100, 200_000] {
        let request = json!([{"to": counter, "data": format!("0x{rounds:064x}")}, "latest"]);
        assert_eq!(result(&node, "eth_call", request).await, "0x", "{rounds}");
    }
    let endless = json!([{"to": counter, "data": format!("0x{}", "f".repeat(64))}, "latest"]);
    let answer = call(&node, "eth_call", endless).await;
    assert_eq!(answer["error"]["code"], -32000, "{answer}");
}

/// A thousand words on the stack at each of millions of steps would fill any memory.
#[tokio::test]
async fn a_trace_that_would_be_too_heavy_is_refused() {
    let node = CoinNode::dev().await;
    let code = format!("0x{}5b6103e856", "5f".repeat(1_000));
    let around = |tracer: Value| {
        let mut options = json!({"stateOverrides": {ANYWHERE: {"code": code}}});
        for (name, value) in tracer.as_object().expect("options") {
            options[name] = value.clone();
        }
        json!([{"to": ANYWHERE, "gas": "0x2faf080"}, "latest", options])
    };
    let heavy = call(&node, "debug_traceCall", around(json!({}))).await;
    assert_eq!(heavy["error"]["code"], -32005, "{heavy}");
    let light = result(&node, "debug_traceCall", around(json!({"limit": 2_000}))).await;
    assert_eq!(light["structLogs"].as_array().map(Vec::len), Some(2_000));
    let calls = result(
        &node,
        "debug_traceCall",
        around(json!({"tracer": "callTracer"})),
    )
    .await;
    assert_eq!(calls["error"], "out of gas", "{calls}");
}

#[tokio::test]
async fn pages_get_what_their_origin_may_and_no_more() {
    const WALLET: (&str, &str) = (
        "origin",
        "chrome-extension://nkbihfbeogaeaoehlefnkodbefgpgknn",
    );
    const FOREIGN: (&str, &str) = ("origin", "https://pages.example");
    let node = CoinNode::dev().await;
    let read = json!({"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []});
    let own = json!({"jsonrpc": "2.0", "id": 1, "method": "eth_sendTransaction", "params": [{"from": DEV_ACCOUNTS[0], "to": DEV_ACCOUNTS[1], "value": "0x1"}]});
    let signs = json!({"jsonrpc": "2.0", "id": 1, "method": "eth_sign", "params": [DEV_ACCOUNTS[0], "0x00"]});

    let answer = asked(&node, &[WALLET], read.clone()).await;
    let allowed = |headers: &HeaderMap| headers.get("access-control-allow-origin").cloned();
    assert_eq!(allowed(answer.headers()).expect("an origin"), WALLET.1);
    assert_eq!(
        answer.json::<Value>().await.expect("JSON")["result"],
        "0x7a69"
    );

    let before = node.json("/v1/node").await["height"].clone();
    for (body, headers) in [(&own, [WALLET]), (&signs, [WALLET])] {
        let answer = asked(&node, &headers, body.clone()).await;
        let said: Value = answer.json().await.expect("JSON");
        assert_eq!(said["error"]["code"], 4100, "{said}");
    }
    // In a batch they are refused as by themselves.
    let said: Value = asked(&node, &[WALLET], json!([read, own]))
        .await
        .json()
        .await
        .expect("JSON");
    assert_eq!(said[0]["result"], "0x7a69");
    assert_eq!(said[1]["error"]["code"], 4100, "{said}");

    for body in [&read, &own] {
        let answer = asked(&node, &[FOREIGN], body.clone()).await;
        assert_eq!(answer.status(), 403);
        assert_eq!(allowed(answer.headers()), None);
        let said: Value = answer.json().await.expect("JSON");
        assert_eq!(said["error"]["code"], 4100, "{said}");
    }
    assert_eq!(node.json("/v1/node").await["height"], before);

    let preflight = |origin: (&'static str, &'static str)| {
        let request = request(&node, Method::OPTIONS);
        request.header(origin.0, origin.1).send()
    };
    let answer = preflight(WALLET).await.expect("an answer");
    assert_eq!(answer.status(), 204);
    assert_eq!(
        answer.headers()["access-control-allow-headers"],
        "content-type, authorization"
    );
    assert_eq!(preflight(FOREIGN).await.expect("an answer").status(), 403);
}

#[tokio::test]
async fn what_is_no_call_is_answered_all_the_same() {
    let node = CoinNode::dev().await;
    for (kind, body, status, code) in [
        ("application/json", "{", 200, -32700),
        (
            "application/json",
            r#"{"jsonrpc":"2.0","id":-1,"method":"eth_chainId"}"#,
            200,
            -32600,
        ),
        (
            "application/json",
            r#"{"jsonrpc":"2.0","id":1,"method":"eth_subscribe","params":["newHeads"]}"#,
            200,
            -32000,
        ),
        (
            "application/json",
            r#"{"jsonrpc":"2.0","id":1,"method":"no_such"}"#,
            200,
            -32601,
        ),
        (
            "application/json",
            r#"{"jsonrpc":"2.0","id":1,"method":"eth_getBalance","params":["0x1"]}"#,
            200,
            -32602,
        ),
        ("text/plain", "{}", 415, -32600),
        ("application/json", "", 400, -32600),
    ] {
        let request = request(&node, Method::POST).header("content-type", kind);
        let answer = request.body(body).send().await.expect("an answer");
        assert_eq!(answer.status(), status, "{body}");
        let said: Value = answer.json().await.expect("JSON");
        assert_eq!(said["jsonrpc"], "2.0", "{body}");
        assert_eq!(said["error"]["code"], code, "{body}: {said}");
        assert!(
            said["error"]["message"]
                .as_str()
                .is_some_and(|text| text.len() > 5)
        );
    }
    let answer = request(&node, Method::GET).send().await.expect("an answer");
    assert_eq!(answer.status(), 405);
}
