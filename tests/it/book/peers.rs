//! Connecting nodes, and taking over the longest chain of all that are known.

use serde_json::{Value, json};

use super::{get, post, waiting};
use crate::chains::{body_of, chain, extended};
use crate::lying_peer::LyingPeer;
use crate::network::TestNode;

const CONNECTED: &str = "All of the nodes are now linked together. The node has now been added to the Bcoin blockchain.";

async fn connect(node: &TestNode, nodes: Value) -> Value {
    let body = json!({ "nodes": nodes }).to_string();
    let answer = post(node, "/connect_node", body, 201).await;
    assert_eq!(answer["message"], CONNECTED);
    answer["total_nodes"].clone()
}

async fn replace(node: &TestNode) -> Value {
    serde_json::from_str(&get(node, "/replace_chain").await).expect("JSON")
}

async fn length(node: &TestNode) -> u64 {
    let chain = node.json("/get_chain").await;
    chain["length"].as_u64().expect("a number")
}

/// An address where nobody listens any more.
async fn dead_address() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let address = listener.expect("a port").local_addr();
    address.expect("an address").to_string()
}

#[tokio::test]
async fn addresses_are_read_leniently_and_shown_in_one_way() {
    let node = TestNode::start("m").await;
    let own = node.daemon.address.port();
    assert_eq!(connect(&node, json!([])).await, json!([]));
    let known = connect(
        &node,
        json!([
            "http://127.0.0.1:1001",
            "http://127.0.0.1:1002/",
            "127.0.0.1:1003",
            "HTTP://LOCALHOST:1004",
            "https://127.0.0.1:1005",
            // Repeats, and the node itself.
            "127.0.0.1:1001",
            "http://127.0.0.1:1001/",
            format!("http://127.0.0.1:{own}"),
            format!("localhost:{own}"),
            format!("[::1]:{own}"),
        ]),
    )
    .await;
    let expected = json!([
        "127.0.0.1:1001",
        "127.0.0.1:1002",
        "127.0.0.1:1003",
        "localhost:1004",
        "https://127.0.0.1:1005"
    ]);
    assert_eq!(known, expected);
    // What is known stays, and is not doubled by a second call.
    assert_eq!(connect(&node, json!(["127.0.0.1:1003"])).await, expected);
}

#[tokio::test]
async fn one_bad_address_is_named_and_none_is_added() {
    let node = TestNode::start("m").await;
    for bad in [
        json!(""),
        json!("http://"),
        json!("ftp://127.0.0.1:21"),
        json!("http://user:word@127.0.0.1:1001"),
        json!("http://127.0.0.1:1001/get_chain"),
        json!("http://127.0.0.1:1001?x"),
        json!("127.0.0.1:70000"),
        json!("http://169.254.169.254:80"),
        json!("0.0.0.0:1001"),
        json!(7),
        json!(null),
        json!(["127.0.0.1:1001"]),
    ] {
        let body = json!({ "nodes": ["127.0.0.1:1001", bad, "127.0.0.1:1002"] });
        let said = post(&node, "/connect_node", body.to_string(), 400).await;
        assert_eq!(said["address"], bad);
        let named = bad.as_str().map_or(bad.to_string(), str::to_owned);
        assert!(
            said["detail"].as_str().expect("text").contains(&named),
            "{said}"
        );
    }
    assert_eq!(connect(&node, json!([])).await, json!([]));
}

#[tokio::test]
async fn a_request_without_nodes_is_told_what_to_send() {
    let node = TestNode::start("m").await;
    for body in ["{}", r#"{"node": ["127.0.0.1:1001"]}"#] {
        let said = post(&node, "/connect_node", body, 400).await;
        let detail = said["detail"].as_str().expect("text");
        assert!(detail.starts_with("No node"), "{said}");
        assert!(detail.contains("curl -d '{"), "{said}");
        assert_eq!(said["missing"], json!(["nodes"]));
    }
    for nodes in ["null", "\"127.0.0.1:1001\"", "{}", "7"] {
        let body = format!(r#"{{"nodes": {nodes}}}"#);
        let said = post(&node, "/connect_node", body, 400).await;
        assert_eq!(said["type"], "/problems/bad-member", "{nodes}");
    }
}

#[tokio::test]
async fn sixteen_addresses_a_call_and_sixty_four_in_all() {
    let node = TestNode::start("m").await;
    let some = |from: u16, count: u16| -> Value {
        (from..from + count)
            .map(|port| format!("127.0.0.1:{port}"))
            .collect()
    };
    let body = json!({ "nodes": some(1, 17) }).to_string();
    assert_eq!(post(&node, "/connect_node", body, 400).await["limit"], 16);
    for from in [1, 17, 33] {
        connect(&node, some(from, 16)).await;
    }
    connect(&node, some(49, 15)).await;
    let body = json!({ "nodes": some(64, 2) }).to_string();
    let said = post(&node, "/connect_node", body, 409).await;
    assert_eq!(said["limit"], 64);
    // None of the two was added, and one still fits.
    let known = connect(&node, some(64, 1)).await;
    assert_eq!(known, some(1, 64));
}

#[tokio::test]
async fn the_longest_valid_chain_is_taken_and_each_peer_accounted_for() {
    let node = TestNode::start("own").await;
    let (shorter, longer, longest) = (
        TestNode::start("shorter").await,
        TestNode::start("longer").await,
        TestNode::start("longest").await,
    );
    node.mine(1).await;
    longer.mine(2).await;
    longest.mine(4).await;
    // Longer than all, but for one block that breaks a rule; and one that only claims a length.
    let long = chain("liar", 9);
    let broken = body_of(&long).replacen(r#""proof": 45293"#, r#""proof": 45294"#, 1);
    let liar = LyingPeer::holding(broken).await;
    let braggart = LyingPeer::holding(r#"{"chain": [], "length": 1000000}"#).await;
    let dead = dead_address().await;
    let addresses = [
        dead.clone(),
        shorter.daemon.address.to_string(),
        "https://127.0.0.1:1".to_owned(),
        longer.daemon.address.to_string(),
        liar.address.to_string(),
        longest.daemon.address.to_string(),
        braggart.address.to_string(),
    ];
    connect(&node, json!(addresses)).await;

    let answer = replace(&node).await;
    assert_eq!(
        answer["message"],
        "Because the nodes are different, the longest chain is used to replace the chain.."
    );
    assert_eq!(answer["replaced"], true);
    assert_eq!(
        answer["new_chain"],
        longest.json("/get_chain").await["chain"]
    );
    let outcomes = [
        ("unreachable", json!(null)),
        ("valid_not_longer", json!(1)),
        ("refused", json!(null)),
        ("longer_not_chosen", json!(3)),
        ("invalid", json!(null)),
        ("adopted", json!(5)),
        ("invalid", json!(null)),
    ];
    let peers = answer["peers"].as_array().expect("a list");
    assert_eq!(peers.len(), addresses.len());
    for ((peer, address), (outcome, length)) in peers.iter().zip(&addresses).zip(outcomes) {
        assert_eq!(peer["address"], **address, "{peer}");
        assert_eq!(peer["outcome"], outcome, "{peer}");
        assert_eq!(peer["length"], length, "{peer}");
        assert!(!peer["detail"].as_str().expect("text").is_empty(), "{peer}");
    }
    let detail = peers[4]["detail"].as_str().expect("text");
    assert!(detail.contains("block 3 has proof 45294"), "{detail}");
    let detail = peers[2]["detail"].as_str().expect("text");
    assert!(detail.contains("http"), "{detail}");

    let answer = replace(&node).await;
    assert_eq!(
        answer["message"],
        "Everything seems to be fine. It is the most extensive chain."
    );
    assert_eq!(answer["replaced"], false);
    assert_eq!(answer["peers"][5]["outcome"], "valid_not_longer");
    assert_eq!(length(&node).await, 5);
    let valid = node.json("/is_valid").await;
    assert_eq!(
        valid["message"],
        "Everything is fine. The Blockchain is correct."
    );
}

#[tokio::test]
async fn a_tie_changes_nothing() {
    let (node, other) = (TestNode::start("one").await, TestNode::start("two").await);
    node.mine(2).await;
    other.mine(2).await;
    let before = get(&node, "/get_chain").await;
    node.connect(&other.daemon.address.to_string()).await;
    assert_eq!(replace(&node).await["replaced"], false);
    assert_eq!(get(&node, "/get_chain").await, before);
}

#[tokio::test]
async fn displaced_transactions_wait_again_but_for_rewards_and_what_the_new_chain_holds() {
    let node = TestNode::start("own").await;
    for sender in ["twice", "gone", "twice", "once"] {
        node.add(sender).await;
    }
    node.mine(1).await;
    node.add("late").await;
    let displaced = node.json("/v1/blocks/tip").await;

    let other = TestNode::start("other").await;
    for sender in ["gone", "twice", "else"] {
        other.add(sender).await;
    }
    other.mine(3).await;
    node.connect(&other.daemon.address.to_string()).await;
    assert_eq!(replace(&node).await["replaced"], true);

    // Of two equal ones the new chain holds one, so the other waits; the front of the queue is theirs.
    assert_eq!(waiting(&node), 3);
    let hash = displaced["hash"].as_str().expect("a hash");
    let kept = node.json(&format!("/v1/blocks/{hash}")).await;
    assert_eq!(kept["displaced"], true);
    assert_eq!(kept["block"], displaced["block"]);
    let node = node.restarted(|_| {}).await;
    let mined = node.json("/mine_block").await;
    let transactions = mined["transactions"].as_array().expect("a list");
    let senders: Vec<&str> = transactions
        .iter()
        .filter_map(|transaction| transaction["sender"].as_str())
        .collect();
    assert_eq!(senders[..3], ["twice", "once", "late"]);
    assert_eq!(transactions[3]["receiver"], "own");
    assert_eq!(mined["index"], 5);
}

#[tokio::test]
async fn a_peers_further_members_and_odd_numbers_are_kept_exactly() {
    let node = TestNode::start("own").await;
    let blocks = extended(chain("first", 1), "odd", 2);
    // Only the last block may change: nothing stands on its hash.
    let odd = blocks[1].text().replacen(
        '{',
        r#"{"more": [NaN, -Infinity, 1E400, "\uD800", 7E0], "#,
        1,
    );
    let body = crate::chains::body([blocks[0].text(), &odd], 2);
    let peer = LyingPeer::holding(body).await;
    node.connect(&peer.address.to_string()).await;
    let canonical = r#""more": [NaN, -Infinity, Infinity, "\ud800", 7.0], "previous_hash""#;
    for path in ["/replace_chain", "/get_chain"] {
        let shown = get(&node, path).await;
        assert!(shown.contains(canonical), "{shown}");
    }
    assert_eq!(node.daemon.node.tip().link.height.0, 2);
}
