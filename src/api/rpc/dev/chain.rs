//! What a development node says of itself.

use alloy_primitives::{B256, keccak256};
use serde_json::{Map, Value, json};

use super::super::Rpc;
use super::super::arguments::Arguments;
use super::super::error::RpcError;
use super::super::methods::Methods;
use super::super::net::client_version;

type Answer<T> = Result<T, RpcError>;

pub fn register(methods: &mut Methods) {
    methods.reading("anvil_nodeInfo", node_info);
    methods.quick("anvil_metadata", |rpc, arguments| {
        let mut told = metadata(rpc, arguments)?;
        let snapshots = rpc.dev.snapshots.places().into_iter();
        let snapshots: Map<String, Value> = snapshots
            .map(|(id, place)| (format!("{id:#x}"), json!(place)))
            .collect();
        if let Some(told) = told.as_object_mut() {
            told.insert("snapshots".to_owned(), snapshots.into());
            told.insert("forkedNetwork".to_owned(), Value::Null);
        }
        Ok(told)
    });
    methods.quick("hardhat_metadata", metadata);
    // The log is its operator's: RUST_LOG and --log say what is in it.
    for name in ["anvil_setLoggingEnabled", "hardhat_setLoggingEnabled"] {
        methods.quick(name, |_, mut arguments| {
            let _: bool = arguments.required("enabled")?;
            arguments.end()
        });
    }
}

fn node_info(rpc: &Rpc, arguments: Arguments) -> Answer<Value> {
    arguments.end()?;
    let (node, tip) = (rpc.node(), rpc.node().tip());
    let parameters = node.parameters();
    let base_fee = u128::from(parameters.base_fee);
    let price = rpc.app.suggested_fees()?.normal.saturating_add(base_fee);
    Ok(json!({
        "currentBlockNumber": format!("{:#x}", tip.place.number),
        "currentBlockTimestamp": tip.place.time,
        "currentBlockHash": tip.record_hash,
        "hardFork": parameters.spec_at(tip.place.number + 1).name(),
        "transactionOrder": "fees",
        "environment": {
            "baseFee": format!("{base_fee:#x}"),
            "chainId": parameters.chain_id,
            "gasLimit": format!("{:#x}", parameters.gas_limit),
            "gasPrice": format!("{price:#x}"),
        },
        "forkConfig": { "forkUrl": null, "forkBlockNumber": null, "forkRetryBackoff": null },
    }))
}

fn metadata(rpc: &Rpc, arguments: Arguments) -> Answer<Value> {
    arguments.end()?;
    let (node, tip) = (rpc.node(), rpc.node().tip());
    let instance: B256 = keccak256(node.node_id());
    Ok(json!({
        "clientVersion": client_version(),
        "chainId": node.parameters().chain_id,
        "instanceId": instance,
        "latestBlockNumber": tip.place.number,
        "latestBlockHash": tip.record_hash,
    }))
}
