//! `/is_valid` and `/v1/audit`: a chain that holds is said to hold, and whatever was changed in a store is found and named.

use std::path::Path;

use alloy_primitives::{Address, Bytes};
use alloy_rlp::{RlpDecodable, RlpEncodable};
use bcoin::protocol::coin::DEV_ACCOUNTS;
use redb::{Database, ReadableTable, TableDefinition};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::coin_network::{CoinNode, signed};

const VALID: &str = "Everything is fine. The Blockchain is correct.";
const NOT_VALID: &str = "Weve got an issue. The Blockchain isnt trustworthy..";

type Hash = [u8; 32];
const BODIES: TableDefinition<'_, Hash, &[u8]> = TableDefinition::new("bodies");
const CHAIN: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("chain");
const RECEIPTS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("receipts");
const ACCOUNTS: TableDefinition<'_, [u8; 20], &[u8]> = TableDefinition::new("accounts");
const NODES: TableDefinition<'_, ([u8; 20], Hash), &[u8]> = TableDefinition::new("nodes");

#[derive(RlpEncodable, RlpDecodable)]
struct Body {
    senders: Vec<Address>,
    encoded: Bytes,
}

/// A node with a chain of three blocks and some transfers.
async fn node() -> CoinNode {
    let node = CoinNode::dev().await;
    for block in 0..3 {
        for nonce in 0..3 {
            node.send(&signed(1, DEV_ACCOUNTS[2], "1", 3 * block + nonce))
                .await;
        }
        node.mine(1).await;
    }
    node
}

/// Changes one record, as somebody who knows how records are sealed.
fn change<K: redb::Key + 'static>(
    folder: &Path,
    table: TableDefinition<'static, K, &'static [u8]>,
    key: impl for<'k> std::borrow::Borrow<K::SelfType<'k>>,
    change: impl FnOnce(&mut Vec<u8>),
) {
    let database = Database::open(folder.join("chain.redb")).expect("a store");
    let transaction = database.begin_write().expect("a transaction");
    {
        let mut table = transaction.open_table(table).expect("a table");
        let sealed = table
            .get(key.borrow())
            .expect("it reads")
            .expect("it is there")
            .value()
            .to_vec();
        let mut payload = sealed[32..].to_vec();
        change(&mut payload);
        let bytes = K::as_bytes(key.borrow());
        let seal = Sha256::digest([bytes.as_ref(), &payload].concat());
        let resealed = [&seal[..], &payload].concat();
        table
            .insert(key.borrow(), resealed.as_slice())
            .expect("it writes");
    }
    transaction.commit().expect("it commits");
}

fn hash_of(block: &Value) -> Hash {
    let mut bytes = [0; 32];
    hex::decode_to_slice(block["hash"].as_str().expect("text"), &mut bytes).expect("hexadecimal");
    bytes.reverse();
    bytes
}

#[tokio::test]
async fn a_chain_that_holds_is_valid_and_sound() {
    let node = node().await;
    assert_eq!(node.json("/is_valid").await, json!({"message": VALID}));
    let audit = node.json("/v1/audit").await;
    assert_eq!(audit["sound"], true, "{audit}");
    assert_eq!(
        (&audit["blocks"], &audit["transactions"], &audit["peers"]),
        (&json!(4), &json!(0), &json!(0))
    );
    assert_eq!(audit["accounts"], 12);
}

#[tokio::test]
async fn a_block_that_was_changed_is_named_with_its_rule() {
    let node = node().await;
    let block = node.json("/v1/blocks/2").await["block"].clone();
    let hash = hash_of(&block);
    // The state root in the record: the header commits to another record then.
    let node = node
        .restarted(|folder| {
            change(folder, BODIES, hash, |payload| {
                let mut body: Body = alloy_rlp::decode_exact(&*payload).expect("a body");
                let mut encoded = body.encoded.to_vec();
                encoded[81 + 100] ^= 1;
                body.encoded = encoded.into();
                *payload = alloy_rlp::encode(body);
            });
        })
        .await;
    let said = node.json("/is_valid").await;
    assert_eq!(
        (&said["message"], &said["block"], &said["rule"]),
        (&json!(NOT_VALID), &json!(2), &json!("commitment")),
        "{said}"
    );
}

#[tokio::test]
async fn what_is_kept_beside_a_block_is_held_against_it() {
    let node = node().await;
    let hash = hash_of(&node.json("/v1/blocks/3").await["block"]);
    let node = node
        .restarted(|folder| {
            change(folder, BODIES, hash, |payload| {
                let mut body: Body = alloy_rlp::decode_exact(&*payload).expect("a body");
                body.senders[1] = DEV_ACCOUNTS[7];
                *payload = alloy_rlp::encode(body);
            });
        })
        .await;
    let said = node.json("/is_valid").await;
    assert_eq!(
        (&said["message"], &said["block"]),
        (&json!(NOT_VALID), &json!(3))
    );
    assert!(
        said["detail"]
            .as_str()
            .is_some_and(|detail| detail.contains("senders")),
        "{said}"
    );

    let node = self::node()
        .await
        .restarted(|folder| change(folder, RECEIPTS, 1_u64, |payload| *payload = Vec::new()))
        .await;
    let said = node.json("/is_valid").await;
    assert!(
        said["detail"]
            .as_str()
            .is_some_and(|detail| detail.contains("receipts")),
        "{said}"
    );

    // Units that a contract never destroyed.
    let node = self::node()
        .await
        .restarted(|folder| {
            change(folder, CHAIN, 2_u64, |payload| {
                *payload.last_mut().expect("bytes") = 7
            })
        })
        .await;
    let said = node.json("/is_valid").await;
    assert_eq!(
        (&said["message"], &said["block"]),
        (&json!(NOT_VALID), &json!(2)),
        "{said}"
    );
}

#[tokio::test]
async fn the_audit_finds_an_account_that_was_made_richer_and_a_node_that_was_bent() {
    let poor = DEV_ACCOUNTS[9].into_array();
    let node = node().await;
    let node = node
        .restarted(|folder| {
            // Nonce, balance, code hash, storage root: the balance's last byte, and the code hash behind its prefix.
            change(folder, ACCOUNTS, poor, |payload| {
                let last = payload.len() - 2 * 33 - 1;
                payload[last] ^= 1;
            });
        })
        .await;
    let audit = node.json("/v1/audit").await;
    assert_eq!(audit["sound"], false);
    let member = audit["fault"]["member"].as_str().expect("text");
    assert!(member.contains(&DEV_ACCOUNTS[9].to_string()), "{audit}");
    assert_eq!(audit["fault"]["file"], "chain.redb");

    let node = self::node()
        .await
        .restarted(|folder| {
            let database = Database::open(folder.join("chain.redb")).expect("a store");
            let transaction = database.begin_write().expect("a transaction");
            {
                let mut nodes = transaction.open_table(NODES).expect("a table");
                let (key, mut bytes) = {
                    let (key, value) = nodes.first().expect("it reads").expect("a node");
                    (key.value(), value.value().to_vec())
                };
                bytes[5] ^= 1;
                nodes.insert(key, bytes.as_slice()).expect("it writes");
            }
            transaction.commit().expect("it commits");
        })
        .await;
    let audit = node.json("/v1/audit").await;
    assert!(
        audit["fault"]["member"]
            .as_str()
            .is_some_and(|member| member.starts_with("node 0x")),
        "{audit}"
    );
}
