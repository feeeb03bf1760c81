//! What a node sends its peers: headers behind what they have, blocks that they ask for, and nothing to strangers.

use std::sync::Arc;

use bcoin::limits::PEER_LOCATOR;
use bcoin::peers::coin::wire::{
    BLOCKS_PATH, BlockReader, HEADERS_PATH, HeaderReader, PREAMBLE_BYTES, Preamble, blocks_path,
    headers_path,
};
use bcoin::protocol::coin::header::{Header, PowHash};
use bcoin::protocol::coin::parameters::Parameters;
use reqwest::StatusCode;

use super::world::{Served, parameters};

async fn answer(served: &Served, path: &str) -> (StatusCode, Vec<u8>) {
    let client = reqwest::Client::builder().no_proxy().build();
    let url = format!("{}{path}", served.address.origin());
    let answer = client.expect("a client").get(url).send().await;
    let answer = answer.expect("an answer");
    let status = answer.status();
    if status.is_success() {
        let content_type = &answer.headers()["content-type"];
        assert_eq!(content_type, "application/octet-stream");
    }
    (status, answer.bytes().await.expect("a body").to_vec())
}

async fn headers(served: &Served, locator: &[PowHash]) -> (Preamble, Vec<Header>) {
    let (status, bytes) = answer(served, &headers_path(locator.iter().copied())).await;
    assert_eq!(status, StatusCode::OK);
    let mut reader = HeaderReader::default();
    reader.push(&bytes);
    let preamble = reader.preamble().expect("it can be read");
    let headers: Vec<Header> =
        std::iter::from_fn(|| reader.next_header().expect("it can be read")).collect();
    reader.finish().expect("it ends where a header ends");
    (preamble.expect("a preamble"), headers)
}

#[tokio::test]
async fn headers_begin_behind_the_newest_block_that_both_have() {
    let served = Served::with_chain(parameters(), 0xa1, 12).await;
    let all = served.headers();
    let genesis = served.node.genesis().hash();
    let hash = |number: usize| all[number - 1].hash();
    let strange = PowHash(alloy_primitives::B256::repeat_byte(9));
    for (locator, after) in [
        (vec![genesis], 0),
        (vec![strange, genesis], 0),
        (vec![hash(5), hash(3), genesis], 5),
        (vec![strange, hash(3), hash(5)], 3),
        (vec![hash(12)], 12),
    ] {
        let (preamble, headers) = headers(&served, &locator).await;
        assert_eq!(
            preamble,
            Preamble {
                genesis,
                after,
                last: 12
            }
        );
        assert_eq!(headers, all[after as usize..]);
    }
    // A side chain's block is none of the chain's.
    let other = Served::with_chain(parameters(), 0xa2, 1).await;
    served.submit(other.blocks()).await;
    assert_eq!(served.known(), 14);
    let (preamble, _) = headers(&served, &[other.tip().hash, genesis]).await;
    assert_eq!(preamble.after, 0);
}

#[tokio::test]
async fn a_node_of_another_network_gets_no_headers() {
    let served = Served::with_chain(parameters(), 0xa1, 12).await;
    let other = Served::with_chain(Parameters::dev(), 0xa1, 3).await;
    for locator in [vec![other.tip().hash, other.node.genesis().hash()], vec![]] {
        let (_, bytes) = answer(&served, &headers_path(locator)).await;
        assert_eq!(bytes.len(), PREAMBLE_BYTES, "the preamble says who it is");
    }
}

#[tokio::test]
async fn blocks_come_between_two_hashes() {
    let served = Served::with_chain(parameters(), 0xa1, 9).await;
    let all = served.blocks();
    let hash = |number: u64| served.block(number).hash();
    let genesis = served.node.genesis().hash();
    for (from, to, after, last) in [
        (genesis, hash(9), 0, 9),
        (hash(3), hash(7), 3, 7),
        (hash(9), hash(9), 9, 9),
    ] {
        let (status, bytes) = answer(&served, &blocks_path(from, to)).await;
        assert_eq!(status, StatusCode::OK);
        let mut reader = BlockReader::new(served.node.parameters().byte_limit);
        reader.push(&bytes);
        let preamble = reader.preamble().expect("it can be read");
        assert_eq!(
            preamble,
            Some(Preamble {
                genesis,
                after,
                last
            })
        );
        let blocks: Vec<_> =
            std::iter::from_fn(|| reader.next_block().expect("it can be read")).collect();
        let expected = &all[after as usize..last as usize];
        assert!(
            blocks
                .iter()
                .zip(expected)
                .all(|(block, own)| *block == own.0)
        );
        assert_eq!(blocks.len(), expected.len());
        reader.finish().expect("it ends where a block ends");
    }
    let (_, whole) = answer(&served, &blocks_path(genesis, hash(9))).await;
    for open in [
        BLOCKS_PATH.to_owned(),
        format!("{BLOCKS_PATH}?from={genesis}"),
    ] {
        assert_eq!(answer(&served, &open).await.1, whole, "{open}");
    }
}

#[tokio::test]
async fn what_cannot_be_answered_is_explained() {
    let served = Served::with_chain(parameters(), 0xa1, 3).await;
    let genesis = served.node.genesis().hash();
    let tip = served.tip().hash;
    let strange = PowHash(alloy_primitives::B256::repeat_byte(9));
    let most = vec![strange; PEER_LOCATOR];
    let (status, _) = answer(&served, &headers_path(most.clone())).await;
    assert_eq!(status, StatusCode::OK);
    let more = headers_path(most.into_iter().chain([genesis]));
    for (path, expected, detail) in [
        (more, 400, "more than 64 blocks"),
        (format!("{HEADERS_PATH}?from=xyz"), 400, "xyz"),
        (format!("{HEADERS_PATH}?from={genesis},"), 400, "no hash"),
        (
            format!("{HEADERS_PATH}?form={genesis}"),
            400,
            "no parameter",
        ),
        (format!("{BLOCKS_PATH}?from=12"), 400, "no hash"),
        (blocks_path(strange, tip), 404, "no such stretch"),
        (blocks_path(genesis, strange), 404, "no such stretch"),
        (blocks_path(tip, genesis), 404, "no such stretch"),
    ] {
        let (status, body) = answer(&served, &path).await;
        let text = String::from_utf8(body).expect("text");
        assert_eq!(status, expected, "{path}: {text}");
        assert!(text.contains(detail), "{path}: {text}");
    }
}

/// Longer than one piece of an answer, so that it is read from the store in several.
#[tokio::test]
async fn a_chain_of_many_pieces_comes_whole() {
    let served = Arc::new(Served::new(parameters()).await);
    let size = served.node.parameters().byte_limit;
    assert!(size > 1_000_000, "{size}");
    let node = Served::new(parameters()).await;
    // Blocks without transactions have some 650 bytes: a thousand are more than one piece.
    served.mine(0xa1, 1_000).await;
    let genesis = served.node.genesis().hash();
    let (_, bytes) = answer(&served, &blocks_path(genesis, served.tip().hash)).await;
    assert!(
        bytes.len() > bcoin::limits::PEER_PIECE_BYTES,
        "{}",
        bytes.len()
    );
    let report = node.report_on(&served.address).await;
    super::world::assert_is(
        &report,
        bcoin::peers::round::Outcome::Adopted,
        "adopted: block 1000",
    );
    assert_eq!(node.tip(), served.tip());
    assert_eq!(node.state_root(), served.state_root());
}
