//! Sessions that are not opened, at the one end and at the other.

use super::*;

#[tokio::test]
async fn a_browser_or_an_improper_request_opens_nothing() {
    let mut world = World::start(HttpLimits::default()).await;
    let but = |at: usize, line: &'static str| {
        let mut lines = UPGRADE.to_vec();
        lines[at] = line;
        lines
    };
    let and = |line: &'static str| [&UPGRADE[..], &[line]].concat();
    for (lines, status, says) in [
        (and("Origin: http://evil.example"), 403, "between nodes"),
        (and("Origin: http://localhost"), 403, "between nodes"),
        (and("Origin: null"), 403, "between nodes"),
        (and("Sec-Fetch-Site: same-origin"), 403, "between nodes"),
        (and("Sec-Fetch-Mode: websocket"), 403, "between nodes"),
        (and("User-Agent: Mozilla/5.0 (X11)"), 403, "between nodes"),
        (and("Accept-Language: en"), 403, "between nodes"),
        (and("Host: localhost"), 400, "more than one host"),
        (but(4, "Sec-WebSocket-Protocol: bcoin.2"), 400, "bcoin.1"),
        (but(4, "X-Nothing: 1"), 400, "bcoin.1"),
        (but(3, "Sec-WebSocket-Key: short"), 400, "sec-websocket-key"),
        (
            but(3, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQxx"),
            400,
            "sec-websocket-key",
        ),
        (but(2, "Sec-WebSocket-Version: 8"), 426, "version 13"),
        (but(1, "Upgrade: h2c"), 426, "upgrade"),
        (but(0, "Connection: keep-alive"), 426, "upgrade"),
        (vec![], 426, "upgrade"),
    ] {
        let answer = world.ask(&lines).await;
        assert_eq!(answer.status, status, "{lines:?}: {}", answer.body);
        assert!(
            answer.body.to_lowercase().contains(says),
            "{lines:?}: {}",
            answer.body
        );
        assert!(answer.head.contains("application/problem+json"));
    }
    let mut foreign = world.connect().await;
    foreign
        .send(request(&UPGRADE).replace("localhost", "evil.example"))
        .await;
    assert_eq!(foreign.answer().await.status, 421);
    assert!(world.inbound.try_recv().is_err());
    assert_eq!(world.acceptor.taken(), 0);
    world.dial().await.expect("nodes come in");
}

#[tokio::test]
async fn nodes_that_do_things_by_hand_take_no_sessions() {
    let classic = network::TestNode::start("m").await;
    let problem = classic.problem("/v1/session", 404).await;
    assert_eq!(problem["type"], "/problems/no-sessions");
    let detail = problem["detail"].as_str().expect("text");
    assert!(detail.contains("--sync manual"), "{detail}");
    let address = classic.daemon.address;
    let peer = PeerAddress::http(address.ip(), address.port());
    let refused = dial(Reach::Loopback, &peer, DialLimits::default()).await;
    assert_eq!(refused.err(), Some(DialError::NoSessions { status: 404 }));

    let node = TestNode::new(Parameters::dev(), 1_800_000_000);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (http, shutdown) = (HttpLimits::default(), CancellationToken::new());
    let router = router(&node, None, address, &http, &shutdown);
    tokio::spawn(serve(listener, router, http, shutdown.clone()));
    let peer = PeerAddress::http(address.ip(), address.port());
    let refused = dial(Reach::Loopback, &peer, DialLimits::default()).await;
    assert_eq!(refused.err(), Some(DialError::NoSessions { status: 404 }));
    shutdown.cancel();
}

/// A server that gives every connection the same bytes, once a request came.
async fn canned(answer: impl Into<Vec<u8>>) -> PeerAddress {
    let answer = answer.into();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(&answer).await;
            let _ = stream.read(&mut request).await;
        }
    });
    PeerAddress::http(address.ip(), address.port())
}

fn problem(status: &str, kind: &str, detail: &str) -> String {
    let body =
        serde_json::json!({"type": format!("/problems/{kind}"), "detail": detail}).to_string();
    let length = body.len();
    format!(
        "HTTP/1.1 {status} X\r\nContent-Type: application/problem+json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

#[tokio::test]
async fn every_answer_that_is_no_session_has_its_name() {
    let limits = DialLimits {
        answer: Duration::from_secs(1),
        ..DialLimits::default()
    };
    let switching = |more: &str| {
        format!("HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n{more}\r\n\r\n")
    };
    for (answer, error) in [
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi".to_owned(),
            "takes no sessions (status 200)",
        ),
        (
            "HTTP/1.1 404 NOT FOUND\r\nContent-Type: text/html\r\n\r\n<h1>".to_owned(),
            "takes no sessions (status 404)",
        ),
        (
            "HTTP/1.1 302 X\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"
                .to_owned(),
            "takes no sessions (status 302)",
        ),
        (
            "HTTP/1.1 500 X\r\nContent-Length: 4\r\n\r\noops".to_owned(),
            "takes no sessions (status 500)",
        ),
        (
            problem("404", "no-sessions", "none"),
            "takes no sessions (status 404)",
        ),
        (
            problem("503", "busy", "full\u{1b}[2J"),
            "(status 503): full\\u{1b}[2J",
        ),
        (
            problem("421", "unknown-host", &"x".repeat(2_000)),
            &"x".repeat(200),
        ),
        (
            problem("400", "session-version", "speaks bcoin.9"),
            "another version of sessions, this node speaks bcoin.1: speaks bcoin.9",
        ),
        (
            switching("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
            "answers another key",
        ),
        (
            "HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n".to_owned(),
            "something else",
        ),
        (
            format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "y".repeat(100_000)),
            "the connection broke",
        ),
        ("SSH-2.0-OpenSSH_9.9\r\n".to_owned(), "the connection broke"),
        (String::new(), "no answer within 1 s"),
        (
            "HTTP/1.1 101 X\r\nConnection:".to_owned(),
            "no answer within 1 s",
        ),
    ] {
        let peer = canned(answer.as_str()).await;
        let told = dial(Reach::Loopback, &peer, limits).await.err();
        let told = told.expect("no session").to_string();
        assert!(told.contains(error), "{error}: {told}");
        assert!(told.len() < 400, "{told}");
    }

    let free = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = free.local_addr().expect("an address");
    drop(free);
    let nobody = PeerAddress::http(address.ip(), address.port());
    let told = dial(Reach::Loopback, &nobody, limits).await.err();
    assert!(
        matches!(told, Some(DialError::NotConnected { .. })),
        "{told:?}"
    );
    for (name, reach) in [
        ("localhost:1", Reach::Private),
        ("127.0.0.1:1", Reach::Public),
    ] {
        let told = dial(reach, &name.parse().expect(name), limits).await.err();
        let refused = matches!(
            told,
            Some(DialError::NotCalled(ResolveError::OutOfReach(_)))
        );
        assert!(refused, "{name}: {told:?}");
    }
    let https = dial(
        Reach::Loopback,
        &"https://127.0.0.1:1".parse().expect("one"),
        limits,
    )
    .await;
    assert_eq!(
        https.err(),
        Some(DialError::NotCalled(ResolveError::HttpsNotSpoken))
    );
}

#[tokio::test]
async fn an_owner_with_too_much_to_do_is_busy_and_one_that_is_gone_ends() {
    let (sender, mut inbound) = mpsc::channel::<Inbound>(1);
    let acceptor = Acceptor::with_places(sender, TaskTracker::new(), 5);
    let first = acceptor.place().expect("a place");
    let told = acceptor.place().err().expect("no room").to_string();
    assert!(told.contains("faster than"), "{told}");
    drop(first);
    assert_eq!(acceptor.taken(), 0);
    inbound.close();
    let told = acceptor.place().err().expect("nobody there").to_string();
    assert!(told.contains("the node ends"), "{told}");
}
