//! `/v1` of a coin node and the routes around it, asked of real nodes.

mod contracts; // codes, and sources handed in for them
mod documents; // what the node says of itself
mod keeping; // is_valid and audit, on stores that hold and on stores that were changed
mod mining; // work for miners outside the node
mod moments; // what is said while blocks come and go
mod proofs; // proofs, checked by hashes alone

use alloy_consensus::{SignableTransaction, TxEip1559};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, Bytes, U256, address, bytes};
use bcoin::protocol::coin::DEV_ACCOUNTS;
use bcoin::protocol::coin::amount::Amount;
use serde_json::{Value, json};

use crate::coin_network::{CoinNode, key, said, signed, transfer};

/// Nobody has used it.
const NEW: Address = address!("0x00000000000000000000000000000000000000aA");

#[tokio::test]
async fn a_node_says_who_it_is() {
    let node = CoinNode::dev().await;
    node.mine(1).await;
    let said = node.json("/v1/node").await;
    assert_eq!(said["network"], "dev");
    assert_eq!(said["protocol"], "coin");
    assert_eq!(said["chain_id"], 31_337);
    assert_eq!(said["height"], 1);
    assert_eq!(said["tip"]["number"], 1);
    assert_eq!(said["work"], "4");
    assert_eq!(said["miner"], DEV_ACCOUNTS[0].to_string());
    assert_eq!(said["unlocked"], json!([]));
    assert_eq!(said["id"].as_str().map(str::len), Some(32));
    let genesis = node.json("/v1/blocks/0").await;
    assert_eq!(genesis["block"]["hash"], said["genesis_hash"]);
    assert_eq!(node.json("/livez").await["status"], "alive");
    assert_eq!(node.json("/readyz").await["status"], "ready");
    let metrics = node.answer("/metrics").await.text().await.expect("text");
    assert!(metrics.contains("bcoin_tip_height 1"), "{metrics}");
    let index = node.json("/").await;
    for link in index["links"].as_array().expect("links") {
        let path = link["path"].as_str().expect("a path");
        if link["method"] == "GET" && !path.ends_with("/events") {
            assert_eq!(node.answer(path).await.status(), 200, "{path}");
        }
    }
}

#[tokio::test]
async fn accounts_count_what_waits() {
    let node = CoinNode::dev().await;
    let fresh = node.json(&format!("/v1/accounts/{NEW}")).await;
    assert_eq!(
        fresh,
        json!({"address": NEW.to_string(), "balance": "0", "balance_units": "0", "nonce": 0, "next_nonce": 0, "code_hash": null, "block": 0})
    );
    for nonce in 0..2 {
        node.send(&signed(1, NEW, "1.25", nonce)).await;
    }
    let path = format!("/v1/accounts/{}", DEV_ACCOUNTS[1]);
    let waiting = node.json(&path).await;
    assert_eq!(
        (&waiting["nonce"], &waiting["next_nonce"]),
        (&json!(0), &json!(2))
    );
    node.mine(1).await;
    let mined = node.json(&path.to_lowercase()).await;
    assert_eq!(
        (&mined["nonce"], &mined["next_nonce"]),
        (&json!(2), &json!(2))
    );
    let received = node.json(&format!("/v1/accounts/{NEW}")).await;
    assert_eq!(received["balance"], "2.5");
    assert_eq!(received["balance_units"], "2500000000000000000");
    let factory = node
        .json("/v1/accounts/0x4e59b44847b379578588920cA78FbF26c0B4956C")
        .await;
    assert!(
        factory["code_hash"]
            .as_str()
            .is_some_and(|hash| hash.starts_with("0x2fa86add"))
    );
    for wrong in [
        "alice",
        "0x12",
        &DEV_ACCOUNTS[1]
            .to_string()
            .replace('C', "c")
            .replacen('c', "C", 1),
    ] {
        let problem = node.problem(&format!("/v1/accounts/{wrong}"), 400).await;
        assert_eq!(problem["parameter"], "address", "{wrong}");
    }
}

#[tokio::test]
async fn history_tells_what_went_in_and_out_page_by_page() {
    let node = CoinNode::dev().await;
    let miner = DEV_ACCOUNTS[0];
    node.send(&signed(1, NEW, "1.5", 0)).await;
    node.send(&signed(1, DEV_ACCOUNTS[1], "1", 1)).await;
    node.mine(1).await;
    node.send(&signed(0, NEW, "2", 0)).await;
    node.mine(1).await;

    let history = |address: Address, query: &str| {
        let path = format!("/v1/accounts/{address}/history{query}");
        let node = &node;
        async move { node.json(&path).await }
    };
    let received = history(NEW, "").await;
    let entries = received["entries"].as_array().expect("entries");
    let kinds = |entries: &[Value]| -> Vec<(u64, String, String)> {
        let text = |entry: &Value, name: &str| entry[name].as_str().expect(name).to_owned();
        let of = |entry: &Value| {
            (
                entry["block"].as_u64().expect("a block"),
                text(entry, "kind"),
                text(entry, "value"),
            )
        };
        entries.iter().map(of).collect()
    };
    let received_twice = [
        (2, "received".into(), "2".into()),
        (1, "received".into(), "1.5".into()),
    ];
    assert_eq!(kinds(entries), received_twice);
    assert_eq!(entries[1]["from"], DEV_ACCOUNTS[1].to_string());
    assert_eq!(entries[1]["fee"], "0.000021000000021");
    assert_eq!(entries[1]["status"], "ok");
    let sent = history(DEV_ACCOUNTS[1], "").await;
    assert_eq!(
        kinds(sent["entries"].as_array().expect("entries")),
        [
            (1, "self".into(), "1".into()),
            (1, "sent".into(), "1.5".into())
        ]
    );

    // Rewards stand behind the transactions of their block, fees counted; pages come one after the other.
    let mut all = Vec::new();
    let mut query = "?limit=1".to_owned();
    loop {
        let page = history(miner, &query).await;
        all.extend(page["entries"].as_array().expect("entries").clone());
        match page["next"].as_str() {
            Some(next) => query = format!("?limit=1&before={next}"),
            None => break,
        }
    }
    let expected = [
        (2, "reward".into(), "50.000021000000021".into()),
        (2, "sent".into(), "2".into()),
        (1, "reward".into(), "50.000042000000042".into()),
    ];
    assert_eq!(kinds(&all), expected);
    assert_eq!(all[0]["transaction"], Value::Null);
    assert_eq!(
        all,
        history(miner, "").await["entries"]
            .as_array()
            .expect("entries")
            .clone()
    );
    let problem = node
        .problem(&format!("/v1/accounts/{miner}/history?before=x"), 400)
        .await;
    assert_eq!(problem["parameter"], "before");
}

/// A contract that is made has received what came with the transaction; its maker paid.
#[tokio::test]
async fn history_tells_who_made_a_contract_from_what_was_made() {
    let node = CoinNode::dev().await;
    let transaction = TxEip1559 {
        chain_id: 31_337,
        gas_limit: 100_000,
        max_fee_per_gas: 1_000_000_001,
        max_priority_fee_per_gas: 1_000_000_000,
        value: U256::from(5),
        // Makes a contract whose code is one STOP.
        input: bytes!("600160005360016000f3"),
        ..TxEip1559::default()
    };
    let signature = key(1).sign(transaction.signature_hash());
    let raw: Bytes = transaction.into_signed(signature).encoded_2718().into();
    let body = json!({ "raw": raw }).to_string();
    node.posted("/add_transaction", body, 201).await;
    node.mine(1).await;
    let (maker, made) = (DEV_ACCOUNTS[1], DEV_ACCOUNTS[1].create(0));
    for (account, kind) in [(maker, "create"), (made, "created")] {
        let history = node.json(&format!("/v1/accounts/{account}/history")).await;
        let entry = &history["entries"][0];
        assert_eq!(
            (&entry["kind"], &entry["status"]),
            (&json!(kind), &json!("ok"))
        );
        assert_eq!(entry["from"], maker.to_string());
        assert_eq!(entry["to"], made.to_string());
        assert_eq!(entry["value"], "0.000000000000000005");
    }
}

#[tokio::test]
async fn a_transaction_waits_and_is_mined() {
    let node = CoinNode::dev().await;
    let first = signed(1, NEW, "1", 0);
    let third = signed(1, NEW, "1", 2);
    node.send(&first).await;
    node.send(&third).await;
    let path = |hash| format!("/v1/transactions/{hash}");
    let waiting = node.json(&path(first.hash)).await;
    assert_eq!(
        (&waiting["state"], &waiting["waits_for"]),
        (&json!("waiting"), &json!("the next block"))
    );
    assert_eq!(
        (&waiting["ready"], &waiting["confirmations"]),
        (&json!(true), &json!(0))
    );
    assert!(waiting.get("block").is_none());
    let behind = node.json(&path(third.hash)).await;
    assert_eq!(
        behind["waits_for"],
        format!("nonce 1 of {}", DEV_ACCOUNTS[1])
    );
    let mempool = node.json("/v1/mempool").await;
    assert_eq!(mempool["transactions"], 2);
    assert_eq!(mempool["waiting"][0]["in_front"], 0);
    assert_eq!(mempool["waiting"][1]["in_front"], Value::Null);
    let page = node.json("/v1/mempool?limit=1").await;
    assert_eq!(page["waiting"].as_array().map(Vec::len), Some(1));
    let next = page["next"].as_str().expect("more").to_owned();
    let rest = node
        .json(&format!("/v1/mempool?limit=1&after={next}"))
        .await;
    assert_eq!(
        (&rest["waiting"][0]["hash"], &rest["next"]),
        (&json!(third.hash), &Value::Null)
    );

    node.mine(2).await;
    let mined = node.json(&path(first.hash)).await;
    assert_eq!(mined["state"], "mined");
    assert_eq!(
        (&mined["confirmations"], &mined["block"], &mined["index"]),
        (&json!(2), &json!(1), &json!(0))
    );
    assert_eq!(
        (&mined["status"], &mined["gas_used"]),
        (&json!("ok"), &json!(21_000))
    );
    assert_eq!(
        (&mined["fee"], &mined["gas_price"]),
        (&json!("0.000021000000021"), &json!("1000000001"))
    );
    assert_eq!(
        (&mined["created"], &mined["logs"]),
        (&Value::Null, &json!([]))
    );
    let block = node.json("/v1/blocks/1").await;
    assert_eq!(mined["block_hash"], block["block"]["hash"]);
    node.problem(&path(alloy_primitives::B256::ZERO), 404).await;
    node.problem("/v1/transactions/0x12", 400).await;
}

#[tokio::test]
async fn fees_follow_what_waits() {
    let node = CoinNode::dev().await;
    let least = json!({"base_fee": "1", "priority_fee": {"low": "1000000000", "normal": "1000000000", "high": "1000000000"}});
    assert_eq!(node.json("/v1/fees").await, least);
    node.mine(3).await;
    assert_eq!(node.json("/v1/fees").await, least);
}

#[tokio::test]
async fn the_supply_is_what_the_schedule_says() {
    let node = CoinNode::dev().await;
    node.send(&signed(1, NEW, "1", 0)).await;
    node.mine(3).await;
    let supply = node.json("/v1/supply").await;
    assert_eq!(supply["height"], 3);
    assert_eq!(
        (&supply["first_balances"], &supply["issued"]),
        (&json!("100000"), &json!("150"))
    );
    assert_eq!(
        (&supply["destroyed"], &supply["total"]),
        (&json!("0"), &json!("100150"))
    );
    assert_eq!(
        supply["schedule"],
        json!({"first_subsidy": "50", "subsidy": "50", "halving": 210_000, "spacing": 600})
    );
    let halving = &supply["next_halving"];
    assert_eq!(
        (&halving["block"], &halving["subsidy"]),
        (&json!(210_001), &json!("25"))
    );
    assert_eq!(halving["blocks_left"], 209_997);
    assert!(
        halving["expected_at"]
            .as_u64()
            .is_some_and(|at| at > 1_795_219_200)
    );
    let balances = [NEW].into_iter().chain(DEV_ACCOUNTS);
    let mut sum = U256::ZERO;
    for address in balances {
        sum += node
            .balance(address)
            .await
            .parse::<Amount>()
            .expect("an amount")
            .units();
    }
    assert_eq!(Amount::from_units(sum).to_string(), "100150");
}

#[tokio::test]
async fn difficulty_lists_as_many_blocks_as_asked() {
    let node = CoinNode::dev().await;
    node.mine(4).await;
    let answer = node.json("/v1/difficulty?blocks=2").await;
    assert_eq!(
        (&answer["bits"], &answer["difficulty"]),
        (&json!("0x207fffff"), &json!("2"))
    );
    let numbers: Vec<_> = answer["blocks"]
        .as_array()
        .expect("blocks")
        .iter()
        .map(|block| block["number"].clone())
        .collect();
    assert_eq!(numbers, [3, 4]);
    for (query, status) in [
        ("", 200),
        ("?blocks=1000", 200),
        ("?blocks=0", 400),
        ("?blocks=1001", 400),
        ("?block=1", 400),
    ] {
        assert_eq!(
            node.answer(&format!("/v1/difficulty{query}"))
                .await
                .status(),
            status,
            "{query}"
        );
    }
}

#[tokio::test]
async fn blocks_are_found_by_every_name_and_page() {
    let node = CoinNode::dev().await;
    node.mine(4).await;
    let tip = node.json("/v1/blocks/tip").await;
    assert_eq!(
        (&tip["confirmations"], &tip["on_chain"]),
        (&json!(1), &json!(true))
    );
    let block = &tip["block"];
    for name in [
        "4",
        block["hash"].as_str().expect("text"),
        block["record_hash"].as_str().expect("text"),
    ] {
        assert_eq!(
            node.json(&format!("/v1/blocks/{name}")).await["block"],
            *block,
            "{name}"
        );
    }
    let raw = node.answer("/v1/blocks/4/raw").await;
    assert_eq!(raw.headers()["content-type"], "application/octet-stream");
    let tag = raw.headers()["etag"].to_str().expect("text").to_owned();
    assert_eq!(
        tag,
        format!("\"{}\"", block["hash"].as_str().expect("text"))
    );
    let raw = raw.bytes().await.expect("bytes");
    assert_eq!(tip["bytes"], raw.len());
    let decoded = bcoin::protocol::coin::block::Block::decode(&raw, node.daemon.node.parameters());
    assert_eq!(
        decoded.expect("a block").header.hash().to_string(),
        *block["hash"].as_str().expect("text")
    );
    let known = node
        .get("/v1/blocks/4/raw")
        .header("if-none-match", tag)
        .send()
        .await;
    assert_eq!(known.expect("an answer").status(), 304);

    let numbers = |page: &Value| -> Vec<u64> {
        let blocks = page["blocks"].as_array().expect("blocks");
        blocks
            .iter()
            .map(|block| block["number"].as_u64().expect("a number"))
            .collect()
    };
    let page = node.json("/v1/blocks?limit=2").await;
    assert_eq!((numbers(&page), &page["next"]), (vec![0, 1], &json!(2)));
    let page = node.json("/v1/blocks?from=3&limit=9").await;
    assert_eq!((numbers(&page), &page["next"]), (vec![3, 4], &Value::Null));
    let page = node.json("/v1/blocks?order=desc&limit=2").await;
    assert_eq!((numbers(&page), &page["next"]), (vec![4, 3], &json!(2)));
    let page = node.json("/v1/blocks?order=desc&from=0").await;
    assert_eq!((numbers(&page), &page["next"]), (vec![0], &Value::Null));
    for (name, status) in [
        ("5", 404),
        (&"0".repeat(64) as &str, 404),
        (&format!("0x{}", "0".repeat(64)), 404),
        ("top", 400),
        ("-1", 400),
    ] {
        node.problem(&format!("/v1/blocks/{name}"), status).await;
    }
}

#[tokio::test]
async fn events_tell_what_became_durable() {
    let node = CoinNode::dev().await;
    let mut stream = node.answer("/v1/events").await;
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let sent = signed(1, NEW, "1", 0);
    node.send(&sent).await;
    // Pays more for the same nonce, so that the first one goes.
    let mut dearer = transfer(NEW, "1", 0);
    (dearer.greatest_fee, dearer.priority_fee) = (3_000_000_000, 3_000_000_000);
    let dearer = dearer.sign(&key(1)).expect("signed");
    node.send(&dearer).await;
    let mined = node.json("/mine_block").await;
    let mut text = String::new();
    while !text.contains("event: block") || !text.ends_with("\n\n") {
        let chunk = stream
            .chunk()
            .await
            .expect("it goes on")
            .expect("it goes on");
        text.push_str(std::str::from_utf8(&chunk).expect("text"));
    }
    let told: Vec<(&str, Value)> = text
        .split("\n\n")
        .filter_map(|message| {
            let name = message
                .lines()
                .find_map(|line| line.strip_prefix("event: "))?;
            let data = message
                .lines()
                .find_map(|line| line.strip_prefix("data: "))?;
            Some((name, serde_json::from_str(data).expect("JSON")))
        })
        .collect();
    let names: Vec<&str> = told.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["transaction", "dropped", "transaction", "block"]);
    assert_eq!(told[0].1, json!({"hash": sent.hash}));
    assert_eq!(told[1].1["hash"], json!(sent.hash));
    assert!(
        told[1].1["why"]
            .as_str()
            .is_some_and(|why| why.contains("replaced"))
    );
    assert_eq!(
        told[3].1,
        json!({"number": 1, "hash": mined["hash"], "transactions": 1})
    );
}

#[tokio::test]
async fn over_the_network_what_is_signed_needs_no_token() {
    // Any address but loopback will do; without one there is no network to come over.
    let Some(address) = own_address() else {
        return;
    };
    let listener = tokio::net::TcpListener::bind((address, 0))
        .await
        .expect("a port");
    let node = CoinNode::listening(listener, |settings| {
        settings.keys = bcoin::wallet::ring::KeyRing::of([key(3)])
    })
    .await;
    let raw = json!({"raw": signed(1, NEW, "1", 0).raw}).to_string();
    node.posted("/add_transaction", raw, 201).await;
    let members =
        json!({"sender": DEV_ACCOUNTS[3].to_string(), "receiver": NEW.to_string(), "amount": 1})
            .to_string();
    node.posted("/add_transaction", members, 401).await;
    said(node.answer("/mine_block").await, 401).await;
    node.posted("/v1/mining/blocks", r#"{"block": "0x01"}"#, 401)
        .await;
}

/// An address of this machine that is not loopback, by asking which one would be used. Sends nothing.
fn own_address() -> Option<std::net::IpAddr> {
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    let address = socket.local_addr().ok()?.ip();
    (!address.is_loopback() && !address.is_unspecified()).then_some(address)
}
