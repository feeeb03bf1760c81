//! Chains in files: a saved `get_chain` body, or one block a line. Which of the two a file is shows in its first line.
//!
//! Blocks come out one at a time, in the file's spelling; memory holds one of them, whatever the file's size. `verify`
//! and `import` read through this.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use indicatif::ProgressBar;

use super::exit::Failure;
use super::terminal::{self, Unit};
use crate::protocol::classic::block::MAX_BLOCK_BYTES;
use crate::protocol::classic::chain_reader::{ChainReader, ReadError, ReadLimits};
use crate::protocol::classic::json::{Grammar, Scanner, Token};

/// How much is read at once.
const PIECE: usize = 256 * 1024;

/// What is wrong with a chain of the other protocol, and what to do instead.
pub const COIN_CHAIN: &str =
    "it holds a chain of the coin protocol, and chain files hold classic ones";
pub const WITHOUT_COIN_FILES: &str = "Ask its node with `bcoin valid` and `bcoin audit`, or its folder with `bcoin audit --data-dir`. Blocks are at /v1/blocks/N/raw, byte for byte; a copy of the folder of a node that is not running is a copy of its chain.";

/// Why no further block can be read.
#[derive(Debug, thiserror::Error)]
pub enum ChainFileError {
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Body(#[from] ReadError),
    #[error("line {line} is longer than a block may be ({MAX_BLOCK_BYTES} bytes)")]
    LineTooLong { line: u64 },
    #[error("line {line} is not UTF-8 text")]
    NotUtf8 { line: u64 },
}

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// The answer to `GET /get_chain`.
    Body,
    /// One block a line.
    Lines,
}

/// A chain in a file, block by block.
pub struct ChainFile {
    from: BufReader<Box<dyn Read>>,
    /// The beginning of the file, which was read to learn its layout; handed out before the rest.
    begun: Vec<u8>,
    reader: ChainReader,
    layout: Layout,
    ended: bool,
    fault: Option<ReadError>,
    line: u64,
    claimed_length: Option<u64>,
    /// How far the reading is, in bytes.
    pub bar: ProgressBar,
}

impl ChainFile {
    /// Opens a file, or standard input for `-`.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let failed = |error: io::Error| Failure::file("read", path, &error);
        if path.as_os_str() == "-" {
            let bar = terminal::bar(None, Unit::Bytes);
            return Self::new(Box::new(bar.wrap_read(io::stdin())), bar).map_err(failed);
        }
        let file = File::open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let bar = terminal::bar(Some(length), Unit::Bytes);
        Self::new(Box::new(bar.wrap_read(file)), bar).map_err(failed)
    }

    fn new(from: Box<dyn Read>, bar: ProgressBar) -> io::Result<Self> {
        let mut from = BufReader::with_capacity(PIECE, from);
        let mut begun = Vec::new();
        (&mut from)
            .take(MAX_BLOCK_BYTES as u64 + 1)
            .read_until(b'\n', &mut begun)?;
        Ok(Self {
            layout: layout_of(&begun),
            from,
            begun,
            reader: ChainReader::new(ReadLimits::default()),
            ended: false,
            fault: None,
            line: 0,
            claimed_length: None,
            bar,
        })
    }

    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// The `length` that a whole body claims, once it was read to its end.
    pub fn claimed_length(&self) -> Option<u64> {
        self.claimed_length
    }

    /// The next block's text, or `None` at the end of a whole file.
    pub fn next_block(&mut self) -> Result<Option<String>, ChainFileError> {
        match self.layout {
            Layout::Body => self.next_of_body(),
            Layout::Lines => self.next_line(),
        }
    }

    fn next_of_body(&mut self) -> Result<Option<String>, ChainFileError> {
        loop {
            if let Some(block) = self.reader.next_block() {
                return Ok(Some(block));
            }
            if let Some(fault) = self.fault.take() {
                self.ended = true;
                return Err(fault.into());
            }
            if self.ended {
                return Ok(None);
            }
            let begun = std::mem::take(&mut self.begun);
            let pushed = if begun.is_empty() {
                let piece = self.from.fill_buf()?;
                let length = piece.len();
                if length == 0 {
                    self.ended = true;
                    self.claimed_length = self.reader.finish()?.claimed_length;
                    continue;
                }
                let pushed = self.reader.push(piece);
                self.from.consume(length);
                pushed
            } else {
                self.reader.push(&begun)
            };
            // Told once the blocks before it were taken.
            self.fault = pushed.err();
        }
    }

    fn next_line(&mut self) -> Result<Option<String>, ChainFileError> {
        loop {
            let mut line = std::mem::take(&mut self.begun);
            if !line.ends_with(b"\n") {
                let room = (MAX_BLOCK_BYTES as u64 + 2).saturating_sub(line.len() as u64);
                (&mut self.from).take(room).read_until(b'\n', &mut line)?;
            }
            if line.is_empty() {
                return Ok(None);
            }
            self.line += 1;
            let text = line.trim_ascii();
            if text.len() > MAX_BLOCK_BYTES {
                return Err(ChainFileError::LineTooLong { line: self.line });
            }
            if text.is_empty() {
                continue;
            }
            let text = std::str::from_utf8(text)
                .map_err(|_| ChainFileError::NotUtf8 { line: self.line })?;
            return Ok(Some(text.to_owned()));
        }
    }
}

/// What the first line of a file tells: the first member that only one of the two has decides.
fn layout_of(first_line: &[u8]) -> Layout {
    let text = String::from_utf8_lossy(first_line);
    let mut scanner = Scanner::new(&text, Grammar::PYTHON);
    while let Ok(Some(token)) = scanner.next_token() {
        let Token::Name(name) = token else { continue };
        if scanner.depth() != 1 {
            continue;
        }
        match name.to_text().as_str() {
            Some("chain" | "length") => return Layout::Body,
            Some("index" | "previous_hash" | "proof" | "timestamp" | "transactions") => {
                return Layout::Lines;
            }
            _ => {}
        }
    }
    Layout::Body
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(text: &'static [u8]) -> Result<(Layout, Vec<String>), ChainFileError> {
        let mut file = ChainFile::new(Box::new(text), ProgressBar::hidden())?;
        let mut found = Vec::new();
        while let Some(block) = file.next_block()? {
            found.push(block);
        }
        Ok((file.layout(), found))
    }

    #[test]
    fn a_body_and_lines_are_told_apart() {
        let body = blocks(include_bytes!("../../tests/vectors/classic/chain.json")).unwrap();
        assert_eq!((body.0, body.1.len()), (Layout::Body, 15));
        let pretty = blocks(b"{\n  \"chain\": [\n {\"index\": 1}\n ],\n \"length\": 1}\n").unwrap();
        assert_eq!(pretty, (Layout::Body, vec!["{\"index\": 1}".to_owned()]));
        let lines = blocks(b"{\"a\": {\"chain\": 1}, \"index\": 1}\r\n\n{\"index\": 2}").unwrap();
        assert_eq!(lines.0, Layout::Lines);
        assert_eq!(
            lines.1,
            ["{\"a\": {\"chain\": 1}, \"index\": 1}", "{\"index\": 2}"]
        );
    }

    #[test]
    fn what_is_no_chain_is_refused_with_its_place() {
        assert!(matches!(blocks(b""), Err(ChainFileError::Body(_))));
        assert!(matches!(blocks(b"<html>"), Err(ChainFileError::Body(_))));
        assert!(matches!(
            blocks(b"{\"chain\": [{}, "),
            Err(ChainFileError::Body(_))
        ));
        assert!(matches!(
            blocks(b"{\"index\": 1}\n\xff\n"),
            Err(ChainFileError::NotUtf8 { line: 2 })
        ));
    }

    #[test]
    fn a_line_of_any_length_is_cut_off() {
        let endless = io::repeat(b'x');
        let mut file = ChainFile::new(
            Box::new(b"{\"index\": 1}\n".chain(endless)),
            ProgressBar::hidden(),
        )
        .unwrap();
        assert!(file.next_block().is_ok());
        assert!(matches!(
            file.next_block(),
            Err(ChainFileError::LineTooLong { line: 2 })
        ));
    }
}
