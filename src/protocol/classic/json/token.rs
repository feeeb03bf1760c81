//! What a JSON text is made of.

use super::StringToken;

/// One token of a JSON text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token<'a> {
    BeginObject,
    EndObject,
    BeginArray,
    EndArray,
    /// A member's name; its value follows.
    Name(StringToken<'a>),
    String(StringToken<'a>),
    /// An integer, as it stands in the text.
    Integer(&'a str),
    /// A number with a fraction or an exponent, as it stands in the text.
    Double(&'a str),
    Bool(bool),
    Null,
    NaN,
    Infinity,
    NegativeInfinity,
}

/// What a token is; its text is the scanner's [`Scanner::lexeme`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    BeginObject,
    EndObject,
    BeginArray,
    EndArray,
    Name,
    String,
    Integer,
    Double,
    True,
    False,
    Null,
    NaN,
    Infinity,
    NegativeInfinity,
    /// The text ended behind its value.
    End,
}
