//! Nodes and rows of the state that are gone from a coin store, one at a time: the audit misses each, of the tip's state and of former ones.

use std::path::PathBuf;

use alloy_consensus::TxEip1559;
use alloy_primitives::{Address, B256, Bytes, TxKind, hex};
use bcoin::protocol::coin::genesis::Genesis;
use bcoin::protocol::coin::parameters::Parameters;
use bcoin::store::StoreOptions;
use bcoin::store::coin::{Audit, CoinStore};
use redb::{Builder, Key, ReadableTable, TableDefinition};

use crate::coin_world::{TestNode, mined, signed, test_keys};
use crate::disk::SimulatedDisk;

const NOW: u64 = 1_800_000_000;

type Table<K> = TableDefinition<'static, K, &'static [u8]>;
const ACCOUNTS: Table<[u8; 20]> = TableDefinition::new("accounts");
const SLOTS: Table<([u8; 20], [u8; 32])> = TableDefinition::new("slots");
const NODES: Table<([u8; 20], [u8; 32])> = TableDefinition::new("nodes");

/// A contract that keeps the number of each block in which it is called, and of the one that created it.
const NUMBERS: [u8; 15] = hex!("434355624343556000526003601df3");

/// A store of four blocks: a contract's creation, and calls of it.
async fn made() -> SimulatedDisk {
    let disk = SimulatedDisk::default();
    let node = TestNode::over(disk.clone(), Parameters::dev(), NOW);
    let key = &test_keys(1)[0];
    let contract = key.address().create(0);
    for nonce in 0..4 {
        let (to, input) = match nonce {
            0 => (TxKind::Create, Bytes::from_static(&NUMBERS)),
            _ => (TxKind::Call(contract), Bytes::new()),
        };
        let transaction = TxEip1559 {
            chain_id: Parameters::dev().chain_id,
            nonce,
            gas_limit: 200_000,
            max_fee_per_gas: 2_000_000_000,
            max_priority_fee_per_gas: 1_000_000_000,
            to,
            input,
            ..TxEip1559::default()
        };
        let read = node.node.read_transaction(signed(key, transaction));
        let added = node.node.add_transaction(read.expect("it reads").into());
        added.await.expect("it waits");
        let block = mined(&node.node, Address::repeat_byte(0xaa), nonce);
        node.node.submit_block(block).await.expect("it holds");
    }
    node.end();
    disk
}

fn audit(disk: &SimulatedDisk) -> Audit {
    let genesis = Genesis::of(Parameters::dev());
    let options = StoreOptions {
        network: genesis.parameters.name.clone(),
        ..StoreOptions::default()
    };
    let path = PathBuf::from("chain.redb");
    let store = CoinStore::over(disk.clone(), path, options, || genesis.clone());
    let store = store.expect("it opens");
    let snapshot = store.snapshot().expect("it reads");
    let audit = snapshot.audit(&genesis.parameters, || true);
    audit.expect("it is not given up")
}

/// Does something to a table behind the store's back.
fn with<K: Key + 'static, T>(
    disk: &SimulatedDisk,
    table: Table<K>,
    act: impl FnOnce(&mut redb::Table<'_, K, &'static [u8]>) -> Result<T, redb::StorageError>,
) -> T {
    let database = Builder::new().create_with_backend(disk.clone());
    let database = database.expect("it opens");
    let transaction = database.begin_write().expect("it writes");
    let done = {
        let mut table = transaction.open_table(table).expect("it is there");
        act(&mut table).expect("it changes")
    };
    transaction.commit().expect("it commits");
    done
}

/// What the audit says without each row of a table in turn.
fn without_each<K>(disk: &SimulatedDisk, table: Table<K>) -> Vec<(K, Audit)>
where
    K: for<'k> Key<SelfType<'k> = K> + Copy + 'static,
{
    let keys: Vec<K> = with(disk, table, |table| {
        let rows = table.iter()?;
        rows.map(|row| row.map(|(key, _)| key.value())).collect()
    });
    let audits = keys.into_iter().map(|key| {
        let row = with(disk, table, |table| {
            let removed = table.remove(&key)?;
            Ok(removed.expect("it was there").value().to_vec())
        });
        let found = audit(disk);
        with(disk, table, |table| {
            table.insert(&key, row.as_slice()).map(drop)
        });
        (key, found)
    });
    audits.collect()
}

#[tokio::test]
async fn every_node_that_is_gone_is_named() {
    let disk = made().await;
    let whole = audit(&disk);
    assert!(whole.sound, "{whole:?}");
    let found = without_each(&disk, NODES);
    let of_contracts = found.iter().filter(|((tree, _), _)| *tree != [0; 20]);
    assert!(of_contracts.count() > 4, "roots of four blocks, and leaves");
    for ((tree, hash), audit) in found {
        let fault = audit.fault.expect("a node is gone");
        let name = format!("node {}", B256::new(hash));
        assert_eq!(
            fault.member,
            name,
            "of {}: {}",
            hex::encode(tree),
            fault.detail
        );
        assert!(fault.detail.contains("is missing"), "{}", fault.detail);
    }
    assert_eq!(audit(&disk), whole, "as it was");
}

#[tokio::test]
async fn every_account_and_every_word_that_is_gone_is_missed() {
    let disk = made().await;
    for (account, audit) in without_each(&disk, ACCOUNTS) {
        assert!(!audit.sound, "{}", Address::new(account));
    }
    let words = without_each(&disk, SLOTS);
    assert_eq!(words.len(), 4, "one a block");
    for (word, audit) in words {
        let fault = audit.fault.expect("a word is gone");
        assert_eq!(fault.member, "the slots", "{word:?}: {}", fault.detail);
    }
}
