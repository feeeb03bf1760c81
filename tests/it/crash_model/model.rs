//! The naive model.

use std::collections::VecDeque;

use bcoin::protocol::classic::block::{Block, transactions_of};
use bcoin::protocol::classic::proof::{Proof, search};
use bcoin::protocol::classic::transaction::{Transaction, is_reward};

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Origin {
    Here,
    Elsewhere,
    /// A displaced block.
    Returned,
}

/// What a node must hold, kept as simply as can be.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// Whether transactions travel. A block that comes back then takes its own ones out of the queue, where the model takes the
    /// first of equal ones: what waits is the same, its order may differ.
    pub travels: bool,
    pub chain: Vec<Block>,
    /// Text, and where it came from.
    pub waiting: VecDeque<(String, Origin)>,
    pub peers: Vec<String>,
    pub displaced: Vec<String>,
}

pub fn transaction(number: u8) -> Transaction {
    Transaction::between("alice", "bob", i64::from(number))
}

impl Model {
    pub fn tip(&self) -> &Block {
        self.chain.last().expect("a chain has a first block")
    }

    pub fn mine(&mut self, block: &Block) {
        let mut own: Vec<String> = self.waiting.drain(..).map(|(text, _)| text).collect();
        let mut taken = transactions_of(block.text()).expect("a block");
        let reward = taken.pop().expect("a reward");
        assert!(is_reward(reward), "{reward}");
        if self.travels {
            own.sort();
            taken.sort();
        }
        assert_eq!(taken, own, "the block takes all that waits, in order");
        assert_eq!(block.height(), self.tip().height().next());
        self.chain.push(block.clone());
    }

    pub fn adopt(&mut self, fork: usize, blocks: &[Block]) {
        let mut lost: Vec<String> = self
            .waiting
            .iter()
            .filter(|(_, origin)| *origin == Origin::Returned)
            .map(|(text, _)| text.clone())
            .collect();
        for block in self.chain.drain(fork..) {
            let held = transactions_of(block.text()).expect("a block");
            lost.extend(
                held.iter()
                    .filter(|text| !is_reward(text))
                    .map(|text| (*text).to_owned()),
            );
            self.displaced.push(block.text().to_owned());
        }
        for block in blocks {
            for text in transactions_of(block.text()).expect("a block") {
                if let Some(at) = lost.iter().position(|lost| lost == text) {
                    lost.remove(at);
                    continue;
                }
                let equal = (text.to_owned(), Origin::Elsewhere);
                if let Some(at) = self.waiting.iter().position(|waiting| *waiting == equal) {
                    self.waiting.remove(at);
                }
            }
        }
        self.waiting
            .retain(|(_, origin)| *origin != Origin::Returned);
        for text in lost.into_iter().rev() {
            self.waiting.push_front((text, Origin::Returned));
        }
        self.chain.extend_from_slice(blocks);
    }

    pub fn branch(&self, below: u8, longer: u8, holds: &[u8]) -> (usize, Vec<Block>) {
        let fork = self.chain.len().saturating_sub(usize::from(below));
        let length = self.chain.len() + usize::from(longer);
        let mut blocks: Vec<Block> = Vec::new();
        let mut parent = fork.checked_sub(1).map(|at| self.chain[at].link());
        while fork + blocks.len() < length {
            let held: Vec<Transaction> = if blocks.is_empty() {
                holds.iter().copied().map(transaction).collect()
            } else {
                Vec::new()
            };
            let held: Vec<&str> = held.iter().map(Transaction::text).collect();
            let block = match &parent {
                None => Block::first("another node's"),
                Some(parent) => Block::on_top_of(
                    parent,
                    proof_after(parent.proof),
                    "another node's",
                    &held.join(", "),
                ),
            };
            parent = Some(block.link());
            blocks.push(block);
        }
        (fork, blocks)
    }
}

pub fn proof_after(previous: Proof) -> Proof {
    use std::collections::HashMap;
    use std::sync::Mutex;
    static FOUND: Mutex<Option<HashMap<Proof, Proof>>> = Mutex::new(None);
    let mut found = FOUND.lock().expect("no search panics");
    let found = found.get_or_insert_default();
    *found
        .entry(previous)
        .or_insert_with(|| search(previous, || true).expect("there is a proof"))
}
