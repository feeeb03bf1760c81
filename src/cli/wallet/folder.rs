//! Where the wallet's folder is, and whom a name or an address means.

use std::path::PathBuf;

use alloy_primitives::Address;
use clap::{Args, ValueHint};

use crate::cli::exit::Failure;
use crate::cli::terminal::{self, printable};
use crate::wallet::address;
use crate::wallet::keystore::{Keystore, KeystoreError, Listing};
use crate::wallet::names::Names;

#[derive(Debug, Clone, Args)]
pub struct FolderOptions {
    /// The folder of keys [default: bcoin/wallet where this system keeps a user's files]
    // Not beside the chains in `data`: those are deleted to start over, keys never are.
    #[arg(long, value_name = "DIR", env = "BCOIN_WALLET_DIR", value_hint = ValueHint::DirPath, help_heading = "Wallet")]
    pub wallet_dir: Option<PathBuf>,
}

impl FolderOptions {
    /// The keystore, and a remark if others may look into it.
    pub fn open(&self) -> Result<Keystore, Failure> {
        let folder = match &self.wallet_dir {
            Some(folder) => folder.clone(),
            None => user_files()
                .ok_or_else(|| {
                    Failure::usage("this system does not say where the user's files are")
                        .hint("`--wallet-dir DIR` names the folder of keys.")
                })?
                .join("bcoin/wallet"),
        };
        let keystore = Keystore::at(folder);
        if keystore.is_open_to_others() {
            terminal::note(&format!(
                "note: others may look into {0}; `chmod 700 {0}` keeps them out",
                keystore.folder().display()
            ));
        }
        Ok(keystore)
    }
}

/// `$XDG_DATA_HOME` or what stands for it on this system.
fn user_files() -> Option<PathBuf> {
    let from = |name: &str| {
        let path = std::env::var_os(name).map(PathBuf::from);
        path.filter(|path| path.is_absolute())
    };
    let home = || std::env::home_dir().filter(|home| home.is_absolute());
    if cfg!(windows) {
        from("APPDATA")
    } else if cfg!(target_os = "macos") {
        home().map(|home| home.join("Library/Application Support"))
    } else {
        from("XDG_DATA_HOME").or_else(|| home().map(|home| home.join(".local/share")))
    }
}

/// The names in the folder. A file that holds none stops nobody who gives addresses.
pub fn names(keystore: &Keystore) -> Result<Names, Failure> {
    match keystore.names() {
        Err(error @ KeystoreError::Name { .. }) => {
            let why = error.to_string();
            terminal::note(&format!(
                "note: without names, since {}; moved away, it takes no key with it",
                printable(&why)
            ));
            Ok(Names::default())
        }
        names => Ok(names?),
    }
}

/// The keys in the folder; files that are none are told.
pub fn listing(keystore: &Keystore) -> Result<Listing, Failure> {
    let listing = keystore.list()?;
    for (path, why) in &listing.others {
        let path = path.display().to_string();
        terminal::note(&format!(
            "note: {} is left out: {}",
            printable(&path),
            printable(why)
        ));
    }
    Ok(listing)
}

/// Whom a name of this wallet or an address means. An address without a checksum is taken with a remark.
pub fn whose(text: &str, names: &Names) -> Result<Address, Failure> {
    if !text.starts_with("0x") && !text.starts_with("0X") {
        return names.address(text).ok_or_else(|| {
            Failure::usage(format!(
                "{} is no name in this wallet, and no address either: those begin with 0x",
                printable(text)
            ))
            .hint("`bcoin wallet list` shows the names.")
        });
    }
    let written = address::parse(text)
        .map_err(|error| Failure::usage(format!("{}: {error}", printable(text))))?;
    if !written.checked {
        terminal::note(&format!(
            "note: {text} carries no checksum, so a mistyped character goes unseen; with one it is {}",
            written.address
        ));
    }
    Ok(written.address)
}

/// Whom a command means: the one that is named, or the only one whose key is kept.
pub fn whose_or_only(
    text: Option<&str>,
    keystore: &Keystore,
    names: &Names,
) -> Result<Address, Failure> {
    if let Some(text) = text {
        return whose(text, names);
    }
    let keys = listing(keystore)?.keys;
    match keys.as_slice() {
        [key] => Ok(key.address),
        [] => Err(nobody(keystore)),
        several => Err(Failure::usage(format!(
            "the wallet holds keys of {} addresses, and none was named",
            several.len()
        ))
        .hint("`bcoin wallet list` shows them and their names.")),
    }
}

/// The wallet is empty.
pub fn nobody(keystore: &Keystore) -> Failure {
    let folder = keystore.folder().display();
    Failure::failed(format!("no key is kept in {folder}"))
        .hint("`bcoin wallet new` makes one, `bcoin wallet import` takes one in.")
}

/// An address as people read it: with its name, if it has one.
pub fn shown(address: Address, names: &Names) -> String {
    match names.name(address) {
        Some(name) => format!("{address} ({name})"),
        None => address.to_string(),
    }
}
