//! Opening: the database, and whether it is this program's and this network's.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use redb::{
    Builder, Database, ReadableDatabase, ReadableTable, StorageBackend, Table, WriteTransaction,
};
use serde::{Deserialize, Serialize};

use super::layout::{Layout, META};
use super::record;
use super::{OpenError, StoreError, StoreOptions, snapshot_of};

const IDENTITY: &str = "identity";

/// What a store is, written once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Identity {
    pub(super) format: u32,
    pub(super) network: String,
    pub(super) node_id: String,
}

/// Opens the database and sees that it is this program's; a panic inside it over damaged pages becomes an error.
pub(super) fn open_prepared<L: Layout>(
    backend: impl StorageBackend,
    path: &Path,
    options: &StoreOptions,
    first: impl FnOnce() -> Option<L::First>,
) -> Result<(Database, Identity), OpenError> {
    let opening = || {
        let is_small = backend
            .len()
            .is_ok_and(|bytes| bytes <= L::CHECKED_AT_START_BYTES);
        let database = open_database(backend, path, options, is_small)?;
        let identity = prepare::<L>(&database, path, options, first)?;
        snapshot_of::<L>(&database, path)
            .and_then(|snapshot| L::check(&snapshot))
            .map_err(|error| OpenError::from_store(path, error))?;
        Ok((database, identity))
    };
    catch_unwind(AssertUnwindSafe(opening)).unwrap_or_else(|_| {
        Err(OpenError::Damaged {
            path: path.to_owned(),
            detail: "the database gave up over its contents".to_owned(),
        })
    })
}

pub(super) fn open_database(
    backend: impl StorageBackend,
    path: &Path,
    options: &StoreOptions,
    checks_all: bool,
) -> Result<Database, OpenError> {
    let mut builder = Builder::new();
    builder.set_cache_size(options.cache_bytes);
    // Every page against its checksum, as after an unclean end.
    builder.set_check_integrity_on_open(checks_all);
    builder.set_repair_callback(move |session| {
        let progress = session.progress();
        if checks_all {
            tracing::debug!(progress, "checking the whole store");
        } else {
            tracing::info!(progress, "recovering the store after an unclean end");
        }
    });
    let opened = builder.create_with_backend(backend);
    opened.map_err(|error| OpenError::from_database(path, &error))
}

pub(super) fn begin(database: &Database) -> Result<WriteTransaction, redb::Error> {
    let mut transaction = database.begin_write()?;
    // One-phase commits trust a checksum to tell a torn commit from a whole one, and peers choose part of the bytes.
    transaction.set_two_phase_commit(true);
    Ok(transaction)
}

/// Makes the tables of a new store, or checks that an old one is this program's and this network's.
fn prepare<L: Layout>(
    database: &Database,
    path: &Path,
    options: &StoreOptions,
    first: impl FnOnce() -> Option<L::First>,
) -> Result<Identity, OpenError> {
    let from_store = |error| OpenError::from_store(path, error);
    let failed = |error: redb::Error| from_store(StoreError::from_database(path, error));
    if let Some(mut identity) = read_identity(database, path)? {
        if identity.format > L::FORMAT_VERSION {
            return Err(OpenError::Newer {
                path: path.to_owned(),
                found: identity.format,
                known: L::FORMAT_VERSION,
            });
        }
        if identity.network != options.network {
            return Err(OpenError::OtherNetwork {
                path: path.to_owned(),
                found: identity.network,
                wanted: options.network.clone(),
            });
        }
        if identity.format < L::NEW_STORE_VERSION {
            let from = std::mem::replace(&mut identity.format, L::NEW_STORE_VERSION);
            let to = L::NEW_STORE_VERSION;
            tracing::info!(from, to, "bringing the store to this program's format");
            let transaction = begin(database).map_err(failed)?;
            L::upgrade(&transaction, path, from).map_err(from_store)?;
            write_identity(&transaction, &identity).map_err(failed)?;
            transaction.commit().map_err(|error| failed(error.into()))?;
        }
        return Ok(identity);
    }
    let identity = Identity {
        format: L::NEW_STORE_VERSION,
        network: options.network.clone(),
        node_id: uuid::Uuid::new_v4().simple().to_string(),
    };
    let transaction = begin(database).map_err(failed)?;
    let first = first().ok_or_else(|| OpenError::Foreign {
        path: path.to_owned(),
        detail: "it is an empty database".to_owned(),
    })?;
    write_identity(&transaction, &identity).map_err(failed)?;
    L::create(&transaction, path, first).map_err(from_store)?;
    transaction.commit().map_err(|error| failed(error.into()))?;
    Ok(identity)
}

fn write_identity(transaction: &WriteTransaction, identity: &Identity) -> Result<(), redb::Error> {
    put_identity(&mut transaction.open_table(META)?, identity)
}

fn put_identity(
    meta: &mut Table<'_, &'static str, &'static [u8]>,
    identity: &Identity,
) -> Result<(), redb::Error> {
    let identity = serde_json::to_vec(identity).expect("three plain members are JSON");
    meta.insert(IDENTITY, record::seal(&identity).as_slice())?;
    Ok(())
}

/// Writes down that older programs do not understand the store any more, in the transaction that makes it so; its node's id.
pub(super) fn raise_format(
    meta: &mut Table<'_, &'static str, &'static [u8]>,
    path: &Path,
    to: u32,
) -> Result<String, StoreError> {
    let failed = |error: redb::Error| StoreError::from_database(path, error);
    let mut identity = {
        let sealed = meta.get(IDENTITY).map_err(|error| failed(error.into()))?;
        let read = sealed.ok_or_else(|| "it is missing".to_owned());
        let read = read.and_then(|sealed| identity_in(sealed.value()));
        read.map_err(|detail| StoreError::damaged(path, "the store's identity", detail))?
    };
    identity.format = identity.format.max(to);
    put_identity(meta, &identity).map_err(failed)?;
    Ok(identity.node_id)
}

fn identity_in(sealed: &[u8]) -> Result<Identity, String> {
    let (_, payload) = record::open(sealed)?;
    serde_json::from_slice(payload).map_err(|error| error.to_string())
}

fn read_identity(database: &Database, path: &Path) -> Result<Option<Identity>, OpenError> {
    let failed =
        |error: redb::Error| OpenError::from_store(path, StoreError::from_database(path, error));
    let transaction = database
        .begin_read()
        .map_err(|error| failed(error.into()))?;
    if transaction
        .list_tables()
        .map_err(|error| failed(error.into()))?
        .next()
        .is_none()
    {
        return Ok(None);
    }
    let foreign = |detail: &str| OpenError::Foreign {
        path: path.to_owned(),
        detail: detail.to_owned(),
    };
    let meta = transaction
        .open_table(META)
        .map_err(|_| foreign("it is a database of another program"))?;
    let sealed = meta.get(IDENTITY).map_err(|error| failed(error.into()))?;
    let sealed = sealed.ok_or_else(|| foreign("it is a database of another program"))?;
    let damaged = |detail: String| OpenError::Damaged {
        path: path.to_owned(),
        detail: format!("its identity: {detail}"),
    };
    identity_in(sealed.value()).map(Some).map_err(damaged)
}
