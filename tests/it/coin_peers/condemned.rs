//! Blocks that hold until they are executed.

use std::sync::Arc;

use alloy_primitives::{Address, B256, Bytes};
use bcoin::node::coin::{CoinError, Connected, Submitted};
use bcoin::peers::round::Outcome;
use bcoin::protocol::coin::block::{Block, record_hash};
use bcoin::protocol::coin::header::Header;

use super::forged::{forged, header_of, place_behind, resealed};
use super::liar::{Liar, block_answer, header_answer};
use super::world::{Served, assert_is, parameters};

/// A block that holds but for the state it claims, alone behind the tip.
#[tokio::test]
async fn a_block_that_fails_its_execution_is_remembered() {
    let node = Served::with_chain(parameters(), 0xa1, 2).await;
    let genesis = Arc::clone(node.node.genesis());
    let template = node
        .node
        .template(Address::repeat_byte(0xee), Bytes::new())
        .expect("a template");
    let mut wrong = template.sealed(0);
    wrong.record.state_root = B256::repeat_byte(0xee);
    let wrong = resealed(wrong);
    let child = forged(
        &place_behind(&node.tip(), &wrong.header, &genesis.parameters),
        record_hash(&wrong.record),
        &genesis.parameters,
        1,
        0,
    )
    .0;
    let headers = header_answer(&genesis, 2, &[wrong.header, child.header]);
    let blocks = [wrong.encode().into(), child.encode().into()];
    let liar = Liar::saying(headers.clone(), block_answer(&genesis, 2, &blocks)).await;
    let hash = wrong.header.hash();
    let report = node.report_on(&liar.address).await;
    assert_is(
        &report,
        Outcome::Invalid,
        &format!("block 3 ({hash}) breaks the rule state_root: "),
    );
    assert_eq!(node.tip().number, 2);
    // It is not executed again, nor asked for.
    let other = Liar::saying(headers, Vec::new()).await;
    assert_is(
        &node.report_on(&other.address).await,
        Outcome::Invalid,
        &format!("block 3 ({hash}) was found invalid before, and its chain with it"),
    );
    assert!(!other.was_asked_for_blocks());
}

/// The same as the second block of a branch that is executed only once it has more work.
#[tokio::test]
async fn a_branch_with_a_wrong_block_in_it_changes_nothing() {
    let node = Served::with_chain(parameters(), 0xa1, 3).await;
    let author = Served::with_chain(parameters(), 0xa2, 1).await;
    let genesis = Arc::clone(node.node.genesis());
    let (parameters, before) = (&genesis.parameters, node.tip());
    let first = author.block(1);
    let mut blocks = vec![Bytes::from(first.encode())];
    let (mut parent, mut record) = (author.tip(), first.record_hash());
    for _ in 0..4 {
        let (block, place) = forged(&parent, record, parameters, 1, 0);
        blocks.push(block.encode().into());
        (parent, record) = (place, record_hash(&block.record));
    }
    let headers: Vec<Header> = blocks.iter().map(|block| header_of(block)).collect();
    let liar = Liar::saying(
        header_answer(&genesis, 0, &headers),
        block_answer(&genesis, 0, &blocks),
    )
    .await;
    let report = node.report_on(&liar.address).await;
    let hash = headers[1].hash();
    // The fourth has more work than the tip; the second is at fault.
    assert_is(
        &report,
        Outcome::Invalid,
        &format!("block 2 ({hash}) breaks the rule state_root: "),
    );
    assert_is(
        &report,
        Outcome::Invalid,
        "its blocks up to 3 are kept beside",
    );
    assert_eq!(node.tip(), before);
    assert!(node.node.is_ready());

    node.mine(0xa1, 1).await;
    assert_eq!(node.tip().number, 4);
}

/// A side chain on a block that turned out to be wrong only when another chain on it had more work.
#[tokio::test]
async fn a_side_chain_on_a_block_that_failed_later_is_refused_and_nothing_else() {
    let node = Served::with_chain(parameters(), 0xa1, 2).await;
    let genesis = Arc::clone(node.node.genesis());
    let parameters = &genesis.parameters;
    let (wrong, place) = forged(&genesis.place, genesis.record_hash, parameters, 1, 0);
    let wrong_record = record_hash(&wrong.record);
    let (one, one_place) = forged(&place, wrong_record, parameters, 1, 1);
    let (other, other_place) = forged(&place, wrong_record, parameters, 1, 2);
    let (one_more, _) = forged(&one_place, record_hash(&one.record), parameters, 1, 1);
    let (other_more, _) = forged(&other_place, record_hash(&other.record), parameters, 1, 2);
    for kept in [&wrong, &one, &other] {
        let block = node
            .node
            .check_block(&kept.encode())
            .expect("by itself it holds");
        let submitted = Submitted {
            block: Arc::new(block),
            executed: None,
        };
        let connected = node.node.connect(submitted, true).await;
        assert_eq!(connected, Ok(Connected::SideChain));
    }
    let connect = |block: &Block| {
        let block = node
            .node
            .check_block(&block.encode())
            .expect("by itself it holds");
        let submitted = Submitted {
            block: Arc::new(block),
            executed: None,
        };
        node.node.connect(submitted, true)
    };
    let refused = connect(&one_more).await;
    assert!(matches!(refused, Err(CoinError::Invalid { hash, .. }) if hash == wrong.header.hash()));
    let refused = connect(&other_more).await;
    let hash = other_more.header.hash();
    assert_eq!(refused, Err(CoinError::KnownInvalid { hash }));
    for condemned in [&wrong, &one, &other, &one_more, &other_more] {
        let hash = condemned.header.hash();
        assert_eq!(
            connect(condemned).await,
            Err(CoinError::KnownInvalid { hash })
        );
    }
    assert!(node.node.is_ready(), "the store is not at fault");
    node.mine(0xa1, 1).await;
    assert_eq!(node.tip().number, 3);
}
