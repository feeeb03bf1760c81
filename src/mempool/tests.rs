//! A world for the tests of the pool, and what a reader sees of it. The changes themselves are tested against a model in `model_tests.rs`.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock};

use alloy_consensus::constants::{EMPTY_ROOT_HASH, KECCAK_EMPTY};
use alloy_consensus::crypto::secp256k1::{recover_signer, sign_message};
use alloy_consensus::{SignableTransaction, TxEip1559, TxEnvelope, TxLegacy};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256, address};

use super::*;
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
pub(super) struct Unreadable;

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

/// The address of who signs.
pub(super) fn sender(from: u8) -> Address {
    static KNOWN: LazyLock<Vec<Address>> = LazyLock::new(|| {
        let of = |from| recover_signer(&sign(from, B256::ZERO), B256::ZERO).unwrap();
        (1..=99).map(of).collect()
    });
    KNOWN[usize::from(from) - 1]
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
        // Making them anew takes longer than signing.
        static DEV: LazyLock<Parameters> = LazyLock::new(Parameters::dev);
        let parameters = &*DEV;
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
        Transaction::decode(bytes, parameters, Spec::Osaka).unwrap()
    }
}

pub(super) const NOW: u64 = 1_800_000_000;
pub(super) const PLENTY: u64 = u64::MAX;

/// Accounts 1 to 9 with plenty of units, 1 at nonce 3.
pub(super) fn rich() -> Accounts {
    let mut accounts = Accounts::default();
    for from in 1..=9 {
        accounts.set(sender(from), if from == 1 { 3 } else { 0 }, PLENTY);
    }
    accounts
}

pub(super) fn pool_with(limits: PoolLimits) -> Mempool {
    Mempool::new(&Parameters::dev(), limits)
}

pub(super) fn pool() -> Mempool {
    pool_with(PoolLimits::default())
}

pub(super) fn add(pool: &mut Mempool, draft: Draft) -> Added {
    match pool.add(draft.sign(), NOW, &rich()).unwrap() {
        Ok(Taken::Added(added)) => added,
        other => panic!("{draft:?}: {other:?}"),
    }
}

/// The refusal; the pool must not have changed.
pub(super) fn refuse(pool: &mut Mempool, draft: Draft, state: &dyn StateView) -> Refused {
    let before = pool.clone();
    let refused = pool.add(draft.sign(), NOW, state).unwrap().unwrap_err();
    assert_eq!(*pool, before);
    refused
}

pub(super) fn hashes<'e>(entries: impl IntoIterator<Item = &'e Entry>) -> Vec<B256> {
    entries.into_iter().map(Entry::hash).collect()
}

/// A pool with room for three.
pub(super) fn small() -> Mempool {
    pool_with(PoolLimits {
        transactions: 3,
        ..PoolLimits::default()
    })
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
