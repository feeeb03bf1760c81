//! A property test of the coin store against a naive model, over a disk that loses, tears and reorders.
//!
//! A tree of blocks is made once, in memory. Commits move the chain from one of its blocks to another, keep blocks beside it, have transactions wait and remember
//! peers. After each power cut the store must be exactly what the last acknowledged commit left, or the one that was under way.

mod held;
mod world;

use std::collections::BTreeMap;

use alloy_primitives::Bytes;
use bcoin::node::coin::check_chain;
use bcoin::store::coin::{CoinStore, Tables, WaitingRecord};
use bcoin::store::{OpenError, StoreError, StoreOptions};
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng};

use self::held::read;
use self::world::{NOW, PARENTS, WAITING, WORLD};
use crate::disk::SimulatedDisk;

#[derive(Debug, Clone)]
enum Step {
    /// The chain ends in this block of the tree from now on, whatever that disconnects and connects.
    Move(usize),
    /// A block and those below it are kept beside the chain.
    Keep(usize),
    /// A block that is not on the chain is found invalid.
    Condemn(usize),
    /// The chain goes back by so many blocks, and all blocks above that are forgotten.
    Rewind(u8),
    Wait(u8),
    Forget(u8),
    Peer(u8),
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
    let block = 0..=PARENTS.len();
    let whole = prop_oneof![
        6 => block.clone().prop_map(Step::Move),
        2 => block.clone().prop_map(Step::Keep),
        1 => block.prop_map(Step::Condemn),
        2 => (0..4_u8).prop_map(Step::Rewind),
        3 => (0..WAITING).prop_map(Step::Wait),
        2 => (0..WAITING).prop_map(Step::Forget),
        1 => (0..4_u8).prop_map(Step::Peer),
    ];
    let cut = (
        0..60_u64,
        any::<[u8; 32]>(),
        whole.clone(),
        prop::option::of(0..40_u64),
    )
        .prop_map(|(after, chance, during, again)| Step::PowerCut {
            after,
            chance,
            during: Box::new(during),
            again,
        });
    prop_oneof![8 => whole, 1 => Just(Step::Reopen), 6 => cut]
}

/// What the store must hold, kept as simply as can be.
#[derive(Debug, Clone, Default)]
struct Model {
    tip: usize,
    /// Blocks of the tree that are kept, and whether they were found invalid.
    kept: BTreeMap<usize, bool>,
    /// By order of arrival.
    waiting: BTreeMap<u64, WaitingRecord>,
    next_order: u64,
    peers: Vec<String>,
}

/// What one commit does to the tables.
enum Change {
    Put(usize),
    Disconnect(usize),
    Connect(usize),
    Condemn(usize),
    ForgetAbove(u64),
    Wait(u64, WaitingRecord),
    Forget(u64),
    Peer(String),
}

impl Model {
    /// Takes the step, and says what that asks of a store.
    fn take(&mut self, step: &Step) -> Vec<Change> {
        let mut changes = Vec::new();
        match step {
            Step::Move(to) => self.move_to(*to, &mut changes),
            Step::Keep(to) => self.keep(*to, &mut changes),
            Step::Condemn(which) => {
                let is_kept = self.kept.get(which) == Some(&false);
                if is_kept && !WORLD.path(self.tip).contains(which) {
                    self.kept.insert(*which, true);
                    changes.push(Change::Condemn(*which));
                }
            }
            Step::Rewind(by) => self.rewind(usize::from(*by), &mut changes),
            Step::Wait(number) => self.wait(&WORLD.envelopes[usize::from(*number)], &mut changes),
            Step::Forget(number) => {
                self.forget(&WORLD.envelopes[usize::from(*number)], &mut changes)
            }
            Step::Peer(number) => {
                let address = format!("127.0.0.1:{number}");
                self.peers.push(address.clone());
                changes.push(Change::Peer(address));
            }
            Step::Reopen | Step::PowerCut { .. } => unreachable!("taken elsewhere"),
        }
        changes
    }

    fn wait(&mut self, envelope: &Bytes, changes: &mut Vec<Change>) {
        let record = WaitingRecord {
            since: NOW,
            envelope: envelope.clone(),
        };
        self.waiting.insert(self.next_order, record.clone());
        changes.push(Change::Wait(self.next_order, record));
        self.next_order += 1;
    }

    fn forget(&mut self, envelope: &Bytes, changes: &mut Vec<Change>) {
        self.waiting.retain(|order, record| {
            let stays = record.envelope != *envelope;
            if !stays {
                changes.push(Change::Forget(*order));
            }
            stays
        });
    }

    fn keep(&mut self, to: usize, changes: &mut Vec<Change>) {
        for at in WORLD.path(to) {
            if self.kept.insert(at, false) != Some(false) {
                changes.push(Change::Put(at));
            }
        }
    }

    fn rewind(&mut self, by: usize, changes: &mut Vec<Change>) {
        let path = WORLD.path(self.tip);
        let stays = path.len().saturating_sub(by);
        for at in path[stays..].iter().rev() {
            changes.push(Change::Disconnect(*at));
        }
        changes.push(Change::ForgetAbove(stays as u64));
        self.tip = path[..stays].last().copied().unwrap_or(0);
        self.kept.retain(|at, _| WORLD.path(*at).len() <= stays);
    }

    fn move_to(&mut self, to: usize, changes: &mut Vec<Change>) {
        self.keep(to, changes);
        let (from, onto) = (WORLD.path(self.tip), WORLD.path(to));
        let shared = from.iter().zip(&onto).take_while(|(a, b)| a == b).count();
        for at in from[shared..].iter().rev() {
            changes.push(Change::Disconnect(*at));
            for transaction in WORLD.made[at - 1].block.transactions() {
                self.wait(transaction.bytes(), changes);
            }
        }
        for at in &onto[shared..] {
            changes.push(Change::Connect(*at));
            for transaction in WORLD.made[at - 1].block.transactions() {
                self.forget(transaction.bytes(), changes);
            }
        }
        self.tip = to;
    }
}

fn commit(store: &CoinStore, changes: &[Change]) -> Result<(), StoreError> {
    let made = |at: &usize| &WORLD.made[at - 1];
    store.commit(|tables: &mut Tables<'_>| {
        for change in changes {
            match change {
                Change::Put(at) => tables.put_block(&made(at).known, &made(at).block)?,
                Change::Disconnect(at) => tables.disconnect(&made(at).block)?,
                Change::Connect(at) => tables.connect(&made(at).block, &made(at).executed)?,
                Change::Condemn(at) => tables.mark_invalid(made(at).block.hash())?,
                Change::ForgetAbove(number) => tables.forget_above(*number)?,
                Change::Wait(order, record) => tables.put_waiting(*order, record)?,
                Change::Forget(order) => tables.remove_waiting(*order)?,
                Change::Peer(address) => tables.add_peer(address)?,
            }
        }
        Ok(())
    })
}

fn open(disk: &SimulatedDisk) -> Result<CoinStore, OpenError> {
    let genesis = &WORLD.genesis;
    let options = StoreOptions {
        network: genesis.parameters.name.clone(),
        ..StoreOptions::default()
    };
    CoinStore::over(disk.clone(), "simulated".into(), options, || {
        genesis.clone()
    })
}

fn run(steps: Vec<Step>) {
    let opens = "the store opens";
    let mut disk = SimulatedDisk::default();
    let mut store = open(&disk).expect(opens);
    let mut model = Model::default();
    for step in steps {
        match &step {
            Step::Reopen => {
                drop(store);
                store = open(&disk).expect(opens);
            }
            Step::PowerCut {
                after,
                chance,
                during,
                again,
            } => {
                let before = model.clone();
                let changes = model.take(during);
                disk.fail_after(*after);
                let acknowledged = commit(&store, &changes).is_ok();
                let mut random = TestRng::from_seed(RngAlgorithm::ChaCha, chance);
                let kept = disk.after_power_cut(&mut random);
                drop(store);
                disk = SimulatedDisk::holding(kept);
                if let Some(again) = again {
                    disk.fail_after(*again);
                    drop(open(&disk));
                    disk = SimulatedDisk::holding(disk.after_power_cut(&mut random));
                }
                store = open(&disk).expect(opens);
                let as_before = || read(&store).expect("it reads") == before.held();
                if !acknowledged && as_before() {
                    model = before;
                }
                let snapshot = store.snapshot().expect("it reads");
                let parameters = &WORLD.genesis.parameters;
                let audit = snapshot.audit(parameters, || true).expect("it reads");
                assert!(audit.sound, "after {step:?}: {audit:?}");
            }
            whole => {
                let changes = model.take(whole);
                commit(&store, &changes).expect("the disk is whole");
            }
        }
        let held = read(&store).expect("it reads");
        assert_eq!(held, model.held(), "after {step:?}");
    }
    let snapshot = store.snapshot().expect("it reads");
    let checked = check_chain(&snapshot, &WORLD.genesis, NOW, |_| true);
    assert_eq!(checked, Ok(WORLD.path(model.tip).len() as u64));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]
    #[test]
    fn the_coin_store_is_one_of_its_commits_after_a_power_cut(steps in prop::collection::vec(step(), 1..30)) {
        run(steps);
    }
}

/// `PROPTEST_CASES` raises it for a long run.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(24)
}
