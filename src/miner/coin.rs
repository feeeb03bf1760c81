//! Mining on coin: a template, a proof for it, and the block. A client of the node.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use alloy_primitives::{Address, Bytes};
use tokio_util::sync::CancellationToken;

use crate::node::coin::{CoinError, CoinHandle, CoinTip, Connected, Template};
use crate::protocol::coin::block::CheckedBlock;

/// How a node mines by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schedule {
    /// Always.
    Always,
    /// A block every so often, whatever waits.
    Every(Duration),
    /// As soon as a transaction waits that a block can take.
    OnTransactions,
}

/// A template is made anew after this time even if nothing has come: its time is to be about right.
const TEMPLATE_AGE: Duration = Duration::from_secs(10);
/// New transactions make a new template at most this often, so that a search is not always at its beginning.
const TEMPLATE_PAUSE: Duration = Duration::from_secs(1);

/// Mines one block that pays `miner`, on `threads` threads. Answers once it is durable. A new tip has it begin again; whoever stops waiting stops the search.
///
/// # Errors
/// The node's.
pub async fn mine(
    node: &CoinHandle,
    miner: Address,
    threads: usize,
) -> Result<Arc<CheckedBlock>, CoinError> {
    let mut tip = node.watch_tip();
    loop {
        let seen = *tip.borrow_and_update();
        let template = template(node, miner).await?;
        let stop = StopOnDrop::default();
        let search = search(template, threads, Arc::clone(&stop.0));
        tokio::pin!(search);
        let found = tokio::select! {
            found = &mut search => found?,
            () = outdated(&mut tip, seen) => {
                stop.stop();
                search.await?
            }
        };
        let Some((template, nonce)) = found else {
            continue;
        };
        let (block, connected) = node.connect_template(template, nonce).await?;
        match connected {
            Connected::Extended | Connected::Reorged { .. } => return Ok(block),
            // Another block was faster.
            Connected::SideChain | Connected::AlreadyKnown => {}
        }
    }
}

/// Mines by a schedule until the shutdown. What fails is logged and tried again a little later.
pub async fn keep_mining(
    node: CoinHandle,
    miner: Address,
    threads: usize,
    schedule: Schedule,
    shutdown: CancellationToken,
) {
    const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(1);
    let mut tip = node.watch_tip();
    let work = async {
        loop {
            match schedule {
                Schedule::Always => {}
                Schedule::Every(interval) => tokio::time::sleep(interval).await,
                Schedule::OnTransactions => {
                    while node.mempool().best().next().is_none() {
                        if tip.changed().await.is_err() {
                            return;
                        }
                    }
                }
            }
            if let Err(error) = mine(&node, miner, threads).await {
                if matches!(error, CoinError::ShuttingDown) {
                    return;
                }
                tracing::error!(%error, "mining failed");
                tokio::time::sleep(PAUSE_AFTER_FAILURE).await;
            }
        }
    };
    tokio::select! {
        () = work => {}
        () = shutdown.cancelled() => {}
    }
}

#[derive(Default)]
struct StopOnDrop(Arc<AtomicBool>);

impl StopOnDrop {
    fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Returns when a template on `seen` is not what should be mined any more.
async fn outdated(tip: &mut tokio::sync::watch::Receiver<CoinTip>, seen: CoinTip) {
    let begun = tokio::time::Instant::now();
    loop {
        let changed = tokio::time::timeout_at(begun + TEMPLATE_AGE, tip.changed()).await;
        match changed {
            // Too old, or the node ends.
            Err(_) | Ok(Err(_)) => return,
            Ok(Ok(())) => {
                let now = *tip.borrow_and_update();
                if now.place.hash != seen.place.hash {
                    return;
                }
                if now.waiting != seen.waiting {
                    tokio::time::sleep_until(begun + TEMPLATE_PAUSE).await;
                    return;
                }
            }
        }
    }
}

async fn template(node: &CoinHandle, miner: Address) -> Result<Template, CoinError> {
    let node = node.clone();
    let made = tokio::task::spawn_blocking(move || node.template(miner, Bytes::new()));
    made.await.map_err(|_| CoinError::SearchStopped)?
}

/// The template whose proof was found, perhaps with another extra nonce, and the proof; none when it was stopped.
async fn search(
    template: Template,
    _threads: usize,
    stop: Arc<AtomicBool>,
) -> Result<Option<(Template, u32)>, CoinError> {
    let searched = tokio::task::spawn_blocking(move || {
        let mut template = template;
        for extra_nonce in 1_u64.. {
            let found = first_nonce(&template, &stop);
            if let Some(nonce) = found {
                return Some((template, nonce));
            }
            if stop.load(Ordering::Relaxed) {
                return None;
            }
            let extra = Bytes::copy_from_slice(&extra_nonce.to_be_bytes());
            template = template.with_extra_data(extra);
        }
        None
    });
    searched.await.map_err(|_| CoinError::SearchStopped)
}

/// The first nonce that meets the target.
fn first_nonce(template: &Template, stop: &AtomicBool) -> Option<u32> {
    let target = template.header.bits.target().ok()?;
    (0..=u32::MAX)
        .take_while(|nonce| nonce % 4096 != 0 || !stop.load(Ordering::Relaxed))
        .find(|nonce| {
            let header = crate::protocol::coin::header::Header {
                nonce: *nonce,
                ..template.header
            };
            target.is_met_by(header.hash().0)
        })
}
