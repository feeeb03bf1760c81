//! Who may call what, and how bad parameters are answered.

use bcoin::protocol::coin::parameters::Parameters;
use serde_json::{Value, json};

use super::{ask, asked, call, plain};
use crate::coin_network::CoinNode;

/// All methods for tests of contracts, and a parameter that reads.
fn methods() -> Vec<(&'static str, Value)> {
    let (address, hash) = (format!("{:#042x}", 0xbb), format!("{:#066x}", 0xbb));
    let mut all = Vec::new();
    let mut add = |names: &[&'static str], params: Value| {
        all.extend(names.iter().map(|name| (*name, params.clone())));
    };
    add(
        &[
            "evm_increaseTime",
            "anvil_increaseTime",
            "anvil_setBlockTimestampInterval",
        ],
        json!([1]),
    );
    let later = json!([2_000_000_000_u32]);
    add(
        &["evm_setTime", "anvil_setTime", "evm_setNextBlockTimestamp"],
        later.clone(),
    );
    add(
        &[
            "anvil_setNextBlockTimestamp",
            "hardhat_setNextBlockTimestamp",
        ],
        later,
    );
    add(&["evm_setAutomine", "anvil_setAutomine"], json!([true]));
    add(
        &["evm_setIntervalMining", "anvil_setIntervalMining"],
        json!([0]),
    );
    add(
        &[
            "anvil_setCoinbase",
            "hardhat_setCoinbase",
            "anvil_removePoolTransactions",
        ],
        json!([address]),
    );
    add(&["evm_revert", "anvil_revert"], json!(["0x999"]));
    add(
        &["anvil_impersonateAccount", "hardhat_impersonateAccount"],
        json!([address]),
    );
    add(
        &[
            "anvil_stopImpersonatingAccount",
            "hardhat_stopImpersonatingAccount",
        ],
        json!([address]),
    );
    add(
        &[
            "anvil_autoImpersonateAccount",
            "hardhat_autoImpersonateAccount",
        ],
        json!([false]),
    );
    add(
        &["anvil_dropTransaction", "hardhat_dropTransaction"],
        json!([hash]),
    );
    add(
        &["anvil_setLoggingEnabled", "hardhat_setLoggingEnabled"],
        json!([true]),
    );
    all
}

/// Those that take nothing, or nothing that must be there.
const BARE: [&str; 15] = [
    "anvil_mine",
    "hardhat_mine",
    "evm_mine",
    "anvil_rollback",
    "evm_snapshot",
    "anvil_snapshot",
    "anvil_reset",
    "hardhat_reset",
    "anvil_getAutomine",
    "hardhat_getAutomine",
    "anvil_removeBlockTimestampInterval",
    "anvil_dropAllTransactions",
    "anvil_nodeInfo",
    "anvil_metadata",
    "hardhat_metadata",
];

/// What would change the state past any block.
const UNHELD: [&str; 13] = [
    "anvil_setBalance",
    "hardhat_setBalance",
    "anvil_addBalance",
    "anvil_setCode",
    "hardhat_setCode",
    "anvil_setStorageAt",
    "hardhat_setStorageAt",
    "anvil_setNonce",
    "hardhat_setNonce",
    "hardhat_setNextBlockBaseFeePerGas",
    "evm_setBlockGasLimit",
    "hardhat_setPrevRandao",
    "anvil_setMinGasPrice",
];

#[tokio::test]
async fn each_method_is_for_those_alone_who_may_change_the_node() {
    let node = plain().await;
    let wallet = || {
        let origin = "chrome-extension://abcdefghijklmnop";
        node.post("/rpc", "").header("origin", origin)
    };
    let open = asked(wallet(), "txpool_status", &json!([])).await;
    assert!(open.is_ok(), "{open:?}");
    let bare = BARE.into_iter().chain(UNHELD).map(|name| (name, json!([])));
    for (method, params) in methods().into_iter().chain(bare) {
        let refused = asked(wallet(), method, &params).await.expect_err(method);
        assert_eq!(refused.code, 4100, "{method}: {refused:?}");
    }
    assert_eq!(super::height(&node).await, 0);
}

#[tokio::test]
async fn bad_parameters_are_named() {
    let node = plain().await;
    for (method, good) in methods() {
        let missing = ask(&node, method, json!([])).await.expect_err(method);
        assert_eq!(missing.code, -32602, "{method}: {missing:?}");
        assert!(
            missing.message.contains("it is missing"),
            "{method}: {missing:?}"
        );
        for bad in [
            json!([{"a": 1}]),
            json!([[]]),
            json!(["ten"]),
            json!([-1]),
            json!([1.5]),
        ] {
            let refused = ask(&node, method, bad.clone()).await.expect_err(method);
            assert_eq!(refused.code, -32602, "{method} {bad}: {refused:?}");
            assert!(refused.message.contains('`'), "{method} {bad}: {refused:?}");
        }
        let mut more = good.clone();
        more.as_array_mut().expect("a list").push(json!(1));
        let refused = ask(&node, method, more).await.expect_err(method);
        assert_eq!(refused.code, -32602, "{method}: {refused:?}");
        let answered = ask(&node, method, good).await;
        assert!(answered.is_ok(), "{method}: {answered:?}");
        // The clock goes back, for the next one's sake.
        call(&node, "anvil_reset", json!([])).await;
    }
    for method in BARE {
        let more = ask(&node, method, json!([1, 2, 3]))
            .await
            .expect_err(method);
        assert_eq!(more.code, -32602, "{method}: {more:?}");
        let answered = ask(&node, method, json!([])).await;
        assert!(
            answered.is_ok() || method == "anvil_rollback",
            "{method}: {answered:?}"
        );
    }
}

#[tokio::test]
async fn what_no_block_could_hold_is_refused_with_the_way_out() {
    let node = plain().await;
    for method in UNHELD {
        let refused = ask(&node, method, json!(["0x00", "0x1"]))
            .await
            .expect_err(method);
        assert_eq!(refused.code, -32004, "{method}: {refused:?}");
        let way_out = ["genesis", "name", "overrides"];
        assert!(
            way_out.iter().any(|word| refused.message.contains(word)),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn no_other_network_has_them() {
    let main = CoinNode::start_of(Parameters::main(), |_| {}).await;
    let bare = BARE.into_iter().chain(UNHELD).map(|name| (name, json!([])));
    for (method, params) in methods().into_iter().chain(bare) {
        let refused = ask(&main, method, params).await.expect_err(method);
        assert_eq!(refused.code, -32601, "{method}: {refused:?}");
    }
    let pool = call(&main, "txpool_content", json!([])).await;
    assert_eq!(pool, json!({"pending": {}, "queued": {}}));
}

#[tokio::test]
async fn a_node_that_mines_by_itself_is_not_switched_by_calls() {
    let every_day = std::time::Duration::from_secs(86_400);
    let schedule = bcoin::miner::coin::Schedule::Every(every_day);
    let node = CoinNode::start(|settings| settings.schedule = Some((schedule, 1))).await;
    assert_eq!(call(&node, "anvil_getAutomine", json!([])).await, false);
    for (method, params) in [
        ("evm_setAutomine", json!([true])),
        ("evm_setIntervalMining", json!([1])),
    ] {
        let refused = ask(&node, method, params).await.expect_err(method);
        assert_eq!(refused.code, -32000);
        assert!(refused.message.contains("--interval"), "{refused:?}");
    }
    call(&node, "evm_mine", json!([])).await;
    assert_eq!(super::height(&node).await, 1);
}
