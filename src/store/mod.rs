//! What is durable: one redb file in one folder a node.
//!
//! The only module that knows the database. It owns the folder's lock, the format version and the tables; it never decides
//! what is valid or better. The writer in [`crate::node`] calls [`Store::commit`]; everyone else reads [`Snapshot`]s, which
//! never wait for a commit.
//!
//! Every record carries the SHA-256 of what it says, checked whenever it is read; a block's record carries the block's own
//! hash, which is the same thing. A commit is two-phase and immediate: when [`Store::commit`] returns, it is on the disk.

mod audit;
mod backend;
mod commit;
mod error;
mod folder;
mod record;
mod snapshot;

pub use audit::{Audit, ChainFault, Fault};
pub use commit::{Tables, Waiting};
pub use error::{OpenError, StoreError};
pub use folder::{CHAIN_FILE, Folder, LOCK_FILE};
pub use record::State;
pub use snapshot::{DisplacedBlock, Snapshot, StoredBlock, WaitingTransaction};

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::RwLock;

use redb::{Builder, Database, StorageBackend};

use crate::protocol::classic::block::Block;
use backend::{FileBackend, SyncFailure};
use record::Identity;

/// The version of the tables and records that this program reads and writes.
pub const FORMAT_VERSION: u32 = 1;

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

/// A node's durable state.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    options: StoreOptions,
    /// Empty between an I/O error and the next successful opening.
    database: RwLock<Option<Database>>,
    sync_failure: SyncFailure,
    identity: Identity,
    /// Held for its lock; the last to go.
    _folder: Option<Folder>,
}

impl Store {
    /// Opens the store in `folder`, made if it is not there; a new chain begins with `first_block`.
    ///
    /// # Errors
    /// [`OpenError`] when the folder is in use, or what it holds is damaged, foreign or of another version or network.
    pub fn open(
        folder: &Path,
        options: StoreOptions,
        first_block: impl FnOnce() -> Block,
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
            drop(open_prepared(backend, &path, &options, || {
                Some(first_block())
            })?);
            locked.keep_chain_file(&fresh).map_err(io)?;
        }
        if path.metadata().map_err(io)?.len() == 0 {
            let detail = "it is empty".to_owned();
            return Err(OpenError::Damaged { path, detail });
        }
        let backend = FileBackend::open(&path, sync_failure.clone()).map_err(io)?;
        let opened = open_prepared(backend, &path, &options, || None)?;
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
        first_block: impl FnOnce() -> Block,
    ) -> Result<Self, OpenError> {
        let opened = open_prepared(backend, &path, &options, || Some(first_block()))?;
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
    pub fn snapshot(&self) -> Result<Snapshot, StoreError> {
        let database = self.database.read().map_err(|_| StoreError::Unavailable)?;
        Snapshot::of(
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
        change: impl FnOnce(&mut Tables<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let database = self.database.read().map_err(|_| StoreError::Unavailable)?;
        let database = database.as_ref().ok_or(StoreError::Unavailable)?;
        commit::commit(database, &self.path, change).map_err(|error| match error {
            commit::Failed::Change(error) => error,
            commit::Failed::Store(_) if self.sync_failure.happened() => {
                StoreError::SyncFailed.into()
            }
            commit::Failed::Store(error) => error.into(),
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
        let opened = open_database(backend, &self.path, &self.options).map_err(|error| {
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

/// Opens the database and sees that it is this program's; a panic inside it over damaged pages becomes an error.
fn open_prepared(
    backend: impl StorageBackend,
    path: &Path,
    options: &StoreOptions,
    first_block: impl FnOnce() -> Option<Block>,
) -> Result<(Database, Identity), OpenError> {
    let opening = || {
        let database = open_database(backend, path, options)?;
        let identity = commit::prepare(&database, path, options, first_block)?;
        let state = Snapshot::of(&database, path).and_then(|snapshot| snapshot.state());
        state.map_err(|error| OpenError::from_store(path, error))?;
        Ok((database, identity))
    };
    catch_unwind(AssertUnwindSafe(opening)).unwrap_or_else(|_| {
        Err(OpenError::Damaged {
            path: path.to_owned(),
            detail: "the database gave up over its contents".to_owned(),
        })
    })
}

fn open_database(
    backend: impl StorageBackend,
    path: &Path,
    options: &StoreOptions,
) -> Result<Database, OpenError> {
    let mut builder = Builder::new();
    builder.set_cache_size(options.cache_bytes);
    builder.set_repair_callback(|session| {
        tracing::info!(
            progress = session.progress(),
            "recovering the store after an unclean end"
        );
    });
    let opened = builder.create_with_backend(backend);
    opened.map_err(|error| OpenError::from_database(path, &error))
}
