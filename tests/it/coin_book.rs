//! The book's six calls on real coins, asked of real nodes over HTTP.

use bcoin::api::coin::MiningSettings;
use bcoin::protocol::coin::DEV_ACCOUNTS;
use bcoin::protocol::coin::parameters::Parameters;
use bcoin::protocol::coin::target::Bits;
use bcoin::wallet::ring::KeyRing;
use serde_json::{Value, json};
use std::time::Duration;

use crate::coin_network::{CoinNode, key, said, signed, transfer};

#[tokio::test]
async fn the_chapter_with_coins() {
    let node = CoinNode::dev().await;
    let chain = node.json("/get_chain").await;
    assert_eq!(chain["length"], 1);
    let first = &chain["chain"][0];
    assert_eq!(first["index"], 1);
    assert_eq!(first["number"], 0);
    assert_eq!(first["proof"], 0);
    assert_eq!(first["previous_hash"], "0".repeat(64));
    assert_eq!(first["timestamp"], "2026-11-21 00:00:00");
    assert_eq!(first["transactions"], json!([]));

    let sent = signed(1, DEV_ACCOUNTS[2], "1.5", 0);
    let added = node.send(&sent).await;
    assert_eq!(
        added,
        json!({"hash": sent.hash, "message": "This transaction will be added to the Block 2"})
    );
    let mined = node.json("/mine_block").await;
    assert_eq!(mined["message"], "Congrats, you just mined a block!");
    assert_eq!(mined["index"], 2);
    assert_eq!(mined["previous_hash"], first["hash"]);
    assert_eq!(mined["miner"], DEV_ACCOUNTS[0].to_string());
    assert_eq!(mined["subsidy"], "50");
    assert_eq!(
        mined["transactions"],
        json!([{"amount": "1.5", "hash": sent.hash, "receiver": DEV_ACCOUNTS[2].to_string(), "sender": DEV_ACCOUNTS[1].to_string(), "status": "ok"}])
    );

    // The fee of 21,000 gas at 1,000,000,001 units goes from the sender to the miner.
    assert_eq!(node.balance(DEV_ACCOUNTS[2]).await, "10001.5");
    assert_eq!(node.balance(DEV_ACCOUNTS[1]).await, "9998.499978999999979");
    assert_eq!(node.balance(DEV_ACCOUNTS[0]).await, "10050.000021000000021");

    let chain = node.json("/get_chain").await;
    assert_eq!(chain["length"], 2);
    let mut second = mined.clone();
    second.as_object_mut().expect("an object").remove("message");
    assert_eq!(chain["chain"][1], second);
    node.daemon.shut_down().await;
}

/// A creation that holds, and one whose code undoes everything.
#[tokio::test]
async fn a_transaction_that_failed_is_shown_as_such_wherever_its_block_is() {
    let node = CoinNode::dev().await;
    let made = creation(0, &[0x00]);
    let failed = creation(1, &[0x5f, 0x5f, 0xfd]);
    for raw in [&made, &failed] {
        let body = json!({"raw": raw}).to_string();
        node.posted("/add_transaction", body, 201).await;
    }
    let mined = node.json("/mine_block").await;
    let shown = &mined["transactions"];
    let first = DEV_ACCOUNTS[1].create(0).to_string();
    assert_eq!(
        [
            &shown[0]["status"],
            &shown[0]["created"],
            &shown[0]["receiver"]
        ],
        [&json!("ok"), &json!(first), &Value::Null]
    );
    assert_eq!(
        [
            &shown[1]["status"],
            &shown[1]["amount"],
            &shown[1]["receiver"]
        ],
        [&json!("failed"), &json!("1"), &Value::Null]
    );
    assert!(shown[1].get("created").is_none(), "{shown}");
    for (path, at) in [
        ("/get_chain", "/chain/1"),
        ("/v1/blocks/1", "/block"),
        ("/v1/blocks?from=1", "/blocks/0"),
        ("/replace_chain", "/new_chain/1"),
    ] {
        let answer = node.json(path).await;
        let block = answer.pointer(at).expect("the block");
        assert_eq!(&block["transactions"], shown, "{path}");
    }
}

/// A signed creation of a contract, with a coin for it.
fn creation(nonce: u64, code: &[u8]) -> alloy_primitives::Bytes {
    use alloy_consensus::{SignableTransaction, TxEip1559};
    use alloy_eips::eip2718::Encodable2718;
    let transaction = TxEip1559 {
        chain_id: 31_337,
        nonce,
        gas_limit: 100_000,
        max_fee_per_gas: 1_000_000_001,
        max_priority_fee_per_gas: 1_000_000_000,
        to: alloy_primitives::TxKind::Create,
        value: alloy_primitives::U256::from(10).pow(alloy_primitives::U256::from(18)),
        input: alloy_primitives::Bytes::copy_from_slice(code),
        ..TxEip1559::default()
    };
    let signature = key(1).sign(transaction.signature_hash());
    transaction.into_signed(signature).encoded_2718().into()
}

#[tokio::test]
async fn the_chain_has_a_tag_and_comes_whole_however_long_it_is() {
    let node = CoinNode::dev().await;
    node.mine(30).await;
    let answer = node.answer("/get_chain").await;
    let tag = answer.headers()["etag"].to_str().expect("text").to_owned();
    let chain: Value = answer.json().await.expect("JSON");
    let blocks = chain["chain"].as_array().expect("blocks");
    assert_eq!(blocks.len(), 31);
    assert_eq!(
        tag,
        format!("\"{}\"", blocks[30]["hash"].as_str().expect("text"))
    );
    for (before, block) in blocks.iter().zip(&blocks[1..]) {
        assert_eq!(block["previous_hash"], before["hash"]);
    }
    let known = node.get("/get_chain").header("if-none-match", &tag);
    assert_eq!(known.send().await.expect("an answer").status(), 304);
    node.mine(1).await;
    let known = node.get("/get_chain").header("if-none-match", &tag);
    assert_eq!(known.send().await.expect("an answer").status(), 200);
}

#[tokio::test]
async fn what_may_not_wait_is_told_which_rule_it_breaks() {
    let node = CoinNode::dev().await;
    let add = |body: Value, status: u16| node.posted("/add_transaction", body.to_string(), status);
    let raw = |transfer: bcoin::wallet::transfer::Transfer| json!({"raw": transfer.sign(&key(1)).expect("signed").raw});
    let to = DEV_ACCOUNTS[2];

    let mut other_chain = transfer(to, "1", 0);
    other_chain.chain_id = 1;
    assert_eq!(add(raw(other_chain), 422).await["rule"], "tx_chain_id");
    let poor = add(raw(transfer(to, "10000", 0)), 409).await;
    assert_eq!(poor["rule"], "mempool_unaffordable");
    let mut cheap = transfer(to, "1", 0);
    (cheap.greatest_fee, cheap.priority_fee) = (0, 0);
    assert_eq!(add(raw(cheap), 422).await["rule"], "mempool_fee_below_base");

    add(raw(transfer(to, "1", 0)), 201).await;
    let again = add(raw(transfer(to, "1", 0)), 200).await;
    assert_eq!(again["message"], "This transaction is known already");
    let same_nonce = add(raw(transfer(to, "2", 0)), 409).await;
    assert_eq!(same_nonce["rule"], "mempool_replacement_pays_too_little");
    assert_eq!(same_nonce["needed_fee"], "1100000002");
    let ahead = add(raw(transfer(to, "1", 2)), 201).await;
    assert_eq!(
        ahead["waits_for"],
        format!("nonce 1 of {}", DEV_ACCOUNTS[1])
    );
    assert_eq!(
        ahead["message"],
        format!("This transaction waits for nonce 1 of {}", DEV_ACCOUNTS[1])
    );
    node.mine(1).await;
    let used = add(raw(transfer(to, "1.1", 0)), 409).await;
    assert_eq!(
        (&used["rule"], &used["next_nonce"]),
        (&json!("mempool_nonce_used"), &json!(1))
    );

    for (body, status) in [
        (json!({"raw": "0x"}), 400),
        (json!({"raw": "0x02c0"}), 400),
        (json!({"raw": "02c0"}), 400),
        (json!({"raw": "0x0"}), 400),
        (json!({"raw": 7}), 400),
        (json!({"raw": "0x03c0"}), 422),
        (json!({"raw": "0x02c0", "amount": 1}), 400),
        (json!({}), 400),
        (
            json!({"sender": "alice", "receiver": "bob", "amount": 5}),
            400,
        ),
    ] {
        add(body, status).await;
    }
    let text = json!(raw(transfer(to, "3", 1))["raw"]);
    let twice = format!(r#"{{"raw": {text}, "raw": {text}}}"#);
    let twice = node.posted("/add_transaction", twice, 400).await;
    let detail = twice["detail"].as_str().expect("text");
    assert!(detail.contains("'raw' is there twice"), "{detail}");
    let huge = r#"{"sender": "a", "receiver": "b", "amount": 1e400}"#;
    let huge = node.posted("/add_transaction", huge, 400).await;
    let detail = huge["detail"].as_str().expect("text");
    assert!(detail.contains("beyond what a double holds"), "{detail}");
    let missing = add(json!({"receiver": to.to_string()}), 400).await;
    assert_eq!(missing["missing"], json!(["sender", "amount"]));
}

#[tokio::test]
async fn the_books_three_members_need_the_senders_key() {
    let node = CoinNode::dev().await;
    let [from, to] = [DEV_ACCOUNTS[3], DEV_ACCOUNTS[4]].map(|address| address.to_string());
    let body = json!({"sender": from, "receiver": to, "amount": 1}).to_string();
    let refused = node.posted("/add_transaction", body.clone(), 403).await;
    let detail = refused["detail"].as_str().expect("text");
    assert!(
        detail.contains("--unlock") && detail.contains("\"raw\""),
        "{detail}"
    );
    node.daemon.shut_down().await;

    let holding = CoinNode::start(|settings| settings.keys = KeyRing::of([key(3)])).await;
    assert_eq!(holding.json("/v1/node").await["unlocked"], json!([from]));
    // A number keeps all its digits, and each transaction gets the next nonce.
    let exact =
        format!(r#"{{"sender": "{from}", "receiver": "{to}", "amount": 0.100000000000000001}}"#);
    for _ in 0..3 {
        holding.posted("/add_transaction", exact.clone(), 201).await;
    }
    let mined = holding.json("/mine_block").await;
    assert_eq!(mined["transactions"].as_array().map(Vec::len), Some(3));
    assert_eq!(
        holding.balance(DEV_ACCOUNTS[4]).await,
        "10000.300000000000000003"
    );
    let text = json!({"sender": from, "receiver": to, "amount": "2.5"}).to_string();
    holding.posted("/add_transaction", text, 201).await;
    let wrong = json!({"sender": to, "receiver": from, "amount": 1}).to_string();
    holding.posted("/add_transaction", wrong, 403).await;
}

#[tokio::test]
async fn a_foreign_page_may_not_even_send_what_is_signed() {
    let node = CoinNode::dev().await;
    let body = json!({"raw": signed(1, DEV_ACCOUNTS[2], "1", 0).raw}).to_string();
    let foreign = node
        .post("/add_transaction", body.clone())
        .header("origin", "http://evil.example");
    said(foreign.send().await.expect("an answer"), 403).await;
    let mining = node
        .get("/mine_block")
        .header("sec-fetch-site", "cross-site");
    said(mining.send().await.expect("an answer"), 403).await;
    let own = node
        .post("/add_transaction", body)
        .header("origin", node.url(""));
    said(own.send().await.expect("an answer"), 201).await;
    for path in ["/get_chain", "/mine_block", "/is_valid", "/add_transaction"] {
        let head = reqwest::Client::new().head(node.url(path)).send().await;
        assert_eq!(head.expect("an answer").status(), 405, "{path}");
    }
}

#[tokio::test]
async fn a_node_that_pays_nobody_does_not_mine() {
    let node = CoinNode::start(|settings| settings.mining = MiningSettings::paying(None)).await;
    let refused = node.problem("/mine_block", 409).await;
    assert_eq!(refused["type"], "/problems/no-miner");
    assert_eq!(node.json("/v1/node").await["miner"], Value::Null);
}

#[tokio::test]
async fn a_long_search_goes_on_and_says_where_to_ask() {
    // Some thousands of hashes: nobody finds them within a nanosecond.
    let slow = Parameters {
        name: "slow".to_owned(),
        easiest_bits: Bits(0x1f00_ffff),
        ..Parameters::dev()
    };
    let node = CoinNode::start_of(slow, |settings| {
        settings.mining.answer_within = Duration::from_nanos(1);
    })
    .await;
    let answer = node.answer("/mine_block").await;
    let location = answer.headers()["location"]
        .to_str()
        .expect("text")
        .to_owned();
    let goes_on = said(answer, 202).await;
    assert_eq!(goes_on["see"], location);
    let mut tip = node.daemon.node.watch_tip();
    tip.wait_for(|tip| tip.place.number == 1)
        .await
        .expect("it runs");
    let found = loop {
        let search = node.json(&location).await;
        if search["state"] != "searching" {
            break search;
        }
    };
    assert_eq!(found["state"], "mined");
    assert_eq!(found["block"]["number"], 1);
    node.problem("/v1/mining/searches/99", 404).await;
    // Beyond 64 bits: no other number stands in its answer.
    for (path, said) in [
        ("/v1/mining/searches/", "No search 18446744073709551616"),
        ("/v1/blocks/", "No block has so high a number"),
    ] {
        let path = format!("{path}18446744073709551616");
        let problem = node.problem(&path, 404).await;
        let detail = problem["detail"].as_str().expect("text");
        assert!(detail.contains(said), "{detail}");
    }
    node.daemon.shut_down().await;
}

#[tokio::test]
async fn what_waits_and_what_is_mined_outlives_a_restart() {
    let node = CoinNode::dev().await;
    node.send(&signed(1, DEV_ACCOUNTS[2], "1", 0)).await;
    node.mine(1).await;
    let waiting = signed(1, DEV_ACCOUNTS[2], "1", 1);
    node.send(&waiting).await;
    let before = node.json("/v1/node").await["tip"].clone();
    let node = node.restarted(|_| {}).await;
    let after = node.json("/v1/node").await;
    assert_eq!((&after["tip"], &after["waiting"]), (&before, &json!(1)));
    let mined = node.json("/mine_block").await;
    assert_eq!(mined["transactions"][0]["hash"], waiting.hash.to_string());
}

#[tokio::test]
async fn peers_are_named_as_on_classic() {
    let node = CoinNode::dev().await;
    let body = json!({"nodes": ["http://127.0.0.1:9", format!("http://{}", node.daemon.address)]});
    let known = node.posted("/connect_node", body.to_string(), 201).await;
    assert_eq!(known["total_nodes"], json!(["127.0.0.1:9"]));
    assert_eq!(
        node.json("/v1/peers").await["peers"],
        json!([{"address": "127.0.0.1:9"}])
    );
    let refused = node.posted("/connect_node", "{}", 400).await;
    assert_eq!(refused["missing"], json!(["nodes"]));
}

#[tokio::test]
async fn a_body_may_be_as_long_as_the_longest_envelope_and_not_a_byte_more() {
    use bcoin::limits::{HTTP_RAW_BYTES, POOL_ENVELOPE_BYTES};
    let node = CoinNode::dev().await;
    let padded = |length: usize| {
        let body = r#"{"raw": "0x02c0"}"#;
        format!("{body}{}", " ".repeat(length - body.len()))
    };
    let taken = node.posted("/add_transaction", padded(HTTP_RAW_BYTES), 400);
    assert_eq!(taken.await["rule"], "tx_encoding");
    let longer = node.posted("/add_transaction", padded(HTTP_RAW_BYTES + 1), 413);
    assert_eq!(longer.await["limit"], HTTP_RAW_BYTES);

    // The longest envelope that may wait: a call with that much input, to an account that has no code.
    let sized = |bytes: usize| {
        let overhead = 120;
        with_input(bytes - overhead, bytes)
    };
    let longest = json!({"raw": sized(POOL_ENVELOPE_BYTES)}).to_string();
    node.posted("/add_transaction", longest, 201).await;
    let longer = json!({"raw": sized(POOL_ENVELOPE_BYTES + 1)}).to_string();
    let refused = node.posted("/add_transaction", longer, 422).await;
    assert_eq!(refused["rule"], "mempool_bytes");
}

/// A signed call whose envelope has just so many bytes, with about as much input as is said.
fn with_input(about: usize, bytes: usize) -> alloy_primitives::Bytes {
    use alloy_consensus::{SignableTransaction, TxEip1559};
    use alloy_eips::eip2718::Encodable2718;
    let made = |input: usize| {
        let transaction = TxEip1559 {
            chain_id: 31_337,
            nonce: 0,
            gas_limit: 16_000_000,
            max_fee_per_gas: 1_000_000_001,
            max_priority_fee_per_gas: 1_000_000_000,
            to: DEV_ACCOUNTS[2].into(),
            input: vec![0; input].into(),
            ..TxEip1559::default()
        };
        let signature = key(1).sign(transaction.signature_hash());
        transaction.into_signed(signature).encoded_2718()
    };
    // Signatures differ by a byte where one of their halves begins with zeros.
    let fitting = (about - 20..about + 20).map(made);
    let fitting = fitting.into_iter().find(|envelope| envelope.len() == bytes);
    fitting.expect("a length in between fits").into()
}
