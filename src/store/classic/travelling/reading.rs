//! Reading travelling transactions and tags, as one commit left them.

use std::path::Path;

use redb::ReadOnlyTable;

use super::super::snapshot::Snapshot;
use super::super::tables::{DISPLACED_BY_HASH, HEIGHTS, WAITING};
use super::{BLOCK_TAGS, MINED_BY_ID, TAGS, TAGS_BY_ID, blocks, finding};
use crate::protocol::classic::block::{BlockHash, Height};
use crate::protocol::classic::tag::{BlockTags, Tag, TransactionId};
use crate::protocol::classic::transaction::is_reward;
use crate::store::StoreError;

/// Part of the queue, as other nodes are told of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    pub ids: Vec<TransactionId>,
    /// Behind what place of the queue the next page begins; none at its end.
    pub next: Option<i64>,
}

impl Snapshot {
    /// Whether transactions travel from and to this store.
    pub fn travels(&self) -> Result<bool, StoreError> {
        Ok(self.state()?.travels.is_some())
    }

    /// At most `limit` waiting transactions behind place `after`, oldest first, by their ids; what looks like a miner's reward stays
    /// here. Nothing where transactions do not travel.
    pub fn travelling(&self, after: Option<i64>, limit: usize) -> Result<Page, StoreError> {
        let Some(travels) = self.state()?.travels else {
            return Ok(Page::default());
        };
        let tags = self.table(TAGS)?;
        let waiting = self.waiting(after, limit)?;
        let mut page = Page {
            ids: Vec::with_capacity(waiting.len()),
            next: waiting
                .last()
                .filter(|_| waiting.len() == limit)
                .map(|last| last.sequence),
        };
        for row in waiting {
            if is_reward(&row.text) {
                continue;
            }
            let kept = finding::kept_tag(&tags, self.path(), row.sequence)?;
            let tag = kept.unwrap_or(Tag::of_node(travels.node, row.sequence));
            page.ids.push(TransactionId::of(tag, &row.text));
        }
        Ok(page)
    }

    /// The canonical text of the transaction that waits under this id.
    pub fn travelling_text(&self, id: &TransactionId) -> Result<Option<String>, StoreError> {
        let Some(travels) = self.state()?.travels else {
            return Ok(None);
        };
        let (tags, by_id, waiting) = (
            self.table(TAGS)?,
            self.table(TAGS_BY_ID)?,
            self.table(WAITING)?,
        );
        let tables = (&tags, &by_id, &waiting);
        let found = finding::waiting_place(tables, self.path(), travels.node, id)?;
        Ok(found.map(|(_, text)| text))
    }

    /// Whether the transaction waits here, stands in a block, or says of itself that it is this node's and was never here.
    pub fn knows(&self, id: &TransactionId) -> Result<bool, StoreError> {
        let state = self.state()?;
        let Some(travels) = state.travels else {
            return Ok(false);
        };
        let Some(tag) = id.tag() else {
            return Ok(false);
        };
        let of_here = tag.place_at(travels.node);
        if of_here.is_some_and(|place| place >= state.next_waiting)
            || self.travelling_text(id)?.is_some()
        {
            return Ok(true);
        }
        let mined = self.table(MINED_BY_ID)?.get(id.0);
        if mined.map_err(|error| self.failed(error))?.is_some() {
            return Ok(true);
        }
        Ok(
            finding::names_block(&self.table(HEIGHTS)?, self.path(), tag)?
                || finding::names_block(&self.table(DISPLACED_BY_HASH)?, self.path(), tag)?,
        )
    }

    /// The tags of the transactions in the block at `height` of the current chain, as far as this node knows them.
    pub fn block_tags(&self, height: Height) -> Result<BlockTags, StoreError> {
        match self.hash_at(height)? {
            Some(hash) => self.kept_tags()?.of_block(height, hash),
            None => Ok(BlockTags::default()),
        }
    }

    /// The tags of blocks' transactions, for whoever reads the blocks.
    pub fn kept_tags(&self) -> Result<KeptTags<'_>, StoreError> {
        let of_blocks = self.travels()?.then(|| self.table(BLOCK_TAGS));
        Ok(KeptTags {
            path: self.path(),
            of_blocks: of_blocks.transpose()?,
        })
    }
}

/// The tags of blocks' transactions, as one commit left them; none where transactions do not travel.
pub struct KeptTags<'s> {
    path: &'s Path,
    of_blocks: Option<ReadOnlyTable<u64, &'static [u8]>>,
}

impl KeptTags<'_> {
    /// Those of the block at `height` of the current chain, which has this hash, as far as this node knows them.
    ///
    /// # Errors
    /// When the database refuses, or the tags are of another block.
    pub fn of_block(&self, height: Height, hash: BlockHash) -> Result<BlockTags, StoreError> {
        match &self.of_blocks {
            Some(of_blocks) => blocks::tags_at(of_blocks, self.path, height, hash),
            None => Ok(BlockTags::default()),
        }
    }
}
