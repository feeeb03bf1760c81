//! Nodes without sessions, met by plain HTTP: asked for their chains by themselves, told of ours when that is wished.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use bcoin::blockchain::Blockchain;
use bcoin::daemon::{Daemon, Settings};
use bcoin::peers::address::PeerAddress;
use bcoin::peers::live::following::FollowSettings;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// No test asserts a time; this one only keeps a failing test from hanging.
const TOO_LONG: Duration = Duration::from_secs(60);
const MOMENT: Duration = Duration::from_millis(10);

/// A node of the book's calls, without sessions, that writes down what it is asked.
struct Canned {
    address: PeerAddress,
    chain: Arc<Mutex<Blockchain>>,
    asked: Arc<Mutex<Vec<(Method, String, String)>>>,
    _serving: JoinSet<()>,
}

type Shown = (
    Arc<Mutex<Blockchain>>,
    Arc<Mutex<Vec<(Method, String, String)>>>,
);

impl Canned {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let local = listener.local_addr().expect("an address");
        let chain = Arc::new(Mutex::new(Blockchain::new("2026-11-21 12:00:00.000001")));
        let asked = Arc::default();
        let shown = (Arc::clone(&chain), Arc::clone(&asked));
        let router = Router::new().fallback(answer).with_state(shown);
        let mut serving = JoinSet::new();
        serving.spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        Self {
            address: PeerAddress::http(local.ip(), local.port()),
            chain,
            asked,
            _serving: serving,
        }
    }

    fn mine(&self) {
        let mut chain = self.chain.lock().expect("not poisoned");
        chain.mine_block("canned", "Ada", "2026-11-21 12:00:01.000001");
    }

    fn length(&self) -> u64 {
        self.chain.lock().expect("not poisoned").chain().len() as u64
    }

    fn asked(&self, path: &str) -> Vec<(Method, String, String)> {
        let asked = self.asked.lock().expect("not poisoned").clone();
        let same = asked.into_iter().filter(|(_, asked, _)| asked == path);
        same.collect()
    }
}

async fn answer(State((chain, asked)): State<Shown>, request: Request) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let body = to_bytes(request.into_body(), 1 << 20)
        .await
        .expect("a body");
    let body = String::from_utf8(body.to_vec()).expect("text");
    let answer = match path.as_str() {
        "/get_chain" => (
            StatusCode::OK,
            chain.lock().expect("not poisoned").get_chain(),
        ),
        "/connect_node" => (StatusCode::CREATED, "{}".to_owned()),
        "/replace_chain" => (StatusCode::OK, "{}".to_owned()),
        _ => (StatusCode::NOT_FOUND, String::new()),
    };
    asked
        .lock()
        .expect("not poisoned")
        .push((method, path, body));
    answer.into_response()
}

/// A node that follows `peer` and asks it ten times a second.
async fn follower(peer: &Canned, nudge: bool) -> (Daemon, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let settings = Settings {
        peers: vec![peer.address.clone()],
        follow: Some(FollowSettings {
            poll: Duration::from_millis(100),
            nudge,
            ..FollowSettings::default()
        }),
        ..Settings::new(folder.path().join("node"), "Meghna")
    };
    let daemon = Daemon::start(settings, listener).await.expect("it starts");
    (daemon, folder)
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::time::sleep(MOMENT).await;
        }
    };
    let waited = tokio::time::timeout(TOO_LONG, waiting).await;
    assert!(waited.is_ok(), "never: {what}");
}

async fn mine(node: &Daemon) {
    let mined = reqwest::get(format!("http://{}/mine_block", node.address)).await;
    assert_eq!(mined.expect("an answer").status().as_u16(), 200);
}

#[tokio::test]
async fn a_node_without_sessions_is_followed_and_told_nothing_unasked() {
    let peer = Canned::start().await;
    peer.mine();
    let (node, _folder) = follower(&peer, false).await;
    let height = || node.node.tip().link.height.0;
    until("the first chain", || height() == 2).await;
    peer.mine();
    peer.mine();
    until("a later chain", || height() == 4).await;
    mine(&node).await;
    let before = peer.asked("/get_chain").len();
    until("further questions", || {
        peer.asked("/get_chain").len() > before + 2
    })
    .await;
    assert_eq!((height(), peer.length()), (5, 4), "a shorter chain is left");
    assert_eq!(peer.asked("/connect_node"), []);
    assert_eq!(peer.asked("/replace_chain"), []);
    node.shut_down().await;
}

#[tokio::test]
async fn a_node_without_sessions_is_nudged_after_tips_that_are_not_its_own() {
    let peer = Canned::start().await;
    peer.mine();
    let (node, _folder) = follower(&peer, true).await;
    until("its chain", || node.node.tip().link.height.0 == 2).await;
    let before = peer.asked("/get_chain").len();
    until("further questions", || {
        peer.asked("/get_chain").len() > before + 5
    })
    .await;
    assert_eq!(peer.asked("/replace_chain"), [], "it has that chain");
    mine(&node).await;
    until("a nudge", || !peer.asked("/replace_chain").is_empty()).await;
    let told = format!(r#"{{"nodes":["http://{}"]}}"#, node.address);
    let nudge = (Method::GET, "/replace_chain".to_owned(), String::new());
    let naming = (Method::POST, "/connect_node".to_owned(), told);
    assert_eq!(peer.asked("/connect_node"), std::slice::from_ref(&naming));
    let asked = peer.asked.lock().expect("not poisoned").clone();
    let place = |what| asked.iter().position(|one| *one == what);
    assert!(place(naming) < place(nudge), "{asked:?}");
    let before = peer.asked("/get_chain").len();
    until("further questions", || {
        peer.asked("/get_chain").len() > before + 5
    })
    .await;
    assert_eq!(peer.asked("/replace_chain").len(), 1, "once a tip");
    node.shut_down().await;
}
