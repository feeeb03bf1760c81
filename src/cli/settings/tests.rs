use clap::{Command, CommandFactory, Parser};

use super::*;
use crate::config::{Config, SyncMode};

#[derive(Parser)]
struct Everything {
    #[command(flatten)]
    program: ProgramArgs,
    #[command(flatten)]
    node: NodeArgs,
}

fn help_of(command: &Command, id: &str) -> String {
    let arg = command
        .get_arguments()
        .find(|arg| arg.get_id() == id)
        .expect(id);
    arg.get_help().map(ToString::to_string).unwrap_or_default()
}

#[test]
fn help_texts_name_the_defaults_that_hold() {
    let command = Everything::command();
    let config = Config::default();
    for (id, default) in [
        ("port", config.http.port.to_string()),
        ("listen", config.http.listen.to_string()),
        ("network", config.node.network.to_string()),
        (
            "allow_private_peers",
            config.peers.allow_private.to_string(),
        ),
        ("find_local", config.peers.find_local.to_string()),
        ("poll_seconds", config.peers.poll_seconds.to_string()),
        ("nudge", config.peers.nudge.to_string()),
        ("max_pull_bytes", config.peers.max_pull_bytes.to_string()),
        ("max_pull_blocks", config.peers.max_pull_blocks.to_string()),
        ("cache_bytes", config.store.cache_bytes.to_string()),
        ("log", config.log.filter.to_string()),
        ("log_format", config.log.format.to_string()),
    ] {
        let help = help_of(&command, id);
        assert!(
            help.ends_with(&format!("[default: {default}]")),
            "{id}: {help}"
        );
    }
}

#[test]
fn every_setting_shows_a_default_and_a_variable() {
    for arg in Everything::command().get_arguments() {
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        assert!(help.contains("[default: "), "{}", arg.get_id());
        assert!(arg.get_env().is_some(), "{}", arg.get_id());
    }
}

#[test]
fn every_flag_reaches_its_setting() {
    let matches = Everything::command().get_matches_from([
        "x",
        "--port",
        "7",
        "--listen",
        "::1",
        "--data-dir",
        "d",
        "--miner",
        "Ada",
        "--network",
        "classic",
        "--host-name",
        "a",
        "--host-name",
        "b,c",
        "--allow",
        "10.0.0.0/8",
        "--rpc-origin",
        "https://wallet.example",
        "--peers",
        "n.json",
        "--allow-private-peers",
        "--peer",
        "127.0.0.1:1002",
        "--sync",
        "auto",
        "--find-local",
        "--poll-seconds",
        "5",
        "--nudge",
        "--max-pull-bytes",
        "8",
        "--max-pull-blocks",
        "9",
        "--log",
        "debug",
        "--log-format",
        "json",
        "--cache-bytes",
        "10",
        "--mine",
        "2",
        "--interval",
        "3",
        "--automine",
        "--switch-to",
        "ab",
        "--unlock",
        "savings",
        "--wallet-dir",
        "w",
        "--password-file",
        "p",
    ]);
    let args = <Everything as clap::FromArgMatches>::from_arg_matches(&matches).unwrap();
    let layers = node_settings(&args.program, &args.node, &matches).unwrap();
    let printed = layers.to_toml();
    let origins = printed.lines().filter(|line| line.contains(" = "));
    assert_eq!(origins.clone().count(), 27, "{printed}");
    for line in origins {
        assert!(line.contains("# --"), "{line}");
    }
    assert_eq!(layers.config.http.host_names.len(), 3);
    assert_eq!(layers.config.http.rpc_origins.len(), 1);
    assert!(layers.config.peers.allow_private);
    assert_eq!(layers.config.peers.sync, Some(SyncMode::Auto));
}
