//! Where and why a text is not JSON.

use thiserror::Error;

/// A text that is not JSON, or not JSON that the [`Grammar`](super::Grammar) lets through.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line} column {column}: {kind}")]
pub struct JsonError {
    /// What was wrong.
    pub kind: ErrorKind,
    /// Bytes from the start of the text, from 0.
    pub offset: usize,
    /// Counts from 1.
    pub line: usize,
    /// Counts from 1, in bytes.
    pub column: usize,
}

impl JsonError {
    pub(super) fn at(text: &str, offset: usize, kind: ErrorKind) -> Self {
        let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let line_start = before
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |newline| newline + 1);
        Self {
            kind,
            offset,
            line,
            column: before.len() - line_start + 1,
        }
    }
}

/// The kinds of [`JsonError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ErrorKind {
    #[error("expected a value")]
    ValueExpected,
    #[error("expected a member name in double quotes")]
    NameExpected,
    #[error("expected ':' after a member name")]
    ColonExpected,
    #[error("expected ',' or the end of the array or object")]
    CommaExpected,
    #[error("the text ends in the middle of a value")]
    EndOfText,
    #[error("more text after the value")]
    TrailingText,
    #[error("a string holds a control character; write it as \\u00XX")]
    ControlCharacter,
    #[error("a string holds an unknown escape")]
    BadEscape,
    #[error("a string holds half of a surrogate pair")]
    LoneSurrogate,
    #[error("NaN and infinities are not JSON")]
    NonFinite,
    #[error("a number is beyond what a double holds, about 1.8e308")]
    BeyondDouble,
    #[error("an integer has more than 4300 digits")]
    IntegerTooLong,
    #[error("arrays and objects are nested more than {max} deep")]
    TooDeep { max: u32 },
    #[error("expected an object")]
    ObjectExpected,
    #[error("expected an array")]
    ArrayExpected,
    #[error("the canonical text is longer than {max} bytes")]
    TooLong { max: u32 },
}
