//! A node of the book's calls, without sessions, that writes down what it is asked.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use bcoin::blockchain::Blockchain;
use bcoin::peers::address::PeerAddress;
use futures_util::stream::unfold;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// What was asked: method, path and body.
pub type Asked = (Method, String, String);

/// How it answers when it is asked for its chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    AtOnce,
    /// Space after space, and never a chain.
    ByteByByte,
    Never,
}

pub struct Canned {
    pub address: PeerAddress,
    shown: Shown,
    _serving: JoinSet<()>,
}

#[derive(Clone)]
struct Shown {
    manner: Manner,
    chain: Arc<Mutex<Blockchain>>,
    asked: Arc<Mutex<Vec<Asked>>>,
    hanging: Arc<AtomicUsize>,
}

impl Canned {
    pub async fn start() -> Self {
        Self::answering(Manner::AtOnce).await
    }

    /// One that sends a byte now and then.
    pub async fn slow() -> Self {
        Self::answering(Manner::ByteByByte).await
    }

    /// One that takes a question and says nothing.
    pub async fn silent() -> Self {
        Self::answering(Manner::Never).await
    }

    async fn answering(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let local = listener.local_addr().expect("an address");
        let shown = Shown {
            manner,
            chain: Arc::new(Mutex::new(Blockchain::new("2026-11-21 12:00:00.000001"))),
            asked: Arc::default(),
            hanging: Arc::default(),
        };
        let router = Router::new().fallback(answer).with_state(shown.clone());
        let mut serving = JoinSet::new();
        serving.spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        Self {
            address: PeerAddress::http(local.ip(), local.port()),
            shown,
            _serving: serving,
        }
    }

    pub fn mine(&self) {
        let mut chain = self.shown.chain.lock().expect("not poisoned");
        chain.mine_block("canned", "Ada", "2026-11-21 12:00:01.000001");
    }

    pub fn length(&self) -> u64 {
        let chain = self.shown.chain.lock().expect("not poisoned");
        chain.chain().len() as u64
    }

    pub fn everything_asked(&self) -> Vec<Asked> {
        self.shown.asked.lock().expect("not poisoned").clone()
    }

    pub fn asked(&self, path: &str) -> Vec<Asked> {
        let asked = self.everything_asked().into_iter();
        asked.filter(|(_, asked, _)| asked == path).collect()
    }

    /// How many of its answers somebody waits for.
    pub fn hanging(&self) -> usize {
        self.shown.hanging.load(Ordering::SeqCst)
    }
}

/// An answer that does not end by itself.
struct Hanging(Arc<AtomicUsize>);

impl Hanging {
    fn counted(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(count))
    }
}

impl Drop for Hanging {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn answer(State(shown): State<Shown>, request: Request) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let body = to_bytes(request.into_body(), 1 << 20)
        .await
        .expect("a body");
    let body = String::from_utf8(body.to_vec()).expect("text");
    let chain = || shown.chain.lock().expect("not poisoned").get_chain();
    let answer = match (path.as_str(), shown.manner) {
        ("/get_chain", Manner::AtOnce) => (StatusCode::OK, chain()).into_response(),
        ("/get_chain", Manner::ByteByByte) => spaces(Hanging::counted(&shown.hanging)),
        ("/get_chain", Manner::Never) => {
            let _hanging = Hanging::counted(&shown.hanging);
            note(&shown, (method, path, body));
            return std::future::pending().await;
        }
        ("/connect_node", _) => (StatusCode::CREATED, "{}").into_response(),
        ("/replace_chain", _) => (StatusCode::OK, "{}").into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    };
    note(&shown, (method, path, body));
    answer
}

fn note(shown: &Shown, asked: Asked) {
    shown.asked.lock().expect("not poisoned").push(asked);
}

fn spaces(hanging: Hanging) -> Response {
    let bytes = unfold(hanging, |hanging| async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let byte: Result<_, std::io::Error> = Ok(Bytes::from_static(b" "));
        Some((byte, hanging))
    });
    Body::from_stream(bytes).into_response()
}
