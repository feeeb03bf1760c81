//! Every limit of a pull: what is within it is taken, and one more is not.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bcoin::limits;
use bcoin::peers::address::PeerAddress;
use bcoin::peers::outgoing::{CallLimits, ChainBody, FetchError, Outgoing};
use bcoin::peers::pull::{PullLimits, Puller};
use bcoin::peers::reach::Reach;
use bcoin::peers::round::Outcome;
use bcoin::protocol::classic::block::Block;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{assert_is, own, puller, puller_with, report, report_with};
use crate::chains::{body, body_of, chain};
use crate::lying_peer::LyingPeer;

#[tokio::test]
async fn endless_answers_are_cut_off() {
    let mut limits = PullLimits::new(1024 * 1024, 50);
    limits.check.read.max_block_bytes = 8 * 1024;
    limits.check.read.max_other_bytes = 1024;
    let blocks = Arc::new(chain("endless", 2_000));
    let valid = Arc::clone(&blocks);
    let separator = |count| if count == 0 { "" } else { ", " };
    let endless_chain = LyingPeer::endless(r#"{"chain": ["#, move |count| {
        valid.get(count).map_or(String::new(), |block| {
            format!("{}{}", separator(count), block.text())
        })
    })
    .await;
    assert_is(
        &report_with(limits, &endless_chain).await,
        Outcome::Refused,
        "more than 50 blocks",
    );
    limits.check.blocks = 1_000_000;
    limits.pace.bytes = 64 * 1024;
    assert_is(
        &report_with(limits, &endless_chain).await,
        Outcome::Refused,
        "longer than 65536 bytes",
    );
    limits.pace.bytes = 1024 * 1024;
    for (start, more, detail) in [
        (
            r#"{"chain": [{"index": ""#,
            "x",
            "block 1 is longer than 8192 bytes",
        ),
        (r#"{"chain": ["#, "[", "block 1 is longer than 8192 bytes"),
        (r#"{"chain": ["#, " ", "longer than 1024 bytes"),
        ("", "\n", "longer than 1024 bytes"),
        (r#"{"x": ""#, "x", "longer than 1024 bytes"),
    ] {
        let peer = LyingPeer::endless(start, |_| more.repeat(1_000)).await;
        assert_is(&report_with(limits, &peer).await, Outcome::Refused, detail);
    }
    let spaces = LyingPeer::endless(r#"{"chain": [], "x": "#, |_| " ".repeat(1_000)).await;
    assert_is(
        &report_with(limits, &spaces).await,
        Outcome::Refused,
        "longer than 1024 bytes",
    );
}

#[tokio::test]
async fn slow_and_silent_peers_are_given_up() {
    let mut limits = PullLimits::default();
    limits.pace.rate_window = Duration::from_millis(100);
    let drip = LyingPeer::playing(|mut socket| async move {
        let mut sent = socket.write_all(b"HTTP/1.1 200 OK\r\n\r\n{").await;
        while sent.is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
            sent = socket.write_all(b" ").await;
        }
    })
    .await;
    assert_is(
        &report_with(limits, &drip).await,
        Outcome::Unreachable,
        "slower than 65536 bytes/s",
    );
    limits.pace.rate = 0;
    limits.pace.total = Duration::from_millis(100);
    assert_is(
        &report_with(limits, &drip).await,
        Outcome::Unreachable,
        "not finished after 0.1 s",
    );

    let mut limits = PullLimits::default();
    limits.pace.silence = Duration::from_millis(50);
    let silent_body = LyingPeer::playing(|mut socket| async move {
        let _ = socket.write_all(b"HTTP/1.1 200 OK\r\n\r\n{").await;
        let _ = socket.read_u8().await;
    })
    .await;
    assert_is(
        &report_with(limits, &silent_body).await,
        Outcome::Unreachable,
        "not a byte for 0.05 s",
    );

    let call = CallLimits {
        connect: Duration::from_millis(50),
        silence: Duration::from_millis(50),
    };
    let silent = LyingPeer::playing(|mut socket| async move {
        let _ = socket.read_u8().await;
    })
    .await;
    let round = puller_with(Reach::Loopback, call, PullLimits::default())
        .pull_all(std::slice::from_ref(&silent.address), own(&[]))
        .await;
    assert_is(
        &round.reports[0],
        Outcome::Unreachable,
        "not a byte for 0.05 s",
    );
}

/// A first block with a further member.
fn first_with(member: &str) -> String {
    Block::first("x")
        .text()
        .replacen('{', &format!("{{{member}, "), 1)
}

#[tokio::test]
async fn the_deepest_block_is_taken_and_one_level_more_is_not() {
    let nested = |levels: usize| {
        // The block itself is one level.
        let (open, close) = ("[".repeat(levels - 1), "]".repeat(levels - 1));
        body([first_with(&format!(r#""a": {open}{close}"#)).as_str()], 1)
    };
    let deepest = report(&LyingPeer::holding(nested(1_000)).await).await;
    assert_is(&deepest, Outcome::ValidNotLonger, "1 valid block");
    let deeper = report(&LyingPeer::holding(nested(1_001)).await).await;
    assert_is(&deeper, Outcome::Invalid, "nested more than 1000 deep");
}

#[tokio::test]
async fn the_longest_block_is_taken_and_one_byte_more_is_not() {
    let long = |bytes: usize| {
        let rest = first_with(r#""a": """#).len();
        let block = first_with(&format!(r#""a": "{}""#, "x".repeat(bytes - rest)));
        assert_eq!(block.len(), bytes);
        body([block.as_str()], 1)
    };
    let most = limits::PULL_BLOCK_BYTES;
    let longest = report(&LyingPeer::holding(long(most)).await).await;
    assert_is(&longest, Outcome::ValidNotLonger, "1 valid block");
    let longer = report(&LyingPeer::holding(long(most + 1)).await).await;
    assert_is(
        &longer,
        Outcome::Refused,
        "block 1 is longer than 8388608 bytes",
    );
}

#[tokio::test]
async fn as_many_blocks_and_bytes_as_allowed_are_taken_and_one_more_is_not() {
    let theirs = chain("theirs", 21);
    let body = |blocks: usize| body_of(&theirs[..blocks]);
    let taken = PullLimits::new(body(20).len() as u64, 20);
    assert_is(
        &report_with(taken, &LyingPeer::holding(body(20)).await).await,
        Outcome::LongerNotChosen,
        "20 valid blocks",
    );
    let many = LyingPeer::holding(body(21)).await;
    assert_is(
        &report_with(PullLimits::new(1_000_000, 20), &many).await,
        Outcome::Refused,
        "more than 20 blocks",
    );
    let small = PullLimits::new(body(20).len() as u64 - 1, 20);
    assert_is(
        &report_with(small, &LyingPeer::holding(body(20)).await).await,
        Outcome::Refused,
        "and at most",
    );
    let unclaimed = LyingPeer::saying(format!("HTTP/1.1 200 OK\r\n\r\n{}", body(20))).await;
    assert_is(
        &report_with(small, &unclaimed).await,
        Outcome::Refused,
        "the body is longer than",
    );
}

/// Peers that all hold one chain, and count how many of them are being read.
#[derive(Clone, Default)]
struct Counted {
    now: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl Outgoing for Counted {
    fn fetch_chain<'a>(
        &'a self,
        _: &'a PeerAddress,
    ) -> BoxFuture<'a, Result<ChainBody, FetchError>> {
        let counted = self.clone();
        let bytes = stream::once(async move {
            let now = counted.now.fetch_add(1, Ordering::SeqCst) + 1;
            counted.most.fetch_max(now, Ordering::SeqCst);
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            counted.now.fetch_sub(1, Ordering::SeqCst);
            Ok(Bytes::from(body_of(&chain("theirs", 2))))
        });
        let bytes = bytes.boxed();
        Box::pin(async {
            Ok(ChainBody {
                claimed_bytes: None,
                bytes,
            })
        })
    }
}

#[tokio::test]
async fn as_many_bodies_as_allowed_are_read_side_by_side() {
    let counted = Counted::default();
    let puller = Puller::new(
        Arc::new(counted.clone()),
        PullLimits::default(),
        std::env::temp_dir(),
    );
    let peers: Vec<PeerAddress> = (1..=64)
        .map(|port| PeerAddress::http([127, 0, 0, 1].into(), port))
        .collect();
    let round = puller.pull_all(&peers, own(&[])).await;
    assert_eq!(round.reports.len(), 64);
    for report in &round.reports {
        assert_is(report, Outcome::LongerNotChosen, "2 valid blocks");
    }
    assert_eq!(counted.most.load(Ordering::SeqCst), limits::PULL_BODIES);
}

#[tokio::test]
async fn as_many_rounds_as_allowed_begin_and_the_next_waits() {
    let puller = puller(PullLimits::default());
    let mut begun = Vec::new();
    for _ in 0..limits::PULL_ROUNDS {
        begun.push(
            puller
                .round_in_turn()
                .now_or_never()
                .flatten()
                .expect("a turn"),
        );
    }
    assert!(puller.round_in_turn().now_or_never().is_none());
    begun.pop();
    assert!(puller.round_in_turn().now_or_never().is_some());
}
