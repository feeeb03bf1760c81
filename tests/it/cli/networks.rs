//! Nodes and local networks as processes: ports, signals, what stays on disk, and what an ordinary user meets.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::running::{Running, node};
use super::{bcoin, folder, stderr, stdout};

/// A network of two nodes on two ports in a row; the network and the first port.
pub(super) fn network(folder: &Path, more: &[&str]) -> (Running, u16) {
    loop {
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .expect("a free port can be taken")
            .port();
        if port == u16::MAX || TcpListener::bind(("127.0.0.1", port + 1)).is_err() {
            continue;
        }
        let text = port.to_string();
        let arguments = [&["up", "--nodes", "2", "--base-port", &text], more].concat();
        let mut network = Running::start(folder, &arguments);
        let line = network.until("");
        if line.contains("in use") {
            continue;
        }
        network.until(&format!(":{} height", port + 1));
        return (network, port);
    }
}

#[test]
fn a_local_network_starts_shows_its_changes_and_ends_cleanly() {
    let folder = folder();
    let (mut running, port) = network(folder.path(), &[]);
    for words in [
        "a lesson, not a currency",
        "225 proofs",
        &format!("curl http://127.0.0.1:{port}/get_chain"),
        "data/nodes.json",
    ] {
        assert!(running.seen.contains(words), "{words}: {}", running.seen);
    }
    assert!(
        running.seen.contains("peers 1: started"),
        "{}",
        running.seen
    );
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
    assert_eq!(
        ask(&["tx", "add", "Alice", "Bob", "5"], &first),
        "This transaction will be added to the Block 2\n"
    );
    running.until("a transaction came in");
    assert!(ask(&["mine", "--blocks", "2"], &first).starts_with("Mined 2 blocks."));
    running.until("height 3");
    let replaced = ask(&["replace"], &second);
    assert!(
        replaced.contains("it has 3 blocks now") && replaced.contains("adopted"),
        "{replaced}"
    );
    running.until("took a longer chain, 3 blocks");
    assert!(ask(&["valid"], &second).contains("Everything is fine."));
    let rows = ask(&["chain", "--tail", "2"], &first);
    let rows: Vec<Vec<&str>> = rows
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(
        [rows[1][0], rows[1][2], rows[2][0], rows[2][2]],
        ["2", "533", "3", "45293"]
    );
    let block = ask(&["chain", "2"], &first);
    assert!(
        block.contains("Alice") && block.contains("Bharathi"),
        "{block}"
    );
    assert!(ask(&["chain", "--from", "1", "--limit", "1"], &first).contains("`--from 2` goes on"));
    assert!(ask(&["peers", "list"], &first).contains(&second));
    assert!(ask(&["peers", "add", "127.0.0.1:9"], &first).contains("127.0.0.1:9"));
    assert!(ask(&["audit"], &second).contains("Every stored byte is sound."));
    assert_eq!(
        ask(&["healthcheck", "--port", &port.to_string()], &first),
        "ready\n"
    );
    let error = stderr(
        &bcoin(folder.path())
            .args([
                "up",
                "--base-port",
                &port.to_string(),
                "--data-dir",
                "other",
            ])
            .assert()
            .code(1),
    );
    assert!(
        error.contains("A B-Coin node with the miner Bharathi answers there"),
        "{error}"
    );
    running.signal("TERM");
    let (status, seen) = running.ended();
    assert!(status.success(), "{status}: {seen}");
    assert!(
        seen.ends_with("All nodes have ended; their chains are kept.\n"),
        "{seen}"
    );

    let text = port.to_string();
    let up = ["up", "--nodes", "2", "--base-port", &text];
    let mut again = Running::start(folder.path(), &up);
    again.until(&format!("{first} height 3"));
    let other = folder.path().join("data").join(&text);
    let error = stderr(
        &bcoin(folder.path())
            .args(["reset", "--yes"])
            .assert()
            .code(4),
    );
    assert!(
        error.contains("in use") && other.join("chain.redb").exists(),
        "{error}"
    );
    again.signal("INT");
    assert!(again.ended().0.success());

    let mut fresh = Running::start(folder.path(), &[&up[..], &["--fresh"]].concat());
    fresh.until(&format!("{first} height 1"));
    fresh.signal("INT");
    assert!(fresh.ended().0.success());
}

#[test]
fn a_malformed_nodes_file_is_wrong_usage() {
    let folder = folder();
    std::fs::write(
        folder.path().join("nodes.json"),
        r#"{"nodes": ["ftp://127.0.0.1:1001"]}"#,
    )
    .expect("the file can be written");
    let error = stderr(
        &bcoin(folder.path())
            .args(["up", "--nodes", "1", "--base-port", "45671"])
            .assert()
            .failure(),
    );
    if !error.contains("in use") {
        assert!(
            error.contains("nodes.json, entry 1") && error.contains("ftp"),
            "{error}"
        );
    }
    let error = stderr(
        &bcoin(folder.path())
            .args(["node", "--port", "0", "--peers", "nodes.json"])
            .assert()
            .code(2),
    );
    assert!(error.contains("nodes.json, entry 1"), "{error}");
}

#[test]
fn one_port_and_one_folder_serve_one_node() {
    let folder = folder();
    let (running, url) = node(folder.path(), &["--data-dir", "kept"]);
    let port = url.rsplit(':').next().expect("a URL has a port");
    let error = stderr(
        &bcoin(folder.path())
            .args(["node", "--port", port])
            .assert()
            .code(1),
    );
    assert!(error.contains(&format!("port {port} is in use")), "{error}");
    for command in [
        &["node", "--port", "0", "--data-dir", "kept"][..],
        &["export", "-", "--data-dir", "kept"],
        &["audit", "--data-dir", "kept"],
    ] {
        let error = stderr(&bcoin(folder.path()).args(command).assert().code(4));
        assert!(
            error.contains("kept is in use by another node (process"),
            "{error}"
        );
    }
    running.signal("TERM");
    assert!(running.ended().0.success());
}

#[test]
fn a_second_signal_ends_at_once() {
    for (name, code) in [("INT", 130), ("TERM", 143)] {
        let folder = folder();
        let (mut running, url) = node(folder.path(), &[]);
        // A request that is never complete holds up a clean end.
        let mut slow = TcpStream::connect(url.trim_start_matches("http://"))
            .expect("the node takes connections");
        slow.write_all(
            b"POST /add_transaction HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{",
        )
        .expect("the node reads");
        let asked = bcoin(folder.path())
            .args(["valid", "--node", &url])
            .assert();
        asked.success();
        running.signal(name);
        running.until("the node ends");
        running.signal(name);
        let (status, seen) = running.ended();
        assert_eq!(status.code(), Some(code), "{seen}");
    }
}

#[test]
fn a_chain_travels_by_files_between_folders() {
    let folder = folder();
    let (running, url) = node(folder.path(), &["--data-dir", "a"]);
    bcoin(folder.path())
        .args(["mine", "--blocks", "4", "--node", &url])
        .assert()
        .success();
    bcoin(folder.path())
        .args(["export", "online.txt", "--node", &url])
        .assert()
        .success();
    running.signal("TERM");
    assert!(running.ended().0.success());
    bcoin(folder.path())
        .args(["export", "offline.txt", "--data-dir", "a"])
        .assert()
        .success();
    let read =
        |name: &str| std::fs::read_to_string(folder.path().join(name)).expect("the file is there");
    assert_eq!(read("online.txt"), read("offline.txt"));

    let import = |file: &str, to: &str| {
        bcoin(folder.path())
            .args(["import", file, "--data-dir", to])
            .assert()
    };
    let said = stdout(&import("offline.txt", "b").success());
    assert_eq!(
        said,
        "Checked 5 blocks. b has 5 blocks now, 4 of them new.\n"
    );
    assert!(stdout(&import("offline.txt", "b").success()).contains("It is the chain in b."));
    std::fs::write(
        folder.path().join("short.txt"),
        read("offline.txt")
            .lines()
            .take(3)
            .collect::<Vec<_>>()
            .join("\n"),
    )
    .expect("the file can be written");
    assert!(stderr(&import("short.txt", "b").code(1)).contains("only a longer one"));
    std::fs::write(
        folder.path().join("bad.txt"),
        read("offline.txt").replacen("21391", "21392", 1),
    )
    .expect("the file can be written");
    let error = stderr(&import("bad.txt", "c").code(1));
    assert!(
        error.contains("block 4") && error.contains("member proof"),
        "{error}"
    );
    assert!(
        !folder.path().join("c").exists(),
        "a bad file leaves nothing behind"
    );
    bcoin(folder.path())
        .args(["export", "back.txt", "--data-dir", "b"])
        .assert()
        .success();
    assert_eq!(read("back.txt"), read("offline.txt"));

    let sound = stdout(
        &bcoin(folder.path())
            .args(["audit", "--data-dir", "b"])
            .assert()
            .success(),
    );
    assert!(sound.contains("Every stored byte is sound."), "{sound}");
    bcoin(folder.path())
        .args(["export", "again.txt", "--data-dir", "b"])
        .env("BCOIN_NODE", "http://127.0.0.1:9")
        .assert()
        .success();
    assert_eq!(read("again.txt"), read("offline.txt"));
    bcoin(folder.path())
        .args(["reset", "--data-dir", "b"])
        .assert()
        .code(2);
    bcoin(folder.path())
        .args(["reset", "--data-dir", "b", "--yes"])
        .assert()
        .success();
    assert!(!folder.path().join("b").exists());
    bcoin(folder.path())
        .args(["export", "none.txt", "--data-dir", "b"])
        .assert()
        .code(4);
}

#[test]
fn a_damaged_store_is_exit_code_4() {
    let folder = folder();
    let home = folder.path().join("d");
    std::fs::create_dir(&home).expect("the folder can be made");
    std::fs::write(home.join("chain.redb"), "no database at all".repeat(400))
        .expect("the file can be written");
    let error = stderr(
        &bcoin(folder.path())
            .args(["node", "--port", "0", "--data-dir", "d"])
            .assert()
            .code(4),
    );
    assert!(error.contains("chain.redb"), "{error}");
}

/// The program as a user without rights, in a folder that this user may write; `None` where that cannot be arranged.
fn as_ordinary_user(folder: &Path) -> Option<Command> {
    use std::os::unix::fs::PermissionsExt;
    let text = |command: &mut Command| {
        let out = command.output().ok()?;
        out.status
            .success()
            .then(|| String::from_utf8_lossy(&out.stdout).trim().to_owned())
    };
    let first_free: u16 = std::fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start")
        .ok()?
        .trim()
        .parse()
        .ok()?;
    if first_free <= 1001 {
        eprintln!("skipped: on this machine every user may take port 1001");
        return None;
    }
    let program = PathBuf::from(assert_cmd::cargo::cargo_bin!("bcoin"));
    if text(Command::new("id").arg("-u"))? != "0" {
        return Some(Command::new(program));
    }
    let user = ["--reuid=65534", "--regid=65534", "--clear-groups"];
    if text(Command::new("setpriv").args(user).arg("true")).is_none() {
        eprintln!("skipped: this is root, and setpriv is not there to become somebody else");
        return None;
    }
    // Root's folders are closed to others; the program is looked at through a copy. Another process makes it: a file that this one has
    // open for writing may be inherited by what other threads start, and is then too busy to be run.
    let copy = folder.join("bcoin");
    if !copy.exists() {
        text(Command::new("cp").arg(program).arg(&copy)).expect("the program can be copied");
    }
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o777))
        .expect("the folder can be opened");
    let mut command = Command::new("setpriv");
    command.args(user).arg(copy);
    Some(command)
}

#[test]
fn an_ordinary_user_is_told_about_ports_below_1024() {
    let folder = folder();
    let Some(mut command) = as_ordinary_user(folder.path()) else {
        return;
    };
    command.args(["node", "--port", "1001"]);
    let (status, seen) = Running::spawn(folder.path(), command).ended();
    assert_eq!(status.code(), Some(1), "{seen}");
    for way in [
        "--port 11001",
        "sysctl net.ipv4.ip_unprivileged_port_start=1001",
        "setcap cap_net_bind_service=+ep",
    ] {
        assert!(seen.contains(way), "{seen}");
    }
    let mut command = as_ordinary_user(folder.path()).expect("it could be arranged before");
    command.args(["up", "--nodes", "1"]);
    let mut running = Running::spawn(folder.path(), command);
    let line = running.until("");
    if line.contains("port 1") {
        // Somebody else's network is on 11001 now: it is named, and that is all that can be seen today.
        let (status, seen) = running.ended();
        assert!(
            !status.success() && seen.contains("port 11001 is in use"),
            "{seen}"
        );
        return;
    }
    running.until("THE NODES ARE ON 11001 AND ON");
    running.until("http://127.0.0.1:11001 height 1");
    running.signal("INT");
    let (status, seen) = running.ended();
    assert!(status.success(), "{seen}");
}
