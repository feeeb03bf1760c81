//! Folders of nodes: finding them, opening their stores offline, and starting over.

use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};

use super::exit::Failure;
use super::terminal::{self, count};
use crate::daemon::TOKEN_FILE;
use crate::node::{python_timestamp, system_clock};
use crate::protocol::classic::block::Block;
use crate::protocol::coin::genesis::Genesis;
use crate::store::coin::CoinStore;
use crate::store::{CHAIN_FILE, Folder, LOCK_FILE, OpenError, Store, StoreOptions};

#[derive(Debug, Args)]
#[command(
    after_help = "Unlike the book's nodes these remember their chains. Without --yes the command shows what it would
delete and asks.

Examples:
  bcoin reset
  bcoin reset --data-dir data/1002 --yes"
)]
pub struct ResetArgs {
    /// A node's folder, or one that holds such folders
    #[arg(long, short, value_name = "DIR", env = "BCOIN_DATA_DIR", default_value = "data", value_hint = ValueHint::DirPath)]
    pub data_dir: PathBuf,
    /// Delete without asking
    #[arg(long, short)]
    pub yes: bool,
}

pub fn reset(args: &ResetArgs) -> Result<(), Failure> {
    let folders = node_folders(&args.data_dir)?;
    if folders.is_empty() {
        return Err(Failure::failed(format!(
            "{} holds no node's folder, so there is nothing to delete",
            args.data_dir.display()
        ))
        .hint("Networks other than classic keep theirs in a folder of their own: `--data-dir data/dev` names those of dev."));
    }
    if !args.yes && !confirmed(&folders)? {
        return Err(Failure::failed("nothing was deleted"));
    }
    erase(&folders)?;
    let chains = count(folders.len() as u64, "chain");
    terminal::print(&format!(
        "Deleted {chains}. The next start begins with a new first block.\n"
    ))
}

/// The folders of nodes at `at`: itself, or those in it.
fn node_folders(at: &Path) -> Result<Vec<PathBuf>, Failure> {
    let holds_chain = |folder: &Path| folder.join(CHAIN_FILE).is_file();
    if holds_chain(at) {
        return Ok(vec![at.to_owned()]);
    }
    let failed = |error: io::Error| Failure::file("look into", at, &error);
    if !at.exists() {
        return Ok(Vec::new());
    }
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(at).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if holds_chain(&path) {
            folders.push(path);
        }
    }
    folders.sort();
    Ok(folders)
}

fn confirmed(folders: &[PathBuf]) -> Result<bool, Failure> {
    let names: Vec<String> = folders
        .iter()
        .map(|folder| folder.display().to_string())
        .collect();
    let what = format!(
        "Delete the chain, waiting transactions, peers and token in {}?",
        names.join(", ")
    );
    terminal::confirmed(&what, &what, "`--yes` deletes without asking.")
}

/// Deletes what nodes keep in their folders; all of them or, if one is in use, none.
pub fn erase(folders: &[PathBuf]) -> Result<(), Failure> {
    let existing: Vec<&PathBuf> = folders.iter().filter(|folder| folder.exists()).collect();
    let locks = existing
        .iter()
        .map(|folder| Folder::lock(folder))
        .collect::<Result<Vec<_>, _>>()?;
    for folder in &existing {
        // The chain first: what a failure leaves behind must not look like a node that lost half of its files.
        for name in [CHAIN_FILE, TOKEN_FILE, LOCK_FILE] {
            let file = folder.join(name);
            match std::fs::remove_file(&file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(Failure::file("delete", &file, &error));
                }
                _ => {}
            }
        }
        // What somebody else put there stays, and its folder with it.
        let _ = std::fs::remove_dir(folder);
    }
    drop(locks);
    Ok(())
}

/// Opens the classic store of a node that is not running; there must be one.
pub fn open_existing(folder: &Path) -> Result<Store, OpenError> {
    must_hold_a_chain(folder)?;
    // A start that was killed can have left a file without a chain, which then begins here.
    Store::open(folder, StoreOptions::default(), || {
        Block::first(&python_timestamp(system_clock()()))
    })
}

/// The same for a coin network's.
pub fn open_existing_coin(folder: &Path, genesis: &Genesis) -> Result<CoinStore, OpenError> {
    must_hold_a_chain(folder)?;
    CoinStore::open_network(folder, StoreOptions::default().cache_bytes, genesis)
}

fn must_hold_a_chain(folder: &Path) -> Result<(), OpenError> {
    if folder.join(CHAIN_FILE).is_file() {
        return Ok(());
    }
    Err(OpenError::Foreign {
        path: folder.to_owned(),
        detail: format!("there is no {CHAIN_FILE} in it"),
    })
}
