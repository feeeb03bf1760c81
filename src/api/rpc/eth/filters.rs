//! Filters: what happened since the client last asked. For those who have no WebSocket.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use alloy_primitives::{B256, U64};
use alloy_rpc_types_eth::{Filter, FilterBlockOption, FilterChanges, Log};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::TryRecvError;

use super::super::Rpc;
use super::super::error::RpcError;
use super::super::feed::News;
use super::super::methods::Methods;
use super::logs::matching;
use super::subscriptions::fresh_id;
use crate::limits::{RPC_FILTER_IDLE, RPC_FILTERS};

/// The filters that clients have set. Those that nobody asks for go after some minutes.
#[derive(Default)]
pub struct Filters {
    set: Mutex<HashMap<U64, Arc<Mutex<Set>>>>,
}

/// A filter that a client has set.
struct Set {
    kind: Kind,
    news: Receiver<News>,
    asked: Instant,
}

#[derive(Debug, Clone)]
enum Kind {
    Blocks,
    Waiting,
    Logs(Box<Filter>),
}

pub fn register(methods: &mut Methods) {
    methods.quick("eth_newFilter", |rpc, mut arguments| {
        let filter: Box<Filter> = arguments.required("filter")?;
        arguments.end()?;
        rpc.filters.set(rpc, Kind::Logs(filter))
    });
    methods.quick("eth_newBlockFilter", |rpc, arguments| {
        arguments.end()?;
        rpc.filters.set(rpc, Kind::Blocks)
    });
    methods.quick("eth_newPendingTransactionFilter", |rpc, arguments| {
        arguments.end()?;
        rpc.filters.set(rpc, Kind::Waiting)
    });
    methods.quick("eth_uninstallFilter", |rpc, mut arguments| {
        let id: U64 = arguments.required("filter")?;
        arguments.end()?;
        Ok(rpc.filters.all().remove(&id).is_some())
    });
    methods.asking("eth_getFilterChanges", |rpc, mut arguments| {
        let id = arguments.required("filter").and_then(|id: U64| {
            arguments.end()?;
            Ok(id)
        });
        async move {
            let tip = rpc.node().tip();
            rpc.feed.has_told(tip.record_hash).await;
            rpc.filters.changes(id?)
        }
    });
    methods.reading("eth_getFilterLogs", |rpc, mut arguments| {
        let id: U64 = arguments.required("filter")?;
        arguments.end()?;
        let set = rpc.filters.get(id)?;
        let kind = locked(&set).kind.clone();
        match kind {
            Kind::Logs(filter) => matching(rpc, &filter),
            _ => Err(RpcError::parameter("filter", "it is not one of logs")),
        }
    });
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Filters {
    fn all(&self) -> MutexGuard<'_, HashMap<U64, Arc<Mutex<Set>>>> {
        locked(&self.set)
    }

    fn set(&self, rpc: &Rpc, kind: Kind) -> Result<U64, RpcError> {
        let news = rpc.feed.subscribe();
        let set = Set {
            kind,
            news,
            asked: Instant::now(),
        };
        let mut all = self.all();
        all.retain(|_, set| locked(set).asked.elapsed() < RPC_FILTER_IDLE);
        if all.len() >= RPC_FILTERS {
            let why = format!(
                "{RPC_FILTERS} filters are set, as many as this node keeps: eth_uninstallFilter makes room"
            );
            return Err(RpcError::Limit(why));
        }
        let id = fresh_id();
        all.insert(id, Arc::new(Mutex::new(set)));
        Ok(id)
    }

    fn get(&self, id: U64) -> Result<Arc<Mutex<Set>>, RpcError> {
        let mut all = self.all();
        let found = all.get(&id).cloned();
        let is_fresh = |set: &Arc<Mutex<Set>>| locked(set).asked.elapsed() < RPC_FILTER_IDLE;
        match found.filter(is_fresh) {
            Some(set) => Ok(set),
            None => {
                all.remove(&id);
                let why =
                    "filter not found: it was never set, removed, or not asked for some minutes";
                Err(RpcError::Failed(why.to_owned()))
            }
        }
    }

    /// Removes a filter that was not asked for while more happened than is kept.
    fn outdated(&self, id: U64) -> RpcError {
        self.all().remove(&id);
        let why = "filter not found: more happened than this node keeps for it; set it again and read eth_getLogs for what was missed";
        RpcError::Failed(why.to_owned())
    }

    fn changes(&self, id: U64) -> Result<FilterChanges, RpcError> {
        let set = self.get(id)?;
        let mut set = locked(&set);
        set.asked = Instant::now();
        let kind = set.kind.clone();
        let (mut hashes, mut logs): (Vec<B256>, Vec<Log>) = (Vec::new(), Vec::new());
        let is_outdated = loop {
            match set.news.try_recv() {
                Ok(News::Block(block)) => match &kind {
                    Kind::Blocks => hashes.push(block.header.hash),
                    Kind::Logs(filter) => match block.logs(|log| concerns(filter, log)) {
                        Some(new) => logs.extend(new),
                        None => break true,
                    },
                    Kind::Waiting => {}
                },
                Ok(News::Left(block)) => {
                    if let Kind::Logs(filter) = &kind {
                        match block.taken_back(|log| concerns(filter, log)) {
                            Some(old) => logs.extend(old),
                            None => break true,
                        }
                    }
                }
                Ok(News::Waits(hash)) => {
                    if matches!(kind, Kind::Waiting) {
                        hashes.push(hash);
                    }
                }
                Err(TryRecvError::Empty | TryRecvError::Closed) => break false,
                Err(TryRecvError::Lagged(_)) => break true,
            }
        };
        // Not before: whoever holds the filters locks single ones.
        drop(set);
        if is_outdated {
            return Err(self.outdated(id));
        }
        Ok(match kind {
            Kind::Logs(_) => FilterChanges::Logs(logs),
            _ => FilterChanges::Hashes(hashes),
        })
    }
}

/// Whether a filter lets a log of a new block through.
fn concerns(filter: &Filter, log: &Log) -> bool {
    let number = log.block_number.unwrap_or_default();
    let in_range = match &filter.block_option {
        FilterBlockOption::Range {
            from_block,
            to_block,
        } => {
            let first = from_block.and_then(|tag| tag.as_number()).unwrap_or(0);
            let last = to_block.and_then(|tag| tag.as_number()).unwrap_or(u64::MAX);
            (first..=last).contains(&number)
        }
        FilterBlockOption::AtBlockHash(hash) => log.block_hash == Some(*hash),
    };
    in_range && filter.matches(&log.inner)
}
