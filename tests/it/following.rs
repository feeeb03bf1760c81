//! Nodes that follow each other by themselves, and what they say of it: peers, the tree of blocks, events.

mod forks;

use std::time::Duration;

use bcoin::daemon::{Daemon, Settings};
use bcoin::peers::address::PeerAddress;
use bcoin::peers::live::following::FollowSettings;
use reqwest::Response;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;

/// No test asserts a time; this one only keeps a failing test from hanging.
const TOO_LONG: Duration = Duration::from_secs(60);

/// A classic node that follows others.
struct Follower {
    daemon: Daemon,
    settings: Settings,
    _folder: TempDir,
}

impl Follower {
    async fn start(miner: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let settings = Settings {
            follow: Some(FollowSettings::default()),
            ..Settings::new(folder.path().join("node"), miner)
        };
        Self {
            daemon: started(&settings).await,
            settings,
            _folder: folder,
        }
    }

    fn address(&self) -> String {
        self.daemon.address.to_string()
    }

    /// Ends the node and starts it again, on another port, with these peers.
    async fn restarted_with(self, peers: &[&Self]) -> Self {
        self.daemon.shut_down().await;
        let named = peers.iter().map(|peer| peer.address());
        let peers = named.map(|peer| peer.parse::<PeerAddress>().expect("an address"));
        let settings = Settings {
            peers: peers.collect(),
            ..self.settings
        };
        Self {
            daemon: started(&settings).await,
            settings,
            _folder: self._folder,
        }
    }
}

async fn started(settings: &Settings) -> Daemon {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let daemon = Daemon::start(settings.clone(), listener).await;
    daemon.expect("it starts")
}

fn client() -> reqwest::Client {
    let client = reqwest::Client::builder().no_proxy();
    client.build().expect("a client")
}

async fn answer(address: &str, path: &str) -> Value {
    let asked = client().get(format!("http://{address}{path}")).send();
    let answer = asked.await.expect("an answer");
    assert_eq!(answer.status(), 200, "{path}");
    answer.json().await.expect("JSON")
}

async fn connect(address: &str, to: &str) {
    let body = json!({ "nodes": [to] }).to_string();
    let sent = client()
        .post(format!("http://{address}/connect_node"))
        .body(body);
    assert_eq!(sent.send().await.expect("an answer").status(), 201);
}

/// Asks until the answer is as wanted.
async fn until(address: &str, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let mut last = Value::Null;
    let asking = async {
        loop {
            last = answer(address, path).await;
            if wanted(&last) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let asked = tokio::time::timeout(TOO_LONG, asking).await;
    asked.unwrap_or_else(|_| panic!("{path} of {address} never was as wanted: {last:#}"));
    last
}

fn list<'a>(json: &'a Value, member: &str) -> &'a [Value] {
    json[member].as_array().expect("a list")
}

fn sessions(answer: &Value) -> Vec<&Value> {
    let peers = list(answer, "peers").iter();
    peers.filter(|peer| peer["connected"] == true).collect()
}

/// Whether there is one session, with a peer that stands there.
fn one_stands_at(answer: &Value, height: u64) -> bool {
    matches!(sessions(answer)[..], [peer] if peer["tip"]["height"] == height)
}

/// Events as they come.
struct Stream {
    answer: Response,
    read: String,
}

impl Stream {
    async fn open(address: &str) -> Self {
        let asked = client().get(format!("http://{address}/v1/events")).send();
        Self {
            answer: asked.await.expect("an answer"),
            read: String::new(),
        }
    }

    /// What the next event with this name says, and whether it has an id.
    async fn next(&mut self, name: &str) -> (Value, bool) {
        let reading = tokio::time::timeout(TOO_LONG, self.read_to(name));
        reading.await.unwrap_or_else(|_| panic!("no event {name}"))
    }

    async fn read_to(&mut self, name: &str) -> (Value, bool) {
        loop {
            if let Some((first, rest)) = self.read.split_once("\n\n") {
                let member = |wanted: &str| {
                    let mut lines = first.lines().filter_map(|line| line.split_once(": "));
                    lines.find_map(|(name, value)| (name == wanted).then(|| value.to_owned()))
                };
                let (event, data, id) = (member("event"), member("data"), member("id"));
                self.read = rest.to_owned();
                if event.as_deref() == Some(name) {
                    let data = data.expect("an event has data");
                    return (serde_json::from_str(&data).expect("JSON"), id.is_some());
                }
                continue;
            }
            let chunk = self.answer.chunk().await.expect("the stream goes on");
            let chunk = chunk.expect("the stream goes on");
            self.read
                .push_str(std::str::from_utf8(&chunk).expect("text"));
        }
    }
}

#[tokio::test]
async fn connect_node_begins_a_session_that_both_sides_show() {
    let (one, two) = (Follower::start("one").await, Follower::start("two").await);
    let (first, second) = (one.address(), two.address());
    for _ in 0..3 {
        answer(&first, "/mine_block").await;
    }
    let mut events = Stream::open(&second).await;
    connect(&second, &first).await;
    let (joined, has_id) = events.next("peer_joined").await;
    assert_eq!(
        (&joined["peer"], &joined["direction"]),
        (&json!(first), &json!("outbound"))
    );
    assert!(!has_id, "nobody can ask for it again");

    let tip = answer(&first, "/v1/node").await["tip"].clone();
    let seen = until(&second, "/v1/peers", |peers| one_stands_at(peers, 4)).await;
    let peer = sessions(&seen)[0];
    assert_eq!(
        (&peer["address"], &peer["direction"], &peer["why"]),
        (&json!(first), &json!("outbound"), &json!("named"))
    );
    assert_eq!(
        (&peer["tip"]["hash"], &peer["tip"]["weight"]),
        (&tip["hash"], &json!("4"))
    );
    assert!(peer["bytes_in"].as_u64() > Some(0), "{peer}");

    until(&second, "/v1/node", |node| node["tip"] == tip).await;
    let seen = until(&first, "/v1/peers", |peers| sessions(peers).len() == 1).await;
    let peer = sessions(&seen)[0];
    assert_eq!(
        (&peer["address"], &peer["direction"], &peer["why"]),
        (&json!(second), &json!("inbound"), &json!("called"))
    );
    assert_eq!(peer["score"], 0);
    assert_eq!(peer["key"], answer(&second, "/v1/peers").await["key"]);
    let node = answer(&first, "/v1/node").await;
    assert_eq!(
        (&node["sync"], &node["peers_connected"]),
        (&json!("auto"), &json!(1))
    );

    let mut events = Stream::open(&first).await;
    two.daemon.shut_down().await;
    let (left, _) = events.next("peer_left").await;
    assert_eq!(left["peer"], second);
    one.daemon.shut_down().await;
}

#[tokio::test]
async fn a_named_node_that_does_not_answer_is_listed_with_the_reason() {
    let one = Follower::start("one").await;
    // Nobody listens there any more.
    let gone = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let nobody = gone.local_addr().expect("an address").to_string();
    drop(gone);
    connect(&one.address(), &nobody).await;
    let seen = until(&one.address(), "/v1/peers", |peers| {
        list(peers, "peers")
            .iter()
            .any(|peer| peer["last_error"].is_string())
    })
    .await;
    let peer = &list(&seen, "peers")[0];
    assert_eq!(
        (&peer["address"], &peer["connected"]),
        (&json!(nobody), &json!(false))
    );
}

#[tokio::test]
async fn a_block_of_a_peer_is_a_block_and_no_switch() {
    let one = Follower::start("one").await;
    let two = Follower::start("two").await.restarted_with(&[&one]).await;
    let (first, second) = (one.address(), two.address());
    until(&second, "/v1/peers", |peers| sessions(peers).len() == 1).await;
    // Both have a first block of their own, and equal weight: the first to mine has the better chain.
    answer(&first, "/mine_block").await;
    let tip = answer(&first, "/v1/node").await["tip"].clone();
    until(&second, "/v1/node", |node| node["tip"] == tip).await;
    let mut events = Stream::open(&second).await;
    answer(&first, "/mine_block").await;
    let (block, has_id) = events.next("block").await;
    let tip = answer(&first, "/v1/node").await["tip"].clone();
    assert!(has_id);
    assert_eq!(
        block,
        json!({ "height": 3, "hash": tip["hash"], "transactions": 1 })
    );
    let metrics = client().get(format!("http://{second}/metrics")).send();
    let metrics = metrics
        .await
        .expect("an answer")
        .text()
        .await
        .expect("text");
    // The first block of its own gave way, which was a switch; the block behind it was none.
    for line in [
        "bcoin_reorgs_total 1",
        "bcoin_blocks_mined_total 0",
        "bcoin_peers_sessions{direction=\"outbound\"} 1",
    ] {
        assert!(
            metrics.lines().any(|there| there == line),
            "{line} is not in\n{metrics}"
        );
    }
}
