//! The pool against its model, over random histories of transactions, blocks, switches of branch, expiries, restarts and commits that fail.

use std::collections::{BTreeMap, BTreeSet};
use std::mem::discriminant;
use std::sync::Arc;

use alloy_primitives::B256;
use proptest::prelude::*;

use super::model_tests::{Item, LIMITS, Model, SENDERS, everybody, execute, name, parameters};
use super::tests::{Accounts, Draft, draft, sender};
use super::*;
use crate::protocol::coin::transaction::Transaction;

/// Which nonce a transaction has.
#[derive(Debug, Clone, Copy)]
enum Number {
    /// The next that nobody has.
    Next,
    /// So many beyond that.
    Ahead(u64),
    /// That of one of those that wait.
    Again(u64),
    /// That before the account's own.
    Used,
}

#[derive(Debug, Clone)]
enum Step {
    Add {
        from: u8,
        number: Number,
        greatest: u128,
        priority: u128,
        dear: bool,
        gas: u64,
        input: usize,
    },
    /// A block with so many of the offered ones, and one that nobody saw before from each of these; then these get so many coins.
    Block {
        take: usize,
        strangers: BTreeSet<u8>,
        gifts: BTreeMap<u8, u64>,
    },
    /// So many blocks go; the new branch has those of their transactions whose bit is set.
    Switch {
        depth: usize,
        keep: u32,
    },
    Wait(u64),
    Restart,
    Begin,
    Keep,
    RollBack,
}

fn step() -> impl Strategy<Value = Step> {
    let number = prop_oneof![
        6 => Just(Number::Next),
        2 => (1_u64..6).prop_map(Number::Ahead),
        3 => (0_u64..7).prop_map(Number::Again),
        1 => Just(Number::Used),
    ];
    let rarely = |often: u64, rare: u64, percent| {
        prop::bool::weighted(percent).prop_map(move |is_rare| if is_rare { rare } else { often })
    };
    let add = (
        1..=SENDERS,
        number,
        2_u128..24,
        0_u128..24,
        prop::bool::weighted(0.1),
        prop_oneof![rarely(21_000, 60_000, 0.2), rarely(21_000, 80_001, 0.1)],
        prop_oneof![rarely(0, 300, 0.3), rarely(800, 900, 0.1)],
    )
        .prop_map(
            |(from, number, greatest, priority, dear, gas, input)| Step::Add {
                from,
                number,
                greatest,
                priority: priority.min(greatest),
                dear,
                gas,
                input: input as usize,
            },
        );
    let block = (
        0_usize..5,
        prop::collection::btree_set(1..=SENDERS, 0..2),
        prop::collection::btree_map(1..=SENDERS, 0_u64..20_000_000, 0..2),
    )
        .prop_map(|(take, strangers, gifts)| Step::Block {
            take,
            strangers,
            gifts,
        });
    prop_oneof![
        24 => add,
        4 => block,
        3 => (1_usize..4, any::<u32>()).prop_map(|(depth, keep)| Step::Switch { depth, keep }),
        2 => (0_u64..60).prop_map(Step::Wait),
        1 => Just(Step::Restart),
        2 => Just(Step::Begin),
        1 => Just(Step::Keep),
        2 => Just(Step::RollBack),
    ]
}

/// A block and the state before it.
type Block = (Vec<Arc<Transaction>>, Accounts);

#[derive(Debug, Clone)]
struct World {
    model: Model,
    chain: Vec<Block>,
}

impl World {
    fn new() -> Self {
        let mut state = Accounts::default();
        for from in 1..SENDERS {
            state.set(sender(from), u64::from(from), 4_000_000 * u64::from(from));
        }
        Self {
            model: Model {
                waiting: Vec::new(),
                state,
                next: 1 << 63,
                first: 1 << 63,
            },
            chain: Vec::new(),
        }
    }

    fn nonce(&self, from: u8, number: Number) -> u64 {
        let from = sender(from);
        let (missing, waiting) = (self.model.missing(from), &self.model.waiting);
        match number {
            Number::Next => missing,
            Number::Ahead(by) => missing + by,
            Number::Again(which) => {
                let mine: Vec<&Item> = waiting.iter().filter(|item| item.from() == from).collect();
                mine.get(which as usize % mine.len().max(1))
                    .map_or(missing, |item| item.nonce())
            }
            Number::Used => self.model.account(from).0.saturating_sub(1),
        }
    }

    fn run(&mut self, pool: &mut Mempool, step: &Step, now: u64) -> Result<(), TestCaseError> {
        match step {
            Step::Add {
                from,
                number,
                greatest,
                priority,
                dear,
                gas,
                input,
            } => {
                let (_, balance) = self.model.account(sender(*from));
                let drafted = Draft {
                    nonce: self.nonce(*from, *number),
                    priority: *priority,
                    value: if *dear {
                        balance.saturating_to::<u64>() / 2
                    } else {
                        0
                    },
                    // Input needs gas, too.
                    gas: (*gas).max(21_000 + 10 * *input as u64),
                    input: *input,
                    ..draft(*from, 0, *greatest)
                };
                let transaction = drafted.sign();
                let before = pool.clone();
                let answer = pool
                    .add(Arc::clone(&transaction), now, &self.model.state)
                    .unwrap();
                let order = self.model.next;
                match (answer, self.model.add(transaction, now)) {
                    (Ok(Taken::Added(added)), Ok(Some((ready, replaced, evicted)))) => {
                        prop_assert_eq!((added.ready, added.order), (ready, order));
                        prop_assert_eq!(added.replaced.map(|entry| entry.hash()), replaced);
                        let gone: BTreeSet<B256> = added.evicted.iter().map(Entry::hash).collect();
                        prop_assert_eq!(gone, evicted);
                    }
                    (Ok(Taken::AlreadyKnown), Ok(None)) => prop_assert_eq!(&*pool, &before),
                    (Err(refused), Err(no)) => {
                        prop_assert_eq!(name(&refused), no, "{}", refused);
                        prop_assert_eq!(&*pool, &before);
                    }
                    (pool, model) => prop_assert!(false, "{pool:?}, the model says {model:?}"),
                }
            }
            Step::Block {
                take,
                strangers,
                gifts,
            } => {
                let before = self.model.state.clone();
                let state = &mut self.model.state;
                let mut block = Vec::new();
                let strangers = strangers.iter().map(|from| {
                    let nonce = before
                        .0
                        .get(&sender(*from))
                        .map_or(0, |account| account.nonce);
                    // What the senders draft never has this value.
                    let value = 7_777;
                    Draft {
                        value,
                        ..draft(*from, nonce, 5)
                    }
                    .sign()
                });
                let offered = pool.best().map(|entry| Arc::clone(&entry.transaction));
                for transaction in strangers.chain(offered.take(*take)) {
                    if execute(state, &transaction) {
                        block.push(transaction);
                    }
                }
                for (from, balance) in gifts {
                    let nonce = state
                        .0
                        .get(&sender(*from))
                        .map_or(0, |account| account.nonce);
                    state.set(sender(*from), nonce, *balance);
                }
                self.chain.push((block.clone(), before));
                self.changed(pool, &block, &[], now)?;
            }
            Step::Switch { depth, keep } => {
                let from = self.chain.len().saturating_sub(*depth);
                let gone = self.chain.split_off(from);
                let Some((_, state)) = gone.first() else {
                    return Ok(());
                };
                self.model.state = state.clone();
                let disconnected: Vec<_> =
                    gone.iter().flat_map(|(block, _)| block.clone()).collect();
                let before = self.model.state.clone();
                let mut branch = Vec::new();
                for (bit, transaction) in disconnected.iter().enumerate() {
                    let kept = keep >> (bit % 32) & 1 == 1;
                    if kept && execute(&mut self.model.state, transaction) {
                        branch.push(Arc::clone(transaction));
                    }
                }
                self.chain.push((branch.clone(), before));
                self.changed(pool, &branch, &disconnected, now)?;
            }
            Step::Wait(_) => {
                let before: BTreeSet<B256> = pool.iter().map(Entry::hash).collect();
                let expired: BTreeSet<B256> = pool.expire(now).iter().map(Entry::hash).collect();
                self.model.expire(now);
                let stay = self
                    .model
                    .waiting
                    .iter()
                    .map(|item| item.transaction.hash());
                let stay: BTreeSet<B256> = stay.collect();
                prop_assert_eq!(expired, before.difference(&stay).copied().collect());
            }
            Step::Restart => {
                let kept: Vec<Entry> = pool.iter().rev().cloned().collect();
                let left = pool.restore(kept, now, &self.model.state).unwrap();
                self.model.expire(now);
                prop_assert!(left.iter().all(|left| left.why == Why::Expired), "{left:?}");
                // Numbers of what left may be given again, those of what waits may not.
                let orders: Vec<u64> = pool.iter().map(|entry| entry.order).collect();
                prop_assert!(orders.iter().all(|order| *order < pool.next_order));
                prop_assert!(orders.iter().all(|order| *order >= pool.first_order));
                (self.model.next, self.model.first) = (pool.next_order, pool.first_order);
            }
            Step::Begin | Step::Keep | Step::RollBack => {}
        }
        Ok(())
    }

    fn changed(
        &mut self,
        pool: &mut Mempool,
        connected: &[Arc<Transaction>],
        disconnected: &[Arc<Transaction>],
        now: u64,
    ) -> Result<(), TestCaseError> {
        let hashes = |pool: &Mempool| -> BTreeSet<B256> { pool.iter().map(Entry::hash).collect() };
        let before = hashes(pool);
        let changes = pool
            .chain_changed(connected, disconnected, everybody(), now, &self.model.state)
            .unwrap();
        self.model.chain_changed(connected, disconnected, now);
        let after = hashes(pool);
        let returned: BTreeSet<B256> = changes.returned.iter().map(Entry::hash).collect();
        prop_assert_eq!(&returned, &after.difference(&before).copied().collect());
        let orders: Vec<u64> = changes.returned.iter().map(|entry| entry.order).collect();
        prop_assert!(orders.is_sorted());
        let in_chain = |hash: B256| connected.iter().any(|one| one.hash() == hash);
        let mut gone = BTreeSet::new();
        for Left { entry, why } in &changes.left {
            let included = discriminant(why) == discriminant(&Why::Included);
            prop_assert_eq!(included, in_chain(entry.hash()), "{}", why);
            prop_assert!(!after.contains(&entry.hash()));
            gone.insert(entry.hash());
        }
        prop_assert!(before.difference(&after).all(|hash| gone.contains(hash)));
        let accounted_for = disconnected.iter().all(|one| {
            let hash = one.hash();
            in_chain(hash) || returned.contains(&hash) || gone.contains(&hash)
        });
        prop_assert!(accounted_for);
        Ok(())
    }

    /// What must hold whatever happened.
    fn check(&self, pool: &Mempool) -> Result<(), TestCaseError> {
        let model = &self.model;
        let mut waiting: Vec<_> = model.waiting.iter().map(Item::key).collect();
        waiting.sort_by_key(|(_, order, _)| *order);
        let found: Vec<_> = pool
            .iter()
            .map(|entry| (entry.hash(), entry.order, entry.since))
            .collect();
        prop_assert_eq!(&found, &waiting);
        prop_assert_eq!(pool.len(), found.len());
        prop_assert!(pool.len() <= LIMITS.transactions && pool.bytes() <= LIMITS.bytes);
        let best: Vec<B256> = pool.best().map(Entry::hash).collect();
        prop_assert_eq!(&best, &model.best());
        let best_nonces: BTreeSet<_> = pool.best().map(|one| (one.sender(), one.nonce())).collect();

        for (rank, hash) in best.iter().enumerate() {
            let in_line = matches!(pool.waits_for(hash), Some(Waits::InLine { in_front, .. }) if in_front == rank);
            prop_assert!(in_line);
        }
        for address in everybody() {
            let (next, _) = model.account(address);
            prop_assert_eq!(pool.next_nonce(address, next), model.missing(address));
            let mine: Vec<&Entry> = pool.by_sender(address).collect();
            prop_assert!(mine.is_sorted_by_key(|entry| entry.nonce()));
            // The first nonce that is not ready says what all from there on wait for.
            let stops = |nonce: &u64| !best_nonces.contains(&(address, *nonce));
            let stop = (next..).find(stops).unwrap();
            for entry in mine.into_iter().filter(|entry| entry.nonce() >= stop) {
                let waits = pool.waits_for(&entry.hash());
                let is_right = match waits {
                    Some(Waits::ForNonce { nonce, sender }) => {
                        (nonce, sender) == (stop, address) && !model.has(address, stop)
                    }
                    Some(Waits::ForCoins {
                        sender,
                        needed,
                        balance,
                    }) => sender == address && needed > balance && model.has(address, stop),
                    _ => false,
                };
                prop_assert!(is_right, "{waits:?} at {stop}");
            }
        }

        // Every index is what it would be if it were made anew.
        let mut anew = Mempool::new(parameters(), LIMITS);
        let left = anew.restore(pool.iter().cloned(), 0, &model.state).unwrap();
        prop_assert_eq!(left, []);
        (anew.next_order, anew.first_order) = (pool.next_order, pool.first_order);
        prop_assert_eq!(&anew, pool);
        Ok(())
    }
}

proptest! {
    #[test]
    fn the_pool_does_what_the_model_does(steps in prop::collection::vec(step(), 1..90)) {
        let mut pool = Mempool::new(parameters(), LIMITS);
        let mut world = World::new();
        let mut now = 1_000;
        let mut saved: Option<(World, Mempool)> = None;
        for step in &steps {
            match step {
                Step::Wait(seconds) => now += seconds,
                Step::Begin => {
                    pool.begin();
                    saved.get_or_insert_with(|| (world.clone(), pool.clone()));
                }
                Step::Keep => {
                    pool.keep();
                    saved = None;
                }
                Step::RollBack => {
                    pool.roll_back();
                    if let Some((then, copy)) = saved.take() {
                        prop_assert_eq!(&pool, &copy);
                        world = then;
                    }
                }
                // A restart closes the journal.
                Step::Restart => saved = None,
                _ => {}
            }
            world.run(&mut pool, step, now)?;
            world.check(&pool)?;
        }
    }
}
