//! Blocks by chance, held against plain revm that forgets everything between transactions, against roots from nothing, and against the sum of all coins.

use std::collections::HashMap;
use std::sync::Arc;

use alloy_consensus::constants::KECCAK_EMPTY;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, keccak256};
use alloy_trie::TrieAccount;
use alloy_trie::root::{state_root_unhashed, storage_root_unhashed};
use proptest::prelude::*;
use revm::bytecode::Bytecode;
use revm::context::{BlockEnv, CfgEnv};
use revm::context_interface::block::BlobExcessGasAndPrice;
use revm::database::{CacheDB, EmptyDB};
use revm::handler::MainnetContext;
use revm::primitives::hardfork::SpecId;
use revm::state::AccountInfo;
use revm::{Database, ExecuteCommitEvm, MainBuilder};

use super::super::super::state::MemoryState;
use super::super::super::subsidy::{issued, subsidy};
use super::super::super::transaction::Transaction;
use super::super::evm::transaction as prepared;
use super::super::{Environment, Executed};
use super::world::{MINER, World, address, code, deploying};

/// Stores pairs of words that it is sent: slot, value.
const KEEPER: Address = Address::repeat_byte(0xc1);
/// Makes, by CREATE2 with the second word as salt, what the rest says, with all that it was sent; calls it with nothing if the first word is not zero, and keeps its address.
const FACTORY: Address = Address::repeat_byte(0xc2);
/// Stores, and takes it all back.
const REVERTER: Address = Address::repeat_byte(0xc3);

/// 2: while i < CALLDATASIZE: SSTORE(CALLDATALOAD(i), CALLDATALOAD(i + 32)), i += 64
const KEEPER_CODE: &str =
    "60 00 5b 36 81 10 15 60 18 57 80 60 20 01 35 81 35 55 60 40 01 60 02 56 5b 00";
const FACTORY_CODE: &str = "
    60 40 36 03 80 60 40 5f 37 ; the rest to memory
    60 20 35 90 5f 34 f5 ; CREATE2(CALLVALUE, 0, length, salt)
    5f 35 60 1d 57 ; is it to be called?
    5b 5f 55 60 03 5f a0 00 ; SSTORE(0, child), LOG0
    5b ; CALL(GAS, child, 0, 0, 0, 0, 0)
    5f 5f 5f 5f 5f 85 5a f1 50 60 15 56";
const REVERTER_CODE: &str = "60 07 5f 55 5f 5f fd";

/// Init codes, of whose children some end when they are called, some at once.
fn children() -> [Bytes; 5] {
    [
        // Counts its calls.
        deploying(&code("5f 54 60 01 01 5f 55 00")),
        // Counts, and ends in its own favour.
        deploying(&code("5f 54 60 01 01 5f 55 30 ff")),
        // Ends in favour of whoever calls.
        deploying(&code("33 ff")),
        // Stores and ends before it is there.
        code("60 09 60 09 55 30 ff"),
        // Stores, and stays without code.
        code("60 09 60 09 55 00"),
    ]
}

#[derive(Debug, Clone)]
enum Act {
    Pay {
        to: u8,
        value: u64,
    },
    Keep(Vec<(u8, u8)>),
    Make {
        call: bool,
        salt: u8,
        child: usize,
    },
    Create {
        child: usize,
        value: u64,
    },
    /// Calls what the factory, or account 0 by itself, made.
    Revisit {
        maker: bool,
        n: u8,
        value: u64,
    },
    Revert,
    /// Breaks a rule.
    Bad(u8),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (any::<u8>(), 0..3_u64).prop_map(|(to, value)| Act::Pay { to, value }),
        3 => proptest::collection::vec((0..6_u8, 0..3_u8), 0..6).prop_map(Act::Keep),
        6 => (any::<bool>(), 0..2_u8, 0..5_usize).prop_map(|(call, salt, child)| Act::Make { call, salt, child }),
        2 => (0..5_usize, 0..9_u64).prop_map(|(child, value)| Act::Create { child, value }),
        5 => (any::<bool>(), any::<u8>(), 0..9_u64).prop_map(|(maker, n, value)| Act::Revisit { maker, n, value }),
        1 => Just(Act::Revert),
        2 => (0..3_u8).prop_map(Act::Bad),
    ]
}

fn transaction(world: &World, sender: u8, nonce: u64, act: &Act) -> Arc<Transaction> {
    let word = |n: u8| U256::from(n).to_be_bytes::<32>();
    let call = |to: Address, value: u64, input: Vec<u8>| {
        let to = TxKind::Call(to);
        world.call(sender, nonce, to, U256::from(value), input.into())
    };
    match act {
        Act::Pay { to, value } => {
            let to = match to {
                0..6 => address(*to),
                6 => MINER,
                7 => KEEPER,
                8..12 => Address::with_last_byte(*to),
                _ => Address::repeat_byte(*to),
            };
            call(to, *value, Vec::new())
        }
        Act::Keep(pairs) => {
            let words = pairs
                .iter()
                .flat_map(|(slot, value)| [word(*slot), word(*value)]);
            call(KEEPER, 0, words.flatten().collect())
        }
        Act::Make {
            call: called,
            salt,
            child,
        } => {
            let input = [
                &word((*called).into()),
                &word(*salt),
                children()[*child].as_ref(),
            ]
            .concat();
            call(FACTORY, 5, input)
        }
        Act::Create { child, value } => {
            let init = children()[*child].clone();
            world.call(sender, nonce, TxKind::Create, U256::from(*value), init)
        }
        Act::Revisit { maker, n, value } => {
            let made = if *maker {
                let init = keccak256(&children()[usize::from(n / 2) % 5]);
                FACTORY.create2(B256::from(word(n % 2)), init)
            } else {
                address(0).create((n % 8).into())
            };
            call(made, *value, Vec::new())
        }
        Act::Revert => call(REVERTER, 3, Vec::new()),
        Act::Bad(0) => world.call(
            sender,
            nonce + 1,
            TxKind::Call(KEEPER),
            U256::ZERO,
            Bytes::new(),
        ),
        Act::Bad(1) => world.call(sender, nonce, TxKind::Call(KEEPER), U256::MAX, Bytes::new()),
        Act::Bad(_) => world.dynamic(sender, |of| {
            (of.nonce, of.max_fee_per_gas, of.max_priority_fee_per_gas) = (nonce, 0, 0);
        }),
    }
}

/// Accounts and words as plain revm has them.
type Plain = CacheDB<EmptyDB>;

fn plain(state: &MemoryState, world: &World) -> Plain {
    let mut plain = Plain::default();
    for account in &world.parameters.accounts {
        let code = Bytecode::new_legacy(account.code.clone());
        let info = AccountInfo {
            nonce: state.accounts()[&account.address].nonce,
            balance: U256::from(account.balance),
            code_hash: code.hash_slow(),
            code: Some(code),
            ..AccountInfo::default()
        };
        plain.insert_account_info(account.address, info);
    }
    plain
}

/// A block by Ethereum's own handler, the database brought up to date after each transaction. What that burns of fees, the miner is given afterwards.
fn execute_plainly(
    plain: &mut Plain,
    world: &World,
    environment: &Environment,
    transactions: &[Arc<Transaction>],
) -> u64 {
    let base_fee = world.parameters.base_fee;
    let block = BlockEnv {
        number: U256::from(environment.number),
        beneficiary: environment.miner,
        timestamp: U256::from(environment.time),
        gas_limit: world.parameters.gas_limit,
        basefee: base_fee,
        prevrandao: Some(environment.mix_hash),
        blob_excess_gas_and_price: Some(BlobExcessGasAndPrice {
            excess_blob_gas: 0,
            blob_gasprice: 1,
        }),
        ..BlockEnv::default()
    };
    let mut all = 0;
    let pay = |plain: &mut Plain, amount: U256| {
        let mut info = plain
            .basic(environment.miner)
            .expect("memory")
            .unwrap_or_default();
        info.balance += amount;
        plain.insert_account_info(environment.miner, info);
    };
    for transaction in transactions {
        let cfg = CfgEnv::new_with_spec(SpecId::OSAKA).with_chain_id(world.parameters.chain_id);
        let mut evm = MainnetContext::new(&mut *plain, SpecId::OSAKA)
            .with_cfg(cfg)
            .with_block(block.clone())
            .build_mainnet();
        let result = evm
            .transact_commit(prepared(transaction))
            .expect("no rule broken");
        drop(evm);
        let used = result.tx_gas_used();
        all += used;
        pay(plain, U256::from(used) * U256::from(base_fee));
    }
    pay(plain, subsidy(&world.parameters, environment.number));
    all
}

/// All accounts that are not empty, and all words that are not zero.
fn contents(plain: &Plain) -> HashMap<Address, (AccountInfo, HashMap<U256, U256>)> {
    let accounts = plain.cache.accounts.iter();
    let standing = accounts.filter(|(_, account)| !account.info.is_empty());
    standing
        .map(|(address, account)| {
            let slots = account.storage.iter().map(|(slot, value)| (*slot, *value));
            let slots = slots.filter(|(_, value)| !value.is_zero()).collect();
            (*address, (account.info.clone(), slots))
        })
        .collect()
}

fn assert_alike(state: &MemoryState, plain: &Plain) {
    let contents = contents(plain);
    assert_eq!(state.accounts().len(), contents.len());
    let words: usize = contents.values().map(|(_, slots)| slots.len()).sum();
    assert_eq!(state.slots().len(), words);
    let mut all = Vec::new();
    for (address, (info, slots)) in contents {
        let account = state.accounts()[&address];
        let storage_root = storage_root_unhashed(
            slots
                .iter()
                .map(|(slot, value)| (B256::from(*slot), *value)),
        );
        assert_eq!(
            (account.nonce, account.balance, account.code_hash),
            (info.nonce, info.balance, info.code_hash)
        );
        assert_eq!(account.storage_root, storage_root);
        for (slot, value) in slots {
            assert_eq!(state.slots()[&(address, slot)], value);
        }
        if account.code_hash != KECCAK_EMPTY {
            use super::super::super::state::StateView;
            let code = state.code(account.code_hash).expect("it is kept");
            assert_eq!(keccak256(code), account.code_hash);
        }
        all.push((
            address,
            TrieAccount {
                nonce: account.nonce,
                balance: account.balance,
                storage_root,
                code_hash: account.code_hash,
            },
        ));
    }
    use super::super::super::state::StateView;
    assert_eq!(
        state.state_root().expect("memory"),
        state_root_unhashed(all)
    );
}

/// Whatever is in a change is one, and undone.
fn assert_real(executed: &Executed, before: &MemoryState, after: &MemoryState) {
    let change = &executed.change;
    for (address, account) in &change.accounts {
        assert_ne!(before.accounts().get(address), account.as_ref());
    }
    for (key, value) in &change.slots {
        assert_ne!(before.slots().get(key).copied().unwrap_or_default(), *value);
        assert!(change.accounts.contains_key(&key.0));
    }
    assert_eq!(
        change.undo.len(),
        change.accounts.len() + change.slots.len()
    );
    let mut undone = after.clone();
    undone.disconnect(&change.undo);
    assert_eq!(undone.accounts(), before.accounts());
    assert_eq!(undone.slots(), before.slots());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn blocks_by_chance(
        blocks in proptest::collection::vec(
            proptest::collection::vec((0..6_u8, act()), 0..14), 1..5),
    ) {
        let mut world = World::new([
            (KEEPER, 0, code(KEEPER_CODE)),
            (FACTORY, 4, code(FACTORY_CODE)),
            (REVERTER, 0, code(REVERTER_CODE)),
        ]);
        let mut reference = plain(&world.state, &world);
        let first = world.state.supply();
        let mut destroyed = U256::ZERO;
        for (number, acts) in (1..).zip(blocks) {
            // Account 5 mines every other block, so that a miner sends and is paid.
            let miner = if number % 2 == 0 { address(5) } else { MINER };
            let mut nonces: Vec<u64> = (0..6).map(|n| world.nonce(n)).collect();
            let mut assembly = world.assembly(miner);
            let mut all = Vec::new();
            for (sender, act) in &acts {
                let nonce = &mut nonces[usize::from(*sender)];
                let transaction = transaction(&world, *sender, *nonce, act);
                let added = assembly.add(&transaction).expect("memory");
                prop_assert_eq!(added.is_err(), matches!(act, Act::Bad(_)), "{:?}", added);
                if added.is_ok() {
                    *nonce += 1;
                    all.push(transaction);
                }
            }
            let (taken, assembled) = assembly.finish().expect("memory");
            prop_assert_eq!(taken.len(), all.len());
            let environment = world.environment(miner);
            let before = world.state.clone();
            // It connects, and does the same without those that were refused.
            let executed = world.mine(&all, miner);
            prop_assert_eq!(&executed, &assembled);
            assert_real(&executed, &before, &world.state);
            destroyed += executed.destroyed;
            let gas = execute_plainly(&mut reference, &world, &environment, &all);
            prop_assert_eq!(executed.gas_used, gas);
            assert_alike(&world.state, &reference);
            let sum = first + issued(&world.parameters, number) - destroyed;
            prop_assert_eq!(world.state.supply(), sum);
        }
    }
}
