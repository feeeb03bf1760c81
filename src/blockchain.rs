//! The book's `Blockchain`, in memory: the first thing to open for a reader of the book.
//!
//! The names are the book's: [`Blockchain::proof_of_work`], [`Blockchain::hash`], [`Blockchain::is_chain_valid`],
//! [`Blockchain::replace_chain`]. The rules are the node's own ([`crate::protocol::classic`]), and so is the choice between
//! two chains ([`crate::chain`]). What a node has beyond this is that it keeps everything on disk and speaks HTTP.
//!
//! ```
//! use bcoin::Blockchain;
//!
//! let mut blockchain = Blockchain::new("2026-11-21 10:18:34.281773");
//! blockchain.add_transaction("alice", "bob", 1);
//! let block = blockchain.mine_block("aec29907bbc749cb8bde77b963b881fa", "Bharathi", "2026-11-21 10:18:36.034726");
//! assert_eq!(block.height().0, 2);
//! assert_eq!(block.proof().to_string(), "533");
//! assert!(blockchain.is_chain_valid().is_ok());
//! ```

use crate::chain::{Fork, Returning, is_better};
use crate::protocol::classic::block::{Block, BlockHash, transactions_of};
use crate::protocol::classic::chain_reader::{ChainReader, ReadError, ReadLimits};
use crate::protocol::classic::proof::{self, Proof, Remembered};
use crate::protocol::classic::rules::{BrokenRule, ChainChecker};
use crate::protocol::classic::transaction::{Transaction, is_reward};
use thiserror::Error;

/// A chain of blocks and the transactions that wait for the next one.
#[derive(Debug)]
pub struct Blockchain {
    /// Never empty.
    chain: Vec<Block>,
    transactions: Vec<Transaction>,
    remembered: Remembered,
}

/// Why another node's answer is not a chain to be taken over.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotAChain {
    #[error(transparent)]
    Unreadable(#[from] ReadError),
    #[error(transparent)]
    Broken(#[from] BrokenRule),
}

impl Blockchain {
    /// A chain of one block, stamped with `timestamp` (as Python prints `datetime.now()`).
    pub fn new(timestamp: &str) -> Self {
        Self {
            chain: vec![Block::first(timestamp)],
            transactions: Vec::new(),
            remembered: Remembered::default(),
        }
    }

    /// All blocks, the first one first.
    pub fn chain(&self) -> &[Block] {
        &self.chain
    }

    /// The block that the next one is put on.
    pub fn get_last_block(&self) -> &Block {
        self.chain.last().expect("a chain has its first block")
    }

    /// Puts a transaction into the queue; the `index` of the block that will take it.
    pub fn add_transaction(&mut self, sender: &str, receiver: &str, amount: i64) -> u64 {
        self.transactions
            .push(Transaction::between(sender, receiver, amount));
        self.get_last_block().height().next().0
    }

    /// Transactions that wait, in order.
    pub fn transactions(&self) -> &[Transaction] {
        &self.transactions
    }

    /// The smallest proof that follows `previous_proof`.
    pub fn proof_of_work(&mut self, previous_proof: Proof) -> Proof {
        if let Some(known) = self.remembered.after(previous_proof) {
            return known;
        }
        let found =
            proof::search(previous_proof, || true).expect("one candidate in 65,536 is a proof");
        self.remembered.remember(previous_proof, found);
        found
    }

    /// SHA-256 of the block's canonical text.
    pub fn hash(block: &Block) -> BlockHash {
        BlockHash::of(block.text())
    }

    /// Mines a block: the waiting transactions, then the reward for `miner` from the node `node_id`.
    pub fn mine_block(&mut self, node_id: &str, miner: &str, timestamp: &str) -> &Block {
        let parent = self.get_last_block().link();
        let proof = self.proof_of_work(parent.proof);
        self.transactions.push(Transaction::reward(node_id, miner));
        let texts: Vec<&str> = self.transactions.iter().map(Transaction::text).collect();
        let block = Block::on_top_of(&parent, proof, timestamp, &texts.join(", "));
        self.transactions.clear();
        self.chain.push(block);
        self.get_last_block()
    }

    /// Holds every block against every rule; the first that breaks one is the error.
    pub fn is_chain_valid(&self) -> Result<(), BrokenRule> {
        let mut checker = ChainChecker::new();
        self.chain
            .iter()
            .try_for_each(|block| checker.check_stored(block.text(), block.hash()).map(drop))
    }

    /// The body of `GET /get_chain`.
    pub fn get_chain(&self) -> String {
        let blocks: Vec<&str> = self.chain.iter().map(Block::text).collect();
        format!(
            r#"{{"chain": [{}], "length": {}}}"#,
            blocks.join(", "),
            blocks.len()
        )
    }

    /// Takes over the chain in another node's `get_chain` body, if it is valid and longer; whether it was.
    ///
    /// Transactions of displaced blocks wait again, but for rewards and those that the other chain holds.
    ///
    /// # Errors
    /// [`NotAChain`] names the first block of the other chain that breaks a rule, and the rule.
    pub fn replace_chain(&mut self, get_chain_body: &str) -> Result<bool, NotAChain> {
        let mut reader = ChainReader::new(ReadLimits::default());
        reader.push(get_chain_body.as_bytes())?;
        reader.finish()?;
        let mut checker = ChainChecker::new();
        let blocks = std::iter::from_fn(|| reader.next_block()).map(|text| checker.check(&text));
        let other: Vec<Block> = blocks.collect::<Result<_, _>>()?;
        let Some(tip) = other.last() else {
            return Ok(false);
        };
        if !is_better(tip.height(), self.get_last_block().height()) {
            return Ok(false);
        }
        let own = |at: usize| self.chain.get(at).map(Block::hash);
        let fork = other
            .iter()
            .enumerate()
            .fold(Fork::START, |fork, (at, block)| {
                fork.followed_by(block.hash(), own(at))
            });
        let shared = usize::try_from(fork.height()).expect("the fork lies within the chain");
        let mut returning = Returning::default();
        for block in self.chain.iter().skip(shared) {
            let mut transactions =
                transactions_of(block.text()).expect("a checked block has transactions");
            if transactions.last().is_some_and(|last| is_reward(last)) {
                transactions.pop();
            }
            transactions
                .into_iter()
                .for_each(|text| returning.displaced(text));
        }
        for block in other.iter().skip(shared) {
            let transactions =
                transactions_of(block.text()).expect("a checked block has transactions");
            transactions
                .into_iter()
                .for_each(|text| returning.held_by_branch(text));
        }
        let returned = returning.into_waiting();
        self.transactions.splice(
            0..0,
            returned
                .iter()
                .map(|text| Transaction::from_canonical(text)),
        );
        self.chain = other;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NODE: &str = "aec29907bbc749cb8bde77b963b881fa";

    #[test]
    fn the_longest_valid_chain_replaces_and_displaced_transactions_wait_again() {
        let mut ours = Blockchain::new("ours");
        ours.add_transaction("alice", "bob", 1);
        ours.add_transaction("alice", "carol", 2);
        ours.mine_block(NODE, "Bharathi", "ours");
        let mut theirs = Blockchain::new("theirs");
        theirs.add_transaction("alice", "carol", 2);
        theirs.mine_block(NODE, "Meghna", "theirs");
        assert_eq!(
            ours.replace_chain(&theirs.get_chain()),
            Ok(false),
            "the first seen wins a tie"
        );
        theirs.mine_block(NODE, "Meghna", "theirs");
        assert_eq!(ours.replace_chain(&theirs.get_chain()), Ok(true));
        assert_eq!(ours.get_chain(), theirs.get_chain());
        assert_eq!(
            ours.transactions(),
            [Transaction::between("alice", "bob", 1)]
        );
    }

    #[test]
    fn a_longer_chain_that_breaks_a_rule_changes_nothing() {
        let mut ours = Blockchain::new("ours");
        let mut theirs = Blockchain::new("theirs");
        theirs.mine_block(NODE, "Meghna", "theirs");
        let before = ours.get_chain();
        let error = ours
            .replace_chain(&theirs.get_chain().replace("533", "534"))
            .expect_err("534 is no proof");
        assert!(
            error.to_string().starts_with("block 2 has proof 534"),
            "{error}"
        );
        assert_eq!(ours.get_chain(), before);
    }
}
