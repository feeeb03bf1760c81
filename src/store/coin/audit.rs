//! Every stored byte read again: all records against their own hashes, and the flat state against the tree that the tip commits to.

mod trees;

use alloy_consensus::constants::KECCAK_EMPTY;
use alloy_primitives::{Address, B256, U256, keccak256};
use redb::{Key, ReadableTable};
use serde::Serialize;

use super::ledger::{Ledger, Rooms};
use super::records::{Body, ChainEntry, KnownBlock, Position, Record, SourceRecord, WaitingRecord};
use super::snapshot::Snapshot;
use super::store_error;
use super::tables::concerned;
use crate::protocol::coin::block::CheckedBlock;
use crate::protocol::coin::execution::Receipt;
use crate::protocol::coin::parameters::Parameters;
use crate::protocol::coin::state::{Account, Before, RootedState, StateView, Tree};
use crate::protocol::coin::subsidy::issued;
use crate::store::StoreError;

/// What an audit read, and the first thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Audit {
    pub sound: bool,
    /// Kept blocks, side chains included. How much was read before the first fault, as are the others.
    pub blocks: u64,
    /// Waiting ones.
    pub transactions: u64,
    pub peers: u64,
    pub accounts: u64,
    /// Words of storage.
    pub slots: u64,
    /// Of the state's trees, old ones included.
    pub nodes: u64,
    /// In all records that were read.
    pub bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
}

/// Where a store is not what it must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// What is damaged.
    pub member: String,
    /// The file's name.
    pub file: String,
    pub detail: String,
}

impl Snapshot {
    /// Reads every record again, the state's as the tree says, and sums all balances. `go_on` may give up.
    ///
    /// # Errors
    /// When the store cannot be read at the moment, or the audit was given up ([`StoreError::Unavailable`]); a fault of the store is in the answer.
    pub fn audit(
        &self,
        parameters: &Parameters,
        mut go_on: impl FnMut() -> bool,
    ) -> Result<Audit, StoreError> {
        let mut audit = Audit::default();
        match self.read_all(parameters, &mut audit, &mut go_on) {
            Ok(()) => audit.sound = true,
            Err(StoreError::Damaged { file, what, detail }) => {
                let name = file.file_name().unwrap_or(file.as_os_str());
                audit.fault = Some(Fault {
                    member: what,
                    file: name.to_string_lossy().into_owned(),
                    detail,
                });
            }
            Err(error) => return Err(error),
        }
        Ok(audit)
    }

    fn read_all(
        &self,
        parameters: &Parameters,
        audit: &mut Audit,
        go_on: &mut impl FnMut() -> bool,
    ) -> Result<(), StoreError> {
        let mut read = Reader {
            snapshot: self,
            bytes: &mut audit.bytes,
            go_on,
        };
        let tip = self.place_of(self.state()?.tip)?.place;
        let mut known = 0;
        read.records::<_, KnownBlock>(
            self.known(),
            |hash| format!("the place of block {}", B256::new(hash)),
            |hash, block| {
                known += 1;
                let body = self.bodies().get(hash);
                let is_kept = body.map_err(|error| self.failed(error))?.is_some();
                // The body of an invalid block is gone.
                if is_kept != block.is_invalid {
                    return Ok(());
                }
                let detail = if is_kept {
                    "it is invalid"
                } else {
                    "it is missing"
                };
                Err(self.damaged(format_args!("block {}", B256::new(hash)), detail))
            },
        )?;
        self.are_all_there("the known blocks", known, self.known_total()?)?;
        read.records::<_, Body>(
            self.bodies(),
            |hash| format!("block {}", B256::new(hash)),
            |_, _| {
                audit.blocks += 1;
                Ok(())
            },
        )?;
        read.records::<_, ChainEntry>(
            self.chain(),
            |number| format!("the place of block {number}"),
            |number, entry| {
                let by = format_args!("block {number}");
                self.root_is_there(Tree::Accounts, entry.state_root, by)
            },
        )?;
        read.records::<_, Vec<Receipt>>(
            self.receipts_table(),
            |number| format!("the receipts of block {number}"),
            |_, _| Ok(()),
        )?;
        read.records::<_, Vec<Before>>(
            self.undo_table(),
            |number| format!("what undoes block {number}"),
            |number, undo| self.undoes_to_roots_there(number, &undo),
        )?;
        read.records::<_, WaitingRecord>(
            self.waiting_table(),
            |order| format!("waiting transaction {order}"),
            |_, _| {
                audit.transactions += 1;
                Ok(())
            },
        )?;
        read.records::<_, String>(
            self.peers_table(),
            |number| format!("peer {number}"),
            |_, _| {
                audit.peers += 1;
                Ok(())
            },
        )?;
        if let Some(sources) = self.sources() {
            let mut found = 0;
            read.records::<_, SourceRecord>(
                sources,
                |contract| format!("the source of contract {}", Address::new(contract)),
                |_, _| {
                    found += 1;
                    Ok(())
                },
            )?;
            let total = redb::ReadableTableMetadata::len(sources);
            let total = total.map_err(|error| self.failed(error))?;
            self.are_all_there("the sources of contracts", found, total)?;
        }
        // Those two count what they find.
        self.waiting()?;
        self.peers()?;
        read.each(self.codes(), |hash, code| {
            self.hashes_to(format_args!("code {}", B256::new(hash)), hash, code)
        })?;
        read.each(self.nodes(), |(tree, hash), node| {
            audit.nodes += 1;
            self.hashes_to(format_args!("node {}", B256::new(hash)), hash, node)?;
            self.leads_to_what_is_there(tree, hash, node)
        })?;

        let root = self.entry_at(tip.number)?.state_root;
        let tree = RootedState::new(self, root, tip.number);
        let mut balances = U256::ZERO;
        read.records::<_, Account>(
            self.accounts(),
            |address| format!("account {}", Address::new(address)),
            |address, account| {
                audit.accounts += 1;
                let address = Address::new(address);
                balances = balances.saturating_add(account.balance);
                let (storage, by) = (Tree::Storage(address), format_args!("account {address}"));
                self.root_is_there(storage, account.storage_root, by)?;
                let in_tree = tree.account(address).map_err(|error| store_error(&error))?;
                let found =
                    StateView::account(self, address).map_err(|error| store_error(&error))?;
                if account.code_hash != KECCAK_EMPTY {
                    self.code(account.code_hash)
                        .map_err(|error| store_error(&error))?;
                }
                self.is_as_the_tree_has_it(
                    format_args!("account {address}"),
                    in_tree == Some(account) && found == in_tree,
                )
            },
        )?;
        read.records::<_, U256>(
            self.slots(),
            |(address, slot)| format!("slot {} of {}", B256::new(slot), Address::new(address)),
            |(address, slot), value| {
                audit.slots += 1;
                let (address, slot) = (Address::new(address), U256::from_be_bytes(slot));
                let in_tree = tree
                    .slot(address, slot)
                    .map_err(|error| store_error(&error))?;
                let found = self
                    .slot(address, slot)
                    .map_err(|error| store_error(&error))?;
                self.is_as_the_tree_has_it(
                    format_args!("slot {slot:#x} of {address}"),
                    in_tree == value && found == value,
                )
            },
        )?;
        self.tree_has_no_more(root, audit.accounts, audit.slots, go_on)?;
        self.supply_is(parameters, tip.number, balances)?;
        for number in 0..=tip.number {
            if !go_on() {
                return Err(StoreError::Unavailable);
            }
            self.indexes_name(number, parameters)?;
        }
        Ok(())
    }

    /// That each index leads to a block of the current chain and to what is in it.
    fn indexes_name(&self, number: u64, parameters: &Parameters) -> Result<(), StoreError> {
        let entry = self.entry_at(number)?;
        let hash = entry.hash();
        self.place_of(hash)?;
        let body = self.body(hash)?;
        let body =
            body.ok_or_else(|| self.damaged(format_args!("block {hash}"), "it is missing"))?;
        let block = CheckedBlock::restore(&body.encoded, body.senders, parameters)
            .map_err(|fault| self.damaged(format_args!("block {hash}"), fault.to_string()))?;
        let receipts = self.receipts(number)?;
        self.undo(number)?;
        let leads = |what: &str, holds: bool| {
            if holds {
                return Ok(());
            }
            let detail = format!("it does not lead to block {number} ({hash})");
            Err(self.damaged(what, detail))
        };
        let by_number = block.number() == number && block.hash() == hash;
        leads("the index by number", by_number)?;
        leads(
            "the index by record",
            self.number_by_record(entry.record_hash)? == Some(number),
        )?;
        for (index, transaction) in (0_u32..).zip(block.transactions()) {
            let position = self.position(transaction.hash())?;
            leads(
                "the index of transactions",
                position == Some(Position { number, index }),
            )?;
        }
        // The genesis block paid nobody.
        let concerned = if number == 0 {
            Vec::new()
        } else {
            concerned(&block, &receipts)
        };
        for (account, index) in concerned {
            let row = self
                .history_table()
                .get((account.into_array(), number, index));
            let is_there = row.map_err(|error| self.failed(error))?.is_some();
            leads("the history of accounts", is_there)?;
        }
        Ok(())
    }

    fn hashes_to(
        &self,
        what: impl std::fmt::Display,
        hash: [u8; 32],
        bytes: &[u8],
    ) -> Result<(), StoreError> {
        let found = keccak256(bytes);
        if found == hash {
            return Ok(());
        }
        Err(self.damaged(what, format!("it hashes to {found}")))
    }

    fn is_as_the_tree_has_it(
        &self,
        what: impl std::fmt::Display,
        holds: bool,
    ) -> Result<(), StoreError> {
        if holds {
            return Ok(());
        }
        Err(self.damaged(what, "the state's tree has another"))
    }

    /// All balances together are first ones and issued ones less destroyed ones.
    fn supply_is(
        &self,
        parameters: &Parameters,
        tip: u64,
        balances: U256,
    ) -> Result<(), StoreError> {
        let created = parameters
            .first_balances()
            .saturating_add(issued(parameters, tip));
        let expected = created.saturating_sub(self.entry_at(tip)?.destroyed);
        if balances == expected {
            return Ok(());
        }
        let detail = format!("all balances come to {balances} units, the supply is {expected}");
        Err(self.damaged("the accounts", detail))
    }
}

/// Reads tables from their beginning to their end.
struct Reader<'r, G> {
    snapshot: &'r Snapshot,
    bytes: &'r mut u64,
    go_on: &'r mut G,
}

impl<G: FnMut() -> bool> Reader<'_, G> {
    fn each<K: Key + 'static>(
        &mut self,
        table: &impl ReadableTable<K, &'static [u8]>,
        mut visit: impl FnMut(K::SelfType<'_>, &[u8]) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let failed = |error| self.snapshot.failed(error);
        for entry in table.iter().map_err(failed)? {
            if !(self.go_on)() {
                return Err(StoreError::Unavailable);
            }
            let (key, value) = entry.map_err(failed)?;
            *self.bytes += value.value().len() as u64;
            visit(key.value(), value.value())?;
        }
        Ok(())
    }

    fn records<K: Key + 'static, R: Record>(
        &mut self,
        table: &impl ReadableTable<K, &'static [u8]>,
        what: impl Fn(K::SelfType<'_>) -> String,
        mut visit: impl FnMut(K::SelfType<'_>, R) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>
    where
        for<'k> K::SelfType<'k>: Clone,
    {
        let snapshot = self.snapshot;
        self.each(table, |key, sealed| {
            let record = R::open(K::as_bytes(&key).as_ref(), sealed)
                .map_err(|detail| snapshot.damaged(what(key.clone()), detail))?;
            visit(key, record)
        })
    }
}
