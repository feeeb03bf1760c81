//! Going back: to a snapshot, by some blocks, or to the beginning.
//!
//! A snapshot is a place in the chain, what waits behind it, and how the clock was moved; the chain itself is kept anyway. Blocks behind the place are forgotten whole.
//! A node with peers would be given them again, so it goes back only while it has none.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use alloy_primitives::{B256, U64};
use serde_json::Value;

use super::super::super::v1::peers::connected;
use super::super::Rpc;
use super::super::arguments::Arguments;
use super::super::error::RpcError;
use super::super::methods::Methods;
use super::whole::Whole;
use crate::limits::RPC_SNAPSHOTS;
use crate::mempool::Entry;
use crate::node::coin::Moved;
use crate::protocol::coin::header::PowHash;
use crate::store::StoreError;
use crate::store::coin::Ledger;

type Answer<T> = Result<T, RpcError>;

pub fn register(methods: &mut Methods) {
    for name in ["evm_snapshot", "anvil_snapshot"] {
        methods.asking(name, take);
    }
    for name in ["evm_revert", "anvil_revert"] {
        methods.asking(name, revert);
    }
    for name in ["anvil_reset", "hardhat_reset"] {
        methods.asking(name, reset);
    }
    methods.asking("anvil_rollback", roll_back);
}

/// Where a chain stood.
#[derive(Debug, Clone)]
struct Snapshot {
    number: u64,
    hash: PowHash,
    record_hash: B256,
    waiting: Vec<Entry>,
    clock: Moved,
}

/// By their numbers, which are never given twice.
#[derive(Default)]
pub struct Snapshots(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    last: u64,
    taken: BTreeMap<u64, Snapshot>,
}

impl Snapshots {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// By number, the block that each leads to.
    pub fn places(&self) -> Vec<(u64, (u64, B256))> {
        let kept = self.kept();
        let places = kept.taken.iter();
        places
            .map(|(id, one)| (*id, (one.number, one.record_hash)))
            .collect()
    }

    fn keep(&self, snapshot: Snapshot) -> u64 {
        let mut kept = self.kept();
        kept.last += 1;
        let id = kept.last;
        kept.taken.insert(id, snapshot);
        if kept.taken.len() > RPC_SNAPSHOTS {
            kept.taken.pop_first();
        }
        id
    }
}

/// Where the chain stands `behind` blocks before its end, with what waits now.
async fn stand(rpc: &Rpc, behind: u64) -> Answer<Option<Snapshot>> {
    let rpc = rpc.clone();
    let read = move || {
        let node = rpc.node();
        let clock = node.moved_clock();
        node.read_with_mempool(|snapshot, mempool| -> Result<_, StoreError> {
            let tip = snapshot.place_of(snapshot.state()?.tip)?.place.number;
            let Some(number) = tip.checked_sub(behind) else {
                return Ok(None);
            };
            let entry = snapshot.entry_at(number)?;
            Ok(Some(Snapshot {
                number,
                hash: entry.hash(),
                record_hash: entry.record_hash,
                waiting: mempool.iter().cloned().collect(),
                clock,
            }))
        })
    };
    let done = tokio::task::spawn_blocking(read).await;
    let done = done.map_err(|_| RpcError::Internal("reading was given up".to_owned()))?;
    Ok(done?)
}

async fn take(rpc: Rpc, arguments: Arguments) -> Answer<U64> {
    arguments.end()?;
    let _still = rpc.app.dev.mining.hold().await;
    let here = stand(&rpc, 0).await?;
    let here = here.ok_or_else(|| RpcError::Internal("the chain has no end".to_owned()))?;
    Ok(U64::from(rpc.dev.snapshots.keep(here)))
}

/// Whether there was such a snapshot. It is used up, and so are those that were taken behind it.
async fn revert(rpc: Rpc, mut arguments: Arguments) -> Answer<bool> {
    let Whole(id) = arguments.required("snapshot")?;
    arguments.end()?;
    is_alone(&rpc).await?;
    let _still = rpc.app.dev.mining.hold().await;
    let Some(to) = rpc.dev.snapshots.kept().taken.get(&id).cloned() else {
        return Ok(false);
    };
    go_back(&rpc, to).await?;
    rpc.dev.snapshots.kept().taken.split_off(&id);
    Ok(true)
}

/// Back by so many blocks; what waits goes on waiting.
async fn roll_back(rpc: Rpc, mut arguments: Arguments) -> Answer<()> {
    let Whole(depth) = arguments.optional("depth")?.unwrap_or(Whole(1));
    arguments.end()?;
    is_alone(&rpc).await?;
    let _still = rpc.app.dev.mining.hold().await;
    let Some(to) = stand(&rpc, depth).await? else {
        let height = rpc.node().tip().place.number;
        let why = format!("{depth} blocks, and the chain has {height} behind its first");
        return Err(RpcError::parameter("depth", why));
    };
    let number = to.number;
    go_back(&rpc, to).await?;
    let mut kept = rpc.dev.snapshots.kept();
    kept.taken.retain(|_, one| one.number <= number);
    Ok(())
}

/// Back to the first block: nothing waits, and the clock is the machine's.
async fn reset(rpc: Rpc, mut arguments: Arguments) -> Answer<()> {
    let asked: Option<Value> = arguments.optional("options")?;
    arguments.end()?;
    let is_plain =
        asked.is_none_or(|asked| asked.as_object().is_some_and(serde_json::Map::is_empty));
    if !is_plain {
        let why = "this node has a chain of its own and forks no other: leave the parameter out";
        return Err(RpcError::parameter("options", why));
    }
    is_alone(&rpc).await?;
    let _still = rpc.app.dev.mining.hold().await;
    let genesis = rpc.node().genesis();
    let first = Snapshot {
        number: 0,
        hash: genesis.hash(),
        record_hash: genesis.record_hash,
        waiting: Vec::new(),
        clock: Moved::default(),
    };
    go_back(&rpc, first).await?;
    rpc.dev.snapshots.kept().taken.clear();
    Ok(())
}

async fn go_back(rpc: &Rpc, to: Snapshot) -> Answer<()> {
    let node = rpc.node();
    node.rewind((to.number, to.hash), to.waiting).await?;
    Ok(node.restore_clock(to.clock)?)
}

/// That no other node would give back what is forgotten.
async fn is_alone(rpc: &Rpc) -> Answer<()> {
    match connected(&rpc.app.face).await {
        None | Some(0) => Ok(()),
        Some(peers) => Err(RpcError::Failed(format!(
            "this node has sessions with {peers} others, which would give it back the blocks that it is to forget: start it with --sync manual, or end them"
        ))),
    }
}
