//! `bcoin top` without a terminal of its own: snapshots of nodes that are well, down, behind, or hostile.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use serde_json::{Value, json};

use super::networks::network;
use super::running::{Running, node};
use super::{bcoin, folder, stderr, stdout};

/// A port on which nothing listens.
fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port can be taken");
    let address = listener
        .local_addr()
        .expect("a bound socket has an address");
    format!("http://{address}")
}

/// A node that answers each path as `answer` says.
fn lying(answer: fn(&str, &mut TcpStream) -> std::io::Result<()>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port can be taken");
    let address = listener
        .local_addr()
        .expect("a bound socket has an address");
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection comes in");
            thread::spawn(move || {
                let mut request = vec![0; 16 * 1024];
                let length = stream.read(&mut request).unwrap_or_default();
                let request = String::from_utf8_lossy(&request[..length]).into_owned();
                let path = request.split(' ').nth(1).unwrap_or_default();
                // Who asked may leave before all is said.
                let _ = answer(path, &mut stream);
            });
        }
    });
    format!("http://{address}")
}

fn say(stream: &mut TcpStream, body: &str) -> std::io::Result<()> {
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}

fn say_without_end(stream: &mut TcpStream, piece: &str) -> std::io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
    loop {
        stream.write_all(piece.as_bytes())?;
    }
}

fn json_lines(text: &str) -> Vec<Value> {
    let lines = text.lines().map(serde_json::from_str);
    lines.collect::<Result<_, _>>().expect("each line is JSON")
}

#[test]
fn one_snapshot_shows_a_local_network_by_any_of_its_nodes() {
    let folder = folder();
    let (_network, port) = network(folder.path(), &[]);
    let first = format!("127.0.0.1:{port}");
    let second = format!("127.0.0.1:{}", port + 1);
    let ask = |arguments: &[&str], node: &str| {
        stdout(
            &bcoin(folder.path())
                .args(arguments)
                .env("BCOIN_NODE", node)
                .assert()
                .success(),
        )
    };
    ask(&["mine", "--blocks", "2"], &first);
    ask(&["mine"], &second);
    ask(&["tx", "add", "Alice", "Bob", "5"], &first);
    let shown = ask(&["top"], &first);
    for part in [
        "classic · 2 nodes up · best 3",
        "NODE",
        &first,
        &second,
        "ready",
        // Nothing moves by itself on classic: the second node stands on a block of its own, one behind.
        "1 fork",
        "●   3",
        "│ ○ 2",
        &format!("← :{port}"),
        &format!("← :{}", port + 1),
        "Alice → Bob: 5",
    ] {
        assert!(shown.contains(part), "{part}:\n{shown}");
    }
    let alone = ask(&["top", "--once", "--no-peers"], &first);
    assert!(
        alone.contains("1 node up") && !alone.contains(&second),
        "{alone}"
    );
    let both = format!("{first},{second}");
    let snapshot = json_lines(&ask(&["top", "--json", "--once"], &both));
    let [snapshot] = snapshot.as_slice() else {
        panic!("one line: {snapshot:?}");
    };
    let members = |name: &str| {
        let nodes = snapshot["nodes"]
            .as_array()
            .expect("there are nodes")
            .iter();
        nodes.map(|node| node[name].clone()).collect::<Vec<Value>>()
    };
    assert_eq!(members("height"), [3, 2]);
    assert_eq!(members("lag"), [0, 1]);
    assert_eq!(members("place"), ["on_best", "beside"]);
    assert_eq!(members("named"), [true, true]);
    let tree = snapshot["networks"][0]["tree"]
        .as_array()
        .expect("there is a tree");
    let beside = tree.iter().filter(|block| block["on_best"] == false);
    let standing: Vec<&Value> = beside
        .map(|block| &block["standing"])
        .filter(|standing| **standing != json!([]))
        .collect();
    assert_eq!(standing, [&json!([format!(":{}", port + 1)])], "{tree:?}");
}

#[test]
fn lines_of_json_follow_a_node_of_coins_and_tell_its_events() {
    let folder = folder();
    let (_node, url) = node(folder.path(), &["--network", "dev"]);
    let arguments = ["top", "--json", "--interval", "0.1", "--node", &url];
    let mut top = Running::start(folder.path(), &arguments);
    let first: Value = serde_json::from_str(&top.until("\"nodes\"")).expect("a line is JSON");
    let node = &first["nodes"][0];
    assert_eq!(
        (&node["up"], &node["network"]),
        (&json!(true), &json!("dev")),
        "{first}"
    );
    assert!(
        node["difficulty"].is_string() && node["ready"] == true,
        "{first}"
    );
    let before = node["height"].as_u64().expect("a height");
    bcoin(folder.path())
        .args(["mine", "--node", &url])
        .assert()
        .success();
    let told: Value =
        serde_json::from_str(&top.until("\"kind\":\"block\"")).expect("a line is JSON");
    assert_eq!(
        told["events"][0]["words"]
            .as_str()
            .map(|words| words.ends_with("transactions")),
        Some(true),
        "{told}"
    );
    let grown = format!("\"height\":{}", before + 1);
    top.until(&grown);
    // Nobody reads any more: that ends it, too.
    let counted = bcoin(folder.path())
        .args(arguments)
        .args(["--count", "3"])
        .assert()
        .success();
    assert_eq!(json_lines(&stdout(&counted)).len(), 3);
}

#[test]
fn a_node_that_is_down_is_shown_and_none_at_all_is_exit_code_3() {
    let folder = folder();
    let (mut up, url) = node(folder.path(), &[]);
    let down = nobody();
    let shown = stdout(
        &bcoin(folder.path())
            .args(["top", "--once", "--node", &down, "--node", &url])
            .assert()
            .success(),
    );
    assert!(
        shown.contains("1 of 2 nodes up") && shown.contains("refused"),
        "{shown}"
    );

    // Watched through its end and its return: the same row says each.
    let port = url.rsplit(':').next().expect("a URL has a port").to_owned();
    let arguments = ["top", "--json", "--interval", "0.1", "--node", &url];
    let mut top = Running::start(folder.path(), &arguments);
    top.until("\"up\":true");
    up.signal("KILL");
    let line = top.until("\"up\":false");
    assert!(
        line.contains("no answer") && line.contains("\"height\":1"),
        "{line}"
    );
    let port = ["--port", &port];
    up = Running::start(folder.path(), &[&["node"], &port[..]].concat());
    up.until("the node answers");
    top.until("\"up\":true");

    let none = bcoin(folder.path())
        .args(["top", "--once", "--node", &down])
        .assert()
        .code(3);
    assert!(
        stderr(&none).contains("no node answers") && stderr(&none).contains("tip: "),
        "{}",
        stderr(&none)
    );
    let none = bcoin(folder.path())
        .args([
            "top",
            "--json",
            "--count",
            "2",
            "--interval",
            "0.1",
            "--node",
            &down,
        ])
        .assert()
        .code(3);
    assert_eq!(json_lines(&stdout(&none)).len(), 2);
}

#[test]
fn hostile_answers_neither_steer_the_terminal_nor_fill_the_memory() {
    let folder = folder();
    // Endless where nothing else can be shown.
    let endless = lying(|_, stream| say_without_end(stream, "[\"x\","));
    let refused = bcoin(folder.path())
        .args(["top", "--once", "--node", &endless])
        .assert()
        .code(3);
    assert!(
        stderr(&refused).contains("/v1/node has more than the 65536 bytes"),
        "{}",
        stderr(&refused)
    );

    let liar = lying(
        |path, stream| match path.split('?').next().unwrap_or_default() {
            "/v1/node" => say(
                stream,
                r#"{"id": "\u001b[2J", "network": "class\u001b]0;owned\u0007ic", "protocol": "classic", "miner": "\u202emallory\u001b[31m",
                "tip": {"height": 18446744073709551615, "hash": "\u001b[H"}, "waiting": 18446744073709551615, "peers": 1, "sync": "auto\n\n"}"#,
            ),
            "/readyz" => say(stream, "\u{1b}[2Jready"),
            // Each block names itself its parent.
            "/v1/network" => say(
                stream,
                r#"{"blocks": [{"height": 18446744073709551615, "hash": "\u001b[H", "parent": "\u001b[H", "on_chain": true, "transactions": null},
                {"height": 0, "hash": "a", "parent": "a", "on_chain": false, "transactions": 18446744073709551615}],
                "standing": [{"node": "\u001b[2J", "hash": "a"}]}"#,
            ),
            "/v1/blocks" => say(
                stream,
                r#"{"blocks": [{"height": -1, "hash": "\u001b[2J", "block": {"timestamp": "\u009b2J\ud800", "proof": NaN, "transactions": 7}}]}"#,
            ),
            "/v1/peers" => say(
                stream,
                r#"{"peers": [{"address": "\u001b[2J"}, {"address": "127.0.0.1:99999"}], "syncs": []}"#,
            ),
            "/v1/transactions/waiting" => say_without_end(stream, "{\"transactions\": [], "),
            "/v1/events" => say_without_end(stream, "data: \u{1b}[2J\n\n"),
            _ => say(stream, "{}"),
        },
    );
    let assert = bcoin(folder.path())
        .args(["top", "--once", "--node", &liar])
        .assert()
        .success();
    let shown = stdout(&assert);
    for part in [
        "\\u{1b}",
        "class\\u{1b}]0;owned\\u{7}ic",
        "18446744073709551615",
        "/v1/transactions/waiting has more than the 1048576 bytes",
    ] {
        assert!(shown.contains(part), "{part}:\n{shown}");
    }
    let lines = stdout(
        &bcoin(folder.path())
            .args([
                "top",
                "--json",
                "--count",
                "3",
                "--interval",
                "0.3",
                "--node",
                &liar,
            ])
            .assert()
            .success(),
    );
    for text in [&shown, &lines] {
        let steering = text
            .chars()
            .find(|c| c.is_control() && *c != '\n' || *c == '\u{202e}');
        assert_eq!(steering, None, "{text:?}");
    }
    let last = json_lines(&lines).pop().expect("there are lines");
    let events = last["events"].as_array().expect("there are events");
    assert!(
        !events.is_empty() && events.len() <= 300,
        "{}",
        events.len()
    );
}

#[test]
fn what_cannot_be_asked_for_is_refused() {
    let folder = folder();
    for arguments in [
        &["--interval", "0"][..],
        &["--interval", "1e9"],
        &["--count", "2"],
        &["--json", "--count", "0"],
        &["--json", "--once", "--count", "2"],
        &["--node", "https://127.0.0.1:1"],
    ] {
        bcoin(folder.path())
            .arg("top")
            .args(arguments)
            .assert()
            .code(2);
    }
    let many: Vec<String> = (1..=33).map(|port| format!("127.0.0.1:{port}")).collect();
    let refused = bcoin(folder.path())
        .args(["top", "--once", "--node", &many.join(",")])
        .assert()
        .code(2);
    assert!(
        stderr(&refused).contains("more than 32 nodes"),
        "{}",
        stderr(&refused)
    );
}
