//! Property tests of the writer and its store against a naive model, over a disk that loses, tears and reorders.

mod model;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use bcoin::limits::QueueLimits;
use bcoin::node::{
    self, Branch, BranchBlocks, NodeError, NodeHandle, Settings, TakenIn, TravellingTransaction,
};
use bcoin::protocol::classic::block::{Block, Height};
use bcoin::protocol::classic::tag::{BlockTags, Tag};
use bcoin::store::{Snapshot, Store, StoreOptions};
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng};

use crate::disk::SimulatedDisk;
use model::{Model, Origin, transaction};

#[derive(Debug, Clone)]
enum Step {
    /// The number makes equal transactions likely, since those are counted and not merged.
    Add(u8),
    /// Another node's transaction and its number there; where nothing travels, one like [`Self::Add`].
    Take(u8, i64),
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
        4 => (0..6_u8).prop_map(Step::Add),
        2 => (0..6_u8, any::<i64>()).prop_map(|(number, place)| Step::Take(number, place)),
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

struct Blocks(Vec<Block>);

impl BranchBlocks for Blocks {
    fn visit(
        &mut self,
        visit: &mut dyn FnMut(Block, BlockTags) -> Result<(), NodeError>,
    ) -> Result<(), NodeError> {
        self.0
            .drain(..)
            .try_for_each(|block| visit(block, BlockTags::default()))
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

fn open(disk: &SimulatedDisk, travels: bool) -> (NodeHandle, node::Writer) {
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
        travels,
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
    let waiting = waiting.into_iter();
    let mut waiting: Vec<_> = waiting.map(|row| (row.returned(), row.text)).collect();
    let modelled = model.waiting.iter();
    let mut modelled: Vec<_> = modelled
        .map(|(text, origin)| (*origin == Origin::Returned, text.clone()))
        .collect();
    if model.travels {
        waiting.sort();
        modelled.sort();
        let audit = snapshot.audit().expect("it reads");
        assert!(audit.sound, "{audit:?}");
    }
    let displaced = snapshot
        .displaced(0, usize::MAX)
        .expect("displaced blocks read");
    all_blocks(&snapshot)
        == model
            .chain
            .iter()
            .map(|block| block.text().to_owned())
            .collect::<Vec<_>>()
        && waiting == modelled
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
                .push_back((transaction.text().to_owned(), Origin::Here));
            let height = node.add_transaction(transaction).await?;
            assert_eq!(height, model.tip().height().next());
        }
        Step::Take(number, _) if !node.travels() => {
            let transaction = transaction(*number);
            let text = transaction.text().to_owned();
            after.waiting.push_back((text, Origin::Here));
            node.add_transaction(transaction).await?;
        }
        Step::Take(number, place) => {
            let transaction = transaction(*number);
            let text = transaction.text().to_owned();
            let tag = Tag::of_node([0x44; 16], *place);
            let travelling = TravellingTransaction::new(tag, &text).expect("it is canonical");
            after.waiting.push_back((text, Origin::Elsewhere));
            let taken = node.add_travelling(vec![travelling.clone(), travelling]);
            let once = [TakenIn::Added, TakenIn::AlreadyKnown];
            assert_eq!(taken.await?, once, "once is enough");
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
            .push_back((transaction(*number).text().to_owned(), Origin::Here)),
        Step::Take(number, _) => {
            let origin = match node.travels() {
                true => Origin::Elsewhere,
                false => Origin::Here,
            };
            let text = transaction(*number).text().to_owned();
            done.waiting.push_back((text, origin));
        }
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

async fn run(steps: Vec<Step>, travels: bool) {
    let mut disk = SimulatedDisk::default();
    let mut open_node = open(&disk, travels);
    let first = all_blocks(&open_node.0.snapshot().expect("the store reads")).remove(0);
    let first = bcoin::protocol::classic::rules::ChainChecker::new()
        .check(&first)
        .expect("a first block");
    let mut model = Model {
        travels,
        chain: vec![first],
        waiting: VecDeque::new(),
        peers: Vec::new(),
        displaced: Vec::new(),
    };
    for step in steps {
        match &step {
            Step::Reopen => {
                close(open_node);
                open_node = open(&disk, travels);
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
                open_node = open(&disk, travels);
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
    fn the_writer_keeps_what_it_acknowledged_over_power_cuts(steps in prop::collection::vec(step(), 1..40), travels: bool) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        runtime.block_on(run(steps, travels));
    }
}

/// `PROPTEST_CASES` raises it for a long run.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(24)
}
