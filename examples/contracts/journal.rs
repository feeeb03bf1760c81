//! What a swap must not forget: its secret, its terms, and where its contracts are. One file, replaced whole and durably.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use alloy_primitives::{Address, B256};
use anyhow::Context;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Journal {
    /// Alice's. A program of Bob's own would not have it.
    pub secret: B256,
    pub sides: [Side; 2],
}

/// What is known about one of the two networks.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Side {
    /// The nonce of the transaction that creates the contract: with the sender it gives the contract's address before it is sent.
    pub creation: Option<u64>,
    /// When the lock ends, in seconds since 1970 by this network's clock; with the other terms it gives the lock's id.
    pub deadline: Option<u64>,
    /// The contract, once it is there.
    pub contract: Option<Address>,
}

impl Journal {
    /// Reads the journal, or begins one with a new secret.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        match fs::read_to_string(path) {
            Ok(text) => serde_json::from_str(&text)
                .with_context(|| format!("{} is no journal of a swap", path.display())),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let mut secret = B256::ZERO;
                getrandom::fill(secret.as_mut_slice())
                    .context("the system gives no random bytes")?;
                let journal = Self {
                    secret,
                    sides: Default::default(),
                };
                journal.save(path)?;
                Ok(journal)
            }
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    /// Writes the journal beside its place, and moves it there once it is on the disk: a reader finds the old one or the new one.
    pub fn save(&self, path: &Path) -> anyhow::Result<()> {
        let mut beside = path.as_os_str().to_owned();
        beside.push(".new");
        let beside = PathBuf::from(beside);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        // Who reads the secret before Alice has used it can take Bob's coins in her place.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options
            .open(&beside)
            .with_context(|| format!("cannot write {}", beside.display()))?;
        serde_json::to_writer_pretty(&mut file, self)?;
        file.flush()?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
        Ok(())
    }
}
