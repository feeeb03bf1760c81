//! What a coin node does with blocks, measured beside its limits: `cargo bench --bench coin`, or `… -- connect` for a part.
//!
//! * `connect`: a block of 5,000 transfers, connected and durable, against the checks of its signatures alone, on the same cores.
//! * `reorg`: a switch of 1,000 blocks with 50 transfers each to another 1,001, durable.
//! * `start`: opening a store of 100,000 blocks, after a clean end and after a kill.
//!
//! Stores lie on the disk that holds `target/`, with every commit synced. Each figure is the median of some turns; ratios are what counts.

use std::env;
use std::sync::Arc;
use std::time::{Duration, Instant};

use alloy_consensus::{SignableTransaction, TxEip1559, TxEnvelope};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, Bytes, TxKind, U256};
use bcoin::limits::PoolLimits;
use bcoin::node::Writer;
use bcoin::node::coin::{
    CoinHandle, CoinSettings, Connected, Request, Submitted, Template, start_coin,
};
use bcoin::protocol::coin::block::{Block, CheckedBlock};
use bcoin::protocol::coin::genesis::Genesis;
use bcoin::protocol::coin::header::Header;
use bcoin::protocol::coin::parameters::{COIN, FirstAccount, Parameters};
use bcoin::protocol::coin::place::Place;
use bcoin::protocol::coin::state::MemoryState;
use bcoin::protocol::coin::transaction::Transaction;
use bcoin::store::coin::CoinStore;
use bcoin::wallet::keys::Key;
use rayon::prelude::*;
use tempfile::TempDir;

const NOW: u64 = 1_800_000_000;
const ACCOUNTS: usize = 200;

fn keys() -> Vec<Key> {
    let keys = (1..=ACCOUNTS as u64).map(|number| {
        let mut bytes = [7; 32];
        bytes[24..].copy_from_slice(&number.to_be_bytes());
        Key::from_bytes(&bytes).expect("a key")
    });
    keys.collect()
}

/// Dev with accounts whose keys are at hand.
fn network(keys: &[Key]) -> Genesis {
    let mut parameters = Parameters::dev();
    parameters.name = "bench".to_owned();
    let rich = keys.iter().map(|key| FirstAccount {
        address: key.address(),
        balance: 1_000_000 * COIN,
        code: Bytes::new(),
    });
    parameters.accounts.extend(rich);
    parameters.accounts.sort_by_key(|account| account.address);
    parameters.check().expect("the parameters hold");
    Genesis::of(parameters)
}

/// A transfer of nonce `nonce`, to an account that only `number` says.
fn transfer(key: &Key, nonce: u64, number: u64) -> Bytes {
    let mut to = [0x55; 20];
    to[12..].copy_from_slice(&number.to_be_bytes());
    let transaction = TxEip1559 {
        chain_id: 31_337,
        nonce,
        gas_limit: 21_000,
        max_fee_per_gas: 2_000_000_000,
        max_priority_fee_per_gas: 1_000_000_000,
        to: TxKind::Call(Address::new(to)),
        value: U256::from(1 + number),
        ..TxEip1559::default()
    };
    let signature = key.sign(transaction.signature_hash());
    TxEnvelope::from(transaction.into_signed(signature))
        .encoded_2718()
        .into()
}

struct Node {
    node: CoinHandle,
    writer: Option<Writer>,
}

impl Node {
    fn open(folder: &TempDir, genesis: &Arc<Genesis>) -> Self {
        let store = CoinStore::open_network(folder.path(), 64 << 20, genesis).expect("a store");
        let settings = CoinSettings {
            genesis: Arc::clone(genesis),
            clock: Arc::new(|| NOW),
            pool_limits: PoolLimits::default(),
            switch_to: None,
            recorder: Arc::new(metrics::NoopRecorder),
        };
        let (node, writer) = start_coin(store, settings).expect("a writer");
        Self {
            node,
            writer: Some(writer),
        }
    }

    fn end(mut self) {
        let writer = self.writer.take();
        drop(self);
        if let Some(writer) = writer {
            writer.join();
        }
    }
}

fn folder() -> TempDir {
    tempfile::Builder::new()
        .prefix("bench-coin")
        .tempdir_in(concat!(env!("CARGO_MANIFEST_DIR"), "/target"))
        .expect("a folder")
}

/// A chain that grows in memory, for blocks to be handed to nodes.
struct Growing {
    parameters: Parameters,
    state: MemoryState,
    place: Place,
    record_hash: alloy_primitives::B256,
}

impl Growing {
    fn from(genesis: &Genesis) -> Self {
        Self {
            parameters: genesis.parameters.clone(),
            state: MemoryState::of(genesis),
            place: genesis.place,
            record_hash: genesis.record_hash,
        }
    }

    /// The next block, of these transactions.
    fn grow(&mut self, miner: u8, candidates: Vec<Arc<Transaction>>) -> (Block, Template) {
        let count = candidates.len();
        let request = Request {
            parent: self.place,
            parent_record: self.record_hash,
            now: 0,
            miner: Address::repeat_byte(miner),
            extra_data: Bytes::new(),
        };
        let template = Template::on(&self.parameters, &self.state, request, candidates);
        let template = template.expect("a template");
        assert_eq!(template.transactions.len(), count, "all candidates hold");
        let target = template.header.bits.target().expect("a target");
        let nonce = (0..).find(|nonce| {
            let header = Header {
                nonce: *nonce,
                ..template.header
            };
            target.is_met_by(header.hash().0)
        });
        let block = template.sealed(nonce.expect("a nonce"));
        let record_hash = bcoin::protocol::coin::block::record_hash(&block.record);
        let executed = &template.executed;
        self.state
            .connect(record_hash, executed.state_root, &executed.change);
        let work = target.work();
        self.place = self
            .place
            .child(&block.header, work, &self.parameters, u64::MAX)
            .expect("its place");
        self.record_hash = record_hash;
        (block, template)
    }
}

fn read(raw: Bytes, parameters: &Parameters) -> Arc<Transaction> {
    let read = Transaction::decode(raw, parameters, parameters.spec_at(1));
    Arc::new(read.expect("a transaction"))
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

async fn connect() {
    let keys = keys();
    let genesis = Arc::new(network(&keys));
    let raw: Vec<Bytes> = (0..5_000_u64)
        .map(|number| {
            let key = &keys[number as usize % ACCOUNTS];
            transfer(key, number / ACCOUNTS as u64, number)
        })
        .collect();
    let all = raw.iter().map(|raw| read(raw.clone(), &genesis.parameters));
    let (block, _) = Growing::from(&genesis).grow(1, all.collect());
    let encoded = Bytes::from(block.encode());
    let (mut checks, mut whole, mut known) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..5 {
        let formed = Block::decode(&encoded, &genesis.parameters).expect("a block");
        let formed = formed.check_form(&genesis.parameters).expect("it holds");
        let begun = Instant::now();
        let senders: Vec<_> = formed
            .transactions()
            .par_iter()
            .map(|transaction| transaction.clone().recover().map(Arc::new))
            .collect();
        checks.push(begun.elapsed());
        drop(senders);

        let home = folder();
        let node = Node::open(&home, &genesis);
        let begun = Instant::now();
        let connected = node.node.submit_block(encoded.clone()).await;
        whole.push(begun.elapsed());
        assert!(
            matches!(connected, Ok((_, Connected::Extended))),
            "{connected:?}"
        );
        node.end();

        // The same when its transactions have been waiting here, their signatures checked.
        let home = folder();
        let node = Node::open(&home, &genesis);
        let adding = raw.iter().map(|raw| {
            let read = read(raw.clone(), &genesis.parameters);
            node.node.add_transaction(read)
        });
        for added in futures_util::future::join_all(adding).await {
            added.expect("it waits");
        }
        let begun = Instant::now();
        let connected = node.node.submit_block(encoded.clone()).await;
        known.push(begun.elapsed());
        assert!(connected.is_ok(), "{connected:?}");
        node.end();
    }
    let (checks, whole, known) = (median(checks), median(whole), median(known));
    println!("a block of 5,000 transfers");
    println!("  signature checks alone       {checks:>10.1?}");
    println!(
        "  checked, connected, durable  {whole:>10.1?}  {:.2} times (wanted: at most 4)",
        whole.as_secs_f64() / checks.as_secs_f64()
    );
    println!(
        "  the same, all waited here    {known:>10.1?}  {:.2} times",
        known.as_secs_f64() / checks.as_secs_f64()
    );
}

async fn reorg() {
    const BLOCKS: u64 = 1_000;
    const EACH: u64 = 50;
    let keys = keys();
    let genesis = Arc::new(network(&keys));
    let branch = |miner: u8, length: u64| {
        let mut growing = Growing::from(&genesis);
        let blocks = (0..length).map(|number| {
            let candidates = (0..EACH).map(|index| {
                let place = number * EACH + index;
                let key = &keys[place as usize % ACCOUNTS];
                let nonce = place / ACCOUNTS as u64;
                let raw = transfer(key, nonce, place + u64::from(miner) * 1_000_000);
                read(raw, &genesis.parameters)
            });
            Bytes::from(growing.grow(miner, candidates.collect()).0.encode())
        });
        blocks.collect::<Vec<_>>()
    };
    let (first, second) = (branch(1, BLOCKS), branch(2, BLOCKS + 1));
    let mut times = Vec::new();
    for _ in 0..3 {
        let home = folder();
        let node = Node::open(&home, &genesis);
        let begun = Instant::now();
        for block in &first {
            node.node
                .submit_block(block.clone())
                .await
                .expect("it connects");
        }
        let growing = begun.elapsed();
        let (last, before) = second.split_last().expect("a branch");
        for block in before {
            let submitted = Submitted {
                block: Arc::new(CheckedBlock::decode(block, &genesis.parameters).expect("a block")),
                executed: None,
            };
            let kept = node.node.connect(submitted, true).await;
            assert_eq!(kept, Ok(Connected::SideChain));
        }
        let begun = Instant::now();
        let switched = node
            .node
            .submit_block(last.clone())
            .await
            .expect("it switches")
            .1;
        times.push(begun.elapsed());
        assert!(
            matches!(
                switched,
                Connected::Reorged {
                    displaced: BLOCKS,
                    ..
                }
            ),
            "{switched:?}"
        );
        println!("  {BLOCKS} blocks connected one by one in {growing:.1?}, {switched:?}");
        node.end();
    }
    println!(
        "a switch of {BLOCKS} blocks with {EACH} transfers each: {:.2?} (wanted: at most 10 s)",
        median(times)
    );
}

async fn start() {
    const BLOCKS: usize = 100_000;
    let genesis = Arc::new(network(&[]));
    let mut growing = Growing::from(&genesis);
    let home = folder();
    let node = Node::open(&home, &genesis);
    let begun = Instant::now();
    // As many as `join_all` asks in their order: a block must not overtake its parent.
    const BATCH: usize = 25;
    for _ in 0..BLOCKS / BATCH {
        let batch = (0..BATCH).map(|_| {
            let (block, template) = growing.grow(1, Vec::new());
            let block = CheckedBlock::decode(&block.encode(), &genesis.parameters);
            let submitted = Submitted {
                block: Arc::new(block.expect("a block")),
                executed: Some(template.executed),
            };
            node.node.connect(submitted, false)
        });
        for connected in futures_util::future::join_all(batch.collect::<Vec<_>>()).await {
            assert_eq!(connected, Ok(Connected::Extended));
        }
    }
    let took = begun.elapsed();
    // What is on the disk while a node runs is what kill -9 leaves.
    let killed = folder();
    let file = |folder: &TempDir| folder.path().join("chain.redb");
    std::fs::copy(file(&home), file(&killed)).expect("a copy");
    node.end();
    let bytes = home
        .path()
        .join("chain.redb")
        .metadata()
        .map_or(0, |file| file.len());
    let mut times = Vec::new();
    for _ in 0..5 {
        let begun = Instant::now();
        let node = Node::open(&home, &genesis);
        times.push(begun.elapsed());
        assert_eq!(node.node.tip().place.number, BLOCKS as u64);
        node.end();
    }
    let begun = Instant::now();
    let node = Node::open(&killed, &genesis);
    let recovered = begun.elapsed();
    assert_eq!(node.node.tip().place.number, BLOCKS as u64);
    node.end();
    println!(
        "opening {BLOCKS} blocks ({} MiB, made in {took:.1?}): {:.1?} (wanted: at most 1 s); after kill -9 {recovered:.1?}",
        bytes >> 20,
        median(times)
    );
}

#[tokio::main]
async fn main() {
    let wanted: Vec<String> = env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    let is_wanted = |part: &str| wanted.is_empty() || wanted.iter().any(|word| word == part);
    if is_wanted("connect") {
        connect().await;
    }
    if is_wanted("reorg") {
        reorg().await;
    }
    if is_wanted("start") {
        start().await;
    }
}
