//! What a node makes of its peers' answers, honest and lying ones, through real sockets.

mod limits; // what is within each is taken, one more is not
mod round; // all peers asked at once

use std::sync::Arc;

use bcoin::peers::address::PeerAddress;
use bcoin::peers::outgoing::{CallLimits, HttpOutgoing};
use bcoin::peers::pull::{OwnChain, PullLimits, Puller};
use bcoin::peers::reach::Reach;
use bcoin::peers::round::{Outcome, PeerReport};
use bcoin::protocol::classic::block::{Block, BlockHash, Height};

use crate::chains::{body, body_of, chain, extended};
use crate::lying_peer::LyingPeer;

struct Own(Vec<BlockHash>);

impl OwnChain for Own {
    fn height(&self) -> Height {
        Height(self.0.len() as u64)
    }

    fn hash_at(&self, height: Height) -> Option<BlockHash> {
        self.0.get((height.0 as usize).checked_sub(1)?).copied()
    }
}

fn own(blocks: &[Block]) -> Arc<dyn OwnChain> {
    Arc::new(Own(blocks.iter().map(Block::hash).collect()))
}

fn puller_with(reach: Reach, call: CallLimits, limits: PullLimits) -> Puller {
    Puller::new(
        Arc::new(HttpOutgoing::new(reach, call)),
        limits,
        std::env::temp_dir(),
    )
}

fn puller(limits: PullLimits) -> Puller {
    puller_with(Reach::Loopback, CallLimits::default(), limits)
}

/// What a node that has a chain of one block reports of this peer.
async fn report_with(limits: PullLimits, peer: &LyingPeer) -> PeerReport {
    let own = own(&chain("own", 1));
    let round = puller(limits)
        .pull_all(std::slice::from_ref(&peer.address), own)
        .await;
    let [report] = <[PeerReport; 1]>::try_from(round.reports).expect("one peer");
    report
}

async fn report(peer: &LyingPeer) -> PeerReport {
    report_with(PullLimits::default(), peer).await
}

#[track_caller]
fn assert_is(report: &PeerReport, outcome: Outcome, detail: &str) {
    assert_eq!(report.outcome, outcome, "{}", report.detail);
    assert!(report.detail.contains(detail), "{}", report.detail);
}

#[tokio::test]
async fn a_longer_chain_is_pulled_from_where_it_parts() {
    let shared = chain("shared", 3);
    let mine = extended(shared.clone(), "mine", 5);
    let theirs = extended(shared, "theirs", 200);
    let peer = LyingPeer::holding(body_of(&theirs)).await;
    let (pulled, effort) = puller(PullLimits::default())
        .pull(&peer.address, own(&mine))
        .await;
    let mut pulled = pulled.expect("a valid chain");
    assert_eq!(pulled.fork_height(), Height(3));
    assert_eq!(pulled.tip, theirs[199].link());
    assert_eq!((pulled.length(), pulled.claimed_length), (200, Some(200)));
    assert_eq!(effort.bytes, body_of(&theirs).len() as u64);
    let blocks: Vec<Block> = pulled
        .blocks()
        .map(|block| block.expect("a block"))
        .collect();
    assert_eq!(blocks, theirs[3..]);

    let [request] = <[String; 1]>::try_from(peer.requests()).expect("one request");
    assert!(
        request.starts_with("GET /get_chain HTTP/1.1\r\n"),
        "{request}"
    );
    for header in [
        "accept-encoding",
        "referer",
        "cookie",
        "authorization",
        "origin",
    ] {
        assert!(!request.to_lowercase().contains(header), "{request}");
    }
}

#[tokio::test]
async fn a_coin_nodes_answer_is_said_to_be_one() {
    let genesis = format!(
        r#"{{"chain": [{{"hash": "d5a3", "index": 1, "previous_hash": "{}", "proof": 0, "timestamp": "2026-11-21 00:00:00", "transactions": []}}], "length": 1}}"#,
        "0".repeat(64)
    );
    let report = report(&LyingPeer::holding(genesis).await).await;
    assert_is(&report, Outcome::Invalid, "it is a coin node");
}

#[tokio::test]
async fn a_python_nodes_answer_is_a_valid_chain() {
    let vector = include_str!("../vectors/classic/chain.json");
    for marked in [vector.to_owned(), format!("\u{feff}{vector}")] {
        let report = report(&LyingPeer::holding(marked).await).await;
        assert_is(
            &report,
            Outcome::LongerNotChosen,
            "15 valid blocks, this node has 1",
        );
    }
}

#[tokio::test]
async fn what_is_not_a_chain_is_invalid() {
    let first = Block::first("x");
    for (content, detail) in [
        ("hello".to_owned(), "not a JSON object"),
        ("<html></html>".to_owned(), "not a JSON object"),
        ("[]".to_owned(), "not a JSON object"),
        (String::new(), ""),
        ("{}".to_owned(), "member 'chain'"),
        (r#"{"chain": 5}"#.to_owned(), "'chain' is not an array"),
        (
            r#"{"chain": [], "length": 0}"#.to_owned(),
            "no block at all",
        ),
        (
            r#"{"chain": [1]}"#.to_owned(),
            "block 1 is not a JSON object",
        ),
        (
            r#"{"chain": [], "chain": []}"#.to_owned(),
            "two members 'chain'",
        ),
        (
            format!(r#"{{"chain": [{}"#, first.text()),
            "ends in the middle",
        ),
        (
            format!(r#"{{"chain": [{}}}"#, first.text()),
            "not JSON behind block 1",
        ),
    ] {
        let report = report(&LyingPeer::holding(&content).await).await;
        assert_is(&report, Outcome::Invalid, detail);
        assert_eq!(report.length, None, "{content}");
    }
}

#[tokio::test]
async fn heads_that_no_chain_has_are_explained() {
    let metadata = "http://169.254.169.254/latest/meta-data/";
    for (head, outcome, detail) in [
        (
            format!("HTTP/1.1 302 Found\r\nlocation: {metadata}\r\ncontent-length: 0\r\n\r\n"),
            Outcome::Invalid,
            "redirect (302) to http://169.254.169.254/latest/meta-data/",
        ),
        (
            format!(
                "HTTP/1.0 500 X\r\n\r\nsome\u{1b}[31m trouble{}",
                "!".repeat(9_999)
            ),
            Outcome::Invalid,
            "status 500 Internal Server Error in place of its chain: some\\u{1b}[31m trouble!!!",
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\n\x1f\x0b"
                .to_owned(),
            Outcome::Invalid,
            "content encoding gzip",
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999\r\n\r\n{".to_owned(),
            Outcome::Refused,
            "claims a body of 99999999999999 bytes",
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"chain\": [".to_owned(),
            Outcome::Unreachable,
            "the connection broke",
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nhow many?\r\n{}".to_owned(),
            Outcome::Unreachable,
            "the connection broke",
        ),
        (
            format!("HTTP/1.1 200 OK\r\nx: {}", "x".repeat(1024 * 1024)),
            Outcome::Unreachable,
            "the connection broke",
        ),
        (
            "SSH-2.0-OpenSSH\r\n".to_owned(),
            Outcome::Unreachable,
            "the connection broke",
        ),
        (String::new(), Outcome::Unreachable, "the connection broke"),
    ] {
        let report = report(&LyingPeer::saying(head).await).await;
        assert_is(&report, outcome, detail);
        assert!(report.detail.len() < 600, "{}", report.detail);
    }
}

/// A change of one block's text, and what is said of it.
type Break = (usize, &'static str, &'static str, &'static str);

#[tokio::test]
async fn the_first_broken_block_is_named() {
    let blocks = chain("theirs", 6);
    let breaks: [Break; 9] = [
        (
            1,
            r#""index": 1"#,
            r#""index": 0"#,
            "block 1 claims index 0",
        ),
        (1, r#""proof": 1"#, r#""proof": 2"#, "block 1 has proof 2"),
        (1, r#""0""#, r#""00""#, "block 1 claims previous hash"),
        (1, "[]", "[1]", "block 1 holds transactions"),
        (
            4,
            r#""index": 4"#,
            r#""index": 5"#,
            "block 4 claims index 5",
        ),
        (
            4,
            r#""proof": 21391"#,
            r#""proof": 21392"#,
            "block 4 has proof 21392",
        ),
        (
            4,
            r#""proof": 21391"#,
            r#""proof": 21391.0"#,
            "block 4 has 21391.0 as 'proof'",
        ),
        (
            4,
            r#""timestamp""#,
            r#""time""#,
            "block 4 has no member 'timestamp'",
        ),
        (
            4,
            "theirs\", \"sender",
            "mine\", \"sender",
            "block 5 claims previous hash",
        ),
    ];
    for (number, from, to, detail) in breaks {
        let mut texts: Vec<String> = blocks.iter().map(|b| b.text().to_owned()).collect();
        let changed = texts[number - 1].replacen(from, to, 1);
        assert_ne!(texts[number - 1], changed, "{from}");
        texts[number - 1] = changed;
        let content = body(texts.iter().map(String::as_str), 6);
        let report = report(&LyingPeer::holding(content).await).await;
        assert_is(&report, Outcome::Invalid, detail);
        assert_is(&report, Outcome::Invalid, "until an honest chain is longer");
    }
}

#[tokio::test]
async fn a_broken_block_ends_an_endless_answer() {
    let start = format!(r#"{{"chain": [{}, {{}}"#, Block::first("x").text());
    let peer = LyingPeer::endless(&start, |_| r#", {"more": "and more"}"#.repeat(500)).await;
    assert_is(
        &report(&peer).await,
        Outcome::Invalid,
        "block 2 has no member",
    );
}

#[tokio::test]
async fn addresses_out_of_reach_are_not_called() {
    let peer = LyingPeer::holding(body_of(&chain("theirs", 2))).await;
    let by_name: PeerAddress = format!("localhost:{}", peer.address.port())
        .parse()
        .expect("an address");
    let metadata: PeerAddress = "169.254.169.254:80".parse().expect("an address");
    let https: PeerAddress = "https://127.0.0.1:1001".parse().expect("an address");
    let peers = [peer.address.clone(), by_name, metadata, https];
    let public = puller_with(Reach::Public, CallLimits::default(), PullLimits::default());
    let round = public.pull_all(&peers, own(&[])).await;
    assert_is(&round.reports[0], Outcome::Refused, "--allow-private-peers");
    assert_is(&round.reports[1], Outcome::Refused, "--allow-private-peers");
    assert_is(&round.reports[2], Outcome::Refused, "metadata");
    assert_is(&round.reports[3], Outcome::Refused, "http");
    assert!(peer.requests().is_empty());

    let round = puller(PullLimits::default())
        .pull_all(&peers[1..3], own(&[]))
        .await;
    assert_is(
        &round.reports[0],
        Outcome::LongerNotChosen,
        "2 valid blocks",
    );
    assert_is(&round.reports[1], Outcome::Refused, "metadata");
    assert!(peer.requests()[0].contains("host: localhost:"));
}
