//! Rows of a coin store that are lost, or stand under a key that is not theirs, as one flipped bit leaves them: they are missed, whatever is asked.

use std::path::PathBuf;

use alloy_consensus::TxEip1559;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use bcoin::node::coin::{CoinError, stored_transaction};
use bcoin::protocol::coin::block::CheckedBlock;
use bcoin::protocol::coin::genesis::Genesis;
use bcoin::protocol::coin::header::PowHash;
use bcoin::protocol::coin::parameters::Parameters;
use bcoin::protocol::coin::state::StateView;
use bcoin::store::coin::{CoinStore, Ledger, Snapshot};
use bcoin::store::{StoreError, StoreOptions};
use redb::{Builder, TableDefinition, WriteTransaction};

use crate::coin_world::{TestNode, mined, signed, test_keys};
use crate::disk::SimulatedDisk;

const NOW: u64 = 1_800_000_000;
const MINER: Address = Address::repeat_byte(0xaa);
const RECEIVER: Address = Address::repeat_byte(7);

const ACCOUNTS: TableDefinition<'_, [u8; 20], &[u8]> = TableDefinition::new("accounts");
const KNOWN: TableDefinition<'_, [u8; 32], &[u8]> = TableDefinition::new("known_blocks");
const BODIES: TableDefinition<'_, [u8; 32], &[u8]> = TableDefinition::new("bodies");
const CHAIN: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("chain");
const POSITIONS: TableDefinition<'_, [u8; 32], (u64, u32)> = TableDefinition::new("positions");
const BY_RECORD: TableDefinition<'_, [u8; 32], u64> = TableDefinition::new("by_record");
const HISTORY: TableDefinition<'_, ([u8; 20], u64, u32), ()> = TableDefinition::new("history");

/// A store of three blocks with a transfer each, and a fourth block that another node made.
struct Stored {
    disk: SimulatedDisk,
    sender: Address,
    /// Of the last transfer in the chain.
    transfer: B256,
    first: PowHash,
    tip_record: B256,
    next: Bytes,
}

impl Stored {
    async fn made() -> Self {
        let disk = SimulatedDisk::default();
        let damaged = TestNode::over(disk.clone(), Parameters::dev(), NOW);
        let other = TestNode::new(Parameters::dev(), NOW);
        let key = &test_keys(1)[0];
        let mut transfer = B256::ZERO;
        let (mut first, mut next) = (PowHash::ZERO, Bytes::new());
        for nonce in 0..4 {
            let transaction = TxEip1559 {
                chain_id: Parameters::dev().chain_id,
                nonce,
                gas_limit: 21_000,
                max_fee_per_gas: 2_000_000_000,
                max_priority_fee_per_gas: 1_000_000_000,
                to: TxKind::Call(RECEIVER),
                value: U256::from(5),
                ..TxEip1559::default()
            };
            let read = other.node.read_transaction(signed(key, transaction));
            let read = read.expect("it is well formed");
            let hash = read.hash();
            let added = other.node.add_transaction(read.into()).await;
            added.expect("it waits");
            next = mined(&other.node, MINER, nonce);
            let taken = other.node.submit_block(next.clone()).await;
            taken.expect("it holds");
            if nonce < 3 {
                transfer = hash;
                let taken = damaged.node.submit_block(next.clone()).await;
                taken.expect("it holds");
            }
            if nonce == 0 {
                first = damaged.node.tip().place.hash;
            }
        }
        let tip = damaged.node.tip();
        damaged.end();
        other.end();
        Self {
            disk,
            sender: key.address(),
            transfer,
            first,
            tip_record: tip.record_hash,
            next,
        }
    }

    /// Changes tables behind the store's back.
    fn damage(&self, change: impl FnOnce(&WriteTransaction) -> Result<(), redb::Error>) {
        let database = Builder::new().create_with_backend(self.disk.clone());
        let database = database.expect("it opens");
        let transaction = database.begin_write().expect("it writes");
        change(&transaction).expect("it changes");
        transaction.commit().expect("it commits");
    }

    /// What a question is answered with after this damage, and what an audit says.
    fn asked<T>(
        &self,
        change: impl FnOnce(&WriteTransaction) -> Result<(), redb::Error>,
        question: impl Fn(&Snapshot, &Parameters) -> Result<T, StoreError>,
    ) -> (Result<T, StoreError>, bool) {
        let genesis = Genesis::of(Parameters::dev());
        let options = StoreOptions {
            network: genesis.parameters.name.clone(),
            ..StoreOptions::default()
        };
        let open = || {
            let (path, options) = (PathBuf::from("chain.redb"), options.clone());
            let store = CoinStore::over(self.disk.clone(), path, options, || genesis.clone());
            store.expect("it opens")
        };
        let ask = |store: &CoinStore| {
            let snapshot = store.snapshot().expect("it reads");
            let audit = snapshot.audit(&genesis.parameters, || true);
            let answer = question(&snapshot, &genesis.parameters);
            (answer, audit.is_ok_and(|audit| audit.sound))
        };
        let whole = ask(&open());
        assert!(whole.0.is_ok() && whole.1, "whole, it answers and is sound");
        self.damage(change);
        ask(&open())
    }
}

/// A key whose last bit flipped.
fn beside<const N: usize>(mut key: [u8; N]) -> [u8; N] {
    key[N - 1] ^= 1;
    key
}

fn is_found<T: std::fmt::Debug>((answer, sound): (Result<T, StoreError>, bool), what: &str) {
    let found = answer.as_ref().is_err_and(StoreError::is_damage);
    assert!(found && !sound, "{what}: {answer:?}, audit sound {sound}");
}

#[tokio::test]
async fn a_transaction_under_another_hash_is_missed() {
    let stored = Stored::made().await;
    let hash = stored.transfer;
    let asked = stored.asked(
        |transaction| {
            let mut table = transaction.open_table(POSITIONS)?;
            let value = table.remove(hash.0)?.expect("it is there").value();
            table.insert(beside(hash.0), value)?;
            Ok(())
        },
        |snapshot, parameters| Ok(stored_transaction(snapshot, hash, parameters)?.is_some()),
    );
    is_found(asked, "the index of transactions");
}

#[tokio::test]
async fn a_record_hash_under_another_is_missed() {
    let stored = Stored::made().await;
    let hash = stored.tip_record;
    let asked = stored.asked(
        |transaction| {
            let mut table = transaction.open_table(BY_RECORD)?;
            let value = table.remove(hash.0)?.expect("it is there").value();
            table.insert(beside(hash.0), value)?;
            Ok(())
        },
        |snapshot, _| snapshot.by_record_hash(hash),
    );
    is_found(asked, "the index of records");
}

#[tokio::test]
async fn a_block_under_another_hash_is_missed() {
    for table in [KNOWN, BODIES] {
        let stored = Stored::made().await;
        // The tip's own place is read at every start.
        let first = stored.first;
        let asked = stored.asked(
            |transaction| {
                let mut table = transaction.open_table(table)?;
                let removed = table.remove(first.0.0)?;
                let value = removed.expect("it is there").value().to_vec();
                table.insert(beside(first.0.0), value.as_slice())?;
                Ok(())
            },
            |snapshot, _| Ok((snapshot.known_block(first)?, snapshot.body(first)?)),
        );
        is_found(asked, "a block");
    }
}

#[tokio::test]
async fn a_number_without_a_block_is_missed() {
    let stored = Stored::made().await;
    let asked = stored.asked(
        |transaction| {
            transaction.open_table(CHAIN)?.remove(2)?;
            Ok(())
        },
        |snapshot, _| snapshot.chain_entry(2),
    );
    is_found(asked, "the chain by number");
}

#[tokio::test]
async fn an_accounts_history_without_its_last_entry_is_missed() {
    let stored = Stored::made().await;
    let account = stored.sender.into_array();
    let asked = stored.asked(
        |transaction| {
            let mut table = transaction.open_table(HISTORY)?;
            let lost = table.remove((account, 3, 0))?.is_some();
            assert!(lost, "it was there");
            table.insert((beside(account), 3, 0), ())?;
            Ok(())
        },
        |snapshot, parameters| {
            let account = Address::new(account);
            let mut all = vec![(account, snapshot.history(account, None, 10)?)];
            for (beside, position) in snapshot.history_beside(account, None)? {
                all.push((beside, vec![position]));
            }
            // As the node does: each must concern whom it names.
            for (account, positions) in all {
                for position in positions {
                    concerns(snapshot, parameters, account, position.number)?;
                }
            }
            Ok(())
        },
    );
    is_found(asked, "the history");
}

fn concerns(
    snapshot: &Snapshot,
    parameters: &Parameters,
    account: Address,
    number: u64,
) -> Result<(), StoreError> {
    let hash = snapshot.entry_at(number)?.hash();
    let block: CheckedBlock = bcoin::node::coin::stored_block(snapshot, hash, parameters)?;
    let concerned = block.record().beneficiary == account
        || block.transactions().iter().any(|transaction| {
            transaction.sender() == account || transaction.receiver() == Some(account)
        });
    if concerned {
        return Ok(());
    }
    Err(snapshot.damaged(
        "the history",
        format!("block {number} does not concern {account}"),
    ))
}

/// A good block that fails on a damaged state is no bad block: the store is at fault, and says so.
#[tokio::test]
async fn a_lost_account_condemns_no_block() {
    for lost in [test_keys(1)[0].address(), RECEIVER, MINER] {
        let stored = Stored::made().await;
        stored.damage(|transaction| {
            let was_there = transaction
                .open_table(ACCOUNTS)?
                .remove(lost.into_array())?
                .is_some();
            assert!(was_there);
            Ok(())
        });
        let damaged = TestNode::over(stored.disk.clone(), Parameters::dev(), NOW);
        let refused = damaged.node.submit_block(stored.next.clone()).await;
        assert!(
            matches!(&refused, Err(CoinError::Store(error)) if error.is_damage()),
            "{refused:?}"
        );
        let block = CheckedBlock::decode(&stored.next, &Parameters::dev()).expect("it holds");
        let snapshot = damaged.node.snapshot().expect("it reads");
        assert_eq!(
            snapshot.known_block(block.hash()),
            Ok(None),
            "nothing is said of the block"
        );
        assert!(StateView::account(&snapshot, lost).is_err());
        let mined = damaged.node.template(MINER, Bytes::new());
        assert_eq!(
            mined.is_err(),
            lost == MINER,
            "none is mined on what is lost"
        );
        drop(snapshot);
        damaged.end();
    }
}
