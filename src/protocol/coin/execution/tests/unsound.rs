//! What is nobody's fault: a state that cannot be read, and what cannot be.

use std::cell::Cell;

use alloy_consensus::constants::EMPTY_ROOT_HASH;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, keccak256};
use thiserror::Error;

use super::super::super::parameters::Parameters;
use super::super::super::state::{Account, BlockChange, MemoryState, StateView, Tree, ViewError};
use super::super::settlement::settle;
use super::super::working::Working;
use super::super::{Environment, ExecutionError, Unsound, connect};
use super::world::{MINER, World, code};

const CONTRACT: Address = Address::repeat_byte(0xc0);

/// Fails at the read after so many.
struct Failing<'v> {
    state: &'v MemoryState,
    left: Cell<usize>,
}

#[derive(Debug, Error)]
#[error("the disk is gone")]
struct Gone;

impl Failing<'_> {
    fn read<T>(&self, read: Result<T, ViewError>) -> Result<T, ViewError> {
        match self.left.get().checked_sub(1) {
            Some(left) => {
                self.left.set(left);
                read
            }
            None => Err(ViewError::new(Gone)),
        }
    }
}

impl StateView for Failing<'_> {
    fn account(&self, address: Address) -> Result<Option<Account>, ViewError> {
        self.read(self.state.account(address))
    }
    fn slot(&self, address: Address, slot: U256) -> Result<U256, ViewError> {
        self.read(self.state.slot(address, slot))
    }
    fn code(&self, hash: B256) -> Result<Bytes, ViewError> {
        self.read(self.state.code(hash))
    }
    fn record_hash(&self, number: u64) -> Result<Option<B256>, ViewError> {
        self.read(self.state.record_hash(number))
    }
    fn node(&self, tree: Tree, hash: B256) -> Result<Option<Bytes>, ViewError> {
        self.read(self.state.node(tree, hash))
    }
    fn state_root(&self) -> Result<B256, ViewError> {
        self.read(self.state.state_root())
    }
}

/// Wherever reading fails, the answer is that it failed: no verdict, no panic.
#[test]
fn a_state_that_cannot_be_read_condemns_no_block() {
    // SSTORE(NUMBER, BLOCKHASH(NUMBER - 1) + SLOAD(0) + BALANCE(what was sent))
    let contract = code("60 01 43 03 40 5f 54 01 5f 35 31 01 43 55 00");
    let mut world = World::new([(CONTRACT, 0, contract)]);
    let call = |world: &World| {
        world.dynamic(0, |of| {
            (of.to, of.gas_limit) = (TxKind::Call(CONTRACT), 100_000);
        })
    };
    world.mine(&[call(&world)], MINER);
    let call = call(&world);
    let executed = world.executed(std::slice::from_ref(&call), MINER);
    let block = world.sealed(&[call], &executed, MINER, |_| {});
    for reads in 0.. {
        let failing = Failing {
            state: &world.state,
            left: Cell::new(reads),
        };
        match connect(&world.parameters, &failing, &block) {
            Err(ExecutionError::View(error)) => assert!(error.cause::<Gone>().is_some()),
            Ok(connected) => {
                assert_eq!(connected, executed);
                assert!(reads > 10);
                break;
            }
            Err(other) => panic!("{reads}: {other}"),
        }
    }
}

/// Should the EVM refuse what breaks no rule, that is nobody's fault: here it is given a transaction of another network.
#[test]
fn what_the_evm_refuses_without_a_rule_is_unsound() {
    let world = World::new([]);
    let foreign = World::of(Parameters {
        chain_id: 5,
        ..world.parameters.clone()
    });
    let transaction = foreign.dynamic(0, |_| {});
    let mut assembly = world.assembly(MINER);
    let error = assembly.add(&transaction).expect_err("unsound");
    let ExecutionError::Unsound(Unsound::Refused {
        transaction: hash, ..
    }) = error
    else {
        panic!("{error}");
    };
    assert_eq!(hash, transaction.hash());
    let (_, executed) = assembly.finish().expect("memory");
    assert_eq!(executed, world.executed(&[], MINER));
}

#[test]
fn coins_from_nowhere_and_storage_of_nobody_stop_the_block() {
    let environment: Environment = World::new([]).environment(MINER);
    let settled = |before: u64, after: u64, subsidy: u64| {
        let mut state = MemoryState::default();
        let account = Account {
            nonce: 0,
            balance: U256::from(before),
            code_hash: keccak256([]),
            storage_root: if before == 9 {
                B256::repeat_byte(1)
            } else {
                EMPTY_ROOT_HASH
            },
        };
        let mut first = BlockChange::default();
        first.accounts.insert(MINER, Some(account));
        state.connect(B256::ZERO, B256::ZERO, &first);
        let mut working = Working::upon(&state);
        working.held(MINER).expect("memory").balance = U256::from(after);
        settle(&environment, U256::from(subsidy), &working)
    };
    for (before, after, subsidy, destroyed) in [(5, 7, 2, 0), (5, 6, 2, 1), (5, 0, 0, 5)] {
        let (_, found) = settled(before, after, subsidy).expect("sound");
        assert_eq!(found, U256::from(destroyed));
    }
    let unsound = |before, after, subsidy| match settled(before, after, subsidy) {
        Err(ExecutionError::Unsound(unsound)) => unsound,
        other => panic!("{other:?}"),
    };
    let more = U256::ONE;
    assert_eq!(unsound(5, 8, 2), Unsound::Inflation { number: 1, more });
    assert_eq!(unsound(9, 0, 0), Unsound::StorageOfNobody(MINER));
}
