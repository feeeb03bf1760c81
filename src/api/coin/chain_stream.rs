//! The whole chain as one answer, read while it is sent: memory stays flat however long it is.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::task::Poll;

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use tokio::sync::mpsc;

use super::view::BlockAnswer;
use crate::limits::CHAIN_TEXT_SEGMENT_BYTES;
use crate::node::coin::stored_block;
use crate::protocol::coin::genesis::Genesis;
use crate::protocol::coin::parameters::Parameters;
use crate::store::StoreError;
use crate::store::coin::{Ledger, Snapshot};

/// Pieces that are read before they are taken.
const PIECES_AHEAD: usize = 2;

/// Says that all has been read.
const END: Bytes = Bytes::new();

/// `before`, the blocks with these numbers with commas between them, and `after`.
pub fn body(
    genesis: Arc<Genesis>,
    snapshot: Snapshot,
    numbers: RangeInclusive<u64>,
    before: String,
    after: String,
) -> Body {
    let (pieces, mut taken) = mpsc::channel::<Bytes>(PIECES_AHEAD);
    tokio::task::spawn_blocking(move || {
        let mut text = before.into_bytes();
        let send = |text: Vec<u8>| {
            // Whoever asked went away.
            pieces
                .blocking_send(text.into())
                .map_err(|_| StoreError::Unavailable)
        };
        let read = write_blocks(&snapshot, numbers, &genesis.parameters, &mut text, &send);
        let sent = read.and_then(|()| {
            text.extend_from_slice(after.as_bytes());
            send(text)
        });
        match sent {
            Ok(()) => drop(pieces.blocking_send(END)),
            Err(StoreError::Unavailable) => {}
            Err(error) => tracing::error!(%error, "an answer was broken off"),
        }
    });
    Body::from_stream(stream::poll_fn(
        move |context| -> Poll<Option<Result<Bytes, StoreError>>> {
            taken.poll_recv(context).map(|piece| match piece {
                Some(piece) if piece.is_empty() => None,
                Some(piece) => Some(Ok(piece)),
                // However the reading ended, the answer breaks off, which no reader takes for a whole chain.
                None => Some(Err(StoreError::Unavailable)),
            })
        },
    ))
}

fn write_blocks(
    snapshot: &Snapshot,
    numbers: RangeInclusive<u64>,
    parameters: &Parameters,
    text: &mut Vec<u8>,
    send: &impl Fn(Vec<u8>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let first = *numbers.start();
    for number in numbers {
        let hash = snapshot.entry_at(number)?.hash();
        let block = stored_block(snapshot, hash, parameters)?;
        if number != first {
            text.extend_from_slice(b", ");
        }
        let answer = BlockAnswer::of(&block, &snapshot.receipts(number)?, parameters);
        serde_json::to_writer(&mut *text, &answer)
            .map_err(|error| snapshot.damaged(format_args!("block {number}"), error.to_string()))?;
        if text.len() >= CHAIN_TEXT_SEGMENT_BYTES {
            send(std::mem::take(text))?;
        }
    }
    Ok(())
}
