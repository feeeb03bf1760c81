//! What a store holds, as it answers and as the model has it.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, B256, U256};
use bcoin::protocol::coin::execution::Receipt;
use bcoin::protocol::coin::header::PowHash;
use bcoin::protocol::coin::state::{Account, Before, StateView};
use bcoin::store::StoreError;
use bcoin::store::coin::{
    Body, ChainEntry, CoinStore, KnownBlock, Ledger, Position, REWARD, WaitingRecord,
};

use super::Model;
use super::world::{Made, WORLD};

/// All that a store can be asked, once as it answers and once as the model has it.
#[derive(Debug, PartialEq)]
pub struct Held {
    tip: PowHash,
    known: Vec<Option<KnownBlock>>,
    known_total: u64,
    bodies: Vec<Option<Body>>,
    /// By number, beyond the tip too.
    entries: Vec<Option<ChainEntry>>,
    by_record: Vec<Option<PowHash>>,
    /// Of the chain's blocks behind the genesis block.
    receipts: Vec<Vec<Receipt>>,
    undo: Vec<Vec<Before>>,
    positions: Vec<Option<Position>>,
    histories: Vec<Vec<Position>>,
    state_root: B256,
    accounts: Vec<Option<Account>>,
    slots: Vec<U256>,
    /// In the order of arrival.
    waiting: Vec<(u64, WaitingRecord)>,
    waiting_total: u64,
    peers: Vec<String>,
}

/// No path of the tree is as long.
const NUMBERS: std::ops::Range<u64> = 0..9;

pub fn read(store: &CoinStore) -> Result<Held, StoreError> {
    let snapshot = store.snapshot()?;
    let tip = snapshot.state()?.tip;
    let tip_number = snapshot.place_of(tip)?.place.number;
    let hashes = || WORLD.made.iter().map(|made| made.block.hash());
    let viewed = "the state reads";
    Ok(Held {
        tip,
        known: hashes()
            .map(|hash| snapshot.known_block(hash))
            .collect::<Result<_, _>>()?,
        known_total: snapshot.known_total()?,
        bodies: hashes()
            .map(|hash| snapshot.body(hash))
            .collect::<Result<_, _>>()?,
        entries: NUMBERS
            .map(|number| snapshot.chain_entry(number))
            .collect::<Result<_, _>>()?,
        by_record: WORLD
            .made
            .iter()
            .map(|made| snapshot.by_record_hash(made.block.record_hash()))
            .collect::<Result<_, _>>()?,
        receipts: (1..=tip_number)
            .map(|number| snapshot.receipts(number))
            .collect::<Result<_, _>>()?,
        undo: (1..=tip_number)
            .map(|number| snapshot.undo(number))
            .collect::<Result<_, _>>()?,
        positions: WORLD
            .transactions
            .iter()
            .map(|hash| snapshot.position(*hash))
            .collect::<Result<_, _>>()?,
        histories: WORLD
            .accounts
            .iter()
            .map(|account| snapshot.history(*account, None, usize::MAX))
            .collect::<Result<_, _>>()?,
        state_root: snapshot.state_root().expect(viewed),
        accounts: WORLD
            .accounts
            .iter()
            .map(|account| StateView::account(&snapshot, *account).expect(viewed))
            .collect(),
        slots: WORLD
            .slots
            .iter()
            .map(|(account, slot)| snapshot.slot(*account, *slot).expect(viewed))
            .collect(),
        waiting: snapshot.waiting()?,
        waiting_total: snapshot.waiting_total()?,
        peers: snapshot.peers()?,
    })
}

impl Model {
    pub fn held(&self) -> Held {
        let genesis = &WORLD.genesis;
        let path: Vec<&Made> = WORLD
            .path(self.tip)
            .into_iter()
            .map(|at| &WORLD.made[at - 1])
            .collect();
        let state = &WORLD.states[self.tip];
        let mut destroyed = U256::ZERO;
        let mut entries = vec![Some(ChainEntry::new(
            genesis.hash(),
            genesis.record_hash,
            genesis.block.record.state_root,
            destroyed,
        ))];
        let mut positions = BTreeMap::new();
        let mut histories: BTreeMap<Address, BTreeSet<Position>> = BTreeMap::new();
        for (number, made) in (1..).zip(&path) {
            destroyed += made.executed.destroyed;
            let (block, root) = (&made.block, made.executed.state_root);
            let entry = ChainEntry::new(block.hash(), block.record_hash(), root, destroyed);
            entries.push(Some(entry));
            let mut concerns = |account, index| {
                let place = Position { number, index };
                histories.entry(account).or_default().insert(place);
            };
            concerns(block.record().beneficiary, REWARD);
            let receipts = &made.executed.receipts;
            for ((index, transaction), receipt) in (0..).zip(block.transactions()).zip(receipts) {
                positions.insert(transaction.hash(), Position { number, index });
                concerns(transaction.sender(), index);
                if let Some(receiver) = transaction.receiver().or(receipt.created) {
                    concerns(receiver, index);
                }
            }
        }
        entries.resize(NUMBERS.end as usize, None);
        let tip = path.last().map_or(genesis.hash(), |made| made.block.hash());
        let of_tree = || (1..).zip(&WORLD.made);
        let on_path = |made: &Made| path.iter().any(|on| on.block.hash() == made.block.hash());
        Held {
            tip,
            known: of_tree()
                .map(|(at, made)| {
                    let is_invalid = *self.kept.get(&at)?;
                    Some(KnownBlock {
                        is_invalid,
                        ..made.known
                    })
                })
                .collect(),
            known_total: 1 + self.kept.len() as u64,
            bodies: of_tree()
                .map(|(at, made)| {
                    let is_invalid = *self.kept.get(&at)?;
                    let transactions = made.block.transactions().iter();
                    (!is_invalid).then(|| Body {
                        senders: transactions.map(|each| each.sender()).collect(),
                        encoded: made.block.encode().into(),
                    })
                })
                .collect(),
            entries,
            by_record: of_tree()
                .map(|(_, made)| on_path(made).then(|| made.block.hash()))
                .collect(),
            receipts: path
                .iter()
                .map(|made| made.executed.receipts.clone())
                .collect(),
            undo: path
                .iter()
                .map(|made| made.executed.change.undo.clone())
                .collect(),
            positions: WORLD
                .transactions
                .iter()
                .map(|hash| positions.get(hash).copied())
                .collect(),
            histories: WORLD
                .accounts
                .iter()
                .map(|account| histories.remove(account).unwrap_or_default())
                .map(|places| places.into_iter().rev().collect())
                .collect(),
            state_root: state.state_root().expect("it is in memory"),
            accounts: WORLD
                .accounts
                .iter()
                .map(|account| state.accounts().get(account).copied())
                .collect(),
            slots: WORLD
                .slots
                .iter()
                .map(|key| state.slots().get(key).copied().unwrap_or_default())
                .collect(),
            waiting_total: self.waiting.len() as u64,
            waiting: self.waiting.clone().into_iter().collect(),
            peers: self.peers.clone(),
        }
    }
}
