//! Checked blocks of a peer's branch, until the node adopts them: the newest in memory, the others on disk while the branch is not the
//! longer one.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use thiserror::Error;

use super::BranchRoom;
use crate::node::{BranchBlocks, BranchError, NodeError};
use crate::peers::spool::{Spool, SpoolError, SpoolWriter};
use crate::protocol::classic::block::{Block, Link};
use crate::protocol::classic::tag::BlockTags;

/// A checked block, and the tags of its transactions as far as its sender knows them.
pub(super) type Tagged = (Block, BlockTags);

/// Why a branch is not kept.
#[derive(Debug, Error)]
pub(super) enum NotKept {
    #[error(
        "its branch is not longer than this node's chain within {most} {what}, the most that are kept of one ({flag})"
    )]
    NoRoom {
        most: u64,
        what: &'static str,
        flag: &'static str,
    },
    #[error("this node cannot keep the chain while it checks it: {0}")]
    NotWritten(#[from] io::Error),
    #[error(transparent)]
    NotRead(#[from] SpoolError),
}

/// Blocks on disk, and how many.
pub(super) struct OnDisk {
    writer: SpoolWriter,
    bytes: u64,
    blocks: u64,
}

impl OnDisk {
    pub(super) fn new(room: &BranchRoom) -> OnDisk {
        OnDisk {
            writer: SpoolWriter::new(room.folder.clone()),
            bytes: 0,
            blocks: 0,
        }
    }

    pub(super) fn push(&mut self, tagged: &Tagged, room: &BranchRoom) -> Result<(), NotKept> {
        let (block, tags) = tagged;
        let tags = tags.to_bytes();
        let bytes = block.text().len().saturating_add(tags.len());
        self.bytes = self.bytes.saturating_add(bytes as u64);
        self.blocks = self.blocks.saturating_add(1);
        if self.bytes > room.bytes {
            return Err(NotKept::NoRoom {
                most: room.bytes,
                what: "bytes",
                flag: "--max-pull-bytes",
            });
        }
        if self.blocks > room.blocks {
            return Err(NotKept::NoRoom {
                most: room.blocks,
                what: "blocks",
                flag: "--max-pull-blocks",
            });
        }
        Ok(self.writer.push_with(block, &tags)?)
    }

    /// These blocks behind `fork`, and `newest` behind them.
    pub(super) fn finish(self, fork: Option<Link>, newest: Vec<Tagged>) -> io::Result<Kept> {
        let spool = self.writer.finish(fork)?;
        Ok(Kept::new(Some(spool), newest))
    }
}

/// A branch that the writer reads, and whoever gave it still has.
#[derive(Clone)]
pub(super) struct Kept(Arc<Mutex<Blocks>>);

struct Blocks {
    on_disk: Option<Spool>,
    newest: Vec<Tagged>,
}

impl Kept {
    fn new(on_disk: Option<Spool>, newest: Vec<Tagged>) -> Kept {
        Kept(Arc::new(Mutex::new(Blocks { on_disk, newest })))
    }

    /// Blocks that were never put on disk.
    pub(super) fn in_memory(newest: Vec<Tagged>) -> Kept {
        Kept::new(None, newest)
    }

    /// Puts all of them on disk, since they were not adopted.
    pub(super) fn back_to_disk(&self, room: &BranchRoom) -> Result<OnDisk, NotKept> {
        let mut on_disk = OnDisk::new(room);
        self.each(|tagged| on_disk.push(&tagged?, room))?;
        Ok(on_disk)
    }

    fn each<E>(
        &self,
        mut visit: impl FnMut(Result<Tagged, SpoolError>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut blocks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Blocks { on_disk, newest } = &mut *blocks;
        if let Some(spool) = on_disk {
            let mut spooled = spool.blocks();
            while let Some(block) = spooled.next() {
                // They were read from the same bytes before.
                let tags = BlockTags::from_bytes(spooled.beside()).unwrap_or_default();
                visit(block.map(|block| (block, tags)))?;
            }
        }
        newest.iter().cloned().map(Ok).try_for_each(visit)
    }
}

impl BranchBlocks for Kept {
    fn visit(
        &mut self,
        visit: &mut dyn FnMut(Block, BlockTags) -> Result<(), NodeError>,
    ) -> Result<(), NodeError> {
        self.each(|tagged| {
            let unreadable = |error: SpoolError| BranchError::Unreadable(error.to_string());
            let (block, tags) = tagged.map_err(unreadable)?;
            visit(block, tags)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::classic::proof::Proof;
    use crate::protocol::classic::tag::Tag;

    #[test]
    fn blocks_that_were_not_adopted_are_all_there_at_the_next_try() {
        let proof = |value| Proof::new(value).expect("a short proof");
        let first = Block::first("2026");
        let second = Block::on_top_of(&first.link(), proof(533), "2026", "");
        let third = Block::on_top_of(&second.link(), proof(45293), "2026", "");
        let tag = Tag::of_node([0x45; 16], 7);
        let tags: BlockTags = [None, Some(tag)].into_iter().collect();
        let (second, third) = ((second, tags.clone()), (third, tags));
        let room = BranchRoom::in_folder(std::env::temp_dir());
        let mut on_disk = OnDisk::new(&room);
        on_disk.push(&second, &room).expect("there is room");
        let finished = on_disk.finish(Some(first.link()), vec![third.clone()]);
        let mut kept = finished.expect("written");
        for _ in 0..2 {
            let mut read = Vec::new();
            let mut visit = |block, tags| {
                read.push((block, tags));
                Ok(())
            };
            kept.visit(&mut visit).expect("they read");
            assert_eq!(read, [second.clone(), third.clone()]);
            let again = kept.back_to_disk(&room).expect("there is room");
            assert_eq!(again.blocks, 2);
            kept = again
                .finish(Some(first.link()), Vec::new())
                .expect("written");
        }
    }
}
