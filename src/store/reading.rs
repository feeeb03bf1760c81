//! One read transaction, as the protocols' snapshots use it.

use std::fmt;
use std::path::{Path, PathBuf};

use redb::{ReadOnlyTable, ReadTransaction, TableDefinition, TableError};

use super::StoreError;

/// A read transaction that knows its file, so that what goes wrong with it says where.
pub(super) struct Reading {
    transaction: ReadTransaction,
    path: PathBuf,
}

impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reading")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Reading {
    pub(super) fn new(transaction: ReadTransaction, path: &Path) -> Self {
        Self {
            transaction,
            path: path.to_owned(),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn failed(&self, error: impl Into<redb::Error>) -> StoreError {
        StoreError::from_database(&self.path, error)
    }

    pub(super) fn damaged(&self, what: impl fmt::Display, detail: impl Into<String>) -> StoreError {
        StoreError::damaged(&self.path, what, detail)
    }

    pub(super) fn table<K: redb::Key + 'static, V: redb::Value + 'static>(
        &self,
        definition: TableDefinition<'_, K, V>,
    ) -> Result<ReadOnlyTable<K, V>, StoreError> {
        self.transaction
            .open_table(definition)
            .map_err(|error| self.failed(error))
    }

    /// A table that an earlier program did not make.
    pub(super) fn table_if_there<K: redb::Key + 'static, V: redb::Value + 'static>(
        &self,
        definition: TableDefinition<'_, K, V>,
    ) -> Result<Option<ReadOnlyTable<K, V>>, StoreError> {
        match self.transaction.open_table(definition) {
            Ok(table) => Ok(Some(table)),
            Err(TableError::TableDoesNotExist(_)) => Ok(None),
            Err(error) => Err(self.failed(error)),
        }
    }
}
