//! Checking what is kept of travelling transactions.

use std::collections::HashSet;

use redb::{ReadableTable, ReadableTableMetadata};

use super::super::snapshot::Snapshot;
use super::super::tables::WAITING;
use super::{BLOCK_TAGS, MINED_BY_ID, TAGS, TAGS_BY_ID, TAGS_BY_TEXT, blocks, finding, name, open};
use crate::protocol::classic::block::Height;
use crate::protocol::classic::tag::TransactionId;
use crate::protocol::classic::transaction::payments_of;
use crate::store::StoreError;

impl Snapshot {
    /// Reads every tag and holds the indexes against them.
    pub(in crate::store::classic) fn audit_travelling(&self) -> Result<(), StoreError> {
        if !self.travels()? {
            return Ok(());
        }
        self.audit_tags()?;
        self.audit_block_tags()
    }

    fn audit_tags(&self) -> Result<(), StoreError> {
        let waiting = self.table(WAITING)?;
        let tags = self.table(TAGS)?;
        let by_id = self.table(TAGS_BY_ID)?;
        let by_text = self.table(TAGS_BY_TEXT)?;
        let mut rows = 0_u64;
        for row in tags.iter().map_err(|error| self.failed(error))? {
            let (sequence, stored) = row.map_err(|error| self.failed(error))?;
            let sequence = sequence.value();
            let damaged = |detail: &str| self.damaged(name(sequence), detail);
            let tag = open(sequence, stored.value()).map_err(|detail| damaged(&detail))?;
            let text = finding::text_at(&waiting, self.path(), sequence)?;
            let text = text.ok_or_else(|| damaged("it is of no transaction"))?;
            let id = TransactionId::of(tag, &text);
            let indexed = by_id.get(id.0).map_err(|error| self.failed(error))?;
            if indexed.map(|place| place.value()) != Some(sequence) {
                return Err(damaged("the index by id does not know it"));
            }
            let indexed = by_text.get((id.text_key(), sequence));
            if indexed.map_err(|error| self.failed(error))?.is_none() {
                return Err(damaged("the index by text does not know it"));
            }
            rows += 1;
        }
        for (index, length) in [
            ("the tags", tags.len()),
            ("the index of tags by id", by_id.len()),
            ("the index of tags by text", by_text.len()),
        ] {
            let counted = length.map_err(|error| self.failed(error))?;
            if counted != rows {
                let detail = format!("{rows} tags are there, {counted} are counted");
                return Err(self.damaged(index, detail));
            }
        }
        for row in waiting.range(..1).map_err(|error| self.failed(error))? {
            let sequence = row.map_err(|error| self.failed(error))?.0.value();
            if finding::text_at(&waiting, self.path(), sequence)?.is_some()
                && finding::kept_tag(&tags, self.path(), sequence)?.is_none()
            {
                return Err(self.damaged(name(sequence), "it is missing"));
            }
        }
        Ok(())
    }

    fn audit_block_tags(&self) -> Result<(), StoreError> {
        let of_blocks = self.table(BLOCK_TAGS)?;
        let mined = self.table(MINED_BY_ID)?;
        let mut first_places = 0_u64;
        for row in of_blocks.iter().map_err(|error| self.failed(error))? {
            let height = Height(row.map_err(|error| self.failed(error))?.0.value());
            let damaged = |detail: &str| self.damaged(blocks::block_name(height), detail);
            let block = self.block(height)?;
            let block = block.ok_or_else(|| damaged("they are of no block"))?;
            let tags = blocks::tags_at(&of_blocks, self.path(), height, block.hash)?;
            let payments = payments_of(&block.text).map_err(|error| damaged(&error.to_string()))?;
            if tags.len() != payments.len() {
                let (found, expected) = (tags.len(), payments.len());
                return Err(damaged(&format!(
                    "they are {found}, of {expected} transactions"
                )));
            }
            let mut ids = HashSet::new();
            for (position, text) in payments.iter().enumerate() {
                let Some(tag) = tags.at(position) else {
                    continue;
                };
                let id = TransactionId::of(tag, text);
                let first = mined.get(id.0).map_err(|error| self.failed(error))?;
                match first.map(|first| first.value()) {
                    Some(first) if first == height.0 => first_places += u64::from(ids.insert(id)),
                    Some(first) if first < height.0 => {}
                    _ => return Err(damaged("the index of mined transactions does not know one")),
                }
            }
        }
        let counted = mined.len().map_err(|error| self.failed(error))?;
        if counted != first_places {
            let detail = format!("{first_places} are there, {counted} are counted");
            return Err(self.damaged("the index of mined transactions", detail));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use redb::{Database, Key, TableDefinition, Value, WriteTransaction};

    use super::*;
    use crate::protocol::classic::block::Block;
    use crate::protocol::classic::proof::Proof;
    use crate::protocol::classic::tag::Tag;
    use crate::protocol::classic::transaction::Transaction;
    use crate::store::{CHAIN_FILE, Store, StoreOptions};

    const ELSEWHERE: [u8; 16] = [0x44; 16];

    fn opened(folder: &Path) -> Store {
        Store::open(folder, StoreOptions::default(), || Block::first("first"))
            .expect("the store opens")
    }

    fn text(amount: i64) -> Box<str> {
        Transaction::between("alice", "bob", amount).into_text()
    }

    /// Two transactions of another node in a block, two that wait.
    fn filled(folder: &Path) {
        let store = opened(folder);
        let filled = store.commit(|tables| {
            tables.begin_travelling()?;
            tables.push_waiting(&text(0))?;
            for amount in 1..=2 {
                tables.push_travelling(&text(amount), Tag::of_node(ELSEWHERE, amount))?;
            }
            let taken = tables.take_waiting(usize::MAX)?;
            let proof: Proof = "533".parse().expect("a proof");
            let block = Block::on_top_of(&tables.state().tip, proof, "second", &taken.joined);
            tables.append_mined(&block, &taken.tags)?;
            for amount in 3..=4 {
                tables.push_travelling(&text(amount), Tag::of_node(ELSEWHERE, amount))?;
            }
            Ok::<_, StoreError>(())
        });
        filled.expect("it is kept");
    }

    type Change = Box<dyn FnOnce(&WriteTransaction)>;

    fn removed<K, V>(table: TableDefinition<'static, K, V>, key: K) -> Change
    where
        K: Copy + Key + for<'k> Value<SelfType<'k> = K> + 'static,
        V: Value + 'static,
    {
        Box::new(move |transaction| {
            let mut table = transaction.open_table(table).expect("it opens");
            assert!(
                table.remove(key).expect("it goes").is_some(),
                "it was there"
            );
        })
    }

    #[test]
    fn what_is_missing_or_stands_elsewhere_is_found_out() {
        let id = |amount| TransactionId::of(Tag::of_node(ELSEWHERE, amount), &text(amount));
        let elsewhere = |transaction: &WriteTransaction| {
            let mut tags = transaction.open_table(TAGS).expect("it opens");
            let record = tags
                .remove(4)
                .expect("it goes")
                .map(|record| record.value().to_vec());
            let record = record.expect("it was there");
            tags.insert(5, record.as_slice()).expect("it is kept");
        };
        let changes: Vec<(Change, &str)> = vec![
            (removed(TAGS, 4), "the index of tags by id"),
            (
                removed(TAGS_BY_ID, id(3).0),
                "transaction 4: the index by id",
            ),
            (
                removed(TAGS_BY_TEXT, (id(3).text_key(), 4)),
                "transaction 4: the index by text",
            ),
            (removed(BLOCK_TAGS, 2), "the index of mined transactions"),
            (removed(MINED_BY_ID, id(1).0), "the tags of block 2"),
            (
                Box::new(elsewhere),
                "the tag of waiting transaction 5: it hashes to",
            ),
            (Box::new(|_| {}), ""),
        ];
        for (change, named) in changes {
            let folder = tempfile::tempdir().expect("a folder");
            filled(folder.path());
            let database = Database::open(folder.path().join(CHAIN_FILE)).expect("it opens");
            let transaction = database.begin_write().expect("it begins");
            change(&transaction);
            transaction.commit().expect("it commits");
            drop(database);
            let audit = opened(folder.path()).snapshot().expect("it reads").audit();
            let fault = audit.expect("it reads").fault;
            let detail = fault.map(|fault| fault.detail).unwrap_or_default();
            assert!(detail.contains(named), "{named}: {detail}");
            assert_eq!(detail.is_empty(), named.is_empty(), "{detail}");
        }
    }

    #[test]
    fn only_a_store_whose_transactions_travel_is_of_the_newer_format() {
        let folder = tempfile::tempdir().expect("a folder");
        let tables = || {
            let database = Database::open(folder.path().join(CHAIN_FILE)).expect("it opens");
            let reading = redb::ReadableDatabase::begin_read(&database).expect("it begins");
            let meta = reading
                .open_table(crate::store::layout::META)
                .expect("it opens");
            let identity = meta
                .get("identity")
                .expect("it reads")
                .expect("it is there");
            let identity = String::from_utf8_lossy(identity.value()).into_owned();
            let names = reading.list_tables().expect("they read").count();
            (
                identity.contains(r#""format":2"#),
                identity.contains(r#""format":3"#),
                names,
            )
        };
        let added = |store: &Store| store.commit(|tables| tables.push_waiting(&text(1)));
        added(&opened(folder.path())).expect("it is kept");
        assert_eq!(tables(), (true, false, 7));
        let begun = opened(folder.path()).commit(|tables| tables.begin_travelling());
        begun.expect("it is kept");
        assert_eq!(tables(), (false, true, 12));
        // It stays so.
        added(&opened(folder.path())).expect("it is kept");
        assert_eq!(tables(), (false, true, 12));
        let store = opened(folder.path());
        let page = store
            .snapshot()
            .and_then(|snapshot| snapshot.travelling(None, 10));
        assert_eq!(page.expect("it reads").ids.len(), 2);
    }
}
