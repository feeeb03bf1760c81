use serde_json::json;

use super::*;

fn node(answer: serde_json::Value) -> Result<Report, serde_json::Error> {
    serde_json::from_value::<NodeAnswer>(answer).map(NodeAnswer::report)
}

#[test]
fn nodes_of_both_protocols_are_read() {
    let classic = node(json!({
        "id": "ab", "version": "0.1.0", "network": "classic", "protocol": "classic", "miner": "Bharathi",
        "uptime_seconds": 61, "started_at": "2026-11-21T10:00:00Z", "tip": {"height": 7, "hash": "f00d"},
        "waiting": 2, "peers": 3, "sync": "manual"
    }))
    .unwrap();
    assert_eq!((classic.height, &*classic.weight), (7, "7"));
    assert_eq!(
        (classic.waiting, classic.peers, classic.connected),
        (2, 3, None)
    );
    let coin = node(json!({
        "id": "cd", "version": "0.1.0", "network": "dev", "protocol": "coin", "genesis_hash": "00", "height": 4,
        "tip": {"number": 4, "hash": "beef", "record_hash": "0x1", "time": 5}, "work": "340282366920938463463374607431768211456",
        "miner": null, "uptime_seconds": 1, "waiting": 0, "peers": 0, "sync": "auto", "peers_connected": 2
    }))
    .unwrap();
    assert_eq!(coin.weight, "340282366920938463463374607431768211456");
    assert_eq!((coin.height, coin.connected), (4, Some(2)));
    assert_ne!(coin.chain, classic.chain);
    assert!(node(json!({"chain": [], "length": 0})).is_err());
}

#[test]
fn hostile_members_become_short_and_printable() {
    let hostile = "\u{1b}[2J\u{202e}".repeat(10_000);
    let report = node(json!({
        "id": hostile, "version": hostile, "network": hostile, "protocol": hostile, "miner": hostile,
        "tip": {"height": u64::MAX, "hash": hostile}, "work": "9".repeat(1_000), "sync": hostile
    }))
    .unwrap();
    for text in [
        &report.id,
        &report.version,
        &report.tip,
        &report.sync,
        &report.chain.network,
    ] {
        assert!(text.chars().count() <= HASH + 1, "{text}");
        assert!(
            !text.contains(super::super::super::terminal::steers_terminal),
            "{text:?}"
        );
    }
    assert_eq!(report.weight, u64::MAX.to_string());

    let mut report = Report::default();
    let peers: PeersAnswer = serde_json::from_value(json!({
        "peers": vec![json!({"address": hostile}); 1_000], "syncs": vec![json!({"at": 1, "to": 2}); 1_000]
    }))
    .unwrap();
    peers.add_to(&mut report);
    assert_eq!((report.known.len(), report.syncs.len()), (MOST_PEERS, 4));
    let block = json!({"height": 1, "hash": hostile, "parent": hostile, "on_chain": true, "transactions": null});
    let tree: NetworkAnswer =
        serde_json::from_value(json!({"blocks": vec![block; 1_000]})).unwrap();
    tree.add_to(&mut report);
    assert_eq!(report.tree.len(), MOST_TREE);
    assert!(report.tree[0].hash.len() < 200);
}

#[test]
fn blocks_of_both_protocols_are_read_and_python_json_too() {
    let classic = br#"{"blocks": [
        {"height": 3, "hash": "aa", "block": {"index": 3, "timestamp": "2026-11-21 10:18:36.500000", "proof": 45293,
         "previous_hash": "bb", "transactions": [{"amount": NaN}, {}]}},
        {"height": 2, "hash": "bb", "block": {"timestamp": "yesterday\u001b[2J", "proof": -7, "x": Infinity, "transactions": []}}
    ], "next": 1}"#;
    let blocks_read = blocks(classic).unwrap();
    assert_eq!(blocks_read.len(), 2);
    assert_eq!(
        (blocks_read[0].transactions, &*blocks_read[0].by),
        (2, "proof 45293")
    );
    assert!(
        blocks_read[0]
            .seconds
            .is_some_and(|seconds| seconds.fract() == 0.5)
    );
    assert_eq!(
        (blocks_read[1].seconds, &*blocks_read[1].time),
        (None, "yesterday\\u{1b}[2J")
    );

    let coin = br#"{"blocks": [{"number": 9, "index": 10, "hash": "cc", "time": 86400, "timestamp": "x", "miner": "0xab",
        "transactions": [{"hash": "0x1"}]}], "next": null}"#;
    let blocks_read = blocks(coin).unwrap();
    assert_eq!(
        (blocks_read[0].height, &*blocks_read[0].time),
        (9, "1970-01-02 00:00:00")
    );
    assert_eq!(
        (blocks_read[0].seconds, &*blocks_read[0].by),
        (Some(86400.0), "miner 0xab")
    );

    assert!(
        blocks(b"{}").is_err() && blocks(b"\xff").is_err() && blocks(b"{\"blocks\": [").is_err()
    );
    assert_eq!(blocks(br#"{"blocks": [1, "x", {}]}"#).unwrap()[0].hash, "-");
}

#[test]
fn what_waits_is_read_of_both_protocols() {
    let classic = br#"{"transactions": [
        {"sequence": 1, "transaction": {"sender": "Al\u001b]0;x\u0007ice", "receiver": ["Bob"], "amount": 5}, "returned": true}
    ], "total": 1, "next": null}"#;
    let row = &waiting(classic, "classic").unwrap()[0];
    assert_eq!(row.from, "Al\\u{1b}]0;x\\u{7}ice");
    assert_eq!((&*row.to, &*row.amount), ("[\"Bob\"]", "5"));
    assert!(row.more.contains("displaced"));
    let coin = br#"{"transactions": 1, "bytes": 9, "waiting": [
        {"hash": "0x1", "sender": "0xaa", "receiver": null, "amount": "1.5", "nonce": 0, "fee": "7", "in_front": null, "since": 1},
        {"hash": "0x2", "sender": "0xaa", "receiver": "0xbb", "amount": "1", "nonce": 0, "fee": "7", "in_front": 0, "since": 1}
    ], "next": null}"#;
    let rows = waiting(coin, "coin").unwrap();
    assert_eq!(
        (&*rows[0].to, &*rows[0].more),
        ("a new contract", "waits for a lower nonce")
    );
    assert_eq!((&*rows[1].amount, &*rows[1].more), ("1", "fee 7 a gas"));
}
