//! Reading: the store as one commit left it.

use std::fmt;
use std::path::{Path, PathBuf};

use alloy_primitives::Address;
use redb::{ReadOnlyTable, ReadTransaction, ReadableTable};

use super::definitions::*;
use super::ledger::{Rooms, read};
use super::records::SourceRecord;
use crate::store::StoreError;
use crate::store::layout::META;
use crate::store::reading::Reading;

type Sealed = &'static [u8];

/// A coin store as one commit left it; later commits do not change it. A [`super::Ledger`], and the state at its tip.
pub struct Snapshot {
    path: PathBuf,
    meta: ReadOnlyTable<&'static str, Sealed>,
    known: ReadOnlyTable<[u8; 32], Sealed>,
    bodies: ReadOnlyTable<[u8; 32], Sealed>,
    chain: ReadOnlyTable<u64, Sealed>,
    by_record: ReadOnlyTable<[u8; 32], u64>,
    receipts: ReadOnlyTable<u64, Sealed>,
    undo: ReadOnlyTable<u64, Sealed>,
    positions: ReadOnlyTable<[u8; 32], (u64, u32)>,
    history: ReadOnlyTable<([u8; 20], u64, u32), ()>,
    accounts: ReadOnlyTable<[u8; 20], Sealed>,
    slots: ReadOnlyTable<([u8; 20], [u8; 32]), Sealed>,
    codes: ReadOnlyTable<[u8; 32], Sealed>,
    nodes: ReadOnlyTable<([u8; 20], [u8; 32]), Sealed>,
    waiting: ReadOnlyTable<u64, Sealed>,
    peers: ReadOnlyTable<u64, Sealed>,
    /// Not there in the store of an earlier program, until this one writes to it.
    sources: Option<ReadOnlyTable<[u8; 20], Sealed>>,
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Snapshot {
    pub(super) fn of(transaction: ReadTransaction, path: &Path) -> Result<Self, StoreError> {
        let reading = Reading::new(transaction, path);
        Ok(Self {
            path: path.to_owned(),
            meta: reading.table(META)?,
            known: reading.table(KNOWN)?,
            bodies: reading.table(BODIES)?,
            chain: reading.table(CHAIN)?,
            by_record: reading.table(BY_RECORD)?,
            receipts: reading.table(RECEIPTS)?,
            undo: reading.table(UNDO)?,
            positions: reading.table(POSITIONS)?,
            history: reading.table(HISTORY)?,
            accounts: reading.table(ACCOUNTS)?,
            slots: reading.table(SLOTS)?,
            codes: reading.table(CODES)?,
            nodes: reading.table(NODES)?,
            waiting: reading.table(WAITING)?,
            peers: reading.table(PEERS)?,
            sources: reading.table_if_there(SOURCES)?,
        })
    }

    pub(super) fn sources(&self) -> Option<&ReadOnlyTable<[u8; 20], Sealed>> {
        self.sources.as_ref()
    }

    /// What somebody handed in as a contract's source.
    ///
    /// # Errors
    /// When the record is damaged.
    pub fn source(&self, contract: Address) -> Result<Option<SourceRecord>, StoreError> {
        let Some(sources) = &self.sources else {
            return Ok(None);
        };
        read(&self.path, sources, contract.into_array(), || {
            format!("the source of contract {contract}")
        })
    }
}

macro_rules! rooms {
    ($kind:ty) => {
        impl Rooms for $kind {
            fn path(&self) -> &Path {
                &self.path
            }
            fn meta(&self) -> &impl ReadableTable<&'static str, Sealed> {
                &self.meta
            }
            fn known(&self) -> &impl ReadableTable<[u8; 32], Sealed> {
                &self.known
            }
            fn bodies(&self) -> &impl ReadableTable<[u8; 32], Sealed> {
                &self.bodies
            }
            fn chain(&self) -> &impl ReadableTable<u64, Sealed> {
                &self.chain
            }
            fn by_record(&self) -> &impl ReadableTable<[u8; 32], u64> {
                &self.by_record
            }
            fn receipts_table(&self) -> &impl ReadableTable<u64, Sealed> {
                &self.receipts
            }
            fn undo_table(&self) -> &impl ReadableTable<u64, Sealed> {
                &self.undo
            }
            fn positions(&self) -> &impl ReadableTable<[u8; 32], (u64, u32)> {
                &self.positions
            }
            fn history_table(&self) -> &impl ReadableTable<([u8; 20], u64, u32), ()> {
                &self.history
            }
            fn accounts(&self) -> &impl ReadableTable<[u8; 20], Sealed> {
                &self.accounts
            }
            fn slots(&self) -> &impl ReadableTable<([u8; 20], [u8; 32]), Sealed> {
                &self.slots
            }
            fn codes(&self) -> &impl ReadableTable<[u8; 32], Sealed> {
                &self.codes
            }
            fn nodes(&self) -> &impl ReadableTable<([u8; 20], [u8; 32]), Sealed> {
                &self.nodes
            }
            fn waiting_table(&self) -> &impl ReadableTable<u64, Sealed> {
                &self.waiting
            }
            fn peers_table(&self) -> &impl ReadableTable<u64, Sealed> {
                &self.peers
            }
        }
    };
}
pub(super) use rooms;

rooms!(Snapshot);
