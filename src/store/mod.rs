//! What is durable: one redb file in one folder a node.
//!
//! The only module that knows the database. It owns the folder's lock, the store's identity, opening and committing; it
//! never decides what is valid or better. What stands in the tables is the protocol's: a [`Layout`] says it, and
//! [`StoreOf`] is a store of that layout. The writer in [`crate::node`] calls [`StoreOf::commit`]; everyone else reads
//! snapshots, which never wait for a commit.
//!
//! Every record carries the SHA-256 of its key and what it says, checked whenever it is read; a classic block's record
//! carries the block's own hash, whose chain says where it stands. A commit is two-phase and immediate: when [`StoreOf::commit`] returns, it is
//! on the disk.

mod backend;
pub mod classic;
pub mod coin;
mod error;
mod folder;
mod layout;
mod opening;
mod reading;
mod record;

pub use classic::{
    Audit, ChainFault, DisplacedBlock, Fault, Snapshot, State, StoredBlock, Tables, Waiting,
    WaitingTransaction,
};
pub use error::{OpenError, StoreError};
pub use folder::{CHAIN_FILE, Folder, LOCK_FILE};
pub use layout::Layout;

use std::fmt;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::sync::RwLock;

use redb::{Database, ReadableDatabase, StorageBackend};

use backend::{FileBackend, SyncFailure};
use opening::{Identity, begin, open_database, open_prepared};

/// The store of a classic node.
pub type Store = StoreOf<classic::Classic>;

/// How a store is opened.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// Memory that the database may keep pages in, in bytes.
    pub cache_bytes: usize,
    /// The network that the folder belongs to; another one's is refused.
    pub network: String,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            cache_bytes: crate::limits::STORE_CACHE_BYTES,
            network: "classic".to_owned(),
        }
    }
}

/// A node's durable state, laid out as `L` says.
pub struct StoreOf<L: Layout> {
    path: PathBuf,
    options: StoreOptions,
    /// Empty between an I/O error and the next successful opening.
    database: RwLock<Option<Database>>,
    sync_failure: SyncFailure,
    identity: Identity,
    /// Held for its lock; the last to go.
    _folder: Option<Folder>,
    layout: PhantomData<fn() -> L>,
}

impl<L: Layout> fmt::Debug for StoreOf<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreOf")
            .field("path", &self.path)
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}

impl<L: Layout> StoreOf<L> {
    /// Opens the store in `folder`, made if it is not there; a new one begins with `first`.
    ///
    /// # Errors
    /// [`OpenError`] when the folder is in use, or what it holds is damaged, foreign or of another version or network.
    pub fn open(
        folder: &Path,
        options: StoreOptions,
        first: impl FnOnce() -> L::First,
    ) -> Result<Self, OpenError> {
        let locked = Folder::lock(folder)?;
        let path = locked.chain_file();
        let io = |source| OpenError::Io {
            path: path.clone(),
            source,
        };
        let sync_failure = SyncFailure::default();
        // A new store gets its name when it is whole, so that an empty or half file is never taken for a new one.
        if !path.try_exists().map_err(io)? {
            let fresh = locked.fresh_chain_file().map_err(io)?;
            let backend = FileBackend::open(&fresh, sync_failure.clone()).map_err(io)?;
            drop(open_prepared::<L>(backend, &path, &options, || {
                Some(first())
            })?);
            locked.keep_chain_file(&fresh).map_err(io)?;
        }
        if path.metadata().map_err(io)?.len() == 0 {
            let detail = "it is empty".to_owned();
            return Err(OpenError::Damaged { path, detail });
        }
        let backend = FileBackend::open(&path, sync_failure.clone()).map_err(io)?;
        let opened = open_prepared::<L>(backend, &path, &options, || None)?;
        let mut store = Self::of(opened, path, options);
        store.sync_failure = sync_failure;
        store._folder = Some(locked);
        Ok(store)
    }

    /// Opens a store over any storage, for tests that simulate a disk; it cannot be reopened after an I/O error.
    pub fn over(
        backend: impl StorageBackend,
        path: PathBuf,
        options: StoreOptions,
        first: impl FnOnce() -> L::First,
    ) -> Result<Self, OpenError> {
        let opened = open_prepared::<L>(backend, &path, &options, || Some(first()))?;
        Ok(Self::of(opened, path, options))
    }

    fn of(
        (database, identity): (Database, Identity),
        path: PathBuf,
        options: StoreOptions,
    ) -> Self {
        Self {
            path,
            options,
            database: RwLock::new(Some(database)),
            sync_failure: SyncFailure::default(),
            identity,
            _folder: None,
            layout: PhantomData,
        }
    }

    /// The node's id: a version 4 UUID without dashes, made with the store.
    pub fn node_id(&self) -> &str {
        &self.identity.node_id
    }

    /// The network that the store belongs to.
    pub fn network(&self) -> &str {
        &self.options.network
    }

    /// The file that holds everything.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The store as the last commit left it.
    ///
    /// # Errors
    /// When the database is closed at the moment ([`StoreError::Unavailable`]) or refuses.
    pub fn snapshot(&self) -> Result<L::Snapshot, StoreError> {
        let database = self.database.read().map_err(|_| StoreError::Unavailable)?;
        snapshot_of::<L>(
            database.as_ref().ok_or(StoreError::Unavailable)?,
            &self.path,
        )
    }

    /// Runs `change` on the tables and commits all of it, or nothing if it fails.
    ///
    /// # Errors
    /// What `change` answered, or [`StoreError`] when the commit did not reach the disk. After a failed sync the store
    /// refuses everything ([`StoreError::SyncFailed`]): the kernel may have dropped the pages, so a retry could lie.
    pub fn commit<T, E: From<StoreError>>(
        &self,
        change: impl FnOnce(&mut L::Tables<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let database = self.database.read().map_err(|_| StoreError::Unavailable)?;
        let database = database.as_ref().ok_or(StoreError::Unavailable)?;
        commit::<L, T, E>(database, &self.path, change).map_err(|error| match error {
            Failed::Change(error) => error,
            Failed::Store(_) if self.sync_failure.happened() => StoreError::SyncFailed.into(),
            Failed::Store(error) => error.into(),
        })
    }

    /// Whether a sync has failed, after which nothing more may be acknowledged.
    pub fn sync_failed(&self) -> bool {
        self.sync_failure.happened()
    }

    /// Opens the file again after an I/O error, since the database refuses to go on with the old handle.
    pub fn reopen(&self) -> Result<(), StoreError> {
        if self.sync_failed() || self._folder.is_none() {
            return Err(StoreError::SyncFailed);
        }
        let mut database = self.database.write().map_err(|_| StoreError::Unavailable)?;
        *database = None;
        let backend = FileBackend::open(&self.path, self.sync_failure.clone())
            .map_err(|source| StoreError::from_io(&source))?;
        let opened = open_database(backend, &self.path, &self.options, false).map_err(|error| {
            StoreError::Damaged {
                file: self.path.clone(),
                what: "the database".to_owned(),
                detail: error.to_string(),
            }
        })?;
        *database = Some(opened);
        Ok(())
    }
}

/// The database as the last commit left it.
fn snapshot_of<L: Layout>(database: &Database, path: &Path) -> Result<L::Snapshot, StoreError> {
    let transaction = database
        .begin_read()
        .map_err(|error| StoreError::from_database(path, error))?;
    L::snapshot(transaction, path)
}

/// Why a commit did not happen.
enum Failed<E> {
    /// The change itself said no.
    Change(E),
    /// The database said no.
    Store(StoreError),
}

/// Runs `change` on the tables and commits.
fn commit<L: Layout, T, E>(
    database: &Database,
    path: &Path,
    change: impl FnOnce(&mut L::Tables<'_>) -> Result<T, E>,
) -> Result<T, Failed<E>> {
    let failed = |error: redb::Error| Failed::Store(StoreError::from_database(path, error));
    let transaction = begin(database).map_err(failed)?;
    let mut tables = L::open_tables(&transaction, path).map_err(Failed::Store)?;
    let answer = change(&mut tables).map_err(Failed::Change)?;
    L::finish(tables).map_err(Failed::Store)?;
    transaction.commit().map_err(|error| failed(error.into()))?;
    Ok(answer)
}
