//! The HTTP server's limits of number and size: N is accepted, N+1 is not; and who goes when there are too many.

use std::sync::atomic::Ordering;
use std::time::Duration;

use bcoin::api::problem::PROBLEM_JSON;
use bcoin::limits::HttpLimits;

use crate::http_world::{Client, ECHO_BYTES, World, patient};

async fn silent(world: &World, count: usize) -> Vec<Client> {
    let mut clients = Vec::new();
    for _ in 0..count {
        clients.push(world.connect().await);
    }
    clients
}

#[tokio::test]
async fn of_one_private_address_n_silent_connections_stay_and_one_more_ends_the_oldest() {
    let world = World::start(HttpLimits {
        connections_of_private: 3,
        ..patient()
    })
    .await;
    let mut clients = silent(&world, 3).await;
    // Another connection of the address would end one: that all three live is seen on themselves, later.
    let mut fourth = world.connect().await;
    assert!(clients[0].is_closed().await);
    for client in clients.iter_mut().skip(1) {
        assert!(client.lives().await);
    }
    assert!(fourth.lives().await);
    // Those three have completed a request and no longer count.
    let mut more = silent(&world, 3).await;
    assert!(more[0].lives().await && more[1].lives().await && more[2].lives().await);
    for client in clients.iter_mut().skip(1) {
        assert!(client.lives().await);
    }
}

#[tokio::test]
async fn n_connections_in_all_stay_and_one_more_ends_a_silent_one_before_any_other() {
    let world = World::start(HttpLimits {
        connections: 4,
        ..patient()
    })
    .await;
    let mut served = world.connect().await;
    served.get("/slow").await;
    world.alive(1).await;
    let mut idle = world.connect().await;
    assert!(idle.lives().await);
    let mut mute = silent(&world, 2).await;

    let mut fifth = world.connect().await;
    assert!(
        mute[0].is_closed().await,
        "of two silent ones the older goes"
    );
    assert!(fifth.lives().await);
    let mut sixth = world.connect().await;
    assert!(mute[1].is_closed().await);
    assert!(sixth.lives().await);
    let mut seventh = world.connect().await;
    assert!(
        idle.is_closed().await,
        "of the idle ones the one longest without a request goes"
    );
    assert!(seventh.lives().await && sixth.lives().await && fifth.lives().await);

    world.let_go.add_permits(1);
    assert_eq!(
        served.answer().await.body,
        "slow",
        "the request in flight was not disturbed"
    );
}

#[tokio::test]
async fn a_newcomer_is_refused_when_everybody_is_being_served() {
    let world = World::start(HttpLimits {
        connections: 2,
        ..patient()
    })
    .await;
    let mut served = silent(&world, 2).await;
    for client in &mut served {
        client.get("/slow").await;
    }
    world.alive(2).await;
    assert!(world.connect().await.is_closed().await);
    world.let_go.add_permits(2);
    for client in &mut served {
        assert_eq!(client.answer().await.body, "slow");
    }
    assert!(world.connect().await.lives().await);
}

#[tokio::test]
async fn a_burst_of_a_thousand_silent_sockets_leaves_honest_requests_answered() {
    let _ = rlimit::increase_nofile_limit(4096);
    let world = World::start(patient()).await;
    let mut before = world.connect().await;
    assert!(before.lives().await);
    let mut mute = Vec::new();
    for round in 0..10 {
        mute.extend(silent(&world, 100).await);
        assert!(
            world.connect().await.lives().await,
            "after {} silent sockets",
            (round + 1) * 100
        );
        assert!(before.lives().await, "who was there before");
    }
    assert!(mute[0].is_closed().await, "somebody had to go");
}

/// A request whose line and headers have exactly this size.
fn request_of(size: usize) -> String {
    let empty = "GET /hello HTTP/1.1\r\nHost: localhost\r\nX: \r\n\r\n";
    empty.replace("X: ", &format!("X: {}", "a".repeat(size - empty.len())))
}

#[tokio::test]
async fn headers_of_n_bytes_are_taken_and_one_more_is_not() {
    let world = World::start(patient()).await;
    let limit = HttpLimits::default().header_bytes;
    let mut client = world.connect().await;
    client.send(request_of(limit)).await;
    assert_eq!(client.answer().await.status, 200);
    client.send(request_of(limit + 1)).await;
    let answer = client.answer().await;
    assert_eq!(answer.status, 431);
    assert!(
        answer.head.contains(PROBLEM_JSON) && answer.body.contains("cookies"),
        "{answer:?}"
    );
    assert!(client.is_closed().await);

    let mut flood = world.connect().await;
    flood.send(request_of(limit * 64)).await;
    assert_eq!(flood.answer().await.status, 431);
}

fn post_of(body: &str) -> String {
    format!(
        "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[tokio::test]
async fn a_body_of_n_bytes_is_taken_and_one_more_is_not() {
    let world = World::start(patient()).await;
    let mut client = world.connect().await;
    client.send(post_of(&"1".repeat(ECHO_BYTES))).await;
    assert_eq!(client.answer().await.body.len(), ECHO_BYTES);
    client.send(post_of(&"1".repeat(ECHO_BYTES + 1))).await;
    let answer = client.answer().await;
    assert_eq!(answer.status, 413);
    assert!(
        answer.body.contains(&format!("\"limit\":{ECHO_BYTES}")),
        "{answer:?}"
    );

    let mut chunked = world.connect().await;
    let chunk = format!("{ECHO_BYTES:x}\r\n{}\r\n", "1".repeat(ECHO_BYTES));
    let head = "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
    chunked.send(format!("{head}{chunk}0\r\n\r\n")).await;
    assert_eq!(chunked.answer().await.status, 200);
    chunked
        .send(format!("{head}{chunk}1\r\n1\r\n0\r\n\r\n"))
        .await;
    assert_eq!(chunked.answer().await.status, 413);
}

#[tokio::test]
async fn who_sends_far_too_much_can_still_read_why_it_was_refused() {
    let world = World::start(patient()).await;
    for _ in 0..10 {
        let mut client = world.connect().await;
        // It writes all of it before it reads, as many clients do.
        assert!(
            client.send(post_of(&"1".repeat(8 << 20))).await,
            "the server takes it, and drops it"
        );
        assert_eq!(client.answer().await.status, 413);
    }
}

#[tokio::test]
async fn n_requests_may_be_in_flight_and_one_more_is_told_to_come_back() {
    let world = World::start(HttpLimits {
        in_flight: 2,
        ..patient()
    })
    .await;
    let mut busy = silent(&world, 2).await;
    busy[0].get("/slow").await;
    busy[1].get("/endless").await;
    world.alive(2).await;
    let answer = world.ask("/hello").await;
    assert_eq!(answer.status, 503);
    assert!(answer.head.contains("retry-after: 1\r\n"), "{answer:?}");

    // The answer that is still being sent counts, until its reader goes.
    busy.pop();
    world.alive(1).await;
    while world.guard.in_flight() > 1 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert_eq!(world.ask("/hello").await.status, 200);
    world.let_go.add_permits(1);
    assert_eq!(busy[0].answer().await.body, "slow");
}

#[tokio::test]
async fn a_request_knows_both_ends_of_its_connection() {
    let world = World::start(patient()).await;
    let mut client = world.connect().await;
    let own = client.0.local_addr().expect("an address");
    client.get("/facts").await;
    assert_eq!(
        client.answer().await.body,
        format!("{own} {}", world.address)
    );
}

#[tokio::test]
async fn the_guard_stands_before_the_wire() {
    let world = World::start(patient()).await;
    let mut client = world.connect().await;
    for (request, status) in [
        ("GET /hello HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421),
        (
            "GET http://evil.example/hello HTTP/1.1\r\nHost: localhost\r\n\r\n",
            421,
        ),
        ("GET /hello HTTP/1.1\r\n\r\n", 400),
        (
            "GET /change HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n\r\n",
            403,
        ),
        (
            "GET /change HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: cross-site\r\n\r\n",
            403,
        ),
        (
            "GET /change HTTP/1.1\r\nHost: localhost\r\nSec-Purpose: prefetch\r\n\r\n",
            403,
        ),
    ] {
        client.send(request).await;
        assert_eq!(client.answer().await.status, status, "{request}");
    }
    assert_eq!(world.changes.load(Ordering::SeqCst), 0);

    let url = format!("http://{}/change", world.address);
    let http = reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("a client");
    assert_eq!(
        http.head(&url).send().await.expect("an answer").status(),
        405
    );
    assert_eq!(world.changes.load(Ordering::SeqCst), 0);
    let answer = http.get(&url).send().await.expect("an answer");
    assert_eq!(
        answer.headers()["content-security-policy"],
        "default-src 'self'"
    );
    assert_eq!(answer.status(), 200);
    assert_eq!(world.changes.load(Ordering::SeqCst), 1);
}
