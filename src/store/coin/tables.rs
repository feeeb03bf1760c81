//! Writing: the tables of one transaction, committed whole or not at all.

use std::path::{Path, PathBuf};

use alloy_primitives::{Address, U256};
use redb::{ReadableTable, Table, TableDefinition, WriteTransaction};

use super::definitions::*;
use super::ledger::{Ledger, Rooms};
use super::records::{Body, ChainEntry, KnownBlock, Record, SourceRecord, State, WaitingRecord};
use super::snapshot::rooms;
use super::view::{node_key, slot_key};
use crate::protocol::coin::block::CheckedBlock;
use crate::protocol::coin::execution::{Executed, Receipt};
use crate::protocol::coin::genesis::Genesis;
use crate::protocol::coin::header::PowHash;
use crate::protocol::coin::state::{Account, Before, BlockChange, first_state};
use crate::store::StoreError;
use crate::store::layout::META;

type Sealed = &'static [u8];

/// The place of a reward in an account's history, behind all transactions of its block.
pub const REWARD: u32 = u32::MAX - 1;

/// The tables of one write transaction; only the writer holds one. A [`Ledger`] too, of what it has written so far.
pub struct Tables<'t> {
    path: PathBuf,
    meta: Table<'t, &'static str, Sealed>,
    known: Table<'t, [u8; 32], Sealed>,
    bodies: Table<'t, [u8; 32], Sealed>,
    chain: Table<'t, u64, Sealed>,
    by_record: Table<'t, [u8; 32], u64>,
    receipts: Table<'t, u64, Sealed>,
    undo: Table<'t, u64, Sealed>,
    positions: Table<'t, [u8; 32], (u64, u32)>,
    history: Table<'t, ([u8; 20], u64, u32), ()>,
    accounts: Table<'t, [u8; 20], Sealed>,
    slots: Table<'t, ([u8; 20], [u8; 32]), Sealed>,
    codes: Table<'t, [u8; 32], Sealed>,
    nodes: Table<'t, ([u8; 20], [u8; 32]), Sealed>,
    waiting: Table<'t, u64, Sealed>,
    sources: Table<'t, [u8; 20], Sealed>,
    peers: Table<'t, u64, Sealed>,
}

rooms!(Tables<'_>);

/// Makes the tables of a chain of one block.
pub(super) fn create(
    transaction: &WriteTransaction,
    path: &Path,
    genesis: &Genesis,
) -> Result<(), StoreError> {
    let mut tables = Tables::open(transaction, path)?;
    let (change, root) = first_state(&genesis.parameters);
    tables.put_known(&KnownBlock {
        header: genesis.block.header,
        place: genesis.place,
        record_hash: genesis.record_hash,
        is_invalid: false,
    })?;
    tables.put_body(
        genesis.hash(),
        &Body {
            senders: Vec::new(),
            encoded: genesis.block.encode().into(),
        },
    )?;
    let entry = ChainEntry::new(genesis.hash(), genesis.record_hash, root, U256::ZERO);
    tables.put_entry(0, &entry)?;
    tables.put_receipts(0, &Vec::new())?;
    tables.put_change(0, &change)?;
    tables.move_tip(genesis.hash())
}

impl<'t> Tables<'t> {
    pub(super) fn open(transaction: &'t WriteTransaction, path: &Path) -> Result<Self, StoreError> {
        fn table<'t, K: redb::Key + 'static, V: redb::Value + 'static>(
            transaction: &'t WriteTransaction,
            path: &Path,
            definition: TableDefinition<'_, K, V>,
        ) -> Result<Table<'t, K, V>, StoreError> {
            let opened = transaction.open_table(definition);
            opened.map_err(|error| StoreError::from_database(path, error))
        }
        Ok(Self {
            path: path.to_owned(),
            meta: table(transaction, path, META)?,
            known: table(transaction, path, KNOWN)?,
            bodies: table(transaction, path, BODIES)?,
            chain: table(transaction, path, CHAIN)?,
            by_record: table(transaction, path, BY_RECORD)?,
            receipts: table(transaction, path, RECEIPTS)?,
            undo: table(transaction, path, UNDO)?,
            positions: table(transaction, path, POSITIONS)?,
            history: table(transaction, path, HISTORY)?,
            accounts: table(transaction, path, ACCOUNTS)?,
            slots: table(transaction, path, SLOTS)?,
            codes: table(transaction, path, CODES)?,
            nodes: table(transaction, path, NODES)?,
            waiting: table(transaction, path, WAITING)?,
            sources: table(transaction, path, SOURCES)?,
            peers: table(transaction, path, PEERS)?,
        })
    }

    fn move_tip(&mut self, tip: PowHash) -> Result<(), StoreError> {
        let sealed = State { tip }.seal(STATE.as_bytes());
        let inserted = self.meta.insert(STATE, sealed.as_slice()).map(drop);
        inserted.map_err(|error| self.failed(error))
    }

    /// Keeps a block that holds in its place, on whatever chain.
    pub fn put_block(
        &mut self,
        known: &KnownBlock,
        block: &CheckedBlock,
    ) -> Result<(), StoreError> {
        self.put_known(known)?;
        let senders = block.transactions().iter();
        let body = Body {
            senders: senders.map(|transaction| transaction.sender()).collect(),
            encoded: block.encode().into(),
        };
        self.put_body(known.place.hash, &body)
    }

    /// Notes that a block, or an ancestor, failed its execution. Its body goes: nobody will ask for it.
    pub fn mark_invalid(&mut self, hash: PowHash) -> Result<(), StoreError> {
        let mut known = self.place_of(hash)?;
        known.is_invalid = true;
        self.put_known(&known)?;
        let removed = self.bodies.remove(hash.0.0).map(drop);
        removed.map_err(|error| self.failed(error))
    }

    /// Connects a block that is kept already behind the tip.
    pub fn connect(&mut self, block: &CheckedBlock, executed: &Executed) -> Result<(), StoreError> {
        let number = block.number();
        let parent = self.entry_at(number.saturating_sub(1))?;
        let entry = ChainEntry::new(
            block.hash(),
            block.record_hash(),
            executed.state_root,
            parent.destroyed.saturating_add(executed.destroyed),
        );
        self.put_entry(number, &entry)?;
        self.put_receipts(number, &executed.receipts)?;
        self.put_change(number, &executed.change)?;
        for (index, transaction) in (0_u32..).zip(block.transactions()) {
            let inserted = self
                .positions
                .insert(transaction.hash().0, (number, index))
                .map(drop);
            inserted.map_err(|error| self.failed(error))?;
        }
        for (account, index) in concerned(block, &executed.receipts) {
            let inserted = self
                .history
                .insert((account.into_array(), number, index), ())
                .map(drop);
            inserted.map_err(|error| self.failed(error))?;
        }
        self.move_tip(block.hash())
    }

    /// Disconnects the tip. Its body stays, and so does its place.
    pub fn disconnect(&mut self, block: &CheckedBlock) -> Result<(), StoreError> {
        let number = block.number();
        let undo = self.undo(number)?;
        let receipts = self.receipts(number)?;
        for before in &undo {
            match *before {
                Before::Account(address, account) => self.put_account(address, account)?,
                Before::Slot(address, slot, value) => self.put_slot(address, slot, value)?,
            }
        }
        let removed = (|| -> Result<(), redb::StorageError> {
            self.chain.remove(number)?;
            self.by_record.remove(block.record_hash().0)?;
            self.receipts.remove(number)?;
            self.undo.remove(number)?;
            for transaction in block.transactions() {
                self.positions.remove(transaction.hash().0)?;
            }
            for (account, index) in concerned(block, &receipts) {
                self.history.remove((account.into_array(), number, index))?;
            }
            Ok(())
        })();
        removed.map_err(|error| self.failed(error))?;
        self.move_tip(block.header().previous)
    }

    /// Forgets all blocks above this number, as if they had never come; the chain ends at it already. Only for the network `dev`.
    pub fn forget_above(&mut self, number: u64) -> Result<(), StoreError> {
        let mut above = Vec::new();
        for row in self.known.iter().map_err(|error| self.failed(error))? {
            let (hash, sealed) = row.map_err(|error| self.failed(error))?;
            let hash = hash.value();
            let known = KnownBlock::open(&hash, sealed.value()).map_err(|detail| {
                let hash = PowHash(hash.into());
                self.damaged(format_args!("the place of block {hash}"), detail)
            })?;
            if known.place.number > number {
                above.push(hash);
            }
        }
        for hash in above {
            let removed = (|| -> Result<(), redb::StorageError> {
                self.known.remove(hash)?;
                self.bodies.remove(hash).map(drop)
            })();
            removed.map_err(|error| self.failed(error))?;
        }
        Ok(())
    }

    /// Keeps a transaction that waits, by its place in the order of arrival.
    pub fn put_waiting(&mut self, order: u64, waiting: &WaitingRecord) -> Result<(), StoreError> {
        let sealed = waiting.seal(&order.to_le_bytes());
        let inserted = self.waiting.insert(order, sealed.as_slice()).map(drop);
        inserted.map_err(|error| self.failed(error))
    }

    /// Forgets a transaction that waits no more.
    pub fn remove_waiting(&mut self, order: u64) -> Result<(), StoreError> {
        let removed = self.waiting.remove(order).map(drop);
        removed.map_err(|error| self.failed(error))
    }

    /// How many contracts have a source here.
    pub fn sources_total(&self) -> Result<u64, StoreError> {
        redb::ReadableTableMetadata::len(&self.sources).map_err(|error| self.failed(error))
    }

    /// Whether a source is kept for a contract.
    pub fn has_source(&self, contract: Address) -> Result<bool, StoreError> {
        let stored = self.sources.get(contract.into_array());
        Ok(stored.map_err(|error| self.failed(error))?.is_some())
    }

    /// Keeps a contract's source, in the place of an earlier one.
    pub fn put_source(
        &mut self,
        contract: Address,
        source: &SourceRecord,
    ) -> Result<(), StoreError> {
        let key = contract.into_array();
        let sealed = source.seal(&key);
        let inserted = self.sources.insert(key, sealed.as_slice()).map(drop);
        inserted.map_err(|error| self.failed(error))
    }

    /// Remembers a peer.
    pub fn add_peer(&mut self, address: &str) -> Result<(), StoreError> {
        let last = self.peers.last().map_err(|error| self.failed(error))?;
        let next = last.map_or(1, |(number, _)| number.value().saturating_add(1));
        let sealed = address.to_owned().seal(&next.to_le_bytes());
        let inserted = self.peers.insert(next, sealed.as_slice()).map(drop);
        inserted.map_err(|error| self.failed(error))
    }

    fn put_known(&mut self, known: &KnownBlock) -> Result<(), StoreError> {
        let sealed = known.seal(&known.place.hash.0.0);
        let inserted = self
            .known
            .insert(known.place.hash.0.0, sealed.as_slice())
            .map(drop);
        inserted.map_err(|error| self.failed(error))
    }

    fn put_body(&mut self, hash: PowHash, body: &Body) -> Result<(), StoreError> {
        let sealed = body.seal(&hash.0.0);
        let inserted = self.bodies.insert(hash.0.0, sealed.as_slice()).map(drop);
        inserted.map_err(|error| self.failed(error))
    }

    fn put_entry(&mut self, number: u64, entry: &ChainEntry) -> Result<(), StoreError> {
        let sealed = entry.seal(&number.to_le_bytes());
        let inserted = self.chain.insert(number, sealed.as_slice()).map(drop);
        inserted.map_err(|error| self.failed(error))?;
        let inserted = self.by_record.insert(entry.record_hash.0, number).map(drop);
        inserted.map_err(|error| self.failed(error))
    }

    fn put_receipts(&mut self, number: u64, receipts: &Vec<Receipt>) -> Result<(), StoreError> {
        let sealed = receipts.seal(&number.to_le_bytes());
        let inserted = self.receipts.insert(number, sealed.as_slice()).map(drop);
        inserted.map_err(|error| self.failed(error))
    }

    fn put_change(&mut self, number: u64, change: &BlockChange) -> Result<(), StoreError> {
        for (address, account) in &change.accounts {
            self.put_account(*address, *account)?;
        }
        for ((address, slot), value) in &change.slots {
            self.put_slot(*address, *slot, *value)?;
        }
        let kept = (|| -> Result<(), redb::StorageError> {
            for (hash, code) in &change.codes {
                self.codes.insert(hash.0, code.as_ref())?;
            }
            for ((tree, hash), node) in &change.nodes {
                self.nodes.insert(node_key(*tree, *hash), node.as_ref())?;
            }
            let sealed = change.undo.seal(&number.to_le_bytes());
            self.undo.insert(number, sealed.as_slice()).map(drop)
        })();
        kept.map_err(|error| self.failed(error))
    }

    fn put_account(
        &mut self,
        address: Address,
        account: Option<Account>,
    ) -> Result<(), StoreError> {
        let key = address.into_array();
        let done = match account {
            Some(account) => {
                let sealed = account.seal(&key);
                self.accounts.insert(key, sealed.as_slice()).map(drop)
            }
            None => self.accounts.remove(key).map(drop),
        };
        done.map_err(|error| self.failed(error))
    }

    fn put_slot(&mut self, address: Address, slot: U256, value: U256) -> Result<(), StoreError> {
        let key = (address.into_array(), slot.to_be_bytes::<32>());
        let done = if value.is_zero() {
            self.slots.remove(key).map(drop)
        } else {
            let sealed = value.seal(slot_key(&key).as_ref());
            self.slots.insert(key, sealed.as_slice()).map(drop)
        };
        done.map_err(|error| self.failed(error))
    }
}

/// Whom a block's transactions concern: senders, receivers, created contracts, and the miner for its reward.
pub(super) fn concerned(block: &CheckedBlock, receipts: &[Receipt]) -> Vec<(Address, u32)> {
    let mut all = Vec::with_capacity(2 * receipts.len() + 1);
    for ((index, transaction), receipt) in (0_u32..).zip(block.transactions()).zip(receipts) {
        all.push((transaction.sender(), index));
        let receiver = transaction.receiver().or(receipt.created);
        if let Some(receiver) = receiver.filter(|receiver| *receiver != transaction.sender()) {
            all.push((receiver, index));
        }
    }
    all.push((block.record().beneficiary, REWARD));
    all
}
