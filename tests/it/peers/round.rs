//! All peers asked at once: who is chosen, and what is told of the others.

use bcoin::peers::address::PeerAddress;
use bcoin::peers::pull::PullLimits;
use bcoin::peers::round::{Outcome, Round, mark_adopted, mark_overtaken};
use bcoin::protocol::classic::block::{Block, Height};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{assert_is, own, puller};
use crate::chains::{body, body_of, chain};
use crate::lying_peer::LyingPeer;

#[tokio::test]
async fn the_longest_chain_wins_and_the_first_known_wins_a_tie() {
    let mine = chain("mine", 5);
    let bodies = [
        ("short", 3, 3),
        ("equal", 5, 5),
        ("longer", 7, 7),
        ("longest", 9, 9),
        ("as long", 9, 9),
        ("boaster", 6, 1_000),
    ];
    let mut peers = Vec::new();
    for (name, length, claimed) in bodies {
        let blocks = chain(name, length);
        peers.push(LyingPeer::holding(body(blocks.iter().map(Block::text), claimed)).await);
    }
    let same = LyingPeer::holding(body_of(&mine)).await;
    let closed = "127.0.0.1:1".parse().expect("an address");
    let mut addresses: Vec<PeerAddress> = peers.iter().map(|peer| peer.address.clone()).collect();
    addresses.extend([same.address.clone(), closed]);
    // Fewer turns than peers: everybody is heard all the same.
    let limits = PullLimits {
        bodies: 2,
        ..PullLimits::default()
    };
    let Round {
        mut reports,
        longest,
    } = puller(limits).pull_all(&addresses, own(&mine)).await;
    let longest = longest.expect("a longer chain");
    assert_eq!(longest.peer, addresses[3]);
    assert_eq!(longest.fork_height(), Height(0));
    assert_eq!(longest.tip, chain("longest", 9)[8].link());
    let told: Vec<&PeerAddress> = reports.iter().map(|report| &report.address).collect();
    assert_eq!(told, addresses.iter().collect::<Vec<_>>());

    let mut overtaken = reports.clone();
    mark_overtaken(&mut overtaken, &longest.peer, Height(10));
    assert_is(&overtaken[3], Outcome::ValidNotLonger, "grew to 10");
    mark_adopted(&mut reports, &longest.peer);
    assert_is(
        &reports[0],
        Outcome::ValidNotLonger,
        "3 valid blocks, this node has 5",
    );
    assert_is(
        &reports[1],
        Outcome::ValidNotLonger,
        "differ from the first block on",
    );
    assert_is(
        &reports[2],
        Outcome::LongerNotChosen,
        &format!("{} has 9", longest.peer),
    );
    assert_is(&reports[3], Outcome::Adopted, "adopted: 9 valid blocks");
    assert_is(
        &reports[4],
        Outcome::LongerNotChosen,
        "which was known first",
    );
    assert_is(
        &reports[5],
        Outcome::LongerNotChosen,
        "it claims a length of 1000",
    );
    assert_is(
        &reports[6],
        Outcome::ValidNotLonger,
        "the chains are the same",
    );
    assert_is(
        &reports[7],
        Outcome::Unreachable,
        "check that the node is started",
    );
    assert_eq!(reports[5].length, Some(6));
}

#[tokio::test]
async fn dropping_a_pull_hangs_up() {
    let (hung_up, mut told) = tokio::sync::mpsc::channel(1);
    let (asked, mut was_asked) = tokio::sync::mpsc::channel(1);
    let peer = LyingPeer::playing(move |mut socket| {
        let (hung_up, asked) = (hung_up.clone(), asked.clone());
        async move {
            let _ = socket
                .write_all(b"HTTP/1.1 200 OK\r\n\r\n{\"chain\": [")
                .await;
            let _ = asked.send(()).await;
            let _ = socket.read_u8().await;
            let _ = hung_up.send(()).await;
        }
    })
    .await;
    let puller = puller(PullLimits::default());
    tokio::select! {
        _ = puller.pull(&peer.address, own(&[])) => unreachable!("the peer says no more"),
        _ = was_asked.recv() => {}
    }
    assert_eq!(told.recv().await, Some(()));
}
