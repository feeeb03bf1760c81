//! What happens, as it happens.

use bcoin::limits::{EVENTS_KEPT, HttpLimits};
use futures_util::{StreamExt, stream};
use reqwest::Response;
use serde_json::Value;

use crate::chains::{body_of, chain};
use crate::lying_peer::LyingPeer;
use crate::network::TestNode;

/// One event as it came.
#[derive(Debug, Default)]
struct Message {
    id: String,
    name: String,
    data: String,
}

impl Message {
    fn json(&self) -> Value {
        serde_json::from_str(&self.data).expect("JSON")
    }
}

struct Stream {
    answer: Response,
    read: String,
}

impl Stream {
    async fn open(node: &TestNode, last_seen: Option<&str>) -> Self {
        let mut request = node.get("/v1/events");
        if let Some(id) = last_seen {
            request = request.header("Last-Event-ID", id);
        }
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Self {
            answer,
            read: String::new(),
        }
    }

    /// The next event, or nothing when the stream has ended.
    async fn next(&mut self) -> Option<Message> {
        loop {
            if let Some((first, rest)) = self.read.split_once("\n\n") {
                let mut message = Message::default();
                for line in first.lines() {
                    match line.split_once(": ").unwrap_or((line, "")) {
                        ("id", value) => message.id = value.to_owned(),
                        ("event", value) => message.name = value.to_owned(),
                        ("data", value) => message.data = value.to_owned(),
                        _ => {}
                    }
                }
                self.read = rest.to_owned();
                return Some(message);
            }
            let chunk = self.answer.chunk().await.ok().flatten()?;
            self.read
                .push_str(std::str::from_utf8(&chunk).expect("text"));
        }
    }

    async fn expect(&mut self, name: &str) -> Message {
        let message = self.next().await.expect("the stream goes on");
        assert_eq!(message.name, name, "{message:?}");
        message
    }
}

#[tokio::test]
async fn everything_that_becomes_durable_is_told_in_order() {
    let node = TestNode::start("m").await;
    let mut stream = Stream::open(&node, None).await;
    assert!(stream.expect("").await.id.ends_with("-0"));
    node.add("a").await;
    node.mine(1).await;
    let blocks = chain("longer", 4);
    let peer = LyingPeer::holding(body_of(&blocks)).await;
    node.connect(&peer.address.to_string()).await;
    node.json("/replace_chain").await;

    let transaction = stream.expect("transaction").await;
    assert_eq!(
        transaction.data,
        r#"{"amount": 1, "receiver": "b", "sender": "a"}"#
    );
    let block = stream.expect("block").await.json();
    assert_eq!(
        (&block["height"], &block["transactions"]),
        (&2.into(), &2.into())
    );
    assert_eq!(
        stream.expect("peer").await.json()["address"],
        peer.address.to_string()
    );
    let reorg = stream.expect("reorg").await;
    let expected = serde_json::json!({
        "fork": 0, "height": 4, "hash": blocks[3].hash(), "displaced": 2, "connected": 4, "returned": 1,
        "returned_transactions": [{"amount": 1, "receiver": "b", "sender": "a"}],
    });
    assert_eq!(reorg.json(), expected);

    // A client that comes back gets what it missed.
    let mut again = Stream::open(&node, Some(&transaction.id)).await;
    for name in ["block", "peer", "reorg"] {
        again.expect(name).await;
    }
    let mut nothing_missed = Stream::open(&node, Some(&reorg.id)).await;
    node.add("b").await;
    nothing_missed.expect("transaction").await;
}

#[tokio::test]
async fn who_missed_too_much_is_told_to_read_afresh() {
    let node = TestNode::start("m").await;
    node.add("a").await;
    let run = {
        let mut stream = Stream::open(&node, None).await;
        let id = stream.expect("").await.id;
        id.split_once('-').expect("run and number").0.to_owned()
    };
    for unknown in [
        "0badcafe-1",
        "7",
        "ä",
        &format!("{run}-2"),
        &format!("{run}-x"),
    ] {
        let mut stream = Stream::open(&node, Some(unknown)).await;
        let reset = stream.expect("reset").await;
        assert_eq!(reset.id, format!("{run}-1"), "{unknown}");
        assert!(reset.json()["read"].as_array().is_some());
    }
    // As many events as are kept, and one more.
    stream::iter(0..=EVENTS_KEPT)
        .for_each_concurrent(64, |number| {
            let node = &node;
            async move { node.add(&number.to_string()).await }
        })
        .await;
    let mut stream = Stream::open(&node, Some(&format!("{run}-1"))).await;
    stream.expect("reset").await;
}

#[tokio::test]
async fn streams_have_places_and_do_not_count_as_requests() {
    let limits = HttpLimits {
        event_streams: 2,
        in_flight: 1,
        ..HttpLimits::default()
    };
    let node = TestNode::start_with("m", limits).await;
    let mut first = Stream::open(&node, None).await;
    first.expect("").await;
    let second = Stream::open(&node, None).await;
    let problem = node.problem("/v1/events", 503).await;
    assert_eq!(problem["type"], "/problems/busy");
    assert_eq!(node.json("/livez").await["status"], "alive");
    drop(second);
    while node.answer("/v1/events").await.status() != 200 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    node.problem("/v1/events?a=1", 400).await;
}

#[tokio::test]
async fn streams_end_when_the_node_does() {
    let node = TestNode::start("m").await;
    let mut stream = Stream::open(&node, None).await;
    stream.expect("").await;
    let mut lagging = Stream::open(&node, None).await;
    node.daemon.shut_down().await;
    assert!(stream.next().await.is_none());
    lagging.expect("").await;
    assert!(lagging.next().await.is_none());
}
