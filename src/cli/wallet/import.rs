//! `bcoin wallet import`: words, a private key or a keystore file from elsewhere.

use std::fs::File;
use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::folder::FolderOptions;
use super::secrets::{self, PassphraseOptions, PasswordOptions, Secret, open_to_others};
use super::stored::{self, NameOptions, NewKey, RangeOptions, check_name};
use crate::cli::exit::Failure;
use crate::cli::terminal;
use crate::wallet::keyfile::Keyfile;
use crate::wallet::keys::Key;
use crate::wallet::keystore::{Keystore, KeystoreError};
use crate::wallet::words::Words;

#[derive(Debug, Clone, Args)]
#[command(
    after_help = "What it is shows by itself: words (BIP-39), a private key (64 hexadecimal digits) or a keystore
file (version 3, as geth, eth-account, MetaMask and others write it), which keeps its password and
is encrypted anew.

Examples:
  bcoin wallet import --count 3
  bcoin wallet import --file keystore.json --name old
  pass show wallet/words | bcoin wallet import --file - --password-file password"
)]
pub struct ImportArgs {
    /// The file that holds it (- reads standard input); without, it is typed unseen
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: Option<PathBuf>,
    /// Print the answer as JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub range: RangeOptions,
    #[command(flatten)]
    pub name: NameOptions,
    #[command(flatten)]
    pub passphrase: PassphraseOptions,
    #[command(flatten)]
    pub password: PasswordOptions,
    #[command(flatten)]
    pub folder: FolderOptions,
}

/// What a secret's text is, by its look.
#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Keyfile,
    Key,
    Words,
}

pub fn run(args: &ImportArgs) -> Result<(), Failure> {
    let keystore = args.folder.open()?;
    let name = args.name.name.as_deref();
    check_name(name, &keystore.names()?)?;
    let text = secret_text(args.file.as_ref(), &args.password)?;
    let kind = kind_of(&text);
    let of_words = args.range.index != 0 || args.range.count != 1 || args.passphrase.is_given();
    if kind != Kind::Words && of_words {
        return Err(Failure::usage(
            "an index, a count and a passphrase belong to words, and this is a key",
        ));
    }
    if kind != Kind::Keyfile {
        remark_on_file(args.file.as_ref());
    }
    let (keys, password) = match kind {
        Kind::Keyfile => open_keyfile(&text, args, &keystore)?,
        Kind::Key => {
            let key = text.trim().parse().map_err(not_taken)?;
            (vec![one(key, name)], args.password.for_new_files()?)
        }
        Kind::Words => {
            let words = read_words(&text)?;
            let passphrase = args.passphrase.of_words()?;
            let keys = args.range.derive(&words.seed(&passphrase), name)?;
            (keys, args.password.for_new_files()?)
        }
    };
    stored::keep(&keystore, keys, &password, None, args.json)
}

/// The text of a secret from its file, standard input or an unseen line.
pub fn secret_text(file: Option<&PathBuf>, password: &PasswordOptions) -> Result<Secret, Failure> {
    match file {
        Some(path) if path.as_os_str() == "-" && password.password_stdin => Err(Failure::usage(
            "standard input cannot hold both the password and what is imported",
        )
        .hint("`--password-file FILE` gives the password.")),
        Some(path) => secrets::whole(path),
        None => secrets::hidden(
            "Words or private key (not shown): ",
            "`--file FILE` reads it from a file, `--file -` from standard input.",
        ),
    }
}

/// Reads words, with the list's own remarks on what is wrong.
pub fn read_words(text: &str) -> Result<Words, Failure> {
    Words::parse(text).map_err(not_taken)
}

fn not_taken(error: impl std::fmt::Display) -> Failure {
    Failure::failed(error.to_string())
}

fn kind_of(text: &str) -> Kind {
    let text = text.trim();
    let digits = text.strip_prefix("0x").unwrap_or(text);
    if text.starts_with('{') {
        Kind::Keyfile
    } else if text.starts_with("0x")
        || (digits.len() >= 32 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
    {
        Kind::Key
    } else {
        Kind::Words
    }
}

fn one(key: Key, name: Option<&str>) -> NewKey {
    NewKey {
        key,
        name: name.map(str::to_owned),
        path: None,
    }
}

fn open_keyfile(
    text: &str,
    args: &ImportArgs,
    keystore: &Keystore,
) -> Result<(Vec<NewKey>, Secret), Failure> {
    let path = args.file.clone().unwrap_or_default();
    let failed = |source| KeystoreError::Keyfile {
        path: path.clone(),
        source,
    };
    let keyfile = Keyfile::parse(text).map_err(failed)?;
    // Before anyone types a password for nothing.
    if let Some(address) = keyfile.address() {
        match keystore.find(address) {
            Err(KeystoreError::Missing { .. }) => {}
            Err(error) => return Err(error.into()),
            Ok(there) => {
                let path = there.path;
                return Err(KeystoreError::AlreadyThere { address, path }.into());
            }
        }
    }
    let open = |password: &[u8]| keyfile.open(password).map_err(failed);
    let (key, password) = args.password.unlock("the keystore file", open)?;
    Ok((vec![one(key, args.name.name.as_deref())], password))
}

/// Words and keys that lie about in the clear.
fn remark_on_file(file: Option<&PathBuf>) {
    let Some(path) = file.filter(|path| path.as_os_str() != "-") else {
        return;
    };
    if let Ok(Some(_)) = File::open(path).and_then(|file| open_to_others(&file)) {
        terminal::note(&format!(
            "note: others may read {}, and it holds a secret in the clear",
            path.display()
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_tell_by_their_look_what_they_are() {
        let key = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
        for (text, kind) in [
            (key.to_owned(), Kind::Key),
            (format!(" 0x{key}\n"), Kind::Key),
            // One digit is missing, or is another letter: still no words.
            (key[1..].to_owned(), Kind::Key),
            ("0xzz".to_owned(), Kind::Key),
            (" {\"version\": 3}".to_owned(), Kind::Keyfile),
            ("test test junk".to_owned(), Kind::Words),
            ("decade".to_owned(), Kind::Words),
            (String::new(), Kind::Words),
        ] {
            assert_eq!(kind_of(&text), kind, "{text}");
        }
    }
}
