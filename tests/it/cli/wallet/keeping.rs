//! Secrets in and out: words, keys, keystore files, passwords.

use serde_json::{Value, json};

use super::super::{bcoin, folder, stderr, stdout};
use super::{FIRST, FIRST_FILE, FIRST_KEY, SECOND, WORDS, Wallet, json_of, set_mode};

#[test]
fn a_password_comes_from_a_file_of_ones_own_or_from_standard_input() {
    let wallet = Wallet::new();
    let export = ["export", "mine", "--private-key", "--yes"];
    let key = format!("{FIRST_KEY}\n");
    let by_file = wallet
        .run(&[export.as_slice(), &["--password-file", "password"]].concat())
        .success();
    assert_eq!(stdout(&by_file), key);
    let by_input = wallet
        .run_with(
            "password\n",
            &[export.as_slice(), &["--password-stdin"]].concat(),
        )
        .success();
    assert_eq!(stdout(&by_input), key);
    let told = wallet
        .run(
            &[
                export.as_slice(),
                &["--password-file", "password", "--json"],
            ]
            .concat(),
        )
        .success();
    assert_eq!(
        json_of(&told),
        json!({"address": FIRST, "private_key": FIRST_KEY})
    );
    let nobody = wallet.run(&export).code(2);
    assert!(
        stderr(&nobody).contains("--password-file"),
        "{}",
        stderr(&nobody)
    );
    let unasked = wallet
        .run(&[
            "export",
            "mine",
            "--private-key",
            "--password-file",
            "password",
        ])
        .code(2);
    assert!(
        stdout(&unasked).is_empty() && stderr(&unasked).contains("--yes"),
        "{}",
        stderr(&unasked)
    );
    if cfg!(unix) {
        set_mode(&wallet.path("password"), 0o644);
        let open = wallet
            .run(&[export.as_slice(), &["--password-file", "password"]].concat())
            .code(2);
        assert!(
            stdout(&open).is_empty() && stderr(&open).contains("chmod 600"),
            "{}",
            stderr(&open)
        );
    }
}

#[test]
fn what_does_not_open_says_what_it_may_be() {
    let wallet = Wallet::new();
    let export = ["export", FIRST, "--private-key", "--yes", "--password-file"];
    let no_file = wallet.run(&[&export[..], &["wallet"]].concat()).code(1);
    let said = stderr(&no_file);
    assert!(said.contains("cannot read wallet: "), "{said}");
    let damaged = FIRST_FILE.replace("1dae467d", "1dae467e");
    wallet.write("wallet/first.json", &damaged);
    let closed = wallet.run(&[&export[..], &["password"]].concat()).code(1);
    let said = stderr(&closed);
    assert!(said.contains("damaged"), "{said}");
}

#[test]
fn damaged_names_stop_nobody_who_gives_addresses() {
    let wallet = Wallet::new();
    wallet.write("wallet/names.json", "{\"version\": 1, \"nam");
    let by_address = wallet.run(&["address", FIRST]).success();
    assert_eq!(stdout(&by_address), format!("{FIRST}\n"));
    let said = stderr(&by_address);
    assert!(
        said.contains("names.json") && said.contains("moved away"),
        "{said}"
    );
    assert!(stdout(&wallet.run(&["list", "--offline"]).success()).contains(FIRST));
    wallet.run(&["address", "mine"]).code(2);
    // A name that is given would be the only one in the file then.
    let key = [
        "import",
        "--file",
        "-",
        "--password-file",
        "password",
        "--name",
        "new",
    ];
    let refused = wallet.run_with(WORDS, &key).code(1);
    assert!(
        stderr(&refused).contains("Move that file away"),
        "{}",
        stderr(&refused)
    );
}

#[test]
fn a_keystore_file_comes_out_as_it_lies_there() {
    let wallet = Wallet::new();
    for who in [
        ["export"].as_slice(),
        &["export", "mine"],
        &["export", FIRST],
    ] {
        assert_eq!(
            stdout(&wallet.run(who).success()),
            format!("{FIRST_FILE}\n")
        );
    }
    wallet.run(&["export", SECOND]).code(1);
}

#[test]
fn new_words_are_for_a_person_or_for_a_program_that_asks() {
    let wallet = Wallet::new();
    let common = ["new", "--password-file", "password"];
    let nobody = wallet.run(&common).code(2);
    assert!(
        stderr(&nobody).contains("--print-words"),
        "{}",
        stderr(&nobody)
    );
    assert_eq!(wallet.files(), 0);
    let arguments = [
        "--print-words",
        "--json",
        "--words",
        "24",
        "--name",
        "savings",
    ];
    let made = json_of(
        &wallet
            .run(&[common.as_slice(), &arguments].concat())
            .success(),
    );
    let words = made["words"].as_str().expect("words are text");
    assert_eq!(words.split(' ').count(), 24);
    let address = made["addresses"][0]["address"]
        .as_str()
        .expect("an address is text");
    let derived = wallet
        .run_with(words, &["address", "--index", "0", "--file", "-"])
        .success();
    assert_eq!(stdout(&derived).trim(), address);
    assert_eq!(
        stdout(&wallet.run(&["address", "savings"]).success()).trim(),
        address
    );
    assert_eq!(wallet.files(), 1);
    // A name that is taken is known before anything is made.
    let taken = wallet
        .run(&[common.as_slice(), &arguments].concat())
        .code(2);
    assert!(
        stderr(&taken).contains("savings is already the name of"),
        "{}",
        stderr(&taken)
    );
    assert_eq!(wallet.files(), 1);
}

#[test]
fn words_keys_and_files_are_taken_in() {
    let wallet = Wallet::new();
    let import = ["import", "--file", "-", "--password-file", "password"];
    // Of three addresses the first is there.
    let words = wallet
        .run_with(
            WORDS,
            &[
                import.as_slice(),
                &["--count", "2", "--name", "dev", "--json"],
            ]
            .concat(),
        )
        .success();
    assert_eq!(json_of(&words)["addresses"][0]["address"], SECOND);
    assert_eq!(json_of(&words)["addresses"][0]["path"], "m/44'/60'/0'/0/1");
    assert!(
        stderr(&words).contains(&format!("a key of {FIRST} is there already")),
        "{}",
        stderr(&words)
    );
    let listed = stdout(&wallet.run(&["list", "--offline"]).success());
    assert!(
        listed.contains(FIRST) && listed.contains(SECOND) && !listed.contains(" dev\n"),
        "{listed}"
    );

    let key = "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a\n";
    wallet
        .run_with(key, &[import.as_slice(), &["--name", "third"]].concat())
        .success();
    assert_eq!(
        stdout(&wallet.run(&["address", "third"]).success()).trim(),
        "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"
    );
    let again = wallet.run_with(key, &import).code(1);
    assert!(
        stderr(&again).contains("already there"),
        "{}",
        stderr(&again)
    );

    let other = Wallet::new();
    std::fs::remove_file(other.path("wallet/first.json")).expect("it was there");
    other.write("export.json", FIRST_FILE);
    let file = [
        "import",
        "--file",
        "export.json",
        "--name",
        "other",
        "--password-stdin",
    ];
    let wrong = other.run_with("Password\n", &file).code(1);
    assert!(
        stderr(&wrong).contains("the password is wrong"),
        "{}",
        stderr(&wrong)
    );
    other.run_with("password\n", &file).success();
    // Encrypted anew, as dear as any.
    let text = stdout(&other.run(&["export", "other"]).success());
    let kept: Value = serde_json::from_str(&text).expect("a keystore file is JSON");
    assert_eq!(kept["crypto"]["kdfparams"]["n"], 262_144);
    let there = other
        .run_with(
            "password\n",
            &["import", "--file", "export.json", "--password-stdin"],
        )
        .code(1);
    assert!(
        stderr(&there).contains("already there"),
        "{}",
        stderr(&there)
    );
}

#[test]
fn what_is_no_secret_is_refused_with_what_is_wrong() {
    let wallet = Wallet::new();
    let import = ["import", "--file", "-", "--password-file", "password"];
    let with_typo = WORDS.replace("junk", "junkk");
    let version_1 = FIRST_FILE.replace("\"version\": 3", "\"version\": 1");
    for (text, sentence) in [
        ("", "this has 0"),
        ("test test junk", "this has 3"),
        (
            with_typo.as_str(),
            "word 12, \"junkk\", is not in the English list; near it are: junk",
        ),
        (
            &WORDS.replace("junk", "test"),
            "their checksum does not hold",
        ),
        ("0x12", "64 hexadecimal digits, this is 2"),
        (
            &FIRST_KEY.replace("ac0", "zc0"),
            "another character at place 1",
        ),
        ("{}", "not a keystore file"),
        (&version_1, "version 1"),
    ] {
        let refused = wallet.run_with(text, &import).code(1);
        assert!(
            stderr(&refused).contains(sentence),
            "{sentence}: {}",
            stderr(&refused)
        );
    }
    let both = wallet
        .run_with("x", &["import", "--file", "-", "--password-stdin"])
        .code(2);
    assert!(
        stderr(&both).contains("cannot hold both"),
        "{}",
        stderr(&both)
    );
    let index = wallet
        .run_with(FIRST_KEY, &[import.as_slice(), &["--index", "1"]].concat())
        .code(2);
    assert!(
        stderr(&index).contains("belong to words"),
        "{}",
        stderr(&index)
    );
    let name = wallet
        .run_with(WORDS, &[import.as_slice(), &["--name", "0xabc"]].concat())
        .code(2);
    assert!(stderr(&name).contains("a name is"), "{}", stderr(&name));
    wallet.run(&["import"]).code(2);
    assert_eq!(wallet.files(), 0);
}

#[test]
fn words_and_passphrase_give_the_addresses_that_other_wallets_derive() {
    let wallet = Wallet::new();
    let words = format!("{}about\n", "abandon ".repeat(11));
    let derive = ["address", "--file", "-", "--index"];
    let plain = wallet
        .run_with(
            &words,
            &[derive.as_slice(), &["0", "--count", "2"]].concat(),
        )
        .success();
    let shown = stdout(&plain);
    // As MetaMask shows them.
    for address in [
        "0x9858EfFD232B4033E47d90003D41EC34EcaEda94",
        "0x6Fac4D18c912343BF86fa7049364Dd4E424Ab9C0",
    ] {
        assert!(shown.contains(address), "{shown}");
    }
    wallet.write("passphrase", "TREZOR\n");
    let with = wallet
        .run_with(
            &words,
            &[derive.as_slice(), &["0", "--passphrase-file", "passphrase"]].concat(),
        )
        .success();
    assert_eq!(
        stdout(&with).trim(),
        "0x9c32F71D4DB8Fb9e1A58B0a80dF79935e7256FA6"
    );
    wallet
        .run_with(&words, &[derive.as_slice(), &["2147483648"]].concat())
        .code(2);
}

#[test]
fn an_empty_wallet_says_what_to_do() {
    let folder = folder();
    for command in ["list", "address", "balance", "history", "export"] {
        let empty = bcoin(folder.path())
            .args(["wallet", command, "--wallet-dir", "none"])
            .assert()
            .code(1);
        assert!(
            stderr(&empty).contains("bcoin wallet new"),
            "{command}: {}",
            stderr(&empty)
        );
    }
    assert!(!folder.path().join("none").exists());
}

#[cfg(target_os = "linux")]
#[test]
fn by_default_keys_lie_where_a_user_keeps_files() {
    for (name, inside) in [
        ("XDG_DATA_HOME", "bcoin/wallet"),
        ("HOME", ".local/share/bcoin/wallet"),
    ] {
        let folder = folder();
        let empty = bcoin(folder.path())
            .env(name, folder.path())
            .args(["wallet", "list"])
            .assert()
            .code(1);
        let expected = folder.path().join(inside).display().to_string();
        assert!(
            stderr(&empty).contains(&expected),
            "{expected}: {}",
            stderr(&empty)
        );
    }
}
