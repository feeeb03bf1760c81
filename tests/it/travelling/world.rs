//! Nodes in memory whose transactions travel, and what a test sees of them.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use bcoin::limits::QueueLimits;
use bcoin::node::{
    self, Adoption, Branch, BranchBlocks, NodeError, NodeHandle, Settings, TakenIn,
    TravellingTransaction,
};
use bcoin::protocol::classic::block::{Block, Height, Link};
use bcoin::protocol::classic::proof::{Proof, search};
use bcoin::protocol::classic::rules::ChainChecker;
use bcoin::protocol::classic::tag::BlockTags;
use bcoin::protocol::classic::transaction::{Transaction, payments_of};
use bcoin::store::{Snapshot, Store, StoreError, StoreOptions};

use crate::disk::SimulatedDisk;

/// A node that can be stopped and started again.
pub struct Node {
    disk: SimulatedDisk,
    running: Option<(NodeHandle, node::Writer)>,
}

impl Node {
    pub fn new(name: &str, travels: bool) -> Self {
        let mut node = Self {
            disk: SimulatedDisk::default(),
            running: None,
        };
        node.start(name, travels);
        node
    }

    pub fn start(&mut self, name: &str, travels: bool) {
        let first = || Block::first(name);
        let options = StoreOptions::default();
        let store = Store::over(self.disk.clone(), "simulated".into(), options, first);
        let settings = Settings {
            miner: name.to_owned(),
            queue_limits: QueueLimits::default(),
            travels,
            clock: node::system_clock(),
            recorder: Arc::new(metrics::NoopRecorder),
        };
        let store = store.expect("the store opens");
        self.running = Some(node::start(store, settings).expect("the writer starts"));
    }

    pub fn restart(&mut self, travels: bool) {
        let (handle, writer) = self.running.take().expect("it runs");
        drop(handle);
        writer.join();
        self.start("again", travels);
    }

    pub fn handle(&self) -> &NodeHandle {
        &self.running.as_ref().expect("it runs").0
    }

    pub fn snapshot(&self) -> Snapshot {
        self.handle().snapshot().expect("the store reads")
    }

    pub async fn add(&self, text: u8) {
        let added = self.handle().add_transaction(transaction(text)).await;
        added.expect("there is room");
    }

    pub async fn mine(&self) -> Block {
        let handle = self.handle();
        let proof = handle.tip().link.proof;
        let found = handle.remember_proof(proof, async { Some(proof_after(proof)) });
        found.await.expect("it is found");
        let mined = handle.mine_if_searched().await.expect("it is mined");
        mined.expect("the proof is known")
    }

    /// All that waits and travels.
    pub fn letters(&self) -> Vec<TravellingTransaction> {
        let snapshot = self.snapshot();
        let mut letters = Vec::new();
        let mut after = None;
        loop {
            let page = snapshot.travelling(after, 3).expect("it reads");
            for id in &page.ids {
                let text = snapshot.travelling_text(id).expect("it reads");
                let tag = id.tag().expect("it has one");
                let letter = TravellingTransaction::new(tag, &text.expect("it waits"));
                let letter = letter.expect("nodes pass on what others take");
                assert_eq!(letter.id(), *id);
                assert!(snapshot.knows(id).expect("it reads"));
                letters.push(letter);
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return letters,
            }
        }
    }

    pub async fn take(&self, letters: Vec<TravellingTransaction>) -> Vec<TakenIn> {
        let taken = self.handle().add_travelling(letters).await;
        taken.expect("transactions travel")
    }

    pub fn blocks(&self) -> Vec<(Block, BlockTags)> {
        let snapshot = self.snapshot();
        let mut checker = ChainChecker::new();
        let mut blocks = Vec::new();
        let read = snapshot.for_each_block(Height::FIRST..=Height(u64::MAX), |block| {
            let checked = checker.check(block.text).expect("a valid block");
            let tags = snapshot.block_tags(block.height)?;
            blocks.push((checked, tags));
            Ok::<_, StoreError>(())
        });
        read.expect("it reads");
        blocks
    }

    /// Offers this node's chain to another.
    pub async fn relay(&self, to: &Node, with_tags: bool) -> Adoption {
        let mut blocks = self.blocks();
        let other = to.snapshot();
        let mut fork: Option<Link> = None;
        while let Some((block, _)) = blocks.first()
            && other.hash_at(block.height()).expect("it reads") == Some(block.hash())
        {
            fork = Some(blocks.remove(0).0.link());
        }
        let tip = blocks.last().map(|(block, _)| block.height());
        let Some(tip) = tip else {
            return Adoption::NoLongerBetter;
        };
        if !with_tags {
            blocks
                .iter_mut()
                .for_each(|(_, tags)| *tags = BlockTags::default());
        }
        let blocks = Box::new(Blocks(blocks));
        let adopted = to.handle().adopt(Branch { fork, tip, blocks }).await;
        adopted.expect("the branch reads")
    }

    /// How often each text stands in the chain or waits.
    pub fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for (block, _) in self.blocks() {
            for text in payments_of(block.text()).expect("a block") {
                *counts.entry(text.to_owned()).or_default() += 1;
            }
        }
        for text in self.waiting() {
            *counts.entry(text).or_default() += 1;
        }
        counts
    }

    pub fn waiting(&self) -> Vec<String> {
        let waiting = self.snapshot().waiting(None, usize::MAX);
        let waiting = waiting.expect("the queue reads");
        waiting.into_iter().map(|row| row.text).collect()
    }

    pub fn is_sound(&self) {
        let audit = self.snapshot().audit().expect("it reads");
        assert!(audit.sound, "{audit:?}");
        assert_eq!(self.handle().tip().waiting, audit.transactions);
    }
}

struct Blocks(Vec<(Block, BlockTags)>);

impl BranchBlocks for Blocks {
    fn visit(
        &mut self,
        visit: &mut dyn FnMut(Block, BlockTags) -> Result<(), NodeError>,
    ) -> Result<(), NodeError> {
        let mut blocks = self.0.drain(..);
        blocks.try_for_each(|(block, tags)| visit(block, tags))
    }
}

pub fn transaction(text: u8) -> Transaction {
    Transaction::between("alice", "bob", i64::from(text))
}

pub fn proof_after(previous: Proof) -> Proof {
    static FOUND: Mutex<Option<HashMap<Proof, Proof>>> = Mutex::new(None);
    let mut found = FOUND.lock().expect("no search panics");
    let found = found.get_or_insert_default();
    *found
        .entry(previous)
        .or_insert_with(|| search(previous, || true).expect("there is a proof"))
}

/// The UUID by which a node tags what enters there.
pub fn node_of(node: &Node) -> [u8; 16] {
    let id = uuid::Uuid::parse_str(node.handle().node_id());
    *id.expect("a UUID").as_bytes()
}
