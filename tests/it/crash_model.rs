//! Property tests of the writer and its store against a naive model, over a disk that loses, tears and reorders.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use bcoin::limits::QueueLimits;
use bcoin::node::{self, Branch, BranchBlocks, NodeError, NodeHandle, Settings};
use bcoin::protocol::classic::block::{Block, Height, transactions_of};
use bcoin::protocol::classic::proof::{Proof, search};
use bcoin::protocol::classic::transaction::{Transaction, is_reward};
use bcoin::store::{Snapshot, Store, StoreOptions};
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng};

use crate::disk::SimulatedDisk;

#[derive(Debug, Clone)]
enum Step {
    /// The number makes equal transactions likely, since those are counted and not merged.
    Add(u8),
    Mine,
    Connect(u8),
    /// A branch of another node: from so many blocks below the tip, so much longer than the chain, holding transactions.
    Adopt {
        below: u8,
        longer: u8,
        holds: Vec<u8>,
    },
    Reopen,
    /// The power goes so many disk operations into the next step; chance decides what is kept.
    PowerCut {
        after: u64,
        chance: [u8; 32],
        during: Box<Step>,
        /// The power goes once more, so many disk operations into the recovery.
        again: Option<u64>,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let whole = prop_oneof![
        6 => (0..6_u8).prop_map(Step::Add),
        4 => Just(Step::Mine),
        1 => (0..4_u8).prop_map(Step::Connect),
        2 => (0..6_u8, 0..3_u8, prop::collection::vec(0..6_u8, 0..5))
            .prop_map(|(below, longer, holds)| Step::Adopt { below, longer, holds }),
    ];
    let cut = (
        0..40_u64,
        any::<[u8; 32]>(),
        whole.clone(),
        prop::option::of(0..30_u64),
    )
        .prop_map(|(after, chance, during, again)| Step::PowerCut {
            after,
            chance,
            during: Box::new(during),
            again,
        });
    prop_oneof![12 => whole, 1 => Just(Step::Reopen), 4 => cut]
}

/// What a node must hold, kept as simply as can be.
#[derive(Debug, Clone, PartialEq)]
struct Model {
    chain: Vec<Block>,
    /// Text, and whether it came back from a displaced block.
    waiting: VecDeque<(String, bool)>,
    peers: Vec<String>,
    displaced: Vec<String>,
}

fn transaction(number: u8) -> Transaction {
    Transaction::between("alice", "bob", i64::from(number))
}

impl Model {
    fn tip(&self) -> &Block {
        self.chain.last().expect("a chain has a first block")
    }

    fn mine(&mut self, block: &Block) {
        let own: Vec<String> = self.waiting.drain(..).map(|(text, _)| text).collect();
        let held = transactions_of(block.text()).expect("a block");
        let (reward, taken) = held.split_last().expect("a reward");
        assert!(is_reward(reward), "{reward}");
        assert_eq!(taken, own, "the block takes all that waits, in order");
        assert_eq!(block.height(), self.tip().height().next());
        self.chain.push(block.clone());
    }

    fn adopt(&mut self, fork: usize, blocks: &[Block]) {
        let mut lost: Vec<String> = self
            .waiting
            .iter()
            .filter(|(_, returned)| *returned)
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
                }
            }
        }
        self.waiting.retain(|(_, returned)| !returned);
        for text in lost.into_iter().rev() {
            self.waiting.push_front((text, true));
        }
        self.chain.extend_from_slice(blocks);
    }

    fn branch(&self, below: u8, longer: u8, holds: &[u8]) -> (usize, Vec<Block>) {
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

fn proof_after(previous: Proof) -> Proof {
    use std::collections::HashMap;
    use std::sync::Mutex;
    static FOUND: Mutex<Option<HashMap<Proof, Proof>>> = Mutex::new(None);
    let mut found = FOUND.lock().expect("no search panics");
    let found = found.get_or_insert_default();
    *found
        .entry(previous)
        .or_insert_with(|| search(previous, || true).expect("there is a proof"))
}

struct Blocks(Vec<Block>);

impl BranchBlocks for Blocks {
    fn visit(
        &mut self,
        visit: &mut dyn FnMut(Block) -> Result<(), NodeError>,
    ) -> Result<(), NodeError> {
        self.0.drain(..).try_for_each(visit)
    }
}

fn open_store(disk: &SimulatedDisk) -> Result<Store, bcoin::store::OpenError> {
    Store::over(
        disk.clone(),
        "simulated".into(),
        StoreOptions::default(),
        || Block::first("first"),
    )
}

fn open(disk: &SimulatedDisk) -> (NodeHandle, node::Writer) {
    let store = open_store(disk);
    let seconds = Arc::new(AtomicI64::new(0));
    let clock = Arc::new(move || {
        chrono::DateTime::from_timestamp(seconds.fetch_add(1, Ordering::Relaxed), 0)
            .expect("a small number")
            .naive_utc()
    });
    let settings = Settings {
        miner: "Bharathi".to_owned(),
        queue_limits: QueueLimits::default(),
        clock,
        recorder: Arc::new(metrics::NoopRecorder),
    };
    node::start(store.expect("the store opens"), settings).expect("the writer starts")
}

fn close((node, writer): (NodeHandle, node::Writer)) {
    drop(node);
    writer.join();
}

fn all_blocks(snapshot: &Snapshot) -> Vec<String> {
    let mut texts = Vec::new();
    let read = snapshot.for_each_block(Height::FIRST..=Height(u64::MAX), |block| {
        texts.push(block.text.to_owned());
        Ok::<_, bcoin::store::StoreError>(())
    });
    read.expect("every block reads");
    texts
}

fn holds(node: &NodeHandle, model: &Model) -> bool {
    let snapshot = node.snapshot().expect("the store reads");
    let waiting = snapshot.waiting(None, usize::MAX).expect("the queue reads");
    let waiting: VecDeque<(String, bool)> = waiting
        .into_iter()
        .map(|row| (row.returned(), row.text))
        .map(|(returned, text)| (text, returned))
        .collect();
    let displaced = snapshot
        .displaced(0, usize::MAX)
        .expect("displaced blocks read");
    all_blocks(&snapshot)
        == model
            .chain
            .iter()
            .map(|block| block.text().to_owned())
            .collect::<Vec<_>>()
        && waiting == model.waiting
        && snapshot.peers().expect("peers read") == model.peers
        && displaced
            .into_iter()
            .map(|block| block.text)
            .collect::<Vec<_>>()
            == model.displaced
        && node.tip().link == model.tip().link()
        && node.tip().waiting == model.waiting.len() as u64
}

/// Takes a step on the node; the model after it, if the node acknowledged it.
async fn take(node: &NodeHandle, model: &Model, step: &Step) -> Result<Model, NodeError> {
    let mut after = model.clone();
    match step {
        Step::Add(number) => {
            let transaction = transaction(*number);
            after
                .waiting
                .push_back((transaction.text().to_owned(), false));
            let height = node.add_transaction(transaction).await?;
            assert_eq!(height, model.tip().height().next());
        }
        Step::Mine => after.mine(&bcoin::miner::mine(node).await?),
        Step::Connect(number) => {
            let address = format!("127.0.0.1:{number}");
            if !after.peers.contains(&address) {
                after.peers.push(address.clone());
            }
            assert_eq!(
                node.connect_peers(vec![address.clone(), address]).await?,
                after.peers
            );
        }
        Step::Adopt {
            below,
            longer,
            holds,
        } => {
            let (fork, blocks) = model.branch(*below, *longer, holds);
            let tip = Height((fork + blocks.len()) as u64);
            let branch = Branch {
                fork: fork.checked_sub(1).map(|at| model.chain[at].link()),
                tip,
                blocks: Box::new(Blocks(blocks.clone())),
            };
            let adoption = node.adopt(branch).await?;
            let is_longer = tip > model.tip().height();
            assert_eq!(
                adoption != node::Adoption::NoLongerBetter,
                is_longer,
                "only a longer branch is taken"
            );
            if is_longer {
                after.adopt(fork, &blocks);
            }
        }
        Step::Reopen | Step::PowerCut { .. } => unreachable!("taken elsewhere"),
    }
    Ok(after)
}

/// What the model may be after a step that was not acknowledged: as before, or as if it had been.
fn possible(node: &NodeHandle, model: &Model, step: &Step) -> Model {
    let mut done = model.clone();
    match step {
        Step::Add(number) => done
            .waiting
            .push_back((transaction(*number).text().to_owned(), false)),
        Step::Connect(number) => {
            let address = format!("127.0.0.1:{number}");
            if !done.peers.contains(&address) {
                done.peers.push(address);
            }
        }
        Step::Mine => {
            let snapshot = node.snapshot().expect("the store reads");
            let tip = all_blocks(&snapshot)
                .pop()
                .expect("a chain has a first block");
            if tip != model.tip().text() {
                let block =
                    bcoin::protocol::classic::rules::ChainChecker::after(model.tip().link())
                        .check(&tip);
                done.mine(&block.expect("a valid block on top of the last one acknowledged"));
            }
        }
        Step::Adopt {
            below,
            longer,
            holds,
        } => {
            let (fork, blocks) = model.branch(*below, *longer, holds);
            if fork + blocks.len() > model.chain.len() {
                done.adopt(fork, &blocks);
            }
        }
        Step::Reopen | Step::PowerCut { .. } => unreachable!("taken elsewhere"),
    }
    done
}

async fn run(steps: Vec<Step>) {
    let mut disk = SimulatedDisk::default();
    let mut open_node = open(&disk);
    let first = all_blocks(&open_node.0.snapshot().expect("the store reads")).remove(0);
    let first = bcoin::protocol::classic::rules::ChainChecker::new()
        .check(&first)
        .expect("a first block");
    let mut model = Model {
        chain: vec![first],
        waiting: VecDeque::new(),
        peers: Vec::new(),
        displaced: Vec::new(),
    };
    for step in steps {
        match &step {
            Step::Reopen => {
                close(open_node);
                open_node = open(&disk);
            }
            Step::PowerCut {
                after,
                chance,
                during,
                again,
            } => {
                disk.fail_after(*after);
                let acknowledged = take(&open_node.0, &model, during).await;
                let mut random = TestRng::from_seed(RngAlgorithm::ChaCha, chance);
                let kept = disk.after_power_cut(&mut random);
                close(open_node);
                disk = SimulatedDisk::holding(kept);
                if let Some(again) = again {
                    disk.fail_after(*again);
                    drop(open_store(&disk));
                    disk = SimulatedDisk::holding(disk.after_power_cut(&mut random));
                }
                open_node = open(&disk);
                model = match acknowledged {
                    Ok(after) => after,
                    Err(_) if holds(&open_node.0, &model) => model,
                    Err(_) => possible(&open_node.0, &model, during),
                };
            }
            whole => {
                model = take(&open_node.0, &model, whole)
                    .await
                    .expect("the disk is whole")
            }
        }
        assert!(
            holds(&open_node.0, &model),
            "after {step:?} the node holds what the model holds: {model:#?}"
        );
    }
    let audit = open_node
        .0
        .snapshot()
        .expect("the store reads")
        .audit()
        .expect("it reads");
    assert!(audit.sound, "{audit:?}");
    close(open_node);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]
    #[test]
    fn the_writer_keeps_what_it_acknowledged_over_power_cuts(steps in prop::collection::vec(step(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        runtime.block_on(run(steps));
    }
}

/// `PROPTEST_CASES` raises it for a long run.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(24)
}
