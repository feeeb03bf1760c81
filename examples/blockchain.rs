//! The book's `Blockchain` in memory: mined, checked, forged and replaced, without a node, a network or a disk.
//!
//! `cargo run --release --example blockchain`
use std::time::Instant;

use bcoin::Blockchain;
use bcoin::protocol::classic::proof::Proof;

const NODE_ID: &str = "aec29907bbc749cb8bde77b963b881fa";
const NOW: &str = "2026-11-21 10:18:34.281773";

fn main() -> anyhow::Result<()> {
    let mut ours = Blockchain::new(NOW);
    println!(
        "A chain begins with a block:\n  {}\n",
        ours.get_last_block().text()
    );

    let index = ours.add_transaction("alice", "bob", 5);
    println!(
        "A transaction waits for block {index}. The miner searches a proof that follows the last one:"
    );
    let proof = ours.proof_of_work(Proof::FIRST);
    println!(
        "  SHA-256 of {proof}² - 1² begins with 0000: {}\n",
        proof.follows(Proof::FIRST)
    );

    let block = ours.mine_block(NODE_ID, "Bharathi", NOW);
    println!(
        "The block holds the transaction and the miner's reward:\n  {}",
        block.text()
    );
    println!(
        "Its hash is the SHA-256 of that text:\n  {}\n",
        Blockchain::hash(block)
    );

    let forged = ours.get_chain().replace("alice", "mallory");
    ours.mine_block(NODE_ID, "Bharathi", NOW);
    ours.is_chain_valid()?;
    println!(
        "Our chain has {} blocks, and is valid.\n",
        ours.chain().len()
    );

    let mut theirs = Blockchain::new(NOW);
    match theirs.replace_chain(&forged) {
        Ok(_) => println!(
            "Another node took a forged copy of our first two blocks: nothing had pinned the last one down."
        ),
        Err(error) => println!("Another node refused it: {error}"),
    }
    let forged = ours.get_chain().replace("alice", "mallory");
    match theirs.replace_chain(&forged) {
        Ok(_) => println!("It took the forged copy of all three as well!"),
        Err(error) => println!("It refuses a forged copy of all three: {error}"),
    }
    println!(
        "It takes our real chain, which is longer: {}\n",
        theirs.replace_chain(&ours.get_chain())?
    );

    if cfg!(debug_assertions) {
        println!("Run this with --release to see a chain of 10,000 blocks forged within seconds.");
        return Ok(());
    }
    println!(
        "Work is worth nothing here. Proofs depend on proofs alone, and there are only 225 of them:"
    );
    let mut forger = Blockchain::new(NOW);
    for (blocks, what) in [(225, "searching each proof"), (10_000, "remembering them")] {
        let begun = Instant::now();
        for _ in 0..blocks {
            forger.mine_block(NODE_ID, "Mallory", NOW);
        }
        println!("  {blocks} blocks in {:?}, {what}", begun.elapsed());
    }
    println!(
        "Everybody's chain gives way to that one: {}",
        ours.replace_chain(&forger.get_chain())?
    );
    println!(
        "It is a lesson, not a currency. alice's transaction waits again: {}",
        ours.transactions().len() == 1
    );
    Ok(())
}
