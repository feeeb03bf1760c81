//! JSON as CPython reads and prints it: the bytes that a classic block's hash stands on.
//!
//! The *canonical text* of a value is what `json.dumps(value, sort_keys=True)` prints. It is pure ASCII, so it is a valid
//! `&str`, it is its own hash preimage, and any JSON reader gives the same value back.
//!
//! * [`Scanner`] splits text into tokens, without recursion and without building anything.
//! * [`canonicalize`] turns any spelling of an object into its canonical text in one pass.
//! * [`Value`] is the value as a tree, for whoever wants to look inside.
//!
//! serde_json cannot stand here: it knows neither `NaN` nor lone surrogates, prints other digits, and with
//! `arbitrary_precision` it reads `{"$serde_json::private::Number": "7"}` as a number, so that a peer could make this node
//! and a Python node hash different data.

mod canonical;
mod elements;
mod error;
mod number;
mod scan;
mod string;
mod token;
mod value;

pub use canonical::{CanonicalObject, Canonicalizer, Member, canonicalize};
pub use elements::elements;
pub use error::{ErrorKind, JsonError};
pub use scan::Scanner;
pub use string::{StringToken, Text};
pub use token::Token;
pub use value::Value;

/// What a reader lets through beside plain JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grammar {
    /// How many arrays and objects may be open at once; at most [`Grammar::DEEPEST`].
    pub max_depth: usize,
    /// Whether `NaN`, `Infinity` and `-Infinity`, and numbers too large for a double, are read.
    pub non_finite: bool,
    /// Whether `\ud800` without its other half is read.
    pub lone_surrogates: bool,
}

impl Grammar {
    /// CPython's reader gives up at nearly 1,000 levels, so nothing deeper can come from a Python node.
    pub const DEEPEST: usize = 1_000;

    /// All that CPython reads: for blocks that come from peers and from the store.
    pub const PYTHON: Self = Self {
        max_depth: Self::DEEPEST,
        non_finite: true,
        lone_surrogates: true,
    };

    /// What a request to this node may hold: RFC 8259 JSON that every reader understands.
    pub const REQUEST: Self = Self {
        max_depth: 64,
        non_finite: false,
        lone_surrogates: false,
    };
}
