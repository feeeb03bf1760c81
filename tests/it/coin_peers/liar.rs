//! Peers that say what they like.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use alloy_primitives::Bytes;
use axum::Router;
use axum::body::Body;
use axum::http::Uri;
use axum::response::{IntoResponse, Response};
use bcoin::peers::address::PeerAddress;
use bcoin::peers::coin::wire::{BLOCKS_PATH, HEADERS_PATH, Items, Preamble, push_block};
use bcoin::protocol::coin::genesis::Genesis;
use bcoin::protocol::coin::header::Header;
use futures_util::{StreamExt, stream};
use tokio::task::JoinSet;

use super::world::serve;

/// A peer that answers each request as it likes.
pub struct Liar {
    pub address: PeerAddress,
    asked: Arc<Mutex<Vec<String>>>,
    _server: JoinSet<()>,
}

impl Liar {
    /// `answer` gets the path with its query.
    pub async fn answering(answer: impl Fn(&str) -> Response + Send + Sync + 'static) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&asked);
        let answer = Arc::new(answer);
        let router = Router::new().fallback(move |uri: Uri| {
            let path = uri.to_string();
            let response = answer(&path);
            heard.lock().expect("not poisoned").push(path);
            async move { response }
        });
        let (address, server) = serve(router).await;
        Self {
            address,
            asked,
            _server: server,
        }
    }

    /// Always the same bytes: as headers, and as blocks.
    pub async fn saying(headers: impl Into<Bytes>, blocks: impl Into<Bytes>) -> Self {
        let (headers, blocks) = (headers.into(), blocks.into());
        Self::answering(move |path| {
            let bytes = if path.starts_with(HEADERS_PATH) {
                &headers
            } else {
                &blocks
            };
            bytes.to_vec().into_response()
        })
        .await
    }

    /// The paths that were asked for.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("not poisoned").clone()
    }

    /// Whether its blocks were asked for.
    pub fn was_asked_for_blocks(&self) -> bool {
        self.asked()
            .iter()
            .any(|path| path.starts_with(BLOCKS_PATH))
    }
}

/// An answer of these headers, behind the block with number `after`.
pub fn header_answer(genesis: &Genesis, after: u64, headers: &[Header]) -> Vec<u8> {
    let mut bytes = preamble(genesis, after, headers.len()).encode(Items::Headers);
    for header in headers {
        bytes.extend_from_slice(&header.encode());
    }
    bytes
}

/// An answer of these blocks.
pub fn block_answer(genesis: &Genesis, after: u64, blocks: &[Bytes]) -> Vec<u8> {
    let mut bytes = preamble(genesis, after, blocks.len()).encode(Items::Blocks);
    for block in blocks {
        push_block(&mut bytes, block);
    }
    bytes
}

pub fn preamble(genesis: &Genesis, after: u64, items: usize) -> Preamble {
    Preamble {
        genesis: genesis.hash(),
        after,
        last: after + items as u64,
    }
}

/// Bytes that go on until nobody reads any more: `start`, then what `more` says of each next place.
pub fn endless(start: Vec<u8>, more: impl FnMut(u64) -> Vec<u8> + Send + 'static) -> Response {
    let more = Arc::new(Mutex::new(more));
    let pieces = stream::unfold(None, move |place: Option<u64>| {
        let (start, more) = (start.clone(), Arc::clone(&more));
        async move {
            let Some(place) = place else {
                return Some((Ok::<_, std::io::Error>(start), Some(0)));
            };
            tokio::task::yield_now().await;
            let piece = more.lock().expect("not poisoned")(place);
            Some((Ok(piece), Some(place + 1)))
        }
    });
    Body::from_stream(pieces).into_response()
}

/// `start`, and then nothing, for ever.
pub fn silent(start: Vec<u8>) -> Response {
    let first = stream::once(async { Ok::<_, std::io::Error>(start) });
    Body::from_stream(first.chain(stream::pending())).into_response()
}

/// `start`, and then the connection breaks.
pub fn broken(start: Vec<u8>) -> Response {
    let pieces = [Ok(start), Err(std::io::Error::other("broken on purpose"))];
    // Time for the first to go out.
    let pieces = stream::iter(pieces).then(|piece| async {
        if piece.is_err() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        piece
    });
    Body::from_stream(pieces).into_response()
}
