//! Blocks where transactions travel: their tags, what leaves the queue for them, and what comes back from them.

use std::path::Path;

use redb::{ReadableTable, StorageError};

use super::super::tables::Tables;
use super::Travelling;
use super::finding;
use crate::protocol::classic::block::{Block, BlockHash, Height};
use crate::protocol::classic::tag::{BlockTags, Tag, TransactionId, text_key};
use crate::protocol::classic::transaction::payments_of;
use crate::store::{StoreError, record};

pub(super) fn block_name(height: Height) -> String {
    format!("the tags of block {height}")
}

fn seal_key(height: Height, block: BlockHash) -> Vec<u8> {
    [&height.0.to_le_bytes()[..], &block.0].concat()
}

/// The tags of the block with this hash at a height, none if none are kept.
pub(super) fn tags_at(
    of_blocks: &impl ReadableTable<u64, &'static [u8]>,
    path: &Path,
    height: Height,
    block: BlockHash,
) -> Result<BlockTags, StoreError> {
    let stored = of_blocks
        .get(height.0)
        .map_err(|error| StoreError::from_database(path, error))?;
    let Some(stored) = stored else {
        return Ok(BlockTags::default());
    };
    record::open_under(&seal_key(height, block), stored.value())
        .and_then(|bytes| {
            BlockTags::from_bytes(bytes).ok_or("they do not come out even".to_owned())
        })
        .map_err(|detail| StoreError::damaged(path, block_name(height), detail))
}

impl Tables<'_> {
    /// Whether the transaction waits here, stands in a block, or cannot be another node's: so that it is not to wait once more.
    pub fn knows(&self, id: &TransactionId) -> Result<bool, StoreError> {
        let (Some(travels), Some(travelling)) = (self.state.travels, &self.travelling) else {
            return Ok(false);
        };
        let Some(tag) = id.tag() else {
            return Ok(false);
        };
        let next = self.state.next_waiting;
        Ok(tag
            .place_at(travels.node)
            .is_some_and(|place| place >= next)
            || travelling.mined_at(id, &self.path)?.is_some()
            || self.waiting_place(id)?.is_some()
            || finding::names_block(&self.heights, &self.path, tag)?
            || finding::names_block(&self.displaced_by_hash, &self.path, tag)?)
    }

    /// Where the transaction waits, and its text.
    pub(super) fn waiting_place(
        &self,
        id: &TransactionId,
    ) -> Result<Option<(i64, String)>, StoreError> {
        let (Some(travels), Some(travelling)) = (self.state.travels, &self.travelling) else {
            return Ok(None);
        };
        let tables = (&travelling.tags, &travelling.by_id, &self.waiting);
        finding::waiting_place(tables, &self.path, travels.node, id)
    }

    /// In which block of the current chain the transaction stands under its tag.
    pub(super) fn mined_at(&self, id: &TransactionId) -> Result<Option<Height>, StoreError> {
        let travelling = self.travelling.as_ref();
        travelling.map_or(Ok(None), |travelling| travelling.mined_at(id, &self.path))
    }

    /// Puts a block that was mined here on top of the tip, with the tags of its transactions.
    pub fn append_mined(&mut self, block: &Block, tags: &BlockTags) -> Result<(), StoreError> {
        self.append_block(block)?;
        if self.travelling.is_none() || tags.none_known() {
            return Ok(());
        }
        let payments = self.payments(block.height(), block.text())?;
        for (position, text) in payments.iter().enumerate() {
            if let Some(tag) = tags.at(position) {
                self.note_mined(TransactionId::of(tag, text), block.height())?;
            }
        }
        self.put_block_tags(block.height(), block.hash(), tags)
    }

    /// Puts a block of another node on top of the tip. Where transactions travel, those leave the queue that the block holds:
    /// by their tags (`given`, as far as the sender knows them), and else, of those that came from other nodes, by equal text.
    pub fn connect_block(&mut self, block: &Block, given: &BlockTags) -> Result<(), StoreError> {
        self.append_block(block)?;
        if self.travelling.is_none() || given.none_known() && self.no_tag_is_kept()? {
            return Ok(());
        }
        let payments = self.payments(block.height(), block.text())?;
        let mut tags = Vec::with_capacity(payments.len());
        let mut open = Vec::new();
        for (position, text) in payments.iter().enumerate() {
            let own_name = Tag::of_block(block.hash(), position);
            let tag = given.at(position);
            let id = TransactionId::of(tag.unwrap_or(own_name), text);
            let is_settled = if let Some((place, _)) = self.waiting_place(&id)? {
                self.leave(place, text)?;
                true
            } else {
                tag.is_some_and(|tag| !tag.is_of_block()) && self.mined_at(&id)?.is_none()
            };
            if !is_settled {
                open.push(position);
            } else if tag.is_some() {
                self.note_mined(id, block.height())?;
            }
            tags.push(tag);
        }
        // Only what no tag settles is settled by text, so that it takes nothing which a tag stands for.
        for position in open {
            let (Some(text), Some(tag)) = (payments.get(position), tags.get_mut(position)) else {
                continue;
            };
            if let Some((place, found)) = self.first_equal(text)? {
                self.leave(place, text)?;
                *tag = Some(found);
            }
            if let Some(tag) = *tag {
                self.note_mined(TransactionId::of(tag, text), block.height())?;
            }
        }
        self.clear_front()?;
        self.put_block_tags(block.height(), block.hash(), &tags.into_iter().collect())
    }

    /// Takes over tags of a block of the current chain that another node knows and this one does not; whether any was new.
    pub fn learn_tags(&mut self, block: BlockHash, given: &BlockTags) -> Result<bool, StoreError> {
        let Some((height, text)) = self.block_by_hash(block)? else {
            return Ok(false);
        };
        if self.travelling.is_none() || given.none_known() {
            return Ok(false);
        }
        let known = self.block_tags(height, block)?;
        let payments = self.payments(height, &text)?;
        let mut learned = false;
        let mut tags = Vec::with_capacity(payments.len());
        for (position, text) in payments.iter().enumerate() {
            let new = given.at(position).filter(|tag| !tag.is_of_block());
            let id = new.map(|tag| TransactionId::of(tag, text));
            let tag = match (known.at(position), new, id) {
                (None, Some(new), Some(id)) if self.mined_at(&id)?.is_none() => {
                    if let Some((place, _)) = self.waiting_place(&id)? {
                        self.leave(place, text)?;
                    }
                    self.note_mined(id, height)?;
                    learned = true;
                    Some(new)
                }
                (known, ..) => known,
            };
            tags.push(tag);
        }
        if learned {
            self.clear_front()?;
            self.put_block_tags(height, block, &tags.into_iter().collect())?;
        }
        Ok(learned)
    }

    /// [`Self::displace_block`] where transactions travel; those that have to wait again, with their tags, unless the new branch
    /// holds them.
    pub fn displace_with_tags(
        &mut self,
        height: Height,
        displaced_at: u64,
    ) -> Result<Vec<(Box<str>, Tag)>, StoreError> {
        let text = self.displace_block(height, displaced_at)?;
        let block = BlockHash::of(&text);
        let tags = self.block_tags(height, block)?;
        self.change(|travelling| travelling.of_blocks.remove(height.0).map(drop))?;
        let payments = self.payments(height, &text)?;
        let mut back = Vec::new();
        for (position, text) in payments.into_iter().enumerate() {
            let Some(tag) = tags.at(position) else {
                back.push((text.into(), Tag::of_block(block, position)));
                continue;
            };
            let id = TransactionId::of(tag, text);
            match self.mined_at(&id)? {
                Some(first) if first != height => continue,
                Some(_) => self.change(|travelling| travelling.mined.remove(id.0).map(drop))?,
                None => {}
            }
            back.push((text.into(), tag));
        }
        Ok(back)
    }

    fn block_tags(&self, height: Height, block: BlockHash) -> Result<BlockTags, StoreError> {
        let Some(travelling) = &self.travelling else {
            return Ok(BlockTags::default());
        };
        tags_at(&travelling.of_blocks, &self.path, height, block)
    }

    fn put_block_tags(
        &mut self,
        height: Height,
        block: BlockHash,
        tags: &BlockTags,
    ) -> Result<(), StoreError> {
        if tags.none_known() {
            return Ok(());
        }
        let sealed = record::seal_under(&seal_key(height, block), &tags.to_bytes());
        self.change(|travelling| {
            travelling
                .of_blocks
                .insert(height.0, sealed.as_slice())
                .map(drop)
        })
    }

    /// Notes in which block a transaction stands, unless it stands in one already.
    fn note_mined(&mut self, id: TransactionId, height: Height) -> Result<(), StoreError> {
        if self.mined_at(&id)?.is_some() {
            return Ok(());
        }
        self.change(|travelling| travelling.mined.insert(id.0, height.0).map(drop))
    }

    /// The first waiting transaction with this text that other nodes may have, and its tag: it came from one, or stood in a block.
    fn first_equal(&self, text: &str) -> Result<Option<(i64, Tag)>, StoreError> {
        let Some(travelling) = &self.travelling else {
            return Ok(None);
        };
        let failed = |error: StorageError| self.failed(error);
        let key = text_key(text);
        let rows = travelling.by_text.range((key, i64::MIN)..=(key, i64::MAX));
        for row in rows.map_err(failed)? {
            let (_, sequence) = row.map_err(failed)?.0.value();
            let found = finding::text_at(&self.waiting, &self.path, sequence)?;
            if found.as_deref() == Some(text)
                && let Some(tag) = self.kept_tag(sequence)?
            {
                return Ok(Some((sequence, tag)));
            }
        }
        Ok(None)
    }

    fn payments<'b>(&self, height: Height, text: &'b str) -> Result<Vec<&'b str>, StoreError> {
        payments_of(text)
            .map_err(|error| self.damaged(format_args!("block {height}"), error.to_string()))
    }
}

impl Travelling<'_> {
    fn mined_at(&self, id: &TransactionId, path: &Path) -> Result<Option<Height>, StoreError> {
        let found = self.mined.get(id.0);
        let found = found.map_err(|error| StoreError::from_database(path, error))?;
        Ok(found.map(|height| Height(height.value())))
    }
}
