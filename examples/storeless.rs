//! What the node's design costs, left out: for the side-by-side benchmark, never for use.
//!
//! `POST /add_transaction` with the node's own reading of the request, behind the same server and guard, answered by a
//! writer task that acknowledges without a store; and `GET /bare`, a handler that sends a file's bytes from memory.
//!
//! `cargo run --release --example storeless -- --port 18080 [--bare FILE]`
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::routing::{get, post};
use bcoin::api::body::{BodyLimit, read_text};
use bcoin::api::guard::{Guard, GuardSettings};
use bcoin::api::serve::serve;
use bcoin::limits::{HTTP_TRANSACTION_BYTES, HttpLimits};
use bcoin::protocol::classic::json::{Grammar, canonicalize};
use bcoin::protocol::classic::transaction::Transaction;
use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

type Command = (Transaction, oneshot::Sender<u64>);

#[derive(Clone)]
struct Storeless {
    writer: mpsc::Sender<Command>,
    bare: Bytes,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut port = 18_080;
    let mut bare = Bytes::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let value = arguments
            .next()
            .ok_or_else(|| anyhow::anyhow!("{argument} needs a value"))?;
        match argument.as_str() {
            "--port" => port = value.parse()?,
            "--bare" => bare = std::fs::read(value)?.into(),
            _ => anyhow::bail!("unknown option {argument}"),
        }
    }
    let (writer, mut queue) = mpsc::channel::<Command>(1_024);
    std::thread::spawn(move || {
        let mut group = Vec::new();
        while queue.blocking_recv_many(&mut group, 512) > 0 {
            for (transaction, reply) in group.drain(..) {
                std::hint::black_box(transaction);
                let _ = reply.send(2);
            }
        }
    });
    let guard = Guard::new(GuardSettings::default());
    let app = Router::new()
        .route(
            "/add_transaction",
            post(add_transaction).route_layer(guard.state_changing("POST")),
        )
        .route("/bare", get(bare_bytes))
        .with_state(Arc::new(Storeless { writer, bare }));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    eprintln!("listening on {}", listener.local_addr()?);
    serve(
        listener,
        guard.protect(app),
        HttpLimits::default(),
        CancellationToken::new(),
    )
    .await;
    Ok(())
}

async fn bare_bytes(State(storeless): State<Arc<Storeless>>) -> Bytes {
    storeless.bare.clone()
}

async fn add_transaction(
    State(storeless): State<Arc<Storeless>>,
    body: Body,
) -> Result<axum::response::Response, bcoin::api::problem::Problem> {
    use axum::response::IntoResponse;
    use bcoin::api::problem::{Kind, Problem};
    let text = read_text(body, BodyLimit::bytes(HTTP_TRANSACTION_BYTES)).await?;
    let object = canonicalize(&text, Grammar::REQUEST)
        .map_err(|error| Problem::new(Kind::NotJson, error.to_string()))?;
    let transaction = Transaction::from_request(&object)
        .map_err(|error| Problem::new(Kind::MissingMember, error.to_string()))?;
    let (reply, answer) = oneshot::channel();
    let gone = || Problem::new(Kind::Stopping, "the writer is gone");
    storeless
        .writer
        .send((transaction, reply))
        .await
        .map_err(|_| gone())?;
    let height = answer.await.map_err(|_| gone())?;
    let message = format!("This transaction will be added to the Block {height}");
    Ok((
        axum::http::StatusCode::CREATED,
        axum::Json(serde_json::json!({ "message": message })),
    )
        .into_response())
}
