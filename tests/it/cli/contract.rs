//! `bcoin contract` against a node of the network dev: the example contracts deployed, called, watched, verified.

use std::path::{Path, PathBuf};

use assert_cmd::assert::Assert;
use serde_json::Value;

use super::running::node;
use super::wallet::Wallet;
use super::{bcoin, stderr, stdout};

const FIRST: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const SECOND: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";

/// 2100, for sales and bonds that do not end.
const LATER: &str = "4102444800";

fn example(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path: PathBuf = root.join("examples/contracts").join(name);
    path.to_str().expect("text").to_owned()
}

/// A wallet with the first account's key, and the node that its commands ask.
struct User<'a> {
    wallet: &'a Wallet,
    url: String,
}

impl User<'_> {
    fn run(&self, arguments: &[&str]) -> Assert {
        bcoin(self.wallet.folder.path())
            .env("BCOIN_WALLET_DIR", "wallet")
            .env("BCOIN_NODE", &self.url)
            // No compiler: what is compiled again depends on the machine.
            .env("PATH", "")
            .arg("contract")
            .args(arguments)
            .assert()
    }

    fn signing(&self, arguments: &[&str]) -> Assert {
        self.run(&[arguments, &["--yes", "--password-file", "password"]].concat())
    }

    /// The address of what is deployed.
    fn deploy(&self, arguments: &[&str]) -> String {
        let deployed = self.signing(&[&["deploy"], arguments].concat()).success();
        stdout(&deployed).trim().to_owned()
    }
}

fn json_of(assert: &Assert) -> Value {
    serde_json::from_str(&stdout(assert)).expect("the output is JSON")
}

#[test]
fn a_token_is_sold_and_its_source_kept() {
    let wallet = Wallet::new();
    let here = wallet.folder.path();
    let (running, url) = node(here, &["--network", "dev", "--data-dir", "kept"]);
    let user = User {
        wallet: &wallet,
        url,
    };
    let artifact = example("token_sale/token_sale.json");
    let terms = [
        "A token", "TOK", "1000e18", "100e18", "0.01coin", "50e18", LATER,
    ];
    let sale = user.deploy(&[&[artifact.as_str()], &terms[..]].concat());
    assert!(sale.starts_with("0x") && sale.len() == 42, "{sale}");

    // By the artifact's ABI, with names of the wallet.
    let abi = ["--abi", artifact.as_str()];
    let call = |arguments: &[&str]| {
        let called = user.run(&[&["call", &sale], arguments, &abi[..]].concat());
        stdout(&called.success()).trim().to_owned()
    };
    assert_eq!(call(&["name"]), "A token");
    assert_eq!(call(&["owner"]), FIRST);
    assert_eq!(call(&["balanceOf", "mine"]), "900000000000000000000 (9e20)");
    assert_eq!(call(&["cost", "2e18"]), "20000000000000000 (2e16)");

    // What the contract refuses is not sent, and its reason is told in the ABI's words.
    let send = |arguments: &[&str]| user.signing(&[&["send", &sale], arguments, &abi[..]].concat());
    let refused = send(&["buy", "2e18", "--value", "0.5"]).code(1);
    let said = stderr(&refused);
    for part in [
        "buy(2e18) would be refused",
        "WrongPayment",
        "500000000000000000",
        "20000000000000000",
        "nothing was sent",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let before = wallet
        .run(&["balance", "mine", "--json", "--node", &user.url])
        .success();

    let bought = send(&["buy", "2e18", "--value", "0.02", "--json"]).success();
    let bought = json_of(&bought);
    assert_eq!(
        (bought["state"].as_str(), bought["contract"].as_str()),
        (Some("mined"), Some(sale.as_str()))
    );
    let names: Vec<&str> = bought["events"]
        .as_array()
        .expect("events")
        .iter()
        .filter_map(|event| event["event"].as_str())
        .collect();
    assert_eq!(names, ["Transfer", "Bought"]);
    assert_eq!(
        bought["events"][1]["values"][1]["value"],
        "2000000000000000000"
    );
    // Deployed, refused, bought: two transactions.
    let before: Value = serde_json::from_str(&stdout(&before)).expect("JSON");
    assert_eq!(before["accounts"][0]["nonce"], 1);
    assert_eq!(bought["nonce"], 1);

    let events = user
        .run(&[&["events", &sale, "--event", "Bought"], &abi[..]].concat())
        .success();
    let line = stdout(&events);
    assert!(
        line.contains(&format!("Bought(buyer={FIRST}, ")) && line.lines().count() == 1,
        "{line}"
    );
    let late = user.run(
        &[
            &["events", &sale, "--from-block", "1000", "--json"],
            &abi[..],
        ]
        .concat(),
    );
    assert_eq!(stdout(&late.success()), "");

    // Without an ABI nobody knows its functions; then the node keeps them.
    let unknown = user.run(&["call", &sale, "name"]).code(2);
    assert!(
        stderr(&unknown).contains("bcoin contract verify"),
        "{}",
        stderr(&unknown)
    );
    let source = example("token_sale/token_sale.sol");
    let verify = |artifact: &str, more: &[&str]| {
        user.run(&[&["verify", &sale, artifact, "--source", &source], more].concat())
    };
    let dry = verify(&artifact, &["--dry-run"]).success();
    assert!(
        stdout(&dry).contains("not compiled again: no solc"),
        "{}",
        stdout(&dry)
    );
    verify(&artifact, &["--must-compile"]).code(1);
    let other = verify(&example("bond/bond.json"), &[]).code(1);
    assert!(stderr(&other).contains("HTTP 422"), "{}", stderr(&other));
    let kept = json_of(&verify(&artifact, &["--json"]).success());
    let checked = kept["node"]["checked"].as_str().expect("words");
    assert!(
        checked.contains("byte for byte but for the") && checked.contains("creation code"),
        "{checked}"
    );
    assert_eq!(kept["compiled_again"], Value::Null);
    let called = user.run(&["call", &sale, "name"]).success();
    assert_eq!(stdout(&called), "A token\n");

    let inspected = stdout(&user.run(&["inspect", &sale]).success());
    for part in [
        "token_sale.sol",
        "in block 1 by 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266 (mine)",
        "buy(amount: uint256) payable",
        "indexed buyer: address",
        "balanceOf: mapping(address => uint256)",
        "that this source compiles to this code",
    ] {
        assert!(inspected.contains(part), "{part}: {inspected}");
    }
    let text = stdout(&user.run(&["inspect", &sale, "--source"]).success());
    assert_eq!(text, std::fs::read_to_string(&source).expect("the source"));

    // What was acknowledged is there after a restart.
    running.signal("TERM");
    let (ended, said) = running.ended();
    assert!(ended.success(), "{said}");
    let (_running, url) = node(here, &["--network", "dev", "--data-dir", "kept"]);
    let user = User {
        wallet: &wallet,
        url,
    };
    let called = user.run(&["call", &sale, "symbol"]).success();
    assert_eq!(stdout(&called), "TOK\n");
}

#[test]
fn values_that_a_vyper_contract_appends_to_its_code_are_no_other_code() {
    let wallet = Wallet::new();
    let (_running, url) = node(wallet.folder.path(), &["--network", "dev"]);
    let user = User {
        wallet: &wallet,
        url,
    };
    let (artifact, source) = (example("bond/bond.json"), example("bond/bond.vy"));
    let bond = user.deploy(&[
        &artifact,
        "10coins",
        "500",
        LATER,
        "4102531200",
        "--value",
        "1",
    ]);
    let kept = user
        .run(&["verify", &bond, &artifact, "--source", &source])
        .success();
    assert!(
        stdout(&kept).contains("bytes of values that the constructor set"),
        "{}",
        stdout(&kept)
    );
    // A source that the artifact was not made of.
    let other = user
        .run(&[
            "verify",
            &bond,
            &artifact,
            "--source",
            &example("registry/registry.vy"),
        ])
        .code(1);
    assert!(stderr(&other).contains("SHA-256"), "{}", stderr(&other));
    let lent = user
        .signing(&["send", &bond, "lend", "--value", "2.5"])
        .success();
    let said = stdout(&lent);
    assert!(
        said.starts_with("0x") && said.contains("2500000000000000000 (2.5e18)"),
        "{said}"
    );
    let goal = user.run(&["call", &bond, "GOAL", "--json"]).success();
    assert_eq!(json_of(&goal)["values"][0]["value"], "10000000000000000000");
}

#[test]
fn what_is_written_wrong_is_named_before_anything_is_signed() {
    let wallet = Wallet::new();
    let (_running, url) = node(wallet.folder.path(), &["--network", "dev"]);
    let user = User {
        wallet: &wallet,
        url,
    };
    let artifact = example("bond/bond.json");
    let bond = user.deploy(&[&artifact, "10coins", "500", LATER, "4102531200"]);
    let abi = ["--abi", artifact.as_str()];
    for (arguments, code, part) in [
        (
            &["deploy", &artifact, "1"][..],
            2,
            "takes 4 arguments, 1 are given",
        ),
        (
            &["deploy", &artifact, "lots", "500", LATER, LATER],
            2,
            "argument 1 (goal: uint256) of the constructor: \"lots\" is no number; an example is 1000, or 1.5coin",
        ),
        (
            &["deploy", &artifact, "0", "500", LATER, LATER],
            1,
            "a bond needs a goal",
        ),
        (&["deploy", "password", "1"], 1, "an artifact is JSON"),
        (&["deploy", "none.json"], 1, "none.json"),
        (&["call", &bond, "lentt"], 2, "it has lent"),
        (
            &["call", &bond, "lent", "nobody"],
            2,
            "no name that is known here",
        ),
        (&["call", "nobody", "lent"], 2, "no name in this wallet"),
        (
            &["call", SECOND, "lent", "mine"],
            1,
            "is there a contract at that address",
        ),
        (&["send", &bond, "lend", "--from", "friend"], 1, "no key"),
        (
            &["send", &bond, "lend", "--value", "2", "--gas", "21000"],
            2,
            "21000 are allowed",
        ),
        (
            &["send", &bond, "lend", "--value", "2", "--chain-id", "1"],
            1,
            "not 1",
        ),
        (&["send", &bond, "lend", "--value", "1e6"], 2, "--value"),
        (&["events", &bond, "--event", "Lentt"], 2, "no event Lentt"),
        (&["inspect", SECOND], 1, "no contract is at"),
        (&["review", "none.sol"], 2, "none.sol"),
        (&["review", "password"], 1, "pip install slither-analyzer"),
    ] {
        let takes_abi = ["call", "send", "events"].contains(&arguments[0]);
        let abi = if takes_abi { &abi[..] } else { &[] };
        let signs = ["deploy", "send"].contains(&arguments[0]);
        let all = [arguments, abi].concat();
        let failed = if signs {
            user.signing(&all)
        } else {
            user.run(&all)
        };
        let failed = failed.code(code);
        assert!(
            stderr(&failed).contains(part),
            "{arguments:?}: {}",
            stderr(&failed)
        );
    }
    // Nobody is there to say yes.
    let asked = user
        .run(&["send", &bond, "lend", "--value", "2", "--abi", &artifact])
        .code(2);
    assert!(stderr(&asked).contains("--yes"), "{}", stderr(&asked));
    let gone = bcoin(wallet.folder.path())
        .args([
            "contract",
            "call",
            &bond,
            "lent",
            FIRST,
            "--abi",
            &artifact,
            "--node",
            "127.0.0.1:9",
        ])
        .assert()
        .code(3);
    assert!(
        stderr(&gone).contains("no answer from"),
        "{}",
        stderr(&gone)
    );
}
