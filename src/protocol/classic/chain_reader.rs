//! Another node's `get_chain` body, split into blocks as it arrives.
//!
//! Memory holds one block and one push at most: nothing is kept from a number that the sender claims.

use std::collections::VecDeque;

use thiserror::Error;

use super::block::MAX_BLOCK_BYTES;
use super::json::{Grammar, JsonError, Value};

/// How much a [`ChainReader`] takes.
#[derive(Debug, Clone, Copy)]
pub struct ReadLimits {
    /// One block's text, as it is sent.
    pub max_block_bytes: usize,
    /// What stands beside the blocks: names and other members in all, white space from one block to the next.
    pub max_other_bytes: usize,
}

impl Default for ReadLimits {
    fn default() -> Self {
        // The rest of an honest body is `"length": N` and white space.
        Self {
            max_block_bytes: MAX_BLOCK_BYTES,
            max_other_bytes: 64 * 1024,
        }
    }
}

/// A body that is not a chain.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReadError {
    #[error("the answer is not a JSON object with a member 'chain'")]
    NotAChain,
    #[error("'chain' is not an array")]
    ChainIsNotAnArray,
    #[error("the answer has two members 'chain'")]
    TwoChains,
    #[error("the answer is not JSON behind block {blocks}")]
    NotJson { blocks: u64 },
    #[error("the answer's other members are not JSON: {0}")]
    OtherMembers(#[from] JsonError),
    #[error("block {block} is longer than {max} bytes")]
    BlockTooLong { block: u64, max: usize },
    #[error("what stands beside the blocks is longer than {max} bytes")]
    OtherTooLong { max: usize },
    #[error("block {block} is not UTF-8 text")]
    NotUtf8 { block: u64 },
    #[error("the answer ends in the middle, behind block {blocks}")]
    Truncated { blocks: u64 },
}

/// What stood beside the blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Footer {
    /// The `length` that the sender claims, if it is one.
    pub claimed_length: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Outside the chain: collected in `other`.
    Other,
    /// In the chain, before an element or the end.
    BeforeBlock { first: bool },
    /// In an element.
    InBlock,
    /// In the chain, behind an element.
    AfterBlock,
}

/// A push parser of a `get_chain` body.
#[derive(Debug)]
pub struct ChainReader {
    limits: ReadLimits,
    state: State,
    nesting: Nesting,
    /// The body without the blocks: `{"chain": [], "length": 3}` in the end.
    other: Vec<u8>,
    block: Vec<u8>,
    /// White space since the last block.
    gap: usize,
    ready: VecDeque<String>,
    blocks: u64,
    chain_seen: bool,
}

/// Where in brackets and strings a text is; knows nothing else of JSON.
#[derive(Debug, Default)]
struct Nesting {
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl Nesting {
    fn step(&mut self, byte: u8) {
        if self.in_string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
    }
}

impl ChainReader {
    pub fn new(limits: ReadLimits) -> Self {
        Self {
            limits,
            state: State::Other,
            nesting: Nesting::default(),
            other: Vec::new(),
            block: Vec::new(),
            gap: 0,
            ready: VecDeque::new(),
            blocks: 0,
            chain_seen: false,
        }
    }

    /// Takes the next bytes of the body.
    ///
    /// # Errors
    /// [`ReadError`] once the body can no longer be a chain; blocks before that place can still be taken.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), ReadError> {
        let mut rest = bytes;
        while let Some((first, behind)) = rest.split_first() {
            rest = match self.state {
                State::InBlock => self.in_block(rest)?,
                State::Other => {
                    self.other(*first)?;
                    behind
                }
                State::BeforeBlock { .. } | State::AfterBlock => {
                    self.between_blocks(*first, rest, behind)?
                }
            };
        }
        Ok(())
    }

    /// The next whole block, in the sender's spelling.
    pub fn next_block(&mut self) -> Option<String> {
        self.ready.pop_front()
    }

    /// How many blocks were complete so far.
    pub fn blocks(&self) -> u64 {
        self.blocks
    }

    /// Ends the body.
    ///
    /// # Errors
    /// [`ReadError`] when it was cut short or is no chain.
    pub fn finish(&self) -> Result<Footer, ReadError> {
        if self.state != State::Other || (self.chain_seen && self.nesting.depth > 0) {
            return Err(ReadError::Truncated {
                blocks: self.blocks,
            });
        }
        let text = std::str::from_utf8(&self.other).map_err(|_| ReadError::NotAChain)?;
        let body = Value::parse(text, Grammar::PYTHON)?;
        match body.get("chain") {
            None => return Err(ReadError::NotAChain),
            // Of a repeated name the last value stands, and the blocks may have stood in another.
            Some(Value::Array(_)) if self.chain_seen => {}
            Some(_) => return Err(ReadError::ChainIsNotAnArray),
        }
        let claimed_length = match body.get("length") {
            Some(Value::Integer(digits)) => digits.parse().ok(),
            _ => None,
        };
        Ok(Footer { claimed_length })
    }

    fn other(&mut self, byte: u8) -> Result<(), ReadError> {
        const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
        if self.other.is_empty() && !matches!(byte, b'{' | b' ' | b'\t' | b'\r' | b'\n' | 0xef) {
            return Err(ReadError::NotAChain);
        }
        self.count_other(byte)?;
        if self.other == BYTE_ORDER_MARK {
            self.other.clear();
        }
        let opens_array = byte == b'[' && self.nesting.depth == 1 && !self.nesting.in_string;
        self.nesting.step(byte);
        if opens_array && self.behind_name_chain() {
            if self.chain_seen {
                return Err(ReadError::TwoChains);
            }
            self.chain_seen = true;
            self.state = State::BeforeBlock { first: true };
        }
        Ok(())
    }

    /// Whether `other` ends in `"chain": [`.
    fn behind_name_chain(&self) -> bool {
        let trimmed = self
            .other
            .strip_suffix(b"[")
            .unwrap_or_default()
            .trim_ascii_end();
        let name = trimmed
            .strip_suffix(b":")
            .unwrap_or_default()
            .trim_ascii_end();
        name.strip_suffix(br#""chain""#)
            .is_some_and(|before| !before.ends_with(b"\\"))
    }

    fn count_other(&mut self, byte: u8) -> Result<(), ReadError> {
        self.other.push(byte);
        if self.other.len() > self.limits.max_other_bytes {
            return Err(ReadError::OtherTooLong {
                max: self.limits.max_other_bytes,
            });
        }
        Ok(())
    }

    fn between_blocks<'a>(
        &mut self,
        byte: u8,
        from_here: &'a [u8],
        behind: &'a [u8],
    ) -> Result<&'a [u8], ReadError> {
        match (byte, self.state) {
            // White space is counted from block to block and not kept, or a peer could send it for ever.
            (b' ' | b'\n' | b'\r' | b'\t', _) => {
                self.gap += 1;
                if self.gap > self.limits.max_other_bytes {
                    return Err(ReadError::OtherTooLong {
                        max: self.limits.max_other_bytes,
                    });
                }
            }
            (b']', State::BeforeBlock { first: true } | State::AfterBlock) => {
                self.nesting.step(byte);
                self.other.push(byte);
                self.state = State::Other;
            }
            (b',', State::AfterBlock) => self.state = State::BeforeBlock { first: false },
            (b',' | b']' | b'}' | b':', _) | (_, State::AfterBlock) => {
                return Err(ReadError::NotJson {
                    blocks: self.blocks,
                });
            }
            _ => {
                self.gap = 0;
                self.state = State::InBlock;
                return Ok(from_here);
            }
        }
        Ok(behind)
    }

    /// Takes bytes of an element up to its end; what does not belong to it is returned.
    fn in_block<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], ReadError> {
        // The chain's own array is the outer two levels.
        const OUTSIDE: usize = 2;
        let mut taken = 0;
        let mut complete = false;
        for byte in bytes {
            let outermost = self.nesting.depth == OUTSIDE && !self.nesting.in_string;
            if outermost && matches!(byte, b',' | b']' | b'}' | b' ' | b'\t' | b'\r' | b'\n') {
                complete = true;
                break;
            }
            self.nesting.step(*byte);
            taken += 1;
            if self.nesting.depth == OUTSIDE
                && matches!(byte, b'}' | b']')
                && !self.nesting.in_string
            {
                complete = true;
                break;
            }
        }
        let (own, rest) = bytes.split_at(taken);
        self.block.extend_from_slice(own);
        if self.block.len() > self.limits.max_block_bytes {
            return Err(ReadError::BlockTooLong {
                block: self.blocks + 1,
                max: self.limits.max_block_bytes,
            });
        }
        if complete {
            let block = self.blocks + 1;
            let text = String::from_utf8(std::mem::take(&mut self.block))
                .map_err(|_| ReadError::NotUtf8 { block })?;
            self.blocks = block;
            self.ready.push_back(text);
            self.state = State::AfterBlock;
        }
        Ok(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &[u8], step: usize) -> Result<(Vec<String>, Footer), ReadError> {
        let mut reader = ChainReader::new(ReadLimits {
            max_block_bytes: 64,
            max_other_bytes: 64,
        });
        let mut blocks = Vec::new();
        for part in body.chunks(step) {
            reader.push(part)?;
            blocks.extend(std::iter::from_fn(|| reader.next_block()));
        }
        reader.finish().map(|footer| (blocks, footer))
    }

    #[test]
    fn a_body_in_any_spelling_and_any_pieces() {
        let bodies = [
            r#"{"chain":[{"a":"]}\",{"},{"b":[[1],{}]}],"length":2}"#,
            "\u{feff} {\n\"length\" : 2 , \"chain\" : [ {\"a\":\"]}\\\",{\"} , {\"b\":[[1],{}]}\n] }\n",
            r#"{"x": {"chain": [1]}, "chain": [{"a":"]}\",{"}, {"b":[[1],{}]}], "length": 2}"#,
        ];
        for body in bodies {
            for step in [1, 2, 3, 7, 1000] {
                let (blocks, footer) =
                    read(body.as_bytes(), step).unwrap_or_else(|error| panic!("{body}: {error}"));
                assert_eq!(blocks, [r#"{"a":"]}\",{"}"#, r#"{"b":[[1],{}]}"#], "{body}");
                assert_eq!(footer.claimed_length, Some(2));
            }
        }
        assert_eq!(
            read(br#"{"chain": []}"#, 3),
            Ok((
                Vec::new(),
                Footer {
                    claimed_length: None
                }
            ))
        );
    }

    #[test]
    fn bodies_that_are_no_chain_say_why() {
        let truncated = |blocks| ReadError::Truncated { blocks };
        let cases: [(&str, ReadError); 16] = [
            ("<html>", ReadError::NotAChain),
            ("[]", ReadError::NotAChain),
            (r#"{"length": 3}"#, ReadError::NotAChain),
            (r#"{"chain": 3}"#, ReadError::ChainIsNotAnArray),
            (r#"{"chain": {}}"#, ReadError::ChainIsNotAnArray),
            (
                r#"{"chain": [{}], "chain": 3}"#,
                ReadError::ChainIsNotAnArray,
            ),
            (r#"{"chain": [], "chain": []}"#, ReadError::TwoChains),
            (r#"{"chain": [{}"#, truncated(1)),
            (r#"{"chain": [{"a"#, truncated(0)),
            (r#"{"chain": [{}]"#, truncated(1)),
            (r#"{"chain": [{},]}"#, ReadError::NotJson { blocks: 1 }),
            (r#"{"chain": [,{}]}"#, ReadError::NotJson { blocks: 0 }),
            (r#"{"chain": [{}{}]}"#, ReadError::NotJson { blocks: 1 }),
            (r#"{"chain": [{} 5]}"#, ReadError::NotJson { blocks: 1 }),
            (r#"{"chain": [{}}}"#, ReadError::NotJson { blocks: 1 }),
            (r#"{"chain": [{}], "l": }"#, ReadError::NotAChain),
        ];
        for (body, expected) in cases {
            for step in [1, 1000] {
                match (read(body.as_bytes(), step), &expected) {
                    (Err(ReadError::OtherMembers(_)), ReadError::NotAChain) => {}
                    (found, _) => assert_eq!(found, Err(expected.clone()), "{body}"),
                }
            }
        }
    }

    #[test]
    fn limits_hold_to_the_byte() {
        let block = |bytes: usize| format!(r#"{{"chain": [{{"a":"{}"}}]}}"#, "x".repeat(bytes - 8));
        for step in [1, 1000] {
            assert!(read(block(64).as_bytes(), step).is_ok());
            assert_eq!(
                read(block(65).as_bytes(), step),
                Err(ReadError::BlockTooLong { block: 1, max: 64 })
            );
        }
        let spaces = |count: usize| format!(r#"{{"chain": [{}]}}"#, "\n".repeat(count));
        assert!(read(spaces(64).as_bytes(), 7).is_ok());
        assert_eq!(
            read(spaces(65).as_bytes(), 7),
            Err(ReadError::OtherTooLong { max: 64 })
        );
    }
}
