//! Blocks of a pulled chain on disk, until the node has decided: canonical texts, one a line, each behind what its sender said beside
//! it, in hexadecimal digits, if anything.
//!
//! The file has no name, so nothing is left of it after a crash, and it is gone when its [`Spool`] is dropped. Nothing
//! read from it is trusted: every block is checked again, on top of the same parent.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::path::PathBuf;

use thiserror::Error;

use crate::protocol::classic::block::{Block, Link};
use crate::protocol::classic::rules::{BrokenRule, ChainChecker};

/// Blocks that are being pulled. The file is made for the first of them: most peers have nothing new.
#[derive(Debug)]
pub struct SpoolWriter {
    folder: PathBuf,
    file: Option<BufWriter<File>>,
}

/// Pulled blocks, from the one behind `parent` on.
#[derive(Debug)]
pub struct Spool {
    /// The last block that was not spooled, or none when the chain is spooled from its first block.
    parent: Option<Link>,
    file: Option<File>,
}

/// Why spooled blocks cannot be read back.
#[derive(Debug, Error)]
pub enum SpoolError {
    #[error("the pulled chain's temporary file cannot be read: {0}")]
    NotRead(#[from] io::Error),
    #[error("the pulled chain's temporary file no longer holds what was checked: {0}")]
    Changed(#[from] BrokenRule),
}

impl SpoolWriter {
    /// Blocks will be kept in a nameless file in `folder`.
    pub fn new(folder: PathBuf) -> SpoolWriter {
        SpoolWriter { folder, file: None }
    }

    pub fn push(&mut self, block: &Block) -> io::Result<()> {
        self.push_with(block, &[])
    }

    /// Keeps what its sender said beside a block too: [`SpooledBlocks::beside`].
    pub fn push_with(&mut self, block: &Block, beside: &[u8]) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(BufWriter::new(tempfile::tempfile_in(&self.folder)?)),
        };
        if !beside.is_empty() {
            file.write_all(hex::encode(beside).as_bytes())?;
        }
        file.write_all(block.text().as_bytes())?;
        file.write_all(b"\n")
    }

    /// What was pushed, to be read on top of `parent`.
    pub fn finish(self, parent: Option<Link>) -> io::Result<Spool> {
        let file = match self.file {
            Some(file) => Some(file.into_inner().map_err(io::IntoInnerError::into_error)?),
            None => None,
        };
        Ok(Spool { parent, file })
    }
}

impl Spool {
    /// The blocks from the first one on, as often as they are asked for. Reads a file: not for an async task.
    pub fn blocks(&mut self) -> SpooledBlocks<'_> {
        SpooledBlocks {
            checker: self
                .parent
                .map_or_else(ChainChecker::new, ChainChecker::after),
            state: match &mut self.file {
                Some(file) => State::NotBegun(file),
                None => State::Ended,
            },
            line: String::new(),
            beside: Vec::new(),
        }
    }
}

/// Iterates over spooled blocks; after an error there are no more.
pub struct SpooledBlocks<'a> {
    checker: ChainChecker,
    state: State<'a>,
    line: String,
    beside: Vec<u8>,
}

enum State<'a> {
    NotBegun(&'a mut File),
    Reading(BufReader<&'a mut File>),
    Ended,
}

impl SpooledBlocks<'_> {
    /// What the sender of the block that came last said beside it.
    pub fn beside(&self) -> &[u8] {
        &self.beside
    }

    fn read(&mut self) -> Result<Option<Block>, SpoolError> {
        let mut lines = match std::mem::replace(&mut self.state, State::Ended) {
            State::NotBegun(file) => {
                file.seek(SeekFrom::Start(0))?;
                BufReader::with_capacity(64 * 1024, file)
            }
            State::Reading(lines) => lines,
            State::Ended => return Ok(None),
        };
        self.line.clear();
        if lines.read_line(&mut self.line)? == 0 {
            return Ok(None);
        }
        let line = self.line.strip_suffix('\n').unwrap_or(&self.line);
        // A block's text begins with a brace.
        let (beside, text) = line
            .split_at_checked(line.find('{').unwrap_or(0))
            .unwrap_or(("", line));
        self.beside = hex::decode(beside).map_err(io::Error::other)?;
        let block = self.checker.check(text)?;
        self.state = State::Reading(lines);
        Ok(Some(block))
    }
}

impl Iterator for SpooledBlocks<'_> {
    type Item = Result<Block, SpoolError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::classic::proof::Proof;

    fn chain() -> Vec<Block> {
        let proof = |value| Proof::new(value).expect("a short proof");
        let first = Block::first("2026-11-21 12:00:00.000000");
        let second = Block::on_top_of(&first.link(), proof(533), "2026", r#"{"sender": "a"}"#);
        let third = Block::on_top_of(&second.link(), proof(45293), "2026", "");
        vec![first, second, third]
    }

    fn spooled(parent: Option<Link>, blocks: &[Block]) -> Spool {
        let mut writer = SpoolWriter::new(std::env::temp_dir());
        for block in blocks {
            writer.push(block).expect("written");
        }
        writer.finish(parent).expect("flushed")
    }

    #[test]
    fn blocks_come_back_as_often_as_they_are_asked_for() {
        let chain = chain();
        let (first, later) = chain.split_first().expect("three blocks");
        for (mut spool, expected) in [
            (spooled(None, &chain), chain.as_slice()),
            (spooled(Some(first.link()), later), later),
            (spooled(Some(first.link()), &[]), &[]),
        ] {
            for _ in 0..2 {
                let back: Vec<Block> = spool.blocks().map(|b| b.expect("as written")).collect();
                assert_eq!(back, expected);
            }
        }
    }

    #[test]
    fn what_stands_beside_a_block_comes_back_with_it() {
        let chain = chain();
        let besides: [&[u8]; 3] = [b"", b"{\n\xff", &[0; 48]];
        let mut writer = SpoolWriter::new(std::env::temp_dir());
        for (block, beside) in chain.iter().zip(besides) {
            writer.push_with(block, beside).expect("written");
        }
        let mut spool = writer.finish(None).expect("flushed");
        let mut blocks = spool.blocks();
        for (block, beside) in chain.iter().zip(besides) {
            let read = blocks.next().expect("one more").expect("as written");
            assert_eq!((&read, blocks.beside()), (block, beside));
        }
    }

    #[test]
    fn a_changed_file_is_noticed() {
        let chain = chain();
        let mut spool = spooled(None, &chain);
        let file = spool.file.as_mut().expect("a file");
        file.seek(SeekFrom::Start(2)).expect("sought");
        file.write_all(b"X").expect("written");
        let mut blocks = spool.blocks();
        assert!(matches!(blocks.next(), Some(Err(SpoolError::Changed(_)))));
        assert!(blocks.next().is_none());
    }
}
