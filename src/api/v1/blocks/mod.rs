//! Blocks: one, by whatever it is called, and the chain page by page.

pub mod one;
pub mod page;

use serde::Serialize;
use utoipa::ToSchema;

/// A block of the book: the hash is that of its canonical text, which `/v1/blocks/{block}/text` gives.
///
/// A block that came from a Python node may have more members, and may hold `NaN` and infinities, which Python's JSON has
/// and others' has not.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Block)]
pub struct BlockShape {
    /// The place in the chain, counted from 1.
    #[schema(minimum = 1)]
    pub index: u64,
    /// As Python prints `datetime.now()`; of a peer's block any text.
    pub timestamp: String,
    /// At most 30 digits, and negative ones may hold, too.
    pub proof: i128,
    /// The hash of the block before; `"0"` in the first.
    pub previous_hash: String,
    pub transactions: Vec<serde_json::Value>,
}

/// A block with its place and its hash.
#[derive(Debug, Serialize, ToSchema)]
pub struct BlockEntry {
    #[schema(minimum = 1)]
    pub height: u64,
    /// SHA-256 of the block's canonical text.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub hash: String,
    pub block: BlockShape,
}
