//! Each rule of the policy, and what a reader sees. The changes themselves are tested against a model in `model_tests.rs`.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use alloy_consensus::constants::{EMPTY_ROOT_HASH, KECCAK_EMPTY};
use alloy_consensus::crypto::secp256k1::{recover_signer, sign_message};
use alloy_consensus::{SignableTransaction, TxEip1559, TxEnvelope, TxLegacy};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256, address};

use super::*;
use crate::protocol::coin::amount::Amount;
use crate::protocol::coin::parameters::Spec;
use crate::protocol::coin::state::{Account, StateView, Tree, ViewError};
use crate::protocol::coin::transaction::Transaction;

/// A state that is nothing but accounts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Accounts(pub BTreeMap<Address, Account>);

impl Accounts {
    pub fn set(&mut self, address: Address, nonce: u64, balance: u64) {
        let account = Account {
            nonce,
            balance: U256::from(balance),
            code_hash: KECCAK_EMPTY,
            storage_root: EMPTY_ROOT_HASH,
        };
        self.0.insert(address, account);
    }
}

impl StateView for Accounts {
    fn account(&self, address: Address) -> Result<Option<Account>, ViewError> {
        Ok(self.0.get(&address).copied())
    }
    fn slot(&self, _: Address, _: U256) -> Result<U256, ViewError> {
        Ok(U256::ZERO)
    }
    fn code(&self, _: B256) -> Result<Bytes, ViewError> {
        Ok(Bytes::new())
    }
    fn record_hash(&self, _: u64) -> Result<Option<B256>, ViewError> {
        Ok(None)
    }
    fn node(&self, _: Tree, _: B256) -> Result<Option<Bytes>, ViewError> {
        Ok(None)
    }
    fn state_root(&self) -> Result<B256, ViewError> {
        Ok(EMPTY_ROOT_HASH)
    }
}

/// A state that cannot be read.
struct Unreadable;

impl StateView for Unreadable {
    fn account(&self, _: Address) -> Result<Option<Account>, ViewError> {
        Err(ViewError::new(std::io::Error::other("the disk is gone")))
    }
    fn slot(&self, _: Address, _: U256) -> Result<U256, ViewError> {
        Ok(U256::ZERO)
    }
    fn code(&self, _: B256) -> Result<Bytes, ViewError> {
        Ok(Bytes::new())
    }
    fn record_hash(&self, _: u64) -> Result<Option<B256>, ViewError> {
        Ok(None)
    }
    fn node(&self, _: Tree, _: B256) -> Result<Option<Bytes>, ViewError> {
        Ok(None)
    }
    fn state_root(&self) -> Result<B256, ViewError> {
        Ok(EMPTY_ROOT_HASH)
    }
}

/// A transfer to nobody in particular, before it is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Draft {
    /// Who signs: 1 and up.
    pub from: u8,
    pub nonce: u64,
    pub greatest: u128,
    pub priority: u128,
    pub value: u64,
    pub gas: u64,
    /// Bytes of input.
    pub input: usize,
    pub legacy: bool,
}

/// Pays so much a gas, with nonce `nonce`.
pub(super) fn draft(from: u8, nonce: u64, rate: u128) -> Draft {
    Draft {
        from,
        nonce,
        greatest: rate,
        priority: rate,
        value: 0,
        gas: 21_000,
        input: 0,
        legacy: false,
    }
}

fn sign(from: u8, hash: B256) -> Signature {
    sign_message(B256::with_last_byte(from), hash).unwrap()
}

pub(super) fn sender(from: u8) -> Address {
    recover_signer(&sign(from, B256::ZERO), B256::ZERO).unwrap()
}

impl Draft {
    /// Signs it. Signing is dear, so what was signed once is remembered.
    pub fn sign(self) -> Arc<Transaction> {
        thread_local! {
            static SIGNED: RefCell<HashMap<Draft, Arc<Transaction>>> = RefCell::default();
        }
        let known = SIGNED.with_borrow(|signed| signed.get(&self).cloned());
        known.unwrap_or_else(|| {
            let transaction = Arc::new(self.sign_anew());
            SIGNED.with_borrow_mut(|signed| signed.insert(self, Arc::clone(&transaction)));
            transaction
        })
    }

    fn sign_anew(self) -> Transaction {
        let parameters = Parameters::dev();
        let to = TxKind::Call(address!("0x00000000000000000000000000000000000000aa"));
        let input = Bytes::from(vec![0; self.input]);
        let envelope: TxEnvelope = if self.legacy {
            let unsigned = TxLegacy {
                chain_id: Some(parameters.chain_id),
                nonce: self.nonce,
                gas_price: self.greatest,
                gas_limit: self.gas,
                to,
                value: U256::from(self.value),
                input,
            };
            let signature = sign(self.from, unsigned.signature_hash());
            unsigned.into_signed(signature).into()
        } else {
            let unsigned = TxEip1559 {
                chain_id: parameters.chain_id,
                nonce: self.nonce,
                gas_limit: self.gas,
                max_fee_per_gas: self.greatest,
                max_priority_fee_per_gas: self.priority,
                to,
                value: U256::from(self.value),
                access_list: Default::default(),
                input,
            };
            let signature = sign(self.from, unsigned.signature_hash());
            unsigned.into_signed(signature).into()
        };
        let bytes = Bytes::from(envelope.encoded_2718());
        Transaction::decode(bytes, &parameters, Spec::Osaka).unwrap()
    }
}

const NOW: u64 = 1_800_000_000;
const PLENTY: u64 = u64::MAX;

/// Accounts 1 to 9 with plenty of units, 1 at nonce 3.
fn rich() -> Accounts {
    let mut accounts = Accounts::default();
    for from in 1..=9 {
        accounts.set(sender(from), if from == 1 { 3 } else { 0 }, PLENTY);
    }
    accounts
}

fn pool_with(limits: PoolLimits) -> Mempool {
    Mempool::new(&Parameters::dev(), limits)
}

fn pool() -> Mempool {
    pool_with(PoolLimits::default())
}

fn add(pool: &mut Mempool, draft: Draft) -> Added {
    match pool.add(draft.sign(), NOW, &rich()).unwrap() {
        Ok(Taken::Added(added)) => added,
        other => panic!("{draft:?}: {other:?}"),
    }
}

/// The refusal; the pool must not have changed.
fn refuse(pool: &mut Mempool, draft: Draft, state: &dyn StateView) -> Refused {
    let before = pool.clone();
    let refused = pool.add(draft.sign(), NOW, state).unwrap().unwrap_err();
    assert_eq!(*pool, before);
    refused
}

fn hashes<'e>(entries: impl IntoIterator<Item = &'e Entry>) -> Vec<B256> {
    entries.into_iter().map(Entry::hash).collect()
}

#[test]
fn what_waits_is_found_by_hash_by_account_and_by_arrival() {
    let mut pool = pool();
    let (a, b) = (draft(1, 3, 5), draft(2, 0, 9));
    let first = add(&mut pool, a);
    let second = add(&mut pool, b);
    assert!(first.ready && first.replaced.is_none() && first.evicted.is_empty());
    assert!(first.order < second.order);
    assert_eq!((pool.len(), pool.is_empty()), (2, false));
    assert_eq!(
        pool.bytes(),
        a.sign().bytes().len() + b.sign().bytes().len()
    );
    assert_eq!(hashes(pool.iter()), [a.sign().hash(), b.sign().hash()]);
    assert_eq!(hashes(pool.best()), [b.sign().hash(), a.sign().hash()]);
    assert_eq!(hashes(pool.by_sender(sender(1))), [a.sign().hash()]);
    let entry = pool.get(&a.sign().hash()).unwrap();
    assert_eq!((entry.since, entry.order), (NOW, first.order));
    assert_eq!(pool.rate(entry), 5);
    assert!(!pool.contains(&B256::ZERO));
    assert_eq!(pool.next_nonce(sender(1), 3), 4);
    assert_eq!(pool.next_nonce(sender(3), 7), 7);
}

#[test]
fn what_waits_already_is_taken_again_without_effect() {
    let mut pool = pool();
    add(&mut pool, draft(1, 3, 5));
    let before = pool.clone();
    let again = pool.add(draft(1, 3, 5).sign(), NOW + 9, &Unreadable);
    assert_eq!(again.unwrap(), Ok(Taken::AlreadyKnown));
    assert_eq!(pool, before);
}

#[test]
fn a_state_that_cannot_be_read_changes_nothing() {
    let mut pool = pool();
    add(&mut pool, draft(2, 0, 5));
    let before = pool.clone();
    assert!(pool.add(draft(1, 3, 5).sign(), NOW, &Unreadable).is_err());
    let connected = [draft(2, 0, 5).sign()];
    let changed = pool.chain_changed(&connected, &[draft(3, 0, 5).sign()], [], NOW, &Unreadable);
    assert!(changed.is_err());
    let kept: Vec<Entry> = pool.iter().cloned().collect();
    assert!(pool.restore(kept, NOW, &Unreadable).is_err());
    assert_eq!(pool, before);
}

#[test]
fn too_long_an_envelope_is_refused() {
    let most = PoolLimits::default().envelope_bytes;
    let large = |input| Draft {
        input,
        gas: 3_000_000,
        ..draft(1, 3, 5)
    };
    let frame = large(most).sign().bytes().len() - most;
    add(&mut pool(), large(most - frame));
    let refused = refuse(&mut pool(), large(most - frame + 1), &rich());
    assert_eq!(
        refused,
        Refused::Bytes {
            found: most + 1,
            most
        }
    );
    // A block has no room for more than its own limit.
    let mut small = Parameters::dev();
    small.byte_limit = 1_024;
    let mut pool = Mempool::new(&small, PoolLimits::default());
    add(&mut pool, draft(1, 3, 5));
    let refused = refuse(
        &mut pool,
        Draft {
            input: 200,
            ..large(0)
        },
        &rich(),
    );
    assert!(
        matches!(refused, Refused::Bytes { most: 224, .. }),
        "{refused}"
    );
}

#[test]
fn more_gas_than_a_block_has_is_refused() {
    let mut small = Parameters::dev();
    small.gas_limit = 50_000;
    let mut pool = Mempool::new(&small, PoolLimits::default());
    let asks = |gas| Draft {
        gas,
        ..draft(1, 3, 5)
    };
    let refused = refuse(&mut pool, asks(50_001), &rich());
    let (found, most) = (50_001, 50_000);
    assert_eq!(refused, Refused::GasLimit { found, most });
    add(&mut pool, asks(50_000));
}

#[test]
fn a_greatest_fee_below_the_base_fee_is_refused() {
    let mut dear = Parameters::dev();
    dear.base_fee = 7;
    let mut pool = Mempool::new(&dear, PoolLimits::default());
    let refused = refuse(&mut pool, draft(1, 3, 6), &rich());
    let (found, base_fee) = (6, 7);
    assert_eq!(refused, Refused::FeeBelowBase { found, base_fee });
    add(&mut pool, draft(1, 3, 7));
}

#[test]
fn contracts_cannot_send() {
    let mut state = rich();
    let account = state.0.get_mut(&sender(1)).unwrap();
    account.code_hash = B256::repeat_byte(1);
    let refused = refuse(&mut pool(), draft(1, 3, 5), &state);
    assert_eq!(refused, Refused::SenderHasCode { sender: sender(1) });
}

#[test]
fn a_used_nonce_is_refused() {
    let refused = refuse(&mut pool(), draft(1, 2, 5), &rich());
    let (sender, found, next) = (sender(1), 2, 3);
    assert_eq!(
        refused,
        Refused::NonceUsed {
            sender,
            found,
            next
        }
    );
}

#[test]
fn so_many_of_one_account_wait_in_a_row_and_no_more() {
    let mut pool = pool();
    for nonce in 3..67 {
        assert!(add(&mut pool, draft(1, nonce, 5)).ready);
    }
    assert_eq!(pool.len(), 64);
    let refused = refuse(&mut pool, draft(1, 67, 5), &rich());
    assert_eq!(
        refused,
        Refused::TooManyInARow {
            sender: sender(1),
            found: 67,
            next: 3,
            most: 64,
            last: 66
        }
    );
    // One of those that wait may still be replaced.
    assert!(add(&mut pool, draft(1, 66, 50)).replaced.is_some());
}

#[test]
fn a_replacement_pays_a_tenth_more_of_both_fees() {
    for (greatest, priority, needed_greatest, needed_priority) in [
        (100, 10, 110, 11),
        (101, 91, 112, 101),
        (2, 1, 3, 2),
        (5, 0, 6, 1),
        (1_000_000_001, 1_000_000_000, 1_100_000_002, 1_100_000_000),
    ] {
        let pays = |greatest, priority| Draft {
            greatest,
            priority,
            ..draft(2, 0, 0)
        };
        let mut pool = pool();
        let first = pays(greatest, priority);
        add(&mut pool, first);
        for (greatest, priority) in [
            (needed_greatest - 1, needed_priority),
            (needed_greatest, needed_priority - 1),
        ] {
            let refused = refuse(&mut pool, pays(greatest, priority), &rich());
            assert_eq!(
                refused,
                Refused::ReplacementPaysTooLittle {
                    nonce: 0,
                    greatest,
                    priority,
                    needed_greatest,
                    needed_priority
                }
            );
        }
        let second = pays(needed_greatest, needed_priority);
        let added = add(&mut pool, second);
        assert_eq!(hashes(&added.replaced), [first.sign().hash()]);
        assert_eq!(hashes(pool.iter()), [second.sign().hash()]);
    }
}

/// A gas price counts as both fees.
#[test]
fn a_legacy_transaction_is_replaced_by_its_gas_price() {
    let mut pool = pool();
    let legacy = Draft {
        legacy: true,
        ..draft(2, 0, 100)
    };
    add(&mut pool, legacy);
    let mut second = draft(2, 0, 200);
    second.priority = 109;
    let refused = refuse(&mut pool, second, &rich());
    assert!(
        matches!(
            refused,
            Refused::ReplacementPaysTooLittle {
                needed_priority: 110,
                ..
            }
        ),
        "{refused}"
    );
}

#[test]
fn the_sender_must_afford_all_of_its_that_waits() {
    let mut state = Accounts::default();
    state.set(sender(1), 0, 2 * 21_000 * 5 + 10);
    let mut pool = pool();
    let take = |pool: &mut Mempool, draft: Draft| pool.add(draft.sign(), NOW, &state).unwrap();
    assert!(take(&mut pool, draft(1, 1, 5)).is_ok());
    let valued = |value| Draft {
        value,
        ..draft(1, 0, 5)
    };
    let refused = refuse(&mut pool, valued(11), &state);
    assert_eq!(
        refused,
        Refused::Unaffordable {
            sender: sender(1),
            balance: Amount::from_units(U256::from(210_010)),
            needed: Some(Amount::from_units(U256::from(210_011))),
            others: 1
        }
    );
    assert!(take(&mut pool, valued(10)).is_ok());
    // A replacement counts in place of what it replaces.
    let refused = refuse(&mut pool, draft(1, 0, 6), &state);
    assert!(
        matches!(refused, Refused::Unaffordable { others: 1, .. }),
        "{refused}"
    );
    // More than there are units at all.
    let boundless = Draft {
        greatest: u128::MAX,
        ..draft(1, 2, 1)
    };
    assert!(boundless.sign().greatest_cost().is_some());
    let refused = refuse(&mut pool, boundless, &state);
    assert!(
        refused.to_string().contains("0.00000000000021001 coins"),
        "{refused}"
    );
}

/// A pool with room for three.
fn small() -> Mempool {
    pool_with(PoolLimits {
        transactions: 3,
        ..PoolLimits::default()
    })
}

#[test]
fn when_full_the_lowest_rate_leaves_with_what_depends_on_it() {
    let mut pool = small();
    add(&mut pool, draft(2, 0, 10));
    add(&mut pool, draft(3, 0, 4));
    add(&mut pool, draft(3, 1, 40));
    let refused = refuse(&mut pool, draft(4, 0, 4), &rich());
    let (found, least, needed, base_fee) = (4, 4, 5, 1);
    assert_eq!(
        refused,
        Refused::Full {
            found,
            least,
            needed,
            base_fee
        }
    );
    let added = add(&mut pool, draft(4, 0, 5));
    assert_eq!(
        hashes(&added.evicted),
        [draft(3, 1, 40).sign().hash(), draft(3, 0, 4).sign().hash()]
    );
    assert_eq!(pool.len(), 2);
}

#[test]
fn of_equal_rates_the_last_that_came_leaves() {
    let mut pool = small();
    for from in 2..=4 {
        add(&mut pool, draft(from, 0, 4));
    }
    let added = add(&mut pool, draft(5, 0, 5));
    assert_eq!(hashes(&added.evicted), [draft(4, 0, 4).sign().hash()]);
}

#[test]
fn a_newcomer_counts_as_the_cheapest_before_it() {
    let mut pool = small();
    add(&mut pool, draft(2, 0, 10));
    add(&mut pool, draft(3, 0, 4));
    add(&mut pool, draft(4, 0, 10));
    let refused = refuse(&mut pool, draft(3, 1, 40), &rich());
    assert_eq!(
        refused,
        Refused::FullBehindCheaper {
            sender: sender(3),
            nonce: 0,
            found: 4,
            needed: 5
        }
    );
    // Behind a better one it may come, and the cheap one leaves.
    let added = add(&mut pool, draft(2, 1, 40));
    assert_eq!(hashes(&added.evicted), [draft(3, 0, 4).sign().hash()]);
}

#[test]
fn what_waits_behind_a_gap_leaves_before_all_that_is_ready() {
    let mut pool = small();
    add(&mut pool, draft(2, 0, 4));
    add(&mut pool, draft(3, 0, 4));
    let gapped = draft(4, 1, 1_000);
    assert!(!add(&mut pool, gapped).ready);
    // A dearer one behind a gap takes the place of a cheaper one, but of none that is ready.
    let refused = refuse(&mut pool, draft(5, 1, 1_000), &rich());
    assert!(
        matches!(refused, Refused::Full { needed: 1_001, .. }),
        "{refused}"
    );
    let added = add(&mut pool, draft(5, 0, 2));
    assert_eq!(hashes(&added.evicted), [gapped.sign().hash()]);
    let refused = refuse(&mut pool, draft(6, 2, 1_000), &rich());
    let (sender, missing) = (sender(6), 0);
    assert_eq!(refused, Refused::FullBehindGap { sender, missing });
}

#[test]
fn a_replacement_needs_no_room_of_its_own() {
    let mut pool = small();
    for from in 2..=4 {
        add(&mut pool, draft(from, 0, 4 + u128::from(from)));
    }
    let added = add(&mut pool, draft(2, 0, 60));
    assert!(added.evicted.is_empty() && added.replaced.is_some());
}

#[test]
fn bytes_are_bounded_too() {
    let with_input = |from, rate, input| Draft {
        input,
        gas: 100_000,
        ..draft(from, 0, rate)
    };
    let each = with_input(2, 4, 1_000).sign().bytes().len();
    let mut pool = pool_with(PoolLimits {
        bytes: 3 * each,
        ..PoolLimits::default()
    });
    for from in 2..=4 {
        add(&mut pool, with_input(from, u128::from(from), 1_000));
    }
    assert_eq!(pool.bytes(), 3 * each);
    let refused = refuse(&mut pool, with_input(5, 3, 1_900), &rich());
    // The one that pays 2 would make too little room.
    assert!(
        matches!(
            refused,
            Refused::Full {
                least: 3,
                needed: 4,
                ..
            }
        ),
        "{refused}"
    );
    let added = add(&mut pool, with_input(5, 4, 1_900));
    assert_eq!(added.evicted.len(), 2);
    assert!(pool.bytes() <= 3 * each);
}

#[test]
fn a_gap_waits_and_is_not_offered_until_it_is_closed() {
    let mut pool = pool();
    let (late, later) = (draft(2, 2, 5), draft(2, 1, 5));
    assert!(!add(&mut pool, late).ready);
    assert!(!add(&mut pool, later).ready);
    assert_eq!(pool.best().count(), 0);
    assert_eq!(pool.next_nonce(sender(2), 0), 0);
    let waits = pool.waits_for(&late.sign().hash()).unwrap();
    assert_eq!(
        waits.to_string(),
        format!("waits for nonce 0 of {}", sender(2))
    );
    assert!(add(&mut pool, draft(2, 0, 5)).ready);
    let nonces: Vec<u64> = pool.best().map(Entry::nonce).collect();
    assert_eq!(nonces, [0, 1, 2]);
    assert_eq!(pool.next_nonce(sender(2), 0), 3);
    add(&mut pool, draft(3, 0, 4));
    add(&mut pool, draft(3, 1, 50));
    let waits = pool.waits_for(&draft(3, 1, 50).sign().hash()).unwrap();
    assert_eq!(
        waits,
        Waits::InLine {
            in_front: 4,
            gas_in_front: 84_000
        }
    );
    assert_eq!(pool.waits_for(&B256::ZERO), None);
}

#[test]
fn miners_are_offered_the_best_first_and_can_skip_an_account() {
    let mut pool = pool();
    // 2 has a cheap one before a dear one; 3 and 4 pay the same.
    for one in [
        draft(2, 0, 3),
        draft(2, 1, 90),
        draft(3, 0, 8),
        draft(4, 0, 8),
        draft(4, 1, 7),
        draft(5, 0, 1),
    ] {
        add(&mut pool, one);
    }
    let offered = |skipped: Option<u8>| -> Vec<(u8, u64)> {
        let mut best = pool.best();
        let mut order = Vec::new();
        while let Some(entry) = best.next() {
            let from = (2..=5)
                .find(|from| sender(*from) == entry.sender())
                .unwrap();
            order.push((from, entry.nonce()));
            if skipped == Some(from) {
                best.skip_account(entry.sender());
            }
        }
        order
    };
    assert_eq!(
        offered(None),
        [(3, 0), (4, 0), (4, 1), (2, 0), (2, 1), (5, 0)]
    );
    assert_eq!(offered(Some(4)), [(3, 0), (4, 0), (2, 0), (2, 1), (5, 0)]);
    assert_eq!(offered(Some(2)), [(3, 0), (4, 0), (4, 1), (2, 0), (5, 0)]);
}

#[test]
fn included_and_overtaken_ones_leave_and_displaced_ones_stand_in_front() {
    let mut pool = pool();
    let mut state = rich();
    for one in [
        draft(2, 0, 5),
        draft(2, 1, 5),
        draft(3, 0, 5),
        draft(4, 0, 5),
    ] {
        add(&mut pool, one);
    }
    state.set(sender(2), 1, PLENTY);
    state.set(sender(3), 1, PLENTY);
    // 3 has had another one mined that this node never saw.
    let connected = [draft(2, 0, 5).sign(), draft(3, 0, 77).sign()];
    let changes = pool
        .chain_changed(&connected, &[], [], NOW, &state)
        .unwrap();
    let why: Vec<(B256, Why)> = changes
        .left
        .iter()
        .map(|left| (left.entry.hash(), left.why.clone()))
        .collect();
    assert_eq!(
        why,
        [
            (draft(2, 0, 5).sign().hash(), Why::Included),
            (draft(3, 0, 5).sign().hash(), Why::NonceUsed { next: 1 })
        ]
    );
    assert_eq!(pool.len(), 2);
    // The block goes, and with it another of 4, while the new branch has what 3 sent.
    let now = rich();
    let mut now = now;
    now.set(sender(3), 1, PLENTY);
    let changes = pool
        .chain_changed(&connected[1..], &connected, [], NOW + 5, &now)
        .unwrap();
    assert!(changes.left.is_empty(), "{changes:?}");
    assert_eq!(hashes(&changes.returned), [draft(2, 0, 5).sign().hash()]);
    assert_eq!(
        hashes(pool.iter()),
        [
            draft(2, 0, 5).sign().hash(),
            draft(2, 1, 5).sign().hash(),
            draft(4, 0, 5).sign().hash()
        ]
    );
    assert_eq!(pool.best().count(), 3);
}

#[test]
fn what_comes_back_keeps_its_order_and_is_not_asked_how_many_it_is() {
    let mut pool = pool_with(PoolLimits {
        per_account: 2,
        ..PoolLimits::default()
    });
    let mut state = rich();
    state.set(sender(2), 4, PLENTY);
    for nonce in 4..6 {
        let added = pool.add(draft(2, nonce, 5).sign(), NOW, &state).unwrap();
        assert!(added.is_ok());
    }
    let displaced: Vec<_> = (0..4).map(|nonce| draft(2, nonce, 3).sign()).collect();
    let changes = pool
        .chain_changed(&[], &displaced, [], NOW, &rich())
        .unwrap();
    assert_eq!(changes.returned.len(), 4);
    let nonces: Vec<u64> = pool.iter().map(Entry::nonce).collect();
    assert_eq!(nonces, [0, 1, 2, 3, 4, 5]);
    // New ones stand behind, whatever came back.
    assert!(add(&mut pool, draft(3, 0, 5)).order > changes.returned[0].order);
}

#[test]
fn an_account_with_fewer_coins_keeps_what_it_affords() {
    let mut pool = pool();
    let valued = |nonce, value| Draft {
        value,
        ..draft(2, nonce, 1)
    };
    for one in [valued(0, 100), valued(1, 1_000_000), valued(2, 100)] {
        add(&mut pool, one);
    }
    let mut poorer = rich();
    poorer.set(sender(2), 0, 500_000);
    // Nobody said that 2 was touched: nothing is looked at.
    let changes = pool.chain_changed(&[], &[], [], NOW, &poorer).unwrap();
    assert_eq!(changes, Changes::default());
    let changes = pool
        .chain_changed(&[], &[], [sender(2), sender(9)], NOW, &poorer)
        .unwrap();
    let [left] = &changes.left[..] else {
        panic!("{changes:?}")
    };
    assert_eq!(left.entry.nonce(), 1);
    assert_eq!(
        left.why.to_string(),
        "its sender has 0.0000000000005 coins now, it and those before it may cost 0.0000000000010421"
    );
    assert_eq!(
        pool.waits_for(&valued(2, 100).sign().hash()),
        Some(Waits::ForNonce {
            nonce: 1,
            sender: sender(2)
        })
    );
    let mut contract = poorer.clone();
    contract.0.get_mut(&sender(2)).unwrap().code_hash = B256::repeat_byte(1);
    let changes = pool
        .chain_changed(&[], &[], [sender(2)], NOW, &contract)
        .unwrap();
    assert_eq!(changes.left.len(), 2);
    assert!(pool.is_empty());
}

#[test]
fn what_waits_too_long_expires_by_itself() {
    let mut pool = pool_with(PoolLimits {
        expiry: Duration::from_secs(100),
        ..PoolLimits::default()
    });
    add(&mut pool, draft(2, 0, 5));
    let later = pool.add(draft(2, 1, 5).sign(), NOW + 60, &rich()).unwrap();
    assert!(later.is_ok());
    assert_eq!(pool.expire(NOW + 99), []);
    // A clock that was set back expires nothing.
    assert_eq!(pool.expire(0), []);
    let expired = pool.expire(NOW + 100);
    assert_eq!(hashes(&expired), [draft(2, 0, 5).sign().hash()]);
    assert_eq!(pool.best().count(), 0);
    assert_eq!(pool.expire(NOW + 160).len(), 1);
    assert!(pool.is_empty());
}

#[test]
fn a_restart_brings_back_the_same_pool() {
    let mut pool = pool();
    for one in [
        draft(2, 0, 5),
        draft(3, 0, 9),
        draft(2, 1, 5),
        draft(4, 3, 5),
    ] {
        add(&mut pool, one);
    }
    let displaced = [draft(5, 0, 1).sign(), draft(6, 0, 1).sign()];
    pool.chain_changed(&[], &displaced, [], NOW, &rich())
        .unwrap();
    let mut kept: Vec<Entry> = pool.iter().cloned().collect();
    kept.reverse();
    let mut again = self::pool();
    assert_eq!(again.restore(kept.clone(), NOW, &rich()).unwrap(), []);
    assert_eq!(again, pool);

    // Two days later 2 has sent another one, and 3 has no coins.
    let mut state = rich();
    state.set(sender(2), 1, PLENTY);
    state.set(sender(3), 0, 0);
    kept.push(Entry {
        order: 7,
        ..kept[0].clone()
    });
    let left = again.restore(kept, NOW, &state).unwrap();
    let mut why: Vec<String> = left.iter().map(|left| left.why.to_string()).collect();
    why.sort();
    assert_eq!(why.len(), 3);
    assert!(why[0].starts_with("0x") && why[0].ends_with("stands in its place already"));
    assert!(why[1].starts_with("a block has another"), "{why:?}");
    assert!(why[2].starts_with("its sender has 0 coins"), "{why:?}");
    let kept: Vec<Entry> = again.iter().cloned().collect();
    let left = again.restore(kept, NOW + 72 * 3_600, &state).unwrap();
    assert!(left.iter().all(|left| left.why == Why::Expired) && left.len() == 4);
}

#[test]
fn a_group_that_fails_is_taken_back_whole() {
    let mut pool = small();
    add(&mut pool, draft(2, 0, 5));
    add(&mut pool, draft(3, 0, 6));
    let before = pool.clone();
    pool.begin();
    add(&mut pool, draft(4, 0, 5));
    pool.begin();
    add(&mut pool, draft(5, 0, 50));
    add(&mut pool, draft(3, 0, 60));
    let mut state = rich();
    state.set(sender(2), 1, PLENTY);
    pool.chain_changed(
        &[draft(2, 0, 5).sign()],
        &[draft(6, 0, 2).sign()],
        [],
        NOW,
        &state,
    )
    .unwrap();
    pool.expire(u64::MAX);
    assert!(pool.is_empty());
    pool.roll_back();
    assert_eq!(pool, before);
    pool.roll_back();
    assert_eq!(pool, before);
    pool.begin();
    let added = add(&mut pool, draft(4, 0, 5));
    pool.keep();
    pool.roll_back();
    assert_eq!(
        pool.get(&draft(4, 0, 5).sign().hash()).unwrap().order,
        added.order
    );
}

#[test]
fn suggestions_follow_what_waits_and_what_blocks_took() {
    const GWEI: u128 = LEAST_SUGGESTION;
    let mut small = Parameters::dev();
    // Ten plain transfers a block.
    small.gas_limit = 210_000;
    let mut pool = Mempool::new(&small, PoolLimits::default());
    let of = |pool: &Mempool, recent: &[RecentBlock]| {
        let Suggestion { low, normal, high } = pool.suggest(recent.iter().copied());
        (low, normal, high)
    };
    assert_eq!(of(&pool, &[]), (GWEI, GWEI, GWEI));
    let took = |gas_used, least| RecentBlock {
        gas_used,
        bytes: 2_000,
        least_priority_fee: least,
    };
    let full = |fee: u128| took(200_000, Some(fee * GWEI));
    // Blocks with room say nothing of fees, however high.
    let idle = took(100_000, Some(90 * GWEI));
    assert_eq!(of(&pool, &[idle, idle, took(0, None)]), (GWEI, GWEI, GWEI));
    let recent = [full(8), full(2), full(4), full(6), idle];
    assert_eq!(
        of(&pool, &recent),
        (2 * GWEI + 1, 4 * GWEI + 1, 8 * GWEI + 1)
    );
    // Full by bytes.
    let stuffed = RecentBlock {
        bytes: small.byte_limit,
        ..took(21_000, Some(3 * GWEI))
    };
    assert_eq!(of(&pool, &[stuffed]).1, 3 * GWEI + 1);

    // 24 transfers of falling rates wait: ten fit the next block, all fit three.
    let mut state = Accounts::default();
    for at in 0..24_u8 {
        state.set(sender(20 + at), 0, PLENTY);
        let rate = u128::from(100 - at) * GWEI;
        let added = pool
            .add(draft(20 + at, 0, rate).sign(), NOW, &state)
            .unwrap();
        assert!(added.is_ok(), "{added:?}");
    }
    assert_eq!(of(&pool, &[]), (GWEI, 91 * GWEI, 96 * GWEI));
}
