//! Bodies of `add_transaction` and `connect_node`, through the whole router of a node whose store is in memory.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{Request, Response, StatusCode};
use bcoin::api::body::decode;
use bcoin::api::guard::{Guard, GuardSettings};
use bcoin::api::itself::Itself;
use bcoin::api::metrics::NodeMetrics;
use bcoin::api::serve::ConnectionFacts;
use bcoin::api::{self, App};
use bcoin::limits;
use bcoin::node::{self, NodeHandle, system_clock};
use bcoin::peers::address::PeerAddress;
use bcoin::peers::outgoing::{CallLimits, HttpOutgoing};
use bcoin::peers::pull::{PullLimits, Puller};
use bcoin::peers::reach::Reach;
use bcoin::protocol::classic::block::Block;
use bcoin::protocol::classic::json::{Grammar, Value};
use bcoin::store::{Store, StoreOptions};
use http_body_util::BodyExt;
use redb::backends::InMemoryBackend;
use tokio::runtime::Runtime;
use tower::ServiceExt;

use super::Choices;
use super::writing::{edited, json_or_near, space, string, value};

/// A node that was never started on a socket.
struct World {
    runtime: Runtime,
    node: NodeHandle,
    router: Router,
    requests: usize,
}

impl World {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let settings = node::Settings {
            miner: "m".to_owned(),
            clock: system_clock(),
            recorder: Arc::new(metrics::NoopRecorder),
            queue_limits: limits::QueueLimits::default(),
            travels: false,
        };
        let store = Store::over(
            InMemoryBackend::new(),
            "memory".into(),
            StoreOptions::default(),
            || Block::first("x"),
        );
        let (node, _writer) = node::start(store.expect("a store"), settings).expect("a node");
        let reach = Reach::Loopback;
        let outgoing = Arc::new(HttpOutgoing::new(reach, CallLimits::default()));
        let app = App::new(
            node.clone(),
            Puller::new(outgoing, PullLimits::default(), std::env::temp_dir()),
            reach,
            Itself::new(SocketAddr::from(([127, 0, 0, 1], 1001)), Vec::new()),
            Guard::new(GuardSettings::default()),
            NodeMetrics::default(),
            Default::default(),
        );
        Self {
            runtime,
            node,
            router: api::router(app),
            requests: 0,
        }
    }

    /// The status and the body of the answer; whatever is not a success must be a problem.
    fn post(&mut self, path: &str, body: &[u8]) -> (StatusCode, serde_json::Value) {
        self.requests += 1;
        let here = SocketAddr::from(([127, 0, 0, 1], 1001));
        let request = Request::post(path)
            .header("host", "127.0.0.1:1001")
            .extension(ConnectionFacts::new(here, here))
            .body(Body::from(body.to_vec()))
            .expect("a request");
        let router = self.router.clone();
        let (answer, body): (Response<Body>, Bytes) = self.runtime.block_on(async move {
            let mut answer = router.oneshot(request).await.expect("infallible");
            let body = answer.body_mut().collect().await.expect("a body");
            (answer, body.to_bytes())
        });
        let status = answer.status();
        let json: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
        assert!(!status.is_server_error(), "{status} {json}");
        let content_type = &answer.headers()["content-type"];
        if status.is_client_error() {
            assert_eq!(content_type, "application/problem+json");
            assert_eq!(json["status"], status.as_u16());
            assert!(
                json["detail"]
                    .as_str()
                    .is_some_and(|detail| !detail.is_empty())
            );
        } else {
            assert_eq!(status, StatusCode::CREATED);
            assert_eq!(content_type, "application/json");
        }
        (status, json)
    }
}

/// Runs `check` in a world that is made anew now and then, before its node knows as many peers as it can.
fn in_a_world(check: impl FnOnce(&mut World)) {
    const REQUESTS: usize = 200;
    thread_local! {
        static WORLD: RefCell<Option<World>> = const { RefCell::new(None) };
    }
    WORLD.with_borrow_mut(|world| {
        let room = limits::HTTP_CONNECT_NODE_ADDRESSES;
        world.take_if(|world| {
            world.requests >= REQUESTS || world.node.tip().peers + room > limits::KNOWN_PEERS
        });
        check(world.get_or_insert_with(World::new));
    });
}

/// The JSON of a body, by the readers that are tested elsewhere.
fn parsed(body: &[u8]) -> Option<Value> {
    let text = decode(body.to_vec()).ok()?;
    let value = Value::parse(&text, Grammar::REQUEST).ok()?;
    matches!(value, Value::Object(_)).then_some(value)
}

/// A transaction waits exactly when the answer is 201, and says what the request said.
pub fn add_transaction(body: &[u8]) {
    in_a_world(|world| {
        let before = world.node.tip();
        let (status, json) = world.post("/add_transaction", body);
        let after = world.node.tip();
        let expected = parsed(body).and_then(|request| {
            let member = |name| request.get(name).map(Value::to_canonical);
            let (amount, receiver, sender) =
                (member("amount")?, member("receiver")?, member("sender")?);
            Some(format!(
                r#"{{"amount": {amount}, "receiver": {receiver}, "sender": {sender}}}"#
            ))
        });
        if body.len() > limits::HTTP_TRANSACTION_BYTES {
            assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
        } else {
            assert_eq!(status == StatusCode::CREATED, expected.is_some(), "{json}");
        }
        if status != StatusCode::CREATED {
            assert_eq!(after, before, "a refused request changed something");
            return;
        }
        assert_eq!(
            (after.link, after.waiting),
            (before.link, before.waiting + 1)
        );
        assert_eq!(
            json["message"],
            "This transaction will be added to the Block 2"
        );
        let snapshot = world.node.snapshot().expect("a snapshot");
        let behind = i64::try_from(before.waiting).expect("few");
        let waiting = snapshot.waiting(Some(behind), 2).expect("a read");
        let texts: Vec<&str> = waiting
            .iter()
            .map(|waiting| waiting.text.as_str())
            .collect();
        assert_eq!(texts, [expected.expect("it was parsed")]);
    });
}

/// Peers are added all or none, in their one spelling, and the answer names all that are known.
pub fn connect_node(body: &[u8]) {
    in_a_world(|world| {
        let before = world.node.peers();
        let tip = world.node.tip();
        let (status, json) = world.post("/connect_node", body);
        let after = world.node.peers();
        assert_eq!(world.node.tip().waiting, tip.waiting);
        if status != StatusCode::CREATED {
            assert_eq!(after, before, "a refused request changed something");
            return;
        }
        assert_eq!(json["total_nodes"], serde_json::json!(after));
        assert!(after.starts_with(&before));
        let named = parsed(body).and_then(|request| request.get("nodes").cloned());
        let Some(Value::Array(named)) = named else {
            panic!("no list of nodes was taken: {json}")
        };
        let new = &after[before.len()..];
        assert!(new.len() <= named.len());
        for (at, address) in new.iter().enumerate() {
            let again: PeerAddress = address.parse().expect("its own spelling");
            assert_eq!(again.to_string(), *address);
            assert!(!before.contains(address) && !new[..at].contains(address));
            assert!(Reach::Loopback.allows_address(&again).is_ok(), "{address}");
            assert!(!address.ends_with("127.0.0.1:1001"), "the node itself");
        }
    });
}

/// The request in one of the encodings that clients send.
fn encoded(choices: &mut Choices<'_>, text: String) -> Vec<u8> {
    let bytes = match choices.below(8) {
        0 => format!("\u{feff}{text}").into_bytes(),
        1 => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        2 => {
            let marked = format!("\u{feff}{text}");
            marked.encode_utf16().flat_map(u16::to_be_bytes).collect()
        }
        3 => text
            .chars()
            .flat_map(|c| u32::from(c).to_le_bytes())
            .collect(),
        _ => text.into_bytes(),
    };
    if choices.one_in(6) {
        return edited(choices, bytes);
    }
    bytes
}

pub fn transaction_body(choices: &mut Choices<'_>, corpus: &[&[u8]]) -> Vec<u8> {
    if choices.one_in(4) {
        return json_or_near(choices, corpus);
    }
    let mut text = String::from("{");
    for at in 0..3 + choices.below(3) {
        text.push_str(if at > 0 { "," } else { "" });
        space(choices, &mut text);
        let book = ["\"sender\"", "\"receiver\"", "\"amount\""];
        match book.get(at) {
            Some(name) if !choices.one_in(12) => text.push_str(name),
            _ => text.push_str(choices.pick(&[
                "\"recipient\"",
                "\"s\\u0065nder\"",
                "\"note\"",
                "\"amount\"",
            ])),
        }
        text.push(':');
        space(choices, &mut text);
        value(choices, 1, &mut text);
    }
    text.push('}');
    encoded(choices, text)
}

pub fn nodes_body(choices: &mut Choices<'_>, corpus: &[&[u8]]) -> Vec<u8> {
    if choices.one_in(6) {
        return json_or_near(choices, corpus);
    }
    let mut text = String::from("{\"nodes\": [");
    for at in 0..choices.below(6) {
        text.push_str(if at > 0 { "," } else { "" });
        if choices.one_in(12) {
            if choices.one_in(2) {
                string(choices, &mut text);
            } else {
                value(choices, 1, &mut text);
            }
            continue;
        }
        let scheme = choices.pick(&["http://", "", "", "https://", "HTTP:\\/\\/", "ftp://", "//"]);
        let host = choices.pick(&[
            "127.0.0.1",
            "localhost",
            "0x7f.1",
            "2130706433",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "b.example",
            "B.Example.",
            "10.0.0.7",
            "169.254.169.254",
            "xn--nxasmq6b",
            "zoë.example",
            "a@b",
            "",
            "1.2.3.4.5",
            "[fe80::1%25eth0]",
            "a b",
            "%31.1.1.1",
            "1.1.1.1",
        ]);
        let port = choices.pick(&[
            "", ":1001", ":1002", ":0", ":65535", ":65536", ":+80", ":", ":080",
        ]);
        let tail = choices.pick(&["", "", "", "", "/", "//", "/get_chain", "?a", "#a", "\\\\"]);
        text.push_str(&format!("\"{scheme}{host}{port}{tail}\""));
    }
    text.push_str("]}");
    encoded(choices, text)
}
