//! Chains of the classic network, made without a search: its proofs are known.

use bcoin::protocol::classic::block::Block;
use bcoin::protocol::classic::proof::Proof;

/// The proof at `position`, counted from 0, of every chain that is mined as the book mines.
pub fn proof(position: usize) -> Proof {
    let vector = include_str!("../vectors/classic/proofs.json");
    let vector: serde_json::Value = serde_json::from_str(vector).expect("the vector is JSON");
    let proofs = vector["proofs"].as_array().expect("a list of proofs");
    let back = vector["then_back_to_position"].as_u64().expect("a number") as usize;
    let position = if position < proofs.len() {
        position
    } else {
        back + (position - back) % (proofs.len() - back)
    };
    let value = proofs[position].as_i64().expect("a number");
    Proof::new(value.into()).expect("a short proof")
}

/// A chain of `length` blocks; `name` stands in every block, so that chains of different names differ from the start.
pub fn chain(name: &str, length: usize) -> Vec<Block> {
    extended(vec![Block::first(name)], name, length)
}

/// `blocks` with more on top, up to `length`.
pub fn extended(mut blocks: Vec<Block>, name: &str, length: usize) -> Vec<Block> {
    while blocks.len() < length {
        let parent = blocks.last().expect("at least a first block").link();
        let transaction = format!(r#"{{"amount": 1, "receiver": "{name}", "sender": "someone"}}"#);
        blocks.push(Block::on_top_of(
            &parent,
            proof(blocks.len()),
            name,
            &transaction,
        ));
    }
    blocks
}

/// A `get_chain` body of these block texts, with the length that it claims.
pub fn body<'a>(texts: impl IntoIterator<Item = &'a str>, claimed: usize) -> String {
    let texts: Vec<&str> = texts.into_iter().collect();
    format!(
        r#"{{"chain": [{}], "length": {claimed}}}"#,
        texts.join(", ")
    )
}

/// An honest `get_chain` body.
pub fn body_of(blocks: &[Block]) -> String {
    body(blocks.iter().map(Block::text), blocks.len())
}
