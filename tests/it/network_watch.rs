//! What a node makes of other nodes' trees while somebody looks at its network page: honest ones, and lies of every kind.

use std::time::{Duration, Instant};

use bcoin::limits::{NETWORK_WATCH, NETWORK_WATCH_BLOCKS, NETWORK_WATCH_BYTES};
use bcoin::peers::address::PeerAddress;
use bcoin::peers::fault::Fault;
use bcoin::peers::reach::Reach;
use bcoin::peers::watch::{LookError, Looked, Watch};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::lying_peer::LyingPeer;
use crate::network::TestNode;

/// No test asserts a time; this one only keeps a failing test from hanging.
const TOO_LONG: Duration = Duration::from_secs(60);
const MOMENT: Duration = Duration::from_millis(20);
/// What a page may have in HTML.
const MOST_BYTES: usize = 80 * 1024;

/// What came of looking at these peers, once all have been looked at.
async fn looked_at(reach: Reach, peers: &[&PeerAddress]) -> Vec<Looked> {
    let watch = Watch::new(reach, CancellationToken::new());
    let peers: Vec<PeerAddress> = peers.iter().map(|peer| (*peer).clone()).collect();
    let looking = async {
        loop {
            let glance = watch.look(&peers);
            let looked: Vec<Looked> = peers
                .iter()
                .filter_map(|peer| glance.looked.get(peer).cloned())
                .collect();
            if looked.len() == peers.len() {
                return looked;
            }
            tokio::time::sleep(MOMENT).await;
        }
    };
    tokio::time::timeout(TOO_LONG, looking)
        .await
        .expect("all are looked at")
}

async fn error_of(peer: &LyingPeer) -> LookError {
    let looked = looked_at(Reach::Loopback, &[&peer.address]).await;
    looked[0].tree.clone().expect_err("no tree")
}

fn hash(number: usize) -> String {
    format!("{number:064x}")
}

fn block(height: u64, number: usize, parent: Option<usize>) -> Value {
    json!({"height": height, "hash": hash(number), "parent": parent.map(hash), "on_chain": true, "transactions": 1, "standing": []})
}

fn tree(blocks: &[Value], height: u64, tip: usize) -> String {
    let standing = json!([{"node": "this node", "height": height, "hash": hash(tip), "weight": "1", "place": "on_chain"}]);
    json!({"sync": "manual", "blocks": blocks, "standing": standing}).to_string()
}

#[tokio::test]
async fn each_lie_is_seen_through_and_each_wait_ends() {
    let endless = LyingPeer::endless(r#"{"blocks": ["#, |_| " ".repeat(4096)).await;
    let bytes = LookError::TooLarge {
        limit: NETWORK_WATCH_BYTES,
    };
    assert_eq!(error_of(&endless).await, bytes);

    let claims = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{{",
        1_u64 << 40
    );
    assert_eq!(error_of(&LyingPeer::saying(claims).await).await, bytes);
    // More than any length that HTTP knows: no answer at all.
    let claims = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{{", u64::MAX);
    let error = error_of(&LyingPeer::saying(claims).await).await;
    assert!(matches!(error, LookError::Fetch(_)), "{error}");

    let silent = LyingPeer::playing(|_socket| std::future::pending()).await;
    let error = error_of(&silent).await;
    assert_eq!(error.fault(), Fault::Connection, "{error}");

    let dripping = LyingPeer::playing(|mut socket| async move {
        use tokio::io::AsyncWriteExt;
        let _ = socket.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
        while socket.write_all(b" ").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    });
    let error = error_of(&dripping.await).await;
    assert_eq!(error.fault(), Fault::Connection, "{error}");

    let plain = LyingPeer::saying("HTTP/1.1 404 NOT FOUND\r\ncontent-length: 0\r\n\r\n").await;
    assert_eq!(error_of(&plain).await, LookError::NoSuchPath);

    let moved = "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
    let error = error_of(&LyingPeer::saying(moved).await).await;
    assert_eq!(error.fault(), Fault::Answer, "{error}");

    for body in ["<html>", "[]", "{}", r#"{"blocks": 7, "standing": []}"#] {
        let error = error_of(&LyingPeer::holding(body).await).await;
        assert!(
            matches!(error, LookError::NotATree { .. }),
            "{body}: {error}"
        );
    }
    let blocks: Vec<Value> = (0..=NETWORK_WATCH_BLOCKS)
        .map(|n| block(1, n, None))
        .collect();
    let many = LyingPeer::holding(tree(&blocks, 1, 1)).await;
    let limit = NETWORK_WATCH_BLOCKS;
    assert_eq!(
        error_of(&many).await,
        LookError::TooManyBlocks {
            found: limit + 1,
            limit
        }
    );
}

#[tokio::test]
async fn a_node_that_may_not_be_called_is_not_called() {
    let near = LyingPeer::holding(tree(&[block(1, 1, None)], 1, 1)).await;
    let looked = looked_at(Reach::Public, &[&near.address]).await;
    let error = looked[0].tree.clone().expect_err("no tree");
    assert_eq!(error.fault(), Fault::Refusal, "{error}");
    assert!(near.requests().is_empty());
}

#[tokio::test]
async fn many_looks_are_few_questions_and_none_without_looks() {
    let honest = LyingPeer::holding(tree(&[block(1, 1, None)], 1, 1)).await;
    let watch = Watch::new(Reach::Loopback, CancellationToken::new());
    let began = Instant::now();
    let peers = [honest.address.clone()];
    while watch.look(&peers).looked.is_empty() {
        assert!(began.elapsed() < TOO_LONG);
        tokio::time::sleep(MOMENT).await;
    }
    for _ in 0..200 {
        assert_eq!(watch.look(&peers).looked.len(), 1);
    }
    let rounds = 1 + began.elapsed().as_secs() / NETWORK_WATCH.as_secs();
    let asked = honest.requests();
    assert!(asked.len() as u64 <= rounds, "{} questions", asked.len());
    assert!(
        asked[0].starts_with("GET /v1/network?blocks=24 HTTP/1.1\r\n"),
        "{asked:?}"
    );
    // Whoever is no longer known is forgotten at once.
    assert!(watch.look(&[]).looked.is_empty());
    // A node that ends asks nobody.
    let ended = CancellationToken::new();
    ended.cancel();
    assert!(!Watch::new(Reach::Loopback, ended).look(&peers).is_asking);
}

/// The page once `holds` of it.
async fn page_when(
    node: &TestNode,
    path: &str,
    what: &str,
    holds: impl Fn(&str) -> bool,
) -> String {
    let looking = async {
        loop {
            let page = node.get(path).header("accept", "text/html").send().await;
            let page = page.expect("an answer");
            assert_eq!(page.status(), 200, "{path}");
            let page = page.text().await.expect("text");
            assert!(page.len() < MOST_BYTES, "{} bytes", page.len());
            if holds(&page) {
                return page;
            }
            tokio::time::sleep(MOMENT).await;
        }
    };
    let page = tokio::time::timeout(TOO_LONG, looking).await;
    page.unwrap_or_else(|_| panic!("never: {what}"))
}

#[tokio::test]
async fn the_page_shows_the_chains_of_nodes_that_nobody_follows() {
    let (one, other) = (
        TestNode::start("Meghna").await,
        TestNode::start("Ming").await,
    );
    one.mine(2).await;
    other.mine(4).await;
    one.connect(&other.daemon.address.to_string()).await;
    let far = page_when(&one, "/network", "the other's chain", |page| {
        page.contains("data-tips=\"2\"")
    })
    .await;
    let tip = other.json("/v1/blocks/tip").await["hash"]
        .as_str()
        .expect("a hash")
        .to_owned();
    assert!(
        far.contains(&format!("class=\"block elsewhere\" data-key=\"{tip}\"")),
        "{far}"
    );
    assert!(far.contains(&format!("http://{}/block/{tip}", other.daemon.address)));
    // Nothing of it is stored or believed.
    assert_eq!(one.json("/v1/node").await["tip"]["height"], 3);
    assert_eq!(one.json("/v1/displaced").await["blocks"], json!([]));
    one.json("/replace_chain").await;
    let near = page_when(&one, "/network", "one tip", |page| {
        page.contains("data-tips=\"1\"")
    })
    .await;
    assert_eq!(near.matches("data-displaced=").count(), 3, "{near}");
    assert_eq!(near.matches("data-connected=").count(), 5);
}

#[tokio::test]
async fn whatever_nodes_say_the_page_stays_small_and_whole() {
    let odd: Vec<Value> = (0..NETWORK_WATCH_BLOCKS)
        .map(|n| {
            block(
                if n % 3 == 0 {
                    u64::MAX - n as u64
                } else {
                    n as u64
                },
                n + 1,
                Some((n * 7) % 300 + 1),
            )
        })
        .collect();
    let text = r#""><script>alert(1)</script>"#;
    let script = tree(
        &[json!({"height": 1, "hash": text, "parent": null, "on_chain": true})],
        1,
        1,
    );
    let liars = [
        LyingPeer::holding(tree(&odd, u64::MAX, 1)).await,
        LyingPeer::holding(tree(&odd[..200], 0, 77)).await,
        LyingPeer::holding(script).await,
        LyingPeer::saying(format!("HTTP/1.1 500 Oh\r\n\r\n{text}")).await,
    ];
    let node = TestNode::start("Meghna").await;
    node.mine(30).await;
    for liar in &liars {
        node.connect(&liar.address.to_string()).await;
    }
    let all_asked =
        |page: &str| page.matches("class=\"status ").count() == 5 && !page.contains("status dim");
    for path in [
        "/network",
        "/network?blocks=48&whole",
        "/network?blocks=1&reorg=7",
    ] {
        let page = page_when(&node, path, "everybody was asked", all_asked).await;
        assert!(!page.contains("<script>alert"), "{path}");
        assert!(page.contains("data-seen=\"3\""), "{path}");
    }
    for path in [
        "/network?blocks=49",
        "/network?blocks=0",
        "/network?reorg=x",
        "/network?what=1",
    ] {
        let refused = node.get(path).header("accept", "text/html").send().await;
        assert_eq!(refused.expect("an answer").status(), 400, "{path}");
    }
}
