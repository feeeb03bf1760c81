//! The clients: what they ask a node, and how they show what it answers. The node here gives one fixed answer.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;
use std::thread;

use super::{CHAIN, HASHES, bcoin, folder, stderr, stdout};

/// A node that gives one fixed answer to one request; the request as it came is sent back through the channel.
fn fixed_answer(
    status: &'static str,
    body: impl Into<Vec<u8>>,
) -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port can be taken");
    let url = format!(
        "http://{}",
        listener
            .local_addr()
            .expect("a bound socket has an address")
    );
    let (sender, receiver) = mpsc::channel();
    let body = body.into();
    thread::spawn(move || {
        // A connection without a request is somebody looking whether anyone is there.
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection comes in");
            let mut request = vec![0; 64 * 1024];
            let length = stream.read(&mut request).unwrap_or_default();
            if length == 0 {
                continue;
            }
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            let _ = stream
                .write_all(head.as_bytes())
                .and_then(|()| stream.write_all(&body));
            let _ = sender.send(
                String::from_utf8_lossy(request.get(..length).unwrap_or_default()).into_owned(),
            );
        }
    });
    (url, receiver)
}

#[test]
fn an_exported_chain_has_its_hashes_line_by_line() {
    use sha2::{Digest, Sha256};
    let folder = folder();
    let (url, _) = fixed_answer("200 OK", CHAIN);
    bcoin(folder.path())
        .args(["export", "chain.txt", "--node", &url])
        .assert()
        .success();
    let text = std::fs::read_to_string(folder.path().join("chain.txt")).expect("the file is there");
    let hashes: Vec<String> = text
        .lines()
        .map(|line| hex::encode(Sha256::digest(line)))
        .collect();
    let expected: Vec<String> = serde_json::from_str(HASHES).expect("the vector is JSON");
    assert_eq!(hashes, expected);
    bcoin(folder.path())
        .args(["verify", "chain.txt"])
        .assert()
        .success();
    let error = stderr(
        &bcoin(folder.path())
            .args(["export", "chain.txt", "--node", &url])
            .assert()
            .code(2),
    );
    assert!(error.contains("--force"), "{error}");

    let (url, _) = fixed_answer("200 OK", CHAIN.replacen("45293", "45294", 1));
    let error = stderr(
        &bcoin(folder.path())
            .args(["export", "bad.txt", "--node", &url])
            .assert()
            .code(1),
    );
    assert!(error.contains("block 3"), "{error}");
    assert!(
        !folder.path().join("bad.txt").exists(),
        "nothing is left of a chain that is not valid"
    );
}

#[test]
fn a_node_that_does_not_answer_is_exit_code_3() {
    let folder = folder();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port can be taken");
    let url = format!(
        "http://{}",
        listener
            .local_addr()
            .expect("a bound socket has an address")
    );
    drop(listener);
    for command in [
        &["valid"][..],
        &["chain"],
        &["mine"],
        &["tx", "add", "a", "b", "1"],
        &["peers", "list"],
        &["audit"],
    ] {
        let ended = bcoin(folder.path())
            .args(command)
            .env("BCOIN_NODE", &url)
            .assert()
            .code(3);
        let error = stderr(&ended);
        // The tip depends on what else runs on this machine.
        assert!(
            error.contains("no answer from") && error.contains("tip: "),
            "{error}"
        );
    }
    let port = url.rsplit(':').next().expect("a URL has a port");
    bcoin(folder.path())
        .args(["healthcheck", "--port", port])
        .assert()
        .code(1);
    bcoin(folder.path())
        .args(["valid", "--node", "https://127.0.0.1"])
        .assert()
        .code(2);
}

#[test]
fn json_prints_the_answer_unchanged_and_tables_escape_it() {
    let folder = folder();
    let page = br#"{"blocks":[{"height":1,"hash":"ab","block":{"timestamp":"\u001b[2J\ud800","x":NaN,"transactions":[]}}], "next":null}"#;
    let (url, requests) = fixed_answer("200 OK", &page[..]);
    let out = bcoin(folder.path())
        .args(["chain", "--json", "--tail", "3", "--node", &url])
        .assert()
        .success();
    assert_eq!(out.get_output().stdout, [&page[..], b"\n"].concat());
    let request = requests.recv().expect("a request came");
    assert!(
        request.starts_with("GET /v1/blocks?order=desc&limit=3 "),
        "{request}"
    );
    let out = stdout(
        &bcoin(folder.path())
            .args(["chain", "--node", &url])
            .assert()
            .success(),
    );
    assert!(
        out.contains("\\u{1b}[2J\u{fffd}") && !out.contains('\u{1b}'),
        "{out}"
    );
}

#[test]
fn a_transaction_goes_out_as_it_was_given() {
    let folder = folder();
    let answer = r#"{"message":"This transaction will be added to the Block 2"}"#;
    let (url, requests) = fixed_answer("201 Created", answer);
    std::fs::write(folder.path().join("token"), "s3cret\n").expect("the file can be written");
    let out = bcoin(folder.path())
        .args([
            "tx",
            "add",
            "Alice",
            "Bob",
            "0.10",
            "--node",
            &url,
            "--token-file",
            "token",
        ])
        .assert()
        .success();
    assert_eq!(
        stdout(&out),
        "This transaction will be added to the Block 2\n"
    );
    let request = requests.recv().expect("a request came");
    assert!(request.starts_with("POST /add_transaction "), "{request}");
    assert!(
        request
            .to_lowercase()
            .contains("authorization: bearer s3cret"),
        "{request}"
    );
    assert!(
        request.ends_with(r#"{"sender": "Alice", "receiver": "Bob", "amount": 0.10}"#),
        "{request}"
    );
    bcoin(folder.path())
        .args(["tx", "add", "--node", &url, "--file", "-"])
        .write_stdin("\u{feff}{}")
        .assert()
        .success();
    assert!(
        requests
            .recv()
            .expect("a request came")
            .ends_with("\u{feff}{}")
    );
    bcoin(folder.path())
        .args(["tx", "add", "Alice", "--node", &url])
        .assert()
        .code(2);
}

#[test]
fn a_refusal_is_shown_in_the_nodes_words() {
    let folder = folder();
    let problem = r#"{"type":"/problems/token-needed","title":"Token needed","status":401,"detail":"This call needs the token of the node."}"#;
    let (url, _) = fixed_answer("401 Unauthorized", problem);
    let error = stderr(
        &bcoin(folder.path())
            .args(["mine", "--node", &url])
            .assert()
            .code(1),
    );
    assert!(
        error.contains("This call needs the token of the node. (HTTP 401)"),
        "{error}"
    );
    assert!(error.contains("--token-file"), "{error}");

    let (url, _) = fixed_answer(
        "200 OK",
        r#"{"message":"Weve got an issue. The Blockchain isnt trustworthy.."}"#,
    );
    let error = stderr(
        &bcoin(folder.path())
            .args(["valid", "--node", &url])
            .assert()
            .code(1),
    );
    assert!(error.contains("Weve got an issue"), "{error}");

    let fault = r#"{"sound":false,"blocks":9,"fault":{"height":7,"member":"proof","file":"data/1001/chain.redb","detail":"d"}}"#;
    let (url, _) = fixed_answer("200 OK", fault);
    let error = stderr(
        &bcoin(folder.path())
            .args(["audit", "--node", &url])
            .assert()
            .code(1),
    );
    assert!(
        error.contains("block 7, proof, data/1001/chain.redb: d"),
        "{error}"
    );

    let (url, _) = fixed_answer("404 NOT FOUND", "<!doctype html>");
    let error = stderr(
        &bcoin(folder.path())
            .args(["chain", "--node", &url])
            .assert()
            .code(1),
    );
    assert!(error.contains("bcoin export"), "{error}");
}
