//! Names, amounts and members that are meant to deceive, on every page that shows them.

use bcoin::protocol::classic::block::{Block, BlockHash, BlockReader};
use bcoin::protocol::classic::json::{Text, Value};

use super::{links, page_of, search};
use crate::chains::{body, proof};
use crate::lying_peer::LyingPeer;
use crate::network::TestNode;

/// Texts that break out of pages that are put together carelessly.
const TEXTS: &[&str] = &[
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "'><svg/onload=alert(1)>",
    "</title><script>alert(1)</script>",
    "</textarea></pre><b>",
    "<!-- ",
    "]]>",
    "&lt;b&gt;&amp;&#60;",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(1)",
    "../../etc/passwd",
    "..",
    ".",
    "",
    " ",
    "/",
    "?from=1#x",
    "%00%2e%2e%2f",
    "a\0b\u{1b}[31m\r\nSet-Cookie: x=y",
    "\u{202e}gnp.exe\u{2066}\u{2069}",
    "\u{200b}\u{feff}\u{200f}",
    "𝕊𝕔𝕣𝕚𝕡𝕥 😀👩‍👩‍👧",
    "Z̸̡̛a̶l̷g̴o̵",
    "名字",
    "شركة",
    "\u{7f}\u{80}\u{9f}\u{fffe}",
];

/// A chain whose second block has each of them as sender and receiver, and values that are no texts.
fn hostile_chain() -> Vec<String> {
    let quoted = |text: &str| Value::String(Text::from(text)).to_canonical();
    let mut transactions: Vec<String> = TEXTS
        .iter()
        .map(|text| {
            let text = quoted(text);
            format!(r#"{{"amount": {text}, "receiver": {text}, "sender": {text}, "<i>": {text}}}"#)
        })
        .collect();
    let long = quoted(&"<b>é".repeat(25_000));
    for odd in [
        r#""\ud800<\udfff""#,
        "NaN",
        r#"{"<script>": ["</td>", null]}"#,
        "[[[]]]",
        "1e400",
        &long,
    ] {
        transactions.push(format!(
            r#"{{"amount": {odd}, "receiver": {odd}, "sender": {odd}}}"#
        ));
    }
    transactions.extend(["5", r#""<script>""#, "[]", "{}", "null"].map(str::to_owned));
    let first = Block::first("t");
    let mut reader = BlockReader::default();
    let mut texts = vec![first.text().to_owned()];
    for (index, position) in [(2, 1), (3, 2)] {
        let previous = BlockHash::of(texts.last().expect("a block before"));
        let all = match index {
            2 => transactions.join(", "),
            _ => String::new(),
        };
        let text = format!(
            r#"{{"index": {index}, "previous_hash": "{previous}", "proof": {}, "timestamp": "<script>\u202e", "transactions": [{all}], "</dl>": "<u>"}}"#,
            proof(position)
        );
        texts.push(reader.read(&text).expect("a block").text.to_owned());
    }
    texts
}

/// That nothing of what users wrote became markup.
fn is_harmless(page: &str, path: &str) {
    for markup in [
        "<script>",
        "<img",
        "onerror=\"",
        "<svg/",
        "<b>",
        "<i>",
        "<u>",
        "</dl>\"",
        "<!-- ",
    ] {
        assert!(!page.contains(markup), "{path} has {markup}");
    }
    assert!(!page.contains('\0') && !page.contains('\u{1b}'), "{path}");
    assert_eq!(page.matches("</html>").count(), 1, "{path}");
    assert_eq!(
        page.matches("</title>").count(),
        1 + page.matches("<title id").count(),
        "{path}"
    );
    // Each bidirectional control stays inside of what isolates it.
    for (at, _) in page.match_indices('\u{202e}') {
        let before = &page[..at];
        let isolated = before.rfind("<bdi").unwrap_or(0) > before.rfind("</bdi>").unwrap_or(0);
        let in_a_value = before
            .rfind('<')
            .is_some_and(|tag| !before[tag..].contains('>'));
        let in_a_title = before.ends_with("title>")
            || before[before.rfind('<').unwrap_or(0)..].starts_with("<title");
        assert!(
            isolated || in_a_value || in_a_title,
            "{path}: {}",
            &page[at.saturating_sub(80)..at]
        );
    }
}

#[tokio::test]
async fn what_others_wrote_is_text_on_every_page() {
    let node = TestNode::start("m").await;
    let texts = hostile_chain();
    let peer = LyingPeer::holding(body(texts.iter().map(String::as_str), texts.len())).await;
    node.connect(&peer.address.to_string()).await;
    let said = node
        .answer("/replace_chain")
        .await
        .text()
        .await
        .expect("text");
    assert!(said.contains(r#""replaced": true"#), "{said}");

    let mut open: Vec<String> = ["/", "/chain", "/block/2", "/block/3", "/waiting"]
        .map(str::to_owned)
        .to_vec();
    let places = TEXTS.len() + 11;
    open.extend((0..places).map(|place| format!("/transaction/2-{place}")));
    let mut names = 0;
    while let Some(path) = open.pop() {
        let page = page_of(node.get(&path), 200).await;
        is_harmless(&page, &path);
        if path.starts_with("/transaction/") {
            // The page of each name finds its way back here.
            for link in links(&page)
                .iter()
                .filter(|link| link.starts_with("/account"))
            {
                names += 1;
                let about = page_of(node.get(link), 200).await;
                is_harmless(&about, link);
                let back = format!("href=\"{path}\"");
                assert!(
                    about.contains(&back),
                    "{link} does not lead to {path}: {about}"
                );
            }
        }
    }
    assert!(names >= 2 * (TEXTS.len() + 6), "{names}");
}

#[tokio::test]
async fn what_is_typed_is_text_too() {
    let node = TestNode::start("m").await;
    for text in TEXTS.iter().filter(|text| !text.trim().is_empty()) {
        let page = page_of(node.get(&search(text)), 404).await;
        is_harmless(&page, text);
        let name = url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let path = format!("/account/{}", name.replace('+', "%20"));
        if ![".", ".."].contains(text) {
            is_harmless(&page_of(node.get(&path), 200).await, &path);
        }
        for path in ["/block/", "/transaction/"] {
            let path = format!("{path}{}", name.replace('+', "%20"));
            if ![".", ".."].contains(text) {
                is_harmless(&page_of(node.get(&path), 400).await, &path);
            }
        }
    }
}
