//! The HTTP server's limits of time: who is slow is cut, who is not lives; and the server's own end.
//!
//! Each test shortens one limit and leaves the others out of reach. Nothing here asserts how long something took, only
//! whether it was cut.

use std::time::Duration;

use bcoin::limits::HttpLimits;
use socket2::SockRef;
use tokio::io::AsyncReadExt;
use tokio::time::sleep;

use crate::http_world::{Client, World, patient};

const SHORT: Duration = Duration::from_millis(400);

/// Asks now and then, for longer than the short limit.
async fn asks_on(client: &mut Client) -> bool {
    for _ in 0..5 {
        sleep(SHORT / 3).await;
        if !client.lives().await {
            return false;
        }
    }
    true
}

#[tokio::test]
async fn a_socket_without_a_first_byte_is_closed() {
    let world = World::start(HttpLimits {
        first_byte: SHORT,
        ..patient()
    })
    .await;
    let mut honest = world.connect().await;
    assert!(honest.lives().await);
    let mut silent = world.connect().await;
    assert!(asks_on(&mut honest).await);
    assert!(silent.is_closed().await);
    sleep(SHORT * 2).await;
    assert!(
        honest.lives().await,
        "between requests this limit does not run"
    );
}

#[tokio::test]
async fn headers_that_trickle_are_cut_however_steadily() {
    let world = World::start(HttpLimits {
        headers: SHORT,
        ..patient()
    })
    .await;
    let mut honest = world.connect().await;
    for piece in ["GET /he", "llo HTTP/1.1\r\nHo", "st: localhost\r\n", "\r\n"] {
        honest.send(piece).await;
        sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(honest.answer().await.status, 200);

    for first_request in [true, false] {
        let mut trickling = world.connect().await;
        if !first_request {
            assert!(trickling.lives().await);
        }
        trickling.send("GET /hello HTTP/1.1\r\nX: ").await;
        // Ends when the server closes, whatever was sent meanwhile.
        while trickling.send("a").await {
            sleep(Duration::from_millis(20)).await;
        }
        assert!(trickling.is_closed().await);
    }
    assert!(honest.lives().await);
}

#[tokio::test]
async fn a_body_that_does_not_come_is_a_408() {
    let world = World::start(HttpLimits {
        body: SHORT,
        ..patient()
    })
    .await;
    let head = "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\n";
    let mut honest = world.connect().await;
    honest.send(head).await;
    sleep(Duration::from_millis(5)).await;
    honest.send("1234").await;
    assert_eq!(honest.answer().await.body, "1234");

    let mut stalled = world.connect().await;
    stalled.send(head).await;
    stalled.send("12").await;
    assert_eq!(stalled.answer().await.status, 408);
    assert!(stalled.is_closed().await);
}

#[tokio::test]
async fn a_reader_that_stalls_is_cut_and_one_that_reads_slowly_is_not() {
    let stalled_reader = Duration::from_secs(1);
    let world = World::start(HttpLimits {
        stalled_reader,
        ..patient()
    })
    .await;
    let mut slow = world.connect().await;
    SockRef::from(&slow.0)
        .set_recv_buffer_size(1 << 16)
        .expect("a small buffer");
    slow.get("/endless").await;
    world.alive(1).await;
    let mut stalled = world.connect().await;
    stalled.get("/endless").await;
    world.alive(2).await;

    let mut buffer = vec![0; 1 << 14];
    for _ in 0..80 {
        let read = slow.0.read(&mut buffer).await;
        assert!(
            read.is_ok_and(|count| count > 0),
            "the slow reader is served"
        );
        sleep(stalled_reader / 20).await;
    }
    // Only the slow reader's body still exists.
    world.alive(1).await;
    drop(slow);
    world.alive(0).await;
    assert!(world.connect().await.lives().await);
}

#[tokio::test]
async fn an_answer_that_takes_its_time_to_come_is_no_stall() {
    let limits = HttpLimits {
        first_byte: SHORT,
        headers: SHORT,
        stalled_reader: SHORT,
        idle: SHORT,
        ..patient()
    };
    let world = World::start(limits).await;
    let mut client = world.connect().await;
    client.get("/slow").await;
    world.alive(1).await;
    sleep(SHORT * 3).await;
    world.let_go.add_permits(1);
    assert_eq!(client.answer().await.body, "slow");
}

#[tokio::test]
async fn a_connection_without_a_next_request_is_closed() {
    let world = World::start(HttpLimits {
        idle: SHORT,
        ..patient()
    })
    .await;
    let mut idle = world.connect().await;
    assert!(idle.lives().await);
    let mut honest = world.connect().await;
    assert!(asks_on(&mut honest).await);
    assert!(idle.is_closed().await);
}

#[tokio::test]
async fn a_client_that_never_closes_is_closed_upon() {
    let world = World::start(HttpLimits {
        closing: SHORT,
        ..patient()
    })
    .await;
    let mut client = world.connect().await;
    client
        .send("GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .await;
    assert_eq!(client.answer().await.status, 200);
    assert!(client.is_closed().await);
    // What it sends is dropped for a while, then refused.
    while client.send("more").await {
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_client_that_goes_away_stops_what_it_asked_for() {
    let world = World::start(patient()).await;
    let mut client = world.connect().await;
    client.get("/slow").await;
    world.alive(1).await;
    drop(client);
    world.alive(0).await;
}

#[tokio::test]
async fn shutdown_lets_requests_in_flight_finish_and_closes_the_idle() {
    let world = World::start(HttpLimits {
        shutdown: Duration::from_secs(60),
        ..patient()
    })
    .await;
    let mut silent = world.connect().await;
    let mut idle = world.connect().await;
    assert!(idle.lives().await);
    let mut busy = world.connect().await;
    busy.get("/slow").await;
    world.alive(1).await;

    world.shutdown.cancel();
    assert!(idle.is_closed().await);
    assert!(silent.is_closed().await);
    assert!(
        tokio::net::TcpStream::connect(world.address).await.is_err(),
        "nobody new is taken"
    );
    assert!(!world.served.is_finished());
    world.let_go.add_permits(1);
    assert_eq!(busy.answer().await.body, "slow");
    world.served.await.expect("ends by itself");
}

#[tokio::test]
async fn shutdown_does_not_wait_for_ever() {
    let world = World::start(HttpLimits {
        shutdown: SHORT,
        ..patient()
    })
    .await;
    let mut endless = world.connect().await;
    endless.get("/endless").await;
    let mut busy = world.connect().await;
    busy.get("/slow").await;
    world.alive(2).await;
    world.shutdown.cancel();
    let alive = std::sync::Arc::clone(&world.alive);
    world.served.await.expect("ends");
    assert_eq!(alive.load(std::sync::atomic::Ordering::SeqCst), 0);
    assert!(busy.is_closed().await);
}
