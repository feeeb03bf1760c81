//! `bcoin genesis`: what it makes holds and follows from what was asked; what it reads is explained; what is wrong is named.

use std::path::Path;

use bcoin::protocol::coin::genesis::Genesis;
use bcoin::protocol::coin::parameters::{COIN, Parameters};
use serde_json::{Value, json};

use super::{bcoin, folder, stderr, stdout};

const RICH: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";

fn new(folder: &Path, arguments: &[&str]) -> assert_cmd::assert::Assert {
    let mut command = bcoin(folder);
    command.args(["genesis", "new"]).args(arguments).assert()
}

fn made(folder: &Path, arguments: &[&str]) -> Parameters {
    let out = new(folder, &[arguments, &["--file", "-"]].concat()).success();
    Parameters::from_genesis_file(&stdout(&out)).expect("what it makes holds")
}

fn check(folder: &Path, network: &str) -> Value {
    let out = bcoin(folder)
        .args(["genesis", "check", "--json", network])
        .assert()
        .success();
    serde_json::from_str(&stdout(&out)).expect("--json prints JSON")
}

#[test]
fn a_name_is_enough_and_the_rest_follows_from_the_spacing() {
    let folder = folder();
    let class = made(folder.path(), &["--name", "class-7b"]);
    assert_eq!(class.name, "class-7b");
    assert!((1_000_000..1 << 31).contains(&class.chain_id));
    assert!(class.time > 1_700_000_000);
    assert_eq!((class.spacing, class.half_life, class.ahead), (10, 600, 37));
    assert_eq!((class.subsidy, class.halving), (50 * COIN, 210_000));
    assert_eq!((class.gas_limit, class.byte_limit), (10_000_000, 1 << 20));
    assert_eq!((class.base_fee, class.reorg_depth), (1, 60_480));
    assert_eq!(class.specs, Parameters::main().specs);
    // The two usual contracts, as every network has them.
    assert_eq!(class.accounts, Parameters::main().accounts);
    let again = made(folder.path(), &["--name", "class-7b"]);
    assert_ne!(again.chain_id, class.chain_id);

    // The relations of the built-in currency.
    let (slow, main) = (
        made(folder.path(), &["--name", "slow", "--spacing", "10m"]),
        Parameters::main(),
    );
    assert_eq!(
        (slow.spacing, slow.half_life, slow.ahead),
        (main.spacing, main.half_life, main.ahead)
    );
    assert_eq!(
        (slow.gas_limit, slow.byte_limit, slow.reorg_depth),
        (main.gas_limit, main.byte_limit, main.reorg_depth)
    );
    let fast = made(folder.path(), &["--name", "fast", "--spacing", "1"]);
    assert_eq!((fast.gas_limit, fast.byte_limit), (1_000_000, 104_857));
    let day = made(folder.path(), &["--name", "day", "--spacing", "1d"]);
    assert_eq!(day.reorg_depth, 1_000);
    let still = made(folder.path(), &["--name", "still", "--half-life", "0"]);
    assert_eq!((still.half_life, still.ahead), (0, 0));
    assert_eq!(still.easiest_bits, Parameters::dev().easiest_bits);
    // A limit of 0 would be none.
    let nervous = made(folder.path(), &["--name", "nervous", "--half-life", "15s"]);
    assert_eq!(nervous.ahead, 1);
}

#[test]
fn what_is_asked_for_is_what_the_file_holds() {
    let folder = folder();
    let arguments = [
        "--name",
        "lab",
        "--spacing",
        "2m",
        "--half-life",
        "1h",
        "--subsidy",
        "0.5",
        "--halving",
        "1000",
        "--account",
        &format!("{RICH}=12.000000000000000001"),
        "--account",
        "0x00000000000000000000000000000000000000aa=1",
    ];
    let lab = made(folder.path(), &arguments);
    assert_eq!((lab.spacing, lab.half_life), (120, 3_600));
    assert_eq!((lab.subsidy, lab.halving), (COIN / 2, 1_000));
    let balances: Vec<(String, u128)> = lab
        .accounts
        .iter()
        .filter(|account| account.balance > 0)
        .map(|account| (account.address.to_string(), account.balance))
        .collect();
    assert_eq!(
        balances,
        [
            (
                "0x00000000000000000000000000000000000000AA".to_owned(),
                COIN
            ),
            (RICH.to_owned(), 12 * COIN + 1)
        ]
    );
    assert_eq!(lab.accounts.len(), 4);
}

#[test]
fn the_file_is_named_after_the_network_and_never_written_over_unasked() {
    let folder = folder();
    let out = new(folder.path(), &["--name", "class-7b", "--json"]).success();
    let out: Value = serde_json::from_str(&stdout(&out)).expect("--json prints JSON");
    let path = folder.path().join("class-7b.json");
    let text = std::fs::read_to_string(&path).expect("the file is there");
    let parameters = Parameters::from_genesis_file(&text).expect("it holds");
    let genesis = Genesis::of(parameters.clone());
    assert_eq!(out["file"], "class-7b.json");
    assert_eq!(out["chain_id"], parameters.chain_id);
    assert_eq!(out["parameter_hash"], parameters.hash().to_string());
    assert_eq!(out["genesis_hash"], genesis.hash().to_string());

    let error = stderr(&new(folder.path(), &["--name", "class-7b"]).code(2));
    assert!(error.contains("class-7b.json is there already") && error.contains("--force"));
    assert_eq!(std::fs::read_to_string(&path).expect("still there"), text);
    let out = stdout(&new(folder.path(), &["--name", "class-7b", "--force"]).success());
    assert!(
        out.starts_with("class-7b.json: network class-7b, chain id "),
        "{out}"
    );
    assert_ne!(std::fs::read_to_string(&path).expect("still there"), text);
    // Nothing but the file is left behind.
    assert_eq!(
        std::fs::read_dir(folder.path()).expect("a folder").count(),
        1
    );
}

#[test]
fn what_cannot_be_a_network_is_refused_before_anything_is_written() {
    let folder = folder();
    let twice = format!("{RICH}=1");
    for (arguments, says) in [
        (
            &["--name", "Class"][..],
            "name \"Class\" is not 1 to 32 characters of a-z, 0-9 and -",
        ),
        (&["--name", "../x"], "name \"../x\" is not"),
        (
            &["--name", "x", "--spacing", "0"],
            "0 s between blocks; it must be from 1 s to 86400 s",
        ),
        (
            &["--name", "x", "--spacing", "2d"],
            "172800 s between blocks",
        ),
        (
            &["--name", "x", "--spacing", "99999999999999"],
            "is more than 4294967295 seconds",
        ),
        (&["--name", "main"], "is the name of a network"),
        (&["--name", "dev"], "is the name of a network"),
        (&["--name", "classic"], "is the name of a network"),
        (
            &["--name", "x", "--spacing", "soon"],
            "\"soon\" is no time such as 10s",
        ),
        (
            &["--name", "x", "--half-life", "99999d"],
            "is more than 4294967295 seconds",
        ),
        (
            &["--name", "x", "--halving", "0"],
            "halving is 0, it must be from 1 to",
        ),
        (&["--name", "x", "--subsidy", "1e3"], "this one holds 'e'"),
        (
            &["--name", "x", "--subsidy", "1000000000000000"],
            "which is not below 2^127",
        ),
        (
            &["--name", "x", "--subsidy", "999999999999999999999999"],
            "is too much",
        ),
        (&["--name", "x", "--account", RICH], "ADDRESS=COINS"),
        (
            &[
                "--name",
                "x",
                "--account",
                "0x70997970c51812dc3A010C7d01b50e0d17dc79C8=1",
            ],
            "checksum (EIP-55)",
        ),
        (
            &["--name", "x", "--account", "0x7099=1"],
            "40 hexadecimal digits",
        ),
        (
            &["--name", "x", "--account", &format!("{RICH}=0")],
            "would have no coins",
        ),
        (
            &["--name", "x", "--account", &twice, "--account", &twice],
            "is named twice",
        ),
        (
            &[
                "--name",
                "x",
                "--account",
                "0x4e59b44847b379578588920cA78FbF26c0B4956C=1",
            ],
            "is named twice",
        ),
        (&[], "--name"),
    ] {
        let error = stderr(&new(folder.path(), arguments).code(2));
        assert!(error.contains(says), "{arguments:?}: {error}");
    }
    let nowhere = new(folder.path(), &["--name", "x", "--file", "none/x.json"]).code(1);
    assert!(stderr(&nowhere).contains("cannot write into none"));
    assert_eq!(
        std::fs::read_dir(folder.path()).expect("a folder").count(),
        0
    );
}

#[test]
fn the_built_in_networks_are_explained_in_plain_words() {
    let folder = folder();
    let main = bcoin(folder.path())
        .args(["genesis", "check", "main"])
        .assert()
        .success();
    let main = stdout(&main);
    for words in [
        "main: every parameter holds",
        "chain id        20090103:",
        "2026-11-21 00:00 UTC, with block 0",
        "10 min wished between blocks",
        "doubles when blocks come 2 h early",
        "if half of all miners leave, blocks still come within twice the wished time",
        "at most 7 min 30 s ahead",
        "50 coins a block at first, half of it after each 210,000 blocks",
        "25 from block 210,001 on, about 2030-",
        "12.5 from block 420,001 on",
        "none from block 13,860,001 on",
        "coins ever      20999999.99999999999",
        "of which the first accounts have 0",
        "at most 30,000,000 gas (1,428 plain transfers) in 1,048,576 bytes",
        "costs at least 0.000000000000021 coins",
        "at most its last 1,008 blocks (7 d)",
        "osaka from block 0",
        "0 with coins, 2 with code",
    ] {
        assert!(main.contains(words), "{words}:\n{main}");
    }
    assert!(!main.contains("\nmind"), "{main}");
    let genesis = Genesis::of(Parameters::main());
    for hash in [
        genesis.parameters.hash().to_string(),
        genesis.hash().to_string(),
        genesis.record_hash.to_string(),
        genesis.block.record.state_root.to_string(),
    ] {
        assert!(main.contains(&hash), "{hash}:\n{main}");
    }
    let dev = bcoin(folder.path())
        .args(["genesis", "check", "dev"])
        .assert()
        .success();
    let dev = stdout(&dev);
    for words in [
        "never changes: a block takes 2 hashes on average",
        "however far ahead of the clock",
        "10 with coins, 2 with code",
        &format!("{RICH} has 10000"),
    ] {
        assert!(dev.contains(words), "{words}:\n{dev}");
    }
}

#[test]
fn json_says_the_same_for_programs() {
    let folder = folder();
    let text = made(
        folder.path(),
        &["--name", "x", "--account", &format!("{RICH}=2.5")],
    )
    .to_genesis_file();
    std::fs::write(folder.path().join("x.json"), &text).expect("the file can be written");
    let x = check(folder.path(), "x.json");
    assert_eq!(x["valid"], true);
    assert_eq!(x["reorg_seconds"], 604_800);
    assert_eq!(x["first_coins"], "2.5");
    assert_eq!(x["subsidy"], "50");
    assert_eq!(x["mends_after"]["twenty_nine_of_thirty_leave"], 2_915);
    assert_eq!(x["halvings"][0]["block"], 210_001);
    assert_eq!(x["halvings"][0]["subsidy"], "25");
    // 50 · 10^18 has 66 bits.
    assert_eq!(x["halvings"].as_array().map(Vec::len), Some(66));
    assert_eq!(x["halvings"][65]["subsidy"], "0");
    assert_eq!(x["warnings"], json!([]));
    let rich = x["accounts"].as_array().expect("a list").iter();
    let rich: Vec<&Value> = rich.filter(|account| account["balance"] != "0").collect();
    assert_eq!(
        rich,
        [&json!({"address": RICH, "balance": "2.5", "has_code": false})]
    );
    let parameters = Parameters::from_genesis_file(&text).expect("it holds");
    let genesis = Genesis::of(parameters);
    assert_eq!(x["genesis_hash"], genesis.hash().to_string());
    assert_eq!(x["state_root"], genesis.block.record.state_root.to_string());
    let dev = check(folder.path(), "dev");
    assert_eq!(dev["mends_after"]["nine_of_ten_leave"], Value::Null);
    assert_eq!(dev["chain_id"], 31_337);
}

#[test]
fn a_broken_file_names_the_member_and_what_is_allowed() {
    let folder = folder();
    let good = Parameters::main().to_genesis_file();
    for (from, to, says) in [
        (
            "\"spacing\": 600",
            "\"spacing\": \"600\"",
            "member spacing: invalid type: string \"600\", expected u32; it must be a whole number of seconds from 1 to 86400",
        ),
        (
            "  \"halving\": 210000,\n",
            "",
            "member halving is missing; it must be a whole number of blocks from 1 to 2^63 - 1",
        ),
        (
            "\"gas_limit\": 30000000",
            "\"gas_limit\": 20999",
            "gas_limit is 20999, it must be from 21000 to 1099511627776",
        ),
        ("\"halving\"", "\"halfing\"", "unknown field `halfing`"),
        ("{", "", "it is not the JSON of a genesis file"),
    ] {
        let text = good.replacen(from, to, 1);
        assert_ne!(text, good, "{from}");
        let refused = bcoin(folder.path())
            .args(["genesis", "check", "-", "--json"])
            .write_stdin(text)
            .assert()
            .code(1);
        let error = stderr(&refused);
        assert!(error.contains(says), "{error}");
        assert!(error.starts_with("error: standard input does not hold"));
        let fault: Value = serde_json::from_str(&stdout(&refused)).expect("--json prints JSON");
        assert_eq!(fault["valid"], false);
        assert!(
            fault["fault"]
                .as_str()
                .is_some_and(|fault| fault.contains(says)),
            "{fault}"
        );
    }
    let refused = bcoin(folder.path())
        .args(["genesis", "check", "nowhere.json"])
        .assert()
        .code(1);
    let error = stderr(&refused);
    assert!(
        error.contains("nowhere.json") && error.contains("main, dev"),
        "{error}"
    );
}

#[test]
fn numbers_that_hold_but_surprise_are_pointed_out() {
    let folder = folder();
    type Change = fn(&mut Parameters);
    let warnings = |change: Change| -> String {
        let mut parameters = Parameters::main();
        change(&mut parameters);
        let out = bcoin(folder.path())
            .args(["genesis", "check", "-"])
            .write_stdin(parameters.to_genesis_file())
            .assert()
            .success();
        let out = stdout(&out);
        let minded = out.lines().filter(|line| line.starts_with("mind"));
        minded.collect::<Vec<_>>().join("\n")
    };
    let changes: [(Change, &str); 7] = [
        (
            |p| p.half_life = 300,
            "the difficulty can rise and never falls",
        ),
        (|p| (p.half_life, p.ahead) = (1_200, 75), "luck alone"),
        (|p| p.ahead = 0, "dates from the future"),
        (|p| p.ahead = 1_801, "dates from the future"),
        (|p| p.gas_limit = 600_000_001, "(600,000,000 gas)"),
        (|p| p.reorg_depth = 143, "reorg_depth is 23 h 50 min"),
        (|p| p.base_fee = 0, "base_fee is 0"),
    ];
    for (change, says) in changes {
        let found = warnings(change);
        assert!(found.contains(says), "{says}: {found}");
    }
    assert_eq!(warnings(|p| (p.ahead, p.reorg_depth) = (1_800, 144)), "");
}
