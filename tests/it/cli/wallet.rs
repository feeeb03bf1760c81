//! `bcoin wallet`: secrets in, addresses and signed transfers out. Nodes here are ones that say what a test wants.

use std::path::{Path, PathBuf};

use assert_cmd::assert::Assert;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::ledger::Ledger;
use super::{bcoin, folder, stdout};

mod asking; // balances and history
mod keeping; // words, keys, files and passwords
mod sending; // transfers

/// The words that every development network knows, and its first accounts.
const WORDS: &str = "test test test test test test test test test test test junk\n";
const FIRST: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const SECOND: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const FIRST_KEY: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

/// The first account's key as eth-account encrypts it with the password `password`, but at next to no cost.
const FIRST_FILE: &str = r#"{"address": "f39Fd6e51aad88F6F4ce6aB8827279cffFb92266", "crypto": {"cipher": "aes-128-ctr", "cipherparams":
{"iv": "c4dd019d55ab8d3609150f6c48c05467"}, "ciphertext": "0068968429f67dda999ce8bc8e29bcde091242457860e698878ff43edb5637db",
"kdf": "scrypt", "kdfparams": {"dklen": 32, "n": 2, "r": 8, "p": 1, "salt": "74ca48f0716dea2d48c3e4560284114e"},
"mac": "1dae467dd177adaae118f522a7ca5b869eaaa9bf007eb1542a1deed31f81e9b5"}, "id": "01bbf0b9-ec03-40f4-af70-803331480a2a", "version": 3}"#;

/// A folder with a wallet that holds the first account's key, named `mine`.
pub(super) struct Wallet {
    pub(super) folder: TempDir,
}

impl Wallet {
    pub(super) fn new() -> Self {
        let wallet = Self { folder: folder() };
        std::fs::create_dir(wallet.path("wallet")).expect("a folder can be made");
        set_mode(&wallet.path("wallet"), 0o700);
        wallet.write("wallet/first.json", FIRST_FILE);
        let names = json!({"version": 1, "names": {"mine": FIRST, "friend": SECOND}});
        wallet.write("wallet/names.json", &names.to_string());
        wallet.write("password", "password\n");
        wallet
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file that nobody else can read.
    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("a file can be written");
        set_mode(&self.path(name), 0o600);
    }

    /// Runs `bcoin wallet …` on the wallet, with a text on standard input.
    pub(super) fn run_with(&self, input: &str, arguments: &[&str]) -> Assert {
        bcoin(self.folder.path())
            .env("BCOIN_WALLET_DIR", "wallet")
            .arg("wallet")
            .args(arguments)
            .write_stdin(input)
            .assert()
    }

    pub(super) fn run(&self, arguments: &[&str]) -> Assert {
        self.run_with("", arguments)
    }

    /// Sends as `arguments` say, with the password's file.
    fn send(&self, ledger: &Ledger, arguments: &[&str]) -> Assert {
        let common = ["send", "--password-file", "password", "--node", &ledger.url];
        self.run(&[&common, arguments].concat())
    }

    fn files(&self) -> usize {
        let entries = std::fs::read_dir(self.path("wallet")).expect("the folder is there");
        entries
            .filter(|entry| {
                let name = entry.as_ref().expect("an entry").file_name();
                name.to_string_lossy().starts_with("UTC--")
            })
            .count()
    }
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    let permissions = std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(path, permissions).expect("an own file's mode can be set");
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: u32) {}

fn json_of(assert: &Assert) -> Value {
    serde_json::from_str(&stdout(assert)).expect("the output is JSON")
}

/// A node on which the first account holds 2 coins and sent 7 transactions.
fn ledger() -> Ledger {
    let ledger = Ledger::start();
    ledger.account(FIRST, "2", "2000000000000000000", 7);
    ledger.account(SECOND, "0", "0", 0);
    ledger.answers("/add_transaction", json!({"message": "It waits."}));
    ledger
}
