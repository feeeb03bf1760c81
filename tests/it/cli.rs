//! The program `bcoin` from outside: help, exit codes, settings, chains in files.

use std::path::Path;

use assert_cmd::assert::Assert;
use assert_cmd::cargo::cargo_bin_cmd;
use tempfile::TempDir;

mod answers; // how answers of a node are asked for and shown
#[cfg(unix)]
mod coin; // coin nodes as processes, and the commands that ask them
#[cfg(unix)]
mod contract; // contracts deployed, called, watched, verified
mod genesis; // genesis files: made, explained, refused
mod ledger; // a node of a currency that says what a test wants
#[cfg(unix)]
mod networks; // nodes and local networks as processes
#[cfg(unix)]
mod review; // sources looked over
#[cfg(unix)]
mod running; // the program as a process that a test watches and signals
#[cfg(unix)]
mod top; // nodes watched: well, down, behind, hostile
mod wallet; // words, keys, signed transfers

const CHAIN: &str = include_str!("../vectors/classic/chain.json");
const HASHES: &str = include_str!("../vectors/classic/chain-hashes.json");

/// `bcoin` in an empty folder and an empty environment.
fn bcoin(folder: &Path) -> assert_cmd::Command {
    let mut command = cargo_bin_cmd!("bcoin");
    command.env_clear().current_dir(folder);
    command
}

fn stdout(assert: &Assert) -> String {
    String::from_utf8(assert.get_output().stdout.clone()).expect("the output is UTF-8")
}

fn stderr(assert: &Assert) -> String {
    String::from_utf8(assert.get_output().stderr.clone()).expect("the errors are UTF-8")
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder can be made")
}

#[test]
fn every_command_shows_its_help() {
    fn walk(command: &clap::Command, path: &[String], folder: &Path) {
        let shown = bcoin(folder).args(path).arg("--help").assert().success();
        assert!(stdout(&shown).contains("Usage: bcoin"), "{path:?}");
        for sub in command.get_subcommands() {
            walk(sub, &[path, &[sub.get_name().to_owned()]].concat(), folder);
        }
    }
    walk(&bcoin::cli::command(), &[], folder().path());
}

#[test]
fn alone_it_shows_its_help_and_a_typo_gets_a_suggestion() {
    let folder = folder();
    let alone = bcoin(folder.path()).assert().code(2);
    assert!(stderr(&alone).contains("Commands:"), "{}", stderr(&alone));
    let typo = bcoin(folder.path()).arg("chian").assert().code(2);
    assert!(stderr(&typo).contains("'chain'"), "{}", stderr(&typo));
    bcoin(folder.path()).arg("--version").assert().success();
}

#[test]
fn completions_and_manual_pages_come_out() {
    let folder = folder();
    for (shell, mark) in [
        ("bash", "complete -F _bcoin"),
        ("zsh", "#compdef bcoin"),
        ("fish", "complete -c bcoin"),
    ] {
        let out = bcoin(folder.path())
            .args(["completions", shell])
            .assert()
            .success();
        assert!(stdout(&out).contains(mark), "{shell}");
    }
    bcoin(folder.path())
        .args(["man", "pages"])
        .assert()
        .success();
    let page = std::fs::read_to_string(folder.path().join("pages/bcoin-tx-add.1"))
        .expect("each command has a page");
    assert!(page.contains("BCOIN_NODE"), "{page}");
}

#[test]
fn documents_of_the_calls_are_json() {
    let folder = folder();
    for (arguments, member) in [
        (&["openapi"][..], "paths"),
        (&["postman"], "item"),
        (&["postman", "--environment"], "values"),
    ] {
        let out = stdout(&bcoin(folder.path()).args(arguments).assert().success());
        let document: serde_json::Value = serde_json::from_str(&out).expect("it is JSON");
        assert!(document.get(member).is_some(), "{arguments:?}");
    }
}

#[test]
fn settings_that_cannot_be_used_are_named_with_their_place() {
    let folder = folder();
    let file = folder.path().join("bcoin.toml");
    std::fs::write(&file, "[http]\nport = 1002\n\n[peers]\nmax_pull = 1\n")
        .expect("the file can be written");
    let error = stderr(&bcoin(folder.path()).arg("config").assert().code(2));
    for part in ["bcoin.toml, line 5", "max_pull", "`max_pull_bytes`"] {
        assert!(error.contains(part), "{error}");
    }
    let error = stderr(
        &bcoin(folder.path())
            .args(["config", "--config", "none.toml"])
            .assert()
            .code(2),
    );
    assert!(error.contains("none.toml"), "{error}");
    let error = stderr(
        &bcoin(folder.path())
            .arg("config")
            .env("BCOIN_ALLOW", "10.0.0.0/99")
            .assert()
            .code(2),
    );
    assert!(
        error.contains("172.18.0.0/16") && error.contains("BCOIN_ALLOW in the environment"),
        "{error}"
    );
    bcoin(folder.path())
        .args(["config", "--port", "99999"])
        .assert()
        .code(2);
}

#[test]
fn each_setting_says_where_it_comes_from() {
    let folder = folder();
    let file = folder.path().join("bcoin.toml");
    std::fs::write(
        &file,
        "[http]\nport = 1002\nlisten = \"::1\"\n[node]\nminer = \"File\"\n",
    )
    .expect("the file can be written");
    let out = bcoin(folder.path())
        .args(["config", "--miner", "Flag"])
        .env("BCOIN_PORT", "1003")
        .env("BCOIN_MINER", "Environment")
        .assert()
        .success();
    let out = stdout(&out);
    for line in [
        "miner = \"Flag\" # --miner",
        "port = 1003 # BCOIN_PORT in the environment",
        "listen = \"::1\" # bcoin.toml",
        "format = \"text\" # default",
    ] {
        assert!(out.contains(line), "{out}");
    }
    std::fs::write(&file, &out).expect("the file can be written");
    bcoin(folder.path()).arg("config").assert().success();
}

#[test]
fn a_saved_chain_is_verified_offline() {
    let folder = folder();
    let hashes: Vec<String> = serde_json::from_str(HASHES).expect("the vector is JSON");
    let tip = hashes.last().expect("the vector holds hashes");
    std::fs::write(folder.path().join("chain.json"), CHAIN).expect("the file can be written");
    let out = stdout(
        &bcoin(folder.path())
            .args(["verify", "chain.json"])
            .assert()
            .success(),
    );
    assert_eq!(out, format!("valid: 15 blocks; the tip's hash is {tip}\n"));
    let out = stdout(
        &bcoin(folder.path())
            .args(["verify", "-", "--json"])
            .write_stdin(CHAIN)
            .assert()
            .success(),
    );
    let out: serde_json::Value = serde_json::from_str(&out).expect("--json prints JSON");
    assert_eq!(
        (&out["valid"], &out["blocks"], &out["tip"]),
        (&true.into(), &15.into(), &tip.as_str().into())
    );
}

#[test]
fn a_broken_chain_is_refused_with_block_and_member() {
    let folder = folder();
    for (from, to, parts) in [
        (
            "45293",
            "45294",
            &["block 3, member proof", "2 blocks before it"][..],
        ),
        (
            "\"length\":15",
            "\"length\":16",
            &["claims a length of 16", "has 15 blocks"],
        ),
        ("\"length\":15", "\"length\":", &["not valid"]),
        ("alice", "mallory", &["previous_hash"]),
        ("{\"chain\":", "{\"chains\":", &["chain"]),
        (
            "{\"chain\":[",
            "<html>",
            &["not a JSON object with a member 'chain'"],
        ),
    ] {
        let text = CHAIN.replacen(from, to, 1);
        assert_ne!(text, CHAIN, "{from} is in the vector");
        let error = stderr(
            &bcoin(folder.path())
                .args(["verify", "-"])
                .write_stdin(text)
                .assert()
                .code(1),
        );
        for part in parts {
            assert!(error.contains(part), "{from}: {error}");
        }
    }
    for empty in ["", "\n", "{\"chain\":[],\"length\":0}"] {
        bcoin(folder.path())
            .args(["verify", "-"])
            .write_stdin(empty)
            .assert()
            .code(1);
    }
    let half = &CHAIN[..CHAIN.len() / 2];
    bcoin(folder.path())
        .args(["verify", "-"])
        .write_stdin(half)
        .assert()
        .code(1);
    let error = stderr(
        &bcoin(folder.path())
            .args(["verify", "nowhere.json"])
            .assert()
            .code(1),
    );
    assert!(error.contains("nowhere.json"), "{error}");
}
