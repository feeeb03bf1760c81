//! The book's `/connect_node`, which is the same whatever a block is: reads the addresses that a request names.

use std::net::IpAddr;

use axum::Json;
use axum::body::Body;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::body::BodyLimit;
use super::book::sentences;
use super::curl_line::CalledAs;
use super::face::Face;
use super::problem::{Kind, Problem};
use super::request::request_object;
use crate::limits;
use crate::peers::address::{AddressError, PeerAddress};
use crate::protocol::classic::json::{Grammar, elements};

/// A body that errors show.
pub const SOME_NODES: &str = r#"{"nodes":["http://127.0.0.1:1002"]}"#;

/// The addresses that a request names, in their canonical form, without this node's own; `local` is where the request came in.
///
/// # Errors
/// One bad address refuses them all.
pub async fn named_nodes(
    face: &Face,
    local: Option<IpAddr>,
    called_as: &CalledAs,
    body: Body,
) -> Result<Vec<String>, Problem> {
    let example = || called_as.post("/connect_node", SOME_NODES);
    let object = request_object(
        body,
        BodyLimit::bytes(limits::HTTP_CONNECT_NODE_BYTES),
        sentences::NO_NODE,
        example,
    )
    .await?;
    let nodes = object.value("nodes").ok_or_else(|| {
        let detail = format!(
            "{}: the request has no member 'nodes'. Send a list of addresses: {}",
            sentences::NO_NODE,
            example()
        );
        Problem::new(Kind::MissingMember, detail).with("missing", vec!["nodes"])
    })?;
    let not_a_list = || {
        Problem::new(
            Kind::BadMember,
            format!(
                "'nodes' must be a list of addresses in brackets: {}",
                example()
            ),
        )
    };
    let nodes = elements(nodes, Grammar::REQUEST).map_err(|_| not_a_list())?;
    if nodes.len() > limits::HTTP_CONNECT_NODE_ADDRESSES {
        let max = limits::HTTP_CONNECT_NODE_ADDRESSES;
        let detail = format!(
            "'nodes' names {} addresses, {max} are the most in one call. Send the others in another.",
            nodes.len()
        );
        return Err(Problem::new(Kind::BadMember, detail).with("limit", max));
    }
    let mut addresses = Vec::with_capacity(nodes.len());
    for node in nodes {
        let address = peer_address(face, node)?;
        if !face.itself.is(&address, local) {
            addresses.push(address.to_string());
        }
    }
    Ok(addresses)
}

/// The book's answer: all known nodes.
pub fn connected(known: Vec<String>) -> Response {
    (
        StatusCode::CREATED,
        Json(json!({ "message": sentences::CONNECTED, "total_nodes": known })),
    )
        .into_response()
}

/// One address of a request, given as the canonical text of a JSON value.
fn peer_address(face: &Face, json: &str) -> Result<PeerAddress, Problem> {
    let value: Value = serde_json::from_str(json).unwrap_or(Value::Null);
    let bad = |why: String| {
        Problem::new(Kind::BadMember, format!("{why}. No node was added."))
            .with("address", value.clone())
    };
    let text = value
        .as_str()
        .ok_or_else(|| bad(format!("{json} is no address: it is not a text")))?;
    let address: PeerAddress = text
        .parse()
        .map_err(|error: AddressError| bad(error.to_string()))?;
    face.reach
        .allows_address(&address)
        .map_err(|error| bad(format!("peer address `{text}` may not be called: {error}")))?;
    Ok(address)
}
