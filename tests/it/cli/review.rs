//! `bcoin contract review` with a stand-in for slither.

use std::path::Path;

use serde_json::Value;

use super::{bcoin, stderr, stdout};

/// A program that writes what slither wrote of a bad contract.
#[test]
fn a_review_explains_what_slither_reports() {
    use std::os::unix::fs::PermissionsExt;
    let folder = super::folder();
    let report = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/contracts/slither.json");
    let program = folder.path().join("slither");
    let script = format!(
        "#!/bin/sh\n[ \"$1 $2\" = \"Bad.sol --json\" ] || exit 9\ncat '{}' > \"$3\"\nexit 255\n",
        report.display()
    );
    std::fs::write(&program, script).expect("a file can be written");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755))
        .expect("an own file");
    for name in ["Bad.sol", "New.vy"] {
        std::fs::write(folder.path().join(name), "# pragma version 0.4.3\n").expect("a file");
    }
    let review = |arguments: &[&str]| {
        let all = [&["contract", "review", "--slither", "./slither"], arguments].concat();
        bcoin(folder.path())
            .env("PATH", "/usr/bin:/bin")
            .args(all)
            .assert()
    };
    let bad = review(&["Bad.sol"]).code(1);
    for part in [
        "high  Bad.sol:14 in withdraw",
        "It pays out before it writes down",
        "Why    ",
        "Do     ",
        "tx.origin",
        "reentrancy-eth",
    ] {
        assert!(stdout(&bad).contains(part), "{part}: {}", stdout(&bad));
    }
    assert!(
        stderr(&bad).contains("2 findings of high severity"),
        "{}",
        stderr(&bad)
    );
    let some = review(&[
        "Bad.sol",
        "--fail-on",
        "never",
        "--at-least",
        "high",
        "--json",
    ])
    .success();
    let some: Value = serde_json::from_str(&stdout(&some)).expect("JSON");
    assert_eq!(some["findings"].as_array().map(Vec::len), Some(2));
    assert_eq!(some["findings"][0]["severity"], "high");
    // One that gives up without a report.
    let vyper = review(&["New.vy"]).code(1);
    assert!(
        stderr(&vyper).contains("Vyper 0.4.3; slither reads Vyper up to 0.3"),
        "{}",
        stderr(&vyper)
    );
}
