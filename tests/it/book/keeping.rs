//! What a restart keeps, how much one block takes, and what a damaged file does to the answers.

use std::path::Path;

use bcoin::protocol::classic::block::BlockHash;
use bcoin::store::CHAIN_FILE;
use redb::{Database, ReadableDatabase, TableDefinition};
use serde_json::{Value, json};

use super::{blocks, get, post};
use crate::network::TestNode;

const NOT_VALID: &str = "Weve got an issue. The Blockchain isnt trustworthy..";
const BLOCKS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("blocks");

/// Changes the record of a block behind the node's back; `seal` is whether its hash is made to fit again.
fn tamper(folder: &Path, height: u64, from: &str, to: &str, seal: bool) {
    let database = Database::create(folder.join(CHAIN_FILE)).expect("a database");
    let read = database.begin_read().expect("a transaction");
    let table = read.open_table(BLOCKS).expect("the table");
    let record = table.get(height).expect("a read").expect("the block");
    let (hash, text) = record.value().split_at(32);
    let text = std::str::from_utf8(text).expect("text");
    assert!(text.contains(from), "{text}");
    let changed = text.replacen(from, to, 1);
    let hash = if seal {
        BlockHash::of(&changed).0.to_vec()
    } else {
        hash.to_vec()
    };
    let changed = [hash, changed.into_bytes()].concat();
    let write = database.begin_write().expect("a transaction");
    write
        .open_table(BLOCKS)
        .expect("the table")
        .insert(height, changed.as_slice())
        .expect("a write");
    write.commit().expect("a commit");
}

#[tokio::test]
async fn everything_acknowledged_is_there_after_a_restart() {
    let node = TestNode::start("Meghna").await;
    node.add("in a block").await;
    let mined = node.json("/mine_block").await;
    let id = mined["transactions"][1]["sender"].clone();
    let body = r#"{"nodes": ["127.0.0.1:1002", "https://b.example:1003"]}"#;
    let known = post(&node, "/connect_node", body, 201).await;
    node.add("first").await;
    node.add("second").await;
    let before = get(&node, "/get_chain").await;

    let node = node.restarted(|_| {}).await;
    assert_eq!(get(&node, "/get_chain").await, before);
    let peers = post(&node, "/connect_node", r#"{"nodes": []}"#, 201).await;
    assert_eq!(peers["total_nodes"], known["total_nodes"]);
    let added = post(
        &node,
        "/add_transaction",
        r#"{"sender": "third", "receiver": "b", "amount": 1}"#,
        201,
    )
    .await;
    assert_eq!(
        added["message"],
        "This transaction will be added to the Block 3"
    );
    let mined = node.json("/mine_block").await;
    let senders: Vec<&Value> = mined["transactions"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|transaction| &transaction["sender"])
        .collect();
    assert_eq!(
        senders,
        [&json!("first"), &json!("second"), &json!("third"), &id]
    );
    assert_eq!(mined["index"], 3);
}

#[tokio::test]
async fn what_does_not_fit_into_a_block_waits_for_the_next_in_order() {
    const COUNT: usize = 140;
    const MEBIBYTE: usize = 1024 * 1024;
    let node = TestNode::start("m").await;
    for amount in 0..COUNT {
        let body = json!({"sender": "s".repeat(16_000), "receiver": "r", "amount": amount});
        post(&node, "/add_transaction", body.to_string(), 201).await;
    }
    let mut node = node;
    let mut amounts = Vec::new();
    for height in 2..=4 {
        let mined = node.json("/mine_block").await;
        assert_eq!(mined["index"], height);
        let transactions = mined["transactions"].as_array().expect("a list");
        let own = &transactions[..transactions.len() - 1];
        let chain = get(&node, "/get_chain").await;
        let block = blocks(&chain)[height - 1];
        // All that fits, and no more: another one would have gone over the limit.
        let one = block.len() / transactions.len().max(1);
        assert!(block.len() < MEBIBYTE + 1_024, "{}", block.len());
        if height < 4 {
            assert!(block.len() + one + 1_024 > MEBIBYTE, "{}", block.len());
            node = node.restarted(|_| {}).await;
        }
        amounts.extend(
            own.iter()
                .map(|own| own["amount"].as_u64().expect("a number")),
        );
    }
    assert_eq!(amounts, (0..COUNT as u64).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_changed_record_is_noticed_and_never_served() {
    let node = TestNode::start("m").await;
    node.add("honest").await;
    node.mine(3).await;
    let node = node
        .restarted(|folder| tamper(folder, 2, "honest", "crooks", false))
        .await;
    let said = node.json("/is_valid").await;
    assert_eq!(said["message"], NOT_VALID);
    assert!(
        said["detail"].as_str().expect("text").contains("block 2"),
        "{said}"
    );
    let problem = node.problem("/get_chain", 500).await;
    assert!(!problem.to_string().contains("crooks"));
    let audit = node.json("/v1/audit").await;
    assert_eq!(
        (&audit["sound"], &audit["fault"]["height"]),
        (&json!(false), &json!(2))
    );
    assert_eq!(audit["fault"]["file"], CHAIN_FILE);
}

#[tokio::test]
async fn a_changed_record_that_hashes_again_breaks_a_rule_all_the_same() {
    for (height, from, to, block, member) in [
        (3, r#""proof": 45293"#, r#""proof": 45294"#, 3, "proof"),
        (3, r#""index": 3"#, r#""index": 4"#, 3, "index"),
        (3, r#""index": 3"#, r#""index":  3"#, 3, ""),
        (1, r#""proof": 1"#, r#""proof": 2"#, 1, "proof"),
        (
            2,
            r#""sender": "honest""#,
            r#""sender": "crooks""#,
            3,
            "previous_hash",
        ),
    ] {
        let node = TestNode::start("m").await;
        node.add("honest").await;
        node.mine(3).await;
        let node = node
            .restarted(|folder| tamper(folder, height, from, to, true))
            .await;
        let said = node.json("/is_valid").await;
        assert_eq!(said["message"], NOT_VALID, "{to}");
        let detail = said["detail"].as_str().expect("text");
        assert!(detail.contains(&format!("block {block} ")), "{to}: {said}");
        assert_eq!(said["member"].as_str().unwrap_or_default(), member, "{to}");
    }
}
