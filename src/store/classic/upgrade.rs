//! From format version 1: its records outside the chain were sealed without their keys, so that one under a wrong key read well.

use std::path::Path;

use redb::{Key, ReadableTable, TableDefinition, WriteTransaction};

use super::tables::{DISPLACED, PEERS, WAITING};
use crate::store::{StoreError, record};

pub(super) fn seal_under_keys(
    transaction: &WriteTransaction,
    path: &Path,
) -> Result<(), StoreError> {
    seal_table(transaction, path, WAITING, i64::to_le_bytes)?;
    seal_table(transaction, path, PEERS, u64::to_le_bytes)?;
    seal_table(transaction, path, DISPLACED, u64::to_le_bytes)
}

/// Seals each record of a table again, under its key.
fn seal_table<K>(
    transaction: &WriteTransaction,
    path: &Path,
    definition: TableDefinition<'_, K, &'static [u8]>,
    bytes: fn(K) -> [u8; 8],
) -> Result<(), StoreError>
where
    K: Copy + Key + for<'k> Key<SelfType<'k> = K>,
{
    let failed = |error: redb::StorageError| StoreError::from_database(path, error);
    let mut table = transaction
        .open_table(definition)
        .map_err(|error| StoreError::from_database(path, error))?;
    let mut next = table.first().map_err(failed)?.map(|(key, _)| key.value());
    while let Some(key) = next {
        let mut rows = table.range(key..).map_err(failed)?;
        let sealed = match rows.next().transpose().map_err(failed)? {
            Some((_, stored)) => record::open(stored.value())
                .map(|(_, payload)| record::seal_under(&bytes(key), payload))
                .map_err(|detail| StoreError::damaged(path, definition.to_string(), detail))?,
            None => break,
        };
        let after = rows.next().transpose().map_err(failed)?;
        next = after.map(|(key, _)| key.value());
        drop(rows);
        table.insert(key, sealed.as_slice()).map_err(failed)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use redb::{Database, ReadableTableMetadata, TableDefinition};

    use super::*;
    use crate::protocol::classic::block::Block;
    use crate::store::layout::META;
    use crate::store::opening::Identity;
    use crate::store::{CHAIN_FILE, Store, StoreError, StoreOptions};

    fn opened(folder: &Path) -> Store {
        Store::open(folder, StoreOptions::default(), || Block::first("first"))
            .expect("the store opens")
    }

    /// Changes the closed store in `folder` behind this program's back.
    fn with_database(folder: &Path, change: impl FnOnce(&WriteTransaction)) {
        let database = Database::open(folder.join(CHAIN_FILE)).expect("it opens");
        let transaction = database.begin_write().expect("it begins");
        change(&transaction);
        transaction.commit().expect("it commits");
    }

    fn filled(folder: &Path) {
        let store = opened(folder);
        store
            .commit(|tables| {
                for text in ["{\"a\": 1}", "{\"b\": 2}", "{\"c\": 3}"] {
                    tables.push_waiting(text)?;
                }
                tables.add_peer("127.0.0.1:1002")
            })
            .expect("it is kept");
    }

    fn waiting(store: &Store) -> Result<Vec<String>, StoreError> {
        let rows = store.snapshot()?.waiting(None, 10)?;
        Ok(rows.into_iter().map(|row| row.text).collect())
    }

    /// Seals all records of a table as version 1 did.
    fn seal_as_before(transaction: &WriteTransaction, table: TableDefinition<'_, i64, &[u8]>) {
        let mut table = transaction.open_table(table).expect("it opens");
        let rows = table.len().expect("it counts");
        for key in 1..=rows as i64 {
            let stored = table.get(key).expect("it reads").expect("it is there");
            let payload = record::open_under(&key.to_le_bytes(), stored.value())
                .expect("it is sound")
                .to_vec();
            drop(stored);
            let sealed = record::seal(&payload);
            table.insert(key, sealed.as_slice()).expect("it is kept");
        }
    }

    #[test]
    fn a_store_of_version_1_is_read_on() {
        let folder = tempfile::tempdir().expect("a folder");
        filled(folder.path());
        with_database(folder.path(), |transaction| {
            seal_as_before(transaction, WAITING);
            let peers: TableDefinition<'_, u64, &[u8]> = PEERS;
            let sealed = record::seal(b"127.0.0.1:1002");
            let mut peers = transaction.open_table(peers).expect("it opens");
            peers.insert(1, sealed.as_slice()).expect("it is kept");
            let identity = Identity {
                format: 1,
                network: "classic".to_owned(),
                node_id: "00".repeat(16),
            };
            let identity = record::seal(&serde_json::to_vec(&identity).expect("JSON"));
            let mut meta = transaction.open_table(META).expect("it opens");
            meta.insert("identity", identity.as_slice())
                .expect("it is kept");
        });
        for _ in 0..2 {
            let store = opened(folder.path());
            assert_eq!(store.node_id(), "00".repeat(16));
            assert_eq!(
                waiting(&store).expect("it reads"),
                ["{\"a\": 1}", "{\"b\": 2}", "{\"c\": 3}"]
            );
            let snapshot = store.snapshot().expect("it reads");
            assert_eq!(snapshot.peers().expect("they read"), ["127.0.0.1:1002"]);
            assert!(snapshot.audit().expect("it reads").sound);
        }
    }

    /// What damage to a page's keys and counts does to records that are sound themselves.
    #[test]
    fn records_under_other_keys_and_missing_ones_are_found_out() {
        let moved = |from: i64, to: i64| {
            move |transaction: &WriteTransaction| {
                let mut table = transaction.open_table(WAITING).expect("it opens");
                let record = table
                    .remove(from)
                    .expect("it goes")
                    .map(|record| record.value().to_vec());
                table
                    .insert(to, record.expect("it was there").as_slice())
                    .expect("it is kept");
            }
        };
        let removed = |key: i64| {
            move |transaction: &WriteTransaction| {
                let mut table = transaction.open_table(WAITING).expect("it opens");
                drop(table.remove(key).expect("it goes"));
            }
        };
        type Change = Box<dyn FnOnce(&WriteTransaction)>;
        let changes: [(Change, &str); 4] = [
            (Box::new(moved(1, 7)), "waiting transaction 7"),
            (Box::new(moved(3, 0)), "waiting transaction 0"),
            (Box::new(removed(2)), "waiting transaction 3"),
            (Box::new(removed(3)), "waiting transaction 3"),
        ];
        for (change, named) in changes {
            let folder = tempfile::tempdir().expect("a folder");
            filled(folder.path());
            with_database(folder.path(), change);
            let store = opened(folder.path());
            let error = waiting(&store).expect_err("it is damaged").to_string();
            assert!(error.contains(named), "{error}");
            let audit = store.snapshot().expect("it reads").audit();
            assert!(!audit.expect("it reads").sound, "{named}");
        }
    }
}
