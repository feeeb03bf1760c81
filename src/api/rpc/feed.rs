//! What happens on the chain, block by block, for subscriptions and filters: also what a reorganisation takes back.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use alloy_primitives::B256;
use alloy_rpc_types_eth::{Header, Log};
use tokio::sync::{broadcast, watch};
use tokio_util::sync::CancellationToken;

use super::Rpc;
use super::shape;
use crate::limits::{RPC_FEED, RPC_FEED_BYTES, RPC_FEED_WAIT};
use crate::node::coin::CoinEvent;
use crate::store::StoreError;
use crate::store::coin::Ledger;

/// Something that a subscriber may want to know.
#[derive(Debug, Clone)]
pub enum News {
    /// A block joined the chain.
    Block(Arc<Told>),
    /// A block left it.
    Left(Arc<Told>),
    /// A transaction waits.
    Waits(B256),
}

/// A block as it was told.
#[derive(Debug)]
pub struct Told {
    pub header: Header,
    /// None once the block is so old that its logs were let go.
    logs: Mutex<Option<Vec<Log>>>,
    /// What the logs weigh, in bytes.
    bytes: usize,
}

/// What a log weighs beside its data.
const LOG_BYTES: usize = 400;

impl Told {
    fn new(header: Header, logs: Vec<Log>) -> Self {
        let weigh = |log: &Log| LOG_BYTES + log.inner.data.data.len();
        Self {
            header,
            bytes: logs.iter().map(weigh).sum(),
            logs: Mutex::new(Some(logs)),
        }
    }

    /// The logs that a filter lets through; none where they were let go.
    pub fn logs(&self, lets_through: impl Fn(&Log) -> bool) -> Option<Vec<Log>> {
        let logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
        let all = logs.as_ref()?.iter();
        Some(all.filter(|log| lets_through(log)).cloned().collect())
    }

    /// The same as logs of a block that left the chain, last first.
    pub fn taken_back(&self, lets_through: impl Fn(&Log) -> bool) -> Option<Vec<Log>> {
        let mut logs = self.logs(lets_through)?;
        logs.reverse();
        logs.iter_mut().for_each(|log| log.removed = true);
        Some(logs)
    }

    fn let_go(&self) {
        *self.logs.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Where news come out.
#[derive(Debug, Clone)]
pub struct Feed {
    news: broadcast::Sender<News>,
    /// The record hash of the last block that was told.
    told: watch::Sender<B256>,
}

impl Default for Feed {
    fn default() -> Self {
        Self {
            news: broadcast::Sender::new(RPC_FEED),
            told: watch::Sender::new(B256::ZERO),
        }
    }
}

impl Feed {
    pub fn subscribe(&self) -> broadcast::Receiver<News> {
        self.news.subscribe()
    }

    /// Waits until the news have come to this block, so that whoever has seen it elsewhere is not told of less; not for long.
    pub async fn has_told(&self, record_hash: B256) {
        let mut told = self.told.subscribe();
        let wait = told.wait_for(|last| *last == record_hash);
        // Another block may have come behind it meanwhile: what is told then has to do.
        let _ = tokio::time::timeout(RPC_FEED_WAIT, wait).await;
    }
}

/// Follows the chain until the shutdown.
pub async fn follow(rpc: Rpc, shutdown: CancellationToken) {
    let mut events = rpc.node().events().subscribe(None).live;
    let mut told = VecDeque::new();
    let tip = rpc.node().tip();
    let mut last = tip.place.number;
    rpc.feed.told.send_replace(tip.record_hash);
    let work = async {
        loop {
            match events.recv().await {
                Ok(event) => match &*event.event {
                    CoinEvent::Transaction { hash } => rpc.feed.tell(News::Waits(*hash)),
                    CoinEvent::Reorg { fork, .. } => {
                        take_back(&rpc.feed, &mut told, *fork);
                        last = last.min(*fork);
                        advance(&rpc, &mut told, &mut last).await;
                    }
                    CoinEvent::Block { .. } => advance(&rpc, &mut told, &mut last).await,
                    CoinEvent::Dropped { .. } | CoinEvent::Peer { .. } => {}
                },
                Err(broadcast::error::RecvError::Lagged(_)) => {
                    advance(&rpc, &mut told, &mut last).await;
                }
                Err(broadcast::error::RecvError::Closed) => return,
            }
        }
    };
    shutdown.run_until_cancelled(work).await;
}

impl Feed {
    fn tell(&self, news: News) {
        // Without a subscriber nobody needs it now.
        let _ = self.news.send(news);
    }
}

fn take_back(feed: &Feed, told: &mut VecDeque<Arc<Told>>, fork: u64) {
    while told
        .back()
        .is_some_and(|block| block.header.inner.number > fork)
    {
        if let Some(block) = told.pop_back() {
            feed.tell(News::Left(block));
        }
    }
}

/// Tells of the blocks behind `last`, after those that have left meanwhile.
async fn advance(rpc: &Rpc, told: &mut VecDeque<Arc<Told>>, last: &mut u64) {
    let (reading, from) = (rpc.clone(), *last);
    let known: HashSet<B256> = told.iter().map(|block| block.header.hash).collect();
    let read = tokio::task::spawn_blocking(move || behind(&reading, from, &known)).await;
    let found = match read {
        Ok(Ok(found)) => found,
        Ok(Err(error)) => return tracing::warn!(%error, "subscribers miss a block"),
        Err(_) => return,
    };
    take_back(&rpc.feed, told, found.fork);
    for block in found.blocks {
        *last = block.header.inner.number;
        let block = Arc::new(block);
        told.push_back(Arc::clone(&block));
        let mut bytes: usize = told.iter().map(|block| block.bytes).sum();
        while told.len() > RPC_FEED || (bytes > RPC_FEED_BYTES && told.len() > 1) {
            if let Some(old) = told.pop_front() {
                bytes -= old.bytes;
                old.let_go();
            }
        }
        let hash = block.header.hash;
        rpc.feed.tell(News::Block(block));
        rpc.feed.told.send_replace(hash);
    }
}

struct Behind {
    /// The last block that was told and is still on the chain.
    fork: u64,
    blocks: Vec<Told>,
}

fn behind(rpc: &Rpc, last: u64, known: &HashSet<B256>) -> Result<Behind, StoreError> {
    rpc.node().read(|snapshot| {
        let tip = snapshot.place_of(snapshot.state()?.tip)?.place.number;
        let mut fork = last.min(tip);
        // What was told may have left meanwhile, by a switch whose event is yet to come.
        let lowest = fork.saturating_sub(known.len() as u64);
        while fork > lowest
            && !known.is_empty()
            && !known.contains(&snapshot.entry_at(fork)?.record_hash)
        {
            fork -= 1;
        }
        let first = (fork + 1).max((tip + 1).saturating_sub(RPC_FEED as u64));
        let mut blocks = Vec::new();
        for number in first..=tip {
            let hash = snapshot.entry_at(number)?.hash();
            let block = crate::node::coin::stored_block(&snapshot, hash, rpc.node().parameters())?;
            let receipts = snapshot.receipts(number)?;
            let logs = shape::block_logs(&block, &receipts);
            blocks.push(Told::new(shape::header(&block), logs));
        }
        Ok(Behind { fork, blocks })
    })
}
