//! Nodes without sessions, met by plain HTTP: asked for their chains by themselves, told of ours when that is wished.

mod canned;

use std::time::Duration;

use axum::http::Method;
use bcoin::daemon::{Daemon, Settings};
use bcoin::peers::address::PeerAddress;
use bcoin::peers::live::following::FollowSettings;
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::coin_network::CoinNode;
use canned::Canned;

/// No test asserts a time; this one only keeps a failing test from hanging.
const TOO_LONG: Duration = Duration::from_secs(60);
const MOMENT: Duration = Duration::from_millis(10);

/// Following others, and asking those without sessions ten times a second.
fn following(nudge: bool) -> FollowSettings {
    FollowSettings {
        poll: Duration::from_millis(100),
        nudge,
        ..FollowSettings::default()
    }
}

/// A classic node, and its folder.
async fn classic(peers: Vec<PeerAddress>, follow: Option<FollowSettings>) -> (Daemon, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let settings = Settings {
        peers,
        follow,
        ..Settings::new(folder.path().join("node"), "Meghna")
    };
    let daemon = Daemon::start(settings, listener).await.expect("it starts");
    (daemon, folder)
}

/// A classic node that follows `peer`.
async fn follower(peer: &Canned, nudge: bool) -> (Daemon, TempDir) {
    classic(vec![peer.address.clone()], Some(following(nudge))).await
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::time::sleep(MOMENT).await;
        }
    };
    let waited = tokio::time::timeout(TOO_LONG, waiting).await;
    assert!(waited.is_ok(), "never: {what}");
}

async fn mine(node: &Daemon) {
    let mined = reqwest::get(format!("http://{}/mine_block", node.address)).await;
    assert_eq!(mined.expect("an answer").status().as_u16(), 200);
}

#[tokio::test]
async fn a_node_without_sessions_is_followed_and_told_nothing_unasked() {
    let peer = Canned::start().await;
    peer.mine();
    let (node, _folder) = follower(&peer, false).await;
    let height = || node.node.tip().link.height.0;
    until("the first chain", || height() == 2).await;
    peer.mine();
    peer.mine();
    until("a later chain", || height() == 4).await;
    mine(&node).await;
    let before = peer.asked("/get_chain").len();
    until("further questions", || {
        peer.asked("/get_chain").len() > before + 2
    })
    .await;
    assert_eq!((height(), peer.length()), (5, 4), "a shorter chain is left");
    assert_eq!(peer.asked("/connect_node"), []);
    assert_eq!(peer.asked("/replace_chain"), []);
    let peers = reqwest::get(format!("http://{}/v1/peers", node.address)).await;
    let peers = peers.expect("an answer").text().await.expect("a text");
    let peers: serde_json::Value = serde_json::from_str(&peers).expect("JSON");
    let said = peers["peers"][0]["said"].as_str().unwrap_or_default();
    assert!(said.contains('4'), "the length of its chain: {peers}");
    assert!(peers["peers"][0].get("last_error").is_none(), "{peers}");
    node.shut_down().await;
}

#[tokio::test]
async fn a_node_without_sessions_is_nudged_after_tips_that_are_not_its_own() {
    let peer = Canned::start().await;
    peer.mine();
    let (node, _folder) = follower(&peer, true).await;
    until("its chain", || node.node.tip().link.height.0 == 2).await;
    let before = peer.asked("/get_chain").len();
    until("further questions", || {
        peer.asked("/get_chain").len() > before + 5
    })
    .await;
    assert_eq!(peer.asked("/replace_chain"), [], "it has that chain");
    mine(&node).await;
    until("a nudge", || !peer.asked("/replace_chain").is_empty()).await;
    let told = format!(r#"{{"nodes":["http://{}"]}}"#, node.address);
    let nudge = (Method::GET, "/replace_chain".to_owned(), String::new());
    let naming = (Method::POST, "/connect_node".to_owned(), told);
    assert_eq!(peer.asked("/connect_node"), std::slice::from_ref(&naming));
    let asked = peer.everything_asked();
    let place = |what| asked.iter().position(|one| *one == what);
    assert!(place(naming) < place(nudge), "{asked:?}");
    let before = peer.asked("/get_chain").len();
    until("further questions", || {
        peer.asked("/get_chain").len() > before + 5
    })
    .await;
    assert_eq!(peer.asked("/replace_chain").len(), 1, "once a tip");
    node.shut_down().await;
}

#[tokio::test]
async fn nodes_that_answer_byte_by_byte_hold_up_no_others() {
    let good = Canned::start().await;
    let mut slow = Vec::new();
    for _ in 0..3 {
        slow.push(Canned::slow().await);
    }
    let others = slow.iter().chain([&good]);
    let peers = others.map(|peer| peer.address.clone()).collect();
    let (node, _folder) = classic(peers, Some(following(false))).await;
    // Whoever hangs now was asked first of all; what the good one has it has after that.
    let hanging = || slow.iter().filter(|peer| peer.hanging() > 0).count();
    until("three questions that hang", || hanging() == 3).await;
    good.mine();
    let height = || node.node.tip().link.height.0;
    until("the good one's chain", || height() == 2).await;
    let first_still_hangs =
        |peer: &&Canned| peer.hanging() == 1 && peer.asked("/get_chain").len() == 1;
    assert!(slow.iter().filter(first_still_hangs).count() >= 2);

    // Neither does a round by hand, in which the slow ones are asked too.
    let url = format!("http://{}/replace_chain", node.address);
    let round = tokio::spawn(reqwest::get(url));
    until("a round by hand", || {
        slow.iter().all(|peer| peer.hanging() > 0) && slow.iter().any(|peer| peer.hanging() > 1)
    })
    .await;
    good.mine();
    good.mine();
    until("its later chain", || height() == 4).await;
    assert!(!round.is_finished(), "it waits for the slow ones");
    round.abort();
    node.shut_down().await;
}

#[tokio::test]
async fn nodes_that_never_answer_hold_up_no_others() {
    let good = Canned::start().await;
    let mut silent = Vec::new();
    for _ in 0..3 {
        silent.push(Canned::silent().await);
    }
    let others = silent.iter().chain([&good]);
    let peers = others.map(|peer| peer.address.clone()).collect();
    let (node, _folder) = classic(peers, Some(following(false))).await;
    let height = || node.node.tip().link.height.0;
    for length in 2..6 {
        until("a question that hangs", || {
            silent.iter().any(|peer| peer.hanging() > 0)
        })
        .await;
        good.mine();
        until("the good one's chain", || height() == length).await;
    }
    node.shut_down().await;
}

#[tokio::test]
async fn a_classic_node_that_follows_by_hand_is_followed() {
    let (manual, _first) = classic(Vec::new(), None).await;
    mine(&manual).await;
    let address = PeerAddress::http(manual.address.ip(), manual.address.port());
    let (node, _second) = classic(vec![address], Some(following(true))).await;
    let (there, here) = (|| manual.node.tip().link, || node.node.tip().link);
    until("its chain", || here() == there()).await;
    mine(&manual).await;
    mine(&manual).await;
    until("its later chain", || {
        here() == there() && here().height.0 == 4
    })
    .await;
    // It asks for nothing by itself, but does when it is nudged.
    mine(&node).await;
    until("our chain there", || {
        here() == there() && here().height.0 == 5
    })
    .await;
    node.shut_down().await;
    manual.shut_down().await;
}

#[tokio::test]
async fn a_coin_node_that_follows_by_hand_is_followed() {
    let manual = CoinNode::dev().await;
    manual.json("/mine_block").await;
    let address = manual.daemon.address;
    let node = CoinNode::start(|settings| {
        settings.peers = vec![PeerAddress::http(address.ip(), address.port())];
        settings.follow = Some(following(true));
    })
    .await;
    let there = || manual.daemon.node.tip().place;
    let here = || node.daemon.node.tip().place;
    until("its chain", || here().hash == there().hash).await;
    manual.json("/mine_block").await;
    manual.json("/mine_block").await;
    until("its later chain", || {
        here().hash == there().hash && here().number == 3
    })
    .await;
    node.json("/mine_block").await;
    until("our chain there", || {
        here().hash == there().hash && there().number == 4
    })
    .await;
}
