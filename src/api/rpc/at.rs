//! Which block a call is about, and the state that this block left.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use alloy_eips::{BlockId, BlockNumberOrTag, RpcBlockHash};
use alloy_primitives::{Address, B256, Bytes, U256};

use super::error::RpcError;
use crate::node::coin::{CoinHandle, CoinTip, Request, Template, stored_block};
use crate::protocol::coin::block::{CheckedBlock, Record};
use crate::protocol::coin::execution::Environment;
use crate::protocol::coin::header::PowHash;
use crate::protocol::coin::parameters::Parameters;
use crate::protocol::coin::place::Place;
use crate::protocol::coin::state::{
    Account, Overlay, RootedState, StateKey, StateView, Tree, ViewError,
};
use crate::store::StoreError;
use crate::store::coin::{Ledger, Snapshot};

/// Blocks behind the tip that `safe` stands: as many confirmations as Bitcoin's users wait for.
const SAFE_DEPTH: u64 = 6;

/// The chain as one commit left it.
pub struct Chain {
    pub snapshot: Snapshot,
    pub tip: Place,
    tip_record: OnceLock<Record>,
    /// What calls have asked for: most ask for the same.
    accounts: RwLock<HashMap<Address, Option<Account>>>,
    slots: RwLock<HashMap<StateKey, U256>>,
}

/// Accounts, and words of storage, that are remembered of one state.
const MOST_KNOWN: usize = 16_384;

fn remembered<K: Copy + Eq + Hash, V: Copy>(
    known: &RwLock<HashMap<K, V>>,
    key: K,
    read: impl FnOnce() -> Result<V, ViewError>,
) -> Result<V, ViewError> {
    let found = known.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(value) = found.get(&key) {
        return Ok(*value);
    }
    drop(found);
    let value = read()?;
    let mut known = known.write().unwrap_or_else(PoisonError::into_inner);
    if known.len() >= MOST_KNOWN {
        known.clear();
    }
    known.insert(key, value);
    Ok(value)
}

/// The state at the tip.
impl StateView for Chain {
    fn account(&self, address: Address) -> Result<Option<Account>, ViewError> {
        remembered(&self.accounts, address, || self.snapshot.account(address))
    }

    fn slot(&self, address: Address, slot: U256) -> Result<U256, ViewError> {
        remembered(&self.slots, (address, slot), || {
            self.snapshot.slot(address, slot)
        })
    }

    fn code(&self, hash: B256) -> Result<Bytes, ViewError> {
        self.snapshot.code(hash)
    }

    fn record_hash(&self, number: u64) -> Result<Option<B256>, ViewError> {
        self.snapshot.record_hash(number)
    }

    fn node(&self, tree: Tree, hash: B256) -> Result<Option<Bytes>, ViewError> {
        self.snapshot.node(tree, hash)
    }

    fn state_root(&self) -> Result<B256, ViewError> {
        self.snapshot.state_root()
    }
}

/// The chain as the last commit left it, kept for the calls that come before the next.
#[derive(Default)]
pub struct Latest {
    kept: Mutex<Option<(CoinTip, Arc<Chain>)>>,
}

impl Latest {
    /// The chain of now. Reads little.
    pub fn chain(&self, node: &CoinHandle) -> Result<Arc<Chain>, RpcError> {
        // Read before the snapshot is taken: what is kept is never older than it claims.
        let tip = node.tip();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, chain)) = &*kept
            && *of == tip
        {
            return Ok(Arc::clone(chain));
        }
        let chain = Arc::new(node.read(Chain::of)?);
        *kept = Some((tip, Arc::clone(&chain)));
        Ok(chain)
    }

    /// Lets go of what is kept, so that the store can write over the pages of old.
    pub fn forget(&self) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Chain {
    fn of(snapshot: Snapshot) -> Result<Self, StoreError> {
        let tip = snapshot.place_of(snapshot.state()?.tip)?.place;
        Ok(Self {
            snapshot,
            tip,
            tip_record: OnceLock::new(),
            accounts: RwLock::default(),
            slots: RwLock::default(),
        })
    }

    /// The block with this number, which the chain has.
    pub fn block(&self, number: u64, parameters: &Parameters) -> Result<CheckedBlock, StoreError> {
        let hash = self.snapshot.entry_at(number)?.hash();
        stored_block(&self.snapshot, hash, parameters)
    }

    fn record(&self, number: u64, parameters: &Parameters) -> Result<Record, StoreError> {
        if number != self.tip.number {
            return Ok(self.block(number, parameters)?.record().clone());
        }
        if let Some(record) = self.tip_record.get() {
            return Ok(record.clone());
        }
        let record = self.block(number, parameters)?.record().clone();
        Ok(self.tip_record.get_or_init(|| record).clone())
    }

    /// The number that a tag or a hash stands for; none where no block of this chain is meant. `pending` counts as the next.
    pub fn number_of(&self, id: BlockId, depths: Depths) -> Result<Option<u64>, RpcError> {
        let tip = self.tip.number;
        Ok(match id {
            BlockId::Hash(RpcBlockHash { block_hash, .. }) => self.by_hash(block_hash)?,
            BlockId::Number(BlockNumberOrTag::Latest) => Some(tip),
            BlockId::Number(BlockNumberOrTag::Pending) => tip.checked_add(1),
            BlockId::Number(BlockNumberOrTag::Earliest) => Some(0),
            BlockId::Number(BlockNumberOrTag::Safe) => Some(tip.saturating_sub(depths.safe)),
            BlockId::Number(BlockNumberOrTag::Finalized) => {
                Some(tip.saturating_sub(depths.finalized))
            }
            BlockId::Number(BlockNumberOrTag::Number(number)) => (number <= tip).then_some(number),
        })
    }

    /// The number of the block of this chain whose record has this hash.
    pub fn by_hash(&self, record_hash: B256) -> Result<Option<u64>, StoreError> {
        match self.snapshot.by_record_hash(record_hash)? {
            Some(hash) => self.snapshot.number_on_chain(hash),
            None => Ok(None),
        }
    }
}

/// How far behind the tip `safe` and `finalized` are.
#[derive(Debug, Clone, Copy)]
pub struct Depths {
    pub safe: u64,
    pub finalized: u64,
}

impl Depths {
    /// On a network whose blocks cost nothing, all of them are as final as any; elsewhere no node leaves by itself what is deeper than its parameters say.
    pub fn of(parameters: &Parameters, is_dev: bool) -> Self {
        match is_dev {
            true => Self {
                safe: 0,
                finalized: 0,
            },
            false => Self {
                safe: SAFE_DEPTH,
                finalized: parameters.reorg_depth.into(),
            },
        }
    }
}

/// The state that a block left, and what this block gives to what runs in it.
pub struct At<'c> {
    pub state: &'c dyn StateView,
    pub root: B256,
    pub environment: Environment,
}

/// Reads the state that a block left.
///
/// # Errors
/// [`RpcError::NotFound`] where the chain has no such block.
pub fn at<T>(
    node: &CoinHandle,
    chain: &Chain,
    id: BlockId,
    depths: Depths,
    read: impl FnOnce(At<'_>) -> Result<T, RpcError>,
) -> Result<T, RpcError> {
    let parameters = node.parameters();
    if id == BlockId::pending() {
        let pending = pending(node, chain)?;
        let mut state = Overlay::over(&chain.snapshot, chain.tip.number);
        let (record, change) = (&pending.record, &pending.executed.change);
        state.connect(record.number, record.hash_slow(), record.state_root, change);
        return read(At {
            state: &state,
            root: record.state_root,
            environment: Environment::of(record),
        });
    }
    let number = chain
        .number_of(id, depths)?
        .ok_or_else(|| unknown_block(id))?;
    let record = chain.record(number, parameters)?;
    let (root, environment) = (record.state_root, Environment::of(&record));
    if number == chain.tip.number {
        return read(At {
            state: chain,
            root,
            environment,
        });
    }
    let state = RootedState::new(&chain.snapshot, root, number);
    read(At {
        state: &state,
        root,
        environment,
    })
}

/// The state alone, where nothing of the block is needed.
pub fn state_at<T>(
    node: &CoinHandle,
    chain: &Chain,
    id: BlockId,
    depths: Depths,
    read: impl FnOnce(&dyn StateView) -> Result<T, RpcError>,
) -> Result<T, RpcError> {
    if id == BlockId::pending() {
        return at(node, chain, id, depths, |at| read(at.state));
    }
    let number = chain
        .number_of(id, depths)?
        .ok_or_else(|| unknown_block(id))?;
    if number == chain.tip.number {
        return read(chain);
    }
    let root = chain.snapshot.entry_at(number)?.state_root;
    read(&RootedState::new(&chain.snapshot, root, number))
}

/// The error for a block that the chain does not have.
pub fn unknown_block(id: BlockId) -> RpcError {
    let name = match id {
        BlockId::Hash(hash) => hash.block_hash.to_string(),
        BlockId::Number(BlockNumberOrTag::Number(number)) => number.to_string(),
        BlockId::Number(tag) => tag.to_string(),
    };
    RpcError::NotFound(format!("header not found: the chain has no block {name}"))
}

/// The block that would be mined next, of all that waits. Blocks.
///
/// # Errors
/// When the store cannot be read.
pub fn pending(node: &CoinHandle, chain: &Chain) -> Result<Template, RpcError> {
    let tip: PowHash = chain.snapshot.state()?.tip;
    let known = chain.snapshot.place_of(tip)?;
    let request = Request {
        parent: known.place,
        parent_record: known.record_hash,
        now: node.time_of_child(known.place.time),
        miner: Address::ZERO,
        extra_data: Bytes::new(),
    };
    let candidates: Vec<_> = node
        .mempool()
        .best()
        .map(|entry| Arc::clone(&entry.transaction))
        .collect();
    let made = Template::on(node.parameters(), &chain.snapshot, request, candidates);
    made.map_err(|error| RpcError::Internal(error.to_string()))
}
