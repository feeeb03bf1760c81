//! The folder where keys rest: one encrypted file an address, named as geth names them, and [`names`](super::names).
//!
//! The folder is for its owner alone (0700), and so is each file (0600). A file appears whole and on disk, or not at all;
//! none is ever written over or deleted. Other programs may put files of theirs here, which are found like our own.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use alloy_primitives::Address;
use chrono::{DateTime, Utc};
use tempfile::NamedTempFile;

use super::keyfile::{self, Keyfile, KeyfileError};
use super::keys::Key;
use super::names::{NAMES_FILE, NameError, Names};
use super::stretching::Cost;

/// Held while the folder changes, so that two commands do not write over each other's names.
const LOCK_FILE: &str = ".lock";

/// A folder of keys.
#[derive(Debug, Clone)]
pub struct Keystore {
    folder: PathBuf,
}

/// A key's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredKey {
    pub address: Address,
    pub path: PathBuf,
}

/// What lies in the folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// Oldest first.
    pub keys: Vec<StoredKey>,
    /// Files that are no keyfiles, and why.
    pub others: Vec<(PathBuf, String)>,
}

/// Why a key is not found, opened or kept.
#[derive(Debug, thiserror::Error)]
pub enum KeystoreError {
    #[error("cannot {doing} {path}: {source}", path = path.display())]
    Io {
        doing: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("no key of {address} is in {folder}", folder = folder.display())]
    Missing { address: Address, folder: PathBuf },
    #[error("{address} has several files: {paths}", paths = shown(paths))]
    Ambiguous {
        address: Address,
        paths: Vec<PathBuf>,
    },
    #[error("a key of {address} is already there: {path}", path = path.display())]
    AlreadyThere { address: Address, path: PathBuf },
    #[error("{path}: {source}", path = path.display())]
    Keyfile { path: PathBuf, source: KeyfileError },
    #[error("{folder}: {source}", folder = folder.display())]
    Name { folder: PathBuf, source: NameError },
}

fn shown(paths: &[PathBuf]) -> String {
    let paths: Vec<String> = paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    paths.join(", ")
}

fn io_error(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> KeystoreError {
    let path = path.to_owned();
    move |source| KeystoreError::Io {
        doing,
        path,
        source,
    }
}

impl Keystore {
    /// The keystore in this folder, which need not be there yet.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Looks through the folder. Opens nothing.
    ///
    /// # Errors
    /// [`KeystoreError::Io`] when it cannot be read; a folder that is not there is empty.
    pub fn list(&self) -> Result<Listing, KeystoreError> {
        let mut listing = Listing::default();
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(listing),
            entries => entries.map_err(io_error("look into", &self.folder))?,
        };
        let mut paths = Vec::new();
        for entry in entries {
            let entry = entry.map_err(io_error("look into", &self.folder))?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            // As geth does: hidden files and what editors leave behind are nobody's keys.
            let of_others = name.starts_with('.') || name.ends_with('~') || name == NAMES_FILE;
            if !of_others && !entry.path().is_dir() {
                paths.push(entry.path());
            }
        }
        paths.sort();
        for path in paths {
            match read_keyfile(&path) {
                Ok((_, keyfile)) => match keyfile.address().or_else(|| address_in_name(&path)) {
                    Some(address) => listing.keys.push(StoredKey { address, path }),
                    None => {
                        let why = "neither the file nor its name says whose it is".to_owned();
                        listing.others.push((path, why));
                    }
                },
                Err(KeystoreError::Keyfile { source, .. }) => {
                    listing.others.push((path, source.to_string()));
                }
                Err(error) => listing.others.push((path, error.to_string())),
            }
        }
        Ok(listing)
    }

    /// The one file of an address.
    ///
    /// # Errors
    /// [`KeystoreError::Missing`], [`KeystoreError::Ambiguous`], [`KeystoreError::Io`].
    pub fn find(&self, address: Address) -> Result<StoredKey, KeystoreError> {
        let mut keys = self.list()?.keys;
        keys.retain(|key| key.address == address);
        match (keys.pop(), keys.is_empty()) {
            (None, _) => Err(KeystoreError::Missing {
                address,
                folder: self.folder.clone(),
            }),
            (Some(key), true) => Ok(key),
            (Some(last), false) => {
                keys.push(last);
                let paths = keys.into_iter().map(|key| key.path).collect();
                Err(KeystoreError::Ambiguous { address, paths })
            }
        }
    }

    /// The encrypted file of an address, as it stands.
    ///
    /// # Errors
    /// As [`Keystore::find`].
    pub fn read(&self, address: Address) -> Result<String, KeystoreError> {
        read_keyfile(&self.find(address)?.path).map(|(text, _)| text)
    }

    /// Opens the key of an address. Takes about a second.
    ///
    /// # Errors
    /// As [`Keystore::find`]; [`KeystoreError::Keyfile`] when it does not open, for a wrong password among others.
    pub fn open(&self, address: Address, password: &[u8]) -> Result<Key, KeystoreError> {
        let path = self.find(address)?.path;
        let (_, keyfile) = read_keyfile(&path)?;
        let opened = keyfile.open(password).and_then(|key| {
            // For a file whose name alone says whose it is.
            let found = key.address();
            let claimed = address;
            match found == claimed {
                true => Ok(key),
                false => Err(KeyfileError::OtherAddress { claimed, found }),
            }
        });
        opened.map_err(|source| KeystoreError::Keyfile { path, source })
    }

    /// Encrypts keys and keeps them, with their names if they have one; makes the folder if need be. What can be known to
    /// fail does so before the first file is written.
    ///
    /// # Errors
    /// [`KeystoreError::AlreadyThere`], [`KeystoreError::Name`], [`KeystoreError::Io`].
    pub fn store(
        &self,
        keys: &[(Key, Option<String>)],
        password: &[u8],
        cost: Cost,
    ) -> Result<Vec<StoredKey>, KeystoreError> {
        self.create()?;
        let lock = self.lock()?;
        let there = self.list()?.keys;
        let mut names = self.names()?;
        for (key, name) in keys {
            let address = key.address();
            if let Some(there) = there.iter().find(|there| there.address == address) {
                let path = there.path.clone();
                return Err(KeystoreError::AlreadyThere { address, path });
            }
            if let Some(name) = name {
                names.give(name, address).map_err(self.name_error())?;
            }
        }
        let mut stored = Vec::new();
        for (key, _) in keys {
            let address = key.address();
            let path = self.folder.join(file_name(address, Utc::now()));
            let text = keyfile::seal(key, password, cost).map_err(|source| {
                let path = path.clone();
                KeystoreError::Keyfile { path, source }
            })?;
            self.write(&path, &text)?;
            stored.push(StoredKey { address, path });
        }
        if keys.iter().any(|(_, name)| name.is_some()) {
            self.write(&self.folder.join(NAMES_FILE), &names.to_text())?;
        }
        drop(lock);
        Ok(stored)
    }

    /// The names; none if there is no such file.
    ///
    /// # Errors
    /// [`KeystoreError::Name`] when the file holds something else, [`KeystoreError::Io`].
    pub fn names(&self) -> Result<Names, KeystoreError> {
        let path = self.folder.join(NAMES_FILE);
        match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Names::default()),
            text => {
                Names::parse(&text.map_err(io_error("read", &path))?).map_err(self.name_error())
            }
        }
    }

    /// Whether others than the owner may look into the folder.
    pub fn is_open_to_others(&self) -> bool {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let metadata = fs::metadata(&self.folder);
            metadata.is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
        }
        #[cfg(not(unix))]
        false
    }

    fn create(&self) -> Result<(), KeystoreError> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::DirBuilderExt;
            builder.mode(0o700);
        }
        builder
            .create(&self.folder)
            .map_err(io_error("make", &self.folder))
    }

    fn lock(&self) -> Result<File, KeystoreError> {
        let path = self.folder.join(LOCK_FILE);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(0o600);
        }
        let file = options.open(&path).map_err(io_error("open", &path))?;
        file.lock().map_err(io_error("lock", &path))?;
        Ok(file)
    }

    /// Writes a file whole and to the disk. A key's file is new; only names are written over.
    fn write(&self, path: &Path, text: &str) -> Result<(), KeystoreError> {
        // Temporary files are made for their owner alone.
        let mut file = tempfile::Builder::new()
            .prefix(".")
            .tempfile_in(&self.folder)
            .map_err(io_error("write into", &self.folder))?;
        let written = file
            .write_all(text.as_bytes())
            .and_then(|()| file.as_file().sync_all());
        written.map_err(io_error("write", path))?;
        let over = path.ends_with(NAMES_FILE);
        let keep = |file: NamedTempFile| match over {
            true => file.persist(path),
            false => file.persist_noclobber(path),
        };
        keep(file).map_err(|error| io_error("write", path)(error.error))?;
        #[cfg(unix)]
        File::open(&self.folder)
            .and_then(|folder| folder.sync_all())
            .map_err(io_error("write", &self.folder))?;
        Ok(())
    }

    fn name_error(&self) -> impl FnOnce(NameError) -> KeystoreError + use<> {
        let folder = self.folder.clone();
        move |source| KeystoreError::Name { folder, source }
    }
}

/// A key's file's name as geth makes it, which programs sort by: when, and whose.
fn file_name(address: Address, now: DateTime<Utc>) -> String {
    let when = now.format("%Y-%m-%dT%H-%M-%S%.9fZ");
    format!("UTC--{when}--{}", hex::encode(address))
}

/// The address at the end of a file's name, if there is one.
fn address_in_name(path: &Path) -> Option<Address> {
    let name = path.file_name()?.to_str()?;
    let name = name.strip_suffix(".json").unwrap_or(name);
    let (_, digits) = name.split_at_checked(name.len().checked_sub(40)?)?;
    let mut bytes = [0; 20];
    hex::decode_to_slice(digits, &mut bytes).ok()?;
    Some(Address::from(bytes))
}

fn read_keyfile(path: &Path) -> Result<(String, Keyfile), KeystoreError> {
    let failed = |source| KeystoreError::Keyfile {
        path: path.to_owned(),
        source,
    };
    let mut text = String::new();
    // What is no file (a pipe, say) could keep its reader waiting.
    let metadata = fs::metadata(path).map_err(io_error("read", path))?;
    if !metadata.is_file() || metadata.len() > keyfile::MAX_BYTES {
        let why = format!("it is not a file of at most {} bytes", keyfile::MAX_BYTES);
        return Err(failed(KeyfileError::Form(why)));
    }
    File::open(path)
        .and_then(|file| file.take(keyfile::MAX_BYTES).read_to_string(&mut text))
        .map_err(io_error("read", path))?;
    let keyfile = Keyfile::parse(&text).map_err(failed)?;
    Ok((text, keyfile))
}

#[cfg(test)]
#[path = "keystore_tests.rs"]
mod tests;
