//! How many transactions may wait, by number and by their text together.

use bcoin::daemon::{Daemon, Settings};
use bcoin::limits::QueueLimits;
use reqwest::StatusCode;
use tokio::net::TcpListener;

const BODY: &str = r#"{"sender": "alice", "receiver": "bob", "amount": 1}"#;
/// The canonical text of that transaction.
const BYTES: u64 = r#"{"amount": 1, "receiver": "bob", "sender": "alice"}"#.len() as u64;

/// Three are taken, the fourth is not, until a block has made room.
async fn takes_three(queue_limits: QueueLimits) {
    let folder = tempfile::tempdir().expect("a folder");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let settings = Settings {
        queue_limits,
        ..Settings::new(folder.path(), "Bharathi")
    };
    let node = Daemon::start(settings, listener).await.expect("it starts");
    let url = format!("http://{}", node.address);
    let http = reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("a client");
    let add = async || {
        http.post(format!("{url}/add_transaction"))
            .body(BODY)
            .send()
            .await
            .expect("an answer")
    };
    for _ in 0..3 {
        assert_eq!(add().await.status(), StatusCode::CREATED);
    }
    let refused = add().await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.headers().contains_key("retry-after"));
    let problem = refused.text().await.expect("a problem");
    assert!(
        problem.contains("3 transactions wait already") && problem.contains("mine a block first"),
        "{problem}"
    );
    assert_eq!(node.node.tip().waiting, 3);
    let mined = http
        .get(format!("{url}/mine_block"))
        .send()
        .await
        .expect("an answer");
    assert_eq!(mined.status(), StatusCode::OK);
    assert_eq!(add().await.status(), StatusCode::CREATED);
    node.shut_down().await;
}

#[tokio::test]
async fn by_number() {
    takes_three(QueueLimits {
        transactions: 3,
        ..QueueLimits::default()
    })
    .await;
}

#[tokio::test]
async fn by_bytes() {
    takes_three(QueueLimits {
        bytes: 3 * BYTES,
        ..QueueLimits::default()
    })
    .await;
}
