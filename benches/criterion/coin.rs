//! The coin protocol alone: a block of 5,000 transfers from as many accounts to as many others, each step of it, beside revm without us.

use std::hint::black_box;
use std::sync::Arc;

use alloy_consensus::crypto::secp256k1::{recover_signer, sign_message};
use alloy_consensus::{SignableTransaction, Transaction as _, TxEip1559, TxEnvelope};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use bcoin::protocol::coin::block::{
    Block, CheckedBlock, Record, commitment, mix_hash, record_hash, transactions_root,
};
use bcoin::protocol::coin::execution::{Assembly, Environment, connect};
use bcoin::protocol::coin::genesis::Genesis;
use bcoin::protocol::coin::header::Header;
use bcoin::protocol::coin::parameters::{COIN, FirstAccount, Parameters};
use bcoin::protocol::coin::state::MemoryState;
use bcoin::protocol::coin::transaction::Transaction;
use criterion::{BatchSize, Criterion, Throughput};
use revm::context::{BlockEnv, CfgEnv, TxEnv};
use revm::database::{CacheDB, EmptyDB};
use revm::handler::MainnetContext;
use revm::primitives::hardfork::SpecId;
use revm::state::AccountInfo;
use revm::{ExecuteCommitEvm, ExecuteEvm, MainBuilder};

const TRANSFERS: u64 = 5_000;

fn secret(n: u64) -> B256 {
    keccak256(n.to_be_bytes())
}

fn sender(n: u64) -> Address {
    let signature = sign_message(secret(n), B256::ZERO).expect("a key");
    recover_signer(&signature, B256::ZERO).expect("a signature")
}

/// A network whose first state has the senders, and others to make `accounts` in all.
fn network(accounts: u64) -> Parameters {
    let others = (TRANSFERS..accounts).map(|n| Address::from_word(secret(n)));
    let mut accounts: Vec<FirstAccount> = (0..TRANSFERS)
        .map(sender)
        .chain(others)
        .map(|address| FirstAccount {
            address,
            balance: COIN,
            code: Bytes::new(),
        })
        .collect();
    accounts.sort_by_key(|account| account.address);
    Parameters {
        accounts,
        ..Parameters::dev()
    }
}

fn envelopes(parameters: &Parameters) -> Vec<Bytes> {
    let envelope = |n: u64| {
        let transaction = TxEip1559 {
            chain_id: parameters.chain_id,
            gas_limit: 21_000,
            max_fee_per_gas: 2_000_000_000,
            max_priority_fee_per_gas: 1_000_000_000,
            to: Address::from_word(keccak256(secret(n))).into(),
            value: U256::from(n + 1),
            ..TxEip1559::default()
        };
        let signature = sign_message(secret(n), transaction.signature_hash()).expect("a key");
        let envelope = TxEnvelope::from(transaction.into_signed(signature));
        Bytes::from(envelope.encoded_2718())
    };
    (0..TRANSFERS).map(envelope).collect()
}

struct Made {
    parameters: Parameters,
    state: MemoryState,
    environment: Environment,
    transactions: Vec<Arc<Transaction>>,
    block: CheckedBlock,
}

fn made(accounts: u64) -> Made {
    let parameters = network(accounts);
    let genesis = Genesis::of(parameters.clone());
    let state = MemoryState::of(&genesis);
    let spec = parameters.spec_at(1);
    let transactions: Vec<_> = envelopes(&parameters)
        .into_iter()
        .map(|bytes| Transaction::decode(bytes, &parameters, spec).map(Arc::new))
        .collect::<Result<_, _>>()
        .expect("good forms");
    let first = &genesis.block;
    let environment = Environment {
        number: 1,
        time: first.header.time + 1,
        miner: Address::repeat_byte(0x88),
        mix_hash: mix_hash(first.header.hash()),
    };
    let mut assembly = Assembly::new(&parameters, &state, environment);
    for transaction in &transactions {
        let added = assembly.add(transaction).expect("a state");
        added.expect("no rule broken");
    }
    let (_, executed) = assembly.finish().expect("a state");
    let envelopes: Vec<Bytes> = transactions.iter().map(|of| of.bytes().clone()).collect();
    let record = Record {
        parent_hash: record_hash(&first.record),
        beneficiary: environment.miner,
        state_root: executed.state_root,
        transactions_root: transactions_root(&envelopes),
        receipts_root: executed.receipts_root,
        number: 1,
        gas_used: executed.gas_used,
        timestamp: environment.time.into(),
        mix_hash: environment.mix_hash,
        extra_data: Bytes::new(),
        ..first.record.clone()
    };
    let mut header = Header {
        previous: first.header.hash(),
        commitment: commitment(&record),
        time: environment.time,
        ..first.header
    };
    while !parameters.easiest().is_met_by(header.hash().0) {
        header.nonce += 1;
    }
    let block = Block {
        header,
        record,
        envelopes,
    };
    let nodes = &executed.change.nodes;
    let bytes: usize = nodes.values().map(|node| node.len() + 32).sum();
    println!(
        "{accounts} accounts: a block of {TRANSFERS} transfers makes {} nodes, {} bytes a transfer",
        nodes.len(),
        bytes as u64 / TRANSFERS,
    );
    let recovered = transactions.iter().cloned().map(Ok);
    let formed = block.check_form(&parameters).expect("a good form");
    Made {
        block: formed.complete(recovered).expect("good signatures"),
        parameters,
        state,
        environment,
        transactions,
    }
}

type Plain = MainnetContext<CacheDB<EmptyDB>>;

/// Revm by itself, its database in memory and full, its handler Ethereum's.
fn plain(made: &Made) -> Plain {
    let mut database = CacheDB::<EmptyDB>::default();
    for account in &made.parameters.accounts {
        let info = AccountInfo::from_balance(U256::from(account.balance));
        database.insert_account_info(account.address, info);
    }
    let block = BlockEnv {
        number: U256::ONE,
        beneficiary: made.environment.miner,
        timestamp: U256::from(made.environment.time),
        gas_limit: made.parameters.gas_limit,
        basefee: made.parameters.base_fee,
        prevrandao: Some(made.environment.mix_hash),
        ..BlockEnv::default()
    };
    let cfg = CfgEnv::new_with_spec(SpecId::OSAKA).with_chain_id(made.parameters.chain_id);
    MainnetContext::new(database, SpecId::OSAKA)
        .with_cfg(cfg)
        .with_block(block)
}

fn prepared(transaction: &Transaction) -> TxEnv {
    let envelope = transaction.envelope();
    TxEnv {
        tx_type: 2,
        caller: transaction.sender(),
        gas_limit: transaction.gas_limit(),
        gas_price: transaction.greatest_fee(),
        kind: envelope.kind(),
        value: transaction.value(),
        nonce: transaction.nonce(),
        chain_id: envelope.chain_id(),
        gas_priority_fee: envelope.max_priority_fee_per_gas(),
        ..TxEnv::default()
    }
}

/// Execution, without and with what commits to it, and the signatures that it is measured by.
pub fn transfers(criterion: &mut Criterion) {
    let small = made(2 * TRANSFERS);
    let mut group = criterion.benchmark_group("5,000 transfers");
    group.sample_size(20);
    group.throughput(Throughput::Elements(TRANSFERS));
    let Made {
        parameters,
        state,
        environment,
        transactions,
        ..
    } = &small;
    group.bench_function("execute", |bencher| {
        bencher.iter(|| {
            let mut assembly = Assembly::new(parameters, state, *environment);
            for transaction in transactions {
                let added = assembly.add(black_box(transaction)).expect("a state");
                added.expect("no rule broken");
            }
            assembly.gas_left()
        });
    });
    let full = plain(&small);
    let calls: Vec<TxEnv> = transactions.iter().map(|of| prepared(of)).collect();
    group.bench_function("baseline revm, one journal", |bencher| {
        bencher.iter_batched(
            || full.clone().build_mainnet(),
            |mut evm| {
                for call in &calls {
                    evm.transact_one(call.clone()).expect("no rule broken");
                }
                evm.finalize().len()
            },
            BatchSize::LargeInput,
        );
    });
    group.bench_function("baseline revm, committed after each", |bencher| {
        bencher.iter_batched(
            || full.clone().build_mainnet(),
            |mut evm| {
                for call in &calls {
                    evm.transact_commit(call.clone()).expect("no rule broken");
                }
                evm
            },
            BatchSize::LargeInput,
        );
    });
    group.bench_function("recover the senders, one thread", |bencher| {
        let spec = parameters.spec_at(1);
        bencher.iter(|| {
            for transaction in transactions {
                let bytes = transaction.bytes().clone();
                Transaction::decode(black_box(bytes), parameters, spec).expect("good");
            }
        });
    });
    for accounts in [2 * TRANSFERS, 20 * TRANSFERS] {
        let made = made(accounts);
        group.bench_function(format!("connect, {accounts} accounts"), |bencher| {
            bencher.iter(|| connect(&made.parameters, &made.state, black_box(&made.block)));
        });
    }
    group.finish();
}
