//! The explorer's pages of the ledger, asked of real nodes as a browser without scripts asks.

mod classic; // chain, block, transaction, names, queue and search of a classic node
mod coin; // the same of a coin node
mod hostile; // what users and peers write is text, and nothing else

use reqwest::{RequestBuilder, Response};

/// What everything of a page together may have; the rest is its style sheet and scripts.
const MOST_BYTES: usize = 80 * 1024;

/// The page at the end of a request, which must be one.
async fn page_of(request: RequestBuilder, status: u16) -> String {
    let answer = request
        .header("accept", "text/html")
        .send()
        .await
        .expect("an answer");
    let path = answer.url().to_string();
    let found = answer.status();
    let headers = answer.headers().clone();
    let page = answer.text().await.expect("text");
    assert_eq!(found, status, "{path}: {page}");
    assert_eq!(
        headers["content-type"], "text/html; charset=utf-8",
        "{path}"
    );
    let policy = headers["content-security-policy"].to_str().expect("text");
    assert!(
        policy.starts_with("default-src 'none'; script-src 'self'"),
        "{policy}"
    );
    for forbidden in [
        "<style",
        " style=",
        " onclick=",
        "href=\"javascript:",
        "<script>",
    ] {
        assert!(!page.contains(forbidden), "{path} has {forbidden}");
    }
    assert_eq!(page.matches("<h1").count(), 1, "{path}");
    assert!(page.len() < MOST_BYTES, "{path} has {} bytes", page.len());
    page
}

/// Where a search for this is asked.
fn search(query: &str) -> String {
    let encoded: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
    format!("/search?q={encoded}")
}

/// Where an answer sends its reader.
fn led_to(answer: &Response) -> &str {
    assert_eq!(answer.status(), 303, "{}", answer.url());
    answer.headers()["location"].to_str().expect("text")
}

/// A client that does not follow.
fn staying() -> reqwest::Client {
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none());
    client.build().expect("a client")
}

/// All addresses of this node that a page links to.
fn links(page: &str) -> Vec<String> {
    let parts = page.split("href=\"").skip(1);
    let links = parts.filter_map(|rest| rest.split('"').next());
    let own = links.filter(|link| link.starts_with('/') && !link.starts_with("/assets/"));
    own.map(|link| link.replace("&#38;", "&").replace("&amp;", "&"))
        .collect()
}
