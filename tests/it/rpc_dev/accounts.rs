//! Sending in the name of others.

use alloy_consensus::{SignableTransaction, TxEip1559, TxEnvelope};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Bytes, TxKind, U256, address};
use bcoin::protocol::coin::transaction::impersonation;
use serde_json::{Value, json};

use super::{NOBODY, ask, asked, balance, call, is_sound, plain};
use crate::coin_network::CoinNode;

/// A contract that nobody could send from.
const CONTRACT: &str = "0xca11bde05977b3631167028862be2a173976ca11";
const PERSON: &str = "0x00000000000000000000000000000000000000bb";
const RECEIVER: &str = "0x00000000000000000000000000000000000000cc";

fn transfer(from: &str) -> Value {
    json!([{"from": from, "to": RECEIVER, "value": "0x7"}])
}

/// By a block that pays it: not every contract takes coins.
async fn has_coins(node: &CoinNode, address: &str) {
    call(node, "anvil_setCoinbase", json!([address])).await;
    call(node, "evm_mine", json!([])).await;
    call(node, "hardhat_setCoinbase", json!([NOBODY])).await;
}

async fn not_held(node: &CoinNode, from: &str) {
    let refused = ask(node, "eth_sendTransaction", transfer(from)).await;
    let refused = refused.expect_err("nobody has the key");
    assert_eq!(refused.code, 4100, "{refused:?}");
}

#[tokio::test]
async fn accounts_and_contracts_send_without_a_key_while_they_are_impersonated() {
    let node = plain().await;
    for from in [PERSON, CONTRACT] {
        has_coins(&node, from).await;
        not_held(&node, from).await;
    }
    for (kind, from, received) in [("anvil", CONTRACT, 7), ("hardhat", PERSON, 14)] {
        let begin = format!("{kind}_impersonateAccount");
        call(&node, &begin, json!([from])).await;
        let gas = call(&node, "eth_estimateGas", transfer(from)).await;
        assert_eq!(gas, "0x5208");
        let hash = call(&node, "eth_sendTransaction", transfer(from)).await;
        let sent = call(&node, "eth_getTransactionByHash", json!([hash])).await;
        assert_eq!((&sent["from"], &sent["s"]), (&json!(from), &json!("0x1")));
        assert_ne!(sent["blockHash"], Value::Null);
        let receipt = call(&node, "eth_getTransactionReceipt", json!([hash])).await;
        assert_eq!(
            (&receipt["from"], &receipt["status"]),
            (&json!(from), &json!("0x1"))
        );
        assert_eq!(balance(&node, RECEIVER).await, received);
        call(
            &node,
            &format!("{kind}_stopImpersonatingAccount"),
            json!([from]),
        )
        .await;
        not_held(&node, from).await;
    }
    call(&node, "anvil_autoImpersonateAccount", json!([true])).await;
    for nonce in 0..3 {
        call(&node, "eth_sendTransaction", transfer(CONTRACT)).await;
        assert_eq!(balance(&node, RECEIVER).await, 21 + nonce * 7);
    }
    call(&node, "hardhat_autoImpersonateAccount", json!([false])).await;
    not_held(&node, CONTRACT).await;
    is_sound(&node).await;
}

#[tokio::test]
async fn a_contract_deploys_and_calls_in_its_own_name() {
    let node = plain().await;
    has_coins(&node, CONTRACT).await;
    call(&node, "anvil_impersonateAccount", json!([CONTRACT])).await;
    // Init code of a contract that answers its caller: CALLER PUSH0 MSTORE 32 PUSH0 RETURN.
    let init = "0x66335f5260205ff35f526007601960003960075ff3";
    let hash = call(
        &node,
        "eth_sendTransaction",
        json!([{"from": CONTRACT, "data": init}]),
    )
    .await;
    let receipt = call(&node, "eth_getTransactionReceipt", json!([hash])).await;
    assert_eq!(receipt["from"], CONTRACT, "{receipt}");
    assert_ne!(receipt["contractAddress"], Value::Null);
    is_sound(&node).await;
}

#[tokio::test]
async fn nobody_hands_in_a_mark_from_outside() {
    let node = plain().await;
    call(&node, "anvil_autoImpersonateAccount", json!([true])).await;
    let transfer = TxEip1559 {
        chain_id: 31_337,
        gas_limit: 21_000,
        max_fee_per_gas: 2,
        max_priority_fee_per_gas: 1,
        to: TxKind::Call(address!("0x00000000000000000000000000000000000000cc")),
        value: U256::from(7),
        ..TxEip1559::default()
    };
    let mark = impersonation(bcoin::protocol::coin::DEV_ACCOUNTS[3]);
    let raw: Bytes = TxEnvelope::from(transfer.into_signed(mark))
        .encoded_2718()
        .into();
    let refused = asked(
        node.post("/rpc", ""),
        "eth_sendRawTransaction",
        &json!([raw]),
    )
    .await;
    let refused = refused.expect_err("it is not signed");
    assert_eq!(refused.code, -32000);
    assert!(refused.message.contains("not signed"), "{refused:?}");
    let body = json!({ "raw": raw }).to_string();
    let problem = node.posted("/add_transaction", body, 422).await;
    assert_eq!(problem["rule"], "mempool_impersonated", "{problem}");
    assert_eq!(balance(&node, RECEIVER).await, 0);
}
