//! Reading a coin chain and its state: the same in a snapshot and within a commit.

use std::path::Path;

use alloy_primitives::{Address, B256};
use redb::{Key, ReadableTable, ReadableTableMetadata};

use super::definitions::STATE;
use super::gaps;
use super::records::{Body, ChainEntry, KnownBlock, Position, Record, State, WaitingRecord};
use crate::protocol::coin::execution::Receipt;
use crate::protocol::coin::header::PowHash;
use crate::protocol::coin::state::Before;
use crate::store::StoreError;

type Sealed = &'static [u8];

/// The open tables of a transaction, whichever way it goes.
pub trait Rooms {
    fn path(&self) -> &Path;
    fn meta(&self) -> &impl ReadableTable<&'static str, Sealed>;
    fn known(&self) -> &impl ReadableTable<[u8; 32], Sealed>;
    fn bodies(&self) -> &impl ReadableTable<[u8; 32], Sealed>;
    fn chain(&self) -> &impl ReadableTable<u64, Sealed>;
    fn by_record(&self) -> &impl ReadableTable<[u8; 32], u64>;
    fn receipts_table(&self) -> &impl ReadableTable<u64, Sealed>;
    fn undo_table(&self) -> &impl ReadableTable<u64, Sealed>;
    fn positions(&self) -> &impl ReadableTable<[u8; 32], (u64, u32)>;
    fn history_table(&self) -> &impl ReadableTable<([u8; 20], u64, u32), ()>;
    fn accounts(&self) -> &impl ReadableTable<[u8; 20], Sealed>;
    fn slots(&self) -> &impl ReadableTable<([u8; 20], [u8; 32]), Sealed>;
    fn codes(&self) -> &impl ReadableTable<[u8; 32], Sealed>;
    fn nodes(&self) -> &impl ReadableTable<([u8; 20], [u8; 32]), Sealed>;
    fn waiting_table(&self) -> &impl ReadableTable<u64, Sealed>;
    fn peers_table(&self) -> &impl ReadableTable<u64, Sealed>;
}

/// What a coin store can be asked. Every record is checked as it is read.
pub trait Ledger: Rooms {
    #[doc(hidden)]
    fn failed(&self, error: redb::StorageError) -> StoreError {
        StoreError::from_database(self.path(), error)
    }

    #[doc(hidden)]
    fn damaged(&self, what: impl std::fmt::Display, detail: impl Into<String>) -> StoreError {
        StoreError::damaged(self.path(), what, detail)
    }

    /// The end of the current chain, and counters.
    fn state(&self) -> Result<State, StoreError> {
        let state = read(self.path(), self.meta(), STATE, || "the tip".to_owned())?;
        state.ok_or_else(|| self.damaged("the tip", "it is missing"))
    }

    /// A known block's place and fate, on the current chain or not.
    fn known_block(&self, hash: PowHash) -> Result<Option<KnownBlock>, StoreError> {
        let what = || format!("the place of block {hash}");
        let known = read(self.path(), self.known(), hash.0.0, what)?;
        if known.is_none() {
            gaps::is_sound::<KnownBlock>(self, self.known(), hash.0.0, what)?;
        }
        Ok(known)
    }

    /// [`Ledger::known_block`] of a block that must be there.
    fn place_of(&self, hash: PowHash) -> Result<KnownBlock, StoreError> {
        self.known_block(hash)?
            .ok_or_else(|| self.damaged(format_args!("the place of block {hash}"), "it is missing"))
    }

    /// A kept block, on the current chain or not.
    fn body(&self, hash: PowHash) -> Result<Option<Body>, StoreError> {
        let what = || format!("block {hash}");
        let body = read(self.path(), self.bodies(), hash.0.0, what)?;
        if body.is_none() {
            gaps::is_sound::<Body>(self, self.bodies(), hash.0.0, what)?;
            // That of an invalid block is gone, that of any other known one must be there.
            if self
                .known_block(hash)?
                .is_some_and(|known| !known.is_invalid)
            {
                return Err(self.damaged(what(), "it is missing"));
            }
        }
        Ok(body)
    }

    /// The block with this number on the current chain; none beyond its end, and only there.
    fn chain_entry(&self, number: u64) -> Result<Option<ChainEntry>, StoreError> {
        let what = || format!("the place of block {number}");
        let entry = read(self.path(), self.chain(), number, what)?;
        if entry.is_none() && number <= self.place_of(self.state()?.tip)?.place.number {
            return Err(self.damaged(what(), "it is missing"));
        }
        Ok(entry)
    }

    /// [`Ledger::chain_entry`] of a block that must be there.
    fn entry_at(&self, number: u64) -> Result<ChainEntry, StoreError> {
        self.chain_entry(number)?.ok_or_else(|| {
            self.damaged(format_args!("the place of block {number}"), "it is missing")
        })
    }

    /// The number of a block on the current chain.
    fn number_on_chain(&self, hash: PowHash) -> Result<Option<u64>, StoreError> {
        let Some(known) = self.known_block(hash)? else {
            return Ok(None);
        };
        let number = known.place.number;
        let current = self.chain_entry(number)?;
        Ok(current
            .is_some_and(|entry| entry.hash() == hash)
            .then_some(number))
    }

    /// The number of the block of the current chain with this record hash.
    fn number_by_record(&self, record_hash: B256) -> Result<Option<u64>, StoreError> {
        let stored = self.by_record().get(record_hash.0);
        let stored = stored.map_err(|error| self.failed(error))?;
        Ok(stored.map(|stored| stored.value()))
    }

    /// The block of the current chain with this record hash.
    fn by_record_hash(&self, record_hash: B256) -> Result<Option<PowHash>, StoreError> {
        let Some(number) = self.number_by_record(record_hash)? else {
            let what = || format!("the index of record {record_hash}");
            let beside =
                gaps::beside(self, self.by_record(), record_hash.0, what, |number| number)?;
            for (hash, number) in beside {
                if self.entry_at(number)?.record_hash != hash {
                    return Err(self.damaged(what(), "the one beside it leads elsewhere"));
                }
            }
            return Ok(None);
        };
        let entry = self.entry_at(number)?;
        if entry.record_hash == record_hash {
            return Ok(Some(entry.hash()));
        }
        let detail = format!("block {number} has {}", entry.record_hash);
        Err(self.damaged(format_args!("the index of record {record_hash}"), detail))
    }

    /// The receipts of the block with this number on the current chain.
    fn receipts(&self, number: u64) -> Result<Vec<Receipt>, StoreError> {
        let what = || format!("the receipts of block {number}");
        let receipts = read(self.path(), self.receipts_table(), number, what)?;
        receipts.ok_or_else(|| self.damaged(what(), "they are missing"))
    }

    /// What undoes the block with this number.
    fn undo(&self, number: u64) -> Result<Vec<Before>, StoreError> {
        let what = || format!("what undoes block {number}");
        let undo = read(self.path(), self.undo_table(), number, what)?;
        undo.ok_or_else(|| self.damaged(what(), "it is missing"))
    }

    /// Where a transaction stands in the current chain.
    fn position(&self, transaction: B256) -> Result<Option<Position>, StoreError> {
        let stored = self.positions().get(transaction.0);
        let stored = stored.map_err(|error| self.failed(error))?;
        Ok(stored.map(|stored| {
            let (number, index) = stored.value();
            Position { number, index }
        }))
    }

    /// The entries of the index of transactions on both sides of one that is not in it: they must lead to what they name, or it may have been there once.
    fn positions_beside(&self, transaction: B256) -> Result<Vec<(B256, Position)>, StoreError> {
        let what = || format!("the place of transaction {transaction}");
        let position = |(number, index)| Position { number, index };
        let found = gaps::beside(self, self.positions(), transaction.0, what, position)?;
        let named = found.into_iter().map(|(hash, at)| (B256::new(hash), at));
        Ok(named.collect())
    }

    /// Places in the current chain that concern an account, newest first, before `before` if that is given.
    fn history(
        &self,
        account: Address,
        before: Option<Position>,
        limit: usize,
    ) -> Result<Vec<Position>, StoreError> {
        let range = gaps::history_range(account, before);
        let mut last = range.end;
        let rows = self.history_table().range(range.clone());
        let mut found = Vec::new();
        for row in rows.map_err(|error| self.failed(error))?.rev().take(limit) {
            let (key, _) = row.map_err(|error| self.failed(error))?;
            let row = key.value();
            if row >= last || row < range.start {
                return Err(self.damaged(format_args!("the history of {account}"), "out of order"));
            }
            last = row;
            found.push(Position {
                number: row.1,
                index: row.2,
            });
        }
        Ok(found)
    }

    /// The first places in the current chain that concern an account, oldest first.
    fn beginnings(&self, account: Address, limit: usize) -> Result<Vec<Position>, StoreError> {
        let rows = self
            .history_table()
            .range(gaps::history_range(account, None));
        let mut found = Vec::new();
        for row in rows.map_err(|error| self.failed(error))?.take(limit) {
            let (key, _) = row.map_err(|error| self.failed(error))?;
            let (_, number, index) = key.value();
            found.push(Position { number, index });
        }
        Ok(found)
    }

    /// What stands in the table of histories before and behind what [`Ledger::history`] reads: these must concern whom they name, or they may have been the account's.
    fn history_beside(
        &self,
        account: Address,
        before: Option<Position>,
    ) -> Result<Vec<(Address, Position)>, StoreError> {
        gaps::beside_history(self, account, before)
    }

    /// Transactions that wait, in the order of their arrival.
    fn waiting(&self) -> Result<Vec<(u64, WaitingRecord)>, StoreError> {
        let mut waiting = Vec::new();
        for entry in self
            .waiting_table()
            .iter()
            .map_err(|error| self.failed(error))?
        {
            let (order, record) = entry.map_err(|error| self.failed(error))?;
            let order = order.value();
            let read =
                WaitingRecord::open(&order.to_le_bytes(), record.value()).map_err(|detail| {
                    self.damaged(format_args!("waiting transaction {order}"), detail)
                })?;
            waiting.push((order, read));
        }
        self.are_all_there(
            "the transactions that wait",
            waiting.len(),
            self.waiting_total()?,
        )?;
        Ok(waiting)
    }

    /// How many transactions wait.
    fn waiting_total(&self) -> Result<u64, StoreError> {
        let total = self.waiting_table().len();
        total.map_err(|error| self.failed(error))
    }

    /// The addresses of known peers, in the order they became known.
    fn peers(&self) -> Result<Vec<String>, StoreError> {
        let mut peers = Vec::new();
        for entry in self
            .peers_table()
            .iter()
            .map_err(|error| self.failed(error))?
        {
            let (number, record) = entry.map_err(|error| self.failed(error))?;
            let number = number.value();
            let read = String::open(&number.to_le_bytes(), record.value());
            peers.push(read.map_err(|detail| self.damaged(format_args!("peer {number}"), detail))?);
        }
        let total = self.peers_table().len();
        let total = total.map_err(|error| self.failed(error))?;
        self.are_all_there("the peers", peers.len(), total)?;
        Ok(peers)
    }

    /// Whether a walk over a table has met as many rows as the table counts: one that ends early tells of no error.
    #[doc(hidden)]
    fn are_all_there(&self, what: &str, found: usize, counted: u64) -> Result<(), StoreError> {
        if found as u64 == counted {
            return Ok(());
        }
        Err(self.damaged(what, format!("{found} are there, {counted} are counted")))
    }

    /// How many blocks are known, on the current chain or not.
    fn known_total(&self) -> Result<u64, StoreError> {
        let total = self.known().len();
        total.map_err(|error| self.failed(error))
    }
}

impl<R: Rooms> Ledger for R {}

/// A record of any table, checked; `what` it is, for errors.
pub(super) fn read<K: Key + 'static, R: Record>(
    path: &Path,
    table: &impl ReadableTable<K, Sealed>,
    key: K::SelfType<'_>,
    what: impl FnOnce() -> String,
) -> Result<Option<R>, StoreError> {
    let bytes = K::as_bytes(&key);
    let stored = table
        .get(&key)
        .map_err(|error| StoreError::from_database(path, error))?;
    let opened = stored.map(|stored| R::open(bytes.as_ref(), stored.value()));
    opened
        .transpose()
        .map_err(|detail| StoreError::damaged(path, what(), detail))
}
