//! Coin nodes as processes, and the commands that ask them.

use std::path::Path;

use serde_json::Value;

use super::running::node;
use super::wallet::Wallet;
use super::{bcoin, folder, stderr, stdout};

const FIRST: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const SECOND: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";

/// What a command that succeeds prints about the node.
fn ask(folder: &Path, url: &str, arguments: &[&str]) -> String {
    let mut command = bcoin(folder);
    let asked = command.args(arguments).env("BCOIN_NODE", url).assert();
    stdout(&asked.success())
}

/// The only folder in another.
fn folder_of(outer: &Path) -> std::path::PathBuf {
    let mut entries = std::fs::read_dir(outer).expect("it is there");
    entries.next().expect("a folder").expect("an entry").path()
}

#[test]
fn the_clients_ask_a_coin_node_as_they_ask_a_classic_one() {
    let wallet = Wallet::new();
    let here = wallet.folder.path();
    let keys = [
        "--unlock",
        "mine",
        "--wallet-dir",
        "wallet",
        "--password-file",
        "password",
    ];
    let (mut running, url) = node(here, &[&["--network", "dev"], &keys[..]].concat());
    assert!(running.seen.contains("network=\"dev\""), "{}", running.seen);
    running.until("nothing on it has value");
    let ask = |arguments: &[&str]| ask(here, &url, arguments);

    let added = ask(&["tx", "add", FIRST, SECOND, "0.100000000000000001"]);
    assert!(
        added.starts_with("This transaction will be added to the Block 2\nTransaction 0x"),
        "{added}"
    );
    let mined = ask(&["mine", "--blocks", "2"]);
    assert!(mined.starts_with("Mined 2 blocks."), "{mined}");
    let rows: Vec<Vec<String>> = ask(&["chain"])
        .lines()
        .map(|line| line.split_whitespace().map(str::to_owned).collect())
        .collect();
    let heights: Vec<&str> = rows.iter().map(|row| row[0].as_str()).collect();
    assert_eq!(heights, ["HEIGHT", "0", "1", "2"]);
    assert_eq!((rows[2][3].as_str(), rows[3][3].as_str()), ("1", "0"));
    assert!(ask(&["chain", "--from", "1", "--limit", "1"]).contains("`--from 2` goes on"));
    let block = ask(&["chain", "1"]);
    assert!(
        block.contains("0.100000000000000001") && block.contains(SECOND),
        "{block}"
    );
    assert!(ask(&["chain", &rows[1][1]]).starts_with("Block 0\n"));
    assert!(ask(&["valid"]).contains("Everything is fine."));
    let audit = ask(&["audit"]);
    assert!(
        audit.contains("ACCOUNTS") && audit.contains("Every stored byte is sound."),
        "{audit}"
    );
    assert!(ask(&["peers", "add", "127.0.0.1:9"]).contains("127.0.0.1:9"));
    let balance = wallet.run(&["balance", SECOND, "--node", &url]).success();
    assert!(
        stdout(&balance).contains("10000.100000000000000001"),
        "{}",
        stdout(&balance)
    );
    let sent = wallet.run(&[
        "send",
        "--to",
        "friend",
        "--amount",
        "1",
        "--yes",
        "--password-file",
        "password",
        "--node",
        &url,
    ]);
    let hash = stdout(&sent.success()).trim().to_owned();
    ask(&["mine"]);
    let history = wallet
        .run(&["history", "mine", "--json", "--node", &url])
        .success();
    let history: Value = serde_json::from_str(&stdout(&history)).expect("JSON");
    assert_eq!(history["entries"][1]["transaction"], hash);

    // What is for classic alone says so.
    let export = bcoin(here)
        .args(["export", "chain.txt", "--node", &url])
        .assert()
        .code(1);
    assert!(
        stderr(&export).contains("coin chain"),
        "{}",
        stderr(&export)
    );
    assert!(!here.join("chain.txt").exists());
    let chain = ask(&["chain", "--json", "--from", "0"]);
    let blocks: Value = serde_json::from_str(&chain).expect("JSON");
    let body = serde_json::json!({"chain": blocks["blocks"], "length": 4}).to_string();
    std::fs::write(here.join("coin.json"), body).expect("a file can be written");
    for command in ["verify", "import"] {
        let refused = bcoin(here).args([command, "coin.json"]).assert().code(1);
        let said = stderr(&refused);
        assert!(
            said.contains("coin protocol") && said.contains("bcoin audit --data-dir"),
            "{command}: {said}"
        );
    }
    running.signal("TERM");
    let (status, seen) = running.ended();
    assert!(status.success(), "{seen}");
    let home = folder_of(&here.join("data/dev"));
    let home = home.to_str().expect("plain letters");
    for more in [&[][..], &["--network", "dev"]] {
        let audit = bcoin(here)
            .args(["audit", "--data-dir", home])
            .args(more)
            // It is for the commands that ask a node.
            .env("BCOIN_NODE", &url)
            .assert();
        let said = stdout(&audit.success());
        assert!(said.contains("Every stored byte is sound."), "{said}");
    }
    for (network, part) in [("main", "dev"), ("classic", "dev")] {
        let refused = bcoin(here)
            .args(["audit", "--data-dir", home, "--network", network])
            .assert()
            .code(4);
        assert!(stderr(&refused).contains(part), "{}", stderr(&refused));
    }
    let both = bcoin(here)
        .args(["audit", "--data-dir", home, "--node", &url])
        .assert()
        .code(2);
    assert!(stderr(&both).contains("--node"), "{}", stderr(&both));
    let export = bcoin(here)
        .args(["export", "chain.txt", "--data-dir", home])
        .assert()
        .code(1);
    assert!(
        stderr(&export).contains("coin network dev"),
        "{}",
        stderr(&export)
    );
    // Off classic a node's folder is below its network's.
    assert!(
        here.join("data/dev").is_dir()
            && std::fs::read_dir(here.join("data"))
                .expect("it is there")
                .count()
                == 1
    );
}

#[test]
fn a_network_of_ones_own_needs_a_miner_and_keeps_to_its_genesis_file() {
    let folder = folder();
    let here = folder.path();
    let made = bcoin(here)
        .args([
            "genesis",
            "new",
            "--name",
            "class-7b",
            "--spacing",
            "1s",
            "--file",
            "class.json",
        ])
        .assert();
    made.success();
    let (running, url) = node(here, &["--network", "class.json", "--data-dir", "node"]);
    let refused = bcoin(here).args(["mine", "--node", &url]).assert().code(1);
    assert!(stderr(&refused).contains("--miner"), "{}", stderr(&refused));
    let said: Value =
        serde_json::from_str(&ask(here, &url, &["chain", "--json", "0"])).expect("JSON");
    running.signal("TERM");
    assert!(running.ended().0.success());

    let (running, url) = node(
        here,
        &[
            "--network",
            "./class.json",
            "--data-dir",
            "node",
            "--miner",
            SECOND,
        ],
    );
    assert!(ask(here, &url, &["mine"]).starts_with("Mined 1 block."));
    let again: Value =
        serde_json::from_str(&ask(here, &url, &["chain", "--json", "0"])).expect("JSON");
    assert_eq!(again["block"]["hash"], said["block"]["hash"]);
    running.signal("TERM");
    assert!(running.ended().0.success());

    let unnamed = bcoin(here)
        .args(["audit", "--data-dir", "node"])
        .assert()
        .code(2);
    assert!(
        stderr(&unnamed).contains("coin network class-7b")
            && stderr(&unnamed).contains("--network FILE"),
        "{}",
        stderr(&unnamed)
    );
    let audit = bcoin(here)
        .args(["audit", "--data-dir", "node", "--network", "class.json"])
        .assert();
    assert!(stdout(&audit.success()).contains("Every stored byte is sound."));

    // Another network of the same name is another network, and so is every other.
    let other = bcoin(here)
        .args([
            "genesis",
            "new",
            "--name",
            "class-7b",
            "--file",
            "other.json",
        ])
        .assert();
    other.success();
    for network in ["other.json", "dev", "classic"] {
        let refused = bcoin(here)
            .args([
                "node",
                "--port",
                "0",
                "--network",
                network,
                "--data-dir",
                "node",
            ])
            .timeout(std::time::Duration::from_secs(60))
            .assert()
            .code(4);
        assert!(
            stderr(&refused).contains("class-7b"),
            "{network}: {}",
            stderr(&refused)
        );
    }
}

#[test]
fn what_does_not_fit_the_network_is_wrong_usage() {
    let wallet = Wallet::new();
    let here = wallet.folder.path();
    for (name, text) in [
        ("bad.json", "{}"),
        ("idle.toml", "[mining]\nthreads = 0\n"),
        ("hasty.toml", "[mining]\ninterval = 0\n"),
    ] {
        std::fs::write(here.join(name), text).expect("a file can be written");
    }
    for (arguments, part) in [
        (&["--network", "mian"][..], "classic, main, dev"),
        (&["--network", "bad.json"], "member format is missing"),
        (&["--mine", "1"], "for coin networks"),
        (&["--unlock", "mine"], "for coin networks"),
        (
            &["--network", "dev", "--miner", "Bharathi"],
            "is no address",
        ),
        (
            &["--network", "dev", "--mine", "1", "--automine"],
            "exclude each other",
        ),
        (&["--network", "main", "--mine", "1"], "whom to pay"),
        (
            &["--network", "dev", "--interval", "1.5"],
            "whole number of seconds",
        ),
        (
            &["--network", "dev", "--config", "idle.toml"],
            "mining.threads is 0",
        ),
        (
            &["--network", "dev", "--config", "hasty.toml"],
            "mining.interval is 0",
        ),
        (
            &["--network", "dev", "--switch-to", "12"],
            "64 hexadecimal digits",
        ),
        (
            &[
                "--network",
                "dev",
                "--unlock",
                "nobody",
                "--wallet-dir",
                "wallet",
            ],
            "no name in this wallet",
        ),
    ] {
        let refused = bcoin(here)
            .args(["node", "--port", "0"])
            .args(arguments)
            .timeout(std::time::Duration::from_secs(60))
            .assert()
            .code(2);
        assert!(
            stderr(&refused).contains(part),
            "{arguments:?}: {}",
            stderr(&refused)
        );
    }
}

#[test]
fn who_does_not_mine_by_itself_says_who_does() {
    let folder = folder();
    for flag in [&["--mine", "2"][..], &["--interval", "5"], &["--automine"]] {
        let refused = bcoin(folder.path()).arg("up").args(flag).assert().code(2);
        let said = stderr(&refused);
        assert!(said.contains("only `bcoin node` mines by itself"), "{said}");
        assert!(!said.contains("Usage"), "{said}");
    }
}

#[test]
fn a_local_network_of_dev_warns_of_its_accounts() {
    let folder = folder();
    let here = folder.path();
    // The ports that the system hands out one after the other are mostly free.
    let (mut running, base) = super::networks::network(here, &["--network", "dev"]);
    for part in [
        "TEN TEST ACCOUNTS: EVERYBODY HAS THEIR KEYS",
        FIRST,
        SECOND,
        "chain id 31337",
        "data/dev/nodes.json",
    ] {
        assert!(running.seen.contains(part), "{part}: {}", running.seen);
    }
    let url = format!("http://127.0.0.1:{base}");
    ask(here, &url, &["mine"]);
    running.until("has block 1 with 0 transactions");
    let second = format!("http://127.0.0.1:{}", base + 1);
    let said: Value = serde_json::from_str(&ask(here, &second, &["mine", "--json"])).expect("JSON");
    assert_eq!(said["miner"], SECOND);
    assert!(here.join("data/dev").join(base.to_string()).is_dir());
    running.signal("INT");
    assert!(running.ended().0.success());
}
