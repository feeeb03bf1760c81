use super::*;
use crate::api::changing::refuse_head;
use crate::api::serve::ConnectionFacts;
use axum::http::{Method, StatusCode};
use axum::routing::get;
use http_body_util::BodyExt;
use serde_json::Value;
use std::sync::atomic::AtomicBool;
use tower::ServiceExt;

pub(in crate::api) const LOOPBACK: (&str, &str) = ("127.0.0.1:50000", "127.0.0.1:1001");
pub(in crate::api) const NETWORK: (&str, &str) = ("172.18.0.7:50000", "172.18.0.2:1001");

pub(in crate::api) struct House {
    pub(in crate::api) app: Router,
    guard: Guard,
    pub(in crate::api) changed: Arc<AtomicBool>,
    pub(in crate::api) token: Token,
    _folder: tempfile::TempDir,
}

pub(in crate::api) fn house(allow: &[&str]) -> House {
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
    pub(in crate::api) async fn ask(
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
    pub(in crate::api) async fn change(
        &self,
        facts: (&str, &str),
        headers: &[(&str, &str)],
    ) -> (u16, bool) {
        let status = self
            .ask(facts, Method::GET, "/mine", headers)
            .await
            .status()
            .as_u16();
        (status, self.changed.swap(false, Ordering::Relaxed))
    }
}

pub(in crate::api) async fn problem(response: Response) -> Value {
    let bytes = response
        .into_body()
        .collect()
        .await
        .expect("a body")
        .to_bytes();
    serde_json::from_slice(&bytes).expect("JSON")
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
