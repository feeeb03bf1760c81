//! What can go wrong with a folder and a file.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why a store was not opened; each says the way out.
#[derive(Debug, Error)]
pub enum OpenError {
    #[error("{} is in use by another node{}; stop that one, or give this one a folder of its own with --data-dir", folder.display(), by_pid(*pid))]
    InUse { folder: PathBuf, pid: Option<u32> },
    #[error("{} cannot be opened: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{} is damaged: {detail}; move it away and start again from a peer or an export, or look closer with 'bcoin audit'", path.display())]
    Damaged { path: PathBuf, detail: String },
    #[error("{} is not a B-Coin store: {detail}; choose another --data-dir", path.display())]
    Foreign { path: PathBuf, detail: String },
    #[error("{} has format version {found}, this program knows up to {known}; use the program that wrote it", path.display())]
    Newer {
        path: PathBuf,
        found: u32,
        known: u32,
    },
    #[error("{} belongs to network '{found}', not '{wanted}'; choose another --data-dir", path.display())]
    OtherNetwork {
        path: PathBuf,
        found: String,
        wanted: String,
    },
    #[error("no room on the disk for {}", path.display())]
    NoRoom { path: PathBuf },
}

fn by_pid(pid: Option<u32>) -> String {
    pid.map(|pid| format!(" (process {pid})"))
        .unwrap_or_default()
}

impl OpenError {
    pub(super) fn from_database(path: &Path, error: &redb::DatabaseError) -> Self {
        let path = path.to_owned();
        match error {
            redb::DatabaseError::Storage(redb::StorageError::Io(source)) => match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::NoRoom { path },
                io::ErrorKind::InvalidData => Self::Foreign {
                    path,
                    detail: source.to_string(),
                },
                io::ErrorKind::UnexpectedEof => Self::Damaged {
                    path,
                    detail: "it was cut short".to_owned(),
                },
                kind => Self::Io {
                    path,
                    source: io::Error::new(kind, source.to_string()),
                },
            },
            redb::DatabaseError::UpgradeRequired(version) => Self::Foreign {
                path,
                detail: format!("database file format {version}"),
            },
            other => Self::Damaged {
                path,
                detail: other.to_string(),
            },
        }
    }

    pub(super) fn from_store(path: &Path, error: StoreError) -> Self {
        let path = path.to_owned();
        match error {
            StoreError::NoRoom => Self::NoRoom { path },
            other => Self::Damaged {
                path,
                detail: other.to_string(),
            },
        }
    }
}

/// What can go wrong with an open store.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StoreError {
    #[error("{} is damaged at {what}: {detail}", file.display())]
    Damaged {
        file: PathBuf,
        what: String,
        detail: String,
    },
    #[error("no room on the disk: nothing was changed; make room and try again")]
    NoRoom,
    #[error(
        "the disk failed to keep what was written; nothing more is acknowledged until a restart"
    )]
    SyncFailed,
    #[error("the store is being opened again after a disk error; try again")]
    Unavailable,
    #[error("the disk failed: {detail}")]
    Io { detail: String },
}

impl StoreError {
    pub(super) fn from_io(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge => Self::NoRoom,
            _ => Self::Io {
                detail: error.to_string(),
            },
        }
    }

    /// Whether it says that what is stored is not what was stored.
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Damaged { .. })
    }

    /// Whether the database must be opened again before it takes another commit.
    pub fn needs_reopening(&self) -> bool {
        matches!(self, Self::NoRoom | Self::Io { .. } | Self::Unavailable)
    }

    pub(super) fn from_database(path: &Path, error: impl Into<redb::Error>) -> Self {
        match error.into() {
            redb::Error::Io(source) => Self::from_io(&source),
            redb::Error::PreviousIo | redb::Error::DatabaseClosed => Self::Unavailable,
            other => Self::damaged(path, "the database", other.to_string()),
        }
    }

    pub(super) fn damaged(
        path: &Path,
        what: impl std::fmt::Display,
        detail: impl Into<String>,
    ) -> Self {
        Self::Damaged {
            file: path.to_owned(),
            what: what.to_string(),
            detail: detail.into(),
        }
    }
}
