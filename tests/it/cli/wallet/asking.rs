//! What the wallet asks a node: balances and history.

use serde_json::{Value, json};

use super::super::{stderr, stdout};
use super::{FIRST, SECOND, Wallet, json_of, ledger};

#[test]
fn balances_come_from_the_node_or_not_at_all() {
    let (wallet, ledger) = (Wallet::new(), ledger());
    ledger.account(SECOND, "0.000000000000000001", "1", 0);
    let node = ["--node", ledger.url.as_str()];
    let listed = stdout(&wallet.run(&[["list"].as_slice(), &node].concat()).success());
    assert!(listed.contains(&format!("{FIRST}  mine  2\n")), "{listed}");
    let both = stdout(
        &wallet
            .run(&[["balance", "mine", SECOND].as_slice(), &node].concat())
            .success(),
    );
    assert!(both.contains("Together 2.000000000000000001\n"), "{both}");
    let told = json_of(
        &wallet
            .run(&[["balance", "--json"].as_slice(), &node].concat())
            .success(),
    );
    assert_eq!(told["accounts"][0]["balance_units"], "2000000000000000000");
    assert_eq!(told["total"], "2");
    // Nobody answers there: port 1 of this machine.
    let silent = ["--node", "127.0.0.1:1"];
    wallet
        .run(&[["balance"].as_slice(), &silent].concat())
        .code(3);
    let unsaid = wallet.run(&[["list"].as_slice(), &silent].concat()).code(3);
    assert!(stdout(&unsaid).contains(FIRST), "{}", stdout(&unsaid));
    let unsaid = [["list", "--json"].as_slice(), &silent].concat();
    let unsaid = json_of(&wallet.run(&unsaid).code(3));
    assert_eq!(unsaid["addresses"][0]["balance"], Value::Null);
    let offline = json_of(&wallet.run(&["list", "--offline", "--json"]).success());
    assert_eq!(offline["addresses"][0]["balance"], Value::Null);
    assert_eq!(offline["addresses"][0]["name"], "mine");
    // What is no amount is not shown as one.
    ledger.account(FIRST, "1e18", "1", 0);
    let wrong = wallet
        .run(&[["balance"].as_slice(), &node].concat())
        .code(1);
    assert!(
        stderr(&wrong).contains("another answer"),
        "{}",
        stderr(&wrong)
    );
}

#[test]
fn the_history_of_an_address_is_shown_page_by_page() {
    let (wallet, ledger) = (Wallet::new(), ledger());
    let entry = json!({"block": 7, "time": 1_700_000_000, "transaction": "0xabc", "kind": "sent", "from": FIRST, "to": SECOND,
        "value": "1.5", "fee": "0.000021", "status": "ok"});
    let reward = json!({"block": 6, "time": 1_699_999_999, "transaction": null, "kind": "reward", "from": null, "to": FIRST,
        "value": "50", "fee": "0", "status": "ok"});
    let path = format!("/v1/accounts/{FIRST}/history?limit=2");
    ledger.answers(&path, json!({"entries": [entry, reward], "next": 6}));
    ledger.answers(
        &format!("{path}&before=6"),
        json!({"entries": [], "next": null}),
    );
    let common = [
        "history",
        "mine",
        "--limit",
        "2",
        "--node",
        ledger.url.as_str(),
    ];
    let first = wallet.run(&common).success();
    let lines: Vec<Vec<String>> = stdout(&first)
        .lines()
        .map(|line| line.split_whitespace().map(str::to_owned).collect())
        .collect();
    assert_eq!(
        lines[1],
        [
            "7",
            "2023-11-14",
            "22:13:20",
            "sent",
            "friend",
            "-1.5",
            "0.000021",
            "0xabc"
        ]
    );
    assert_eq!(
        lines[2],
        [
            "6",
            "2023-11-14",
            "22:13:19",
            "reward",
            "-",
            "+50",
            "-",
            "-"
        ]
    );
    assert!(stderr(&first).contains("--before 6"), "{}", stderr(&first));
    let last = wallet
        .run(&[common.as_slice(), &["--before", "6"]].concat())
        .success();
    assert_eq!(stdout(&last), "Nothing went in or out.\n");
    let told = json_of(
        &wallet
            .run(&[common.as_slice(), &["--json"]].concat())
            .success(),
    );
    assert_eq!(told["next"], 6);
}
