//! Proofs, checked as a reader would who has nothing but a header it trusts: by hashes alone.

use alloy_primitives::{B256, Bytes, U256, keccak256};
use alloy_rlp::Decodable;
use alloy_trie::proof::verify_proof;
use alloy_trie::{Nibbles, TrieAccount};
use bcoin::protocol::coin::DEV_ACCOUNTS;
use bcoin::protocol::coin::block::Record;
use bcoin::protocol::coin::header::sha256d;
use serde_json::Value;

use crate::coin_network::{CoinNode, signed};
use crate::coin_v1::NEW;

fn bytes(json: &Value) -> Bytes {
    json.as_str().expect("text").parse().expect("hexadecimal")
}

fn nodes(json: &Value) -> Vec<Bytes> {
    json.as_array().expect("nodes").iter().map(bytes).collect()
}

/// The record to which the header commits.
fn record_of(block: &Value) -> Record {
    let (header, record) = (bytes(&block["header"]), bytes(&block["record"]));
    let mut hash = sha256d(&header).0;
    hash.reverse();
    assert_eq!(hex::encode(hash), block["hash"].as_str().expect("text"));
    assert_eq!(header[36..68], sha256d(&record).0);
    Record::decode(&mut record.as_ref()).expect("a record")
}

#[tokio::test]
async fn a_transaction_and_its_receipt_are_proved() {
    let node = CoinNode::dev().await;
    let sent: Vec<_> = (0..20).map(|nonce| signed(1, NEW, "1", nonce)).collect();
    for one in &sent {
        node.send(one).await;
    }
    node.mine(2).await;
    for one in &sent {
        let proof = node
            .json(&format!("/v1/proofs/transactions/{}", one.hash))
            .await;
        let record = record_of(&proof["block"]);
        assert_eq!(record.number, 1);
        let index = proof["index"].as_u64().expect("a number");
        let key = Nibbles::unpack(alloy_rlp::encode(index));
        let envelope = bytes(&proof["envelope"]);
        assert_eq!(keccak256(&envelope), one.hash);
        let of = |root: B256, value: &Bytes, member: &str| {
            verify_proof(root, key, Some(value.to_vec()), &nodes(&proof[member]))
        };
        of(record.transactions_root, &envelope, "proof").expect("it is in the block");
        of(
            record.receipts_root,
            &bytes(&proof["receipt"]),
            "receipt_proof",
        )
        .expect("so is its receipt");
        let mut other = envelope.to_vec();
        other[10] ^= 1;
        assert!(of(record.transactions_root, &other.into(), "proof").is_err());
    }
    node.problem(&format!("/v1/proofs/transactions/{}", B256::ZERO), 404)
        .await;
}

#[tokio::test]
async fn what_an_account_has_and_that_another_has_nothing_is_proved() {
    let node = CoinNode::dev().await;
    node.send(&signed(1, DEV_ACCOUNTS[2], "1.5", 0)).await;
    node.mine(1).await;
    for (address, nonce, balance) in [
        (DEV_ACCOUNTS[1], 1, "9998.499978999999979"),
        (DEV_ACCOUNTS[2], 0, "10001.5"),
    ] {
        let proof = node
            .json(&format!("/v1/proofs/accounts/{address}?slot=0x0&slot=0x1"))
            .await;
        let record = record_of(&proof["block"]);
        let account = &proof["account"];
        assert_eq!(
            (&account["nonce"], &account["balance"]),
            (&nonce.into(), &balance.into())
        );
        let hash = |name: &str| {
            account[name]
                .as_str()
                .expect("text")
                .parse()
                .expect("a hash")
        };
        let in_tree = TrieAccount {
            nonce,
            balance: account["balance_units"]
                .as_str()
                .expect("text")
                .parse()
                .expect("units"),
            storage_root: hash("storage_root"),
            code_hash: hash("code_hash"),
        };
        let key = Nibbles::unpack(keccak256(address));
        let value = Some(alloy_rlp::encode(in_tree));
        verify_proof(record.state_root, key, value, &nodes(&proof["proof"]))
            .expect("it is in the state");
        let slots = proof["slots"].as_array().expect("slots");
        assert_eq!(slots.len(), 2);
        assert_eq!(slots[1]["value"], format!("{:#066x}", U256::ZERO));
    }
    let nobody = node.json(&format!("/v1/proofs/accounts/{NEW}")).await;
    assert_eq!(nobody["account"], Value::Null);
    let root = record_of(&nobody["block"]).state_root;
    let key = Nibbles::unpack(keccak256(NEW));
    verify_proof(root, key, None, &nodes(&nobody["proof"])).expect("nothing is there");
    node.problem(&format!("/v1/proofs/accounts/{NEW}?slot=1"), 400)
        .await;
}
