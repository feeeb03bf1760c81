//! What tests of contracts ask of a node of the network `dev` at `/rpc`.

mod accounts;
mod rules;

use bcoin::api::coin::MiningSettings;
use bcoin::daemon::coin::Settings;
use bcoin::peers::live::following::FollowSettings;
use bcoin::protocol::coin::DEV_ACCOUNTS;
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::coin_network::CoinNode;

/// What a test is refused with.
#[derive(Debug, PartialEq)]
pub struct Refusal {
    pub code: i64,
    pub message: String,
}

/// A node of dev that nobody told whom to pay.
pub async fn plain() -> CoinNode {
    CoinNode::start(pays_nobody).await
}

fn pays_nobody(settings: &mut Settings) {
    settings.mining = MiningSettings::paying(None);
}

pub async fn asked(
    request: RequestBuilder,
    method: &str,
    params: &Value,
) -> Result<Value, Refusal> {
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    let answer = request.json(&call).send().await.expect("an answer");
    let mut answer: Value = answer.json().await.expect("JSON");
    if answer["error"].is_null() {
        return Ok(answer["result"].take());
    }
    Err(Refusal {
        code: answer["error"]["code"].as_i64().expect("a code"),
        message: answer["error"]["message"]
            .as_str()
            .expect("a text")
            .to_owned(),
    })
}

pub async fn ask(node: &CoinNode, method: &str, params: Value) -> Result<Value, Refusal> {
    asked(node.post("/rpc", ""), method, &params).await
}

pub async fn call(node: &CoinNode, method: &str, params: Value) -> Value {
    let answer = ask(node, method, params.clone()).await;
    answer.unwrap_or_else(|error| panic!("{method} {params}: {error:?}"))
}

pub fn number(hex: &Value) -> u128 {
    let digits = hex.as_str().and_then(|text| text.strip_prefix("0x"));
    u128::from_str_radix(digits.expect("hexadecimal digits"), 16).expect("a number")
}

pub async fn height(node: &CoinNode) -> u128 {
    number(&call(node, "eth_blockNumber", json!([])).await)
}

pub async fn balance(node: &CoinNode, address: impl ToString) -> u128 {
    number(
        &call(
            node,
            "eth_getBalance",
            json!([address.to_string(), "latest"]),
        )
        .await,
    )
}

/// The time of the last block, and of the one that would be next.
async fn times(node: &CoinNode) -> (u128, u128) {
    let mut times = Vec::new();
    for tag in ["latest", "pending"] {
        let block = call(node, "eth_getBlockByNumber", json!([tag, false])).await;
        times.push(number(&block["timestamp"]));
    }
    (times[0], times[1])
}

/// A transfer of the first test account's.
pub async fn pay(node: &CoinNode, to: impl ToString, value: u64) -> Value {
    let transfer = json!([{
        "from": DEV_ACCOUNTS[0].to_string(), "to": to.to_string(), "value": format!("{value:#x}")
    }]);
    call(node, "eth_sendTransaction", transfer).await
}

/// Neither the store nor the chain has a fault.
pub async fn is_sound(node: &CoinNode) {
    let audit = node.json("/v1/audit").await;
    assert_eq!(audit["sound"], true, "{audit}");
    let valid = node.json("/is_valid").await;
    let message = valid["message"].as_str().unwrap_or_default();
    assert!(message.starts_with("Everything is fine"), "{valid}");
}

const NOBODY: &str = "0x00000000000000000000000000000000000000aa";

#[tokio::test]
async fn a_snapshot_brings_everything_back() {
    let node = plain().await;
    pay(&node, NOBODY, 1).await;
    call(&node, "evm_setAutomine", json!([false])).await;
    let waits = pay(&node, NOBODY, 2).await;
    let first = call(&node, "evm_snapshot", json!([])).await;
    let before = call(&node, "eth_getBlockByNumber", json!(["latest", true])).await;

    call(&node, "evm_setAutomine", json!([true])).await;
    let gone = pay(&node, NOBODY, 4).await;
    let second = call(&node, "evm_snapshot", json!([])).await;
    call(&node, "evm_increaseTime", json!([86_400])).await;
    call(&node, "anvil_mine", json!(["0x5"])).await;
    assert_eq!((height(&node).await, balance(&node, NOBODY).await), (7, 7));
    let left = call(&node, "eth_getBlockByNumber", json!(["0x3", false])).await;

    assert_eq!(call(&node, "evm_revert", json!([first])).await, true);
    let after = call(&node, "eth_getBlockByNumber", json!(["latest", true])).await;
    assert_eq!(after, before);
    assert_eq!((height(&node).await, balance(&node, NOBODY).await), (1, 1));
    let by_hash = |hash: &Value| json!([hash, false]);
    let unknown = call(&node, "eth_getBlockByHash", by_hash(&left["hash"])).await;
    assert_eq!(unknown, Value::Null);
    for missing in ["eth_getTransactionByHash", "eth_getTransactionReceipt"] {
        assert_eq!(call(&node, missing, json!([gone])).await, Value::Null);
    }
    let pool = call(&node, "txpool_status", json!([])).await;
    assert_eq!(pool, json!({"pending": "0x1", "queued": "0x0"}));
    let waiting = call(&node, "eth_getTransactionByHash", json!([waits])).await;
    assert_eq!(waiting["blockHash"], Value::Null);
    let (last, next) = times(&node).await;
    assert!(next - last < 86_400, "the clock went back too");
    // What was taken behind it is used up, and so is it.
    for used in [&first, &second] {
        assert_eq!(call(&node, "evm_revert", json!([used])).await, false);
    }
    let history = node.json(&format!("/v1/accounts/{NOBODY}/history")).await;
    assert_eq!(
        history["entries"].as_array().map(Vec::len),
        Some(1),
        "{history}"
    );
    assert_eq!(node.json("/v1/node").await["tip"]["number"], 1);
    is_sound(&node).await;

    // The same again is new again, after a restart too.
    call(&node, "anvil_mine", json!([])).await;
    assert_eq!(balance(&node, NOBODY).await, 3);
    let node = node.restarted(|_| {}).await;
    assert_eq!((height(&node).await, balance(&node, NOBODY).await), (2, 3));
    is_sound(&node).await;
}

#[tokio::test]
async fn a_node_goes_back_by_blocks_and_to_its_beginning() {
    let node = plain().await;
    call(&node, "anvil_mine", json!([3])).await;
    let two = call(&node, "evm_snapshot", json!([])).await;
    call(&node, "anvil_rollback", json!([])).await;
    assert_eq!(height(&node).await, 2);
    assert_eq!(call(&node, "evm_revert", json!([two])).await, false);
    let refused = ask(&node, "anvil_rollback", json!([3]))
        .await
        .expect_err("too far");
    assert_eq!(refused.code, -32602);
    assert!(refused.message.contains("`depth`: 3 blocks"), "{refused:?}");
    call(&node, "evm_increaseTime", json!(["0x64"])).await;
    let forks = json!([{"forking": {"jsonRpcUrl": "http://127.0.0.1:1"}}]);
    let refused = ask(&node, "hardhat_reset", forks)
        .await
        .expect_err("no fork");
    assert_eq!(refused.code, -32602);
    call(&node, "hardhat_reset", json!([])).await;
    assert_eq!(height(&node).await, 0);
    is_sound(&node).await;
}

#[tokio::test]
async fn what_peers_would_bring_back_is_not_forgotten() {
    let follow = |settings: &mut Settings| {
        settings.follow = Some(FollowSettings::default());
    };
    let (one, two) = (CoinNode::start(follow).await, CoinNode::start(follow).await);
    let body = json!({ "nodes": [two.daemon.address.to_string()] }).to_string();
    one.posted("/connect_node", body, 201).await;
    while one.json("/v1/node").await["peers_connected"] == 0 {
        tokio::task::yield_now().await;
    }
    let snapshot = call(&one, "evm_snapshot", json!([])).await;
    call(&one, "anvil_mine", json!([])).await;
    for (method, params) in [
        ("evm_revert", json!([snapshot])),
        ("anvil_rollback", json!([1])),
        ("anvil_reset", json!([])),
    ] {
        let refused = ask(&one, method, params).await.expect_err("it has a peer");
        assert_eq!(refused.code, -32000);
        assert!(
            refused.message.contains("sessions with 1 others"),
            "{refused:?}"
        );
    }
    assert_eq!(height(&one).await, 1);
    two.daemon.shut_down().await;
    while one.json("/v1/node").await["peers_connected"] != 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(call(&one, "evm_revert", json!([snapshot])).await, true);
    assert_eq!(height(&one).await, 0);
}

#[tokio::test]
async fn the_clock_moves_and_contracts_see_it() {
    let node = plain().await;
    call(&node, "evm_mine", json!([])).await;
    let (begin, _) = times(&node).await;
    let shift = call(&node, "evm_increaseTime", json!(["0xe10"])).await;
    assert!(
        shift.as_i64().is_some_and(|shift| shift >= 3_600),
        "{shift}"
    );
    // TIMESTAMP PUSH0 MSTORE 32 PUSH0 RETURN, as the pending block has it.
    let seen = json!([{"data": "0x425f5260205ff3"}, "pending"]);
    let seen = number(&call(&node, "eth_call", seen).await);
    assert!(seen >= begin + 3_600);
    call(&node, "evm_mine", json!([])).await;
    assert!(times(&node).await.0 >= begin + 3_600);

    let wanted = begin + 10_000;
    call(&node, "evm_setNextBlockTimestamp", json!([wanted])).await;
    assert_eq!(times(&node).await.1, wanted);
    pay(&node, NOBODY, 1).await;
    assert_eq!(times(&node).await.0, wanted);

    call(&node, "evm_mine", json!([format!("{:#x}", wanted + 50)])).await;
    assert_eq!(times(&node).await.0, wanted + 50);
    call(
        &node,
        "evm_mine",
        json!([{"timestamp": wanted + 60, "blocks": 2}]),
    )
    .await;
    let (last, _) = times(&node).await;
    assert!(last > wanted + 60);

    call(&node, "anvil_setBlockTimestampInterval", json!([12])).await;
    call(&node, "anvil_mine", json!([2])).await;
    assert_eq!(times(&node).await.0, last + 24);
    for removed in [true, false] {
        let answer = call(&node, "anvil_removeBlockTimestampInterval", json!([])).await;
        assert_eq!(answer, removed);
    }
    call(&node, "anvil_setTime", json!([last + 5_000])).await;
    call(&node, "hardhat_mine", json!(["0x3", "0x3c"])).await;
    let (reached, _) = times(&node).await;
    assert!((last + 5_120..last + 5_130).contains(&reached), "{reached}");
    let before = height(&node).await;
    for (method, params, parameter) in [
        ("evm_setNextBlockTimestamp", json!([reached]), "timestamp"),
        ("evm_setTime", json!([1]), "timestamp"),
        ("evm_mine", json!([1]), "timestamp"),
        ("anvil_setTime", json!(["0x100000000"]), "timestamp"),
        ("evm_increaseTime", json!([u64::MAX]), "seconds"),
        ("anvil_mine", json!([50_000, 100_000]), "interval"),
        ("anvil_mine", json!([100_001]), "blocks"),
    ] {
        let refused = ask(&node, method, params).await.expect_err(method);
        assert_eq!(refused.code, -32602, "{method}: {refused:?}");
        let named = format!("`{parameter}`");
        assert!(refused.message.contains(&named), "{method}: {refused:?}");
    }
    assert_eq!(height(&node).await, before, "nothing was mined");
    is_sound(&node).await;
}

#[tokio::test]
async fn blocks_come_as_they_are_asked_for() {
    let node = plain().await;
    let automines = || call(&node, "anvil_getAutomine", json!([]));
    assert_eq!(automines().await, true);
    let hash = pay(&node, NOBODY, 1).await;
    let receipt = call(&node, "eth_getTransactionReceipt", json!([hash])).await;
    assert_eq!(
        (&receipt["blockNumber"], &receipt["status"]),
        (&json!("0x1"), &json!("0x1"))
    );

    call(&node, "evm_setAutomine", json!([false])).await;
    assert_eq!(automines().await, false);
    let dropped = pay(&node, NOBODY, 2).await;
    pay(&node, NOBODY, 4).await;
    assert_eq!(height(&node).await, 1);
    let content = call(&node, "txpool_content", json!([])).await;
    let sender = DEV_ACCOUNTS[0].to_string().to_lowercase();
    assert_eq!(content["pending"][&sender]["1"]["hash"], dropped);
    let inspected = call(&node, "txpool_inspect", json!([])).await;
    let words = inspected["pending"][&sender]["2"].as_str().expect("words");
    assert!(words.contains(": 4 wei + 21000 gas × "), "{words}");
    assert_eq!(
        call(&node, "anvil_dropTransaction", json!([dropped])).await,
        dropped
    );
    assert_eq!(
        call(&node, "hardhat_dropTransaction", json!([dropped])).await,
        false
    );
    let pool = call(&node, "txpool_status", json!([])).await;
    assert_eq!(pool, json!({"pending": "0x0", "queued": "0x1"}));
    let of_one = call(&node, "txpool_contentFrom", json!([sender])).await;
    assert_eq!(of_one["queued"]["2"]["nonce"], "0x2");
    call(&node, "anvil_removePoolTransactions", json!([sender])).await;
    call(&node, "anvil_dropAllTransactions", json!([])).await;
    assert_eq!(
        number(&call(&node, "txpool_status", json!([])).await["queued"]),
        0
    );

    pay(&node, NOBODY, 8).await;
    call(&node, "evm_setIntervalMining", json!([1])).await;
    while height(&node).await == 1 {
        tokio::task::yield_now().await;
    }
    call(&node, "evm_setIntervalMining", json!([0])).await;
    assert_eq!(
        (balance(&node, NOBODY).await, automines().await),
        (9, json!(false))
    );

    let paid = DEV_ACCOUNTS[7].to_string();
    call(&node, "anvil_setCoinbase", json!([paid])).await;
    assert_eq!(
        call(&node, "eth_coinbase", json!([])).await,
        paid.to_lowercase()
    );
    call(&node, "evm_mine", json!([])).await;
    let block = call(&node, "eth_getBlockByNumber", json!(["latest", false])).await;
    assert_eq!(block["miner"], paid.to_lowercase());
    let info = call(&node, "anvil_nodeInfo", json!([])).await;
    assert_eq!(info["currentBlockNumber"], block["number"]);
    assert_eq!(
        (&info["environment"]["chainId"], &info["hardFork"]),
        (&json!(31_337), &json!("osaka"))
    );
    call(&node, "evm_snapshot", json!([])).await;
    let metadata = call(&node, "anvil_metadata", json!([])).await;
    assert_eq!(metadata["latestBlockHash"], block["hash"]);
    assert_eq!(metadata["snapshots"]["0x1"][1], block["hash"]);
}
