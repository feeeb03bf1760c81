//! What a protocol keeps in the store: the seam between the database and the protocols' tables.

use std::path::Path;

use redb::{ReadTransaction, TableDefinition, WriteTransaction};

use super::StoreError;

/// The one table that every store has. The store's identity stands in it, and whatever else has one record only.
pub(super) const META: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("meta");

/// What one protocol keeps: its tables while writing, its view while reading, and how a new store begins.
///
/// The store calls these and decides when; an implementation opens tables and reads records, and never begins or commits a
/// transaction.
pub trait Layout: Sized + Send + Sync + 'static {
    /// The version of the tables and records that this program reads and writes.
    const FORMAT_VERSION: u32;

    /// The version that a new store is written in, and an older one is brought to. The protocol may raise a store from there up to
    /// [`Self::FORMAT_VERSION`], once it keeps what older programs do not understand.
    const NEW_STORE_VERSION: u32 = Self::FORMAT_VERSION;

    /// A start reads a store of up to so many bytes whole, as one after an unclean end does with every store. Records are sealed one by one; what only this finds is a
    /// page of an earlier commit in the place of a later one.
    const CHECKED_AT_START_BYTES: u64;

    /// What a new store begins with.
    type First;

    /// The tables of one write transaction.
    type Tables<'t>;

    /// The store as one commit left it.
    type Snapshot;

    /// Makes the tables of a new store, in the transaction that writes its identity.
    ///
    /// # Errors
    /// When the database refuses.
    fn create(
        transaction: &WriteTransaction,
        path: &Path,
        first: Self::First,
    ) -> Result<(), StoreError>;

    /// Brings the tables of version `from`, an earlier one, to [`Self::NEW_STORE_VERSION`], in the transaction that writes that down.
    ///
    /// # Errors
    /// When the database refuses, or a record does not read: the store is then as it was.
    fn upgrade(transaction: &WriteTransaction, path: &Path, from: u32) -> Result<(), StoreError>;

    /// Opens the tables for one commit; `path` is the file's, for errors.
    ///
    /// # Errors
    /// When the database refuses, or a record that every change needs does not read.
    fn open_tables<'t>(
        transaction: &'t WriteTransaction,
        path: &Path,
    ) -> Result<Self::Tables<'t>, StoreError>;

    /// Writes what every commit writes anew and closes the tables; the commit follows.
    ///
    /// # Errors
    /// When the database refuses.
    fn finish(tables: Self::Tables<'_>) -> Result<(), StoreError>;

    /// The view of one read transaction; `path` is the file's, for errors.
    ///
    /// # Errors
    /// When a record that the view needs from its beginning does not read.
    fn snapshot(transaction: ReadTransaction, path: &Path) -> Result<Self::Snapshot, StoreError>;

    /// What opening looks at beyond the store's identity.
    ///
    /// # Errors
    /// When it is damaged: the store is then not opened.
    fn check(snapshot: &Self::Snapshot) -> Result<(), StoreError>;
}
