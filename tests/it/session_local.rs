//! Nodes that find each other by multicast DNS, over whatever interfaces the machine has that carry it.

use std::time::Duration;

use bcoin::peers::address::PeerAddress;
use bcoin::peers::live::local::{Announced, Found, LocalError, find_local};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// No test asserts a time; where multicast works at all, an answer comes long before this.
const LONG_ENOUGH: Duration = Duration::from_secs(10);
const TOO_LONG: Duration = Duration::from_secs(60);

type Search = (mpsc::Receiver<Found>, JoinHandle<Result<(), LocalError>>);

fn node(network: &str, key: &str, port: u16, shutdown: &CancellationToken) -> Search {
    let us = Announced {
        network: network.to_owned(),
        key: key.repeat(64),
        listens: ([127, 0, 0, 1], port).into(),
    };
    let (sender, found) = mpsc::channel(16);
    (
        found,
        tokio::spawn(find_local(us, sender, shutdown.clone())),
    )
}

#[tokio::test]
async fn two_nodes_of_one_network_find_each_other_and_none_of_another() {
    let shutdown = CancellationToken::new();
    let network = format!("test-{}", std::process::id());
    let (mut by_one, one) = node(&network, "a", 40_001, &shutdown);
    let (mut by_other, other) = node(&network, "b", 40_002, &shutdown);
    let (mut by_stranger, stranger) = node("another", "c", 40_003, &shutdown);
    let both = async { tokio::join!(by_one.recv(), by_other.recv()) };
    match tokio::time::timeout(LONG_ENOUGH, both).await {
        Ok((by_one, by_other)) => {
            for (found, key, port) in [(by_one, "b", 40_002), (by_other, "a", 40_001)] {
                let found = found.expect("a node");
                assert_eq!(found.key, key.repeat(64));
                assert_eq!(
                    found.address,
                    PeerAddress::http([127, 0, 0, 1].into(), port)
                );
            }
        }
        Err(_) => {
            eprintln!("no multicast on loopback here: whether nodes find each other was not tried")
        }
    }
    assert!(by_stranger.try_recv().is_err());
    // With or without multicast, a search ends when it is told to.
    shutdown.cancel();
    for search in [one, other, stranger] {
        let ended = tokio::time::timeout(TOO_LONG, search).await;
        let ended = ended.expect("it ends").expect("without a panic");
        if let Err(error) = ended {
            eprintln!("no multicast DNS here: {error}");
        }
    }
}
