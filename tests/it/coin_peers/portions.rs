//! Chains that take several pulls, answers that come in parts, and pulls that are cut: what was taken stands.

use std::sync::Arc;

use axum::response::IntoResponse;
use bcoin::peers::coin::pull::PullLimits;
use bcoin::peers::coin::wire::HEADERS_PATH;
use bcoin::peers::round::Outcome;

use super::liar::{Liar, block_answer, header_answer};
use super::world::{Served, assert_is, parameters, puller};

/// Blocks of `served` in its answers, with their lengths and the preamble.
fn answer_bytes(served: &Served, blocks: usize) -> u64 {
    let blocks = &served.blocks()[..blocks];
    block_answer(served.node.genesis(), 0, blocks).len() as u64
}

#[tokio::test]
async fn as_many_blocks_as_allowed_are_taken_and_the_next_pull_goes_on() {
    let author = Served::with_chain(parameters(), 0xa1, 25).await;
    let node = Served::new(parameters()).await;
    node.knows(&[&author.address]).await;
    let limits = PullLimits::new(1_000_000, 10);
    for (tip, more) in [(10, true), (20, true), (25, false)] {
        let replaced = node.replace_within(limits).await;
        assert!(replaced.replaced);
        let report = &replaced.reports[0];
        if more {
            assert_is(
                report,
                Outcome::Adopted,
                &format!("adopted up to block {tip}: block 25 with work 52"),
            );
            assert_is(report, Outcome::Adopted, "10 blocks are the most");
            assert_is(report, Outcome::Adopted, "--max-pull-blocks");
        } else {
            assert_is(report, Outcome::Adopted, "adopted: block 25");
        }
        assert_eq!(node.tip().number, tip);
    }
    assert_eq!(node.state_root(), author.state_root());
}

#[tokio::test]
async fn as_many_bytes_as_allowed_are_read_and_the_next_pull_goes_on() {
    let author = Served::with_chain(parameters(), 0xa1, 12).await;
    let exact = answer_bytes(&author, 12);
    let node = Served::new(parameters()).await;
    let report = node
        .report_within(PullLimits::new(exact, 100), &author.address)
        .await;
    assert_is(&report, Outcome::Adopted, "adopted: block 12");

    let node = Served::new(parameters()).await;
    node.knows(&[&author.address]).await;
    let mut pulls = 0;
    while node.tip() != author.tip() {
        let before = node.tip().number;
        let replaced = node.replace_within(PullLimits::new(exact - 1, 100)).await;
        assert!(replaced.replaced);
        if node.tip() != author.tip() {
            assert_is(&replaced.reports[0], Outcome::Adopted, "--max-pull-bytes");
        }
        assert!(node.tip().number > before);
        pulls += 1;
    }
    assert!(pulls > 1, "one byte was missing");
}

/// A branch that has more work only with its last blocks, in portions of two: its beginning is kept beside the chain.
#[tokio::test]
async fn a_branch_is_gathered_beside_the_chain_until_it_has_more_work() {
    let node = Served::with_chain(parameters(), 0xa1, 5).await;
    let other = Served::with_chain(parameters(), 0xa2, 7).await;
    node.knows(&[&other.address]).await;
    let limits = PullLimits::new(1_000_000, 2);
    let before = node.tip();
    for gathered in [2, 4] {
        let replaced = node.replace_within(limits).await;
        assert!(!replaced.replaced);
        assert_is(
            &replaced.reports[0],
            Outcome::Refused,
            &format!("kept up to block {gathered}: block 7"),
        );
        assert_is(&replaced.reports[0], Outcome::Refused, "ask again");
        assert_eq!(node.tip(), before);
        assert_eq!(node.known(), 6 + gathered);
        // It mines on meanwhile, or could.
        assert!(node.node.is_ready());
    }
    let replaced = node.replace_within(limits).await;
    assert!(replaced.replaced);
    assert_is(
        &replaced.reports[0],
        Outcome::Adopted,
        "adopted up to block 6",
    );
    assert!(node.replace_within(limits).await.replaced);
    assert_eq!(node.tip(), other.tip());
    assert_eq!(node.state_root(), other.state_root());
}

/// Answers of a node that sends little at a time, as any does for chains that are long enough.
#[tokio::test]
async fn an_answer_in_parts_is_asked_for_to_its_end() {
    let author = Arc::new(Served::with_chain(parameters(), 0xa1, 20).await);
    let (headers, blocks) = (author.headers(), author.blocks());
    let genesis = Arc::clone(author.node.genesis());
    let stingy = Liar::answering(move |path| {
        let asked = path.split(['=', ',', '&']).nth(1).unwrap_or_default();
        let place = headers
            .iter()
            .position(|header| header.hash().to_string() == asked);
        let from = place.map_or(0, |place| place + 1);
        let until = (from + 6).min(20);
        let mut answer = if path.starts_with(HEADERS_PATH) {
            header_answer(&genesis, from as u64, &headers[from..until])
        } else {
            block_answer(&genesis, from as u64, &blocks[from..until])
        };
        // Up to where there is something.
        answer[48..56].copy_from_slice(&20_u64.to_le_bytes());
        answer.into_response()
    })
    .await;
    let node = Served::new(parameters()).await;
    let report = node.report_on(&stingy.address).await;
    assert_is(&report, Outcome::Adopted, "adopted: block 20");
    assert_eq!(node.tip(), author.tip());
    assert_eq!(stingy.asked().len(), 4 + 4);
    // From where it is, nothing more is to be had.
    let report = node.report_on(&stingy.address).await;
    assert_is(&report, Outcome::ValidNotLonger, "the chains are the same");
}

#[tokio::test]
async fn whoever_stops_waiting_leaves_a_good_node() {
    let author = Served::with_chain(parameters(), 0xa1, 40).await;
    let node = Served::new(parameters()).await;
    node.knows(&[&author.address]).await;
    let puller = puller(PullLimits::default());
    for polls in 1..200 {
        let mut pull = Box::pin(bcoin::peers::coin::replace::replace_chain(
            &node.node,
            &puller,
            std::slice::from_ref(&author.address),
        ));
        for _ in 0..polls {
            if futures_util::poll!(&mut pull).is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(pull);
        if node.tip() == author.tip() {
            break;
        }
    }
    node.replace().await;
    assert_eq!(node.tip(), author.tip());
    assert_eq!(node.state_root(), author.state_root());
}

#[tokio::test]
async fn a_chain_that_changes_while_it_is_read_is_asked_for_again() {
    let author = Served::with_chain(parameters(), 0xa1, 3).await;
    let other = Served::with_chain(parameters(), 0xa2, 5).await;
    let node = Served::new(parameters()).await;
    let genesis = Arc::clone(node.node.genesis());
    // Its headers are of the chain that it had, its blocks are gone.
    let headers = header_answer(&genesis, 0, &author.headers());
    let moved = Liar::answering(move |path| {
        if path.starts_with(HEADERS_PATH) {
            headers.clone().into_response()
        } else {
            (axum::http::StatusCode::NOT_FOUND, "gone").into_response()
        }
    })
    .await;
    let report = node.report_on(&moved.address).await;
    assert_is(
        &report,
        Outcome::Unreachable,
        "its chain changed behind block 0 while it was read",
    );
    let report = node.report_on(&other.address).await;
    assert_is(&report, Outcome::Adopted, "adopted: block 5");
}
