//! The book's six calls, to the letter. The only place outside the protocol that knows a transaction's members.
//!
//! Answers are JSON with their members in alphabetical order. Blocks go out as their canonical text, which any JSON reader
//! reads; so they may hold what serde_json cannot say (`NaN`, lone surrogates), and answers that show them are written here
//! as text.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json};
use serde_json::{Value, json};

use super::body::BodyLimit;
use super::changing::refuse_head;
use super::connecting::{SOME_NODES, connected, named_nodes};
use super::curl_line::CalledAs;
use super::fallback::KnownRoute;
use super::guard::Guard;
use super::problem::{Kind, Problem};
use super::request::request_object;
use super::serve::ConnectionFacts;
use super::v1::conditional::is_known;
use super::{App, blocking};
use crate::limits;
use crate::miner;
use crate::peers::replace;
use crate::peers::round::PeerReport;
use crate::protocol::classic::block::Block;
use crate::protocol::classic::json::CanonicalObject;
use crate::protocol::classic::transaction::{MembersMissing, Transaction};
use crate::store::ChainFault;

/// The book's sentences; tests of learners compare them.
pub mod sentences {
    pub const MINED: &str = "Congrats, you just mined a block!";
    pub const VALID: &str = "Everything is fine. The Blockchain is correct.";
    pub const NOT_VALID: &str = "Weve got an issue. The Blockchain isnt trustworthy..";
    pub const CONNECTED: &str = "All of the nodes are now linked together. The node has now been added to the Bcoin blockchain.";
    pub const REPLACED: &str =
        "Because the nodes are different, the longest chain is used to replace the chain..";
    pub const KEPT: &str = "Everything seems to be fine. It is the most extensive chain.";
    pub const MEMBERS_MISSING: &str = "Some transactional components are missing.";
    pub const NO_NODE: &str = "No node";
}

/// Bodies that errors show.
const A_TRANSACTION: &str = r#"{"sender":"alice","receiver":"bob","amount":1}"#;
/// The calls with the methods they answer to.
pub const ROUTES: [KnownRoute; 6] = [
    KnownRoute::new("/get_chain", &["GET"]),
    KnownRoute::new("/mine_block", &["GET", "POST"]),
    KnownRoute::new("/is_valid", &["GET"]),
    KnownRoute::new("/add_transaction", &["POST"]).with_body(A_TRANSACTION),
    KnownRoute::new("/connect_node", &["POST"]).with_body(SOME_NODES),
    KnownRoute::new("/replace_chain", &["GET", "POST"]),
];

/// The calls, each under the rules for what it does. HEAD runs nothing, where axum would run the GET handler.
pub(super) fn router(guard: &Guard) -> Router<Arc<App>> {
    let reads = || refuse_head("GET");
    let changes = |allow| guard.state_changing(allow);
    Router::new()
        .route("/get_chain", get(get_chain).route_layer(reads()))
        .route("/is_valid", get(is_valid).route_layer(reads()))
        .route(
            "/mine_block",
            get(mine_block)
                .post(mine_block)
                .route_layer(changes("GET, POST")),
        )
        .route(
            "/add_transaction",
            post(add_transaction).route_layer(changes("POST")),
        )
        .route(
            "/connect_node",
            post(connect_node).route_layer(changes("POST")),
        )
        .route(
            "/replace_chain",
            get(replace_chain)
                .post(replace_chain)
                .route_layer(changes("GET, POST")),
        )
}

async fn get_chain(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, Problem> {
    let node = app.node.clone();
    let blocks = if app.chain_text.is_current(&node) {
        app.chain_text.blocks(&node)?
    } else {
        let app = Arc::clone(&app);
        blocking(move || app.chain_text.blocks(&node)).await??
    };
    let tag = format!("\"{}\"", blocks.tip.hash);
    if is_known(&headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    let after = format!(r#"], "length": {}}}"#, blocks.tip.height);
    let mut response = json_body(
        StatusCode::OK,
        blocks.into_body(r#"{"chain": ["#.to_owned(), after),
    );
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    Ok(response)
}

async fn mine_block(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    let block = miner::mine(&app.node).await?;
    Ok(json_text(StatusCode::OK, mined_answer(&block)))
}

/// A block's own text with the message in its alphabetical place: behind `index`, which is a number.
fn mined_answer(block: &Block) -> String {
    const NEXT: &str = r#", "previous_hash""#;
    block.text().replacen(
        NEXT,
        &format!(r#", "message": "{}"{NEXT}"#, sentences::MINED),
        1,
    )
}

async fn is_valid(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    // One check at a time: each takes all cores for a moment. It goes on when whoever asked goes away.
    let alone = Arc::clone(&app.checking).lock_owned().await;
    let node = app.node.clone();
    let checked = blocking(move || {
        let checked = node.read(|snapshot| match snapshot.check_chain() {
            // A store that cannot be read at the moment says nothing about the chain.
            Err(ChainFault::Store(error)) if !error.is_damage() => Err(error),
            checked => Ok(checked),
        });
        drop(alone);
        checked
    })
    .await??;
    Ok(match checked {
        Ok(_) => Json(json!({ "message": sentences::VALID })).into_response(),
        Err(fault) => {
            tracing::error!(%fault, "the stored chain does not hold");
            let member = match &fault {
                ChainFault::Rule(broken) => broken.rule.member(),
                ChainFault::Store(_) => None,
            };
            Json(json!({ "detail": fault.to_string(), "member": member, "message": sentences::NOT_VALID })).into_response()
        }
    })
}

async fn add_transaction(
    State(app): State<Arc<App>>,
    called_as: CalledAs,
    body: Body,
) -> Result<Response, Problem> {
    let example = || called_as.post("/add_transaction", A_TRANSACTION);
    let limit = BodyLimit::bytes(limits::HTTP_TRANSACTION_BYTES);
    let object = request_object(body, limit, sentences::MEMBERS_MISSING, example).await?;
    let transaction =
        Transaction::from_request(&object).map_err(|missing| members_missing(&missing, &object))?;
    let height = app.node.add_transaction(transaction).await?;
    let message = format!("This transaction will be added to the Block {height}");
    Ok((StatusCode::CREATED, Json(json!({ "message": message }))).into_response())
}

/// Names that learners of other courses use for the book's three.
const OTHER_NAMES: [(&str, &[&str]); 3] = [
    ("sender", &["from", "source", "payer", "Sender"]),
    (
        "receiver",
        &[
            "recipient",
            "reciever",
            "to",
            "payee",
            "destination",
            "Receiver",
        ],
    ),
    ("amount", &["value", "ammount", "sum", "quantity", "Amount"]),
];

fn members_missing(missing: &MembersMissing, object: &CanonicalObject) -> Problem {
    let mut detail = format!("{} {missing}.", sentences::MEMBERS_MISSING);
    detail = detail.replacen(" a transaction", " A transaction", 1);
    for (name, others) in OTHER_NAMES
        .iter()
        .filter(|(name, _)| missing.missing.contains(name))
    {
        if let Some(sent) = object.names().find(|sent| others.contains(sent)) {
            detail.push_str(&format!(" You sent '{sent}': here it is called '{name}'."));
        }
    }
    Problem::new(Kind::MissingMember, detail).with("missing", missing.missing.clone())
}

async fn connect_node(
    State(app): State<Arc<App>>,
    facts: Option<Extension<ConnectionFacts>>,
    called_as: CalledAs,
    body: Body,
) -> Result<Response, Problem> {
    let local = facts.map(|Extension(facts)| facts.local.ip());
    let addresses = named_nodes(&app.face, local, &called_as, body).await?;
    let known = app.node.connect_peers(addresses.clone()).await?;
    app.face.follow(&addresses).await;
    Ok(connected(known))
}

async fn replace_chain(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    let alone = app.puller.asks_everybody().await;
    let peers = replace::known_peers(&app.node);
    let replacement = replace::replace_chain(&app.node, &app.puller, &peers).await?;
    drop(alone);
    let node = app.node.clone();
    let for_blocks = Arc::clone(&app);
    let blocks = blocking(move || for_blocks.chain_text.blocks(&node)).await??;
    let message = if replacement.replaced {
        sentences::REPLACED
    } else {
        sentences::KEPT
    };
    let before = format!(r#"{{"message": "{message}", "new_chain": ["#);
    let after = format!(
        r#"], "peers": {}, "replaced": {}}}"#,
        peers_json(&replacement.reports),
        replacement.replaced
    );
    Ok(json_body(StatusCode::OK, blocks.into_body(before, after)))
}

fn peers_json(reports: &[PeerReport]) -> Value {
    serde_json::to_value(reports).unwrap_or_else(|error| Value::String(error.to_string()))
}

fn json_text(status: StatusCode, text: String) -> Response {
    json_body(status, Body::from(text))
}

fn json_body(status: StatusCode, body: Body) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::classic::proof::Proof;

    #[test]
    fn the_answer_to_mining_has_the_message_in_its_alphabetical_place() {
        let first = Block::first("2026-11-21 10:18:34.281773");
        let proof = Proof::new(533).expect("short");
        let block = Block::on_top_of(
            &first.link(),
            proof,
            "2026-11-21 10:18:36",
            r#"{"amount": ", \"previous_hash\"", "receiver": 1, "sender": 2}"#,
        );
        let answer: Value = serde_json::from_str(&mined_answer(&block)).expect("it is JSON");
        let members: Vec<&String> = answer
            .as_object()
            .expect("it is an object")
            .keys()
            .collect();
        assert_eq!(
            members,
            [
                "index",
                "message",
                "previous_hash",
                "proof",
                "timestamp",
                "transactions"
            ]
        );
        assert_eq!(answer["message"], sentences::MINED);
        assert_eq!(answer["transactions"][0]["amount"], ", \"previous_hash\"");
    }
}
