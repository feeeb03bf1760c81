//! A node's folder: its lock and its files.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use super::OpenError;

/// Holds chain, waiting transactions, peers and displaced blocks.
pub const CHAIN_FILE: &str = "chain.redb";

/// Locked while a node runs; holds its process id for people.
pub const LOCK_FILE: &str = "LOCK";

/// A folder that only this process uses.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// The lock goes with the handle, also when the process is killed.
    _lock: File,
}

impl Folder {
    /// Makes the folder if it is not there, and takes its lock.
    pub fn lock(path: &Path) -> Result<Self, OpenError> {
        let io = |at: &Path| {
            let path = at.to_owned();
            move |source| OpenError::Io { path, source }
        };
        fs::create_dir_all(path).map_err(io(path))?;
        let lock_path = path.join(LOCK_FILE);
        let mut lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&lock_path)
            .map_err(io(&lock_path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let pid = lock
                    .read_to_string(&mut text)
                    .ok()
                    .and_then(|_| text.trim().parse().ok());
                return Err(OpenError::InUse {
                    folder: path.to_owned(),
                    pid,
                });
            }
            Err(TryLockError::Error(source)) => {
                return Err(OpenError::Io {
                    path: lock_path,
                    source,
                });
            }
        }
        // Only people read the number: a full disk must not stop a node from opening its chain for reading.
        let noted = lock
            .set_len(0)
            .and_then(|()| lock.rewind())
            .and_then(|()| writeln!(lock, "{}", std::process::id()));
        if let Err(error) = noted {
            tracing::warn!(%error, file = %lock_path.display(), "the process id could not be noted");
        }
        Ok(Self {
            path: path.to_owned(),
            _lock: lock,
        })
    }

    /// Where a new store is made before it gets its name; what an earlier attempt left there is gone.
    pub(super) fn fresh_chain_file(&self) -> io::Result<PathBuf> {
        let fresh = self.path.join(CHAIN_FILE).with_extension("new");
        match fs::remove_file(&fresh) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(fresh),
        }
    }

    /// Gives a store that is whole its name, durably.
    pub(super) fn keep_chain_file(&self, fresh: &Path) -> io::Result<()> {
        fs::rename(fresh, self.chain_file())?;
        File::open(&self.path)?.sync_all()
    }

    /// Where the chain is kept.
    pub fn chain_file(&self) -> PathBuf {
        self.path.join(CHAIN_FILE)
    }
}
