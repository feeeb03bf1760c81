//! Headers without end, and with too little work: they cost hashes, and nothing else.

use std::sync::Arc;

use axum::response::IntoResponse;
use bcoin::limits;
use bcoin::node::coin::Submitted;
use bcoin::peers::coin::pull::PullLimits;
use bcoin::peers::coin::wire::{HEADERS_PATH, Items, Preamble};
use bcoin::peers::round::Outcome;
use bcoin::protocol::coin::block::record_hash;

use super::forged::{forged, header_behind, header_of, headers_behind, place_behind};
use super::liar::{Liar, block_answer, endless, header_answer, preamble};
use super::world::{Served, assert_is, hardening, parameters};

#[tokio::test]
async fn thousands_of_easy_headers_leave_no_trace() {
    let node = Served::with_chain(hardening(), 0xa1, 14).await;
    let genesis = Arc::clone(node.node.genesis());
    let flood = headers_behind(&genesis.place, &genesis.parameters, 5_000, 600);
    let liar = Liar::saying(header_answer(&genesis, 0, &flood), Vec::new()).await;
    let (tip, known) = (node.tip(), node.known());
    let report = node.report_on(&liar.address).await;
    assert_is(
        &report,
        Outcome::ValidNotLonger,
        "block 5000 with work 10002, this node has block 14 with work",
    );
    assert_eq!(report.report.length, Some(5_001));
    assert!(!liar.was_asked_for_blocks());
    assert_eq!((node.tip(), node.known()), (tip, known));
}

/// What the sum of the headers stands against: blocks that nobody has to sum first would be kept.
#[tokio::test]
async fn without_the_sum_easy_blocks_would_be_kept() {
    let node = Served::with_chain(hardening(), 0xa1, 14).await;
    let genesis = Arc::clone(node.node.genesis());
    let known = node.known();
    let (mut parent, mut record) = (genesis.place, genesis.record_hash);
    let mut blocks = Vec::new();
    for _ in 0..20 {
        let (block, place) = forged(&parent, record, &genesis.parameters, 600, 0);
        blocks.push(block.encode());
        (parent, record) = (place, record_hash(&block.record));
    }
    assert!(parent.work < node.tip().work);
    for block in &blocks {
        let block = Arc::new(node.node.check_block(block).expect("by itself it holds"));
        let submitted = Submitted {
            block,
            executed: None,
        };
        node.node
            .connect(submitted, true)
            .await
            .expect("it is kept");
    }
    assert_eq!(node.known(), known + 20);

    // The same from a peer.
    let node = Served::with_chain(hardening(), 0xa1, 14).await;
    let headers: Vec<_> = blocks.iter().map(|block| header_of(block)).collect();
    let blocks: Vec<_> = blocks.into_iter().map(Into::into).collect();
    let peer = Liar::saying(
        header_answer(&genesis, 0, &headers),
        block_answer(&genesis, 0, &blocks),
    )
    .await;
    let report = node.report_on(&peer.address).await;
    assert_is(&report, Outcome::ValidNotLonger, "block 20 with work");
    assert_eq!(node.known(), known);
}

#[tokio::test]
async fn headers_without_end_are_read_up_to_the_limit() {
    let node = Served::with_chain(hardening(), 0xa1, 14).await;
    let genesis = Arc::clone(node.node.genesis());
    let liar = Liar::answering(move |_| {
        let parameters = genesis.parameters.clone();
        let mut place = genesis.place;
        let start = Preamble {
            last: u64::MAX,
            ..preamble(&genesis, 0, 0)
        };
        endless(start.encode(Items::Headers), move |_| {
            let header = header_behind(&place, &parameters, 600);
            place = place_behind(&place, &header, &parameters);
            header.encode().to_vec()
        })
    })
    .await;
    let limits = PullLimits::new(56 + 80 * 500, 10);
    let report = node.report_within(limits, &liar.address).await;
    assert_is(
        &report,
        Outcome::ValidNotLonger,
        "it has more headers, but the body is longer than 40056 bytes",
    );
    assert_eq!(
        report.report.length,
        Some(501),
        "as many as fit were summed"
    );
    assert_eq!(node.known(), 15);
}

#[tokio::test]
async fn answers_without_end_are_asked_for_up_to_the_limit() {
    let node = Served::with_chain(hardening(), 0xa1, 14).await;
    let genesis = Arc::clone(node.node.genesis());
    let chain = headers_behind(&genesis.place, &genesis.parameters, 100, 600);
    let served = Arc::clone(&genesis);
    // One header an answer, and a promise of more.
    let liar = Liar::answering(move |path| {
        let asked = path.split(['=', ',']).nth(1).unwrap_or_default();
        let place = chain
            .iter()
            .position(|header| header.hash().to_string() == asked);
        let next = place.map_or(0, |place| place + 1);
        let start = Preamble {
            last: u64::MAX,
            ..preamble(&served, next as u64, 0)
        };
        let mut answer = start.encode(Items::Headers);
        answer.extend_from_slice(&chain[next].encode());
        answer.into_response()
    })
    .await;
    let report = node.report_on(&liar.address).await;
    assert_is(&report, Outcome::Refused, "in more than 64 answers");
    assert_eq!(liar.asked().len(), limits::PULL_ANSWERS + 1);
    assert!(!liar.was_asked_for_blocks());
}

/// The blocks that were asked for, and then others for ever: what was asked for is taken, and nobody reads on.
#[tokio::test]
async fn blocks_without_end_are_read_up_to_the_last_that_was_asked_for() {
    let author = Served::with_chain(parameters(), 0xa1, 3).await;
    let node = Served::new(parameters()).await;
    let genesis = Arc::clone(node.node.genesis());
    let (headers, blocks) = (author.headers(), author.blocks());
    let liar = Liar::answering(move |path| {
        if path.starts_with(HEADERS_PATH) {
            return header_answer(&genesis, 0, &headers).into_response();
        }
        let mut one = 700_u32.to_le_bytes().to_vec();
        one.resize(704, 1);
        endless(block_answer(&genesis, 0, &blocks), move |_| one.clone())
    })
    .await;
    let report = node.report_on(&liar.address).await;
    assert_is(&report, Outcome::Adopted, "adopted: block 3");
    assert_eq!(node.tip(), author.tip());
}
