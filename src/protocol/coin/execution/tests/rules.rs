//! The rules that need execution, each broken.

use std::sync::Arc;

use alloy_primitives::{Address, B256, TxKind, U256};

use super::super::super::block::Record;
use super::super::super::broken::{Broken, Fault};
use super::super::super::parameters::{COIN, Parameters};
use super::super::super::state::StateView;
use super::super::super::transaction::Transaction;
use super::super::{ExecutionError, connect};
use super::world::{FEE, MINER, World, address, code};

const CONTRACT: Address = Address::repeat_byte(0xc0);

/// The rule that keeps a transaction out of the block after these.
fn refused(world: &World, before: &[Arc<Transaction>], transaction: &Arc<Transaction>) -> Broken {
    let mut assembly = world.assembly(MINER);
    for earlier in before {
        assert_eq!(assembly.add(earlier).expect("memory"), Ok(()));
    }
    let left = assembly.gas_left();
    let broken = assembly.add(transaction).expect("memory");
    let broken = broken.expect_err("a rule is broken");
    assert_eq!(assembly.gas_left(), left);
    let (taken, executed) = assembly.finish().expect("memory");
    assert_eq!(taken.len(), before.len());
    // As if it had never been tried.
    assert_eq!(executed, world.executed(before, MINER));
    // In a block it is that block's fault.
    let all = [before, &[Arc::clone(transaction)]].concat();
    let block = world.sealed(&all, &executed, MINER, |_| {});
    let fault = connect(&world.parameters, &world.state, &block).expect_err("a fault");
    let ExecutionError::Fault(fault) = fault else {
        panic!("{fault}");
    };
    let transaction = Some(before.len());
    assert_eq!(
        fault,
        Fault {
            rule: broken.clone(),
            transaction
        }
    );
    broken
}

/// A transaction that breaks all the rules, and then one less each time, breaks them in the order of section 6.
#[test]
fn the_first_broken_rule_of_a_transaction_is_named() {
    let sender = address(9);
    let world = World::of(Parameters {
        gas_limit: 60_000,
        base_fee: 2,
        ..World::new([(sender, COIN, code("5b 00"))]).parameters
    });
    let before = [world.dynamic(0, |_| {})];
    let with = |nonce, fee, value, gas| {
        world.dynamic(9, |of| {
            (of.nonce, of.max_fee_per_gas, of.gas_limit) = (nonce, fee, gas);
            (of.max_priority_fee_per_gas, of.value) = (0, value);
        })
    };
    let (much, little) = (U256::from(COIN), U256::ZERO);
    let order = [
        with(0, 1, much, 50_000),
        with(1, 1, much, 50_000),
        with(1, 2, much, 50_000),
        with(1, 2, little, 50_000),
    ]
    .map(|transaction| refused(&world, &before, &transaction));
    assert_eq!(
        order,
        [
            Broken::TransactionNonce {
                sender,
                found: 0,
                expected: 1
            },
            Broken::TransactionFeeBelowBase {
                found: 1,
                base_fee: 2
            },
            Broken::TransactionBalance {
                sender,
                balance: much,
                needed: (COIN + 100_000).to_string(),
            },
            Broken::TransactionSenderHasCode { sender },
        ]
    );
    // The last rule, of somebody without code: 39,000 are left, to the unit.
    let with = |gas| world.dynamic(1, |of| of.gas_limit = gas);
    assert_eq!(
        refused(&world, &before, &with(39_001)),
        Broken::TransactionGasOverBlock {
            found: 39_001,
            left: 39_000
        }
    );
    world.executed(&[world.dynamic(0, |_| {}), with(39_000)], MINER);
}

#[test]
fn the_edges_of_nonce_and_balance() {
    let mut world = World::new([]);
    let at = |world: &World, nonce| world.dynamic(0, |of| of.nonce = nonce);
    for (nonce, expected) in [(1, 0), (u64::MAX - 1, 0)] {
        let rule = refused(&world, &[], &at(&world, nonce));
        let sender = address(0);
        let nonce = Broken::TransactionNonce {
            sender,
            found: nonce,
            expected,
        };
        assert_eq!(rule, nonce);
    }
    // The same transaction a second time, in this block or a later one.
    let once = at(&world, 0);
    refused(&world, &[Arc::clone(&once)], &once);
    world.mine(&[Arc::clone(&once)], MINER);
    refused(&world, &[], &once);
    // All that there is, to the unit; and more than any number says.
    let balance = world
        .state
        .account(address(0))
        .expect("memory")
        .expect("rich")
        .balance;
    let most = balance - U256::from(21_000 * FEE);
    let of = |value: U256| world.dynamic(0, |of| of.value = value);
    for value in [most + U256::ONE, U256::MAX] {
        let rule = refused(&world, &[], &of(value));
        assert_eq!(rule.name(), "tx_balance");
    }
    world.executed(&[of(most)], MINER);
}

/// What a record claims of its execution, each claim wrong, in the order of section 9.3.
#[test]
fn each_claim_of_a_record_is_checked_in_order() {
    let logging = code("60 01 60 20 5f a1 00");
    let world = World::new([(CONTRACT, 0, logging)]);
    let call = world.dynamic(0, |of| {
        (of.to, of.gas_limit) = (TxKind::Call(CONTRACT), 100_000);
    });
    let executed = world.executed(&[Arc::clone(&call)], MINER);
    assert!(!executed.logs_bloom.is_zero());
    let wrong = |depth: usize| {
        let call = Arc::clone(&call);
        let block = world.sealed(&[call], &executed, MINER, |record: &mut Record| {
            let lies: [fn(&mut Record); 4] = [
                |record| record.state_root = B256::repeat_byte(1),
                |record| record.logs_bloom = Default::default(),
                |record| record.receipts_root = B256::repeat_byte(1),
                |record| record.gas_used += 1,
            ];
            lies.iter().take(depth).for_each(|lie| lie(record));
        });
        connect(&world.parameters, &world.state, &block)
    };
    assert_eq!(wrong(0).expect("no lies"), executed);
    let names = [1, 2, 3, 4].map(|depth| match wrong(depth) {
        Err(ExecutionError::Fault(fault)) => fault.rule.name(),
        other => panic!("{other:?}"),
    });
    assert_eq!(
        names,
        ["state_root", "logs_bloom", "receipts_root", "gas_used"]
    );
}

/// What a refused transaction looked at is as cold afterwards as before.
#[test]
fn a_refused_transaction_warms_nothing() {
    let balance_of_sent = code("5f 35 31 50 00");
    let world = World::new([(CONTRACT, 0, balance_of_sent)]);
    let look = |nonce| {
        world.dynamic(0, |of| {
            (of.nonce, of.gas_limit) = (nonce, 100_000);
            of.to = TxKind::Call(CONTRACT);
            of.input = B256::left_padding_from(address(1).as_slice()).into();
        })
    };
    let bad = world.dynamic(1, |of| of.nonce = 5);
    let mut assembly = world.assembly(MINER);
    for nonce in 0..2 {
        assert!(assembly.add(&bad).expect("memory").is_err());
        assert_eq!(assembly.add(&look(nonce)).expect("memory"), Ok(()));
    }
    let (_, executed) = assembly.finish().expect("memory");
    assert_eq!(executed, world.executed(&[look(0), look(1)], MINER));
    assert_eq!(executed.receipts[0].gas_used, executed.receipts[1].gas_used);
}
