//! Contracts and their sources: what is held against what, what is refused, what is kept.

use alloy_primitives::TxKind;
use bcoin::args;
use bcoin::contract::Artifact;
use bcoin::contract::program::creation;
use bcoin::protocol::coin::DEV_ACCOUNTS;
use bcoin::wallet::transaction::{Signed, Transaction};
use serde_json::{Value, json};

use crate::coin_network::{CoinNode, key};

const ARTIFACT: &str = include_str!("../../../examples/contracts/bond/bond.json");
const SOURCE: &str = include_str!("../../../examples/contracts/bond/bond.vy");

/// The second account's first transaction, which creates a bond.
fn created() -> Signed {
    let artifact = Artifact::parse(ARTIFACT, None).expect("an artifact");
    let terms = args!["10coins", 500_u64, 4_102_444_800_u64, 4_102_531_200_u64];
    let transaction = Transaction {
        chain_id: 31_337,
        nonce: 0,
        to: TxKind::Create,
        amount: Default::default(),
        input: creation(&artifact, terms).expect("a creation"),
        gas_limit: 5_000_000,
        greatest_fee: 1_000_000_001,
        priority_fee: 1_000_000_000,
    };
    transaction.sign(&key(1)).expect("a signature")
}

fn artifact() -> Value {
    serde_json::from_str(ARTIFACT).expect("JSON")
}

#[tokio::test]
async fn a_source_is_held_against_the_code_and_outlives_the_node() {
    let node = CoinNode::dev().await;
    let sent = created();
    node.send(&sent).await;
    node.mine(1).await;
    let address = DEV_ACCOUNTS[1].create(0);
    let path = format!("/v1/contracts/{address}");
    let bare = node.json(&path).await;
    assert_eq!(bare["created"]["transaction"], sent.hash.to_string());
    assert_eq!(bare["created"]["by"], DEV_ACCOUNTS[1].to_string());
    assert_eq!(bare["source"], Value::Null);
    let size = bare["code_size"].as_u64().expect("a number") as usize;
    assert!(size > 1_000, "{size}");
    assert_eq!(bare["code"].as_str().map(str::len), Some(2 + 2 * size));

    let body = |artifact: Value, source: &str| {
        json!({"artifact": artifact, "source": source, "file": "bond.vy", "said": "nothing"})
            .to_string()
    };
    let here = format!("{path}/source");
    let mut other = artifact();
    other["deployed_bytecode"] = json!("0x6000");
    let mut none = artifact();
    none["deployed_bytecode"] = Value::Null;
    let nobody = format!("/v1/contracts/{}/source", DEV_ACCOUNTS[2]);
    for (path, body, status, part) in [
        (&here, body(other, SOURCE), 422, "is not that of"),
        (&here, body(none, SOURCE), 422, "no deployed bytecode"),
        (&here, body(artifact(), "# another"), 422, "SHA-256"),
        (&nobody, body(artifact(), SOURCE), 422, "no code"),
        (&here, body(json!({"name": "x"}), SOURCE), 400, "abi"),
        (&here, "{}".to_owned(), 400, "missing field"),
        (&here, "{".to_owned(), 400, "For example"),
        (&here, String::new(), 400, "A source is missing."),
    ] {
        let problem = node.posted(path, body, status).await;
        let detail = problem["detail"].as_str().expect("a detail");
        assert!(detail.contains(part), "{part}: {detail}");
    }
    assert_eq!(node.json(&path).await["source"], Value::Null);

    let kept = node.posted(&here, body(artifact(), SOURCE), 201).await;
    let checked = kept["checked"].as_str().expect("words");
    for part in ["bytes of values that the constructor set", "creation code"] {
        assert!(checked.contains(part), "{checked}");
    }
    let not_checked = kept["not_checked"].as_str().expect("words");
    assert!(not_checked.contains("no compiler"), "{not_checked}");
    let node = node.restarted(|_| ()).await;
    let after = node.json(&path).await;
    assert_eq!(after["source"], kept);
    assert_eq!(after["source"]["text"], SOURCE);
    assert_eq!(node.json("/v1/audit").await["sound"], true);
    node.daemon.shut_down().await;
}

#[tokio::test]
async fn pages_of_others_hand_in_nothing() {
    let node = CoinNode::dev().await;
    let account = DEV_ACCOUNTS[1];
    let request = node
        .post(&format!("/v1/contracts/{account}/source"), "{}")
        .header("origin", "http://elsewhere.example");
    assert_eq!(request.send().await.expect("an answer").status(), 403);
    let empty = node.json(&format!("/v1/contracts/{account}")).await;
    assert_eq!(empty["code"], "0x");
    for member in ["code_hash", "created", "source"] {
        assert_eq!(empty[member], Value::Null, "{member}");
    }
    node.daemon.shut_down().await;
}
