//! What peers read of this node's chain: its headers and its blocks as bytes, behind the blocks that the peer has.
//! [`crate::peers::coin::wire`] says what the bytes are.
//!
//! An answer is read piece by piece while it is sent, each piece from the store as it is then: a slow reader holds no old
//! state of it. If the chain has changed behind what was sent, the answer ends there, and the peer asks again.

use std::io;

use axum::body::Body;
use axum::extract::{FromRef, RawQuery, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::blocking;
use super::super::problem::{Kind, Problem};
use super::super::v1::parameters::{Parameters, shown};
use crate::limits;
use crate::node::coin::CoinHandle;
use crate::peers::coin::wire::{Items, MEDIA_TYPE, Preamble, push_block, read_locator};
use crate::protocol::coin::header::PowHash;
use crate::store::StoreError;
use crate::store::coin::{Ledger, Snapshot};

/// The routes, each with its description, for any state that has a node.
pub fn router<S>() -> OpenApiRouter<S>
where
    CoinHandle: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    OpenApiRouter::new()
        .routes(routes!(chain_headers))
        .routes(routes!(chain_blocks))
}

/// Headers of the current chain, as bytes for another node.
///
/// `from` names blocks that the caller has, newest first; the answer begins behind the first of them that is on this
/// node's chain. It is a preamble of 56 bytes (`bcoin-h1`, the genesis block's hash as hashed, the number of the block it
/// begins behind and that of the last block, both as 8 bytes LE), then headers of 80 bytes; of a node of another network
/// the preamble alone. It ends after 100,000 headers at most.
#[utoipa::path(
    get,
    path = "/v1/chain/headers",
    tag = "peers",
    params(
        ("from" = inline(Option<String>), Query, pattern = "^([0-9a-fA-F]{64}(,[0-9a-fA-F]{64}){0,63})?$", description = "Hashes as they are shown, with commas between them, 64 at most."),
    ),
    responses((status = 200, description = "A preamble, then headers.", body = Vec<u8>, content_type = "application/octet-stream"))
)]
pub async fn chain_headers(
    State(node): State<CoinHandle>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let parameters = Parameters::read(query.as_deref(), &["from"])?;
    let locator = read_locator(parameters.text("from").unwrap_or_default())
        .map_err(|error| bad_parameter("from", &error.to_string()))?;
    let reading = node.clone();
    let begun = move || reading.read(|snapshot| headers_from(&snapshot, &locator));
    let (from, last) = blocking(begun).await??;
    let until = last.min(from.after.saturating_add(limits::PEER_HEADERS as u64));
    Ok(answer(node, Items::Headers, from, last, until))
}

/// Blocks of the current chain, as bytes for another node.
///
/// The answer is a preamble as that of `/v1/chain/headers` (`bcoin-b1`), then blocks, each behind its length in 4 bytes
/// LE. It ends with the block that brings it to 64 MiB, if `to` does not come first.
#[utoipa::path(
    get,
    path = "/v1/chain/blocks",
    tag = "peers",
    params(
        ("from" = inline(Option<String>), Query, pattern = "^[0-9a-fA-F]{64}$", description = "The hash of the block to begin behind, as it is shown; by default that of the genesis block."),
        ("to" = inline(Option<String>), Query, pattern = "^[0-9a-fA-F]{64}$", description = "The hash of the last block; by default that of the chain's last."),
    ),
    responses(
        (status = 200, description = "A preamble, then blocks.", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 404, description = "One of the two blocks is not on this node's chain, or `to` comes before `from`."),
    )
)]
pub async fn chain_blocks(
    State(node): State<CoinHandle>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let parameters = Parameters::read(query.as_deref(), &["from", "to"])?;
    let from = hash(&parameters, "from")?.unwrap_or_else(|| node.genesis().hash());
    let to = hash(&parameters, "to")?;
    let reading = node.clone();
    let begun = move || reading.read(|snapshot| blocks_between(&snapshot, from, to));
    let (from, last) = blocking(begun).await??.ok_or_else(|| {
        let detail = "The chain has no such stretch: it may have changed since. Ask /v1/chain/headers again.";
        Problem::new(Kind::NotFound, detail)
    })?;
    Ok(answer(node, Items::Blocks, from, last, last))
}

fn hash(parameters: &Parameters, name: &'static str) -> Result<Option<PowHash>, Problem> {
    let read = |text: &str| {
        text.parse()
            .map_err(|_| bad_parameter(name, "it is no hash: 64 hexadecimal digits are"))
    };
    parameters.text(name).map(read).transpose()
}

fn bad_parameter(name: &'static str, why: &str) -> Problem {
    let detail = format!("`{name}` cannot be read: {}.", shown(why));
    Problem::new(Kind::BadParameter, detail).with("parameter", name)
}

/// How far an answer has come.
#[derive(Debug, Clone, Copy)]
struct Sent {
    /// The number of the block behind which it goes on.
    after: u64,
    hash: PowHash,
    bytes: usize,
}

/// Where headers for this locator begin, and the number of the last block. Nothing in common: behind the last block.
fn headers_from(snapshot: &Snapshot, locator: &[PowHash]) -> Result<(Sent, u64), StoreError> {
    let tip = snapshot.place_of(snapshot.state()?.tip)?.place;
    for hash in locator {
        if let Some(after) = snapshot.number_on_chain(*hash)? {
            return Ok((Sent::behind(after, *hash), tip.number));
        }
    }
    Ok((Sent::behind(tip.number, tip.hash), tip.number))
}

/// Where these blocks begin, and the number of the last of them.
fn blocks_between(
    snapshot: &Snapshot,
    from: PowHash,
    to: Option<PowHash>,
) -> Result<Option<(Sent, u64)>, StoreError> {
    let to = match to {
        Some(to) => to,
        None => snapshot.state()?.tip,
    };
    let (Some(after), Some(last)) = (
        snapshot.number_on_chain(from)?,
        snapshot.number_on_chain(to)?,
    ) else {
        return Ok(None);
    };
    Ok((after <= last).then_some((Sent::behind(after, from), last)))
}

impl Sent {
    fn behind(after: u64, hash: PowHash) -> Self {
        Self {
            after,
            hash,
            bytes: 0,
        }
    }
}

/// The preamble, then the items up to the block with number `until`.
fn answer(node: CoinHandle, items: Items, from: Sent, last: u64, until: u64) -> Response {
    let preamble = Preamble {
        genesis: node.genesis().hash(),
        after: from.after,
        last,
    };
    let first = stream::once(async move { Ok(Bytes::from(preamble.encode(items))) });
    let pieces = stream::unfold(Some(from), move |sent| {
        let node = node.clone();
        async move {
            let sent = sent?;
            let read = move || node.read(|snapshot| piece(&snapshot, items, sent, until));
            match tokio::task::spawn_blocking(read).await {
                Ok(Ok((_, None))) => None,
                Ok(Ok((piece, sent))) => Some((Ok(Bytes::from(piece)), sent)),
                // The answer breaks off, which no reader takes for its end.
                Ok(Err(error)) => {
                    tracing::error!(%error, "an answer to a peer was broken off");
                    Some((Err(io::Error::other(error)), None))
                }
                Err(error) => Some((Err(io::Error::other(error)), None)),
            }
        }
    });
    let body = Body::from_stream(first.chain(pieces));
    ([(header::CONTENT_TYPE, MEDIA_TYPE)], body).into_response()
}

/// The next bytes of an answer, and how far it has come with them; nothing when it ends.
fn piece(
    snapshot: &Snapshot,
    items: Items,
    from: Sent,
    until: u64,
) -> Result<(Vec<u8>, Option<Sent>), StoreError> {
    let stands = |entry: Option<_>| entry.is_some_and(|hash| hash == from.hash);
    let entry = snapshot.chain_entry(from.after)?;
    if !stands(entry.map(|entry| entry.hash())) {
        return Ok((Vec::new(), None));
    }
    let mut sent = from;
    let mut bytes = Vec::new();
    while sent.after < until
        && bytes.len() < limits::PEER_PIECE_BYTES
        && from.bytes.saturating_add(bytes.len()) < limits::PEER_BLOCKS_BYTES
    {
        let number = sent.after.saturating_add(1);
        let Some(entry) = snapshot.chain_entry(number)? else {
            // The chain is shorter now, if with more work.
            break;
        };
        sent.after = number;
        sent.hash = entry.hash();
        match items {
            Items::Headers => {
                let known = snapshot.place_of(sent.hash)?;
                bytes.extend_from_slice(&known.header.encode());
            }
            Items::Blocks => {
                let body = snapshot.body(sent.hash)?.ok_or_else(|| {
                    snapshot.damaged(format_args!("block {number}"), "it is missing")
                })?;
                push_block(&mut bytes, &body.encoded);
            }
        }
    }
    sent.bytes = from.bytes.saturating_add(bytes.len());
    Ok(if bytes.is_empty() {
        (bytes, None)
    } else {
        (bytes, Some(sent))
    })
}
