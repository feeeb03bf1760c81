//! Checking: every stored byte read again.

use std::ops::RangeInclusive;
use std::thread;

use redb::ReadableTableMetadata;
use serde::Serialize;

use super::Snapshot;
use super::tables::HEIGHTS;
use crate::protocol::classic::block::{BlockHash, BlockReader, Height, Link};
use crate::protocol::classic::rules::{BrokenRule, ChainChecker};
use crate::store::StoreError;

/// What an audit read, and the first thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Audit {
    pub sound: bool,
    /// How much was read before the first fault.
    pub blocks: u64,
    pub transactions: u64,
    pub peers: u64,
    pub displaced: u64,
    /// Bytes of text in all records that were read.
    pub bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
}

/// Where a store is not what it must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The block's height, where a block is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<Height>,
    /// The block's member, where one is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<&'static str>,
    /// The file's name.
    pub file: String,
    pub detail: String,
}

/// Why a stored chain is not valid, or could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ChainFault {
    #[error(transparent)]
    Rule(#[from] BrokenRule),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Snapshot {
    /// Reads the current chain again from the disk, hashes it again, and holds it against every rule.
    ///
    /// # Errors
    /// The first fault in the chain. `Ok` holds the bytes of text that were checked.
    pub fn check_chain(&self) -> Result<u64, ChainFault> {
        // Below this a second thread costs more than it saves.
        const BLOCKS_A_THREAD: u64 = 2_000;
        let state = self.state()?;
        let height = state.tip.height.0;
        let threads = thread::available_parallelism()
            .map_or(1, |count| count.get() as u64)
            .min(height.div_ceil(BLOCKS_A_THREAD))
            .max(1);
        let part = height.div_ceil(threads);
        let ranges: Vec<RangeInclusive<u64>> = (0..threads)
            .map(|thread| thread * part + 1..=((thread + 1) * part).min(height))
            .collect();
        let results: Vec<Result<u64, ChainFault>> = thread::scope(|scope| {
            let checks: Vec<_> = ranges
                .into_iter()
                .map(|range| scope.spawn(move || self.check_range(range)))
                .collect();
            checks
                .into_iter()
                .map(|check| check.join().unwrap_or_else(|_| Err(self.gave_up().into())))
                .collect()
        });
        let mut bytes = 0;
        for result in results {
            bytes += result?;
        }
        match self.hash_at(state.tip.height)? {
            Some(hash) if hash == state.tip.hash => Ok(bytes),
            _ => Err(self.damaged("the tip", "it is not the last block").into()),
        }
    }

    fn gave_up(&self) -> StoreError {
        self.damaged("the database", "it gave up over its contents")
    }

    /// Checks a part of the chain; the block before it is only read for what its successor must fit.
    fn check_range(&self, range: RangeInclusive<u64>) -> Result<u64, ChainFault> {
        let (first, last) = (*range.start(), *range.end());
        let mut checker = match first.checked_sub(1).filter(|parent| *parent > 0) {
            None => ChainChecker::new(),
            Some(parent) => ChainChecker::after(self.link_at(Height(parent))?),
        };
        let mut bytes = 0;
        self.for_each_unchecked(Height(first)..=Height(last), |block| {
            bytes += block.text.len() as u64;
            if block.height != checker.position() {
                return Err(ChainFault::Store(self.damaged(
                    format_args!("block {}", checker.position()),
                    "it is missing",
                )));
            }
            checker
                .check_stored(block.text, block.hash)
                .map(drop)
                .map_err(ChainFault::from)
        })?;
        if checker.position().0 == last + 1 {
            return Ok(bytes);
        }
        Err(self
            .damaged(
                format_args!("block {}", checker.position()),
                "it is missing",
            )
            .into())
    }

    /// Reads everything: the chain, its index, waiting transactions and their tags, peers, displaced blocks.
    ///
    /// # Errors
    /// A store that cannot be read at the moment; what is wrong with its contents is the audit's finding.
    pub fn audit(&self) -> Result<Audit, StoreError> {
        let mut audit = Audit {
            sound: true,
            blocks: 0,
            transactions: 0,
            peers: 0,
            displaced: 0,
            bytes: 0,
            fault: None,
        };
        let file = self
            .path()
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        if let Err(fault) = self.audit_into(&mut audit) {
            let (height, member, detail) = match fault {
                ChainFault::Rule(broken) => {
                    (Some(broken.block), broken.rule.member(), broken.to_string())
                }
                ChainFault::Store(StoreError::Damaged { what, detail, .. }) => {
                    let height = what
                        .strip_prefix("block ")
                        .and_then(|height| height.parse().ok())
                        .map(Height);
                    (height, None, format!("{what}: {detail}"))
                }
                ChainFault::Store(error) => return Err(error),
            };
            audit.sound = false;
            audit.fault = Some(Fault {
                height,
                member,
                file,
                detail,
            });
        }
        Ok(audit)
    }

    fn audit_into(&self, audit: &mut Audit) -> Result<(), ChainFault> {
        const ROWS: usize = 1_000;
        let state = self.state()?;
        let mut checker = ChainChecker::new();
        let heights = self.table(HEIGHTS)?;
        self.for_each_unchecked(Height::FIRST..=Height(u64::MAX), |block| {
            if block.height != checker.position() {
                return Err(self
                    .damaged(
                        format_args!("block {}", checker.position()),
                        "it is missing",
                    )
                    .into());
            }
            checker.check_stored(block.text, block.hash)?;
            let indexed = heights
                .get(block.hash.0)
                .map_err(|error| self.failed(error))?
                .map(|height| height.value());
            if indexed != Some(block.height.0) {
                return Err(self
                    .damaged(
                        format_args!("block {}", block.height),
                        "the index by hash does not know it",
                    )
                    .into());
            }
            audit.blocks += 1;
            audit.bytes += block.text.len() as u64;
            Ok::<_, ChainFault>(())
        })?;
        if checker.tip() != Some(state.tip) {
            return Err(self.damaged("the tip", "it is not the last block").into());
        }
        if heights.len().map_err(|error| self.failed(error))? != audit.blocks {
            return Err(self
                .damaged("the index by hash", "it knows blocks that are not there")
                .into());
        }
        let mut after = None;
        let mut waiting_bytes = 0;
        loop {
            let rows = self.waiting(after, ROWS)?;
            let Some(last) = rows.last() else { break };
            after = Some(last.sequence);
            audit.transactions += rows.len() as u64;
            waiting_bytes += rows.iter().map(|row| row.text.len() as u64).sum::<u64>();
        }
        if waiting_bytes != state.waiting_bytes {
            let detail = format!(
                "they have {waiting_bytes} bytes, recorded were {}",
                state.waiting_bytes
            );
            return Err(self.damaged("the waiting transactions", detail).into());
        }
        let total = self.waiting_total()?;
        if total != audit.transactions {
            let detail = format!("{} are there, {total} are counted", audit.transactions);
            return Err(self.damaged("the waiting transactions", detail).into());
        }
        audit.bytes += waiting_bytes;
        let peers = self.peers()?;
        audit.peers = peers.len() as u64;
        audit.bytes += peers.iter().map(|peer| peer.len() as u64).sum::<u64>();
        let mut after = 0;
        loop {
            let rows = self.displaced(after, ROWS)?;
            let Some(last) = rows.last() else { break };
            after = last.sequence;
            audit.displaced += rows.len() as u64;
            audit.bytes += rows.iter().map(|row| row.text.len() as u64).sum::<u64>();
        }
        Ok(self.audit_travelling()?)
    }

    /// What the block on top of `height` must fit; the block there is read, but not held against its own parent.
    pub fn link_at(&self, height: Height) -> Result<Link, StoreError> {
        let missing = || self.damaged(format_args!("block {height}"), "it is missing");
        let block = self.block(height)?.ok_or_else(missing)?;
        let mut reader = BlockReader::default();
        let view = reader
            .read_canonical(&block.text)
            .map_err(|error| self.damaged(format_args!("block {height}"), error.to_string()))?;
        Ok(Link {
            height,
            hash: BlockHash::of(view.text),
            proof: view.proof,
        })
    }
}
