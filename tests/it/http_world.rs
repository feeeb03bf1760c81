//! A guarded server over a small router of its own, with limits a test can wait for, and raw sockets to talk to it.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Extension, Request};
use axum::routing::{get, post};
use bcoin::api::body::{BodyLimit, read_text};
use bcoin::api::guard::{Guard, GuardSettings};
use bcoin::api::serve::{ConnectionFacts, serve};
use bcoin::limits::HttpLimits;
use futures_util::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// No test asserts a time; this one only keeps a failing test from hanging.
const TOO_LONG: Duration = Duration::from_secs(60);

/// The body that `POST /echo` takes.
pub const ECHO_BYTES: usize = 64;

/// Limits of time that no test waits for, unless it shortens one.
pub fn patient() -> HttpLimits {
    let never = Duration::from_secs(120);
    HttpLimits {
        first_byte: never,
        headers: never,
        body: never,
        stalled_reader: never,
        idle: never,
        ..HttpLimits::default()
    }
}

pub struct World {
    pub address: SocketAddr,
    pub guard: Guard,
    /// How often `/change` has run.
    pub changes: Arc<AtomicUsize>,
    /// How many handlers of `/slow` and bodies of `/endless` exist.
    pub alive: Arc<AtomicUsize>,
    /// A permit lets one `/slow` answer.
    pub let_go: Arc<Semaphore>,
    pub shutdown: CancellationToken,
    pub served: JoinHandle<()>,
}

/// Counts itself for as long as it lives.
struct Alive(Arc<AtomicUsize>);

impl Alive {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(count))
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl World {
    pub async fn start(limits: HttpLimits) -> Self {
        let guard = Guard::new(GuardSettings {
            limits: limits.clone(),
            ..GuardSettings::default()
        });
        let changes = Arc::new(AtomicUsize::new(0));
        let alive = Arc::new(AtomicUsize::new(0));
        let let_go = Arc::new(Semaphore::new(0));
        let app = router(&guard, &limits, &changes, &alive, &let_go);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let shutdown = CancellationToken::new();
        let served = tokio::spawn(serve(
            listener,
            guard.protect(app),
            limits,
            shutdown.clone(),
        ));
        Self {
            address,
            guard,
            changes,
            alive,
            let_go,
            shutdown,
            served,
        }
    }

    pub async fn connect(&self) -> Client {
        Client(
            TcpStream::connect(self.address)
                .await
                .expect("a connection"),
        )
    }

    /// A fresh connection asks and gets its answer.
    pub async fn ask(&self, path: &str) -> Answer {
        let mut client = self.connect().await;
        client.get(path).await;
        client.answer().await
    }

    /// Waits until so many handlers and bodies are alive.
    pub async fn alive(&self, count: usize) {
        let seen = async {
            while self.alive.load(Ordering::SeqCst) != count {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(TOO_LONG, seen)
            .await
            .expect("the number of the living changes");
    }
}

fn router(
    guard: &Guard,
    limits: &HttpLimits,
    changes: &Arc<AtomicUsize>,
    alive: &Arc<AtomicUsize>,
    let_go: &Arc<Semaphore>,
) -> Router {
    let limit = BodyLimit {
        bytes: ECHO_BYTES,
        time: limits.body,
    };
    let (changes, let_go) = (Arc::clone(changes), Arc::clone(let_go));
    let (slow, endless) = (Arc::clone(alive), Arc::clone(alive));
    let change = async move || {
        changes.fetch_add(1, Ordering::SeqCst);
        "changed"
    };
    Router::new()
        .route("/hello", get(async || "hello"))
        .route(
            "/facts",
            get(async |Extension(facts): Extension<ConnectionFacts>| {
                format!("{} {}", facts.peer, facts.local)
            }),
        )
        .route(
            "/change",
            get(change).route_layer(guard.state_changing("GET")),
        )
        .route(
            "/echo",
            post(async move |request: Request| read_text(request.into_body(), limit).await),
        )
        .route(
            "/slow",
            get(async move || {
                let _alive = Alive::new(&slow);
                let_go.acquire().await.expect("never closed").forget();
                "slow"
            }),
        )
        .route(
            "/endless",
            get(async move || {
                let alive = Alive::new(&endless);
                let frame = Bytes::from(vec![b'x'; 1 << 16]);
                Body::from_stream(futures_util::stream::repeat(frame).map(move |frame| {
                    let _ = &alive;
                    Ok::<_, Infallible>(frame)
                }))
            }),
        )
}

/// A raw socket.
pub struct Client(pub TcpStream);

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Client {
    /// Sends bytes; false when the server has closed.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.0.write_all(bytes.as_ref()).await.is_ok()
    }

    pub async fn get(&mut self, path: &str) -> bool {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"))
            .await
    }

    /// One answer with a `Content-Length`.
    pub async fn answer(&mut self) -> Answer {
        self.maybe_answer()
            .await
            .expect("an answer, not the end of the connection")
    }

    /// One answer, or `None` when the connection ended instead.
    pub async fn maybe_answer(&mut self) -> Option<Answer> {
        tokio::time::timeout(TOO_LONG, self.read_answer())
            .await
            .expect("an answer or an end")
    }

    async fn read_answer(&mut self) -> Option<Answer> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.0.read_u8().await.ok()?);
        }
        let head = String::from_utf8(head).ok()?.to_ascii_lowercase();
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let length = head
            .split("content-length: ")
            .nth(1)
            .map_or("0", |rest| rest.lines().next().unwrap_or("0"));
        let mut body = vec![0; length.parse().ok()?];
        self.0.read_exact(&mut body).await.ok()?;
        Some(Answer {
            status,
            head,
            body: String::from_utf8(body).ok()?,
        })
    }

    /// Whether the server closes without another answer. Waits for it.
    pub async fn is_closed(&mut self) -> bool {
        let mut buffer = [0; 1];
        let read = tokio::time::timeout(TOO_LONG, self.0.read(&mut buffer)).await;
        matches!(read.expect("the server closes"), Ok(0) | Err(_))
    }

    /// Whether the connection still answers.
    pub async fn lives(&mut self) -> bool {
        self.get("/hello").await
            && self
                .maybe_answer()
                .await
                .is_some_and(|answer| answer.status == 200)
    }
}
