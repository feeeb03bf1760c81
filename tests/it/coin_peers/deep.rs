//! Branches that leave the chain deeper than the network switches by itself: the operator decides.

use std::path::Path;
use std::sync::Arc;

use alloy_primitives::Address;
use bcoin::limits::PoolLimits;
use bcoin::node::Writer;
use bcoin::node::coin::{CoinError, CoinHandle, CoinSettings, start_coin};
use bcoin::peers::coin::pull::PullLimits;
use bcoin::peers::coin::replace::{Replacement, known_peers, replace_chain};
use bcoin::peers::round::Outcome;
use bcoin::protocol::coin::genesis::Genesis;
use bcoin::protocol::coin::header::PowHash;
use bcoin::protocol::coin::parameters::Parameters;
use bcoin::store::coin::CoinStore;

use super::world::{NOW, Served, assert_is, parameters, puller};
use crate::coin_world::mined;

fn shallow() -> Parameters {
    Parameters {
        reorg_depth: 3,
        ..parameters()
    }
}

/// A node over a folder, as a program would start it.
fn started(folder: &Path, switch_to: Option<PowHash>) -> (CoinHandle, Writer) {
    let genesis = Arc::new(Genesis::of(shallow()));
    let store = CoinStore::open_network(folder, 1 << 20, &genesis).expect("a store");
    let settings = CoinSettings {
        genesis,
        clock: Arc::new(|| NOW),
        pool_limits: PoolLimits::default(),
        switch_to,
        recorder: Arc::new(metrics::NoopRecorder),
    };
    start_coin(store, settings).expect("a writer")
}

async fn replaced(node: &CoinHandle) -> Replacement {
    let known = known_peers(node);
    let replaced = replace_chain(node, &puller(PullLimits::default()), &known).await;
    replaced.expect("the node is sound")
}

#[tokio::test]
async fn a_branch_as_deep_as_allowed_is_taken_and_a_deeper_one_waits_for_the_operator() {
    let other = Served::with_chain(shallow(), 0xa2, 6).await;
    let within = Served::with_chain(shallow(), 0xa1, 3).await;
    let report = within.report_on(&other.address).await;
    assert_is(
        &report,
        Outcome::Adopted,
        "3 of this node's blocks made room",
    );

    let folder = tempfile::tempdir().expect("a folder");
    let (node, writer) = started(folder.path(), None);
    for _ in 0..4 {
        let block = mined(&node, Address::repeat_byte(0xa1), 1);
        node.submit_block(block).await.expect("its own block");
    }
    let own = node.tip().place;
    let address = other.address.to_string();
    node.connect_peers(vec![address])
        .await
        .expect("there is room");
    let kept = replaced(&node).await;
    assert!(!kept.replaced);
    let deep = other.block(5).hash();
    let explanation = format!(
        "the branch of block {deep} has more work, but leaves the current chain 4 blocks behind its tip; this network switches by itself up to 3"
    );
    assert_is(&kept.reports[0], Outcome::Refused, &explanation);
    assert_is(
        &kept.reports[0],
        Outcome::Refused,
        &format!("--switch-to {deep}"),
    );
    assert_eq!(node.tip().place, own);
    assert!(matches!(
        node.deep_branch(),
        Some(CoinError::TooDeep { .. })
    ));

    // Asked again it says so again, and once more after a restart, though it has the blocks by now.
    let kept = replaced(&node).await;
    assert_is(
        &kept.reports[0],
        Outcome::Refused,
        "leaves the current chain 4 blocks",
    );
    drop(node);
    writer.join();
    let (node, writer) = started(folder.path(), None);
    assert!(node.deep_branch().is_none(), "nobody has told it yet");
    let kept = replaced(&node).await;
    assert!(!kept.replaced);
    assert_is(
        &kept.reports[0],
        Outcome::Refused,
        "leaves the current chain 4 blocks",
    );
    assert!(node.deep_branch().is_some());

    // Nothing is left to decide once the node's own chain has as much work.
    for _ in 0..2 {
        assert!(node.deep_branch().is_some());
        let block = mined(&node, Address::repeat_byte(0xa1), 1);
        node.submit_block(block).await.expect("its own block");
    }
    assert_eq!(node.tip().place.work, other.tip().work);
    assert!(node.deep_branch().is_none());
    drop(node);
    writer.join();

    // The operator lets it switch to that block's branch, and it follows the peer to the end of it.
    other.mine(0xa2, 2).await;
    let (node, writer) = started(folder.path(), Some(deep));
    let switched = replaced(&node).await;
    assert!(switched.replaced);
    assert_is(
        &switched.reports[0],
        Outcome::Adopted,
        "6 of this node's blocks made room",
    );
    assert_eq!(node.tip().place, other.tip());
    drop(node);
    writer.join();
}
