use super::*;
use crate::api::changing::refuse_head;
use crate::api::serve::ConnectionFacts;
use axum::http::{Method, StatusCode};
use axum::routing::get;
use http_body_util::BodyExt;
use serde_json::Value;
use std::sync::atomic::AtomicBool;
use tower::ServiceExt;

const LOOPBACK: (&str, &str) = ("127.0.0.1:50000", "127.0.0.1:1001");
const NETWORK: (&str, &str) = ("172.18.0.7:50000", "172.18.0.2:1001");

struct House {
    app: Router,
    guard: Guard,
    changed: Arc<AtomicBool>,
    token: Token,
    _folder: tempfile::TempDir,
}

fn house(allow: &[&str]) -> House {
    let folder = tempfile::tempdir().expect("a folder");
    let token = Token::load_or_create(&folder.path().join("token")).expect("a token");
    let guard = Guard::new(GuardSettings {
        host_names: vec!["node2".to_owned()],
        allow: allow
            .iter()
            .map(|net| net.parse().expect("a network"))
            .collect(),
        token: Some(token.clone()),
        limits: HttpLimits {
            in_flight: 2,
            event_streams: 2,
            ..HttpLimits::default()
        },
    });
    let changed = Arc::new(AtomicBool::new(false));
    let change = Arc::clone(&changed);
    let mine = move || {
        change.store(true, Ordering::Relaxed);
        ready("mined")
    };
    let streams = guard.event_streams();
    let app = Router::new()
        .route(
            "/mine",
            get(mine.clone())
                .post(mine)
                .route_layer(guard.state_changing("GET, POST")),
        )
        .route(
            "/read",
            get(async || "text").route_layer(refuse_head("GET")),
        )
        .route(
            "/page",
            get(async || ([(header::CONTENT_SECURITY_POLICY, "own")], "page")),
        )
        .route(
            "/panic",
            get(async || -> &'static str { panic!("for the test") }),
        )
        .route(
            "/events",
            get(async move || {
                streams.open().map(|place| {
                    let body = Body::new(Held::new(Body::from("event"), Some(place)));
                    let mut response = Response::new(body);
                    response.extensions_mut().insert(EventStream);
                    response
                })
            }),
        );
    House {
        app: guard.protect(app),
        guard,
        changed,
        token,
        _folder: folder,
    }
}

impl House {
    async fn ask(
        &self,
        facts: (&str, &str),
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Response {
        let mut builder = axum::http::Request::builder().method(method).uri(path);
        if !headers.iter().any(|(name, _)| *name == "host") {
            builder = builder.header("host", facts.1);
        }
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        let (peer, local) = (
            facts.0.parse().expect("peer"),
            facts.1.parse().expect("local"),
        );
        let request = builder
            .extension(ConnectionFacts::new(peer, local))
            .body(Body::empty())
            .expect("a request");
        self.app.clone().oneshot(request).await.expect("an answer")
    }

    /// Asks for a change with these headers; the status, and whether it happened.
    async fn change(&self, facts: (&str, &str), headers: &[(&str, &str)]) -> (u16, bool) {
        let status = self
            .ask(facts, Method::GET, "/mine", headers)
            .await
            .status()
            .as_u16();
        (status, self.changed.swap(false, Ordering::Relaxed))
    }
}

async fn problem(response: Response) -> Value {
    let bytes = response
        .into_body()
        .collect()
        .await
        .expect("a body")
        .to_bytes();
    serde_json::from_slice(&bytes).expect("JSON")
}

const DONE: (u16, bool) = (200, true);
const FORBIDDEN: (u16, bool) = (403, false);
const NEEDS_TOKEN: (u16, bool) = (401, false);

#[tokio::test]
async fn a_change_on_behalf_of_a_foreign_page_is_refused_and_nothing_runs() {
    let house = house(&[]);
    for (headers, result) in [
        (&[][..], DONE),
        (
            &[("user-agent", "Mozilla/5.0"), ("accept", "text/html")],
            DONE,
        ),
        (&[("origin", "http://127.0.0.1:1001")], DONE),
        (
            &[
                ("origin", "http://localhost:1001"),
                ("host", "LOCALHOST:1001"),
            ],
            DONE,
        ),
        (&[("sec-fetch-site", "same-origin")], DONE),
        (&[("sec-fetch-site", "none")], DONE),
        (&[("origin", "http://evil.example")], FORBIDDEN),
        (&[("origin", "http://localhost:1001")], FORBIDDEN),
        (&[("origin", "http://127.0.0.1:1002")], FORBIDDEN),
        (&[("origin", "https://127.0.0.1:1001")], FORBIDDEN),
        (&[("origin", "null")], FORBIDDEN),
        (&[("origin", "")], FORBIDDEN),
        (
            &[
                ("origin", "http://127.0.0.1:1001"),
                ("origin", "http://evil.example"),
            ],
            FORBIDDEN,
        ),
        (&[("sec-fetch-site", "cross-site")], FORBIDDEN),
        (&[("sec-fetch-site", "same-site")], FORBIDDEN),
        (
            &[
                ("sec-fetch-site", "same-origin"),
                ("sec-fetch-site", "cross-site"),
            ],
            FORBIDDEN,
        ),
        (
            &[
                ("sec-fetch-site", "none"),
                ("sec-purpose", "prefetch;prerender"),
            ],
            FORBIDDEN,
        ),
        (&[("sec-purpose", "prefetch")], FORBIDDEN),
        (&[("purpose", "Prefetch")], FORBIDDEN),
        (&[("purpose", "prerender")], FORBIDDEN),
        (&[("x-moz", "prefetch")], FORBIDDEN),
    ] {
        assert_eq!(house.change(LOOPBACK, headers).await, result, "{headers:?}");
    }
    let read = house
        .ask(
            LOOPBACK,
            Method::GET,
            "/read",
            &[("sec-fetch-site", "cross-site")],
        )
        .await;
    assert_eq!(read.status(), StatusCode::OK, "reading is not concerned");
}

#[tokio::test]
async fn over_the_network_a_change_needs_the_token_or_an_allowed_address_that_is_no_browser() {
    let strict = house(&[]);
    let right = format!("Bearer {}", strict.token.reveal());
    let lower = format!("bEARER   {}", strict.token.reveal());
    let longer = format!("{right}0");
    for (value, result) in [
        (right.as_str(), DONE),
        (&lower, DONE),
        (&longer, NEEDS_TOKEN),
        ("Bearer", NEEDS_TOKEN),
        ("Bearer ", NEEDS_TOKEN),
        (strict.token.reveal(), NEEDS_TOKEN),
        ("Basic YTpi", NEEDS_TOKEN),
    ] {
        assert_eq!(
            strict.change(NETWORK, &[("authorization", value)]).await,
            result,
            "{value}"
        );
    }
    assert_eq!(strict.change(NETWORK, &[]).await, NEEDS_TOKEN);
    assert_eq!(
        strict
            .change(("[::ffff:127.0.0.1]:5", "[::ffff:127.0.0.1]:1001"), &[])
            .await,
        DONE
    );
    let foreign = [
        ("authorization", right.as_str()),
        ("origin", "http://evil.example"),
    ];
    assert_eq!(strict.change(NETWORK, &foreign).await, FORBIDDEN);
    let read = strict.ask(NETWORK, Method::GET, "/read", &[]).await;
    assert_eq!(read.status(), StatusCode::OK, "reading needs no right");

    let open = house(&["172.18.0.0/16", "fd00::/8"]);
    let right = format!("Bearer {}", open.token.reveal());
    let power_shell =
        "Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.19041.1";
    for (headers, result) in [
        (&[][..], DONE),
        (&[("user-agent", "curl/8.14.1"), ("accept", "*/*")], DONE),
        (&[("user-agent", power_shell)], DONE),
        (
            &[("user-agent", "Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0")],
            NEEDS_TOKEN,
        ),
        (&[("user-agent", "MOZILLA/5.0")], NEEDS_TOKEN),
        (&[("accept", "text/html,*/*")], NEEDS_TOKEN),
        (&[("accept", "image/avif,image/webp")], NEEDS_TOKEN),
        (
            &[("user-agent", "Mozilla/5.0"), ("authorization", &right)],
            DONE,
        ),
    ] {
        assert_eq!(open.change(NETWORK, headers).await, result, "{headers:?}");
    }
    assert_eq!(
        open.change(("[fd00::9]:5", "[fd00::2]:1001"), &[]).await,
        DONE
    );
    assert_eq!(
        open.change(("[::ffff:172.18.0.7]:5", "[::ffff:172.18.0.2]:1001"), &[])
            .await,
        DONE
    );
    assert_eq!(
        open.change(("172.19.0.7:5", "172.18.0.2:1001"), &[]).await,
        NEEDS_TOKEN
    );
}

#[tokio::test]
async fn a_refusal_says_which_way_is_open() {
    let house = house(&["172.18.0.0/16"]);
    for (peer, headers, says) in [
        (
            "172.19.0.7:5",
            &[][..],
            "172.19.0.7 is not one that --allow",
        ),
        (
            "172.18.0.7:5",
            &[("accept", "text/html")],
            "looks like a browser",
        ),
        (
            "172.19.0.7:5",
            &[("authorization", "Bearer no")],
            "is not this node's",
        ),
    ] {
        let response = house
            .ask((peer, NETWORK.1), Method::GET, "/mine", headers)
            .await;
        let challenge = response.headers()[header::WWW_AUTHENTICATE]
            .to_str()
            .expect("text");
        assert!(challenge.starts_with("Bearer"));
        let problem = problem(response).await;
        let detail = problem["detail"].as_str().expect("a detail");
        assert!(detail.contains(says), "{detail}");
        assert!(
            detail.contains(&house.token.file().display().to_string()),
            "{detail}"
        );
        assert!(!detail.contains(house.token.reveal()));
    }
}

#[tokio::test]
async fn without_facts_of_the_connection_a_change_counts_as_from_the_network() {
    let house = house(&[]);
    let request = axum::http::Request::builder()
        .uri("/mine")
        .header("host", "localhost");
    let request = request.body(Body::empty()).expect("a request");
    let response = house.app.clone().oneshot(request).await.expect("an answer");
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn head_runs_nothing_where_it_is_refused() {
    let house = house(&[]);
    for (path, allow) in [("/mine", "GET, POST"), ("/read", "GET")] {
        let response = house.ask(LOOPBACK, Method::HEAD, path, &[]).await;
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(response.headers()[header::ALLOW], allow);
    }
    assert!(!house.changed.load(Ordering::Relaxed));
    assert_eq!(
        house
            .ask(LOOPBACK, Method::POST, "/mine", &[])
            .await
            .status(),
        StatusCode::OK
    );
}

#[tokio::test]
async fn every_answer_has_the_headers_that_tame_browsers_and_none_of_cors() {
    let house = house(&[]);
    for (path, host, status, policy) in [
        ("/read", "localhost", 200, "default-src 'self'"),
        ("/page", "localhost", 200, "own"),
        ("/nowhere", "localhost", 404, "default-src 'self'"),
        ("/read", "evil.example", 421, "default-src 'self'"),
        ("/panic", "node2", 500, "default-src 'self'"),
    ] {
        let response = house
            .ask(LOOPBACK, Method::GET, path, &[("host", host)])
            .await;
        assert_eq!(response.status().as_u16(), status, "{path} at {host}");
        let headers = response.headers();
        assert_eq!(headers[header::CONTENT_SECURITY_POLICY], policy);
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(headers[header::REFERRER_POLICY], "no-referrer");
        assert!(
            !headers
                .keys()
                .any(|name| name.as_str().starts_with("access-control-"))
        );
    }
    assert_eq!(house.guard.in_flight(), 0);
    let unknown = house
        .ask(LOOPBACK, Method::GET, "/read", &[("host", "evil.example")])
        .await;
    let problem = problem(unknown).await;
    assert!(
        problem["detail"]
            .as_str()
            .expect("a detail")
            .contains("--host-name evil.example")
    );
}

#[tokio::test]
async fn a_request_is_in_flight_until_its_answer_has_ended() {
    let house = house(&[]);
    let first = house.ask(LOOPBACK, Method::GET, "/read", &[]).await;
    let second = house.ask(LOOPBACK, Method::GET, "/read", &[]).await;
    assert_eq!(
        (first.status(), second.status()),
        (StatusCode::OK, StatusCode::OK)
    );
    assert_eq!(house.guard.in_flight(), 2);
    let third = house.ask(LOOPBACK, Method::GET, "/read", &[]).await;
    assert_eq!(third.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(third.headers()[header::RETRY_AFTER], "1");
    assert_eq!(house.guard.in_flight(), 2);
    drop(first);
    assert_eq!(
        house
            .ask(LOOPBACK, Method::GET, "/read", &[])
            .await
            .status(),
        StatusCode::OK
    );
}

#[tokio::test]
async fn event_streams_are_counted_apart() {
    let house = house(&[]);
    let streams = [
        house.ask(LOOPBACK, Method::GET, "/events", &[]).await,
        house.ask(LOOPBACK, Method::GET, "/events", &[]).await,
    ];
    assert_eq!(house.guard.in_flight(), 0);
    let third = house.ask(LOOPBACK, Method::GET, "/events", &[]).await;
    assert_eq!(third.status(), StatusCode::SERVICE_UNAVAILABLE);
    drop(streams);
    assert_eq!(
        house
            .ask(LOOPBACK, Method::GET, "/events", &[])
            .await
            .status(),
        StatusCode::OK
    );
}
