//! Three coin nodes, competing branches, transactions that contradict each other: chance decides what happens, and what must hold is checked at the end.
//!
//! `BCOIN_SCENARIOS` says how many (30 if not said), `BCOIN_SEED` where to begin; `BCOIN_CHAINS` names a folder into which the chains go, for the verifier in Python.

use std::collections::{HashMap, HashSet};
use std::env;
use std::sync::Arc;

use alloy_consensus::TxEip1559;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, bytes};
use bcoin::node::coin::{CoinError, CoinEvent, CoinHandle, stored_block};
use bcoin::protocol::coin::block::CheckedBlock;
use bcoin::protocol::coin::broken::Broken;
use bcoin::protocol::coin::execution;
use bcoin::protocol::coin::header::PowHash;
use bcoin::protocol::coin::parameters::Parameters;
use bcoin::protocol::coin::state::MemoryState;
use bcoin::protocol::coin::subsidy::issued;
use bcoin::store::coin::Ledger;
use bcoin::wallet::keys::Key;

use crate::coin_world::{TestNode, mined, signed, test_keys};

const NOW: u64 = 1_800_000_000;
/// Init code that keeps nothing and destroys itself in favour of itself with what it was given: coins burn.
const BURNS: Bytes = bytes!("30ff");
/// Init code of a contract that adds one to its first word of storage and logs it: runtime 6000546001018060005560005260206000a0.
const COUNTS: Bytes = bytes!("716000546001018060005560005260206000a06000526012600ef3");

/// A little generator of chance (SplitMix64), so that a seed says everything.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }
}

/// A network with halvings that a test reaches.
fn parameters() -> Parameters {
    Parameters {
        name: "scenario".to_owned(),
        halving: 4,
        ..Parameters::dev()
    }
}

struct Scenario<'k> {
    chance: Chance,
    nodes: Vec<TestNode>,
    keys: &'k [Key],
    /// Encoded blocks, parents before children.
    blocks: Vec<(PowHash, Bytes)>,
    /// Per node: transactions that it has acknowledged.
    acknowledged: Vec<HashSet<B256>>,
    transactions: HashMap<B256, Bytes>,
    counter: Option<Address>,
}

impl Scenario<'_> {
    fn node(&self, index: usize) -> &CoinHandle {
        &self.nodes[index].node
    }

    async fn step(&mut self) {
        let index = self.chance.below(self.nodes.len());
        match self.chance.below(10) {
            0..4 => self.transact(index).await,
            4..7 => self.mine(index).await,
            _ => self.deliver_some(index).await,
        }
    }

    /// A transaction on top of what this node knows; another node may know another of the same sender and nonce.
    async fn transact(&mut self, index: usize) {
        let key = &self.keys[self.chance.below(self.keys.len())];
        let node = self.node(index).clone();
        let nonce = {
            let snapshot = node.snapshot().expect("the store reads");
            let account =
                bcoin::protocol::coin::state::StateView::account(&snapshot, key.address());
            let nonce = account
                .expect("it reads")
                .map_or(0, |account| account.nonce);
            node.mempool().next_nonce(key.address(), nonce)
        };
        let fee = 2_000_000_000 + u128::from(self.chance.next() % 1_000_000_000);
        let (to, input) = match self.chance.below(8) {
            0 => (TxKind::Create, BURNS),
            1 => (TxKind::Create, COUNTS),
            2 if self.counter.is_some() => (
                TxKind::Call(self.counter.expect("just asked")),
                Bytes::new(),
            ),
            3 => (
                TxKind::Call(Address::repeat_byte(self.chance.next() as u8)),
                Bytes::new(),
            ),
            _ => {
                let other = self.chance.below(self.keys.len());
                (TxKind::Call(self.keys[other].address()), Bytes::new())
            }
        };
        if input == COUNTS {
            self.counter = Some(key.address().create(nonce));
        }
        let transaction = TxEip1559 {
            chain_id: node.parameters().chain_id,
            nonce,
            gas_limit: 200_000,
            max_fee_per_gas: fee,
            max_priority_fee_per_gas: fee / 2,
            to,
            value: U256::from(self.chance.next()),
            input,
            ..TxEip1559::default()
        };
        let raw = signed(key, transaction);
        self.hand_in(index, raw).await;
    }

    async fn hand_in(&mut self, index: usize, raw: Bytes) {
        let node = self.node(index).clone();
        let read = node
            .read_transaction(raw.clone())
            .expect("it is well formed");
        let hash = read.hash();
        match node.add_transaction(Arc::new(read)).await {
            Ok(_) => {
                self.acknowledged[index].insert(hash);
                self.transactions.insert(hash, raw);
            }
            Err(CoinError::Refused(_)) => {}
            Err(other) => panic!("{other}"),
        }
    }

    async fn mine(&mut self, index: usize) {
        let miner = Address::repeat_byte(0xa0 + index as u8);
        let extra = self.chance.next();
        let block = mined(self.node(index), miner, extra);
        let (hash, _) = self
            .node(index)
            .submit_block(block.clone())
            .await
            .expect("its own block");
        self.blocks.push((hash, block));
    }

    /// Some of the others' blocks or transactions, in whatever order.
    async fn deliver_some(&mut self, index: usize) {
        for _ in 0..self.chance.below(6) {
            if !self.blocks.is_empty() && self.chance.below(3) > 0 {
                let at = self.chance.below(self.blocks.len());
                let block = self.blocks[at].1.clone();
                match self.node(index).submit_block(block).await {
                    Ok(_) => {}
                    Err(CoinError::Invalid { fault, .. }) => {
                        assert!(
                            matches!(fault.rule, Broken::ParentUnknown { .. }),
                            "{fault}"
                        );
                    }
                    Err(other) => panic!("{other}"),
                }
            } else if !self.transactions.is_empty() {
                let at = self.chance.below(self.transactions.len());
                let mut all: Vec<&B256> = self.transactions.keys().collect();
                all.sort();
                let raw = self.transactions[all[at]].clone();
                self.hand_in(index, raw).await;
            }
        }
    }

    /// Everybody gets every block; one more ends every tie.
    async fn meet(&mut self) {
        self.deliver_all().await;
        self.mine(0).await;
        self.deliver_all().await;
    }

    async fn deliver_all(&mut self) {
        for (_, block) in self.blocks.clone() {
            for index in 0..self.nodes.len() {
                let taken = self.node(index).submit_block(block.clone()).await;
                assert!(taken.is_ok(), "{taken:?}");
            }
        }
    }

    fn check(&self, seed: u64) {
        let tips: Vec<_> = self
            .nodes
            .iter()
            .map(|node| node.node.tip().place)
            .collect();
        assert!(tips.iter().all(|tip| *tip == tips[0]), "{tips:?}");
        let parameters = self.node(0).parameters();
        let mut roots = Vec::new();
        for (index, world) in self.nodes.iter().enumerate() {
            let snapshot = world.node.snapshot().expect("the store reads");
            let entry = snapshot.entry_at(tips[0].number).expect("the tip");
            roots.push(entry.state_root);
            for hash in &self.acknowledged[index] {
                self.is_not_lost(&world.node, &snapshot, *hash);
            }
            if index == 0 {
                let memory = replayed(&snapshot, &world.node, parameters, tips[0].number);
                let expected = parameters.first_balances() + issued(parameters, tips[0].number)
                    - entry.destroyed;
                assert_eq!(memory.supply(), expected, "supply");
            }
        }
        assert!(roots.iter().all(|root| *root == roots[0]), "{roots:?}");
        if let Ok(folder) = env::var("BCOIN_CHAINS") {
            self.write_chain(&folder, seed);
        }
    }

    /// An acknowledged transaction is in the chain, waits, or has been overtaken by another of its sender and nonce, or left its sender without the means.
    fn is_not_lost(&self, node: &CoinHandle, snapshot: &impl Ledger, hash: B256) {
        if snapshot.position(hash).expect("it reads").is_some() || node.mempool().contains(&hash) {
            return;
        }
        let transaction = node
            .read_transaction(self.transactions[&hash].clone())
            .expect("it was read before");
        let (sender, nonce) = (transaction.sender(), transaction.nonce());
        let waits_instead = node
            .mempool()
            .by_sender(sender)
            .any(|other| other.nonce() == nonce);
        let account = node.snapshot().expect("the store reads");
        let account = bcoin::protocol::coin::state::StateView::account(&account, sender);
        let used = account
            .expect("it reads")
            .is_some_and(|account| account.nonce > nonce);
        assert!(
            used || waits_instead,
            "{hash} of {sender} with nonce {nonce} is lost"
        );
    }

    fn write_chain(&self, folder: &str, seed: u64) {
        let genesis = self.node(0).genesis();
        let mut file = Vec::new();
        let all = std::iter::once(genesis.block.encode().into());
        for block in all.chain(self.blocks.iter().map(|(_, block)| block.clone())) {
            let block: Bytes = block;
            file.extend_from_slice(&(block.len() as u32).to_le_bytes());
            file.extend_from_slice(&block);
        }
        std::fs::create_dir_all(folder).expect("a folder");
        std::fs::write(format!("{folder}/scenario-{seed}.bin"), file).expect("room");
        let tip = self.node(0).tip().place;
        let snapshot = self.node(0).snapshot().expect("the store reads");
        let entry = snapshot.entry_at(tip.number).expect("the tip");
        let supply = serde_json::json!({
            "tip": tip.hash.to_string(),
            "work": tip.work.to_string(),
            "state_root": entry.state_root.to_string(),
            "destroyed": entry.destroyed.to_string(),
        });
        std::fs::write(format!("{folder}/scenario-{seed}.json"), supply.to_string()).expect("room");
        let genesis = genesis.parameters.to_genesis_file();
        std::fs::write(format!("{folder}/genesis.json"), genesis).expect("room");
    }
}

/// The state by another path: from the genesis block, block by block, in memory, without ever a branch.
pub fn replayed(
    snapshot: &impl Ledger,
    node: &CoinHandle,
    parameters: &Parameters,
    tip: u64,
) -> MemoryState {
    let mut memory = MemoryState::of(node.genesis());
    for number in 1..=tip {
        let entry = snapshot.entry_at(number).expect("a block");
        let kept = stored_block(snapshot, entry.hash(), parameters).expect("a block");
        let block = CheckedBlock::decode(&kept.encode(), parameters).expect("it holds by itself");
        let executed = execution::connect(parameters, &memory, &block).expect("it connects");
        assert_eq!(executed.state_root, entry.state_root);
        memory.connect(block.record_hash(), executed.state_root, &executed.change);
    }
    memory
}

#[tokio::test]
async fn competing_branches_end_in_one_state() {
    let number = |name: &str, otherwise: u64| {
        env::var(name).map_or(otherwise, |text| text.parse().expect("a number"))
    };
    let keys = test_keys(6);
    let first = number("BCOIN_SEED", 1);
    let (mut reorgs, mut came_back) = (0, 0);
    for seed in first..first + number("BCOIN_SCENARIOS", 30) {
        let mut scenario = Scenario {
            chance: Chance(seed),
            nodes: (0..3).map(|_| TestNode::new(parameters(), NOW)).collect(),
            keys: &keys,
            blocks: Vec::new(),
            acknowledged: vec![HashSet::new(); 3],
            transactions: HashMap::new(),
            counter: None,
        };
        let steps = 10 + scenario.chance.below(60);
        for _ in 0..steps {
            scenario.step().await;
        }
        scenario.meet().await;
        scenario.check(seed);
        for world in &scenario.nodes {
            let events = world.node.events().subscribe(Some(0));
            for event in &events.missed {
                let CoinEvent::Reorg {
                    returned,
                    returned_transactions,
                    ..
                } = &*event.event
                else {
                    continue;
                };
                reorgs += 1;
                came_back += returned;
                assert_eq!(returned_transactions.len(), *returned, "seed {seed}");
                let known = |hash| scenario.transactions.contains_key(hash);
                assert!(returned_transactions.iter().all(known), "seed {seed}");
            }
        }
        for world in scenario.nodes {
            world.end();
        }
    }
    println!("{reorgs} reorgs, {came_back} transactions came back");
    assert!(reorgs > 0, "no branch was ever displaced");
    assert!(came_back > 0, "no transaction ever came back");
}
