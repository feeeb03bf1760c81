use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use std::sync::atomic::Ordering;
use tower::ServiceExt;

use crate::api::guard::tests::{LOOPBACK, NETWORK, house, problem};

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
        assert!(detail.contains("`token` in the node's folder"), "{detail}");
        let folder = house.token.file().parent().expect("it is in a folder");
        assert!(!detail.contains(&folder.display().to_string()), "{detail}");
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
